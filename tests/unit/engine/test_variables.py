# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A misspelt variable is told with the one that was meant; those that there are, are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.bottomup.security.plugins.plugin_utils.variables import OTHERS, misspelt

REPOSITORY = Path(__file__).resolve().parents[3]

MISSPELT = {
    "daily_check_fail_one": "daily_check_fail_on",
    "daily_check_max_unreachables": "daily_check_max_unreachable",
    "daily_check_acceptance": "daily_check_accepted",
    "daily_check_statedir": "daily_check_state_dir",
}


@pytest.mark.parametrize("name", MISSPELT)
def test_a_misspelt_variable_is_told(name: str) -> None:
    assert misspelt(["ansible_host", name]) == [f"{name} is no variable of the daily check and changes nothing: is {MISSPELT[name]} meant?"]


def test_one_that_is_like_none() -> None:
    assert misspelt(["daily_check_zzzzzz"]) == ["daily_check_zzzzzz is no variable of the daily check and changes nothing"]


def test_every_variable_of_role_and_playbooks_is_known() -> None:
    files = [*(REPOSITORY / "roles").glob("*/[dtv]*/*.yml"), *(REPOSITORY / "playbooks").glob("*.yml")]
    named = {name for path in files for name in re.findall(r"\bdaily_check_[a-z_]+[a-z]", path.read_text())} - {"daily_check_verdict"}  # a group
    assert misspelt(named) == [] and named >= OTHERS


def test_the_readme_of_the_role_has_every_variable_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(daily_check_\w+)` \| (.+?) \|", (REPOSITORY / "roles/daily_check/README.md").read_text(), re.MULTILINE))
    defaults = yaml.safe_load((REPOSITORY / "roles/daily_check/defaults/main.yml").read_text())
    assert set(defaults) <= set(rows)
    plain = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in defaults.items() if isinstance(value, (bool, int))}
    assert {name: rows[name].strip("`") for name in plain} == plain


# Two tasks of one action: (the one in the daily check, the one alone, options that only the first has, that only the other has, that differ).
TWINS = {
    "feeds": ("refresh", "feeds", {"enforce"}, set(), {"feeds_max_age"}),
    "report": ("report", "merge", {"run_id"}, {"merge", "runs", "now", "rebuild", "accept", "enforce"}, {"expected_hosts", "expected_checks"}),
}


@pytest.mark.parametrize("action", TWINS)
def test_both_tasks_of_an_action_pass_the_same_variables(action: str) -> None:
    """They are written out, so that each can be read; what is added to one may not be forgotten in the other."""
    daily, alone, only_daily, only_alone, different = TWINS[action]
    one, other = (_options_of(action, name) for name in (daily, alone))
    assert (set(one) - set(other), set(other) - set(one)) == (only_daily, only_alone)
    assert {name for name in set(one) & set(other) if one[name] != other[name]} == different


def _options_of(action: str, tasks: str) -> dict[str, object]:
    """Return what a tasks file passes to an action."""
    entries = yaml.safe_load((REPOSITORY / f"roles/daily_check/tasks/{tasks}.yml").read_text())
    [options] = [entry[f"bottomup.security.{action}"] for entry in entries if f"bottomup.security.{action}" in entry]
    return dict(options)
