# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report is made of: hosts, the state of each check on them, and findings grouped over hosts.

One pass over the documents of a run. Kept per host is a row and its findings as packed JSON, per group one example:
a fleet of thousands fits into little memory.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import FINDINGS_LIMIT, SEVERITIES, STATUSES, text

from ..advisories.told import Told
from ..document import FAILED
from ..history.past import COVERAGE, Past
from ..logs.extract import extract
from ..logs.fleet import Logs, logs_of
from .coverage import coverage_finding, feed_groups
from .groups import Group, add, group_order, natural, rank

# States of a host in the report. The first two were looked at.
HOST_STATES = ("checked", "partial", "unreachable", "error", "not_run")
LOOKED_AT = ("checked", "partial")

# Statuses of a check that looked at something.
LOOKED = ("ok", "findings", "incomplete")

NO_DOCUMENT = "there is no document of this host in the run"
NO_RESULT = "the host's document has no result of this check"

PACK_ABOVE = 16_384

# A finding, its host and the host's groups -> the acceptance that covers it, as it stands in the report.
Accept = Callable[[dict[str, Any], str, Sequence[str]], dict[str, Any] | None]


@dataclass(slots=True)
class Cell:
    """One check on one host."""

    status: str
    reason: str
    counts: Counter[str] = field(default_factory=Counter)
    duration_ms: int | None = None
    accepted: int = 0
    # Rules and subjects of findings that this look, where it is incomplete, could not rule out; None for all of them.
    unsure: tuple[str, ...] | None = None
    # Feeds that are not as they should be -> why, where that is a reason to be incomplete; what else is one.
    feeds: Mapping[str, str] = field(default_factory=dict)
    besides: str = ""

    @property
    def failed(self) -> bool:
        return self.status in FAILED

    @property
    def worst(self) -> str | None:
        return next((severity for severity in SEVERITIES if self.counts[severity]), None)


@dataclass(slots=True)
class Host:
    """One host of the report."""

    name: str
    groups: list[str]
    status: str
    reason: str
    expected: bool
    facts: dict[str, Any]
    started: str | None
    ended: str | None
    cells: dict[str, Cell]
    # Findings by severity, without the accepted ones, which are counted apart.
    counts: Counter[str]
    packed: bytes
    run_id: str
    # What is kept of the data of its checks, see logs/extract.py.
    extract: bytes = b""
    accepted: int = 0
    # Findings by their state in the history; empty without one.
    states: Counter[str] = field(default_factory=Counter)

    @property
    def looked_at(self) -> bool:
        return self.status in LOOKED_AT

    @property
    def worst(self) -> str | None:
        return next((severity for severity in SEVERITIES if self.counts[severity]), None)

    def findings(self) -> list[dict[str, Any]]:
        """Return the host's findings, those of the coverage first, then worst first."""
        return json.loads(self.findings_json())

    def pack(self, findings: list[dict[str, Any]]) -> None:
        packed = json.dumps(findings, separators=(",", ":")).encode("ascii")
        self.packed = packed if len(packed) < PACK_ABOVE else zlib.compress(packed, 1)

    def findings_json(self) -> bytes:
        return self.packed if self.packed.startswith(b"[") else zlib.decompress(self.packed)


