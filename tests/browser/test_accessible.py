# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""axe-core finds nothing on the page, in light and in dark, with everything unfolded, on a phone, and with a host open in the viewer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import axe
import chromium
import needs
import pytest
import sample_fleet

pytestmark = pytest.mark.timeout(300)

SIZES = (12, 100)

READY = "new Promise(done => { const look = () => document.documentElement.dataset.ready ? done(true) : setTimeout(look, 20); look(); })"


@pytest.fixture(scope="module")
def script() -> str:
    needs.command(chromium.NAMES[0])
    return axe.source()


@pytest.fixture(scope="module")
def browser(script: str) -> Iterator[chromium.Chromium]:
    with chromium.Chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """Return the address of a page with a history of three days for each size of fleet."""
    addresses = {}
    for size in SIZES:
        state = tmp_path_factory.mktemp(f"fleet{size}")
        sample_fleet.write(size, state, days=3)
        addresses[size] = Path(state, "latest", "report.html").resolve().as_uri()
    return addresses


def violations(browser: chromium.Chromium, script: str) -> list[list[object]]:
    browser.evaluate(script + "; 1")
    found = json.loads(browser.evaluate(axe.RUN))
    assert found["passes"] > 20, "axe-core looked at nothing"
    return list(found["violations"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_no_violation(browser: chromium.Chromium, script: str, pages: dict[int, str], size: int, scheme: str) -> None:
    browser.look(scheme=scheme)
    browser.open("about:blank")
    browser.open(pages[size] + ("#host=web001.example.com" if size == 100 else ""))
    if size == 100:
        assert browser.evaluate(READY)
        assert browser.evaluate("document.querySelector('.pane .hostname').textContent") == "web001.example.com"
    browser.evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")
    assert violations(browser, script) == []


def test_no_violation_on_a_phone(browser: chromium.Chromium, script: str, pages: dict[int, str]) -> None:
    browser.look(width=390, height=844)
    browser.open("about:blank")
    browser.open(pages[12])
    assert violations(browser, script) == []


def test_axe_sees_what_is_wrong(browser: chromium.Chromium, script: str, pages: dict[int, str]) -> None:
    browser.look()
    browser.open("about:blank")
    browser.open(pages[12])
    browser.evaluate("document.querySelector('h1').style.color = '#eee'; document.querySelector('main').append(document.createElement('input'))")
    assert {rule[0] for rule in violations(browser, script)} >= {"color-contrast", "label"}
