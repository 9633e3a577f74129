# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report is made of: hosts, the state of each check on them, and findings grouped over hosts.

One pass over the documents of a run. Kept per host is a row and its findings as packed JSON, per group one example:
a fleet of thousands fits into little memory.
"""

from __future__ import annotations

import json
import re
import shlex
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES, STATUSES

from ..document import FAILED, fingerprint, group_key

COVERAGE = "coverage"

# States of a host in the report. The first two were looked at.
HOST_STATES = ("checked", "partial", "unreachable", "error", "not_run")
LOOKED_AT = ("checked", "partial")

# Statuses of a check that looked at something.
LOOKED = ("ok", "findings", "incomplete")

NO_DOCUMENT = "there is no document of this host in the run"
NO_RESULT = "the host's document has no result of this check"

# The evidence of a group is an example; all of it is with the hosts.
GROUP_EVIDENCE = 5
GROUP_VARIANTS = 4
PACK_ABOVE = 16_384

# rule of the pseudo-check "coverage" -> (title, remedy). Each is a finding, since what was not looked at may hide the worst.
COVERAGE_RULES = {
    "coverage.unreachable": ("The host was not reached", "Find out whether the host is up and answers on its ssh port."),
    "coverage.error": ("The host gave no usable answer", "The reason says what is wrong: mostly no Python 3.6 or later, or no right to become root."),
    "coverage.not_run": ("The host was expected and not checked", "The run ended before this host's turn, or an earlier task failed on it."),
    "coverage.check_error": ("The check could not run", "The reason says why. The other checks of the host are not touched by it."),
    "coverage.check_timeout": ("The check did not end in time", "Give it more time with daily_check_timeout, or look at what is slow on the host."),
}


@dataclass(slots=True)
class Cell:
    """One check on one host."""

    status: str
    reason: str
    counts: Counter[str] = field(default_factory=Counter)
    duration_ms: int | None = None

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
    counts: Counter[str]
    packed: bytes

    @property
    def looked_at(self) -> bool:
        return self.status in LOOKED_AT

    @property
    def worst(self) -> str | None:
        return next((severity for severity in SEVERITIES if self.counts[severity]), None)

    def findings(self) -> list[dict[str, Any]]:
        """Return the host's findings, those of the coverage first, then worst first."""
        return json.loads(self.findings_json())

    def findings_json(self) -> bytes:
        return self.packed if self.packed.startswith(b"[") else zlib.decompress(self.packed)


