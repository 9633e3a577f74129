# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(feeds.json) of a mirror: what is known of each feed's last fetch. Its shape is described in docs/advisories.md.

A mirror may come on a stick from somewhere else: what is read here is checked and capped, and a manifest that cannot be read is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso

from ..advisories.feed import words
from ..spool import write_whole
from .clock import seconds

NAME = "feeds.json"
SCHEMA = "bottomup.security/feeds/1"

OK, FAILED, REFUSED = "ok", "failed", "refused"
STATUSES = (OK, FAILED, REFUSED)

SIZE_LIMIT = 4 * 1024 * 1024  # bytes of a manifest; a real one has some 20 KB
_FEEDS_LIMIT = 500
_FILES_LIMIT = 1000
_TEXT_LIMIT = 500


class File(NamedTuple):
    """One file of a feed: its path below the mirror, what it was when it was taken, and what the server said to ask with the next time."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    records: int
    etag: str = ""
    last_modified: str = ""


class Entry(NamedTuple):
    """The last fetch of a feed.

    C(status) is that of the last try, C(reason) why it is not OK, C(tried) when it was. C(fetched) is when the feed's files were last known to be
    upstream's newest, C(modified) when upstream says that it last changed them: both in seconds since 1970, or None. C(records) and C(sha256)
    are of the files that are in use. C(retired) is since when no server needs the feed, None while one does.
    """

    name: str
    url: str
    status: str
    reason: str
    tried: float | None
    fetched: float | None
    modified: float | None
    records: int
    sha256: str
    files: tuple[File, ...]
    retired: float | None = None

    def file(self, path: str) -> File | None:
        return next((file for file in self.files if file.path == path), None)


def read(mirror: Path) -> dict[str, Entry]:
    """Return the entries of a mirror's manifest by the names of the feeds; empty where there is none, or none that can be read."""
    try:
        with (mirror / NAME).open("rb") as stream:
            return parse(stream.read(SIZE_LIMIT + 1))
    except OSError:
        return {}


def parse(data: bytes) -> dict[str, Entry]:
    """Return the entries of a manifest's content, leaving out what is none."""
    if len(data) > SIZE_LIMIT:
        return {}
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA or not isinstance(raw.get("feeds"), list):
        return {}
    found = (_entry(item) for item in raw["feeds"][:_FEEDS_LIMIT] if isinstance(item, dict))
    return {entry.name: entry for entry in found if entry.name}


def _entry(raw: Mapping[str, Any]) -> Entry:
    files = raw.get("files")
    return Entry(
        name=words(raw.get("name"), 255),
        url=words(raw.get("url"), _TEXT_LIMIT),
        status=raw["status"] if raw.get("status") in STATUSES else FAILED,
        reason=words(raw.get("reason"), _TEXT_LIMIT),
        tried=seconds(raw.get("tried")),
        fetched=seconds(raw.get("fetched")),
        modified=seconds(raw.get("modified")),
        records=_count(raw.get("records")),
        sha256=words(raw.get("sha256"), 64),
        files=tuple(_file(item) for item in files[:_FILES_LIMIT] if isinstance(item, dict)) if isinstance(files, list) else (),
        retired=seconds(raw.get("retired")),
    )


def _file(raw: Mapping[str, Any]) -> File:
    return File(
        path=words(raw.get("path"), _TEXT_LIMIT),
        size=_count(raw.get("size")),
        mtime_ns=_count(raw.get("mtime_ns")),
        sha256=words(raw.get("sha256"), 64),
        records=_count(raw.get("records")),
        etag=words(raw.get("etag"), _TEXT_LIMIT),
        last_modified=words(raw.get("last_modified"), 100),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else 0


def write(mirror: Path, entries: Mapping[str, Entry], now: float) -> None:
    """Replace the manifest in one step. Raises spool.SpoolError."""
    feeds = [_plain(entries[name]) for name in sorted(entries)]
    content = json.dumps({"schema": SCHEMA, "written": iso(now), "feeds": feeds}, indent=1)
    write_whole(mirror / NAME, content.encode("ascii") + b"\n")


def _plain(entry: Entry) -> dict[str, Any]:
    times = {key: iso(getattr(entry, key)) for key in ("tried", "fetched", "modified", "retired")}
    return {**entry._asdict(), **times, "files": [file._asdict() for file in entry.files]}
