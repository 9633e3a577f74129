# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's statements (VEX): one archive of all, and since then the single ones that changed.

The archive has hundreds of megabytes, and taking it in takes minutes: as long as few statements changed, the one that is there is kept, and only these
are fetched. What is in the mirror has Red Hat's own layout, so that one mirror can be filled from another.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Iterable
from pathlib import Path

from ..advisories import redhat_vex
from ..advisories.feed import RECORD_LIMIT, FeedError
from ..advisories.redhat_vex import CHANGES, DELETIONS, FOLDER, LATEST, LIST_LIMIT, Line
from . import catalog, one, shape, side_by_side, transfer
from .manifest import FAILED, OK, REFUSED, Entry, File
from .web import FetchError, shown

CHANGES_LIMIT = 1000  # statements that are fetched one by one before a newer archive is taken instead
STATEMENTS_LIMIT = 20_000  # statements of one refresh; the next one goes on

AT_A_TIME = 6  # statements, each of some 100 KB: nearly all of their time is waiting
_PATIENCE = 86400.0  # seconds; the refresh itself says when its time is over


def fetch(session: one.Session, feed: catalog.Feed, before: Entry | None, progress: one.Progress) -> tuple[Entry, bool]:
    """Return what is to be written down of the feed, and whether anything in it is another one now; as C(one.fetch) does."""
    work = _Fetch(session, feed, before, progress)
    status, reason = OK, ""
    try:
        work.run()
    except FetchError as error:
        status, reason = FAILED, str(error)
    except FeedError as error:
        status, reason = REFUSED, f"{shown(work.url(LATEST))}: {error}"
    except OSError as error:
        status, reason = FAILED, f"{FOLDER} cannot be written: {error.strerror or error}"
    return work.entry(status, reason), work.changed


