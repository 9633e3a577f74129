# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issue 2, item 10: a real process for each situation of the matrix, and the verdict of each."""

from __future__ import annotations

import collections
import os
import time
from collections.abc import Iterator
from typing import Any

import needs
import pytest
from restart_situations import SITUATIONS, Situation
from restart_workshop import Workshop

from ansible_collections.bottomup.security.plugins.module_utils.checks.restart import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

Rows = dict[str, dict[str, Any] | str | None]


def _advance(steps: Iterator[int]) -> None:
    for _rest in steps:
        raise AssertionError("a situation yields once")


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    """Set all situations up, let time pass, change them, look once: {situation: its row, None, or why it could not be set up}."""
    needs.root()
    needs.command("gcc")
    with Workshop() as shop:
        running: dict[str, tuple[Iterator[int], int]] = {}
        found: Rows = collections.defaultdict(lambda: None)
        for item in SITUATIONS:
            steps = item.steps(shop, shop.place(item.name))
            try:
                running[item.name] = (steps, next(steps))
            except (pytest.skip.Exception, pytest.fail.Exception) as reason:
                found[item.name] = str(reason)
        time.sleep(3.5)  # more than the tolerance between the start of a process and the time of a file
        for steps, _pid in running.values():
            _advance(steps)
        result = run({}, Machine())
        by_pid = {row["pid"]: row for row in result["data"]["processes"]}
        for name, (_steps, pid) in running.items():
            os.kill(pid, 0)
            found[name] = by_pid.get(pid)
        yield found


@pytest.mark.parametrize("item", SITUATIONS, ids=[item.name for item in SITUATIONS])
def test_situation(rows: Rows, item: Situation) -> None:
    row = rows[item.name]
    if isinstance(row, str):
        needs.missing(row)
    reasons = {file["reason"] for file in row["files"]} if isinstance(row, dict) else set()
    stale = isinstance(row, dict) and row["stale"]
    if item.wanted in (None, "identical", "gone"):
        assert not stale, row
        assert item.wanted is None or reasons == {item.wanted}, row
    else:
        assert stale, row
        assert reasons == {item.wanted}, row
