# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the feeds of a mirror up to date, several at a time, and write down what became of each."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from ..advisories import redhat_vex
from . import manifest, one, side_by_side, transfer, vex
from .catalog import FEEDS, Feed, is_http, joined
from .manifest import FAILED, Entry
from .one import Upstream
from .web import FetchError, Web

AT_A_TIME = 4  # feeds: they come from different servers, and one large one must not hold up the small ones
SPOKEN_EVERY = 10.0  # seconds between two words about a feed that takes long

KEPT_DAYS = 30  # that the files of a feed stay that nobody needs any more: the servers that need it may only be out of reach

# Those who are told what happens, one line at a time.
Tell = Callable[[str], None]


class Busy(Exception):
    """Somebody else is refreshing this mirror; the message says so."""


class Result(NamedTuple):
    """What became of a refresh: feeds that are other ones now, and feeds that could not be had, with the reason."""

    changed: list[str]
    problems: dict[str, str]


class _Event(NamedTuple):
    """What a thread says of a feed: that it is done, with C(entry), or how far it is."""

    name: str
    entry: Entry | None
    changed: bool
    have: int = 0
    whole: int = 0


Events = queue.SimpleQueue[_Event]


@contextlib.contextmanager
def locked(mirror: Path) -> Iterator[None]:
    """Hold a mirror for oneself; Busy where somebody else has it. The lock goes with the process, however that ends."""
    with (mirror / ".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read(20).strip()
            raise Busy(f"the feeds in {mirror} are being refreshed by another process{f' ({holder})' if holder.isdigit() else ''}") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def refresh(web: Web, mirror: Path, feeds: Sequence[Feed], upstream: Upstream, deadline: float, tell: Tell, accepted: frozenset[str] = frozenset()) -> Result:
    """Fetch the feeds into a mirror that is locked.

    C(deadline) is on the monotonic clock: what is not done by then is said, and gone on with next time. C(accepted) are the feeds that may shrink.
    """
    transfer.forget(mirror, time.time())
    # A server that hands out a byte now and then is waited for no longer than the rest.
    (handed,) = side_by_side.run([lambda: _handed(web, mirror, upstream)], 1, deadline)
    session = one.Session(web, mirror, upstream, threading.Event(), handed or {}, accepted)
    names = {feed.name for feed in feeds}
    # What was once asked for in vain, and is no longer asked for, is nobody's trouble any more.
    entries = {name: entry for name, entry in manifest.read(mirror).items() if entry.files or name in names}
    jobs: queue.SimpleQueue[Feed] = queue.SimpleQueue()
    events: Events = queue.SimpleQueue()
    for feed in feeds:
        jobs.put(feed)
    for _number in range(min(AT_A_TIME, len(feeds))):
        # No pool: its threads are waited for at the end, and one may hang in a name server that does not answer.
        threading.Thread(target=_work, args=(session, jobs, dict(entries), events), daemon=True).start()
    try:
        return _collect(mirror, feeds, entries, events, deadline, tell)
    finally:
        session.stop.set()


def retire(mirror: Path, wanted: Iterable[str], now: float) -> None:
    """Note since when a feed is no longer needed: it is nobody's trouble any more, and its files go after KEPT_DAYS. Raises spool.SpoolError, OSError."""
    before, wanted = manifest.read(mirror), frozenset(wanted)
    entries = {}
    for name, entry in before.items():
        if name in wanted:
            entries[name] = entry._replace(retired=None)
        elif entry.retired is None or now - entry.retired <= KEPT_DAYS * 86400:
            entries[name] = entry._replace(retired=now if entry.retired is None else entry.retired)
        else:
            _remove(mirror, name)
    if entries != before:
        manifest.write(mirror, entries, now)


def _remove(mirror: Path, name: str) -> None:
    """Remove the files of a feed. Only those that the catalog knows: a manifest may name anything."""
    feed = next((feed for feed in FEEDS if feed.name == name), None)
    for file in feed.files if feed else ():
        (mirror / file.local).unlink(missing_ok=True)
    if name == redhat_vex.ARCHIVE:
        shutil.rmtree(mirror / redhat_vex.FOLDER, ignore_errors=True)


def _handed(web: Web, mirror: Path, upstream: Upstream) -> dict[str, manifest.File]:
    """Return the files of the mirror that is asked over HTTP, by its own manifest; empty where it has none."""
    if not is_http(upstream.mirror):
        return {}
    try:
        got = transfer.get(web, joined(upstream.mirror, manifest.NAME), mirror, manifest.NAME, None, manifest.SIZE_LIMIT, lambda _have, _whole: None)
        entries = manifest.parse(got.path.read_bytes()) if got.path else {}
    except (FetchError, OSError):
        return {}
    finally:
        transfer.drop(mirror, manifest.NAME)
    return {file.path: file for entry in entries.values() for file in entry.files}


def _work(session: one.Session, jobs: queue.SimpleQueue[Feed], entries: dict[str, Entry], events: Events) -> None:
    """Fetch feeds as long as there are any: what a thread does."""
    while not session.stop.is_set():
        try:
            feed = jobs.get_nowait()
        except queue.Empty:
            return
        before = entries.get(feed.name)
        fetch = vex.fetch if feed.name == redhat_vex.ARCHIVE else one.fetch
        try:
            entry, changed = fetch(session, feed, before, functools.partial(_under_way, events, feed.name))
        except Exception as error:  # data that makes our own code fail is that feed's trouble: the others are to go on
            entry, changed = _failed(feed, before, f"{type(error).__name__}: {error}"), False
        events.put(_Event(feed.name, entry, changed))


def _under_way(events: Events, name: str, have: int, whole: int) -> None:
    events.put(_Event(name, None, False, have, whole))


def _failed(feed: Feed, before: Entry | None, reason: str) -> Entry:
    empty = Entry(feed.name, feed.base, FAILED, "", None, None, None, 0, "", ())
    return (before or empty)._replace(status=FAILED, reason=text(reason, 300), tried=time.time())


def _collect(mirror: Path, feeds: Sequence[Feed], entries: dict[str, Entry], events: Events, deadline: float, tell: Tell) -> Result:
    """Take in what the threads say until all feeds are done or the time is over."""
    waiting = {feed.name: feed for feed in feeds}
    spoken = dict.fromkeys(waiting, time.monotonic())
    result = Result([], {})
    while waiting:
        event = _next(events, deadline)
        if event is None:
            for name, feed in waiting.items():
                entries[name] = _failed(feed, entries.get(name), "it was not finished in time; the next try goes on from there")
                _note(result, entries[name], False, tell)
            break
        if event.entry is None:
            if time.monotonic() - spoken[event.name] >= SPOKEN_EVERY:
                spoken[event.name] = time.monotonic()
                tell(f"{event.name}: {_mb(event.have)}{f' of {_mb(event.whole)}' if event.whole else ''}")
            continue
        del waiting[event.name]
        entries[event.name] = event.entry
        _note(result, event.entry, event.changed, tell)
        # After each: who is killed now keeps what was fetched.
        manifest.write(mirror, entries, time.time())
    if not feeds or waiting:
        manifest.write(mirror, entries, time.time())
    return result


def _next(events: Events, deadline: float) -> _Event | None:
    """Return the next event, None where the time is over before it came."""
    left = deadline - time.monotonic()
    try:
        return events.get(timeout=left) if left > 0 else None
    except queue.Empty:
        return None


def _note(result: Result, entry: Entry, changed: bool, tell: Tell) -> None:
    if changed:
        result.changed.append(entry.name)
    if entry.status == manifest.OK:
        size = sum(file.size for file in entry.files)
        tell(f"{entry.name}: {f'{entry.records} records, {_mb(size)}' if changed else 'unchanged'}")
    else:
        result.problems[entry.name] = entry.reason
        tell(f"{entry.name}: {entry.status}: {entry.reason}")


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
