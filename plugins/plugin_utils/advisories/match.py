# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of a fleet against the index: each package, version and stream is judged once, however many servers have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from ..reading import package_rows, rows
from . import csaf, ecosystem, installed_dpkg, installed_libraries, installed_redhat, installed_rpm, kernels, redhat_vex
from .ecosystem import Target
from .index import Index
from .verdict import AFFECTED, UNKNOWN, Hit

# manager -> (columns of a row, who judges it)
MANAGERS: dict[str, tuple[int, Callable[[tuple[str, ...], Index, Target], tuple[Hit, ...]]]] = {
    "rpm": (8, installed_rpm.judge),
    "dpkg": (6, installed_dpkg.judge),
}

# What is not known where one of Red Hat's own feeds is missing.
NO_VEX = "Red Hat's statements (VEX) are not at hand: what it does not fix is not known"
NO_REPOSITORIES = "Red Hat's repository-to-cpe.json is not at hand: the server is taken to have BaseOS and AppStream"


def decider(manager: str, target: Target) -> Callable[[tuple[str, ...], Index, Target], tuple[Hit, ...]]:
    """Return who judges the packages of a server."""
    return installed_redhat.judge if target.by == ecosystem.VEX else MANAGERS[manager][1]


class Judged(NamedTuple):
    """One package that there is something to say of. C(vids) are the announcements that it is affected by; C(kernel) is its release, if it is one.

    C(unknown) is why the package as a whole cannot be judged.
    """

    hits: tuple[Hit, ...]
    vids: frozenset[int]
    kernel: str
    unknown: str


class Place(NamedTuple):
    """Where a package of an application or a component was found: a folder and a lock file in it, or a binary.

    C(same) is how many other folders have the very same lock file, C(group) "development" for what is not meant to run here.
    """

    kind: str
    path: str = ""
    file: str = ""
    same: int = 0
    group: str = ""


class Located(NamedTuple):
    """A package of an application or a component that there is something to say of."""

    hits: tuple[Hit, ...]
    place: Place


@dataclass
class HostMatch:
    """What one server has: C(judged) of its distribution's packages, C(located) of its applications and components.

    C(vids) are the announcements that a distribution's package is affected by. C(unknown) counts packages by the reason why they cannot be judged,
    C(incomplete) are reasons why whole parts were not judged, C(missing) those that a feed would take away, by its name. C(packages) is how many were
    looked at.
    """

    target: Target
    manager: str = ""
    packages: int = 0
    judged: list[Judged] = field(default_factory=list)
    located: list[Located] = field(default_factory=list)
    vids: set[int] = field(default_factory=set)
    kernel: kernels.Verdict = kernels.Verdict([], 0, "", "")
    unknown: Counter[str] = field(default_factory=Counter)
    incomplete: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    red_hat: bool = False

    def hits(self) -> Iterator[Hit]:
        """Yield what is said of the distribution's packages; of kernels only of the one that runs."""
        for item in self.judged:
            if not item.kernel:
                yield from item.hits
        yield from self.kernel.hits


_NEW: Any = object()

# No text of a server holds one: two rows never become the same text.
_SEPARATOR = "\0"


