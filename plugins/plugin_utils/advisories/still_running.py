# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fixed on disk and not in memory: stale processes of the check C(restart), and the announcements that the update on disk has ended.

Nothing is claimed but what follows: a process maps a file that was replaced; the package manager's own log says from which version its package was
updated first after the process had begun; that version is affected by an announcement, and the installed one is not.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import COMMANDS_LIMIT, finding

from ..commands import is_given
from ..reading import rows, seconds, texts
from . import purl, words
from .match import MANAGERS, HostMatch, decider
from .verdict import AFFECTED, Hit
from .versions import rpm

if TYPE_CHECKING:
    from .judge import Judge

RULE = "software.still_running"

# Reasons of the check restart for which a process does not run old files.
NOT_STALE = ("identical", "gone")

SHOWN = 3  # announcements in a title
UPGRADES_LIMIT = 500  # rows that the check software keeps: where there are as many, the first update may be missing

KEPT = 5000  # pairs of versions whose announcements are kept, for the next server with the same
DAY = 86400


class _Use(NamedTuple):
    """A process that has an old version of a package in memory."""

    who: str
    pid: int
    comm: str
    started: str
    path: str
    package: str
    old: str
    installed: str | None


def findings(judge: Judge, match: HostMatch, system: Mapping[str, Any], software: Mapping[str, Any], restart: object) -> list[dict[str, Any]]:
    """Return one finding for each service and package; C(restart) is the data of that check of the same document."""
    if not isinstance(restart, Mapping) or match.manager not in MANAGERS or match.target.unknown:
        return []
    rows = _installed(software)
    groups: dict[tuple[str, str, str], list[_Use]] = {}
    for use in _uses(restart, software.get("upgrades")):
        if use.package in rows:
            groups.setdefault((use.who, use.package, use.old), []).append(use)
    found, typed = [], _commands(restart)
    for (_who, package, old), uses in sorted(groups.items()):
        ended = _ended(judge, match, rows[package], old)
        if ended:
            found.append(_row(judge, match, system, rows[package], uses, ended, typed, software))
    return found


def _installed(software: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    packages = software.get("packages")
    rows = packages.get("rows") if isinstance(packages, Mapping) else None
    return (
        {row[0]: tuple(row) for row in rows if isinstance(row, list) and row and all(isinstance(item, str) for item in row)} if isinstance(rows, list) else {}
    )


def _uses(restart: Mapping[str, Any], upgrades: object) -> Iterator[_Use]:
    by_package = _upgrades(upgrades)
    for process in rows(restart, "processes", limit=None):
        began = seconds(process.get("started"))
        if began is None or process.get("container"):
            continue
        who = str(process.get("unit") or process.get("user_unit") or process.get("comm") or "")
        seen = set()
        for file in rows(process, "files", limit=None):
            package = str(file.get("package") or "")
            updates = by_package.get(package, ())
            # A server may name as many updates and files as it likes, and nothing tries each with each.
            after = bisect.bisect_right(updates, began, key=lambda update: update[0])
            old = updates[after][1] if after < len(updates) else ""
            if old and file.get("reason") not in NOT_STALE and package not in seen:
                seen.add(package)
                installed = file.get("installed") if seconds(file.get("installed")) else None
                pid = process.get("pid")
                yield _Use(
                    who, pid if isinstance(pid, int) else 0, str(process.get("comm")), str(process["started"]), str(file.get("path")), package, old, installed
                )


def _upgrades(rows: object) -> dict[str, list[tuple[float, str]]]:
    """Return when each package was updated and from which version, oldest first."""
    found: dict[str, list[tuple[float, str]]] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, list) and len(row) == 3 and isinstance(row[0], str) and isinstance(row[1], str) and isinstance(row[2], (int, float)):
            found.setdefault(row[0], []).append((row[2], row[1]))
    return {name: sorted(versions) for name, versions in found.items()}


def _ended(judge: Judge, match: HostMatch, row: tuple[str, ...], old: str) -> list[Hit]:
    """Return what the old version is affected by and the installed one is not, of each announcement the best name."""
    decide = decider(match.manager, match.target)
    before = _with_version(match.manager, row, old) if len(row) == MANAGERS[match.manager][0] else None
    if before is None:
        return []
    key = (match.target, row, old)
    if key not in judge.ended:
        if len(judge.ended) >= KEPT:
            judge.ended.clear()
        still = {hit.vid for hit in decide(row, judge.index, match.target)}
        ended = [hit for hit in decide(before, judge.index, match.target) if hit.verdict == AFFECTED and hit.fixed and hit.vid not in still]
        kept = judge.without_single({hit.vid: [hit] for hit in ended})
        judge.ended[key] = sorted((hit for hits in kept.values() for hit in hits), key=lambda hit: judge.priorities.of((hit.vid,)).order)
    return judge.ended[key]


