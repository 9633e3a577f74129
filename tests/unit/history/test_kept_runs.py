# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Old runs are removed from the spool, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.bottomup.security.plugins.plugin_utils import spool

DAY = 86400
NOW = 1795327200.0


def old_run(state: Path, name: str, days: float, *files: str) -> Path:
    path = spool.new_run(state, name)
    for file in ("web1.json.gz", "report.html", "summary.json", ".partial-0123", *files):
        (path / file).write_text("x")
        os.utime(path / file, (NOW - days * DAY,) * 2)
    os.utime(path, (NOW - days * DAY,) * 2)
    return path


def test_runs_are_kept_for_so_many_days(tmp_path: Path) -> None:
    for name, days in (("a", 100), ("b", 91), ("c", 89), ("now", 0)):
        keep = old_run(tmp_path, name, days)
    assert spool.forget_runs(tmp_path, 0, keep, NOW) == []
    assert spool.forget_runs(tmp_path, 90, keep, NOW) == ["a", "b"]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["c", "now"]


def test_what_somebody_keeps_is_never_removed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "web1.json.gz").write_text("x")
    keep = old_run(tmp_path, "given", 100)
    old_run(tmp_path, "newest", 100)
    spool.point_latest(tmp_path, "newest")
    old_run(tmp_path, "with-notes", 100, "notes.odt")
    folder = old_run(tmp_path, "with-folder", 100)
    (folder / "more").mkdir()
    os.utime(folder, (NOW - 100 * DAY,) * 2)
    linking = old_run(tmp_path, "with-link", 100)
    (linking / "link.json").symlink_to(elsewhere / "web1.json.gz")
    os.utime(linking, (NOW - 100 * DAY,) * 2)
    (tmp_path / "runs" / "link").symlink_to(elsewhere)
    (tmp_path / "runs" / "file.json").write_text("x")
    os.utime(tmp_path / "runs" / "file.json", (NOW - 100 * DAY,) * 2)
    assert spool.forget_runs(tmp_path, 90, keep, NOW) == []
    assert (elsewhere / "web1.json.gz").exists()


def test_no_runs_at_all(tmp_path: Path) -> None:
    assert spool.forget_runs(tmp_path / "absent", 90, tmp_path, NOW) == []