@dataclass(slots=True)
class Fleet:
    """All that the report says, before it is put into words."""

    run_id: str
    checks: list[str]
    hosts: list[Host]
    groups: list[Group]
    coverage: list[Group]
    accepted: list[Group] = field(default_factory=list)
    past: Past = field(default_factory=lambda: Past(off="not asked for"))
    logs: Logs = field(default_factory=Logs)
    told: Told = field(default_factory=Told)
    # Numbers of all hosts, which many places ask for: counted once, since nothing changes them after collect().
    _counted: dict[str, Counter[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def expected(self) -> int:
        return sum(host.expected for host in self.hosts)

    @property
    def not_checked(self) -> list[Host]:
        return [host for host in self.hosts if not host.looked_at]

    def host_states(self) -> dict[str, int]:
        """Return how many hosts are in each state; all states are there."""
        counted = self._count("hosts", lambda: Counter(host.status for host in self.hosts))
        return {state: counted[state] for state in HOST_STATES}

    def check_states(self) -> dict[str, int]:
        """Return how many checks, over all hosts that were looked at, ended in each status; all statuses are there."""
        counted = self._count("checks", lambda: Counter(cell.status for host in self.hosts for cell in host.cells.values()))
        return {status: counted[status] for status in STATUSES}

    def looks(self) -> str:
        """Return over what the numbers of check_states() are, in words: so many checks on so many hosts."""
        looked = [host for host in self.hosts if host.cells]
        checks = len({check for host in looked for check in host.cells})
        return f"{checks:,} on {'1 host' if len(looked) == 1 else f'{len(looked):,} hosts'}" if looked else ""

    def severities(self) -> dict[str, int]:
        """Return the number of findings of each severity, without those of the coverage."""
        total = self._count("severities", lambda: _sum(host.counts for host in self.hosts))
        return {severity: total[severity] for severity in SEVERITIES}

    def states(self) -> Counter[str]:
        """Return the number of findings in each state of the history, without those accepted and those of the coverage."""
        return Counter(self._count("states", lambda: _sum(host.states for host in self.hosts)))

    def _count(self, what: str, count: Callable[[], Counter[str]]) -> Counter[str]:
        if what not in self._counted:
            self._counted[what] = count()
        return self._counted[what]

    def times(self) -> tuple[str | None, str | None]:
        """Return when the first host was started and the last one ended."""
        seen = [host for host in self.hosts if host.started and host.ended]
        return (min((str(host.started) for host in seen), default=None), max((str(host.ended) for host in seen), default=None))


def collect(
    documents: Iterable[Mapping[str, Any]],
    *,
    run_id: str,
    expected_hosts: Iterable[str],
    expected_checks: Sequence[str],
    everyone: bool = False,
    accept: Accept | None = None,
    remember: Callable[[Sequence[Host], str], Past] | None = None,
    told: Told | None = None,
) -> Fleet:
    """Return the fleet of a run: every expected host, and every other host that has a document; with ``everyone`` those are expected as well.

    Of two documents of one host the later one counts; the result does not depend on their order. ``accept`` says which
    findings are accepted, ``remember`` takes the hosts into the history and says what was before. ``told`` is what is known
    of the announcements once all documents went by.
    """
    # An inventory may come from elsewhere; a document whose host has no printable name bears it escaped, too.
    expected = dict.fromkeys(text(name, 1000) for name in expected_hosts)
    checks = list(dict.fromkeys(expected_checks))
    rows: dict[str, Host] = {}
    for document in documents:
        host = _host(document, everyone or document["host"] in expected, checks, run_id, accept)
        if host.name not in rows or _age(host) > _age(rows[host.name]):
            rows[host.name] = host
    for name in expected:
        if name not in rows:
            rows[name] = _host({"host": name, "status": "not_run", "reason": NO_DOCUMENT}, True, checks, run_id, accept)
    hosts = sorted(rows.values(), key=_host_order)
    past = remember(hosts, run_id) if remember else Past(off="not asked for")
    groups, accepted = _grouped(hosts, past)
    return Fleet(
        run_id=run_id,
        checks=checks + sorted({name for host in hosts for name in host.cells} - set(checks)),
        hosts=hosts,
        groups=[group for group in groups if group.check != COVERAGE],
        coverage=[group for group in groups if group.check == COVERAGE] + (feed_groups(told) if told else []),
        accepted=accepted,
        past=past,
        logs=_logs(hosts, past),
        told=told or Told(),
    )


def _age(host: Host) -> tuple[str, bool, bytes, bytes]:
    return (host.ended or "", host.looked_at, host.packed, host.extract)


def _host(document: Mapping[str, Any], expected: bool, checks: Sequence[str], run_id: str, accept: Accept | None) -> Host:
    name, status, reason = document["host"], document["status"], document["reason"]
    groups = document.get("groups", [])
    cells: dict[str, Cell] = {}
    findings: list[dict[str, Any]] = []
    if status in LOOKED_AT:
        results = document["checks"]
        for check in dict.fromkeys([*checks, *results]):
            result = results.get(check, {"status": "error", "status_reason": NO_RESULT, "findings": []})
            findings += _accepted(result["findings"], name, groups, accept)
            cells[check] = _cell(result)
        failed = [check for check, cell in cells.items() if cell.failed]
        if failed:
            status, reason = "partial", reason or f"{', '.join(failed)}: {cells[failed[0]].reason}"
        coverage = [coverage_finding(f"check_{cells[check].status}", name, check, cells[check].reason) for check in failed]
    else:
        coverage = [coverage_finding(status, name, "host", reason)]
    findings.sort(key=_finding_order)
    host = Host(
        name=name,
        groups=groups,
        status=status,
        reason=reason,
        expected=expected,
        facts=document.get("facts", {}),
        started=document.get("started"),
        ended=document.get("ended"),
        cells=cells,
        counts=_sum(cell.counts for cell in cells.values()),
        packed=b"",
        run_id=document.get("run_id", run_id),
        extract=extract(document["checks"]) if status in LOOKED_AT else b"",
        accepted=sum(cell.accepted for cell in cells.values()),
    )
    host.pack(coverage + findings)
    return host


def _accepted(findings: list[dict[str, Any]], host: str, groups: Sequence[str], accept: Accept | None) -> list[dict[str, Any]]:
    """Mark the findings that are accepted."""
    if accept is not None:
        for finding in findings:
            acceptance = accept(finding, host, groups)
            if acceptance is not None:
                finding["accepted"] = acceptance
    return findings


def _cell(result: Mapping[str, Any]) -> Cell:
    counts = Counter(finding["severity"] for finding in result["findings"] if "accepted" not in finding)
    accepted = len(result["findings"]) - sum(counts.values())
    unsure = result.get("unsure") or _unsure(result)
    return Cell(result["status"], result["status_reason"], counts, result.get("duration_ms"), accepted, unsure, **result.get("lacking", {}))


def _unsure(result: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return what the server itself says that its incomplete look could not rule out; None where findings may have been cut off."""
    told = (result.get("data") or {}).get("unsure")
    if not isinstance(told, list) or len(result["findings"]) >= FINDINGS_LIMIT or not all(isinstance(name, str) for name in told):
        return None
    return tuple(told)


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Return counts added up; Counter's own way takes six times as long."""
    total: Counter[str] = Counter()
    for count in counts:
        for key, number in count.items():
            total[key] += number
    return total


def _grouped(hosts: Iterable[Host], past: Past) -> tuple[list[Group], list[Group]]:
    """Return the groups of the findings, and apart from them those of the accepted ones; each finding gets its state on the way."""
    groups: dict[str, Group] = {}
    accepted: dict[str, Group] = {}
    for host in sorted(hosts, key=lambda host: natural(host.name)):
        findings = host.findings()
        if not past.off:
            _tell(host, findings, past)
            host.pack(findings)
        for finding in findings:
            add(accepted if "accepted" in finding else groups, host.name, finding)
    return sorted(groups.values(), key=group_order), sorted(accepted.values(), key=group_order)


def _logs(hosts: Iterable[Host], past: Past) -> Logs:
    known = sorted((host for host in hosts if host.extract), key=lambda host: natural(host.name))
    until = max((host.ended for host in known if host.ended), default=None)
    return logs_of(((host.name, host.extract) for host in known), past.first_seen, until) if until else Logs()


def _tell(host: Host, findings: list[dict[str, Any]], past: Past) -> None:
    """Write into the findings of a host what the history knows of them."""
    marks = past.marks.pop(host.name, {})
    for finding in findings:
        mark = marks.get(finding["fingerprint"])
        finding["state"] = mark.state if mark else "open"
        finding["first_seen"] = mark.first_seen if mark else None
        finding["seen_runs"] = mark.seen_runs if mark else 1
        if finding["check"] == COVERAGE:
            finding["evidence"].append({"source": "last look", "text": past.last_looks[host.name, finding["subject"]]})
        elif "accepted" not in finding:
            host.states[finding["state"]] += 1


def _finding_order(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    return (rank(finding["severity"]), finding["check"], finding["rule"], finding["subject"], finding["title"])


def _host_order(host: Host) -> tuple[Any, ...]:
    """Not looked at first, since the worst may hide there; then by what was found."""
    state = len(HOST_STATES) if host.looked_at else HOST_STATES.index(host.status)
    return (state, *(-host.counts[severity] for severity in SEVERITIES), not _unsound(host), natural(host.name))


def _unsound(host: Host) -> bool:
    return any(cell.failed or cell.status == "incomplete" for cell in host.cells.values())
