# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in a real Chromium, from a file: it asks for nothing, complains of nothing, and can be read without its script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import chromium
import needs
import pytest
import sample_fleet
from hostile import TEXTS
from hostile_fleet import run_with

from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import report_html

SIZES = (1, 5, 50, 500)

LONG_NAMES = [f"ip-10-20-{number}-114.eu-central-1.compute.internal.{'production-' * 12}example.com" for number in range(3)] + ["w" * 250]

# What reaches beyond the card or the cell that it stands in.
OUTSIDE = """[...document.querySelectorAll('.name, .command code, h3, dd')].filter(node => node.checkVisibility() &&
  node.getBoundingClientRect().right > node.closest('td, .where, .do, article, details, section').getBoundingClientRect().right + 1
).map(node => node.className + ' ' + node.textContent.slice(0, 40))"""

# Relative luminance and contrast as WCAG 2 has them; the ground is that of the nearest ancestor that has one.
CONTRASTS = """(() => {
  const parts = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const c = parts(getComputedStyle(node).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
  };
  const bad = [];
  for (const node of document.querySelectorAll('body *')) {
    if (![...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()) || !node.checkVisibility()) continue;
    const [a, b] = [light(parts(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) bad.push(node.tagName + ' ' + node.className + ' ' + contrast.toFixed(2));
  }
  return [...new Set(bad)];
})()"""

# What a person with a keyboard or a screen reader needs of the structure.
STRUCTURE = """(() => {
  const bad = [];
  const levels = [...document.querySelectorAll('h1,h2,h3,h4')].map(node => +node.tagName[1]);
  levels.forEach((level, i) => { if (level - (levels[i - 1] || 0) > 1 && i) bad.push('heading ' + i + ' jumps to ' + level); });
  if (document.querySelectorAll('h1').length !== 1) bad.push('not one h1');
  for (const node of document.querySelectorAll('th')) if (!node.scope) bad.push('th without scope');
  for (const node of document.querySelectorAll('section')) {
    if (!document.getElementById(node.getAttribute('aria-labelledby'))) bad.push('section without a name');
  }
  for (const node of document.querySelectorAll('svg')) {
    if (node.getAttribute('aria-hidden') !== 'true' && !node.getAttribute('aria-label')) bad.push('picture without words');
  }
  for (const node of document.querySelectorAll('a[href^="#"]')) {
    if (!document.getElementById(decodeURIComponent(node.hash.slice(1)))) bad.push('link to nowhere ' + node.hash);
  }
  if (document.documentElement.lang !== 'en') bad.push('no language');
  return bad;
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Chromium]:
    needs.command(chromium.NAMES[0])
    with chromium.Chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the address of a page for each size of fleet and for each hostile text."""
    folder = tmp_path_factory.mktemp("pages")
    runs = {str(size): sample_fleet.run(size) for size in SIZES} | {"calm": sample_fleet.calm(3)}
    runs["long"] = sample_fleet.alike(LONG_NAMES, ("libssl", "openssl", "env", "dead", "avc"))
    runs |= {name: run_with([(words, "critical"), ("unit", "low")], words) for name, words in TEXTS.items()}
    for name, run in runs.items():
        Path(folder, f"{name}.html").write_bytes(b"".join(report_html(run)))
    return {name: Path(folder, f"{name}.html").as_uri() for name in runs}


@pytest.mark.parametrize("size", [*map(str, SIZES), "calm"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_it_loads_itself_and_nothing_else_without_a_complaint(browser: chromium.Chromium, pages: dict[str, str], size: str, scripts: bool) -> None:
    browser.look(scripts=scripts)
    browser.open(pages[size])
    assert browser.requests() == [pages[size]]
    assert browser.complaints() == []
    assert browser.evaluate("getComputedStyle(document.querySelector('.finding, .head')).borderTopStyle") == "solid", "the style sheet is refused"


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_do_nothing(browser: chromium.Chromium, pages: dict[str, str], name: str) -> None:
    browser.look()
    browser.open(pages[name])
    assert browser.requests() == [pages[name]]
    assert browser.complaints() == []
    assert not [event for event in browser.events if event.get("method") == "Page.javascriptDialogOpening"]
    assert browser.evaluate("document.querySelectorAll('script, img, iframe, object, embed, [onerror], [onfocus], [style]').length") == 1, (
        "not only our own script"
    )
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
@pytest.mark.parametrize("size", [*map(str, SIZES), "calm", "long"])
def test_it_never_scrolls_sideways_and_nothing_lies_over_something_else(browser: chromium.Chromium, pages: dict[str, str], size: str, width: int) -> None:
    browser.look(width=width)
    browser.open(pages[size])
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(OUTSIDE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["50", "calm"])
def test_every_text_has_enough_contrast(browser: chromium.Chromium, pages: dict[str, str], size: str, scheme: str) -> None:
    browser.look(scheme=scheme)
    browser.open(pages[size])
    browser.evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")
    assert browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    assert browser.evaluate(CONTRASTS) == []


@pytest.mark.parametrize("size", [*map(str, SIZES), "calm"])
def test_its_structure_can_be_followed(browser: chromium.Chromium, pages: dict[str, str], size: str) -> None:
    browser.look(scripts=False)
    browser.open(pages[size])
    assert browser.evaluate(STRUCTURE) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_link_to_a_host_opens_its_details(browser: chromium.Chromium, pages: dict[str, str], scripts: bool) -> None:
    browser.look(scripts=scripts)
    browser.open(pages["50"])
    opened = "document.querySelectorAll('details.host[open]').length"
    assert browser.evaluate(opened) == 0
    browser.evaluate("document.querySelector('.matrix a').click()")
    browser.wait_for("Page.navigatedWithinDocument")
    assert browser.evaluate(opened) == 1
    browser.open("about:blank")
    browser.open(pages["50"] + "#host=web025.example.com")
    assert browser.evaluate("document.querySelector('details.host[open] .hostname').textContent") == "web025.example.com"


def test_one_click_selects_a_command_and_only_that(browser: chromium.Chromium, pages: dict[str, str]) -> None:
    browser.look()
    browser.open(pages["1"])
    place = json.loads(
        browser.evaluate(
            "(() => { const c = document.querySelector('.finding .command code'); c.scrollIntoView(); const r = c.getBoundingClientRect();"
            " return JSON.stringify({x: r.x + 30, y: r.y + 8, text: c.textContent}); })()"
        )
    )
    for kind in ("mousePressed", "mouseReleased"):
        browser.send("Input.dispatchMouseEvent", type=kind, x=place["x"], y=place["y"], button="left", clickCount=1)
    assert browser.evaluate("getSelection().toString()") == place["text"]


def test_print_shows_what_is_folded_on_the_screen(browser: chromium.Chromium, pages: dict[str, str], tmp_path: Path) -> None:
    browser.look(media="print")
    browser.open(pages["5"])
    assert browser.evaluate("document.querySelector('details.host .facts').getBoundingClientRect().height") > 5
    assert browser.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    browser.print(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_a_screenshot_is_not_empty(browser: chromium.Chromium, pages: dict[str, str], tmp_path: Path) -> None:
    browser.look()
    browser.open(pages["5"])
    browser.screenshot(tmp_path / "page.png", whole=True)
    assert (tmp_path / "page.png").stat().st_size > 20_000
