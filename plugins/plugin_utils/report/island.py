# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data islands of a page of many hosts: what its viewer (page.js) shows, as gzip in base64.

Two of them. The first has a row for every host and the groups of findings once: enough for the table, its filters and what to
type. The second has a line for every host, read when somebody opens that host: evidence, times, the digest of its logs. There is
room for so much; hosts with more to tell come first, and one without its details says so and names report.json.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any, TypeVar

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from ..logs.extract import unpack
from .collect import COVERAGE, Host
from .document import Run
from .groups import Group
from .signs import HOST_SIGNS, SEVERITY_SIGNS, cell_of, facts_line, group_anchor

GZIP = 31  # zlib's number for a stream with gzip's head
EVIDENCE_SHOWN = 6

T = TypeVar("T")


class Stream:
    """A gzip stream that knows how long it has become."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        self._blocks: list[bytes] = []
        self.size = 0

    def line(self, value: object) -> None:
        self._keep(self._deflate.compress(json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"))

    def _keep(self, block: bytes) -> None:
        self._blocks.append(block)
        self.size += len(block)

    def base64(self) -> str:
        """Return the whole stream; it ends with this."""
        self._keep(self._deflate.flush())
        return base64.b64encode(b"".join(self._blocks)).decode("ascii")


class _Numbers(dict[T, int]):
    """Gives each value its number, in the order in which they come."""

    def __missing__(self, value: T) -> int:
        self[value] = len(self)
        return self[value]


def rows_island(run: Run) -> str:
    """Return the first island: a line of words, one of the groups, one of distinct cells, then a line for every host."""
    fleet, stream = run.fleet, Stream()
    groups = _all_groups(run)
    numbers = {group.key: number for number, group in enumerate(groups)}
    cells: _Numbers[tuple[str, str, str, str, int]] = _Numbers()
    families: _Numbers[str] = _Numbers()
    rows = [_row(host, [cells[cell_of(host, check)] for check in fleet.checks], numbers, families) for host in fleet.hosts]
    stream.line(
        {
            "checks": fleet.checks,
            "severities": [[name, SEVERITY_SIGNS[name]] for name in SEVERITIES],
            "states": HOST_SIGNS,
            "families": list(families),
            "hosts": len(fleet.hosts),
        }
    )
    stream.line([_group(group) for group in groups])
    stream.line(list(cells))
    for row in rows:
        stream.line(row)
    return stream.base64()


def _all_groups(run: Run) -> list[Group]:
    known = {group.key for group in run.fleet.groups}
    return [*run.fleet.groups, *(group for group in run.fleet.accepted if group.key not in known)]


def _group(group: Group) -> list[Any]:
    return [
        group_anchor(group.key),
        group.rule,
        SEVERITIES.index(group.severity),
        group.title,
        group.remedy,
        _usual(group),
        group.references,
    ]


def _usual(group: Group) -> list[str]:
    """Return the commands that most hosts of a group need."""
    return next((list(commands) for commands, _hosts in group.commands if commands), [])


def _row(host: Host, cells: list[int], numbers: dict[str, int], families: _Numbers[str]) -> list[Any]:
    """Return a host: name, state, reason, inventory groups, cells, findings by severity, its groups of findings, how many are new."""
    findings = [finding for finding in host.findings() if finding["check"] != COVERAGE]
    return [
        host.name,
        host.status,
        host.reason,
        [families[name] for name in host.groups],
        cells,
        [host.counts[severity] for severity in SEVERITIES],
        [numbers[finding["group"]] for finding in findings],
        host.states["new"] + host.states["reopened"],
    ]


def details_island(run: Run, room: int) -> str:
    """Return the second island, of about ``room`` bytes: a line for every host in the order of the first."""
    stream = Stream()
    usual = {group.key: group for group in _all_groups(run)}
    for host in run.fleet.hosts:
        whole = stream.size < room
        findings = [_finding(finding, usual[finding["group"]], whole) for finding in host.findings() if finding["check"] != COVERAGE]
        digest = unpack(host.extract).get("digest", []) if whole else []
        stream.line([whole, findings, facts_line(host) if whole else "", host.expected, digest])
    return stream.base64()


def _finding(finding: dict[str, Any], group: Group, whole: bool) -> dict[str, Any]:
    """Return what a finding has that its group does not say: always what to do, the rest where there is room."""
    own: dict[str, Any] = {}
    if finding["severity"] != group.severity:
        own["severity"] = SEVERITIES.index(finding["severity"])
    if finding["title"] != group.title:
        own["title"] = finding["title"]
    if finding["remedy"]["text"] != group.remedy:
        own["remedy"] = finding["remedy"]["text"]
    if finding["remedy"]["commands"] != _usual(group):
        own["commands"] = finding["remedy"]["commands"]
    if "accepted" in finding:
        own["accepted"] = f"{finding['accepted']['reason']}, until {finding['accepted']['expires']}"
    if finding.get("state") in ("new", "reopened"):
        own["state"] = "new" if finding["state"] == "new" else "returned"
    if whole:
        cut = finding["evidence_cut"] + max(0, len(finding["evidence"]) - EVIDENCE_SHOWN)
        own["evidence"] = [[row["source"], row["text"]] for row in finding["evidence"][:EVIDENCE_SHOWN]]
        own["times"] = [finding["count"], finding["last"], finding.get("first_seen")]
        own.update({"cut": cut} if cut else {})
    return own


def in_lines(words: str, width: int = 4000) -> str:
    """Return a long text in lines: editors and mail gateways choke on one of half a megabyte."""
    return "\n".join(words[start : start + width] for start in range(0, len(words), width))
