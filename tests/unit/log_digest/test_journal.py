# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as a source: what journalctl prints, what it complains of, what stands in for it where it does not reach."""

from __future__ import annotations

from typing import Any

import pytest
from digest_server import NOW, Server, entry, rules, stamp, steady

from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command

FAILED = "Failed password for root from 198.51.100.9 port 4022 ssh2"


def hum(start: float, end: float, step: int = 1800) -> list[dict[str, Any]]:
    return [entry(when, "CRON", "(root) CMD (true)") for when in range(int(start), int(end), step)]


def test_journal_is_the_source_where_it_reaches(server: Server) -> None:
    server.journal(hum(NOW - 90000, NOW) + [entry(NOW - 60, "sshd", FAILED)])
    server.log("/var/log/auth.log", f"{stamp(NOW - 60)} web1 sshd[1]: {FAILED}\n")
    result = server.run()
    assert result["status"] == "ok", result["status_reason"]
    assert result["data"]["source"] == "journal"
    assert result["data"]["logins"]["failed_total"] == 1


def test_files_for_what_was_before_the_journal(server: Server) -> None:
    """A journal in memory begins with the boot; rsyslog's files have what was before: nothing twice, nothing lost."""
    server.journal(hum(NOW - 7200, NOW) + [entry(NOW - 60, "sshd", FAILED)])
    server.log("/var/log/auth.log", f"{stamp(NOW - 9000)} web1 sshd[1]: {FAILED}\n" + f"{stamp(NOW - 60)} web1 sshd[1]: {FAILED}\n")
    server.log("/var/log/syslog", steady(NOW - 90000, NOW))
    result = server.run()
    assert result["status"] == "ok", result["status_reason"]
    assert result["data"]["source"] == "journal and files"
    assert result["data"]["logins"]["failed_total"] == 2


def test_journal_without_entries_in_the_window(server: Server) -> None:
    server.journal(hum(NOW - 900000, NOW - 800000))
    server.log("/var/log/syslog", steady(NOW - 90000, NOW))
    result = server.run()
    assert result["status"] == "incomplete"
    assert "the journal has no entry in the window" in result["status_reason"]
    assert result["data"]["source"] == "files"


COMPLAINTS = [
    (b"Hint: You are currently not seeing messages from other users and the system.", "without root"),
    (b"Journal file /var/log/journal/0123/system.journal is truncated, ignoring file.", "cut short"),
    (b"Journal file /var/log/journal/0123/system.journal corrupted, ignoring file.", "damaged"),
    (b"No journal files were opened due to insufficient permissions.", "may not be read"),
    (b"Error was encountered while opening journal files: Permission denied", "may not be read"),
]


@pytest.mark.parametrize(("err", "reason"), COMPLAINTS, ids=[reason for _err, reason in COMPLAINTS])
def test_complaint_of_journalctl(server: Server, err: bytes, reason: str) -> None:
    server.journal(hum(NOW - 90000, NOW), err=err + b"\n")
    result = server.run()
    assert result["status"] == "incomplete"
    assert reason in result["status_reason"]
    assert result["data"]["lines"] == 48


def test_journalctl_fails(server: Server) -> None:
    server.journal([], rc=1, err=b"Something else\n")
    result = server.run()
    assert result["status"] == "incomplete"
    assert "exit code 1: Something else" in result["status_reason"]


def test_old_journalctl_without_output_fields(server: Server) -> None:
    server.journal(hum(NOW - 90000, NOW) + [entry(NOW - 60, "sshd", FAILED)])
    answer = server.commands[b"/usr/bin/journalctl"]

    def old(argv: list[bytes]) -> Command:
        if any(word.startswith(b"--output-fields") for word in argv):
            return Command(1, b"", b"journalctl: unrecognized option '--output-fields=MESSAGE'\n", False, False)
        return answer(argv)

    server.commands[b"/usr/bin/journalctl"] = old
    result = server.run()
    assert result["status"] == "ok", result["status_reason"]
    assert result["data"]["logins"]["failed_total"] == 1


@pytest.mark.parametrize(
    ("program", "message", "fields"),
    [
        ("sshd", "Accepted password for root from 8.8.4.4 port 22 ssh2", {"_UID": "1000", "_EXE": "/usr/bin/logger"}),
        ("sshd", "Accepted password for root from 8.8.4.4 port 22 ssh2", {"_UID": "1000", "_EXE": "/home/eve/sshd"}),
        # A user's process whose first thread has ended has no path, one in a mount namespace of its own, or with LD_PRELOAD, any path.
        ("sshd", "Accepted password for root from 8.8.4.4 port 22 ssh2", {"_UID": "1000"}),
        ("sshd", "Accepted password for root from 8.8.4.4 port 22 ssh2", {"_UID": "1000", "_EXE": "/usr/sbin/sshd"}),
        ("kernel", "Out of memory: Killed process 1 (java) total-vm:1kB", {"_UID": "1000", "_EXE": "/usr/bin/logger", "_TRANSPORT": "syslog"}),
        ("useradd", "new user: name=toor, UID=0, GID=0, home=/root", {"_UID": "33", "_EXE": "/usr/bin/perl"}),
    ],
)
def test_forged(server: Server, program: str, message: str, fields: dict[str, str]) -> None:
    server.journal([*hum(NOW - 90000, NOW), entry(NOW - 60, program, message, **fields)])
    result = server.run()
    assert rules(result) == [("forged_messages", "log")]
    assert result["data"]["logins"]["accepted"] == result["data"]["accounts"] == result["data"]["kernel"] == []