class _Fetch:
    """One refresh. The lists are put in their places when all that they name is there: their age is that of the feed."""

    def __init__(self, session: one.Session, feed: catalog.Feed, before: Entry | None, progress: one.Progress) -> None:
        self.changed = False
        self._session, self._feed, self._before, self._progress = session, feed, before, one.stoppable(session.stop, progress)
        self._quiet = one.stoppable(session.stop, lambda _have, _whole: None)
        self._mirror = session.mirror
        self._tried = time.time()
        self._files = {file.path: file for file in before.files} if before else {}
        self._modified: list[float] = []

    def url(self, name: str) -> str:
        upstream = self._session.upstream
        return catalog.address(self._feed, catalog.Remote(name, f"{FOLDER}/{name}"), upstream.urls, upstream.mirror)

    def run(self) -> None:
        """Bring the folder up to date."""
        newest = self._name_of_newest()
        changes, got_changes = self._list(CHANGES)
        deletions, got_deletions = self._list(DELETIONS)
        gone = {line.path: line.when for line in deletions}
        wanted = [line for line in changes if gone.get(line.path, 0.0) < line.when]
        held = redhat_vex.archive(self._mirror)
        if held is None or (redhat_vex.made(newest) > redhat_vex.made(held.name) and len(self._missing(held.name, wanted)) > CHANGES_LIMIT):
            self._archive(newest, held)
            held = self._mirror / FOLDER / newest
        self._clean(held.name, wanted)
        missing = self._missing(held.name, wanted)
        self._statements(missing[:STATEMENTS_LIMIT])
        if len(missing) > STATEMENTS_LIMIT:
            raise FetchError(f"{len(missing) - STATEMENTS_LIMIT} of {len(missing)} changed statements are left to the next try")
        self._put(CHANGES, got_changes, len(changes))
        self._put(DELETIONS, got_deletions, len(deletions))
        self._write_latest(held.name)

    def entry(self, status: str, reason: str) -> Entry:
        """Return what is to be written down."""
        files = [self._files[path] for path in sorted(self._files)]
        lists = [file for file in files if file.path.endswith(".csv")]
        fetched = min((file.mtime_ns for file in lists), default=None)
        return Entry(
            name=self._feed.name,
            url=one.where(self._feed, self._session.upstream),
            status=status,
            reason=reason,
            tried=self._tried,
            fetched=fetched / 1e9 if fetched is not None and len(lists) == 2 else None,
            modified=max(self._modified, default=self._before.modified if self._before else None),
            records=sum(file.records for file in files if file not in lists),
            sha256=next((file.sha256 for file in files if file not in lists), ""),
            files=tuple(files),
        )

    def _get(self, name: str, known: File | None, limit: int, quiet: bool = True) -> transfer.Got:
        local = f"{FOLDER}/{name}"
        got = transfer.get(self._session.web, self.url(name), self._mirror, local, known, limit, self._quiet if quiet else self._progress)
        if got.modified is not None and not name.endswith(".json"):
            self._modified.append(got.modified)
        return got

    def _name_of_newest(self) -> str:
        got = self._get(LATEST, None, 1000)
        try:
            return redhat_vex.archive_name(got.path.read_bytes() if got.path else b"")
        finally:
            transfer.drop(self._mirror, f"{FOLDER}/{LATEST}")

    def _list(self, name: str) -> tuple[list[Line], transfer.Got]:
        """Return the lines of a list, and what came of fetching it: its file stays beside its place."""
        local = f"{FOLDER}/{name}"
        known = one.in_use(self._mirror, self._files.get(local))
        got = self._get(name, known, LIST_LIMIT)
        try:
            one.is_behind(self._session, self._feed, self._before, local, known, got)
            if got.path is not None and (name == CHANGES or got.path.stat().st_size):  # nothing may have been deleted
                shape.not_html(got.path)
            return redhat_vex.lines(got.path or self._mirror / local), got
        except FeedError:
            transfer.drop(self._mirror, local)
            raise

    def _put(self, name: str, got: transfer.Got, lines: int) -> None:
        """Put a list in its place, of which it is known how many lines it has."""
        local = f"{FOLDER}/{name}"
        feed = self._feed._replace(records=lambda _path: lines)
        # Of deletions there may be fewer: what was taken back is another one again.
        last = self._files.get(local) if name == CHANGES else None
        self._files[local] = one.take(self._session, feed, local, one.in_use(self._mirror, self._files.get(local)), last, got)
        self.changed = self.changed or got.path is not None

    def _archive(self, name: str, held: Path | None) -> None:
        """Fetch an archive, put it in its place and remove the one before."""
        local = f"{FOLDER}/{name}"
        last = self._files.get(f"{FOLDER}/{held.name}") if held else None
        got = self._get(name, None, self._feed.limit, quiet=False)
        try:
            file = one.take(self._session, self._feed, local, None, last, got)
        except FeedError:
            transfer.drop(self._mirror, local)
            raise
        self._write_latest(name)
        self._files = {path: kept for path, kept in self._files.items() if path.endswith(".csv")} | {local: file}
        self.changed = True
        if held is not None and held.name != name:
            held.unlink(missing_ok=True)

    def _write_latest(self, name: str) -> None:
        """Name the archive that is there, with the age of the lists."""
        path = self._mirror / FOLDER / LATEST
        beside = path.with_name(f".{LATEST}")
        beside.write_text(name + "\n", encoding="ascii")
        stamp = self._files.get(f"{FOLDER}/{CHANGES}")
        if stamp is not None:
            os.utime(beside, ns=(stamp.mtime_ns, stamp.mtime_ns))
        os.replace(beside, path)

    def _missing(self, archive: str, changes: Iterable[Line]) -> list[Line]:
        """Return the statements that are newer than an archive and than what is there, the newest first."""
        since = redhat_vex.made(archive)
        found = [line for line in changes if line.when >= since and self._when(line.path) != int(line.when)]
        return sorted(found, key=lambda line: (-line.when, line.path))

    def _when(self, path: str) -> int:
        with contextlib.suppress(OSError):
            return int((self._mirror / FOLDER / path).stat().st_mtime)
        return -1

    def _clean(self, archive: str, changes: Iterable[Line]) -> None:
        """Remove statements that the archive has as new, and those that are gone."""
        since = redhat_vex.made(archive)
        wanted = {line.path for line in changes if line.when >= since}
        for name, path in redhat_vex.statements(self._mirror / FOLDER).items():
            if name not in wanted:
                path.unlink(missing_ok=True)
                self.changed = True

    def _statements(self, lines: list[Line]) -> None:
        """Fetch statements, several at a time. Those that come are kept, whatever becomes of the others."""
        jobs = [functools.partial(self._statement, line) for line in lines]
        answers = side_by_side.run(jobs, AT_A_TIME, time.monotonic() + _PATIENCE)
        self.changed = self.changed or any(answer == "" for answer in answers)
        lost = [answer for answer in answers if answer != ""]
        if lost:
            raise FetchError(f"{len(lost)} of {len(lines)} changed statements could not be had: {next(filter(None, lost), 'no time')}")

    def _statement(self, line: Line) -> str:
        """Fetch a statement; return why it could not be had, empty where it was."""
        local = f"{FOLDER}/{line.path}"
        try:
            got = self._get(line.path, None, RECORD_LIMIT)
            if got.path is None:
                return "it did not come"
            redhat_vex.check(got.path.read_bytes())
            target = self._mirror / local
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chmod(got.path, 0o644)
            os.utime(got.path, (int(line.when), int(line.when)))  # what it is told apart by the next time
            os.replace(got.path, target)
        except (FetchError, OSError) as error:
            return str(error)
        except FeedError as error:
            return f"{shown(self.url(line.path))}: {error}"
        finally:
            transfer.drop(self._mirror, local)
        return ""
