# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action bottomup.security.advisories_info, run by a real ansible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import advisories_mirror as mirror
import needs
import pytest
from conftest import COLLECTIONS

ALMA = {"id": "almalinux", "version_id": "9.6"}


def ask(place: Path, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """Return what the action answers on a host that nobody may connect to."""
    command = [str(Path(sys.executable).with_name("ansible")), "all", "-i", "192.0.2.1,", "-m", "bottomup.security.advisories_info"]
    command += ["-a", json.dumps({"state_dir": str(place / "state"), **arguments}), *(["--check"] if check else [])]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOME": str(place / "home"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place, env=environment)
    shown = done.stdout.partition("=> ")[2]
    assert shown, done.stdout + done.stderr
    answer: dict[str, Any] = json.JSONDecoder().raw_decode(shown)[0]
    return answer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("info")
    (base / "feeds").mkdir()
    records = [
        mirror.record(
            "ALSA-2026:1", "Low: {{ 7 * 7 }} security update", [mirror.affected("AlmaLinux:9", "nginx-core", "2:1.26.3-1")], related=["CVE-2026-0001"]
        )
    ]
    mirror.osv(base / "feeds", "AlmaLinux", records)
    mirror.osv(base / "feeds", "RubyGems", [mirror.record("GHSA-aaaa-bbbb-cccc", "XSS", [mirror.affected("RubyGems", "rack", "3.0.1")])])
    lock = base / "Gemfile.lock"
    lock.write_text("GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.0)\n    rake (13.0)\n\nDEPENDENCIES\n  rack\n")
    return base


def test_packages_and_a_lock_file(place: Path) -> None:
    packages = [{"name": "nginx-core", "epoch": 2, "version": "1.26.2", "release": "1"}, {"name": "{{ lookup('pipe', 'id') }}", "version": "1", "release": "1"}]
    answer = ask(place, mirror=str(place / "feeds"), documents=[{"os": ALMA, "packages": packages}], files=[str(place / "Gemfile.lock")])
    assert answer["changed"] is False
    assert [row["name"] for row in answer["results"]] == ["documents[0]", str(place / "Gemfile.lock")]
    first, second = (row["findings"][0] for row in answer["results"])
    assert (first["subject"], first["title"]) == ("ALSA-2026:1", "ALSA-2026:1 nginx-core: Low: {{ 7 * 7 }} security update")
    assert (second["subject"], second["remedy"]["commands"]) == ("GHSA-aaaa-bbbb-cccc rack", ["bundle update --conservative rack"])
    assert answer["affected"] == 2
    assert {feed["name"]: feed["problem"] for feed in answer["feeds"]} == {"osv/AlmaLinux": "", "osv/RubyGems": ""}


def test_check_mode_says_the_same(place: Path) -> None:
    arguments: dict[str, Any] = {"mirror": str(place / "feeds"), "files": [str(place / "Gemfile.lock")]}
    plain, checked = ask(place, **arguments), ask(place, check=True, **arguments)
    for answer in (plain, checked):
        for feed in answer["feeds"]:
            del feed["age_hours"]
    assert plain == checked


def test_no_feed_is_incomplete_and_names_the_command(place: Path) -> None:
    answer = ask(place, documents=[{"os": ALMA, "packages": [{"name": "curl", "version": "1", "release": "1"}]}])
    assert (answer["results"][0]["status"], answer["incomplete"]) == ("incomplete", 1)
    assert "ansible-playbook bottomup.security.feeds" in answer["results"][0]["status_reason"]


def test_a_mirror_that_is_not_there_fails(place: Path) -> None:
    answer = ask(place, mirror=str(place / "elsewhere"))
    assert set(answer) == {"changed", "msg"}
    assert answer["msg"].endswith("elsewhere is no folder")


def test_a_real_lock_file_against_the_real_feeds(place: Path) -> None:
    needs.shared_data("advisories/ruby-advisory-db.tar.gz")
    feeds = place / "real"
    feeds.mkdir()
    (feeds / "ruby-advisory-db.tar.gz").symlink_to(needs.shared_data("advisories/ruby-advisory-db.tar.gz"))
    mirror.osv(feeds, "RubyGems", [mirror.record("GHSA-aaaa-bbbb-cccc", "XSS", [mirror.affected("RubyGems", "nothing", "3.0.1")])])
    lock = place / "rails" / "Gemfile.lock"
    lock.parent.mkdir()
    lock.write_bytes(needs.shared_data("advisories/lockfiles/osv-scalibr/gemfilelock/rails.lock").read_bytes())
    (answer,) = ask(place, mirror=str(feeds), files=[str(lock)])["results"]
    subjects = [row["subject"] for row in answer["findings"] if row["rule"] == "software.advisory"]
    assert {"CVE-2022-32224 activerecord", "CVE-2022-30123 rack", "CVE-2026-66066 activestorage"} < set(subjects)
    assert len(subjects) == len(set(subjects)) == answer["data"]["announcements"]
