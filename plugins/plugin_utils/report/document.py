# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run document ``bottomup.security/run/1`` and its short form: what all reports are written from."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..accept.apply import Use
from ..history.past import since
from ..logs.extract import unpack
from ..playbooks import REPORT_COMMAND
from .collect import COVERAGE, Fleet, Group, Host
from .twins import one_machine
from .verdict import Exit, allowed_unreachable, exit_of, sentence

SCHEMA = "bottomup.security/run/1"
SUMMARY_SCHEMA = "bottomup.security/summary/1"
VERSION = "0.1.0"
TITLE = "Daily security check"


@dataclass(slots=True)
class Run:
    """A fleet with its verdict and what the verdict was measured by."""

    fleet: Fleet
    title: str
    created: str
    fail_on: str
    max_unreachable: str
    verdict: str
    exit: Exit
    acceptances: list[Use] = field(default_factory=list)
    # What became of the entries of daily_check_tell.
    told: list[dict[str, Any]] = field(default_factory=list)
    # What is typed to ask this run again.
    report_command: str = REPORT_COMMAND

    def counts(self) -> dict[str, Any]:
        """Return all numbers of the run: hosts by state, checks by status, findings and their groups by severity."""
        groups = dict.fromkeys(self.fleet.severities(), 0)
        for group in self.fleet.groups:
            groups[group.severity] += 1
        return {
            "hosts": {"expected": self.fleet.expected, "shown": len(self.fleet.hosts), **self.fleet.host_states()},
            "checks": self.fleet.check_states(),
            "findings": self.fleet.severities(),
            "groups": groups,
            COVERAGE: sum(len(group.hosts) for group in self.fleet.coverage),
            "accepted": sum(host.accepted for host in self.fleet.hosts),
        }

    @property
    def since(self) -> str:
        """Return what is new, in one sentence."""
        return since(self.fleet.past, self.fleet.states())

    def history(self) -> dict[str, Any]:
        """Return what the history says of the run as a whole."""
        past, states = self.fleet.past, self.fleet.states()
        return {
            "on": not past.off,
            "off_reason": past.off,
            "sentence": self.since,
            "baseline": past.baseline,
            "new": states["new"],
            "reopened": states["reopened"],
            "open": states["open"],
            "resolved": sum(len(item.hosts) for item in past.resolved),
            "stale": sum(len(item.hosts) for item in past.stale),
            "first_looks": past.first_looks,
        }

    def failed_hosts(self) -> list[dict[str, str]]:
        """Return the hosts that were not checked, each with its state and the reason."""
        return [{"host": host.name, "status": host.status, "reason": host.reason} for host in self.fleet.not_checked]

    def marked_hosts(self) -> list[str]:
        """Return the expected hosts that fail the run: not reached hosts only where they are more than the run allows."""
        states = self.fleet.host_states()
        within = states["unreachable"] + states["not_run"] <= allowed_unreachable(self.max_unreachable, self.fleet.expected)
        forgiven = ("unreachable", "not_run") if within else ()
        return [host.name for host in self.fleet.hosts if host.expected and host.status not in ("checked", *forgiven)]

    def head(self) -> dict[str, Any]:
        """Return what describes the run as a whole."""
        started, ended = self.fleet.times()
        return {
            "run_id": self.fleet.run_id,
            "title": self.title,
            "created": self.created,
            "started": started,
            "ended": ended,
            "tool": {"name": "bottomup.security", "version": VERSION},
            "fail_on": self.fail_on,
            "max_unreachable": self.max_unreachable,
            "checks": self.fleet.checks,
            "verdict": self.verdict,
            "exit": self.exit.as_dict(),
            "counts": self.counts(),
            "history": self.history(),
            "announcements": self.fleet.told.head(),
        }


