# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a feed must look like before it replaces the one that is in use.

The readers of the advisories have limits of their own; here stands what must not even be tried. Every check counts the records on its way.
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso, text

from ..advisories import endoflife, osv
from ..advisories.feed import BROKEN_LIMIT, MEMBERS_LIMIT, RECORD_LIMIT, TOTAL_LIMIT, FeedError, directory_size, members, parse_json

# How much larger the records may be than their archive: real dumps unpack to 5 to 30 times of it.
RATIO_LIMIT = 200

SHRINK_LIMIT = 0.2  # share of records that may be gone from one state of a feed to the next

LAG_LIMIT = 86400  # seconds: the servers that share an upstream's work are not brought up to date at once

_PARSED_SHARE = 200  # of the records of a dump, about so many are read as records; all are unpacked and compared with their checksums

_HTML = (b"<!doctype html", b"<html")


def counted(reader: Callable[[Path], Iterable[object]], html: bool = False) -> Callable[[Path], int]:
    """Return a check that reads a feed as the index does and counts its records; C(html) is for a feed that is a page itself."""

    def check(path: Path) -> int:
        if not html:
            not_html(path)
        return sum(1 for _record in reader(path))

    return check


def cycles(path: Path) -> int:
    """Return how many branches a file of endoflife.date names. The folder that the file lies in holds nothing else."""
    not_html(path)
    found = 0
    for _kind, _product, value in endoflife.facts(path.parent):
        found += len(parse_json(value.encode()))
    if not found:
        raise FeedError(f"{path.name} names no release")
    return found


def dump(path: Path) -> int:
    """Return how many records a dump of OSV holds, after every one was unpacked and compared with its checksum."""
    not_html(path)
    total = _table_of_contents(path)
    step = max(1, total // _PARSED_SHARE)
    tried = broken = 0
    for number, data in enumerate(members(path)):
        if number % step == 0:
            tried += 1
            broken += not _is_record(data)
    if broken > max(1, tried * BROKEN_LIMIT) or broken == tried:
        raise FeedError(f"{broken} of {tried} records of {path.name} that were tried cannot be read")
    return total


def _is_record(data: bytes) -> bool:
    try:
        return len(data) <= RECORD_LIMIT and osv.parse(parse_json(data)) is not None
    except ValueError:
        return False


def _table_of_contents(path: Path) -> int:
    """Return how many records an archive says that it holds; FeedError for one that is made to do harm."""
    try:
        directory_size(path)
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise FeedError(f"{path.name} is not a whole zip archive: {text(error, 200)}") from None
    packed, size = path.stat().st_size, sum(member.file_size for member in found)
    for member in found:
        if member.filename.startswith(("/", "\\")) or ".." in member.filename or "\\" in member.filename:
            raise FeedError(f"{path.name} holds a file with the name {text(member.filename, 100)}, which no real one does")
    if len(found) > MEMBERS_LIMIT:
        raise FeedError(f"{path.name} holds {len(found)} records, more than {MEMBERS_LIMIT}")
    if size > TOTAL_LIMIT or size > packed * RATIO_LIMIT:
        raise FeedError(f"{path.name} has {packed} bytes and unpacks to {size}: it is made to fill memory")
    if sum(member.compress_size for member in found) > packed:
        raise FeedError(f"{path.name} holds records that overlap: it is made to fill memory")
    names = sum(member.filename.endswith(".json") for member in found)
    if not names:
        raise FeedError(f"{path.name} holds no record")
    return names


def not_html(path: Path) -> None:
    """Refuse the page that a proxy, a portal or a server in trouble sends in place of a file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    except OSError as error:
        raise FeedError(f"{path.name} cannot be read: {error.strerror}") from None
    if not head:
        raise FeedError("what came is empty")
    if head.startswith(_HTML):
        raise FeedError("an HTML page came in its place")


def not_shrunk(feed: str, name: str, before: int, now: int) -> None:
    """Refuse a feed that lost more than a fifth of its records; the words say what takes it all the same."""
    if before and now < before * (1 - SHRINK_LIMIT):
        raise FeedError(f"{name} has {now} records, {before} before: more than a fifth is gone; if upstream really shrank: {_accepting(feed)}")


def not_older(feed: str, name: str, before: float, now: float) -> None:
    """Refuse a feed that upstream last changed long before the one in use; the words say what takes it all the same."""
    if before - now > LAG_LIMIT:
        raise FeedError(f"{name} is of {iso(now)}, the one in use of {iso(before)}: upstream went back; if that is meant: {_accepting(feed)}")


def _accepting(feed: str) -> str:
    return f"""ansible-playbook bottomup.security.feeds -e '{{"daily_check_feeds_accept_shrink": ["{feed}"]}}'"""


def sync(path: Path) -> None:
    """Have a file, or a folder's entries, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        # Some network file systems cannot sync a folder; the file itself is safe then.
        if not path.is_dir():
            raise
    finally:
        os.close(descriptor)
