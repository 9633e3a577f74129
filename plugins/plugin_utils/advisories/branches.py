# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcements that speak of branches: "16.x and 18.x, fixed in 16.20.2", as PostgreSQL's and Node's own lists do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,2}")


def spec(branches: Mapping[str, str | None]) -> str:
    """Return the ranges of the index for branches with the version that fixes each, None where there is none.

    What is older than all of them is no longer looked at by its makers: C(since) says from where on the silence about a version is an answer.
    """
    ranges = []
    for branch, fixed in branches.items():
        end = ["fixed", fixed] if fixed else ["limit", _next(branch)]
        ranges.append([["introduced", branch], end])
    return json.dumps({"ranges": ranges, "since": min(branches, key=_numbers)} if branches else {"ranges": []})


def pair(affected: Iterable[str], fixed: Iterable[str], width: int = 1) -> dict[str, str | None]:
    """Return each affected branch with its fix; C(width) is how many numbers make a branch."""
    fixes = {branch_of(version, width): version for version in fixed}
    return {branch: fixes.get(branch) for branch in dict.fromkeys([*(branch_of(name, width) for name in affected), *fixes])}


def branch_of(version: str, width: int = 1) -> str:
    """Return the branch of a version: 16 of 16.10. PostgreSQL's before 10 have two numbers, 9.6 of 9.6.24."""
    return ".".join(version.split(".")[:width])


def _next(branch: str) -> str:
    *head, last = branch.split(".")
    return ".".join([*head, str(int(last) + 1)])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
