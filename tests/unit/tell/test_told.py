# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the entries: the lines of the terminal, and told.json, which may be damaged, forged or of another run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hostile import FORBIDDEN, TEXTS

from ansible_collections.bottomup.security.plugins.plugin_utils.tell.send import FILE, Earlier, Told, earlier, told_json, told_text

FAILED = Told(2, "webhook hooks.example.com", "failure", "failed", "connection refused", None, "abc")
SENT = Told(1, "mail ops@example.com", "always", "sent", "", "2026-11-22T06:00:12Z", "abc")
ASIDE = [
    Told(3, "apprise slack", "new", "not_due", "nothing new"),
    Told(4, "apprise ntfy", "always", "already"),
    Told(5, "mail root", "always", "check_mode", "check mode"),
]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(told_json("r1", [SENT, FAILED]))
    assert earlier(tmp_path) == Earlier("r1", (SENT, FAILED))
    assert earlier(tmp_path).untold("r2") == ["Run r1 could not be told to webhook hooks.example.com: connection refused"]
    assert earlier(tmp_path).untold("r1") == [] == earlier(tmp_path / "nosuch").untold("r1")


DAMAGED = {
    "empty": "",
    "cut": '{"run_id": "r1", "told": [{"entry"',
    "no list": '{"run_id": "r1", "told": 7}',
    "no run": '{"told": []}',
    "unknown key": json.dumps({"run_id": "r1", "told": [{"entry": 1, "channel": "x", "when": "new", "status": "sent", "reason": "", "color": 1}]}),
    "a row that is none": '{"run_id": "r1", "told": ["sent"]}',
    "too large": '{"run_id": "r1", "told": [], "x": "' + "x" * (2 << 20) + '"}',
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_no_file(case: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(DAMAGED[case])
    assert earlier(tmp_path) == Earlier()


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_of_an_earlier_run_acts_on_a_terminal(name: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(told_json(TEXTS[name], [Told(1, TEXTS[name], "always", "failed", TEXTS[name])]))
    read = earlier(tmp_path)
    assert not FORBIDDEN & set("".join([*read.untold("r2"), read.run_id]))
    assert len("".join(read.untold("r2"))) < 2000


def test_lines_of_the_terminal() -> None:
    long = Told(6, "mail " + ", ".join(["a-rather-long-address@mail.example.com"] * 3), "always", "failed", "it answered 554 " + "word " * 30)
    words = told_text([SENT, FAILED, *ASIDE, long])
    assert words.startswith("TOLD\n  mail ops@example.com: sent\n  ! webhook hooks.example.com: failed: connection refused\n")
    assert "  apprise slack: not told: nothing new\n  apprise ntfy: told before\n  mail root: not told: check mode\n" in words
    assert max(map(len, words.splitlines())) <= 80
    assert told_text([]) == ""
