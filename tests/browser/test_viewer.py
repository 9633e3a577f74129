# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The viewer of a large fleet in a real Chromium: filter, sort, pages, deep links, copy buttons; what a server says stays text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromium
import hostile_fleet
import needs
import pytest
import sample_fleet
from hostile import TEXTS

from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run
from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import report_html

HOSTS = 300

READY = "document.documentElement.dataset.ready"
NAMES = "[...document.querySelectorAll('#viewer tbody th')].map(node => node.textContent)"
STATUS = "document.querySelector('#viewer .pager [role=status]').textContent"
PANE = "(document.querySelector('#viewer .pane') || {textContent: ''}).textContent"

Opened = Callable[..., chromium.Chromium]


@pytest.fixture(scope="module")
def run() -> Run:
    return sample_fleet.run(HOSTS)


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Chromium]:
    needs.command(chromium.NAMES[0])
    with chromium.Chromium() as started:
        yield started


@pytest.fixture(scope="module")
def opened(browser: chromium.Chromium, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Return what opens the page of the large fleet, at a place of it, and waits until the viewer is ready."""
    page = tmp_path_factory.mktemp("viewer") / "report.html"
    page.write_bytes(b"".join(report_html(run)))

    def opening(place: str = "", ready: bool = True, **look: Any) -> chromium.Chromium:
        browser.look(**look)
        browser.open("about:blank")
        browser.open(page.as_uri() + place)
        if ready:
            wait(browser, f"{READY} === '{HOSTS}'")
        return browser

    return opening


def wait(browser: chromium.Chromium, condition: str) -> None:
    """Wait until a condition holds in the page."""
    ticks = f"new Promise(done => {{ const look = () => ({condition}) ? done(true) : setTimeout(look, 20); look(); }})"
    assert browser.evaluate(ticks) is True


def choose(browser: chromium.Chromium, name: str, value: str, event: str = "change") -> None:
    field = f"document.querySelector('#viewer [name={name}]')"
    browser.evaluate(f"{field}.value = {json.dumps(value)}; {field}.dispatchEvent(new Event('{event}'))")


def test_all_hosts_are_there_fifty_a_page(opened: Opened, run: Run) -> None:
    browser = opened()
    seen = []
    for page in range(HOSTS // 50):
        assert browser.evaluate(STATUS) == f"{page * 50 + 1} to {page * 50 + 50} of {HOSTS}"
        seen += browser.evaluate(NAMES)
        browser.evaluate("[...document.querySelectorAll('#viewer .pager button')].at(-1).click()")
    assert seen == [host.name for host in run.fleet.hosts]
    assert browser.evaluate("[...document.querySelectorAll('#viewer .pager button')].at(-1).disabled")
    assert browser.evaluate("document.getElementById('static-matrix')") is None
    assert browser.complaints() == []
    assert [address for address in browser.requests() if not address.startswith("file:")] == []


def test_find_takes_words_of_hosts_and_of_findings(opened: Opened, run: Run) -> None:
    browser = opened()
    choose(browser, "find", "RAILS app", "input")
    wanted = [host.name for host in run.fleet.hosts if "app" in host.name and any("rails" in finding["title"] for finding in host.findings())]
    assert 0 < len(wanted) <= 50
    assert browser.evaluate(NAMES) == wanted
    choose(browser, "find", "no such thing", "input")
    assert browser.evaluate(NAMES) == [] and browser.evaluate(STATUS) == "No host is like this"


@pytest.mark.parametrize(
    ("name", "value", "holds"),
    [
        ("worst", "high", lambda host: host.counts["critical"] + host.counts["high"] > 0),
        ("family", "db", lambda host: host.groups == ["db"]),
        ("state", "unseen", lambda host: host.status != "checked" or any(cell.status == "incomplete" for cell in host.cells.values())),
        ("state", "quiet", lambda host: host.status == "checked" and not host.counts.total()),
        ("state", "new", lambda host: False),
    ],
)
def test_filters(opened: Opened, run: Run, name: str, value: str, holds: Callable[[Any], bool]) -> None:
    browser = opened()
    choose(browser, name, value)
    wanted = [host.name for host in run.fleet.hosts if holds(host)]
    assert browser.evaluate(NAMES) == wanted[:50]
    assert browser.evaluate("location.hash") == f"#{name}={value}"
    again = opened(f"#{name}={value}")
    assert again.evaluate(NAMES) == wanted[:50], "a view that was sent to somebody else"


def test_sorting_by_host_and_by_check(opened: Opened, run: Run) -> None:
    browser = opened()
    click = "document.querySelector('#viewer [data-sort={}]').click()".format
    names = sorted(host.name for host in run.fleet.hosts)
    for direction, wanted in (("ascending", names), ("descending", names[::-1]), ("none", [host.name for host in run.fleet.hosts])):
        browser.evaluate(click("host"))
        assert browser.evaluate("document.querySelector('#viewer [data-sort=host]').closest('th').ariaSort") == direction
        assert browser.evaluate(NAMES) == wanted[:50]
    browser.evaluate(click("software"))
    by_name = {host.name: host for host in run.fleet.hosts}
    worst = [by_name[name].cells["software"].worst for name in browser.evaluate(NAMES)]
    critical = sum(host.looked_at and host.cells["software"].worst == "critical" for host in run.fleet.hosts)
    assert worst == (["critical"] * critical + ["high"] * 50)[:50]


def test_a_deep_link_opens_a_host_and_back_closes_it(opened: Opened, run: Run) -> None:
    host = next(host for host in run.fleet.hosts if host.counts["critical"] and host.looked_at)
    browser = opened(f"#host={host.name}")
    words = browser.evaluate(PANE)
    for finding in host.findings():
        assert finding["title"] in words
        assert all(command in words for command in finding["remedy"]["commands"])
        assert all(piece["text"] in words for piece in finding["evidence"])
    assert browser.evaluate("document.activeElement.className") == "host pane"
    browser.evaluate("document.querySelector('.pane header button').click()")
    wait(browser, "!document.querySelector('.pane')")
    browser.evaluate("history.back()")
    wait(browser, "document.querySelector('.pane')")
    browser.evaluate("document.querySelector('.pane').dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    wait(browser, "!document.querySelector('.pane')")


def test_a_link_to_a_host_that_is_not_there_says_so(opened: Opened) -> None:
    browser = opened("#host=%3Cb%3Enobody")
    assert browser.evaluate("document.querySelector('.lost-host').textContent") == "This run has no host named <b>nobody."


def test_a_host_named_by_a_finding_is_a_link_and_so_are_all_of_them(opened: Opened, run: Run) -> None:
    browser = opened()
    group = next(group for group in run.fleet.groups if len(group.hosts) > 20)
    browser.evaluate(f"document.querySelector('#g-{group.key[3:19]} a.name').click()")
    wait(browser, "document.querySelector('.pane')")
    assert browser.evaluate("document.querySelector('.pane .hostname').textContent") == group.hosts[0]
    browser.evaluate(f"document.querySelector('#g-{group.key[3:19]} .names a.name:last-child').click()")
    wait(browser, f"({STATUS}).endsWith('of {len(group.hosts)}')")


def test_the_copy_button_copies_the_commands(opened: Opened, run: Run) -> None:
    browser = opened()
    browser.send("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    group = next(group for group in run.fleet.groups if group.commands and len(group.commands[0][0]) > 1)
    card = f"document.querySelector('#g-{group.key[3:19]} .copy')"
    browser.evaluate(f"{card}.click()")
    wait(browser, f"{card}.textContent === 'Copied'")
    browser.evaluate("document.querySelector('input').focus(); document.execCommand('paste')")
    assert browser.evaluate("navigator.clipboard.readText()") == "\n".join(group.commands[0][0])


def test_without_scripts_the_groups_and_the_worst_hosts_are_there(opened: Opened, run: Run) -> None:
    browser = opened(ready=False, scripts=False)
    words = browser.evaluate("document.body.innerText")
    assert all(group.title in words for group in run.fleet.groups)
    assert browser.evaluate("document.querySelectorAll('#static-matrix tbody tr').length") == 150
    assert "150 more hosts with less to tell, see report.json" in words and "Without them they are in report.json." in words
    assert browser.evaluate("document.querySelectorAll('button, input, select').length") == 0


def test_slash_goes_to_the_search(opened: Opened) -> None:
    browser = opened()
    for kind in ("keyDown", "keyUp"):
        browser.send("Input.dispatchKeyEvent", type=kind, key="/", code="Slash", text="/" if kind == "keyDown" else "")
    assert browser.evaluate("document.activeElement.name + document.activeElement.value") == "find"


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_it_never_scrolls_sideways(opened: Opened, run: Run, width: int) -> None:
    browser = opened(f"#host={run.fleet.hosts[20].name}", width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_stay_text(browser: chromium.Chromium, tmp_path: Path, name: str) -> None:
    made = hostile_fleet.run_with([(TEXTS[name], "critical"), ("unit", "low")], TEXTS[name], hosts=80, logs=True)
    page = tmp_path / "page.html"
    page.write_bytes(b"".join(report_html(made)))
    browser.look()
    browser.open("about:blank")
    browser.open(page.as_uri() + "#host=web1")
    wait(browser, f"{READY} === '81'")
    assert browser.complaints() == []
    assert [address for address in browser.requests() if not address.startswith(("file:", "about:"))] == []
    assert not [event for event in browser.events if event.get("method") == "Page.javascriptDialogOpening"]
    assert browser.evaluate("document.querySelectorAll('#viewer :is(script, img, iframe, object, embed, [onerror], [onfocus], [style])').length") == 0
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    titles = [finding["title"] for host in made.fleet.hosts if host.name == "web1" for finding in host.findings()]
    words = browser.evaluate(PANE)
    assert all(title in words for title in titles)
