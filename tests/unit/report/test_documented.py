# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/report.md names what the files of a run hold."""

from __future__ import annotations

import json
import re

import conftest

SCHEMAS = conftest.REPOSITORY / "plugins" / "plugin_utils" / "schemas"
PAGE = (conftest.REPOSITORY / "docs" / "report.md").read_text(encoding="utf-8")


def keys(schema: str) -> set[str]:
    return set(json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8"))["properties"])


def test_every_key_of_both_files_stands_in_the_table_with_its_file() -> None:
    table = PAGE.split("## report.json and summary.json")[1].split("\n## ", maxsplit=1)[0]
    named: dict[str, set[str]] = {"both": set(), "`summary.json`": set(), "`report.json`": set()}
    for names, file in re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", table, re.MULTILINE):
        named[file] |= set(re.findall(r"`(\w+)`", names))
    assert named["both"] == keys("run-1") & keys("summary-1")
    assert named["both"] | named["`report.json`"] == keys("run-1")
    assert named["both"] | named["`summary.json`"] == keys("summary-1")
