# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.prom: OpenMetrics, for the textfile collector of the node exporter. No title or subject is a label: there would be no end of series."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterable, Iterator

from ..advisories.told import Told
from .document import Run

PREFIX = "bottomup_security_"

Sample = tuple[dict[str, str], float]


def report_openmetrics(run: Run) -> Iterator[bytes]:
    """Yield the metrics; every one is a gauge of this run."""
    for name, words, samples in _metrics(run):
        yield f"# TYPE {PREFIX}{name} gauge\n# HELP {PREFIX}{name} {words}\n".encode()
        for labels, value in samples:
            inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{PREFIX}{name}{{{inner}}} {value:g}\n".encode("utf-8", "backslashreplace") if inner else f"{PREFIX}{name} {value:.10g}\n".encode()
    yield b"# EOF\n"


def _metrics(run: Run) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    fleet, states = run.fleet, run.fleet.states()
    yield "fleet_hosts", "Hosts by state.", [({"state": state}, count) for state, count in fleet.host_states().items()]
    yield "fleet_checks", "Checks over all hosts, by status.", [({"status": status}, count) for status, count in fleet.check_states().items()]
    yield "fleet_findings", "Findings over all hosts, without accepted ones.", [({"severity": key}, count) for key, count in fleet.severities().items()]
    yield "fleet_accepted_findings", "Findings that are accepted.", [({}, sum(host.accepted for host in fleet.hosts))]
    yield "history_up", "Whether the history could be used.", [({}, int(not fleet.past.off))]
    if not fleet.past.off:
        counted = {state: states[state] for state in ("new", "reopened", "open")}
        for state, rows in (("resolved", fleet.past.resolved), ("stale", fleet.past.stale)):
            counted[state] = sum(len(item.hosts) for item in rows)
        yield "fleet_findings_by_state", "Findings by their state in the history.", [({"state": state}, count) for state, count in counted.items()]
    if fleet.told.telling:
        yield from _announced(fleet.told)
    yield "run_exit_code", "Exit code of the run; 0 is good.", [({}, run.exit.code)]
    yield "run_timestamp_seconds", "When the report was made.", [({}, _epoch(run.created))]
    yield "host_looked_at", "Whether the host was looked at.", [({"host": host.name}, int(host.looked_at)) for host in fleet.hosts]
    yield (
        "host_check_status",
        "Status of a check on a host.",
        (({"host": host.name, "check": check, "status": cell.status}, 1) for host in fleet.hosts for check, cell in host.cells.items()),
    )
    yield (
        "host_findings",
        "Findings of a check on a host, where there are any.",
        (
            ({"host": host.name, "check": check, "severity": severity}, count)
            for host in fleet.hosts
            for check, cell in host.cells.items()
            for severity, count in cell.counts.items()
            if count
        ),
    )


def _announced(told: Told) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    yield "announcements_up", "Whether the software could be matched against the announcements.", [({}, int(not told.off))]
    hosts = {"judged": told.hosts, "affected": told.affected, "unknown": told.unsure}
    yield "announced_hosts", "Hosts whose software was matched against the announcements.", [({"verdict": key}, count) for key, count in hosts.items()]
    ages = [({"feed": feed.name}, feed.age_hours * 3600) for feed in told.feeds if feed.age_hours is not None]
    yield "feed_age_seconds", "How long ago a feed was last had.", ages


def _epoch(iso: str) -> float:
    return calendar.timegm(time.strptime(iso, "%Y-%m-%dT%H:%M:%SZ"))


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
