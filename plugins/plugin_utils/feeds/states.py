# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How old the feeds of a mirror are, and what became of the last try to have them: read from its files, nothing is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..advisories import sources
from . import manifest
from .manifest import FAILED, OK, REFUSED, Entry

STALE = "stale"
MISSING = "missing"
UNNEEDED = "unneeded"

# A file that is dated later than this says nothing about its age: a clock was wrong. In seconds.
_FUTURE = 86400


class FeedState(NamedTuple):
    """What is to be said of one feed.

    C(status): OK; STALE, older than was asked for; FAILED, the last try did not get it; REFUSED, what came was not believed; MISSING, there is no
    file; UNNEEDED, no server needs it any more, however old it is. With FAILED and REFUSED the last good file is in use: C(stale) says whether that
    is too old, whatever the status. C(reason) says in words what is wrong, empty where nothing is. C(fetched) is when the file in use was last known
    to be upstream's newest (its modification time), C(modified) when upstream last changed it, both in seconds since 1970 or None; C(age) is in
    seconds or None. C(records) is 0 where nobody counted them, C(url) and C(sha256) are empty for a file that was put there by hand.
    """

    name: str
    url: str
    status: str
    reason: str
    stale: bool
    age: float | None
    fetched: float | None
    modified: float | None
    records: int
    sha256: str


def feed_states(mirror: Path, now: float, max_age: float) -> list[FeedState]:
    """Return the state of every feed that the mirror holds or that was asked for, by name. C(max_age) is in seconds."""
    entries = manifest.read(mirror)
    held = {source.name: source.modified() for source in sources.find(mirror)} if mirror.is_dir() else {}
    for name, entry in entries.items():
        if name not in held:
            times = [(mirror / file.path).stat().st_mtime for file in entry.files if (mirror / file.path).is_file()]
            if times:
                held[name] = min(times)
    return [_state(name, entries.get(name), held.get(name), now, max_age) for name in sorted({*entries, *held})]


def _state(name: str, entry: Entry | None, modified: float | None, now: float, max_age: float) -> FeedState:
    """Return the state of a feed whose file was last written at C(modified); None where there is none."""
    status, reason = _last_try(entry, modified)
    unneeded = entry is not None and entry.retired is not None
    age = None if modified is None else max(0.0, now - modified)
    stale = True
    if modified is None:
        if status == OK:
            status, reason = MISSING, "it was never fetched"
    elif modified > now + _FUTURE:
        status, reason = (STALE, "its file is dated in the future: a clock was wrong") if status == OK else (status, reason)
    else:
        stale = now - modified > max_age
        if stale and status == OK:
            status, reason = STALE, f"it is {_days(now - modified)} old"
    if unneeded:
        status, reason, stale = UNNEEDED, "", False
    url, upstream, records, digest = (entry.url, entry.modified, entry.records, entry.sha256) if entry else ("", None, 0, "")
    return FeedState(name, url, status, reason, stale, age, modified, upstream, records, digest)


def _last_try(entry: Entry | None, modified: float | None) -> tuple[str, str]:
    """Return status and reason of the last try, unless somebody put a newer file there since."""
    if entry is None or entry.status not in (FAILED, REFUSED):
        return OK, ""
    if modified is not None and entry.tried is not None and modified > entry.tried + 1:
        return OK, ""
    return entry.status, entry.reason


def _days(age: float) -> str:
    """Return an age in words: 30 hours, 12 days."""
    hours = age / 3600
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
