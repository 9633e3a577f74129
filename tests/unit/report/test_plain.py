# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.txt: 80 columns, a screenful, nothing that acts in a terminal, commands that can be pasted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import sample_fleet
from hostile import FORBIDDEN, TEXTS
from hostile_fleet import run_with
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils.report.plain import WIDTH, columns, report_text


def text_of(hosts: int) -> str:
    fleet = sample_fleet.run(hosts)
    return report_text(fleet, "/home/ops/.local/state/bottomup-security/runs/20261122T060000Z-3fa1c2/report.html")


@pytest.mark.parametrize("hosts", [1, 5, 12, 50, 500])
def test_no_line_is_wider_than_the_terminal(hosts: int) -> None:
    words = text_of(hosts)
    assert max(columns(line) for line in words.splitlines() if not line.startswith("Page: ")) <= WIDTH
    assert set(words) - {"\n"} <= set(map(chr, range(32, 127)))


def test_the_order_is_verdict_coverage_findings_hosts() -> None:
    words = text_of(12)
    assert words.startswith("Daily security check: 3 critical, 13 high, 8 medium, 3 low on 9 of 12 hosts;\n1 host not checked; ")
    parts = ("Hosts:", "! db2: unreachable", "FINDINGS", "1. CRITICAL", "systemctl restart nginx.service", "HOSTS\n", "Exit reason 10", "Page: ")
    places = [words.index(part) for part in parts]
    assert places == sorted(places)


def test_new_findings_stand_ahead_of_known_ones_as_bad(tmp_path: Path) -> None:
    words = report_text(sample_fleet.write(12, tmp_path, sample_fleet.CHECKS, 2))
    heads = re.findall(r"^ *\d+\. ([A-Z]+)  (NEW: )?", words, re.M)
    assert "FINDINGS, worst and newest first" in words and "FINDINGS, worst first" in text_of(12)
    assert heads[:4] == [("CRITICAL", "NEW: "), ("CRITICAL", ""), ("HIGH", "NEW: "), ("HIGH", "")]


def test_a_big_fleet_is_a_few_screens_and_says_what_it_leaves_out() -> None:
    words = text_of(500)
    assert len(words.splitlines()) < 200
    assert "more hosts, " in words and "of them checked without a finding" in words


def test_many_groups_are_counted_behind_the_first_twenty() -> None:
    words = report_text(run_with([(f"unit{number}", "low") for number in range(90)]))
    assert " 20. LOW" in words and " 21. LOW" not in words and "and 70 more: 70 low" in words


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_do_not_act_and_do_not_widen(name: str) -> None:
    words = report_text(run_with([(TEXTS[name], "critical")], TEXTS[name]))
    assert not FORBIDDEN & set(words.replace("\n", ""))
    assert max(map(columns, words.splitlines())) <= WIDTH
    assert len(words.splitlines()) < 60


COMMANDS = [
    "systemctl restart nginx.service",
    "curl -sS -o /dev/null -w '%{http_code} %{size_download}\\n' -H 'Host: shop.example.com' http://127.0.0.1/.env",
    "apt-get install --only-upgrade " + " ".join(f"package-number-{number}" for number in range(20)),
    "echo \"a  b\" 'c  d' e\\ f " + "x" * 40 + " tail",
]


def pasted(words: str) -> str:
    """Return the one command of a report as a shell would read it."""
    lines = words.splitlines()
    start = next(number for number, line in enumerate(lines) if line.lstrip().startswith("$ "))
    taken = [lines[start].lstrip()[2:]]
    while taken[-1].endswith(" \\"):
        start += 1
        taken.append(lines[start])
    return "\n".join(taken)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_the_same_after_pasting(command: str) -> None:
    read = pasted(report_text(run_with([("unit", "high")], commands=[command]))).replace("\\\n", "")
    assert shlex.split(read) == shlex.split(command)


def test_a_command_that_cannot_be_broken_is_only_named() -> None:
    words = report_text(run_with([("unit", "high")], commands=["echo " + "x" * 300]))
    assert "(a command of 305 characters: see the page)" in words and "xxx" not in words


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60), min_size=1, max_size=12))
def test_any_command_fits_and_is_the_same_after_pasting(words: list[str]) -> None:
    command = shlex.join(words)
    seen = report_text(run_with([("unit", "high")], commands=[command]))
    assert max(map(columns, seen.splitlines())) <= WIDTH
    if "      (a command of" not in seen:
        assert shlex.split(pasted(seen).replace("\\\n", "")) == words


@pytest.mark.parametrize(("count", "shown", "rest"), [(1, 1, ""), (4, 4, ""), (18, 3, "and 15 more pages that could not be looked at")])
def test_without_a_network_the_pages_take_a_few_lines(count: int, shown: int, rest: str) -> None:
    run = run_with([("unit", "low")])
    page = {"status": "failed", "reason": "example.com: its name is not known", "looked": "2026-11-22T06:00:00Z", "new": [], "more": 0, "url": ""}
    run.fleet.told.pages = [{**page, "page": f"page {number}"} for number in range(count)]
    words = report_text(run)
    assert words.count("its name is not known") == shown
    assert rest in words and ("more pages" in words) == bool(rest)
