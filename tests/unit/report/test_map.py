# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The map of the code in docs/development.md has every file, and no file that is not there."""

from __future__ import annotations

import re

import needs

PLUGINS = needs.REPOSITORY / "plugins"
CHECKS = "module_utils/checks"


def mapped() -> set[str]:
    """Return the files that the map names, below plugins/."""
    page = (needs.REPOSITORY / "docs" / "development.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:`([\w/]+)`)? ?\|[^|]*\|([^|]*)\|$", page.partition("## What stands where")[2].partition("\n## ")[0], re.MULTILINE)
    found, place = set(), ""
    for first, words in rows:
        place = first or place
        is_folder = "/" in place or (PLUGINS / place).is_dir()
        if first and not is_folder:
            found.add(f"{CHECKS}/{place}.py")
        found.update(f"{place}/{name}.py" if is_folder else f"{CHECKS}/{place}_{name}.py" for name in re.findall(r"`(\w+)`", words) if name not in NOT_FILES)
    return found


# What else stands in backticks in the rows: options of the checks.
NOT_FILES = ("since", "until")


def test_the_map_names_every_file_and_no_other() -> None:
    folders = ("module_utils/checks", "module_utils/host", "plugin_utils")
    there = {str(path.relative_to(PLUGINS)) for folder in folders for path in (PLUGINS / folder).rglob("*.py") if path.stem != "__init__"}
    orders = {name for name in there if name.startswith("plugin_utils/advisories/versions/")}
    named = mapped()
    assert (sorted(there - orders - named), sorted(named - there)) == ([], [])
