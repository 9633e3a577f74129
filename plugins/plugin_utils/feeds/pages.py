# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcement pages: what is new on each since the last look. C(pages.json) of a mirror; its shape is described in docs/advisories.md.

What feeds cannot say, pages do: a new release of OpenSSH, a mail of the Rails security team. Everything on a page is hostile.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso

from ..advisories.feed import words
from ..spool import write_whole
from . import page_entries, side_by_side
from .catalog import is_http
from .clock import seconds
from .page_entries import Entry, PageError
from .web import FetchError, Web, shown

NAME = "pages.json"
SCHEMA = "bottomup.security/pages/1"

OK, FIRST, FAILED = "ok", "first", "failed"

PAGE_LIMIT = 4 * 1024 * 1024  # bytes of a page; the longest of the default ones has some 500 KB
NEW_LIMIT = 50  # entries that are listed of a page; what is more is counted
SEEN_LIMIT = 5000  # entries of a page that are remembered: the newest looks
FIRST_DAYS = 7  # of the first look, entries that are dated within so many days are new

AT_A_TIME = 6
_STATE_LIMIT = 64 * 1024 * 1024
_BLOCK = 64 * 1024


class Page(NamedTuple):
    """A page to watch; C(url) may be the path of a file."""

    name: str
    url: str


def look(web: Web, mirror: Path, pages: Sequence[Page], now: float, deadline: float) -> list[dict[str, Any]]:
    """Look at the pages, write C(pages.json) and return what is in it of each page. C(deadline) is on the monotonic clock."""
    before = _read(mirror)
    known = [before.get(page.url, {}) for page in pages]
    jobs = [functools.partial(_safely, web, page, state, now, deadline) for page, state in zip(pages, known, strict=True)]
    answers = side_by_side.run(jobs, AT_A_TIME, deadline)
    late = "it did not come in time"
    results = [answer or _failed(page, state, late, now) for page, state, answer in zip(pages, known, answers, strict=True)]
    _write(mirror, results, now)
    return [_public(item) for item in results]


def read(mirror: Path) -> list[dict[str, Any]]:
    """Return what the last look found, as C(look) does; empty where there was none. Everything is checked and capped: a mirror may be anybody's."""
    return [_public(item) for item in _read(mirror).values()]


def due(mirror: Path, pages: Sequence[Page], now: float, max_age: float) -> bool:
    """Return whether the pages are to be looked at: one never was, or the last look is older than C(max_age) seconds."""
    before = _read(mirror)
    times = [seconds(before.get(page.url, {}).get("looked")) for page in pages]
    return any(moment is None or not 0 <= now - moment <= max_age for moment in times)


def forget(mirror: Path) -> None:
    """Forget what was seen: nobody watches pages any more."""
    (mirror / NAME).unlink(missing_ok=True)


def _safely(web: Web, page: Page, before: Mapping[str, Any], now: float, deadline: float) -> dict[str, Any]:
    try:
        return _look(web, page, before, now, deadline)
    except Exception as error:  # a page that makes our own code fail is that page's trouble
        return _failed(page, before, f"{type(error).__name__}: {error}", now)


def _look(web: Web, page: Page, before: Mapping[str, Any], now: float, deadline: float) -> dict[str, Any]:
    try:
        answer = _get(web, page.url, before, deadline)
        if answer is None:
            return {**before, **_about(page, OK, "", now), "new": [], "more": 0}
        data, etag, changed = answer
        kind, entries = page_entries.read(data, page.url)
        if before.get("kind") == page_entries.FEED and kind != page_entries.FEED:
            raise PageError("an HTML page came in place of the feed")
    except (FetchError, PageError, OSError) as error:
        return _failed(page, before, str(error), now)
    known = before.get("seen") or []
    keys = {_key(entry): entry for entry in entries}
    new, reason = _new(keys, frozenset(known), now)
    return {
        **_about(page, FIRST if reason else OK, reason, now),
        "kind": kind,
        "etag": etag,
        "last_modified": changed,
        "new": [entry._asdict() for entry in new[:NEW_LIMIT]],
        "more": max(0, len(new) - NEW_LIMIT),
        "seen": [*keys, *(key for key in known if key not in keys)][:SEEN_LIMIT],
    }


def _new(keys: Mapping[str, Entry], known: frozenset[str], now: float) -> tuple[list[Entry], str]:
    """Return the new entries; with a reason where there is nothing to compare with, and only what is dated of late counts."""
    if known & keys.keys():
        return [entry for key, entry in keys.items() if key not in known], ""
    recent = [entry for entry in keys.values() if entry.published and now - (seconds(entry.published) or 0) <= FIRST_DAYS * 86400]
    if not known:
        return recent, f"looked at for the first time: {len(keys)} entries are noted"
    return recent, f"nothing that stood there the last time is there any more: another page, or a new design; {len(keys)} entries are noted"