@dataclass(slots=True)
class Group:
    """The same finding on one or more hosts, worst severity and one example of the evidence."""

    key: str
    check: str
    rule: str
    severity: str
    title: str
    subject: str
    remedy: str
    references: list[str]
    evidence: list[dict[str, str]]
    evidence_host: str
    hosts: list[str] = field(default_factory=list)
    count: int | None = None
    first: str | None = None
    last: str | None = None
    # Commands as typed -> the hosts they are for, since a remedy may differ between hosts.
    variants: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    @property
    def commands(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the commands and their hosts, those for most hosts first."""
        return sorted(self.variants.items(), key=lambda item: (-len(item[1]), item[0]))


@dataclass(slots=True)
class Fleet:
    """All that the report says, before it is put into words."""

    run_id: str
    checks: list[str]
    hosts: list[Host]
    groups: list[Group]
    coverage: list[Group]

    @property
    def expected(self) -> int:
        return sum(host.expected for host in self.hosts)

    @property
    def not_checked(self) -> list[Host]:
        return [host for host in self.hosts if not host.looked_at]

    def host_states(self) -> dict[str, int]:
        """Return how many hosts are in each state; all states are there."""
        counted = Counter(host.status for host in self.hosts)
        return {state: counted[state] for state in HOST_STATES}

    def check_states(self) -> dict[str, int]:
        """Return how many checks, over all hosts that were looked at, ended in each status; all statuses are there."""
        counted = Counter(cell.status for host in self.hosts for cell in host.cells.values())
        return {status: counted[status] for status in STATUSES}

    def severities(self) -> dict[str, int]:
        """Return the number of findings of each severity, without those of the coverage."""
        total: Counter[str] = Counter()
        for host in self.hosts:
            total.update(host.counts)
        return {severity: total[severity] for severity in SEVERITIES}

    def times(self) -> tuple[str | None, str | None]:
        """Return when the first host was started and the last one ended."""
        seen = [host for host in self.hosts if host.started and host.ended]
        return (min((str(host.started) for host in seen), default=None), max((str(host.ended) for host in seen), default=None))


def collect(documents: Iterable[Mapping[str, Any]], *, run_id: str, expected_hosts: Iterable[str], expected_checks: Sequence[str]) -> Fleet:
    """Return the fleet of a run: every expected host, and every other host that has a document.

    Of two documents of one host the later one counts; the result does not depend on their order.
    """
    expected = dict.fromkeys(expected_hosts)
    checks = list(dict.fromkeys(expected_checks))
    rows: dict[str, Host] = {}
    for document in documents:
        host = _host(document, document["host"] in expected, checks)
        if host.name not in rows or _age(host) > _age(rows[host.name]):
            rows[host.name] = host
    for name in expected:
        if name not in rows:
            rows[name] = _host({"host": name, "status": "not_run", "reason": NO_DOCUMENT}, True, checks)
    hosts = sorted(rows.values(), key=_host_order)
    groups = _grouped(hosts)
    return Fleet(
        run_id=run_id,
        checks=checks + sorted({name for host in hosts for name in host.cells} - set(checks)),
        hosts=hosts,
        groups=[group for group in groups if group.check != COVERAGE],
        coverage=[group for group in groups if group.check == COVERAGE],
    )


def _age(host: Host) -> tuple[str, bool, bytes]:
    return (host.ended or "", host.looked_at, host.packed)


def _host(document: Mapping[str, Any], expected: bool, checks: Sequence[str]) -> Host:
    name, status, reason = document["host"], document["status"], document["reason"]
    cells: dict[str, Cell] = {}
    findings: list[dict[str, Any]] = []
    if status in LOOKED_AT:
        results = document["checks"]
        for check in dict.fromkeys([*checks, *results]):
            cells[check], found = _cell(results.get(check, {"status": "error", "status_reason": NO_RESULT, "findings": []}))
            findings += found
        failed = [check for check, cell in cells.items() if cell.status in FAILED]
        if failed:
            status, reason = "partial", reason or f"{', '.join(failed)}: {cells[failed[0]].reason}"
        coverage = [_coverage(f"check_{cells[check].status}", name, check, cells[check].reason) for check in failed]
    else:
        coverage = [_coverage(status, name, "host", reason)]
    findings.sort(key=_finding_order)
    packed = json.dumps(coverage + findings, separators=(",", ":")).encode("ascii")
    return Host(
        name=name,
        groups=document.get("groups", []),
        status=status,
        reason=reason,
        expected=expected,
        facts=document.get("facts", {}),
        started=document.get("started"),
        ended=document.get("ended"),
        cells=cells,
        counts=Counter(finding["severity"] for finding in findings),
        packed=packed if len(packed) < PACK_ABOVE else zlib.compress(packed, 1),
    )


def _cell(result: Mapping[str, Any]) -> tuple[Cell, list[dict[str, Any]]]:
    counts = Counter(finding["severity"] for finding in result["findings"])
    return Cell(result["status"], result["status_reason"], counts, result.get("duration_ms")), result["findings"]


def _coverage(what: str, host: str, subject: str, reason: str) -> dict[str, Any]:
    """Return the finding that says what was not looked at."""
    rule = f"{COVERAGE}.{what}"
    title, remedy = COVERAGE_RULES[rule]
    return {
        "check": COVERAGE,
        "rule": rule,
        "severity": "medium",
        "title": title if subject == "host" else f"{title}: {subject}",
        "subject": subject,
        "evidence": [{"source": host, "text": reason}],
        "evidence_cut": 0,
        "remedy": {"text": remedy, "commands": [f"ansible {shlex.quote(host)} -m ansible.builtin.raw -a true"] if subject == "host" else []},
        "references": [],
        "count": None,
        "first": None,
        "last": None,
        "fingerprint": fingerprint(COVERAGE, rule, host, subject),
        "group": group_key(COVERAGE, rule, subject),
    }


def _grouped(hosts: Iterable[Host]) -> list[Group]:
    groups: dict[str, Group] = {}
    for host in sorted(hosts, key=lambda host: natural(host.name)):
        for finding in host.findings():
            _add(groups, host.name, finding)
    return sorted(groups.values(), key=_group_order)


def _add(groups: dict[str, Group], host: str, finding: Mapping[str, Any]) -> None:
    group = groups.get(finding["group"])
    if group is None or _rank(finding["severity"]) < _rank(group.severity):
        example = _example(host, finding)
        if group is not None:
            example.hosts, example.count, example.first, example.last, example.variants = group.hosts, group.count, group.first, group.last, group.variants
        group = groups[finding["group"]] = example
    if not group.hosts or group.hosts[-1] != host:
        group.hosts.append(host)
    if finding["count"] is not None:
        group.count = (group.count or 0) + finding["count"]
    if finding["first"] and (group.first is None or finding["first"] < group.first):
        group.first = finding["first"]
    if finding["last"] and (group.last is None or finding["last"] > group.last):
        group.last = finding["last"]
    commands = tuple(finding["remedy"]["commands"])
    if commands:
        if commands not in group.variants and len(group.variants) >= GROUP_VARIANTS:
            commands = ()
        variant = group.variants.setdefault(commands, [])
        if not variant or variant[-1] != host:
            variant.append(host)


def _example(host: str, finding: Mapping[str, Any]) -> Group:
    return Group(
        key=finding["group"],
        check=finding["check"],
        rule=finding["rule"],
        severity=finding["severity"],
        title=finding["title"],
        subject=finding["subject"],
        remedy=finding["remedy"]["text"],
        references=finding["references"],
        evidence=finding["evidence"][:GROUP_EVIDENCE],
        evidence_host=host,
    )


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity)


def _finding_order(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    return (_rank(finding["severity"]), finding["check"], finding["rule"], finding["subject"], finding["title"])


def _group_order(group: Group) -> tuple[Any, ...]:
    return (_rank(group.severity), -len(group.hosts), group.check, group.rule, group.subject)


def _host_order(host: Host) -> tuple[Any, ...]:
    """Not looked at first, since the worst may hide there; then by what was found."""
    state = len(HOST_STATES) if host.looked_at else HOST_STATES.index(host.status)
    return (state, *(-host.counts[severity] for severity in SEVERITIES), not _unsound(host), natural(host.name))


def _unsound(host: Host) -> bool:
    return any(cell.status in (*FAILED, "incomplete") for cell in host.cells.values())


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts web2 before web10."""
    return tuple((0, int(part), "") if part.isdecimal() and len(part) < 20 else (1, 0, part) for part in re.split(r"(\d+)", name) if part)
