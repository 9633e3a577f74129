# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was updated since the boot: dpkg's and dnf's own logs, with rotated parts, zones, and lines that somebody else wrote."""

from __future__ import annotations

import calendar
import gzip
import os
from pathlib import Path

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_history
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

NOW = calendar.timegm((2026, 11, 22, 6, 0, 0))
BOOT = calendar.timegm((2026, 11, 1, 0, 0, 0))


def look(root: Path, boot: int = BOOT) -> list[list[object]]:
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc" / "stat").write_text(f"cpu 1 2\nbtime {boot}\n")
    return software_history.in_zone_of(Machine(os.fsencode(root), NOW), software_history.upgrades)


def log(root: Path, name: str, content: bytes, mtime: float = NOW) -> None:
    path = root / "var" / "log" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    os.utime(path, (mtime, mtime))


DPKG = b"""2026-11-13 06:25:01 startup archives unpack
2026-11-13 06:25:01 upgrade libssl3:amd64 3.0.14-1~deb12u1 3.0.15-1~deb12u1
2026-11-13 06:25:02 status half-configured libssl3:amd64 3.0.14-1~deb12u1
2026-11-13 06:25:03 upgrade tzdata:all 2026a-0 2026b-0
2026-11-13 06:25:03 install new:amd64 <none> 1.0
"""


def test_dpkg_in_the_zone_of_the_server(tmp_path: Path) -> None:
    log(tmp_path, "dpkg.log", DPKG)
    at = calendar.timegm((2026, 11, 13, 6, 25, 1))
    assert look(tmp_path) == [["libssl3", "3.0.14-1~deb12u1", at], ["tzdata", "2026a-0", at + 2]]
    (tmp_path / "etc").mkdir()
    # Europe/Berlin in November, as a zone file of its own rule
    (tmp_path / "etc" / "localtime").write_bytes(Path("/usr/share/zoneinfo/Etc/GMT-1").read_bytes())
    assert look(tmp_path)[0] == ["libssl3", "3.0.14-1~deb12u1", at - 3600]


def test_rotated_parts_count_and_what_is_older_than_the_boot_does_not(tmp_path: Path) -> None:
    log(tmp_path, "dpkg.log", b"")
    log(tmp_path, "dpkg.log.1", DPKG, NOW - 86400)
    log(tmp_path, "dpkg.log.2.gz", b"2026-10-30 00:00:00 upgrade a:all 1 2\n2026-11-02 00:00:00 upgrade b:all 1 2\n", NOW - 86400 * 15)
    log(tmp_path, "dpkg.log.3.gz", b"2026-11-02 00:00:00 upgrade c:all 1 2\n", BOOT - 1)
    assert [row[0] for row in look(tmp_path)] == ["b", "libssl3", "tzdata"]


def test_dnf(tmp_path: Path) -> None:
    lines = [
        b"2026-11-13T06:25:01+0100 INFO --- logging initialized ---",
        b"2026-11-13T06:25:09+0100 SUBDEBUG Upgrade: openssl-libs-1:3.0.7-28.el9.x86_64",
        b"2026-11-13T06:25:10+0100 SUBDEBUG Upgraded: openssl-libs-1:3.0.7-27.el9.x86_64",
        b"2026-11-13T05:25:11Z SUBDEBUG Upgraded: python3-dnf-plugin-x-4.3-1.el9.noarch",
    ]
    log(tmp_path, "dnf.rpm.log", b"\n".join(lines) + b"\n")
    at = calendar.timegm((2026, 11, 13, 5, 25, 10))
    assert look(tmp_path) == [["openssl-libs", "1:3.0.7-27.el9", at], ["python3-dnf-plugin-x", "4.3-1.el9", at + 1]]


BAD = {
    "nonsense": b"\0" * 100_000,
    "a day that is none": b"2026-99-99 99:99:99 upgrade a:all 1 2\n",
    "the future": b"2027-11-13 06:25:01 upgrade a:all 1 2\n",
    "half a line": b"2026-11-13 06:25:01 upgrade a:all 1",
    "one endless line": b"2026-11-13 06:25:01 upgrade " + b"a" * 3_000_000,
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_line_of_the_log_is_nothing(case: str, tmp_path: Path) -> None:
    log(tmp_path, "dpkg.log", BAD[case])
    assert look(tmp_path) == []


def test_the_newest_rows_are_kept(tmp_path: Path) -> None:
    lines = [b"2026-11-%02d %02d:%02d:00 upgrade p%d:all 1 2" % (2 + number // 1440, number // 60 % 24, number % 60, number) for number in range(1500)]
    log(tmp_path, "dpkg.log", b"\n".join(lines) + b"\n")
    rows = look(tmp_path)
    assert (len(rows), rows[0][0], rows[-1][0]) == (500, "p1000", "p1499")


def test_no_log_is_no_row(tmp_path: Path) -> None:
    assert look(tmp_path) == []
