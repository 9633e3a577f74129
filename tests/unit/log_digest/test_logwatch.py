# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logwatch's text, split by its marks; its silence is never taken for a clean server."""

from __future__ import annotations

from typing import Any

import pytest
from digest_server import NOW, Server, steady
from needs import shared_data

from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_logwatch import split_sections
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command

OUTPUT = b"""
 ################### Logwatch 7.7 (07/22/22) ####################
        Date Range Processed: yesterday
 ##################################################################

 --------------------- SSHD Begin ------------------------

 Users logging in through sshd:
    deploy:
       203.0.113.7: 2 Times

 **Unmatched Entries**
 frobnicated the quux : 3 Time(s)
 and another

 ---------------------- SSHD End -------------------------

 --------------------- Disk Space Begin ------------------------

 /dev/sda1   20G  3G  17G  15% /
 ---------------------- Disk Space End -------------------------
"""


def run(server: Server, rc: int, out: bytes, err: bytes = b"", **ended: bool) -> dict[str, Any]:
    server.log("/var/log/syslog", steady(NOW - 90000, NOW))
    server.command("/usr/sbin/logwatch", lambda _argv: Command(rc, out, err, ended.get("timed_out", False), ended.get("truncated", False)))
    return server.run(logwatch=True)


def test_sections(server: Server) -> None:
    result = run(server, 0, OUTPUT)
    assert result["status"] == "ok"
    sections = result["data"]["logwatch"]["sections"]
    assert [(one["name"], len(one["lines"]), one["unmatched"]) for one in sections] == [("SSHD", 6, 2), ("Disk Space", 1, 0)]


@pytest.mark.parametrize(
    ("rc", "out", "err", "ended", "reason"),
    [
        (0, b"", b"", {}, "logwatch printed nothing: it cannot be told from nothing read"),
        (0, b" \n\n", b"not understood", {}, "nothing read: not understood"),
        (255, b"", b"Cannot find service", {}, "exit code 255: Cannot find service"),
        (0, b"words without a section\n", b"", {}, "none of its sections"),
        (-9, b"", b"", {"timed_out": True}, "did not end within"),
        (0, OUTPUT, b"", {"truncated": True}, "the rest was not read"),
    ],
)
def test_not_to_be_trusted(server: Server, rc: int, out: bytes, err: bytes, ended: dict[str, bool], reason: str) -> None:
    result = run(server, rc, out, err, **ended)
    assert result["status"] == "incomplete"
    assert reason in str(result["status_reason"])


def test_not_installed(server: Server) -> None:
    server.log("/var/log/syslog", steady(NOW - 90000, NOW))
    assert "logwatch is not installed" in server.run(logwatch=True)["status_reason"]
    assert server.run()["status"] == "ok"


@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("all_services_detail0.txt", [b"System Configuration", b"Network UPS Tools", b"pam_unix", b"SSHD", b"Disk Space"]),
        ("http_detail0.txt", [b"httpd"]),
    ],
)
def test_real_output(name: str, sections: list[bytes]) -> None:
    """The first file was cut: the section "ftpd-messages" has an end only."""
    found = split_sections((shared_data("logwatch") / name).read_bytes())
    assert [section for section, _lines in found] == sections
    assert all(lines for _section, lines in found)
