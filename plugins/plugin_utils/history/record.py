# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a run into the history and say what was before it. The report never fails because of it: it says what is wrong instead."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso, text

from ..logs.fleet import CLIENT, LOGIN, seen_on
from ..reading import epoch
from .lives import Memory
from .past import COVERAGE, Past, gone

if TYPE_CHECKING:
    from ..report.collect import Host
    from .store import Store

OFF = "off"
KEEP_DAYS = 90
TREND_DAYS = 30

# Names of each kind that are remembered of one run.
SEEN_LIMIT = 4000

DAY = 86400

REBUILD = "rebuild it from the spool: ansible-playbook bottomup.security.report -e daily_check_rebuild=true"


class Recorder:
    """Records runs in the database of that URL; an empty one is SQLite in the state folder."""

    def __init__(self, url: str, state_dir: Path, keep_days: int = KEEP_DAYS, wait: float | None = None) -> None:
        self.url, self.state_dir, self.keep_days, self.wait = url, state_dir, keep_days, wait

    def record(self, hosts: Sequence[Host], run_id: str, now: float | None = None) -> Past:
        """Take in a run and return what was before it; whatever goes wrong, a Past that says so."""
        if self.url.lower() == OFF:
            return Past(off="by daily_check_database")
        try:
            from . import store as stored  # an optional package, and a third of a second
        except ImportError:
            return Past(off="SQLAlchemy is not installed")
        try:
            store = self.store()
            with store.writing() as connection:
                return record_run(stored, connection, hosts, run_id, time.time() if now is None else now, self.keep_days)
        except stored.Locked as error:
            return Past(off=f"{text(error)}; this run is in the spool, and will be in the history once it is rebuilt")
        except stored.HistoryError as error:
            return Past(off=_advice(text(error)))
        except Exception as error:
            return Past(off=text(f"{type(error).__name__}: {error}", 300))

    def store(self) -> Store:
        """Return the database. Raises HistoryError."""
        from . import store as stored

        wait = stored.WAIT_SECONDS if self.wait is None else self.wait
        return stored.Store(self.url or stored.default_url(self.state_dir), wait)


def _advice(words: str) -> str:
    damaged = ("not a database", "malformed", "holds what cannot be read", "no such column", "no such table")
    return f"{words}; {REBUILD}" if any(sign in words for sign in damaged) else words


def record_run(stored: Any, connection: Any, hosts: Sequence[Host], run_id: str, now: float, keep_days: int) -> Past:
    """Take in a run within a transaction of the store, and return what was before it."""
    clock = str(iso(now))
    past = Past()
    run_ids = sorted({run_id, *(host.run_id for host in hosts)})
    resolved, stale = [], []
    for start in range(0, len(hosts), stored.CHUNK):
        chunk = hosts[start : start + stored.CHUNK]
        memories = stored.read(connection, [host.name for host in chunk])
        for host in chunk:
            memory = memories[host.name]
            found = _look(memory, host, clock)
            past.marks[host.name] = {key: mark for key in found if (mark := memory.mark(key, host.run_id))}
            past.first_looks += any(looks.first_run == host.run_id for check, looks in memory.looks.items() if check != COVERAGE)
            looked = {check: cell.status for check, cell in host.cells.items()}
            resolved += [(host.name, life) for life in memory.resolved(host.run_id)]
            stale += [(host.name, life) for life in memory.stale(found, {**looked, COVERAGE: "ok"})]
            past.last_looks[host.name, "host"] = _ago(memory.last_complete(), now)
            past.last_looks.update({(host.name, check): _ago(memory.last_complete(check), now) for check, cell in host.cells.items() if cell.failed})
        stored.write(connection, [memories[host.name] for host in chunk], clock)
    past.resolved, past.stale = gone(resolved), gone(stale)
    past.back = sum(life.check == COVERAGE for _host, life in resolved)
    ended = max((str(host.ended) for host in hosts if host.ended), default=clock)
    past.baseline = stored.run_before(connection, run_ids, ended)
    started = min((str(host.started) for host in hosts if host.started), default=None)
    stored.write_run(connection, run_id, started, ended, _counts(hosts))
    for kind, names in _seen(hosts).items():
        past.first_seen |= {(kind, name) for name in stored.first_seen(connection, kind, names, run_id, clock)}
    if keep_days:
        stored.forget(connection, str(iso(now - keep_days * DAY)))
    past.trend = _trend(stored.run_rows(connection, str(iso(now - TREND_DAYS * DAY))))
    return past


def _look(memory: Memory, host: Host, clock: str) -> set[str]:
    """Take in what each check of a host saw; returns the fingerprints of its findings."""
    found = host.findings()
    by_check: dict[str, list[dict[str, Any]]] = {check: [] for check in host.cells}
    by_check[COVERAGE] = []
    for finding in found:
        by_check[finding["check"]].append(finding)
    when = str(host.ended or clock)
    for check, findings in by_check.items():
        if check == COVERAGE:
            memory.look(check, "ok", host.run_id, when, findings)
        else:
            memory.look(check, host.cells[check].status, host.run_id, when, findings, host.cells[check].unsure)
    return {finding["fingerprint"] for finding in found}


def _seen(hosts: Sequence[Host]) -> dict[str, list[str]]:
    """Return what the logs of the hosts saw of each kind, the heaviest SEEN_LIMIT names in order."""
    weights: dict[str, dict[str, int]] = {CLIENT: {}, LOGIN: {}}
    for host in hosts:
        for kind, name, weight in seen_on(host.extract):
            weights[kind][name] = weights[kind].get(name, 0) + weight
    return {kind: sorted(sorted(names), key=lambda name: -names[name])[:SEEN_LIMIT] for kind, names in weights.items()}


def _ago(last: str | None, now: float) -> str:
    """Return a time and how many days it is ago."""
    if last is None:
        return "never, as far as the history goes"
    days = int((now - epoch(last)) // DAY)
    return f"{last}, {days} {'day' if days == 1 else 'days'} ago" if days > 0 else last


def _counts(hosts: Sequence[Host]) -> dict[str, Any]:
    severities: dict[str, int] = {}
    for host in hosts:
        for severity, count in host.counts.items():
            severities[severity] = severities.get(severity, 0) + count
    return {"hosts": len(hosts), "looked_at": sum(host.looked_at for host in hosts), "findings": severities}


def _trend(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one run of each day: that of the most hosts, of these the last. A run of one host at noon says nothing of the fleet."""
    days: dict[str, dict[str, Any]] = {}
    for row in rows:
        day = row["ended"][:10]
        if day not in days or row["hosts"] >= days[day]["hosts"]:
            days[day] = row
    return list(days.values())