class Matcher:
    """Matches servers; keeps what it found out, so that the second server with the same package costs one look into a table."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._targets: dict[tuple[str, str, tuple[str, ...]], Target] = {}
        self._packages: dict[tuple[str, Target], dict[str, Judged | None]] = {}
        self._libraries: dict[tuple[str, ...], tuple[Hit, ...]] = {}
        self._vex = any(name.startswith(csaf.ECOSYSTEM) for name in index.ecosystems())
        self._repositories = index.knows("repository")

    def match(self, system: Mapping[str, Any], software: Mapping[str, Any], container: bool = False) -> HostMatch:
        """Return what is known of a server's software: C(system) is facts.os of its document, C(software) the data of the check."""
        target = self._target(system, software.get("repositories"))
        found = HostMatch(target, red_hat=system.get("id") == "rhel")
        packages = software.get("packages")
        if isinstance(packages, dict) and packages.get("manager") in MANAGERS:
            found.manager = packages["manager"]
            self._match_packages(found, packages["manager"], packages.get("rows"), container, str(software.get("kernel_running") or ""))
        elif packages:
            found.incomplete.append("the list of packages is of no known package manager")
        self._match_located(found, software)
        return found

    def _target(self, system: Mapping[str, Any], repositories: object) -> Target:
        names = tuple(_repository(item) for item in repositories) if isinstance(repositories, list) and system.get("id") == "rhel" else ()
        key = (str(system.get("id")), str(system.get("version_id")), names)
        if key not in self._targets:
            cpes = [str(cpe) for name in names for cpes in self.index.facts("repository", name) if isinstance(cpes, list) for cpe in cpes]
            found = ecosystem.target(system, tuple(dict.fromkeys(cpes)), self._vex)
            if names and not cpes and self._repositories:
                shown = ", ".join(text(name, 60) for name in names[:3]) + (" ..." if len(names) > 3 else "")
                found = Target((), unknown=f"Red Hat knows none of its repositories ({shown}): which products they hold cannot be told")
            self._targets[key] = found
        return self._targets[key]

    def _match_packages(self, found: HostMatch, manager: str, rows: object, container: bool, running: str) -> None:
        whole = rows if isinstance(rows, list) else []
        found.packages = len(whole)
        if found.target.unknown:
            found.unknown[found.target.unknown] += len(whole)
            found.incomplete.append(found.target.unknown)
            return
        if found.red_hat and whole:
            if found.target.by != ecosystem.VEX:
                found.missing[redhat_vex.ARCHIVE] = NO_VEX
            if not self._repositories:
                found.missing["redhat"] = NO_REPOSITORIES
        if whole and not any(self.index.has(name) for name in found.target.ecosystems):
            why = f"no feed at hand for {found.target.ecosystems[0]}"
            found.unknown[why] += len(whole)
            found.missing[feed_of(found.target.ecosystems[0])] = why
            return
        try:
            self._look_up(found, manager, whole)
        except TypeError:  # a row that is no list of texts: the server's answer is not what our check sends
            good = [row for row in whole if isinstance(row, list) and _is_row(tuple(row), MANAGERS[manager][0])]
            found.incomplete.append(f"{len(whole) - len(good)} packages of the list cannot be read")
            found.judged.clear()
            found.vids.clear()
            found.unknown.clear()
            self._look_up(found, manager, good)
        if not container:
            own = (kernels.Kernel(item.kernel, item.hits) for item in found.judged if item.kernel)
            found.kernel = kernels.judge(own, running, manager)
            if found.kernel.unknown:
                found.unknown[found.kernel.unknown] += 1
            found.vids.update(hit.vid for hit in found.kernel.hits if hit.verdict == AFFECTED)

    def _look_up(self, found: HostMatch, manager: str, rows: list[Any]) -> None:
        """Judge every row. The one loop that runs for every package of every server: a row becomes one text, which is looked up quicker than eight."""
        memo = self._packages.setdefault((manager, found.target), {})
        look, judged, join = memo.get, found.judged, _SEPARATOR.join
        for row in rows:
            key = join(row)
            item = look(key, _NEW)
            if item is _NEW:
                item = memo[key] = self._judge(manager, tuple(row), found.target)
            if item is not None:
                judged.append(item)
        found.vids.update(*[item.vids for item in judged if not item.kernel])
        found.unknown.update(item.unknown for item in judged if item.unknown)

    def _judge(self, manager: str, row: tuple[str, ...], target: Target) -> Judged | None:
        if not _is_row(row, MANAGERS[manager][0]):
            raise TypeError("a row that is no row")
        hits = decider(manager, target)(row, self.index, target)
        kernel = kernels.of_rpm(row[0], row[2], row[3], row[4]) if manager == "rpm" else kernels.of_dpkg(row[0])
        if not hits and not kernel:
            return None
        unknown = next((hit.note for hit in hits if hit.verdict == UNKNOWN and hit.vid == 0), "")
        return Judged(hits, frozenset(hit.vid for hit in hits if hit.verdict == AFFECTED), kernel, unknown)

    def _match_located(self, found: HostMatch, software: Mapping[str, Any]) -> None:
        missing: Counter[str] = Counter()
        for application in rows(software, "applications", limit=None):
            kind, path, file = (str(application.get(key) or "") for key in ("kind", "path", "file"))
            same = application.get("same")
            others = len(same) if isinstance(same, list) else 0
            listed = package_rows(application, "packages")
            if kind not in installed_libraries.KINDS:
                continue
            found.packages += len(listed)
            if not self.index.has(installed_libraries.KINDS[kind]):
                missing[kind] += len(listed)
                continue
            for row in listed:
                group = row[3] if len(row) > 3 else ""
                self._locate(found, (kind, row[0], row[1], row[2] if len(row) > 2 else ""), Place(kind, path, file, others, group))
        gems = package_rows(software, "gems")
        found.packages += len(gems)
        if gems and not self.index.has("RubyGems"):
            missing["gems"] += len(gems)
        else:
            for row in gems:
                self._locate(found, ("gems", row[0], row[1], ""), Place("gems"))
        for component in rows(software, "components", limit=None):
            found.packages += 1
            key = ("component", str(component.get("name")), str(component.get("version")), "")
            self._locate(found, key, Place("component", str(component.get("path") or "")))
        for kind, count in sorted(missing.items()):
            why = f"no feed at hand for {kind}"
            found.unknown[why] += count
            found.missing[feed_of(installed_libraries.KINDS[kind])] = why

    def _locate(self, found: HostMatch, key: tuple[str, str, str, str], place: Place) -> None:
        kind, name, version, source = key
        if key not in self._libraries:
            judge = installed_libraries.judge_component if kind == "component" else None
            self._libraries[key] = judge(name, version, self.index) if judge else installed_libraries.judge_package(kind, name, version, source, self.index)
        hits = self._libraries[key]
        if hits:
            found.located.append(Located(hits, place))
            found.unknown.update(hit.note for hit in hits if hit.verdict == UNKNOWN and hit.vid == 0)


def feed_of(ecosystem: str) -> str:
    """Return the name of the feed that has an ecosystem: osv/AlmaLinux has AlmaLinux:9."""
    if ecosystem.startswith(csaf.ECOSYSTEM):
        return redhat_vex.ARCHIVE
    return f"osv/{ecosystem.partition(':')[0]}"


def _is_row(row: tuple[object, ...], columns: int) -> bool:
    return len(row) == columns and all(isinstance(item, str) and _SEPARATOR not in item for item in row)


def _repository(item: object) -> str:
    return str(item.get("id") or "") if isinstance(item, dict) else str(item)
