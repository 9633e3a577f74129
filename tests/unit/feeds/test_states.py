# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a mirror and the states of its feeds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import advisories_mirror as mirrors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import manifest, refresh, states

NOW = 1795327200.0  # 2026-11-22 06:00 UTC
HOUR, DAY = 3600.0, 86400.0


def entry(name: str, status: str = "ok", reason: str = "", tried: float = NOW, path: str = "") -> manifest.Entry:
    files = (manifest.File(path, 10, 20, "ab", 3, '"e"', "Sun, 22 Nov 2026 05:00:00 GMT"),) if path else ()
    return manifest.Entry(name, "https://example.com/x", status, reason, tried, NOW, NOW - HOUR, 3, "ab", files)


def aged(mirror: Path, age: float) -> Path:
    """Put a feed of that age into the mirror."""
    path = mirrors.osv(mirror, "AlmaLinux", [mirrors.record("ALSA-1", "x", [])])
    os.utime(path, (NOW - age, NOW - age))
    return path


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    entries = {"osv/AlmaLinux": entry("osv/AlmaLinux", path="osv/AlmaLinux/all.zip"), "kev": entry("kev", "refused", "it is HTML")}
    manifest.write(tmp_path, entries, NOW)
    assert manifest.read(tmp_path) == entries
    assert json.loads((tmp_path / "feeds.json").read_text())["written"] == "2026-11-22T06:00:00Z"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": "other/1", "feeds": []}', b'{"schema": "bottomup.security/feeds/1"}', b"[" * 100_000])
def test_what_is_no_manifest_is_none(content, tmp_path):
    (tmp_path / "feeds.json").write_bytes(content)
    assert manifest.read(tmp_path) == {}


_TEXT = st.text(max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=8
)


@given(st.dictionaries(st.sampled_from(["name", "url", "status", "reason", "tried", "fetched", "modified", "records", "sha256", "files", "x"]), _JSON))
@settings(deadline=None)
def test_a_hostile_entry_becomes_one_of_the_right_types_or_none(raw):
    data = json.dumps({"schema": manifest.SCHEMA, "feeds": [raw, {"name": "good", "status": "ok", "files": [raw]}]}).encode()
    entries = manifest.parse(data)
    assert entries["good"].name == "good"
    for found in entries.values():
        assert found.status in manifest.STATUSES
        assert found.records >= 0
        assert all(isinstance(value, str) and text(value, 5000) == value for value in (found.name, found.url, found.reason, found.sha256))
        assert all(moment is None or isinstance(moment, float) for moment in (found.tried, found.fetched, found.modified))


@pytest.mark.parametrize(
    ("age", "expected", "stale"),
    [
        pytest.param(HOUR, "ok", False, id="an hour old"),
        pytest.param(3 * DAY + 60, "stale", True, id="older than asked for"),
        pytest.param(-HOUR, "ok", False, id="an hour of clock skew"),
        pytest.param(-2 * DAY, "stale", True, id="36 dated in the future"),
    ],
)
def test_a_file_that_nobody_wrote_down_has_its_age(age, expected, stale, tmp_path):
    aged(tmp_path, age)
    (found,) = states.feed_states(tmp_path, NOW, 3 * DAY)
    assert (found.name, found.status, found.stale, found.fetched) == ("osv/AlmaLinux", expected, stale, NOW - age)
    assert bool(found.reason) == (expected != "ok")
    assert found.age == max(0.0, age)


@pytest.mark.parametrize(
    ("status", "age", "tried", "expected", "stale"),
    [
        pytest.param("failed", HOUR, NOW, "failed", False, id="failed, and the last good one is young"),
        pytest.param("failed", 4 * DAY, NOW, "failed", True, id="failed, and the last good one is old"),
        pytest.param("refused", 4 * DAY, NOW, "refused", True, id="refused, and the last good one is old"),
        pytest.param("failed", HOUR, NOW - 2 * HOUR, "ok", False, id="somebody copied a newer one since"),
    ],
)
def test_the_last_try_is_said_and_the_last_good_file_has_its_age(status, age, tried, expected, stale, tmp_path):
    aged(tmp_path, age)
    manifest.write(tmp_path, {"osv/AlmaLinux": entry("osv/AlmaLinux", status, "no route", tried, "osv/AlmaLinux/all.zip")}, NOW)
    (found,) = states.feed_states(tmp_path, NOW, 3 * DAY)
    assert (found.status, found.stale) == (expected, stale)
    assert found.reason == ("no route" if expected != "ok" else "")
    assert found.records == 3


def test_a_feed_that_was_never_had_is_missing_or_says_why(tmp_path):
    manifest.write(tmp_path, {"kev": entry("kev", "failed", "no route"), "epss": entry("epss")}, NOW)
    found = {state.name: state for state in states.feed_states(tmp_path, NOW, DAY)}
    assert [(state.status, state.stale, state.age) for state in found.values()] == [("missing", True, None), ("failed", True, None)]


def test_no_mirror_has_no_feeds(tmp_path):
    assert states.feed_states(tmp_path / "none", NOW, DAY) == []


def test_a_feed_that_nobody_needs_any_more_is_no_trouble_and_goes_after_a_month(tmp_path):
    path = aged(tmp_path, 10 * DAY)
    manifest.write(tmp_path, {"osv/AlmaLinux": entry("osv/AlmaLinux", path="osv/AlmaLinux/all.zip"), "kev": entry("kev")}, NOW)
    refresh.retire(tmp_path, {"kev"}, NOW)
    states_ = {state.name: state for state in states.feed_states(tmp_path, NOW, DAY)}
    assert (states_["osv/AlmaLinux"].status, states_["osv/AlmaLinux"].stale, states_["osv/AlmaLinux"].reason) == ("unneeded", False, "")
    refresh.retire(tmp_path, {"kev"}, NOW + 29 * DAY)
    assert path.exists()
    # A server of that kind comes back: its feed is as old as it is.
    refresh.retire(tmp_path, {"kev", "osv/AlmaLinux"}, NOW + 29 * DAY)
    assert {state.name: state.status for state in states.feed_states(tmp_path, NOW, DAY)}["osv/AlmaLinux"] == "stale"
    refresh.retire(tmp_path, {"kev"}, NOW + 30 * DAY)
    refresh.retire(tmp_path, {"kev"}, NOW + 61 * DAY)
    assert not path.exists()
    assert set(manifest.read(tmp_path)) == {"kev"}


def test_37_a_manifest_that_names_files_of_others_removes_none_of_them(tmp_path):
    other = tmp_path / "precious"
    other.write_text("x")
    hostile = entry("nobody/knows", path="../precious")._replace(retired=NOW - 90 * DAY)
    folder = tmp_path / "feeds"
    folder.mkdir()
    manifest.write(folder, {"nobody/knows": hostile}, NOW)
    refresh.retire(folder, {"kev"}, NOW)
    assert other.exists()
    assert manifest.read(folder) == {}