@pytest.mark.parametrize("fields", [{"_EXE": "/usr/bin/sudo"}, {}])
def test_sudo_speaks_as_its_user(server: Server, fields: dict[str, str]) -> None:
    line = "   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id"
    server.journal([*hum(NOW - 90000, NOW), entry(NOW - 60, "sudo", line, _UID="1000", **fields)])
    result = server.run()
    assert result["status"] == "ok"
    assert result["data"]["sudo"]["total"] == 1


@pytest.mark.parametrize("fields", [{"_UID": "105", "_EXE": "/usr/sbin/sshd"}, {"_UID": "105"}, {"_UID": "61400", "_EXE": "/usr/sbin/sshd"}])
def test_a_daemon_without_root_speaks_for_itself(server: Server, fields: dict[str, str]) -> None:
    server.journal([*hum(NOW - 90000, NOW), entry(NOW - 60, "sshd", "Failed password for root from 8.8.4.4 port 22 ssh2", **fields)])
    result = server.run()
    assert result["status"] == "ok"
    assert result["data"]["logins"]["failed_total"] == 1


def test_messages_that_are_not_text(server: Server) -> None:
    binary = list(b"Failed password for \xff\x00x from 198.51.100.9 port 4022 ssh2")
    server.journal(
        [
            *hum(NOW - 90000, NOW),
            entry(NOW - 60, "sshd", binary),
            entry(NOW - 50, "sshd", None),
            entry(NOW - 40, "sshd", [FAILED, "again"]),
            entry(NOW - 30, "sshd", 42),
            entry(NOW - 20, "sshd", []),
            entry(NOW - 10, "sshd", {"a": 1}),
        ]
    )
    result = server.run()
    assert result["data"]["logins"]["failed_total"] == 2
    assert result["data"]["logins"]["failed_by_user"][1]["user"] == "\\xff\\x00x"
    assert result["data"]["sources"][0]["too_long"] == 4


def test_lines_that_are_no_entries(server: Server) -> None:
    server.journal(hum(NOW - 90000, NOW))
    answer = server.commands[b"/usr/bin/journalctl"]
    server.commands[b"/usr/bin/journalctl"] = lambda argv: answer(argv)._replace(
        out=answer(argv).out + b"\n[1]\n{\n\xff\xfe\n" + b"[" * 100000 + b'\n"x"\n{"__REALTIME_TIMESTAMP": []}\n'
    )
    result = server.run()
    assert result["data"]["unparsed"]["total"] == 6
    assert result["data"]["lines"] == 48


def test_boots_and_unclean_shutdown(server: Server) -> None:
    up = hum(NOW - 90000, NOW - 40000)
    second = [dict(one, _BOOT_ID="b2", __MONOTONIC_TIMESTAMP=str(1000000 * number)) for number, one in enumerate(hum(NOW - 39000, NOW - 20000))]
    third = [dict(one, _BOOT_ID="b3", __MONOTONIC_TIMESTAMP=str(1000000 * number)) for number, one in enumerate(hum(NOW - 19000, NOW))]
    server.journal([*up, entry(NOW - 39900, "systemd-journald", "Journal stopped"), *second, *third])
    result = server.run()
    assert rules(result) == [("unclean_shutdown", "boot")]
    assert [one["clean"] for one in result["data"]["boots"]] == [True, False]


def test_errors_by_priority(server: Server) -> None:
    server.journal([*hum(NOW - 90000, NOW), *[entry(NOW - number, "app", f"request {number} failed", PRIORITY="3") for number in range(5)]])
    errors = server.run()["data"]["errors"]
    assert [(one["program"], one["count"]) for one in errors] == [("app", 5)]


def test_journal_that_is_kept_in_memory_only(server: Server) -> None:
    server.journal(hum(NOW - 7200, NOW))
    (server.root / "run/log").mkdir(parents=True)
    (server.root / "var/log/journal").rename(server.root / "run/log/journal")
    server.log("/proc/stat", f"cpu 1\nbtime {int(NOW - 7300)}\n")
    server.log("/proc/1/stat", "1 (systemd) S " + " ".join(["0"] * 18) + " 0 0\n")
    result = server.run()
    assert result["status"] == "incomplete"
    assert "in memory only: nothing from before the boot at 2026-11-22T09:58:20Z" in result["status_reason"]


def test_no_journalctl_for_copied_journals(server: Server) -> None:
    result = server.run(journal_dir="/srv/case/journal")
    assert result["status"] == "incomplete"
    assert "journalctl is not installed" in result["status_reason"]
