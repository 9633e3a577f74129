# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import needs
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import settings

DURATIONS = {60: 60, "60": 60, "90s": 90, "2m": 120, "2 min": 120, "1H": 3600}
BAD_DURATIONS: list[object] = [-1, "-5", "", None, True, "5parsecs", "1.5", [], 0, "1000h"]
SIZES = {"256M": 2**28, "256MiB": 2**28, 2**28: 2**28, "1g": 2**30, "65536k": 2**26}
BAD_SIZES: list[object] = ["", None, True, "-1", "1M", "1T", "99999G", {}]
RUN_IDS = ["20261122T060000Z-3fa1c2", "job-17", "a"]
BAD_RUN_IDS = ["../x", "a/b", ".hidden", "a b", "x" * 101, 17, "a\n"]


@pytest.mark.parametrize("given", DURATIONS, ids=str)
def test_duration(given: object) -> None:
    assert settings.timeout(given) == DURATIONS[t.cast(t.Any, given)]


@pytest.mark.parametrize("given", BAD_DURATIONS, ids=repr)
def test_bad_duration_is_told(given: object) -> None:
    with pytest.raises(settings.SettingError, match="daily_check_timeout is "):
        settings.timeout(given)


@pytest.mark.parametrize("given", [1, 900, "900", " 86400 "], ids=repr)
def test_limit_of_the_trip(given: object) -> None:
    assert settings.task_timeout(given) == int(str(given))


@pytest.mark.parametrize("given", ["15m", "1h", 0, 86401, "", None, True, 1.5, "\u0669", -1], ids=repr)
def test_limit_of_the_trip_is_a_number_as_the_keyword_takes_it(given: object) -> None:
    with pytest.raises(settings.SettingError, match="daily_check_task_timeout is "):
        settings.task_timeout(given)


@pytest.mark.parametrize("given", SIZES, ids=str)
def test_size(given: object) -> None:
    assert settings.memory(given) == SIZES[t.cast(t.Any, given)]


@pytest.mark.parametrize("given", BAD_SIZES, ids=repr)
def test_bad_size_is_told(given: object) -> None:
    with pytest.raises(settings.SettingError, match="daily_check_memory is "):
        settings.memory(given)


@pytest.mark.parametrize("given", RUN_IDS)
def test_run_id(given: str) -> None:
    assert settings.run_id(given) == given


@pytest.mark.parametrize("given", BAD_RUN_IDS, ids=repr)
def test_bad_run_id_is_told(given: object) -> None:
    with pytest.raises(settings.SettingError, match="daily_check_run_id is "):
        settings.run_id(given)


def test_own_run_id_is_one_for_the_process() -> None:
    assert settings.run_id() == settings.run_id("") == settings.run_id(None)


CHECKS: dict[str, tuple[object, list[str], list[str], list[str], list[str]]] = {
    "all": ("all", ["all"], [], ["fail2ban", "restart"], []),
    "one": ("restart", ["all"], [], ["restart"], []),
    "text with commas": ("restart, fail2ban", ["all"], [], ["fail2ban", "restart"], []),
    "a tag selects": (["restart", "fail2ban"], ["restart"], [], ["restart"], ["fail2ban"]),
    "a tag skips": (["restart", "fail2ban"], ["all"], ["restart"], ["fail2ban"], ["restart"]),
    "tags of somebody else": ("all", ["deploy"], ["web"], ["fail2ban", "restart"], []),
}


@pytest.mark.parametrize("case", CHECKS.values(), ids=list(CHECKS))
def test_checks(case: tuple[object, list[str], list[str], list[str], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    given, run_tags, skip_tags, enabled, skipped = case
    monkeypatch.setattr(settings, "available_checks", lambda: ["fail2ban", "restart"])
    assert settings.checks(given, run_tags, skip_tags) == (enabled, skipped)


@pytest.mark.parametrize("given", [["nosuch"], "nosuch", 3, {"restart": 1}, [""]], ids=repr)
def test_bad_checks_are_told(given: object) -> None:
    with pytest.raises(settings.SettingError, match="daily_check_checks"):
        settings.checks(given)


def test_state_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert settings.state_dir("") == tmp_path / "bottomup-security"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings.state_dir(None) == tmp_path / ".local" / "state" / "bottomup-security"
    assert settings.state_dir("~/here") == tmp_path / "here"
    monkeypatch.setenv("XDG_STATE_HOME", "here/relative")
    assert settings.state_dir("") == tmp_path / ".local" / "state" / "bottomup-security"


def test_writable_leaves_nothing_but_the_folder(tmp_path: Path) -> None:
    folder = settings.writable(tmp_path / "a" / "b")
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(settings.SettingError, match="cannot be written"):
        settings.writable(Path("/proc/nowhere"))


def test_a_state_folder_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(settings.SettingError, match=r"can be written by anybody: chmod o-w, or name a folder inside of it"):
        settings.writable(tmp_path)
    assert settings.writable(tmp_path / "inside").stat().st_mode & 0o777 == 0o700
    settings.writable(tmp_path, "daily_check_report_dir")  # a folder that others publish from may be theirs
    tmp_path.chmod(0o2770)
    settings.writable(tmp_path)


def test_root_does_not_write_into_the_state_folder_of_a_user(tmp_path: Path) -> None:
    needs.root()
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(settings.SettingError, match=r"belongs to user 12345, and this run is root's: run as that user"):
        settings.writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


TRIPS = {(900, 60, 6): False, (384, 60, 6): False, (383, 60, 6): True, (900, 300, 6): True, (900, 300, 1): False}


@pytest.mark.parametrize("case", TRIPS, ids=str)
def test_a_trip_shorter_than_its_checks_is_warned_of(case: tuple[int, int, int]) -> None:
    assert bool(settings.short_trip(*case)) == TRIPS[case]


STRAY = {
    (): "",
    ("all",): "",
    ("restart",): "",
    ("mine", "restart"): "",
    ("restrat",): "no tag of this run (restrat) is the name of a check: all of them run; is restart meant?",
    ("mine",): "no tag of this run (mine) is the name of a check: all of them run",
}


@pytest.mark.parametrize("tags", STRAY, ids=str)
def test_tags_that_name_no_check_are_warned_of(tags: tuple[str, ...]) -> None:
    assert settings.stray_tags(tags) == STRAY[tags]
