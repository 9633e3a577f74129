# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's statements of single vulnerabilities (VEX), in the layout of security.access.redhat.com/data/csaf/v2/vex/:

======================================  ====================================================================
``archive_latest.txt``                  the name of the archive
``csaf_vex_2026-11-20.tar.zst``         all statements of that day, as ``2026/cve-2026-0001.json``
``changes.csv``, ``deletions.csv``      ``"2026/cve-2026-0001.json","2026-11-21T04:05:06+00:00"``, the newest first
``2026/cve-2026-0001.json``             a statement; a mirror has those that changed since its archive was made
======================================  ====================================================================
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from . import csaf, packed
from .feed import BROKEN_LIMIT, RECORD_LIMIT, FeedError, Record, parse_json

FOLDER = "redhat/vex"
LATEST, CHANGES, DELETIONS = "archive_latest.txt", "changes.csv", "deletions.csv"

ARCHIVE, CHANGED = "redhat-vex", "redhat-vex-changes"  # feeds of the index: the second one is heard before the first

LIST_LIMIT = 64 * 1024 * 1024  # bytes of changes.csv; it has a line of 60 bytes for each statement
_LINES_LIMIT = 1_000_000

_ARCHIVE = re.compile(r"csaf_vex_([0-9]{4}-[0-9]{2}-[0-9]{2})\.tar\.zst")
_STATEMENT = re.compile(r"([0-9]{4})/(cve-\1-[0-9]{4,12})\.json")

# A statement without a package of rpm, or what looks like one, has nothing for us: it is not even parsed.
_OF_INTEREST = (b"pkg:rpm", b"enterprise_linux")


class Line(NamedTuple):
    """A statement that changed or went: its path below the folder, and when (seconds since 1970)."""

    path: str
    when: float


def archive_name(data: bytes) -> str:
    """Return the name of the archive that C(archive_latest.txt) holds. FeedError for anything else than a plain name: it becomes a path."""
    name = data[:200].decode("ascii", "replace").strip()
    if not _ARCHIVE.fullmatch(name):
        raise FeedError(f"{LATEST} names no archive")
    return name


def archive(mirror: Path) -> Path | None:
    """Return the archive that a mirror holds."""
    try:
        with (mirror / FOLDER / LATEST).open("rb") as stream:
            path = mirror / FOLDER / archive_name(stream.read(200))
    except (OSError, FeedError):
        return None
    return path if path.is_file() else None


def made(name: str) -> float:
    """Return the begin of the day of which an archive is (seconds since 1970): what changed since may not be in it."""
    found = _ARCHIVE.fullmatch(name)
    if not found:
        raise FeedError(f"{name} is no archive")
    try:
        return datetime.datetime.fromisoformat(found.group(1)).replace(tzinfo=datetime.timezone.utc).timestamp()
    except ValueError:
        raise FeedError(f"{name} is of no day") from None


def lines(path: Path) -> list[Line]:
    """Return the lines of changes.csv or deletions.csv. FeedError where they are none."""
    found, broken = [], 0
    try:
        with path.open(encoding="ascii", errors="replace", newline="") as stream:
            for row in itertools.islice(csv.reader(stream), _LINES_LIMIT):
                line = _line(row)
                if line is not None:
                    found.append(line)
                elif row:
                    broken += 1
    except (OSError, csv.Error) as error:
        raise FeedError(f"{path.name} cannot be read: {error}") from None
    if broken > max(1, (len(found) + broken) * BROKEN_LIMIT):
        raise FeedError(f"{broken} of {len(found) + broken} lines of {path.name} name no statement")
    return found


def _line(row: list[str]) -> Line | None:
    if len(row) != 2 or not _STATEMENT.fullmatch(row[0]):
        return None
    try:
        when = datetime.datetime.fromisoformat(row[1].replace("Z", "+00:00"))
        return Line(row[0], (when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)).timestamp())
    except (ValueError, OverflowError):
        return None


def read(path: Path) -> Iterator[Record]:
    """Yield the records of an archive. FeedError for one that is broken, or holds too much that is no statement."""
    yield from _parsed(path, (data for _name, data in packed.tar_members(path, ".json")))


def read_changes(folder: Path) -> Iterator[Record]:
    """Yield the records of the statements that changed since the archive was made, and an empty one for each that went."""
    held = statements(folder)
    yield from _parsed(folder, map(_content, held.values()), empty=True)
    gone = folder / DELETIONS
    for line in lines(gone) if gone.is_file() else ():
        if line.path not in held:
            cve = line.path.rpartition("/")[2].removesuffix(".json").upper()
            yield Record(cve, False, "", None, "", "", "", (), (), [])


def statements(folder: Path) -> dict[str, Path]:
    """Return the single statements that a folder holds, by their paths as Red Hat writes them."""
    found = {f"{path.parent.name}/{path.name}": path for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]/cve-*.json"))}
    return {name: path for name, path in found.items() if _STATEMENT.fullmatch(name)}


def stamp(folder: Path) -> str:
    """Return what changes when one of the single statements does, or the list of those that went."""
    total = hashlib.sha256()
    for name, path in [*statements(folder).items(), (DELETIONS, folder / DELETIONS)]:
        if path.is_file():
            state = path.stat()
            # The list is touched when it is looked at; a statement is written when it is another one.
            total.update(f"{name} {state.st_size} {0 if name == DELETIONS else state.st_mtime_ns}\n".encode())
    return total.hexdigest()


def check(data: bytes) -> None:
    """Raise FeedError for what is no statement."""
    try:
        found = list(csaf.records(parse_json(data)))
    except ValueError as error:
        raise FeedError(str(error)) from None
    if not found:
        raise FeedError("it names no vulnerability")


def count(path: Path) -> int:
    """Return how many statements an archive holds, after all of it was unpacked; one of a hundred is read."""
    seen = tried = broken = 0
    for _name, data in packed.tar_members(path, ".json"):
        if seen % 100 == 0:
            tried += 1
            try:
                if len(data) > RECORD_LIMIT:
                    raise FeedError("too long")
                check(data)
            except FeedError:
                broken += 1
        seen += 1
    if not seen:
        raise FeedError(f"{path.name} holds no statement")
    if broken > max(1, tried * BROKEN_LIMIT) or broken == tried:
        raise FeedError(f"{broken} of {tried} statements of {path.name} that were tried cannot be read")
    return seen


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(RECORD_LIMIT + 1)


def _parsed(path: Path, contents: Iterable[bytes], empty: bool = False) -> Iterator[Record]:
    """Yield the records of statements; with C(empty) also of those that name no package, since they replace older ones that may."""
    seen = broken = 0
    for data in contents:
        seen += 1
        if not empty and not any(mark in data for mark in _OF_INTEREST):
            continue
        try:
            if len(data) > RECORD_LIMIT:
                raise ValueError("too long")
            yield from (record for record in csaf.records(parse_json(data)) if record.packages or empty)
        except ValueError:
            broken += 1
    if not seen and not empty:
        raise FeedError(f"{path.name} holds no statement")
    if broken > max(1, seen * BROKEN_LIMIT):
        raise FeedError(f"{broken} of the {seen} statements of {path.name} cannot be read")
