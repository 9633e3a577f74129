# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the history anew from the spool, which is the truth: the database is only an index of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..reading import epoch
from .record import Recorder, record_run

SUMMARY_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OldRun:
    """A directory of the spool, and what its summary says that no document can: who was expected and did not run, the checks, what it was judged by."""

    directory: Path
    ended: str
    not_run: list[str]
    checks: list[str]
    fail_on: str = ""
    max_unreachable: str = ""


def rebuild(recorder: Recorder, directories: Sequence[Path], collected: Callable[[OldRun], Any]) -> int:
    """Replace the history by what the runs say, oldest first, in one transaction; returns the number of runs.

    ``collected`` makes the fleet of a run. A damaged SQLite file is kept beside as ``<file>.damaged-<time>``. Raises HistoryError.
    """
    from . import store as stored  # an optional package

    runs = sorted((run for directory in directories if (run := old_run(directory)) is not None), key=lambda run: (run.ended, run.directory.name))
    store = recorder.store()
    try:
        with store.writing():
            pass
    except stored.Locked:
        raise
    except stored.HistoryError:
        if store.path is None or not store.path.is_file():
            raise
        store.path.rename(store.path.with_name(f"{store.path.name}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"))
    with store.writing() as connection:
        stored.clear(connection)
        for run in runs:
            fleet = collected(run)
            record_run(stored, connection, fleet.hosts, run.directory.name, epoch(run.ended), 0)
        if recorder.keep_days and runs:
            stored.forget(connection, stored.days_before(runs[-1].ended, recorder.keep_days))
    return len(runs)


def old_run(directory: Path) -> OldRun | None:
    """Return a run of the spool, None where it has no document."""
    documents = [path for path in directory.glob("*.json.gz") if not path.name.startswith(".")]
    if not documents:
        return None
    summary: dict[str, Any] = {}
    try:
        with (directory / "summary.json").open("rb") as file:
            summary = json.loads(file.read(SUMMARY_LIMIT))
        ended = str(summary["ended"])
        epoch(ended)
        lost = [str(host["host"]) for host in summary["failed_hosts"] if host["status"] == "not_run"]
        judged_by = (str(summary.get(name, "")) for name in ("fail_on", "max_unreachable"))
        return OldRun(directory, ended, lost, [str(check) for check in summary["checks"]], *judged_by)
    except (OSError, ValueError, KeyError, TypeError):
        # Killed before its report was made: the documents alone must do.
        newest = max(path.stat().st_mtime for path in documents)
        return OldRun(directory, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest)), [], [])