def _about(page: Page, status: str, reason: str, now: float) -> dict[str, Any]:
    return {"page": page.name, "url": page.url, "status": status, "reason": reason, "looked": iso(now)}


def _failed(page: Page, before: Mapping[str, Any], reason: str, now: float) -> dict[str, Any]:
    """Return a page that could not be had. What was seen stays: the next look finds what came since the last good one."""
    return {**before, **_about(page, FAILED, words(reason, 300), now), "new": [], "more": 0}


def _key(entry: Entry) -> str:
    return hashlib.sha256(f"{entry.link}\n{entry.title}".encode()).hexdigest()[:16]


def _get(web: Web, url: str, before: Mapping[str, Any], deadline: float) -> tuple[bytes, str, str] | None:
    """Return a page with its ETag and Last-Modified, None where it is the same as the last time."""
    if not is_http(url):
        with Path(url.removeprefix("file://")).open("rb") as stream:
            return _limited(stream.read(PAGE_LIMIT + 1), url), "", ""
    headers = {"If-None-Match": before.get("etag"), "If-Modified-Since": before.get("last_modified")} if before.get("seen") else {}
    with contextlib.closing(web.open(url, {name: value for name, value in headers.items() if isinstance(value, str) and value})) as answer:
        if answer.status == 304:
            return None
        parts, size = [], 0
        try:
            while size <= PAGE_LIMIT and time.monotonic() < deadline and (block := answer.read1(_BLOCK)):
                parts.append(block)
                size += len(block)
        except Exception as error:
            raise FetchError(f"{shown(url)}: the answer was cut after {size} bytes ({type(error).__name__})") from None
        length = answer.headers.get("Content-Length", "")
        if size <= PAGE_LIMIT and length.isdigit() and size < int(length):
            raise FetchError(f"{shown(url)}: the answer was cut, {size} of {length} bytes came")
        return _limited(b"".join(parts), url), words(answer.headers.get("ETag"), 300), words(answer.headers.get("Last-Modified"), 100)


def _limited(data: bytes, url: str) -> bytes:
    if len(data) > PAGE_LIMIT:
        raise FetchError(f"{shown(url)} has more than {PAGE_LIMIT >> 20} MB")
    return data


def _read(mirror: Path) -> dict[str, dict[str, Any]]:
    """Return what is kept of each page by its URL."""
    try:
        with (mirror / NAME).open("rb") as stream:
            raw = json.loads(stream.read(_STATE_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    pages = raw.get("pages") if isinstance(raw, dict) and raw.get("schema") == SCHEMA else None
    kept = (_kept(item) for item in pages if isinstance(item, dict)) if isinstance(pages, list) else ()
    return {item["url"]: item for item in kept}


def _kept(raw: Mapping[str, Any]) -> dict[str, Any]:
    texts = {key: words(raw.get(key), limit) for key, limit in (("page", 100), ("url", 2000), ("reason", 300), ("looked", 30))}
    found: dict[str, Any] = {**texts, "status": raw["status"] if raw.get("status") in (OK, FIRST, FAILED) else FAILED}
    new = raw.get("new")
    entries = [_entry(item, found["url"]) for item in new[:NEW_LIMIT] if isinstance(item, dict)] if isinstance(new, list) else []
    seen = raw.get("seen")
    return {
        **found,
        "kind": raw["kind"] if raw.get("kind") in page_entries.KINDS else "",
        "etag": words(raw.get("etag"), 300),
        "last_modified": words(raw.get("last_modified"), 100),
        "new": [entry._asdict() for entry in entries],
        "more": raw["more"] if isinstance(raw.get("more"), int) and 0 <= raw["more"] < 10**6 else 0,
        "seen": [key for key in seen[:SEEN_LIMIT] if isinstance(key, str) and len(key) == 16] if isinstance(seen, list) else [],
    }


def _entry(raw: Mapping[str, Any], url: str) -> Entry:
    published = words(raw.get("published"), 30)
    link = page_entries.link(str(raw.get("link") or ""), url)
    return Entry(words(raw.get("title"), page_entries.TITLE_LIMIT), link, published if seconds(published) is not None else "")


def _write(mirror: Path, results: Sequence[Mapping[str, Any]], now: float) -> None:
    content = json.dumps({"schema": SCHEMA, "written": iso(now), "pages": results}, indent=1)
    write_whole(mirror / NAME, content.encode("ascii") + b"\n")


def _public(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the report is told: without what only the next look needs, and no password in a URL."""
    return {**{key: item[key] for key in ("page", "status", "reason", "looked", "new", "more")}, "url": shown(item["url"])}
