# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two ways to find denials in a log give the same, and only the window is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import needs
import pytest
from denials_lines import BEGIN, avc, syscall, write

from ansible_collections.bottomup.security.plugins.module_utils.checks import denials_reading
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_reading import AUDIT_NEEDLES, BlockReader, GrepReader, reader_of
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_records import audit_stamp
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_tally import Tally
from ansible_collections.bottomup.security.plugins.module_utils.host import logs
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.module_utils.host.window import moment

NOISE = 'type=CWD msg=audit({when}:{serial}):  cwd="/home/joe/and/a/rather/long/path/so/that/the/file/grows"'


def lines_of(count: int) -> list[str]:
    """Return lines of which one in 300 is a denial of one kind or another, some with their call near, far or not at all."""
    lines = []
    for number in range(count):
        when = f"{BEGIN + number}.000"
        lines.append(NOISE.format(when=when, serial=number))
        if number % 300 == 0:
            what = f' name="f{number % 700}" dev="dm-0" ino={number}'
            lines.append(avc(number, when=BEGIN + number, what=what, permissive=["", " permissive=0"][number % 2]))
            if number % 900:
                lines.append(avc(number, when=BEGIN + number, perms="write", permissive=""))
            if number % 600:
                lines.append(syscall(number, when=BEGIN + number, success="yes"))
        if number % 5000 == 17:
            lines.append(f"type=MAC_CONFIG_CHANGE msg=audit({when}:{number}): bool=b val=1 old_val=0 auid=0 ses=1")
            lines.append(f"type=SELINUX_ERR msg=audit({when}:{number}): op=security_bounded_transition seresult=denied oldcontext=u:r:a_t newcontext=u:r:b_t")
            lines.append(f'type=SECCOMP msg=audit({when}:{number}): pid=400 comm="c" exe="/c" sig=31 arch=c000003e syscall=8 compat=0 ip=0x7f code=0x80000000')
    return lines


def told(tally: Tally) -> dict[str, Any]:
    groups = {group.id: (group.count, group.verdicts, group.calls, group.first, group.last) for group in tally.groups.values()}
    return {"totals": tally.totals, "groups": groups, "events": [(when, name) for when, name, _shape in sorted(tally.events, key=lambda event: event[0])]}


def opened(path: Path) -> logs.Log:
    found, problems = logs.open_logs(Machine(), logs.described(Machine(), [os.fsencode(path)]))
    assert problems == []
    return found[0]


def test_grep_finds_what_the_blocks_hold(tmp_path, monkeypatch):
    needs.command("grep")
    monkeypatch.setattr(denials_reading, "SMALL", 1000)
    path = write(tmp_path / "audit.log", *lines_of(40000), avc(99)[:-9], end=b"")
    with opened(path) as log:
        quick, slow = Tally(), Tally()
        reader = reader_of(Machine(), log, 0, log.size)
        assert isinstance(reader, GrepReader)
        reader.feed(quick)
        blocks = BlockReader(log.blocks(), AUDIT_NEEDLES)
        blocks.feed(slow)
    assert told(quick) == told(slow)
    assert quick.totals["denied"] > 200
    assert (reader.unfinished, blocks.unfinished) == (True, True)


def test_dense_and_small_logs_need_no_grep(tmp_path):
    dense = write(tmp_path / "dense.log", *[avc(number) for number in range(30000)])
    small = write(tmp_path / "small.log", *lines_of(100))
    for path in (dense, small):
        with opened(path) as log:
            assert isinstance(reader_of(Machine(), log, 0, log.size), BlockReader)


@pytest.mark.parametrize("grep", [True, False])
def test_only_the_window_is_read(tmp_path, monkeypatch, grep):
    if grep:
        needs.command("grep")
    else:
        monkeypatch.setattr(Machine, "which", lambda self, name: None)
    path = write(tmp_path / "audit.log", *lines_of(120000))
    since, until = BEGIN + 60000, BEGIN + 89999
    with opened(path) as log:
        start, end = log.range(since, until, audit_stamp)
        tally = Tally(since, until)
        reader_of(Machine(), log, start, end).feed(tally)
        assert log.scanned <= log.size / 4 + (1 << 20)
    assert tally.totals["events"] >= 100
    assert (tally.first, tally.last) == (60000 + BEGIN, 89700 + BEGIN)


@pytest.mark.parametrize("name, packed", [
    ("kern.log", b""), ("kern.log.1", b""), ("kern.log.2.gz", b"gz"), ("kern.log-20261122", b""), ("kern.log-20261122.xz", b"xz"), ("kern.log.3.bz2", b"bz2"),
])
def test_rotated_names(tmp_path, name, packed):
    write(tmp_path / "var/log" / name, "x")
    found = logs.rotations(Machine(os.fsencode(tmp_path)), b"/var/log/kern.log")
    assert [(rotation.path, rotation.packed) for rotation in found] == [(f"/var/log/{name}".encode(), packed)]


@pytest.mark.parametrize("name", ["kern.log.swp", "kern.log~", "kern.logs", "kern.log.1.bak", "mkern.log", "kern.log.conf"])
def test_other_names(tmp_path, name):
    write(tmp_path / "var/log" / name, "x")
    assert logs.rotations(Machine(os.fsencode(tmp_path)), b"/var/log/kern.log") == []


def test_a_part_that_is_being_packed_counts_once(tmp_path):
    for name in ("kern.log.1", "kern.log.1.gz"):
        write(tmp_path / "var/log" / name, "x")
    assert [rotation.path for rotation in logs.rotations(Machine(os.fsencode(tmp_path)), b"/var/log/kern.log")] == [b"/var/log/kern.log.1"]


def test_a_pipe_is_no_log(tmp_path):
    (tmp_path / "var/log").mkdir(parents=True)
    os.mkfifo(tmp_path / "var/log/kern.log")
    assert logs.rotations(Machine(os.fsencode(tmp_path)), b"/var/log/kern.log") == []


def test_a_link_that_somebody_else_made_is_not_followed(tmp_path):
    needs.root()
    write(tmp_path / "secret", "x")
    os.symlink(tmp_path / "secret", tmp_path / "a.log")
    os.chown(tmp_path / "a.log", 65534, 65534, follow_symlinks=False)
    machine = Machine(os.fsencode(tmp_path))
    assert logs.open_logs(machine, logs.described(machine, [b"/a.log"]))[0] == []


@pytest.mark.parametrize("value, expected", [
    ("24h", BEGIN - 86400), ("7d", BEGIN - 7 * 86400), ("90m", BEGIN - 5400), ("30s", BEGIN - 30), ("2w", BEGIN - 14 * 86400),
    ("all", None), ("", None), (None, None),
    ("2023-11-14T22:13:20Z", BEGIN), ("2023-11-14T23:13:20+01:00", BEGIN), ("2023-11-14 17:13:20-0500", BEGIN), ("1700000000", BEGIN), (12.5, 12.5),
    ("2023-11-14T22:13Z", BEGIN - 20),
])
def test_moment(value, expected):
    assert moment(value, BEGIN) == expected


@pytest.mark.parametrize("value", ["yesterday", "h", "-3h", "2023-13-01", "2023-11-14T25:00Z", "2023-11-14T22:13:20Z; rm"])
def test_no_moment(value):
    with pytest.raises(ValueError):
        moment(value, BEGIN)
