# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every reader of a feed hands on, and the limits that keep a hostile or broken feed harmless.

A feed comes from the network or from a stick that somebody carried: it is read without unpacking it anywhere, in bounded pieces.
"""

from __future__ import annotations

import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

RECORD_LIMIT = 16 * 1024 * 1024  # bytes of one record; the largest real ones (kernel advisories of Ubuntu) have 3 MB
FILE_LIMIT = 256 * 1024 * 1024  # bytes of a feed that is one file
SIGNS_LIMIT = 2_000_000  # commas and brackets of a feed of one JSON file; each may cost a hundred bytes once it is decoded
TOTAL_LIMIT = 8 * 1024 * 1024 * 1024  # bytes of all records of a feed; Ubuntu's, the largest, have 4 GB
MEMBERS_LIMIT = 2_000_000
DIRECTORY_LIMIT = 64 * 1024 * 1024  # bytes of a zip archive's table of contents; npm's, the longest, has some 20 MB
BROKEN_LIMIT = 0.02  # share of records that may be unreadable before the feed as a whole is not believed

NAME_LIMIT = 255
VERSION_LIMIT = 300
VERSIONS_LIMIT = 20_000

_END_OF_DIRECTORY, _LARGE_END = b"PK\5\6", b"PK\6\6"

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # most are of a pair, which is well

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/+-]{0,99}")


class FeedError(Exception):
    """The feed cannot be used; the message says why, in words for the report."""


class Package(NamedTuple):
    """What a record says of one package.

    C(fixed) is the version that ends a range from the very first version on; anything else is in C(spec): C({"ranges": [[[event, version], ...]],
    "versions": [...], "status": "..."}) as JSON. Both empty: affected, with no fix. C(stream) is "" for what belongs to no module, "nginx:1.26" for a
    module's stream (several with spaces between), "?" for a module's that is not named.
    """

    ecosystem: str
    name: str
    stream: str
    fixed: str | None
    spec: str | None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is said of one hole. C(cves) and C(aliases) name the same thing elsewhere; C(score) is a CVSS base score or None."""

    id: str
    security: bool
    severity: str
    score: float | None
    title: str
    published: str
    url: str
    cves: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record(Announcement):
    """One announcement, as its feed has it."""

    packages: list[Package]


def identifier(value: object) -> str | None:
    """Return an identifier of a feed, None where it is none."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def words(value: object, limit: int) -> str:
    """Return a text of a feed as one printable line; empty where it is no text."""
    return text(" ".join(value[: 4 * limit].split()), limit) if isinstance(value, str) else ""


def parse_json(data: bytes) -> Any:
    """Return decoded JSON. ValueError for what is none, also for what is nested without end, or holds halves of characters, which no database takes."""
    try:
        # By hand: json takes UTF-16 as well, and halves of characters.
        found = json.loads(str(data, "utf-8").removeprefix("\ufeff"))
        if _HALF.search(data):
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found


def members(path: Path) -> Iterator[bytes]:
    """Yield the .json members of a zip archive. Their names and sizes are only claims: what is read is counted."""
    total = 0
    try:
        directory_size(path)
        with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
            names = [member for member in archive.infolist() if member.filename.endswith(".json")]
            if len(names) > MEMBERS_LIMIT:
                raise FeedError(f"{path.name} holds {len(names)} records, more than {MEMBERS_LIMIT}")
            for member in names:
                data = _member(stream, member)
                total += len(data)
                if total > TOTAL_LIMIT:
                    raise FeedError(f"{path.name} unpacks to more than {TOTAL_LIMIT >> 30} GB")
                yield data
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FeedError(f"{path.name} is not a whole zip archive: {text(error, 200)}") from None


def directory_size(path: Path) -> None:
    """Refuse an archive whose table of contents alone would fill memory, before zipfile reads it: it takes ten times its size."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - 65557 - 76))
        tail = stream.read(65557 + 76)
    place = tail.rfind(_END_OF_DIRECTORY)
    if place < 0 or len(tail) < place + 22:
        raise zipfile.BadZipFile("its end is missing")
    length = int.from_bytes(tail[place + 12 : place + 16], "little")
    if place >= 76 and tail.startswith(_LARGE_END, place - 76):  # of many records, or many bytes: zipfile believes this one where it is there
        length = int.from_bytes(tail[place - 36 : place - 28], "little")
    if length > DIRECTORY_LIMIT:
        raise FeedError(f"{path.name} has a table of contents of {length} bytes: it is made to fill memory")


def _member(stream: BinaryIO, member: zipfile.ZipInfo) -> bytes:
    """Return the content of a member, at most a byte more than RECORD_LIMIT of it. By hand: ZipFile.open takes twice the time for small members."""
    stream.seek(member.header_offset)
    header = stream.read(30)
    if header[:4] != b"PK\3\4":
        raise zipfile.BadZipFile("a record does not begin where it should")
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    packed = stream.read(min(member.compress_size, RECORD_LIMIT + 1))
    if member.compress_type == zipfile.ZIP_STORED:
        data = packed
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        data = zlib.decompressobj(-15).decompress(packed, RECORD_LIMIT + 1)
    else:
        raise zipfile.BadZipFile(f"compression {member.compress_type} is not known")
    if len(data) <= RECORD_LIMIT and zlib.crc32(data) != member.CRC:
        raise zipfile.BadZipFile("a record is damaged")
    return data


def content(path: Path) -> bytes:
    """Return a file, unpacked where its name ends in .gz."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            data = stream.read(FILE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FeedError(f"{path.name} cannot be read: {text(error, 200)}") from None
    if len(data) > FILE_LIMIT:
        raise FeedError(f"{path.name} has more than {FILE_LIMIT >> 20} MB")
    return bytes(data)


def json_file(path: Path) -> Any:
    """Return what a feed of one JSON file holds. FeedError where it is none."""
    data = content(path)
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > SIGNS_LIMIT:
        raise FeedError(f"{path.name} holds far more values than such a feed has: it is made to fill memory")
    try:
        return parse_json(data)
    except ValueError as error:
        raise FeedError(f"{path.name} is no JSON: {error}") from None
