# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log files as a source: rotations, packed and plain, copies of one another, damage, the window."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os

import pytest
from digest_server import NOW, Server, at, rules, stamp, steady

FAILED = "{when} web1 sshd[12]: Failed password for root from 198.51.100.9 port 4022 ssh2\n"


def failures(start: float, count: int, step: int = 60) -> str:
    return "".join(FAILED.format(when=stamp(start + number * step)) for number in range(count))


@pytest.mark.parametrize("name", ["auth.log", "secure"])
def test_rotations_of_every_kind(server: Server, name: str) -> None:
    """The date in a name is the day of rotation, not of the lines: the window goes by the lines."""
    day = 86400
    server.log(f"/var/log/{name}", failures(NOW - 3600, 3))
    server.log(f"/var/log/{name}.1", failures(NOW - day, 5), NOW - day + 3600)
    server.log(f"/var/log/{name}-20261120", failures(NOW - 2 * day, 7), NOW - 2 * day + 3600)
    server.log(f"/var/log/{name}.2.gz", gzip.compress(failures(NOW - 3 * day, 11).encode()), NOW - 3 * day + 3600)
    server.log(f"/var/log/{name}-20261118.xz", lzma.compress(failures(NOW - 4 * day, 13).encode()), NOW - 4 * day + 3600)
    server.log(f"/var/log/{name}-20261117.bz2", bz2.compress(failures(NOW - 5 * day, 17).encode()), NOW - 5 * day + 3600)
    server.log("/var/log/syslog", steady(NOW - 6 * day, NOW))
    for since, count in (("2h", 3), ("30h", 8), ("2d", 15), ("80h", 26), ("100h", 39), ("6d", 56)):
        result = server.run(since=since)
        assert result["status"] == "ok", result["status_reason"]
        assert result["data"]["logins"]["failed_total"] == count, since
        assert result["data"]["source"] == "files"


def test_window_ends_and_begins_to_the_second(server: Server) -> None:
    server.log("/var/log/auth.log", failures(NOW - 3600, 60))
    result = server.run(since="2026-11-22T11:10:00Z", until="2026-11-22T11:20:00Z")
    assert result["data"]["logins"]["failed_total"] == 11


