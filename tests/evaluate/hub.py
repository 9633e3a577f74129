# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests of the CrowdSec hub (MIT): one log each, and the addresses that its scenarios must raise an alert for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

# A folder without expectations tests a parser: nothing is known about who in it is an attacker.
_SOURCE = re.compile(r'^"([0-9a-f.:]+)" in results\[', re.MULTILINE)


class Case(NamedTuple):
    name: str
    log: Path
    attackers: frozenset[str]
    expects_none: bool


def cases(folder: Path) -> list[Case]:
    """Return the cases below the hub's folder of tests."""
    found = []
    for log in sorted(folder.glob("*/*.log")):
        assertion = log.parent / "scenario.assert"
        words = assertion.read_text(encoding="utf-8") if assertion.exists() else ""
        attackers = frozenset(_SOURCE.findall(words))
        found.append(Case(log.parent.name, log, attackers, "len(results) == 0" in words))
    return found
