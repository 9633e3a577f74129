# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring one feed up to date: fetch its files, check each, and only then put it in the place of the one in use."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from ..advisories.feed import FeedError
from . import catalog, shape, transfer
from .clock import of_header
from .manifest import FAILED, OK, REFUSED, Entry, File
from .transfer import Got
from .web import FetchError, Web, shown


class Upstream(NamedTuple):
    """Where feeds come from: base URLs or folders by feed, and a mirror in our layout for the others; empty means each feed's own upstream."""

    urls: Mapping[str, str]
    mirror: str


# Called with what is at hand and what is expected of the file that is on its way.
Progress = Callable[[int, int], None]


def due(mirror: Path, feed: catalog.Feed, entry: Entry | None, now: float, max_age: float) -> bool:
    """Return whether a feed is to be fetched: never had, older than C(max_age) seconds, or the last try went wrong."""
    if entry is not None and entry.status != OK:
        return True
    for file in feed.files:
        try:
            if not 0 <= now - (mirror / file.local).stat().st_mtime <= max_age:
                return True
        except OSError:
            return True
    return False


class Session(NamedTuple):
    """What all feeds of one refresh share; C(stop) is set when its time is over.

    C(handed) are the files of a mirror that is asked over HTTP, as its own manifest has them: a mirror that nobody refreshes makes nothing young.
    C(accepted) are the feeds that may lose more than a fifth of their records.
    """

    web: Web
    mirror: Path
    upstream: Upstream
    stop: threading.Event
    handed: Mapping[str, File]
    accepted: frozenset[str] = frozenset()


def fetch(session: Session, feed: catalog.Feed, before: Entry | None, progress: Progress) -> tuple[Entry, bool]:
    """Return what is to be written down of a feed, and whether one of its files is another one now. What goes wrong ends the feed and is said."""
    mirror, upstream = session.mirror, session.upstream
    tried = time.time()
    files = {file.path: file for file in before.files} if before else {}
    status, reason, changed = OK, "", False
    modified: list[float] = []
    for file in feed.files:
        url = catalog.address(feed, file, upstream.urls, upstream.mirror)
        known = in_use(mirror, files.get(file.local))
        try:
            got = transfer.get(session.web, url, mirror, file.local, known, feed.limit, stoppable(session.stop, progress))
            if is_behind(session, feed, before, file.local, known, got):
                transfer.drop(mirror, file.local)
                continue
            if got.modified is not None:
                modified.append(got.modified)
            files[file.local] = take(session, feed, file.local, known, files.get(file.local), got)
            changed = changed or got.path is not None
        except FetchError as error:
            status, reason = FAILED, str(error)
        except FeedError as error:
            status, reason = REFUSED, f"{shown(url)}: {error}"
            transfer.drop(mirror, file.local)
        except OSError as error:
            status, reason = FAILED, f"{file.local} cannot be written: {error.strerror or error}"
        if status != OK:
            break
    return _entry(feed, upstream, status, reason, tried, files, max(modified, default=before.modified if before else None)), changed


def stoppable(stop: threading.Event, progress: Progress) -> Progress:
    """Return a progress that ends the transfer when the refresh is over."""

    def step(have: int, whole: int) -> None:
        if stop.is_set():
            raise FetchError("it was not finished in time; the next try goes on from there")
        progress(have, whole)

    return step


def in_use(mirror: Path, file: File | None) -> File | None:
    """Return what is known of a file while it is still the one that was written down; one that somebody changed is fetched anew."""
    if file is None:
        return None
    try:
        state = (mirror / file.path).stat()
    except OSError:
        return None
    return file if (state.st_size, state.st_mtime_ns) == (file.size, file.mtime_ns) else None


def is_behind(session: Session, feed: catalog.Feed, before: Entry | None, local: str, known: File | None, got: Got) -> bool:
    """Return whether what came is an older state than the one in use, which is kept then, and grows no younger; FeedError where it is far older.

    Another address may have another state.
    """
    if before is None or before.url != where(feed, session.upstream):
        return False
    had = of_header(known.last_modified) if known else None
    # One that is dated in the future says nothing: a clock was wrong.
    if known is None or had is None or got.path is None or got.modified is None or not got.modified < had <= time.time():
        return False
    if feed.name in session.accepted or transfer.digest(got.path) == known.sha256:
        return False
    shape.not_older(feed.name, Path(local).name, had, got.modified)
    return True


def take(session: Session, feed: catalog.Feed, local: str, known: File | None, last: File | None, got: Got) -> File:
    """Put a file that was fetched in its place, or note that the one there is still the newest; return what is known of it."""
    mirror, target = session.mirror, session.mirror / local
    if got.path is None:
        if known is None:
            raise FetchError(f"{local} is said to be unchanged, but is not there")
        stamp = _stamp(session, local, known.sha256, got)
        os.utime(target, ns=(stamp, stamp))
        transfer.drop(mirror, local)
        return known._replace(mtime_ns=target.stat().st_mtime_ns)
    records = feed.records(got.path)
    if last is not None and feed.name not in session.accepted:
        shape.not_shrunk(feed.name, Path(local).name, last.records, records)
    size, checksum = got.path.stat().st_size, transfer.digest(got.path)
    stamp = _stamp(session, local, checksum, got)
    if session.stop.is_set():
        raise FetchError("it was not finished in time")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(got.path, 0o644)
    os.utime(got.path, ns=(stamp, stamp))
    shape.sync(got.path)
    os.replace(got.path, target)
    shape.sync(target.parent)
    transfer.drop(mirror, local)
    return File(local, size, target.stat().st_mtime_ns, checksum, records, got.etag, got.last_modified)


def _stamp(session: Session, local: str, checksum: str, got: Got) -> int:
    """Return when a file was last known to be upstream's newest: now, or when the mirror that it comes from knew that."""
    if got.mtime_ns is not None:
        return got.mtime_ns
    handed = session.handed.get(local)
    return min(handed.mtime_ns, time.time_ns()) if handed and handed.sha256 == checksum else time.time_ns()


def where(feed: catalog.Feed, upstream: Upstream) -> str:
    """Return the address that is written down of a feed."""
    url = catalog.address(feed, feed.files[0], upstream.urls, upstream.mirror)
    return text(shown(url if len(feed.files) == 1 else url.rpartition("/")[0] + "/"), 500)


def _entry(feed: catalog.Feed, upstream: Upstream, status: str, reason: str, tried: float, files: Mapping[str, File], modified: float | None) -> Entry:
    kept = tuple(files[file.local] for file in feed.files if file.local in files)
    whole = len(kept) == len(feed.files)
    sums = "".join(file.sha256 for file in kept)
    return Entry(
        name=feed.name,
        url=where(feed, upstream),
        status=status,
        reason=reason,
        tried=tried,
        fetched=min(file.mtime_ns for file in kept) / 1e9 if whole else None,
        modified=modified,
        records=sum(file.records for file in kept),
        sha256=sums if len(kept) == 1 else hashlib.sha256(sums.encode()).hexdigest() if kept else "",
        files=kept,
    )
