# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the records of denials are looked for, and what is said of the part of the window that is not there."""

from __future__ import annotations

import os

from denials_lines import BEGIN, NOW, avc, server, write

from ansible_collections.bottomup.security.plugins.module_utils.checks import denials

AUDIT = "var/log/audit/audit.log"


def test_window_counts_only_what_is_inside(tmp_path):
    write(tmp_path / "a.log", *[avc(number, when=BEGIN + number) for number in range(1000)])
    result = denials.run({"since": BEGIN + 100, "until": BEGIN + 199, "audit_logs": ["/a.log"]}, server(tmp_path))
    assert result["data"]["totals"]["denied"] == 100


def test_files_older_than_the_window_are_not_opened(tmp_path):
    old = write(tmp_path / (AUDIT + ".1"), avc(1, when=BEGIN - 200000))
    os.utime(old, (NOW - 190000, NOW - 190000))
    write(tmp_path / AUDIT, avc(2))
    result = denials.run({"since": "24h"}, server(tmp_path))
    assert [file["path"] for file in result["data"]["window"]["files"]] == ["/var/log/audit/audit.log"]
    assert result["data"]["totals"]["denied"] == 1


def test_the_path_of_auditd_conf_is_used(tmp_path):
    write(tmp_path / "etc/audit/auditd.conf", "# log_file = /no", "log_file = /data/audit/a.log", "num_logs = 5")
    write(tmp_path / "data/audit/a.log", avc(2))
    assert denials.run({}, server(tmp_path))["data"]["totals"]["denied"] == 1


def test_rotated_away_before_the_window_began(tmp_path):
    write(tmp_path / AUDIT, avc(1), avc(2))
    write(tmp_path / "proc/stat", f"btime {BEGIN - 900000}")
    result = denials.run({"since": "24h"}, server(tmp_path))
    assert result["status"] == "incomplete"
    assert result["data"]["window"]["gaps"] == ["rotated away before 2023-11-14T22:14:20Z"]


def test_a_log_that_auditd_began_in_the_window_lacks_nothing(tmp_path):
    write(tmp_path / AUDIT, f"type=DAEMON_START msg=audit({BEGIN}.000:1): op=start ver=3.0", avc(2))
    write(tmp_path / "proc/stat", f"btime {BEGIN - 900000}")
    assert denials.run({"since": "24h"}, server(tmp_path))["status"] == "findings"


def test_no_file_for_a_pattern(tmp_path):
    result = denials.run({"audit_logs": ["/none*.log"]}, server(tmp_path))
    assert (result["status"], "no file matches /none*.log" in result["status_reason"]) == ("incomplete", True)


def test_nothing_enabled_is_not_applicable(tmp_path):
    assert denials.run({}, server(tmp_path))["status"] == "not_applicable"


def test_enabled_and_no_log_is_incomplete(tmp_path):
    write(tmp_path / "sys/fs/selinux/enforce", "1", end=b"")
    assert denials.run({}, server(tmp_path))["status"] == "incomplete"