def _with_version(manager: str, row: tuple[str, ...], old: str) -> tuple[str, ...] | None:
    """Return the row of a package as it was with its old version; None where that of its source cannot be told."""
    if manager == "rpm":
        epoch, version, release = rpm.split(old)
        # The source's version goes along where it was the package's own; one that differs cannot be told.
        source = row[5].replace(f"-{row[2]}-{row[3]}.", f"-{version}-{release or ''}.")
        return (row[0], str(epoch or "0"), version, release or "", row[4], source, *row[6:])
    name, version, arch, source, source_version, status = row
    if source_version in ("", version):
        return (name, old, arch, source, old, status)
    # A rebuild of the same source has its number behind it: 1.2-3+b1 is of 1.2-3.
    if version.partition("+b")[0] == source_version:
        return (name, old, arch, source, old.partition("+b")[0], status)
    return None


def _row(
    judge: Judge,
    match: HostMatch,
    system: Mapping[str, Any],
    row: tuple[str, ...],
    uses: Sequence[_Use],
    ended: Sequence[Hit],
    typed: Mapping[int, list[str]],
    software: Mapping[str, Any],
) -> dict[str, Any]:
    first = uses[0]
    now = _evr(match.manager, row)
    vulns = [judge.index.vuln(hit.vid) for hit in ended]
    ranked = [judge.priorities.of((hit.vid,)) for hit in ended]
    names = [min(vuln.cves, default=vuln.id) for vuln in vulns]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    marks = f" ({', '.join(ranked[0].marks)})" if ranked[0].marks else ""
    old = f"{first.old} or older" if len(software.get("upgrades") or ()) >= UPGRADES_LIMIT else first.old
    since = f" since {first.installed[:10]}" if first.installed else ""
    title = f"{first.who} still runs {first.package} {old} with {', '.join(names[:SHOWN])}{more}{marks}; {now} is on disk{since}"
    evidence = [("priority", ranked[0].why)]
    evidence += [
        (f"process {use.pid} {use.comm} since {use.started}", f"{use.path} of {use.package} {old}{_ago(use.installed, judge.now)}") for use in uses[:5]
    ]
    evidence += [
        (vuln.id, f"{', '.join(vuln.cves[:5]) or vuln.title}: fixed in {hit.fixed}, {priority.why}")
        for vuln, hit, priority in zip(vulns, ended, ranked, strict=True)
    ]
    commands = next((typed[use.pid] for use in uses if use.pid in typed), [])
    text = (
        "The update is on disk and not in memory: start it again."
        if commands
        else "The update is on disk and not in memory: stop it and start it the way it was started."
    )
    severity = ranked[0].severity
    item = finding(RULE, severity, title, f"{first.who} {first.package}", evidence, text, commands, words.references(vulns), count=len(uses))
    return {**item, "packages": [purl.of_package(match.manager, system, first.package, first.old)]}


def _evr(manager: str, row: Sequence[str]) -> str:
    if manager == "dpkg":
        return row[1]
    return f"{row[2]}-{row[3]}" if row[1] in ("0", "", "(none)") else f"{row[1]}:{row[2]}-{row[3]}"


def _ago(installed: str | None, now: float) -> str:
    when = seconds(installed)
    if when is None:
        return ""
    days = int(max(0.0, now - when) // DAY)
    return f", fixed on disk {days} day{'' if days == 1 else 's'} ago"


def _commands(restart: Mapping[str, Any]) -> dict[int, list[str]]:
    """Return what the check restart says is to be typed for each process, of it what has the form of a command of ours: it is data of the server."""
    found: dict[int, list[str]] = {}
    for service in rows(restart, "services", limit=None):
        commands = [line for line in texts(service, "commands", limit=COMMANDS_LIMIT) if is_given(line)]
        own = service.get("pids")
        for pid in own if isinstance(own, list) else ():
            if isinstance(pid, int):
                found.setdefault(pid, commands)
    return found
