# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index: every feed of the mirror in one SQLite file, of which matching reads only the packages that a fleet has.

It is built beside the old one and renamed over it: a reader sees the old or the new, never half of one. Feeds whose files did not change are
copied over; one that cannot be read keeps the rows of its last good state, and says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from . import redhat_vex, sources, streams
from .feed import Announcement, FeedError, Package, Record

VERSION = "1"  # of the tables below: an index of another version is built anew

SHRINK_LIMIT = 0.2  # share of records that may be gone from one state of a feed to the next
BATCH = 500  # records per write
ROWS_KEPT = 2000  # packages whose rows are kept in memory

_TABLES = """
CREATE TABLE feed (name TEXT PRIMARY KEY, stamp TEXT, records INTEGER, newest TEXT, modified REAL, problem TEXT);
CREATE TABLE ecosystem (eid INTEGER PRIMARY KEY, name TEXT UNIQUE, feed TEXT);
CREATE TABLE vuln (vid INTEGER PRIMARY KEY, feed TEXT, id TEXT, security INTEGER, severity TEXT, score REAL, title TEXT, published TEXT, url TEXT,
  cves TEXT, aliases TEXT);
CREATE TABLE aff (eid INTEGER, name TEXT, vid INTEGER, stream TEXT, fixed TEXT, spec TEXT);
CREATE TABLE fact (feed TEXT, kind TEXT, key TEXT, value TEXT);
"""
_INDEXES = (
    "CREATE INDEX aff_name ON aff (eid, name)",
    "CREATE INDEX vuln_id ON vuln (id)",
    "CREATE INDEX fact_key ON fact (kind, key)",
)


class Row(NamedTuple):
    """What the index knows of one package in one announcement; the fields are those of feed.Package."""

    vid: int
    security: bool
    stream: str
    fixed: str | None
    spec: str | None


@dataclass(frozen=True, slots=True)
class Vuln(Announcement):
    """One announcement of the index; C(feed) is where it was read."""

    vid: int
    feed: str


class Feed(NamedTuple):
    """The state of one feed: C(modified) is when its file was last had from upstream (seconds since 1970), C(problem) why that was not taken."""

    name: str
    records: int
    newest: str
    modified: float
    problem: str


