# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of a host's log checks: since its last complete check, so that no hour of a log is left out after a weekend without a run.

Kept beside the history in ``<state>/windows/``, a small file for a part of the hosts: the worker of a host reads one, and opens
no database. A window begins to move on only when the report of what was found in it is written.
"""

from __future__ import annotations

import calendar
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .history.lives import COMPLETE

if TYPE_CHECKING:
    from .report.collect import Host

# Checks that look at a window of logs, each with an option "since" that takes an ISO time.
LOG_CHECKS = ("denials", "fail2ban", "log_digest", "web_probes")

DAY = 86400

# The window of a check that is told nothing. A shorter one would make a quiet server look like one whose logs have stopped.
SHORTEST = DAY
LONGEST = 7 * DAY

# A clock that differs from the controller's by more is not believed.
CLOCK_DIFFERS = DAY

FILE_LIMIT = 16 * 1024 * 1024


def with_windows(options: Mapping[str, Any], checks: Sequence[str], host: str, state_dir: Path, now: float) -> dict[str, Any]:
    """Return the options of the checks with ``since`` where a log check of this host must look further back than it does by itself.

    What the user gives as ``since`` stays. Without a last complete check, or where its time is not known, nothing is added.
    """
    chosen = dict(options)
    wanted = [check for check in checks if check in LOG_CHECKS and "since" not in (options.get(check) or {})]
    if not wanted:
        return chosen
    last = _read(_file(state_dir, host)).get(host)
    for check in wanted:
        seen = _seconds(last.get(check)) if isinstance(last, dict) else None
        if seen is not None and seen < now - SHORTEST:
            chosen[check] = {**(options.get(check) or {}), "since": _iso(max(seen, now - LONGEST))}
    return chosen


def move_on(hosts: Iterable[Host], state_dir: Path) -> None:
    """Keep when each log check of these hosts last saw all, by the hosts' own clocks. What cannot be written only makes windows longer."""
    by_file: dict[Path, dict[str, dict[str, str]]] = {}
    for host in hosts:
        clock = _believed(host)
        complete = [check for check in LOG_CHECKS if check in host.cells and host.cells[check].status in COMPLETE]
        if clock and complete:
            by_file.setdefault(_file(state_dir, host.name), {})[host.name] = dict.fromkeys(complete, clock)
    try:
        if by_file:
            (state_dir / "windows").mkdir(mode=0o700, exist_ok=True)
        for path, news in by_file.items():
            known = _read(path)
            for name, checks in news.items():
                known[name] = _later(known.get(name), checks)
            _write(path, known)
    except OSError:
        pass


def _later(old: object, news: dict[str, str]) -> dict[str, str]:
    """Return the later time of each check; an older run may come late, and a file may be damaged."""
    kept = {check: str(clock) for check, clock in old.items() if _seconds(clock) is not None} if isinstance(old, dict) else {}
    return {**kept, **{check: max(clock, kept.get(check, "")) for check, clock in news.items()}}


def _believed(host: Host) -> str | None:
    """Return the time at which a host was looked at by its own clock, by the controller's where the two are far apart."""
    started, clock = _seconds(host.started), _seconds(host.facts.get("clock"))
    if started is None:
        return None
    return _iso(clock if clock is not None and abs(clock - started) <= CLOCK_DIFFERS else started)


def _file(state_dir: Path, host: str) -> Path:
    return state_dir / "windows" / (hashlib.sha256(host.encode("utf-8", "backslashreplace")).hexdigest()[:2] + ".json")


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            read = json.loads(file.read(FILE_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file under a temporary name; not synced, since what is lost makes the next window a day longer at most."""
    temporary = path.with_name(f".partial-{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(content, file, separators=(",", ":"), sort_keys=True)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _seconds(iso: object) -> int | None:
    try:
        return calendar.timegm(time.strptime(str(iso)[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