@pytest.mark.parametrize(("first", "second"), [("auth.log", "secure"), ("syslog", "messages"), ("syslog", "kern.log")])
def test_a_copy_is_not_counted_twice(server: Server, first: str, second: str) -> None:
    """logwatch counts both."""
    lines = failures(NOW - 7200, 100)
    server.log(f"/var/log/{first}", lines)
    server.log(f"/var/log/{second}", lines[lines.index("\n", len(lines) // 2) + 1 :])
    result = server.run()
    assert result["data"]["logins"]["failed_total"] == 100
    assert [one["note"] for one in result["data"]["sources"] if "note" in one] == [f"not read: its lines are those of /var/log/{first}"]


def test_two_logs_that_share_only_some_lines_are_both_read(server: Server) -> None:
    server.log("/var/log/syslog", steady(NOW - 86400, NOW) + failures(NOW - 60, 1))
    server.log("/var/log/auth.log", failures(NOW - 3600, 59))
    assert server.run()["data"]["logins"]["failed_total"] == 60


def test_same_file_through_a_link(server: Server) -> None:
    server.log("/var/log/auth.log", failures(NOW - 7200, 100))
    (server.root / "var/log/secure").symlink_to("auth.log")
    assert server.run()["data"]["logins"]["failed_total"] == 100


def test_damaged_archive(server: Server) -> None:
    packed = gzip.compress(failures(NOW - 80000, 1000).encode())
    server.log("/var/log/auth.log.1.gz", packed[: len(packed) // 2], NOW - 3600)
    server.log("/var/log/syslog", steady(NOW - 86400, NOW))
    result = server.run()
    assert result["status"] == "incomplete"
    assert "auth.log.1.gz: the archive is damaged or cut short" in result["status_reason"]


@pytest.mark.parametrize("behind", [b"garbage", gzip.compress(os.urandom(50_000))[:-20_000]])
def test_lines_before_the_damage_of_an_archive_count(server: Server, behind: bytes) -> None:
    server.log("/var/log/auth.log.1.gz", gzip.compress(failures(NOW - 80000, 100).encode()) + behind, NOW - 3600)
    server.log("/var/log/syslog", steady(NOW - 86400, NOW))
    result = server.run()
    assert result["data"]["logins"]["failed_total"] == 100
    assert "auth.log.1.gz: the archive is damaged or cut short" in result["status_reason"]


def test_archive_that_cannot_be_unpacked(server: Server) -> None:
    server.log("/var/log/auth.log.1.zst", b"(\xb5/\xfd....", NOW - 3600)
    server.log("/var/log/syslog", steady(NOW - 86400, NOW))
    result = server.run()
    assert result["status"] == "incomplete"
    assert "auth.log.1.zst" in result["status_reason"]


def test_nothing_there(server: Server) -> None:
    result = server.run()
    assert result["status"] == "incomplete"
    assert "nothing was looked at" in result["status_reason"]
    assert rules(result) == [("logs_stopped", "logs")]


def test_empty_files(server: Server) -> None:
    server.log("/var/log/syslog", "")
    result = server.run()
    assert result["status"] == "incomplete"
    assert {"path": "/var/log/syslog", "note": "empty", "lines": 0} in result["data"]["sources"]


def test_logs_that_ended(server: Server) -> None:
    server.log("/var/log/syslog", steady(NOW - 90000, NOW - 40000))
    result = server.run()
    assert result["status"] == "incomplete"
    assert "no line of any log from 2026-11-22T00:45:00Z to 2026-11-22T12:00:00Z" in result["status_reason"]
    assert rules(result) == [("logs_stopped", "logs")]


def test_gap_on_a_host_that_was_up(server: Server) -> None:
    server.log("/var/log/syslog", steady(NOW - 90000, NOW - 60000) + steady(NOW - 20000, NOW))
    result = server.run()
    assert result["status"] == "incomplete"
    assert len(result["data"]["gaps"]) == 1
    assert rules(result) == []


def test_no_gap_while_the_host_was_down(server: Server) -> None:
    shutdown = f"{stamp(NOW - 60000)} web1 systemd[1]: Reached target reboot.target - System Reboot.\n"
    boot = f"{stamp(NOW - 20000)} web1 kernel: [    0.000000] Linux version 6.1.0-25-amd64 (debian-kernel@lists.debian.org)\n"
    server.log("/var/log/syslog", steady(NOW - 90000, NOW - 60000) + shutdown + boot + steady(NOW - 19000, NOW))
    result = server.run()
    assert result["status"] == "ok", result["status_reason"]
    assert result["data"]["boots"] == [{"time": "2026-11-22T06:26:40Z", "clean": True}]


def test_unclean_shutdown(server: Server) -> None:
    boot = f"{stamp(NOW - 20000)} web1 kernel: [    0.000000] Linux version 6.1.0-25-amd64 (debian-kernel@lists.debian.org)\n"
    server.log("/var/log/syslog", steady(NOW - 90000, NOW - 21000) + boot + steady(NOW - 19000, NOW))
    assert rules(server.run()) == [("unclean_shutdown", "boot")]


def test_first_boot_is_not_called_unclean(server: Server) -> None:
    """The log begins with the boot: nothing says how the machine went down before."""
    server.dated("/etc/machine-id", NOW - 7200)
    boot = f"{stamp(NOW - 7200)} web1 kernel: [    0.000000] Linux version 6.1.0-25-amd64 (debian-kernel@lists.debian.org)\n"
    server.log("/var/log/syslog", boot + steady(NOW - 7190, NOW))
    result = server.run()
    assert rules(result) == []
    assert [one["clean"] for one in result["data"]["boots"]] == [None]


def test_young_machine_has_no_older_logs(server: Server) -> None:
    server.dated("/etc/machine-id", NOW - 7200)
    server.log("/var/log/syslog", steady(NOW - 7200, NOW))
    assert server.run()["status"] == "ok"


def test_rotated_away(server: Server) -> None:
    """Only the last hours are there of a window of a week."""
    server.log("/var/log/syslog", steady(NOW - 36000, NOW))
    result = server.run(since="7d")
    assert result["status"] == "incomplete"
    assert "no line of any log from 2026-11-15T12:00:00Z" in result["status_reason"]


def test_unreadable_folder(server: Server) -> None:
    (server.root / "var").mkdir(exist_ok=True)
    (server.root / "var/log").write_text("not a folder")
    assert server.run()["status"] == "incomplete"


def test_binary_garbage_nul_and_long_lines(server: Server) -> None:
    garbage = bytes(range(256)) * 40
    lines = steady(NOW - 90000, NOW - 3600).encode() + b"\0" * 5000 + failures(NOW - 3500, 2).encode() + garbage + b"\n" + b"x" * 3000000 + b"\n"
    long_line = f"{stamp(NOW - 3000)} web1 sshd[12]: Failed password for ".encode() + b"a" * 1500000 + b" from 198.51.100.9 port 4022 ssh2\n"
    server.log("/var/log/syslog", lines + long_line + failures(NOW - 1800, 3).encode() + steady(NOW - 900, NOW).encode())
    result = server.run()
    assert result["data"]["logins"]["failed_total"] == 5
    assert 1 <= result["data"]["unparsed"]["total"] <= 60
    assert all(len(sample) < 1100 for sample in result["data"]["unparsed"]["samples"])


def test_last_line_without_an_end_and_carriage_returns(server: Server) -> None:
    server.log("/var/log/syslog", steady(NOW - 90000, NOW) + failures(NOW - 60, 2).replace("\n", "\r\n") + failures(NOW - 30, 1).rstrip())
    assert server.run()["data"]["logins"]["failed_total"] == 3


def test_new_year(server: Server) -> None:
    """The last day of a year, read on the first of the next."""
    server.now = at("2027-01-01 06:00:00")
    server.log("/var/log/syslog", steady(server.now - 90000, server.now))
    server.log("/var/log/auth.log", failures(at("2026-12-31 23:50:00"), 20))
    result = server.run()
    assert result["status"] == "ok", result["status_reason"]
    assert result["data"]["logins"]["failed_by_address"][0]["first"] == "2026-12-31T23:50:00Z"
    assert result["data"]["logins"]["failed_by_address"][0]["last"] == "2027-01-01T00:09:00Z"


@pytest.mark.parametrize("lines_a_day", [3, 60])
def test_log_of_several_years_is_not_taken_for_this_one(server: Server, lines_a_day: int) -> None:
    """A log that is never rotated has this very day three times; only one of them is today."""
    server.log("/var/log/auth.log", failures(at("2024-03-01 00:00:00"), 996 * lines_a_day, 86400 // lines_a_day), NOW)
    result = server.run(since="24h", until="2026-11-22T00:00:00Z")
    assert result["data"]["logins"]["failed_total"] == lines_a_day // 2
    assert server.run(since="all")["data"]["logins"]["failed_by_address"][0]["first"] == "2024-03-01T00:00:00Z"


def test_zone_with_summer_time(server: Server) -> None:
    server.zone("Europe/Berlin")
    server.now = at("2026-10-25 12:00:00")
    line = "Oct 25 {} web1 sshd[12]: Failed password for root from 198.51.100.9 port 4022 ssh2\n"
    server.log("/var/log/auth.log", line.format("02:10:00") + line.format("02:50:00") + line.format("02:20:00") + line.format("03:00:00"))
    hours = {one["hour"]: one["failed"] for one in server.run(gap_hours=100)["data"]["hours"]}
    assert hours == {"2026-10-25T00:00:00Z": 2, "2026-10-25T01:00:00Z": 1, "2026-10-25T02:00:00Z": 1}


def test_time_zone_of_copied_logs(server: Server) -> None:
    server.log("/srv/case/auth.log", "Nov 22 06:00:00 web1 sshd[12]: Failed password for root from 198.51.100.9 port 4022 ssh2\n")
    result = server.run(log_dir="/srv/case", timezone="Asia/Tokyo", since="all")
    assert result["data"]["logins"]["failed_by_address"][0]["first"] == "2026-11-21T21:00:00Z"


def test_a_misspelt_zone_is_not_utc(server: Server) -> None:
    server.log("/srv/case/auth.log", failures(NOW - 900, 1))
    with pytest.raises(ValueError, match="timezone: this host knows no zone 'Asia/Tokio'"):
        server.run(log_dir="/srv/case", timezone="Asia/Tokio", since="all")


def test_a_folder_without_logs_is_said(server: Server) -> None:
    result = server.run(log_dir="/srv/csae", since="all")
    assert result["status"] == "incomplete"
    assert result["status_reason"] == "no file matches /srv/csae/{syslog,messages,auth.log,secure,cron.log,cron,kern.log}*"
    server.log("/srv/case/syslog", "")
    assert "no line of any log" in server.run(log_dir="/srv/case", since="all")["status_reason"]


def test_copied_logs_say_nothing_of_this_server(server: Server) -> None:
    """logwatch --logdir reports this host's disks and packages all the same."""
    server.log("/srv/case/auth.log", failures(NOW - 900, 1))
    server.log("/etc/passwd", "toor:x:0:0::/root:/bin/sh\n")
    server.log("/var/log/dpkg.log", "2026-11-22 06:00:01 install evil:amd64 <none> 1.0\n")
    result = server.run(log_dir="/srv/case", since="all")
    assert result["status"] == "ok", result["status_reason"]
    assert "disks" not in result["data"]
    assert result["data"]["packages"]["installed_total"] == 0


def test_iso_stamps_and_rfc5424(server: Server) -> None:
    server.log(
        "/var/log/auth.log",
        "2026-11-22T11:00:00.123456+01:00 web1 sshd[12]: Failed password for root from 198.51.100.9 port 4022 ssh2\n"
        "<38>1 2026-11-22T11:00:01+00:00 web1 sshd 12 - -  Failed password for root from 198.51.100.9 port 4022 ssh2\n"
        '<38>1 2026-11-22T11:00:02+00:00 web1 sshd 13 ID7 [a@1 b="c d"] Failed password for root from 198.51.100.9 port 4022 ssh2\n',
    )
    result = server.run(gap_hours=100)
    assert result["data"]["logins"]["failed_total"] == 3
    assert result["data"]["hours"][0] == {"hour": "2026-11-22T10:00:00Z", "lines": 1, "accepted": 0, "failed": 1}


def test_repetitions(server: Server) -> None:
    server.log(
        "/var/log/auth.log",
        failures(NOW - 600, 1)
        + f"{stamp(NOW - 500)} web1 last message repeated 4 times\n"
        + f"{stamp(NOW - 400)} web1 sshd[12]: message repeated 5 times: [ Failed password for root from 198.51.100.9 port 4022 ssh2]\n"
        + f"{stamp(NOW - 300)} web1 -- MARK --\n",
    )
    result = server.run(gap_hours=100)
    assert result["data"]["logins"]["failed_total"] == 10
    assert result["data"]["unparsed"]["total"] == 0


def test_clock_set_back(server: Server) -> None:
    server.log("/var/log/syslog", steady(NOW - 90000, NOW - 3600) + failures(NOW - 3600, 5) + failures(NOW - 10800, 5) + steady(NOW - 3000, NOW))
    assert server.run()["data"]["logins"]["failed_total"] == 10


def test_time_is_up(server: Server) -> None:
    server.log("/var/log/auth.log", failures(NOW - 3600, 50))
    result = server.run(time_limit=0.000001)
    assert result["status"] == "incomplete"
    assert "the time was up" in result["status_reason"]


def test_container_without_kernel_lines_was_down(server: Server) -> None:
    """What says when it started is its first process; there is no boot in the log."""
    server.log("/proc/stat", f"cpu 1\nbtime {int(NOW - 900000)}\n")
    server.log("/proc/1/stat", "1 (systemd) S " + " ".join(["0"] * 18) + f" {(900000 - 20000) * os.sysconf('SC_CLK_TCK')} 0\n")
    server.log("/var/log/syslog", steady(NOW - 90000, NOW - 60000) + steady(NOW - 20000, NOW))
    assert server.run()["data"]["gaps"] == []