def judge(fleet: Fleet, *, fail_on: str, max_unreachable: object, title: str = "", now: float | None = None, acceptances: Sequence[Use] = ()) -> Run:
    """Return the run of a fleet with its verdict. Raises ValueError for a malformed ``max_unreachable``."""
    return Run(
        fleet=fleet,
        title=title or TITLE,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        fail_on=fail_on,
        max_unreachable=str(max_unreachable),
        verdict=sentence(fleet),
        exit=exit_of(fleet, fail_on=fail_on, allowed=allowed_unreachable(max_unreachable, fleet.expected)),
        acceptances=list(acceptances),
    )


def summary_json(run: Run) -> bytes:
    """Return summary.json: the head of the run, the hosts that were not checked, and who was told."""
    return _dump({"schema": SUMMARY_SCHEMA, **run.head(), "failed_hosts": run.failed_hosts(), "told": run.told}, indent=2) + b"\n"


def report_json(run: Run) -> Iterator[bytes]:
    """Yield report.json, a host at a time."""
    yield _dump({"schema": SCHEMA, **run.head()})[:-1]
    for name, groups in (("coverage", run.fleet.coverage), ("groups", run.fleet.groups), ("accepted", run.fleet.accepted)):
        yield b',\n"%s":[' % name.encode()
        yield from _joined(_dump(_group(group)) for group in groups)
        yield b"]"
    for name, gone in (("resolved", run.fleet.past.resolved), ("stale", run.fleet.past.stale)):
        yield b',\n"%s":[' % name.encode()
        yield from _joined(_dump(asdict(item)) for item in gone)
        yield b"]"
    yield b',\n"vulnerabilities":['
    yield from _joined(_dump(announced.as_osv(subject)) for subject, announced in sorted(run.fleet.told.announced.items()))
    yield b"]"
    yield b',\n"one_machine":' + _dump(one_machine(run.fleet.hosts))
    yield b',\n"acceptances":' + _dump([use.as_dict() for use in run.acceptances])
    yield b',\n"trend":' + _dump(run.fleet.past.trend)
    yield b',\n"logs":' + _dump(asdict(run.fleet.logs))
    yield b',\n"hosts":['
    yield from _joined(_host(host) for host in run.fleet.hosts)
    yield b"]}\n"


def _joined(blocks: Iterator[bytes]) -> Iterator[bytes]:
    for number, block in enumerate(blocks):
        yield b",\n" + block if number else b"\n" + block


def _group(group: Group) -> dict[str, Any]:
    row: dict[str, Any] = {
        "group": group.key,
        "check": group.check,
        "rule": group.rule,
        "severity": group.severity,
        "title": group.title,
        "other_titles": [{"title": title, "hosts": hosts} for title, hosts in group.titles.others],
        "subject": group.subject,
        "hosts": group.hosts,
        "remedy": {
            "text": group.remedy,
            "variants": [{"commands": list(commands), "hosts": hosts} for commands, hosts in group.commands if commands],
        },
        "references": group.references,
        "evidence": group.evidence,
        "evidence_host": group.evidence_host,
        "count": group.count,
        "first": group.first,
        "last": group.last,
        "new": group.new,
        "reopened": group.reopened,
        "first_seen": group.first_seen,
    }
    return {**row, "accepted": group.accepted} if group.accepted else row


def _host(host: Host) -> bytes:
    row = {
        "host": host.name,
        "groups": host.groups,
        "status": host.status,
        "reason": host.reason,
        "expected": host.expected,
        "started": host.started,
        "ended": host.ended,
        "facts": host.facts,
        "digest": unpack(host.extract).get("digest", []),
        "checks": {
            name: {"status": cell.status, "status_reason": cell.reason, "duration_ms": cell.duration_ms, "counts": dict(cell.counts), "accepted": cell.accepted}
            for name, cell in host.cells.items()
        },
    }
    return _dump(row)[:-1] + b',"findings":' + host.findings_json() + b"}"


def _dump(value: object, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent, separators=None if indent else (",", ":")).encode("ascii")
