# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of announcement pages: RSS, Atom, HTML, and what is made to deceive."""

from __future__ import annotations

import json
import sys
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import page_entries, pages
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds.page_entries import Entry, PageError

URL = "https://example.com/news/"

RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>News</title>
<item><title>nginx-1.31.1 &amp; &lt;b&gt;1.30.2&lt;/b&gt;</title><link>/en/CHANGES</link><pubDate>Sun, 22 Nov 2026 06:00:00 +0100</pubDate></item>
<item><title>second</title><link>https://example.com/2</link></item>
</channel></rss>"""

ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Releases</title>
<entry><id>tag:1</id><title>v8.0.1</title><link rel="alternate" href="https://example.com/8"/><updated>2026-11-21T10:00:00Z</updated></entry></feed>"""

RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<item rdf:about="x"><title>old style</title><link>https://example.com/o</link></item></rdf:RDF>"""

HTML = b"""<!DOCTYPE html><html><head><title>t</title><style>a{}</style></head><body>
<nav><a href="/">Home</a> <a href="/en">en</a></nav>
<h1 id="top">Security <em>advisories</em></h1>
<ul><li><a href="advisory-1">CVE-2026-0001:  buffer\n overread</a></li><li><a href="https://other.example/x">Patch</a></li></ul>
<h2>No anchor</h2><script>var x = "<a href='/s'>script text</a>"</script></body></html>"""

feedparser = pytest.importorskip("feedparser", reason="not run: needs feedparser")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            RSS,
            [Entry("nginx-1.31.1 & 1.30.2", "https://example.com/en/CHANGES", "2026-11-22T05:00:00Z"), Entry("second", "https://example.com/2", "")],
            id="RSS",
        ),
        pytest.param(ATOM, [Entry("v8.0.1", "https://example.com/8", "2026-11-21T10:00:00Z")], id="Atom"),
        pytest.param(RDF, [Entry("old style", "https://example.com/o", "")], id="RDF"),
        pytest.param(b"\xef\xbb\xbf" + ATOM, [Entry("v8.0.1", "https://example.com/8", "2026-11-21T10:00:00Z")], id="Atom with a byte order mark"),
        pytest.param(
            HTML,
            [
                Entry("Home", "https://example.com/", ""),
                Entry("Security advisories", URL + "#top", ""),
                Entry("CVE-2026-0001: buffer overread", URL + "advisory-1", ""),
                Entry("Patch", "https://other.example/x", ""),
                Entry("No anchor", URL, ""),
            ],
            id="HTML: links and headings, no script, no link of two letters",
        ),
    ],
)
def test_entries(data, expected):
    kind, found = page_entries.read(data, URL)
    assert found == expected
    assert kind == ("html" if data is HTML else "feed")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("b", URL + "b"),
        ("//other.example/x", "https://other.example/x"),
        ("javascript:alert(1)", URL),
        ("JaVaScRiPt:alert(1)", URL),
        ("data:text/html,x", URL),
        ("file:///etc/passwd", URL),
        ("https://nginx.org@evil.example/", URL),
        ("https://nginx.org\\@evil.example/", URL),
        ("https://example.com/" + "a" * 600, URL),
        ("https://example.com/a\u202eb", URL),
        ("https://example.com/a b", URL),
        ('https://example.com/"onclick="x', URL),
        ("https://[::1", URL),
        ("", URL),
    ],
)
def test_links_are_safe_to_show_and_to_follow(given, expected):
    assert page_entries.link(given, URL) == expected


def test_titles_are_clean():
    title = "&lt;script&gt;x()&lt;/script&gt;news \u202e of \x07" + "y" * 5000
    (found,) = page_entries.read(f"<rss><channel><item><title>{title}</title><link>javascript:x</link></item></channel></rss>".encode(), URL)[1]
    assert len(found.title) < 230
    assert found.title.isprintable()
    assert "<" not in found.title
    assert found.link == URL


_BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_BOMB, "defines entities"),
        (b"<rss><channel></channel></rss>", "no entry"),
        (b"", "no entry"),
        (b"<html></html>", "no entry"),
        (b"\0\1\2PK", "neither a feed nor HTML"),
        (b'{"a": 1}', "no entry"),
    ],
)
def test_a_page_without_entries_says_so(data, words):
    with pytest.raises(PageError, match=words):
        page_entries.read(data, URL)


def test_without_feedparser_a_feed_says_what_is_missing_and_html_is_read(monkeypatch):
    monkeypatch.setitem(sys.modules, "feedparser", None)
    with pytest.raises(PageError, match="pip install feedparser"):
        page_entries.read(RSS, URL)
    assert page_entries.read(HTML, URL)[0] == "html"


@given(
    st.one_of(
        st.binary(max_size=2000),
        st.lists(st.sampled_from([RSS[:60], b"<item>", b"<title>", b"<a href=", b"'x'", b">", b"</a>", b"<h1>", b"\xff", b"&#x;"])).map(b"".join),
    )
)
@settings(deadline=None, max_examples=100)
def test_no_page_makes_the_reading_fail(data):
    try:
        _kind, found = page_entries.read(data, URL)
    except PageError:
        return
    for entry in found:
        assert entry.title and entry.title.isprintable()
        assert urllib.parse.urlsplit(entry.link).scheme in ("http", "https")


_TEXT = st.text(max_size=20)
_JSON = st.recursive(st.none() | st.booleans() | st.integers() | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=8)


@given(st.dictionaries(st.sampled_from(["page", "url", "status", "reason", "looked", "new", "more", "seen", "kind"]), _JSON, max_size=3), _JSON)
@settings(deadline=None, max_examples=50)
def test_a_hostile_state_becomes_one_of_the_right_types(tmp_path_factory, raw, entry):
    folder = tmp_path_factory.getbasetemp()
    raw = {**raw, "new": [entry, {"title": "a\x1b[31m", "link": "javascript:x", "published": "soon"}]}
    (folder / "pages.json").write_text(json.dumps({"schema": pages.SCHEMA, "pages": [raw]}))
    (found,) = pages.read(folder)
    assert found["status"] in ("ok", "first", "failed")
    assert all(isinstance(found[key], str) for key in ("page", "url", "reason", "looked"))
    assert isinstance(found["more"], int)
    for item in found["new"]:
        assert item["title"].isprintable()
        assert item["published"] == "" or item["published"][:2].isdigit()
        assert not item["link"].startswith("javascript:")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": "x"}', b"[" * 100_000])
def test_a_state_that_cannot_be_read_is_none(content, tmp_path):
    (tmp_path / "pages.json").write_bytes(content)
    assert pages.read(tmp_path) == []
    assert pages.due(tmp_path, [pages.Page("x", URL)], 1e9, 3600)
