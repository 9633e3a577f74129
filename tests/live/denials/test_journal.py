# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Denials from a real journal, whole and damaged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import needs
import pytest
from denials_lines import BEGIN, avc, totals

from ansible_collections.bottomup.security.plugins.module_utils.checks import denials
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

REMOTE = Path("/lib/systemd/systemd-journal-remote")
BOOT = "f" * 32


def entry(number: int, **fields: str) -> str:
    lines = [
        f"__CURSOR=s=1;i={number:x}", f"__REALTIME_TIMESTAMP={(BEGIN + number) * 1000000}", f"__MONOTONIC_TIMESTAMP={number * 1000000}", f"_BOOT_ID={BOOT}",
        "_MACHINE_ID=" + "e" * 32, "_HOSTNAME=web1",
    ]
    return "\n".join(lines + [f"{key}={value}" for key, value in fields.items()]) + "\n\n"


def audit(number: int, kind: int, name: str, body: str) -> str:
    return entry(number, _TRANSPORT="audit", _AUDIT_TYPE=str(kind), _AUDIT_ID=str(number), _SOURCE_REALTIME_TIMESTAMP=f"{(BEGIN + number) * 1000000}",
                 MESSAGE=f"{name} {body}")


def kernel(number: int, message: str) -> str:
    return entry(number, _TRANSPORT="kernel", SYSLOG_IDENTIFIER="kernel", PRIORITY="5", MESSAGE=message)


def body_of(line: str) -> str:
    return line.split("): ", 1)[1]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    needs.command("journalctl")
    if not REMOTE.exists():
        needs.missing("needs systemd-journal-remote, which writes journals")
    call = "arch=c000003e syscall=2 success=%s exit=0 a0=0 items=1 comm=\"httpd\" exe=\"/usr/sbin/httpd\""
    text = "".join([
        audit(1, 1400, "AVC", body_of(avc(permissive=""))), audit(1, 1300, "SYSCALL", call % "yes"),
        audit(2, 1400, "AVC", body_of(avc())), kernel(2, f"audit: type=1400 audit({BEGIN + 2}.000:2): " + body_of(avc())),
        kernel(3, f'audit: type=1400 audit({BEGIN + 3}.000:3): apparmor="DENIED" operation="open" profile="x" name="/y" pid=1 comm="z" denied_mask="r"'),
        entry(4, _TRANSPORT="syslog", SYSLOG_IDENTIFIER="kernel", MESSAGE=f"audit: type=1400 audit({BEGIN + 4}.000:4): " + body_of(avc())),
        audit(5, 1404, "MAC_STATUS", "enforcing=0 old_enforcing=1 auid=1000 ses=3"),
        *[kernel(number, f"usb 1-1: new device {number}") for number in range(6, 400)],
    ])
    folder = tmp_path / "journal"
    folder.mkdir()
    ran = subprocess.run([REMOTE, "--output", folder / "system.journal", "-"], input=text.encode(), capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return folder


def test_a_journal_is_read_like_an_audit_log(journal):
    result = denials.run({"journal_dir": str(journal), "since": "all"}, Machine())
    # the kernel's message of 2 is a copy; what a user wrote with logger -t kernel (4) is not the kernel's
    assert totals(result) == {
        "records": 4, "events": 4, "denied": 2, "apparmor_denied": 1, "blocked": 2, "allowed": 1, "copies": 1}
    assert result["data"]["window"]["source"] == "journal"
    exes = {group["exe"] for group in result["data"]["groups"]}
    assert "/usr/sbin/httpd" in exes
    assert [(item["rule"], item["severity"]) for item in result["findings"]][0] == ("denials.enforcing_off", "critical")
    assert result["status"] == "findings"


def test_only_the_window_is_asked_for(journal):
    result = denials.run({"journal_dir": str(journal), "since": BEGIN + 3, "until": BEGIN + 4}, Machine())
    assert totals(result) == {"records": 1, "events": 1, "apparmor_denied": 1, "blocked": 1}


def test_lost_records_are_a_gap(journal, tmp_path):
    text = kernel(500, "audit: audit_lost=12 audit_rate_limit=0 audit_backlog_limit=64")
    subprocess.run([REMOTE, "--output", journal / "more.journal", "-"], input=text.encode(), capture_output=True, timeout=60, check=True)
    result = denials.run({"journal_dir": str(journal), "since": "all"}, Machine())
    assert (result["status"], result["data"]["window"]["complete"]) == ("incomplete", False)


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_a_damaged_journal_is_never_ok(journal, damage):
    file = journal / "system.journal"
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[: len(content) // 3])
    else:
        file.write_bytes(content[:300] + b"\xff" * (len(content) - 300))
    result = denials.run({"journal_dir": str(journal), "since": "all"}, Machine())
    assert result["status"] == "incomplete" or totals(result)["records"] == 4


def test_an_empty_folder_is_not_zero_denials(tmp_path):
    needs.command("journalctl")
    result = denials.run({"journal_dir": str(tmp_path), "since": "all"}, Machine())
    assert (result["status"], "no journal" in result["status_reason"]) == ("incomplete", True)