def build(mirror: Path, path: Path) -> list[Feed]:
    """Bring the index at C(path) up to the files of C(mirror) and return the state of every feed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = sources.find(mirror)
    known = _stamps(path)
    stamps = {source.name: source.stamp() for source in found}
    if known is not None and all(known.get(name) == stamp for name, stamp in stamps.items()):
        with Index(path) as index:
            return index.feeds()
    descriptor, name = tempfile.mkstemp(prefix=".index-", dir=path.parent)
    os.close(descriptor)
    try:
        if known is not None:
            shutil.copyfile(path, name)
        with contextlib.closing(sqlite3.connect(name, isolation_level=None)) as base:
            _write(base, [source for source in found if known is None or known.get(source.name) != stamps[source.name]], stamps, known is None, path)
        _sync(name)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    with Index(path) as index:
        return index.feeds()


def _stamps(path: Path) -> dict[str, str] | None:
    """Return the stamps of the feeds in an index, None where there is no index that can be used."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(_open(path)) as base:
            if base.execute("PRAGMA user_version").fetchone()[0] != int(VERSION):
                return None
            return dict(base.execute("SELECT name, stamp FROM feed"))
    except sqlite3.DatabaseError:
        return None


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _sync(name: str) -> None:
    descriptor = os.open(name, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(base: sqlite3.Connection, changed: list[sources.Source], stamps: dict[str, str], empty: bool, path: Path) -> None:
    # A file that nobody sees before it is whole needs no journal.
    base.execute("PRAGMA journal_mode = OFF")
    base.execute("PRAGMA synchronous = OFF")
    base.execute("PRAGMA cache_size = -8000")
    if empty:
        base.executescript(_TABLES)
        base.execute(f"PRAGMA user_version = {VERSION}")
    for source in changed:
        _renew(base, source, stamps[source.name], path)
    for statement in _INDEXES if empty else ():
        base.execute(statement)


def _renew(base: sqlite3.Connection, source: sources.Source, stamp: str, path: Path) -> None:
    """Replace the rows of one feed, or keep them and say why; C(path) is where the index will be."""
    before = base.execute("SELECT records FROM feed WHERE name = ?", (source.name,)).fetchone()
    last = base.execute("SELECT max(vid) FROM vuln").fetchone()[0] or 0
    marks = {table: base.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0 for table in ("aff", "fact")}
    problem, count, newest = "", 0, ""
    base.execute("BEGIN")
    try:
        count, newest = _insert(base, source, last)
        if before and not source.may_shrink() and count < before[0] * (1 - SHRINK_LIMIT):
            raise FeedError(f"it has {count} records, {before[0]} before: more than a fifth is gone; if that is right: rm {shlex.quote(str(path))}")
    except FeedError as error:
        problem = str(error)
    except sqlite3.OperationalError:
        raise  # the disk is full, or such: nothing of this feed
    except Exception as error:  # data that makes our own code fail is that feed's trouble: the others are to go on
        problem = text(f"it cannot be read: {type(error).__name__}: {error}", 300)
    if problem:
        _delete(base, "vid > ?", last, "rowid > ?", marks, source.name)
        base.execute("INSERT OR IGNORE INTO feed VALUES (?, '', 0, '', 0, '')", (source.name,))
        base.execute("UPDATE feed SET problem = ? WHERE name = ?", (problem, source.name))
    else:
        if before:
            _delete(base, "vid <= ? AND feed = ?", last, "rowid <= ? AND feed = ?", marks, source.name)
        base.execute("INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?, ?, '')", (source.name, stamp, count, newest, source.modified()))
    base.execute("COMMIT")


def _delete(base: sqlite3.Connection, vulns: str, last: int, facts: str, marks: dict[str, int], feed: str) -> None:
    """Delete the new rows of a feed that was refused, or the old ones of one that was taken."""
    own = (feed,) if "feed = ?" in vulns else ()
    base.execute(f"DELETE FROM aff WHERE vid IN (SELECT vid FROM vuln WHERE {vulns})", (last, *own))
    base.execute(f"DELETE FROM vuln WHERE {vulns}", (last, *own))
    base.execute(f"DELETE FROM fact WHERE {facts}", (marks["fact"], *own))


class _Ids:
    """Numbers for the ecosystems, given out while a feed is read."""

    def __init__(self, base: sqlite3.Connection, feed: str) -> None:
        self._base, self._feed = base, feed
        self._known: dict[str, int] = dict(base.execute("SELECT name, eid FROM ecosystem"))

    def __getitem__(self, name: str) -> int:
        eid = self._known.get(name)
        if eid is None:
            eid = self._known[name] = len(self._known) + 1
            self._base.execute("INSERT INTO ecosystem VALUES (?, ?, ?)", (eid, name, self._feed))
        return eid


def _insert(base: sqlite3.Connection, source: sources.Source, last: int) -> tuple[int, str]:
    """Write what a feed holds and return the count of its records and the newest date in it."""
    if source.facts is not None:
        facts = source.facts(source.path)
        base.executemany("INSERT INTO fact VALUES (?, ?, ?, ?)", ((source.name, kind, key, value) for kind, key, value in facts))
        count = base.execute("SELECT count(*) FROM fact WHERE feed = ?", (source.name,)).fetchone()[0]
        if not count:
            raise FeedError("it holds nothing")
        return count, ""
    if source.records is None:
        raise FeedError("nothing reads it")
    numbers: dict[str, int] = {}
    ids = _Ids(base, source.name)
    newest = ""
    for batch in _batches(source.records(source.path)):
        vulns, packages = [], []
        for record in batch:
            vid = numbers.get(record.id)
            if vid is None:
                # A record may come twice, once for each release of the distribution: one announcement, the packages of both.
                vid = numbers[record.id] = last + len(numbers) + 1
                vulns.append(_vuln(vid, source.name, record))
            packages += [_aff(vid, ids, package) for package in record.packages]
            newest = max(newest, record.published)
        base.executemany("INSERT INTO vuln VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", vulns)
        base.executemany("INSERT INTO aff VALUES (?, ?, ?, ?, ?, ?)", packages)
    _name_streams(base, last)
    return len(numbers), newest


def _vuln(vid: int, feed: str, record: Record) -> tuple[object, ...]:
    cves, aliases = " ".join(record.cves), " ".join(record.aliases)
    return vid, feed, record.id, record.security, record.severity, record.score, record.title, record.published, record.url, cves, aliases


def _aff(vid: int, ids: _Ids, package: Package) -> tuple[object, ...]:
    return ids[package.ecosystem], package.name, vid, package.stream, package.fixed, package.spec


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def _name_streams(base: sqlite3.Connection, last: int) -> None:
    """Name the stream of new announcements whose title names none, where other announcements name it for one of the same builds.

    "Moderate: ruby security update" (ALSA-2024:4499) brings builds el8.10.0+3871+..., and those are of ruby:2.5.
    """
    unnamed: dict[int, set[str]] = {}
    for vid, fixed in base.execute("SELECT vid, fixed FROM aff WHERE vid > ? AND stream = ?", (last, streams.UNNAMED)):
        unnamed.setdefault(vid, set()).add(streams.build(fixed or ""))
    builds = {build for own in unnamed.values() for build in own if build}
    if not builds:
        return
    known: dict[str, set[str]] = {}
    for stream, fixed in base.execute("SELECT stream, fixed FROM aff WHERE vid > ? AND stream > '' AND stream != ?", (last, streams.UNNAMED)):
        build = streams.build(fixed or "")
        if build in builds:
            known.setdefault(build, set()).update(stream.split())
    for vid, own in unnamed.items():
        # A few old builds were shared by two streams: what all builds of the announcement have in common is its stream.
        sets = [known[build] for build in own if build in known]
        named = set.intersection(*sets) if sets else set()
        if len(named) == 1:
            base.execute("UPDATE aff SET stream = ? WHERE vid = ? AND stream = ?", (named.pop(), vid, streams.UNNAMED))


class Index:
    """Reads an index. Nothing is held but what was asked for."""

    def __init__(self, path: Path) -> None:
        """Open the index. FileNotFoundError where there is none."""
        if not path.exists():
            raise FileNotFoundError(path)
        self._base = _open(path)
        self._ids: dict[str, int] = dict(self._base.execute("SELECT name, eid FROM ecosystem"))
        self._replaced = self._read_replaced()
        self._rows: dict[tuple[str, str], list[Row]] = {}
        self._vulns: dict[int, Vuln] = {}

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def close(self) -> None:
        self._base.close()

    def feeds(self) -> list[Feed]:
        """Return the state of every feed, by name."""
        return [Feed(*row) for row in self._base.execute("SELECT name, records, newest, modified, problem FROM feed ORDER BY name")]

    def ecosystems(self) -> list[str]:
        """Return every ecosystem that a feed names: "AlmaLinux:9", "RubyGems"."""
        return sorted(self._ids)

    def has(self, ecosystem: str) -> bool:
        return ecosystem in self._ids

    def rows(self, ecosystem: str, name: str) -> list[Row]:
        """Return what the feeds say of a package. The servers of a fleet ask for the same ones: some are kept."""
        known = self._rows.get((ecosystem, name))
        if known is None:
            if len(self._rows) >= ROWS_KEPT:
                self._rows.clear()
            known = self._rows[ecosystem, name] = self._read_rows(ecosystem, name)
        return known

    def _read_rows(self, ecosystem: str, name: str) -> list[Row]:
        found = self._base.execute(
            "SELECT aff.vid, vuln.security, stream, fixed, spec FROM aff JOIN vuln USING (vid) WHERE eid = ? AND name = ? ORDER BY aff.rowid",
            (self._ids.get(ecosystem), name),
        )
        return [Row(vid, bool(security), stream, fixed, spec) for vid, security, stream, fixed, spec in found if vid not in self._replaced]

    def _read_replaced(self) -> frozenset[int]:
        """Return the announcements that a feed of changes brings anew, or takes back."""
        changes = self._base.execute("SELECT 1 FROM feed WHERE name = ? AND records", (redhat_vex.CHANGED,)).fetchone()
        if changes is None:
            return frozenset()
        same = "SELECT old.vid FROM vuln new JOIN vuln old USING (id) WHERE new.feed = ? AND old.feed = ?"
        return frozenset(vid for (vid,) in self._base.execute(same, (redhat_vex.CHANGED, redhat_vex.ARCHIVE)))

    def names(self, ecosystem: str) -> list[str]:
        """Return the names of all packages of an ecosystem."""
        return [name for (name,) in self._base.execute("SELECT DISTINCT name FROM aff WHERE eid = ? ORDER BY name", (self._ids.get(ecosystem),))]

    def vuln(self, vid: int) -> Vuln:
        """Return an announcement by its number; some are kept, as with C(rows)."""
        known = self._vulns.get(vid)
        if known is None:
            if len(self._vulns) >= ROWS_KEPT:
                self._vulns.clear()
            known = self._vulns[vid] = self._read_vuln(vid)
        return known

    def _read_vuln(self, vid: int) -> Vuln:
        row = self._base.execute("SELECT * FROM vuln WHERE vid = ?", (vid,)).fetchone()
        feed, ident, security, severity, score, title, published, url, cves, aliases = row[1:]
        return Vuln(ident, bool(security), severity, score, title, published, url, tuple(cves.split()), tuple(aliases.split()), vid, feed)

    def knows(self, kind: str) -> bool:
        """Return whether there is any fact of a kind."""
        return self._base.execute("SELECT 1 FROM fact WHERE kind = ? LIMIT 1", (kind,)).fetchone() is not None

    def facts(self, kind: str, key: str) -> list[object]:
        """Return the facts of a kind about a key: ("kev", "CVE-2025-48384"), ("eol", "ruby")."""
        return [json.loads(value) for (value,) in self._base.execute("SELECT value FROM fact WHERE kind = ? AND key = ? ORDER BY rowid", (kind, key))]
