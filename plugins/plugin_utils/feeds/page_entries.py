# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands on an announcement page: the entries of an RSS or Atom feed, the links and headings of an HTML page."""

from __future__ import annotations

import calendar
import html.parser
import io
import re
import time
import urllib.parse
from typing import Any, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso

from ..advisories.feed import words
from ..advisories.markup import tags_only

KINDS = FEED, HTML = "feed", "html"

TITLE_LIMIT = 200
LINK_LIMIT = 500
ENTRIES_LIMIT = 2000
_SHORTEST = 4  # characters of a link's text: shorter ones are "en", "2", "»"

MISSING = "feedparser is not installed on the controller: pip install feedparser"

_FEED = re.compile(rb"<(rss|feed|rdf:rdf)[\s>]", re.IGNORECASE)
_HEAD = 2048  # bytes within which a feed names itself
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_HEADINGS = ("h1", "h2", "h3", "h4")
# What stands in there is no text of the page.
_SILENT = ("script", "style", "template", "noscript", "svg")


class PageError(Exception):
    """The page cannot be read; the message says why."""


class Entry(NamedTuple):
    """One entry: C(published) is a time such as 2026-11-22T06:00:00Z, empty where the page tells none."""

    title: str
    link: str
    published: str


def read(data: bytes, url: str) -> tuple[str, list[Entry]]:
    """Return what a page that was fetched from C(url) is, FEED or HTML, and its entries in its order. PageError for one that has none."""
    kind = FEED if _FEED.search(data[:_HEAD]) else HTML
    found = _of_feed(data, url) if kind == FEED else _of_html(data, url)
    if not found:
        raise PageError("there is no entry, link or heading on it")
    return kind, found


def link(value: str, url: str) -> str:
    """Return a link of the page at C(url) that is safe to show and to follow; that of the page itself in place of one that is not."""
    value = value.strip()
    try:
        whole = urllib.parse.urljoin(url, value)
        parts = urllib.parse.urlsplit(whole)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and len(whole) <= LINK_LIMIT
    except ValueError:
        good = False
    # A name before an @ is there to deceive; what is not printable ASCII belongs percent-encoded.
    if good and whole.isascii() and whole.isprintable() and not any(sign in whole for sign in " \"'<>`\\"):
        return whole
    return url if url.startswith(("http://", "https://")) and len(url) <= LINK_LIMIT and "@" not in urllib.parse.urlsplit(url).netloc else ""


def _of_feed(data: bytes, url: str) -> list[Entry]:
    try:
        import feedparser
    except ImportError:
        raise PageError(MISSING) from None
    if _ENTITY.search(data):
        raise PageError("it defines entities, which no real feed does")
    # Of a text feedparser would take a URL for something to fetch.
    try:
        parsed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:
        raise PageError(f"it is no feed that can be read ({type(error).__name__})") from None
    found = []
    for raw in list(parsed.get("entries") or [])[:ENTRIES_LIMIT]:
        title = _text(str(raw.get("title") or "")) or _text(str(raw.get("summary") or ""))
        where = link(str(raw.get("link") or ""), url)
        if title:
            found.append(Entry(title, where, _moment(raw.get("published_parsed") or raw.get("updated_parsed"))))
    return found


def _moment(value: Any) -> str:
    """Return a time of feedparser (in UTC) as ours."""
    try:
        return iso(calendar.timegm(value)) if isinstance(value, time.struct_time) else ""
    except (ValueError, OverflowError):
        return ""


def _text(value: str) -> str:
    """Return the words of a title, without markup."""
    reader = _Reader()
    reader.feed(value[: 20 * TITLE_LIMIT])
    reader.close()
    return words(" ".join(reader.all_words), TITLE_LIMIT)


class _Reader(html.parser.HTMLParser):
    """Collects links with their text and headings, and all words outside of scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []  # (text, address)
        self.all_words: list[str] = []
        self._silent = 0
        self._address: str | None = None
        self._link_words: list[str] = []
        self._heading: tuple[str, str] | None = None  # (tag, its anchor)
        self._heading_words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "a":
            self._end_link()
            self._address = dict(attrs).get("href")
        elif tag in _HEADINGS:
            self._end_heading()
            self._heading = (tag, dict(attrs).get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a":
            self._end_link()
        elif self._heading and tag == self._heading[0]:
            self._end_heading()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.all_words.append(data)
        if self._address is not None:
            self._link_words.append(data)
        if self._heading:
            self._heading_words.append(data)

    def finish(self) -> None:
        self.close()
        self._end_link()
        self._end_heading()

    def _end_link(self) -> None:
        if self._address is not None:
            self.found.append((" ".join(self._link_words), self._address))
        self._address, self._link_words = None, []

    def _end_heading(self) -> None:
        if self._heading:
            self.found.append((" ".join(self._heading_words), f"#{self._heading[1]}" if self._heading[1] else ""))
        self._heading, self._heading_words = None, []


def _of_html(data: bytes, url: str) -> list[Entry]:
    if b"\0" in data[:_HEAD]:
        raise PageError("it is neither a feed nor HTML")
    reader = _Reader()
    reader.feed(tags_only(data.decode("utf-8", "replace")))
    reader.finish()
    found: dict[Entry, None] = {}
    for title, address in reader.found:
        line = words(title, TITLE_LIMIT)
        if len(line) >= _SHORTEST and not address.lower().startswith(("javascript:", "data:", "mailto:")):
            found[Entry(line, link(address, url), "")] = None
        if len(found) >= ENTRIES_LIMIT:
            break
    return list(found)
