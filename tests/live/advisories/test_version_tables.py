# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version orders against public tables and against the programs whose order it is."""

from __future__ import annotations

import random
import re
import subprocess
from typing import Any

import needs
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.versions import dpkg, gem, pypi, rpm, semver

TABLES: dict[str, tuple[Any, int]] = {"debian": (dpkg, 30), "redhat": (rpm, 165), "rubygems": (gem, 25), "pypi": (pypi, 37), "semver": (semver, 86)}


def sign(left: Any, right: Any) -> str:
    return "<" if left < right else ">" if right < left else "="


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_public_table(name: str) -> None:
    module, count = TABLES[name]
    lines = needs.shared_data(f"advisories/versions-tests/osv-scalibr-{name}-versions.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith(("#", "//"))]
    wrong = [row for row in rows if sign(module.key(row[0]), module.key(row[2])) != row[1]]
    assert (len(rows), wrong) == (count, [])


def test_every_row_of_rpms_own_table() -> None:
    table = needs.shared_data("advisories/versions-tests/rpm-rpmvercmp.at").read_text()
    rows = re.findall(r"^RPMVERCMP\(([^,]*), ([^,]*), (-?\d)\)", table, re.MULTILINE)
    wrong = [row for row in rows if "=><"[int(row[2])] != sign(rpm.segments(row[0]), rpm.segments(row[1]))]
    assert (len(rows), wrong) == (91, [])


def pairs(alphabet: str, count: int) -> list[tuple[str, str]]:
    """Return pairs of versions that are near each other, always the same ones."""
    dice = random.Random(38)
    made = []
    for _unused in range(count):
        left = "1" + "".join(dice.choice(alphabet) for _unused in range(dice.randint(0, 9)))
        place = dice.randrange(1, len(left) + 1)
        made.append((left, left[:place] + dice.choice(alphabet) + left[place + dice.randint(0, 1) :]))
    return made


def test_dpkg_itself_has_the_same_order() -> None:
    needs.command("dpkg")
    made = [(f"{left}-1", f"{right}-1") for left, right in pairs("0019azB.+~-", 150)]
    wrong = []
    for left, right in made:
        operator = {"<": "lt", ">": "gt", "=": "eq"}[sign(dpkg.key(left), dpkg.key(right))]
        if subprocess.run(["dpkg", "--compare-versions", left, operator, right], check=False).returncode != 0:
            wrong.append((left, operator, right))
    assert not wrong


def test_rpm_itself_has_the_same_order() -> None:
    needs.command("rpm")
    made = pairs("0019azB.+~^_", 2000)
    script = "".join(f'print(rpm.vercmp("{left}", "{right}") .. "\\n") ' for left, right in made)
    printed = subprocess.run(["rpm", "--eval", f"%{{lua: {script}}}"], capture_output=True, text=True, check=True).stdout.split()
    wrong = [(pair, said) for pair, said in zip(made, printed, strict=True) if "=><"[int(said)] != sign(rpm.segments(pair[0]), rpm.segments(pair[1]))]
    assert not wrong
