# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far back the log checks of a host look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso, result
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect
from ansible_collections.bottomup.security.plugins.plugin_utils.windows import move_on, with_windows

NOW = 1795327200  # 2026-11-22T06:00:00Z
DAY = 86400
CHECKS = ("fail2ban", "log_digest", "restart")


def looked(state: Path, days_ago: float, host: str = "web1", clock: float | None = 0, **answers: Any) -> None:
    """Take in a run of so long ago; ``clock`` is how far the host's clock is off, None where it told no time."""
    when = NOW - days_ago * DAY
    facts = {} if clock is None else {"clock": iso(when + clock)}
    answer = {"facts": facts, "checks": {check: answers.get(check, result()) for check in CHECKS}}
    document = accept_answer(answer, host=host, groups=[], run_id="r", expected_checks=CHECKS, started=iso(when), ended=iso(when + 3))
    move_on(collect([document], run_id="r", expected_hosts=[host], expected_checks=CHECKS).hosts, state)


def since(state: Path, host: str = "web1", **options: Any) -> dict[str, Any]:
    chosen = with_windows(options, CHECKS, host, state, NOW)
    return {check: value.get("since") for check, value in chosen.items()}


def both(time: str) -> dict[str, str]:
    return {"fail2ban": time, "log_digest": time}


# how long ago the last complete check was, in days -> since when the next one looks; {} is its own 24 hours
AGO: dict[float, dict[str, str]] = {
    0.01: {},
    0.99: {},
    1.01: both("2026-11-21T05:45:36Z"),
    3: both("2026-11-19T06:00:00Z"),
    6.9: both("2026-11-15T08:24:00Z"),
    7.5: both("2026-11-15T06:00:00Z"),
    90: both("2026-11-15T06:00:00Z"),
    -5: {},
}


@pytest.mark.parametrize("days", AGO)
def test_since_the_last_complete_check(days: float, tmp_path: Path) -> None:
    looked(tmp_path, days)
    assert since(tmp_path) == AGO[days]
    assert since(tmp_path, "web2") == {}, "another host has its own"


def test_no_check_before(tmp_path: Path) -> None:
    assert since(tmp_path) == {}


@pytest.mark.parametrize("status", ["incomplete", "error", "timeout", "skipped"])
def test_a_check_that_did_not_see_all_moves_nothing(status: str, tmp_path: Path) -> None:
    looked(tmp_path, 3)
    bad = {"status": status, "status_reason": "because", "findings": [], "data": {}}
    looked(tmp_path, 2, log_digest=bad)
    assert since(tmp_path) == {"fail2ban": "2026-11-20T06:00:00Z", "log_digest": "2026-11-19T06:00:00Z"}


def test_an_older_run_that_comes_late_moves_nothing_back(tmp_path: Path) -> None:
    looked(tmp_path, 2)
    looked(tmp_path, 4)
    assert since(tmp_path) == both("2026-11-20T06:00:00Z")


def test_what_the_user_says_stays(tmp_path: Path) -> None:
    looked(tmp_path, 3)
    given = {"fail2ban": {"since": None}, "log_digest": {"top": 3}, "restart": {"x": 1}}
    chosen = with_windows(given, CHECKS, "web1", tmp_path, NOW)
    assert chosen == {"fail2ban": {"since": None}, "log_digest": {"top": 3, "since": "2026-11-19T06:00:00Z"}, "restart": {"x": 1}}
    assert given["log_digest"] == {"top": 3}


@pytest.mark.parametrize(("clock", "time"), [(-600, "2026-11-19T05:50:00Z"), (600, "2026-11-19T06:10:00Z"), (-9 * DAY, None), (9 * DAY, None), (None, None)])
def test_by_the_clock_of_the_host_where_it_can_be_believed(clock: float | None, time: str | None, tmp_path: Path) -> None:
    looked(tmp_path, 3, clock=clock)
    assert since(tmp_path) == both(time or "2026-11-19T06:00:00Z")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"web1": 5}', b'{"web1": {"fail2ban": "x", "log_digest": null}}', b"[" * 100000])
def test_a_damaged_file_means_no_check_before_and_heals(content: bytes, tmp_path: Path) -> None:
    looked(tmp_path, 3)
    (path,) = (tmp_path / "windows").iterdir()
    path.write_bytes(content)
    assert since(tmp_path) == {}
    looked(tmp_path, 2)
    assert since(tmp_path) == both("2026-11-20T06:00:00Z") and json.loads(path.read_bytes())["web1"]


def test_a_folder_that_cannot_be_made_hinders_nothing(tmp_path: Path) -> None:
    (tmp_path / "windows").write_text("in the way")
    looked(tmp_path, 3)
    assert since(tmp_path) == {}


def test_other_checks_read_nothing(tmp_path: Path) -> None:
    looked(tmp_path, 3)
    assert with_windows({}, ("restart",), "web1", tmp_path, NOW) == {}


def disks(used: int) -> dict[str, Any]:
    return result(data={"disks": [{"mount": "/", "used_bytes": used}, {"mount": 7, "used_bytes": "much"}]})


def previous(state: Path) -> Any:
    return with_windows({}, CHECKS, "web1", state, NOW).get("log_digest", {}).get("previous")


def test_the_growth_of_disks_is_told_from_a_state_that_is_a_day_old(tmp_path: Path) -> None:
    """Two runs in a row leave the older state: an hour's growth is no day's."""
    assert previous(tmp_path) is None
    looked(tmp_path, 1.1, log_digest=disks(100))
    before = {"time": int(NOW - 1.1 * DAY), "used_bytes": {"/": 100}}
    assert previous(tmp_path) == before
    looked(tmp_path, 1.0, log_digest=disks(400))
    assert previous(tmp_path) == before
    looked(tmp_path, 0.1, log_digest=disks(500))
    assert previous(tmp_path) == {"time": int(NOW - 0.1 * DAY), "used_bytes": {"/": 500}}
    looked(tmp_path, 0.05)
    assert previous(tmp_path)["used_bytes"]["/"] == 500, "a run that does not tell it leaves what is known"


def test_what_the_user_says_about_disks_stays(tmp_path: Path) -> None:
    looked(tmp_path, 1, log_digest=disks(100))
    assert with_windows({"log_digest": {"previous": {"time": 1}}}, CHECKS, "web1", tmp_path, NOW)["log_digest"]["previous"] == {"time": 1}
