# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcement pages on a real nginx: what is new since the last look, and what is said where there is no page."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import feeds_server
import needs
import pytest
from feeds_server import Server

from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import pages, web

needs.command("nginx", "openssl")
pytest.importorskip("feedparser", reason="not run: needs feedparser")

NOW = 1795327200.0  # 2026-11-22 06:00 UTC


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with feeds_server.running(tmp_path_factory.mktemp("nginx")) as server:
        yield server


Look = Callable[..., dict[str, Any]]


@pytest.fixture
def look(tmp_path: Path, nginx: Server, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Return a function that looks at one page below the server's mirror and returns what is new."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def run(path: str, place: str = "mirror") -> dict[str, Any]:
        nginx.forget()
        url = path if path.startswith(("/", "http")) else f"{nginx.url(place)}/{path}"
        (found,) = pages.look(web.Web(), tmp_path, [pages.Page("page", url)], NOW, time.monotonic() + 60)
        assert pages.read(tmp_path) == [found]
        return found

    return run


def rss(*titles: str, dated: str = "Sun, 22 Nov 2026 05:00:00 GMT") -> str:
    items = "".join(f"<item><title>{title}</title><link>https://example.com/{title}</link><pubDate>{dated}</pubDate></item>" for title in titles)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>n</title>{items}</channel></rss>'


def html(*titles: str) -> str:
    return "<html><body>" + "".join(f'<p><a href="/{title}">{title}</a></p>' for title in titles) + "</body></html>"


def put(nginx: Server, name: str, content: str, second: int = 0) -> None:
    """Write a page; nginx tells two states apart by size and second."""
    (nginx.mirror / name).write_text(content)
    os.utime(nginx.mirror / name, (1e9 + second, 1e9 + second))


def titles(found: dict[str, Any]) -> list[str]:
    return [entry["title"] for entry in found["new"]]


def test_a_feed_tells_what_is_new_since_the_last_look(nginx, look):
    put(nginx, "a.rss", rss("one", "two", dated="Sun, 01 Nov 2026 05:00:00 GMT"))
    first = look("a.rss")
    assert (first["status"], titles(first)) == ("first", [])
    assert "2 entries are noted" in first["reason"]
    put(nginx, "a.rss", rss("three", "one", "two"), 1)
    found = look("a.rss")
    assert (found["status"], found["reason"]) == ("ok", "")
    assert found["new"] == [{"title": "three", "link": "https://example.com/three", "published": "2026-11-22T05:00:00Z"}]
    again = look("a.rss")
    assert [request.status for request in nginx.requests()] == [304]
    assert (again["status"], titles(again)) == ("ok", [])


def test_the_first_look_tells_what_is_dated_of_this_week(nginx, look):
    put(nginx, "b.rss", rss("fresh"))
    assert titles(look("b.rss")) == ["fresh"]


def test_html_tells_new_links(nginx, look):
    put(nginx, "c.html", html("advisory-1", "advisory-2"))
    assert titles(look("c.html")) == []
    put(nginx, "c.html", html("advisory-3", "advisory-1", "advisory-2"), 1)
    found = look("c.html")
    assert titles(found) == ["advisory-3"]
    assert found["new"][0]["link"] == f"http://127.0.0.1:{nginx.port}/advisory-3"


@pytest.mark.parametrize(("place", "words"), [("outage", "answers 503"), ("gone", "answers 404"), ("cut", "the answer was cut")])
def test_a_page_that_cannot_be_had_is_said_and_what_came_meanwhile_is_new_later(place, words, nginx, look, tmp_path):
    url = f"{nginx.url()}/d.html"
    put(nginx, "d.html", html("advisory-1", "advisory-2"))
    look("d.html")
    put(nginx, "d.html", html("advisory-3", "advisory-1", "advisory-2"), 1)
    kept = json.loads((tmp_path / "pages.json").read_text())
    kept["pages"][0]["url"] = url.replace("/mirror/", f"/{place}/")
    (tmp_path / "pages.json").write_text(json.dumps(kept))
    found = look("d.html", place)
    assert (found["status"], titles(found)) == ("failed", [])
    assert words in found["reason"]
    kept = json.loads((tmp_path / "pages.json").read_text())
    kept["pages"][0]["url"] = url
    (tmp_path / "pages.json").write_text(json.dumps(kept))
    assert titles(look("d.html")) == ["advisory-3"]


def test_an_html_page_in_place_of_a_feed_is_no_feed(nginx, look):
    put(nginx, "e.rss", rss("one"))
    look("e.rss")
    put(nginx, "e.rss", html("login"), 1)
    found = look("e.rss")
    assert (found["status"], found["reason"]) == ("failed", "an HTML page came in place of the feed")
    put(nginx, "e.rss", rss("two", "one"), 2)
    assert titles(look("e.rss")) == ["two"]


def test_another_page_under_the_same_address_is_no_flood_of_news(nginx, look):
    put(nginx, "f.html", html("one one", "two two"))
    look("f.html")
    put(nginx, "f.html", html("Sorry, maintenance"), 1)
    found = look("f.html")
    assert (found["status"], titles(found)) == ("first", [])
    assert "another page, or a new design" in found["reason"]
    put(nginx, "f.html", html("three three", "one one", "two two"), 2)
    assert titles(look("f.html")) == ["three three"]


def test_many_news_are_capped_and_counted(nginx, look):
    put(nginx, "g.html", html("start"))
    look("g.html")
    put(nginx, "g.html", html("start", *(f"advisory-{number}" for number in range(60))), 1)
    found = look("g.html")
    assert (len(found["new"]), found["more"]) == (50, 10)


def test_a_page_above_the_limit(nginx, look):
    put(nginx, "h.html", html("x" * (pages.PAGE_LIMIT + 1)))
    assert look("h.html")["reason"].endswith("has more than 4 MB")


def test_a_page_of_a_folder(look, tmp_path):
    (tmp_path / "page.html").write_text(html("advisory-1"))
    assert look(str(tmp_path / "page.html"))["status"] == "first"
    assert look(str(tmp_path / "none.html"))["status"] == "failed"


def test_pages_are_looked_at_side_by_side_and_one_bad_one_hurts_no_other(nginx, tmp_path):
    put(nginx, "i.html", html("advisory-1"))
    several = [pages.Page("good", f"{nginx.url()}/i.html"), pages.Page("bad", "http://127.0.0.1:1/"), pages.Page("worse", "http://[")]
    found = pages.look(web.Web(), tmp_path, several, NOW, time.monotonic() + 60)
    assert [page["status"] for page in found] == ["first", "failed", "failed"]
    assert not pages.due(tmp_path, several, NOW + 60, 3600)
    assert pages.due(tmp_path, several, NOW + 7200, 3600)
    assert pages.due(tmp_path, [*several, pages.Page("new", "https://example.com/")], NOW + 60, 3600)
