# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log checks of a host are told of its runs before: since when to look, so that no hour of a log is left out after a weekend
without a run, and how full its disks were, so that their growth is known. And which Python it has, so that what travels suits it.

Kept beside the history in ``<state>/windows/``, a small file for a part of the hosts: the worker of a host reads one, and opens
no database. A window begins to move on only when the report of what was found in it is written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso

from . import whole
from .history.lives import COMPLETE
from .logs.extract import unpack
from .reading import seconds

if TYPE_CHECKING:
    from .report.collect import Host

# Checks that look at a window of logs, each with an option "since" that takes an ISO time.
LOG_CHECKS = ("denials", "fail2ban", "log_digest", "web_probes")

# The check that tells how fast disks fill, in an option "previous" that takes {"time": seconds, "used_bytes": {mount: bytes}}.
DISK_CHECK = "log_digest"

DAY = 86400

# The window of a check that is told nothing. A shorter one would make a quiet server look like one whose logs have stopped.
SHORTEST = DAY
LONGEST = 7 * DAY

# How full the disks were is kept until it is this old, so that two runs in a row do not take an hour's growth for a day's.
DISKS_KEPT = 20 * 3600

# A clock that differs from the controller's by more is not believed.
CLOCK_DIFFERS = DAY

# Under this name is kept which Python a host had.
PYTHON = "python"
_VERSION = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3}){2}")

FILE_LIMIT = 16 * 1024 * 1024


def prepare() -> None:
    """Read a time now: Python learns how when it is first asked to, and every process forked later would."""
    seconds(iso(0))


def with_windows(options: Mapping[str, Any], checks: Sequence[str], host: str, state_dir: Path, now: float) -> dict[str, Any]:
    """Return the options of the checks with ``since`` where a log check of this host must look further back than it does by itself,
    and with ``previous`` where it is known how full the disks were.

    What the user gives stays. Without a last complete check, or where its time is not known, nothing is added.
    """
    chosen = dict(options)
    wanted = [check for check in checks if check in LOG_CHECKS]
    last = _read(_file(state_dir, host)).get(host) if wanted else None
    if not isinstance(last, dict):
        return chosen
    for check in wanted:
        told: dict[str, Any] = {}
        seen = seconds(last.get(check))
        if seen is not None and seen < now - SHORTEST:
            told["since"] = iso(max(seen, now - LONGEST))
        if check == DISK_CHECK and isinstance(last.get("disks"), dict):
            told["previous"] = last["disks"]
        if told:
            chosen[check] = {**told, **(options.get(check) or {})}
    return chosen


def last_python(host: str, state_dir: Path) -> str:
    """Return the version of Python that a host had last time (C(3.13.5)), empty where that is not known."""
    last = _read(_file(state_dir, host)).get(host)
    python = last.get(PYTHON) if isinstance(last, dict) else None
    return python if isinstance(python, str) else ""


def move_on(hosts: Iterable[Host], state_dir: Path) -> None:
    """Keep when each log check of these hosts last saw all, by the hosts' own clocks. What cannot be written only makes windows longer."""
    by_file: dict[Path, dict[str, dict[str, Any]]] = {}
    for host in hosts:
        clock = _believed(host)
        if not clock:
            continue
        news: dict[str, Any] = dict.fromkeys((check for check in LOG_CHECKS if check in host.cells and host.cells[check].status in COMPLETE), clock)
        used = unpack(host.extract).get("used")
        if used:
            news["disks"] = {"time": seconds(clock), "used_bytes": used}
        if _VERSION.fullmatch(str(host.facts.get("python"))):
            news[PYTHON] = host.facts["python"]
        if news:
            by_file.setdefault(_file(state_dir, host.name), {})[host.name] = news
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


def _later(old: object, news: dict[str, Any]) -> dict[str, Any]:
    """Return the later time of each check; an older run may come late, and a file may be damaged."""
    known = old if isinstance(old, dict) else {}
    kept: dict[str, Any] = {check: str(clock) for check, clock in known.items() if seconds(clock) is not None}
    later = {check: max(clock, kept.get(check, "")) for check, clock in news.items() if check not in ("disks", PYTHON)}
    python = {PYTHON: news[PYTHON]} if PYTHON in news else {}
    return {**kept, **later, **python, **_disks(known.get("disks"), news.get("disks"))}


def _disks(old: object, new: dict[str, Any] | None) -> dict[str, Any]:
    """Return how full the disks were, under its name: the old state until it is too old to keep."""
    time_of_old = old.get("time") if isinstance(old, dict) else None
    if isinstance(time_of_old, int) and (new is None or new["time"] < time_of_old + DISKS_KEPT):
        return {"disks": old}
    return {"disks": new} if new else {}


def _believed(host: Host) -> str | None:
    """Return the time at which a host was looked at by its own clock, by the controller's where the two are far apart."""
    started, clock = seconds(host.started), seconds(host.facts.get("clock"))
    if started is None:
        return None
    return iso(clock if clock is not None and abs(clock - started) <= CLOCK_DIFFERS else started)


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
    """Write a file; not synced, since what is lost makes the next window a day longer at most."""
    whole.write(path, json.dumps(content, separators=(",", ":"), sort_keys=True).encode("ascii"))
