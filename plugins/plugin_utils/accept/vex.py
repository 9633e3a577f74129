# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VEX statements as acceptances: somebody who knows the software says that a vulnerability does not touch it, and why.

A finding is accepted where a statement says so of each of its vulnerabilities and each package. Of several statements about the same, the latest counts.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..advisories import purl
from .apply import EXPIRING_DAYS, Use, shown
from .file import LONGEST_DAYS, Acceptance
from .match import Match, ids_of

NOT_AFFECTED, FIXED, AFFECTED, INVESTIGATED = "not_affected", "fixed", "affected", "under_investigation"
STATUSES = (NOT_AFFECTED, FIXED, AFFECTED, INVESTIGATED)

# Sources of evidence that are no place of an application.
NO_PLACE = ("priority", "acceptance", "VEX")

# Rules of findings that name their packages by package URLs.
RULES = ("software.advisory", "software.still_running")


class Places(NamedTuple):
    """Where a finding is: C(names) of its host and groups, C(folders) of its applications, none where they are not all known."""

    names: tuple[str, ...]
    folders: tuple[str, ...]

    def all_within(self, folder: str) -> bool:
        return bool(self.folders) and all(place == folder or place.startswith(f"{folder}/") for place in self.folders)


class Product(NamedTuple):
    """What a statement is about: a package, and what it is part of (the name of a host, an inventory group or an application's folder), empty for any."""

    package: purl.Purl
    within: str = ""

    def covers(self, package: purl.Purl, places: Places) -> bool:
        """Return whether an installed package is meant; without a version every one is."""
        if (self.package.type, self.package.name) != (package.type, package.name) or self.package.version not in ("", package.version):
            return False
        if self.package.namespace and self.package.namespace != package.namespace:
            return False
        return not self.within or self.within in places.names or places.all_within(self.within)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. C(when) is its time (ISO, UTC), C(place) the file and the number in it, C(reason) its justification in words."""

    ids: frozenset[str]
    products: tuple[Product, ...]
    status: str
    justification: str
    reason: str
    when: str
    place: str
    number: int
    author: str
    document: str

    @property
    def expires(self) -> datetime.date:
        """Return until when it holds: as long as any acceptance may, counted from its own date, since VEX knows no end."""
        return datetime.date.fromisoformat(self.when[:10]) + datetime.timedelta(days=LONGEST_DAYS)

    def covers(self, package: purl.Purl, places: Places) -> bool:
        """Return whether the statement is about an installed package."""
        # "fixed" names the version that has the fix: it says nothing of others.
        return any(product.covers(package, places) and (self.status != FIXED or product.package.version) for product in self.products)


class VexStatements:
    """All statements, on a day. Called with a finding and its host, it returns the statement that covers it, as an acceptance."""

    def __init__(self, statements: Iterable[Statement], today: datetime.date) -> None:
        self._today = today
        self._by_id: dict[str, list[Statement]] = {}
        for statement in sorted(statements, key=lambda item: (item.when, item.place, item.number)):
            for name in statement.ids:
                self._by_id.setdefault(name, []).append(statement)
        self._uses: dict[Statement, Use] = {}

    def __bool__(self) -> bool:
        return bool(self._by_id)

    @property
    def uses(self) -> list[Use]:
        """Return the statements that covered something: those of a vendor are about more than one fleet has."""
        return [self._uses[statement] for statement in sorted(self._uses, key=lambda item: (item.place, item.number))]

    def __call__(self, finding: dict[str, Any], host: str, groups: Sequence[str]) -> dict[str, Any] | None:
        """Return the acceptance of a finding whose every vulnerability and package is covered; expired ones leave a note in its evidence."""
        if finding["rule"] not in RULES or not finding.get("packages"):
            return None
        names = ids_of(finding)
        cves = {name for name in names if name.startswith("CVE-")}
        if not (cves or names) & self._by_id.keys():
            return None
        packages = [parsed for parsed in map(purl.parse, finding["packages"]) if parsed is not None]
        folders = () if finding["evidence_cut"] else tuple(item["source"] for item in finding["evidence"] if item["source"] not in NO_PLACE)
        places = Places((host, *groups), folders)
        covering = self._covering(cves, names, packages, places)
        if not covering or len(packages) != len(finding["packages"]):
            return None
        first = min(covering, key=lambda statement: (statement.expires, statement.place, statement.number))
        for statement in covering:
            self._note(statement, finding, host)
        if first.expires < self._today:
            words = f"expired on {first.expires}: {first.reason}"[:500]
            finding["evidence"] = [*finding["evidence"][:19], {"source": "VEX", "text": words}]
            return None
        return {**shown(self._uses[first].acceptance), "vex": first.status, "justification": first.justification}

    def _covering(self, cves: set[str], names: set[str], packages: Sequence[purl.Purl], places: Places) -> list[Statement]:
        """Return a statement for each vulnerability and package; nothing where one of them has none."""
        found = []
        for package in packages:
            wanted = [{name} for name in sorted(cves)] or [names]
            for alternatives in wanted:
                known = [statement for name in alternatives for statement in self._by_id.get(name, ()) if statement.covers(package, places)]
                last = max(known, key=lambda statement: (statement.when, statement.place, statement.number), default=None)
                if last is None or last.status not in (NOT_AFFECTED, FIXED):
                    return []
                found.append(last)
        return found

    def _note(self, statement: Statement, finding: Mapping[str, Any], host: str) -> None:
        use = self._uses.get(statement)
        if use is None:
            soon = self._today + datetime.timedelta(days=EXPIRING_DAYS)
            entry = Acceptance(
                statement.number, Match({"ids": sorted(statement.ids)}), statement.reason, statement.expires, statement.author, statement.document
            )
            use = self._uses[statement] = Use(entry, statement.expires < self._today, self._today <= statement.expires <= soon)
        use.fingerprints.add(finding["fingerprint"])
        use.hosts.add(host)
        use.groups.add(finding["group"])
