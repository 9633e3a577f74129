# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of the documentation anew: ``.venv/bin/python tests/browser/picture.py`` (needs Chromium)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import conftest
import sample_fleet
from chromium import Chromium

from ansible_collections.bottomup.security.plugins.plugin_utils.payload import available_checks

IMAGES = conftest.REPOSITORY / "docs" / "images"
HOSTS = 12
LARGE = 500
HUGE = 5000
DAYS = 30

# file -> width and height of the window in CSS pixels, colour scheme, id of the section at the top of the window
PICTURES = {
    "report.png": (1280, 1180, "light", ""),
    "report-dark.png": (1280, 1180, "dark", ""),
    "report-phone.png": (390, 844, "light", ""),
    "report-logs.png": (1280, 960, "light", "logs"),
}

READY = "new Promise(done => { const look = () => document.documentElement.dataset.ready ? done(true) : setTimeout(look, 20); look(); })"


def main() -> None:
    """Write docs/images: the sample fleet with the checks that there are, as the page and as text."""
    checks = [check for check in sample_fleet.CHECKS if check in available_checks()]
    with tempfile.TemporaryDirectory() as folder, Chromium() as browser:
        state = Path(folder)
        sample_fleet.write(HOSTS, state, checks, DAYS)
        for name, (width, height, scheme, section) in PICTURES.items():
            browser.look(width, height, scheme)
            browser.open((state / "latest" / "report.html").resolve().as_uri())
            if section:
                browser.evaluate(f"document.getElementById('{section}').scrollIntoView()")
            browser.screenshot(IMAGES / name)
        sample_fleet.write(LARGE, state / "large", checks, 1)
        browser.look(1280, 960, "dark")
        browser.open((state / "large" / "latest" / "report.html").resolve().as_uri() + "#find=openssl&worst=high")
        browser.evaluate(READY)
        browser.screenshot(IMAGES / "report-viewer.png")
        sample_fleet.write(HUGE, state / "huge", checks, 1)
        browser.open((state / "huge" / "latest" / "report.html").resolve().as_uri())
        browser.evaluate(READY)
        browser.screenshot(IMAGES / "report-5000.png")
        words = (state / "latest" / "report.txt").read_text(encoding="utf-8")
        (IMAGES / "report.txt").write_text("\n".join(line for line in words.splitlines() if not line.startswith("Page: ")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
