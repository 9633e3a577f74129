# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mapped files are stale: cases 1 to 13 and 16 of the check restart, on a made-up /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from restart_server import BOOT, NOW, Server, elf

from ansible_collections.bottomup.security.plugins.module_utils.checks import restart_elf, restart_names
from ansible_collections.bottomup.security.plugins.module_utils.checks.restart_maps import parse

LIBRARY = "/usr/lib/libsample.so.1"


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def deleted(server: Server, name: str | bytes, content: bytes = elf(b"old"), pid: int = 10) -> list[str]:
    """Return the reasons for a process with one deleted file mapped as code."""
    server.process(pid, server.line(os.fsencode(name) + b" (deleted)", 999999))
    server.running(pid, content)
    return server.reasons(pid)


def test_case_1_executable_replaced(server: Server) -> None:
    server.write("/usr/sbin/daemon", elf(b"new"))
    server.process(10, server.line("/usr/sbin/daemon (deleted)", 999999), exe="/usr/sbin/daemon (deleted)")
    server.running(10, elf(b"old"))
    server.link("/proc/10/exe", "/usr/sbin/daemon (deleted)")
    assert server.reasons(10) == ["replaced"]


def test_case_1_packed_executable_is_known_by_its_link_alone(server: Server) -> None:
    server.process(10, server.line("[anon]", 0), exe="/opt/packed/daemon (deleted)")
    assert server.reasons(10) == ["removed"]


@pytest.mark.parametrize(("name", "installed", "wanted"), [
    (LIBRARY, True, ["replaced"]),
    (LIBRARY, False, ["removed"]),
    ("/opt/app/x.so", False, ["removed"]),
    ("/var/lib/app/x.so", True, ["replaced"]),
    ("/var/lib/app/x.so", False, ["gone"]),
    ("/home/alice/x.so", False, ["gone"]),
])
def test_case_2_deleted_by_the_kernel(server: Server, name: str, installed: bool, wanted: list[str]) -> None:
    if installed:
        server.write(name, elf(b"new"))
    assert deleted(server, name) == wanted


@pytest.mark.parametrize("permissions", ["r--p", "rw-p", "rw-s", "---p"])
def test_case_3_data_never_counts(server: Server, permissions: str) -> None:
    server.process(10, server.line(LIBRARY + " (deleted)", 999999, permissions))
    assert server.reasons(10) == []


def test_case_3_open_files_never_count(server: Server) -> None:
    server.process(10)
    server.link("/proc/10/fd/1", "/opt/app/plugin.so (deleted)")
    assert server.reasons(10) == []


PSEUDO = ["/memfd:jit", "/SYSV00000000", "/dev/zero", "/dev/shm/x", "/[aio]", "/anon_hugepage", "/drm mm object", "/i915", "/proc/kmsg", "//anon"]


@pytest.mark.parametrize("name", PSEUDO)
@pytest.mark.parametrize("suffix", ["", " (deleted)"])
def test_case_4_names_of_the_kernel(server: Server, name: str, suffix: str) -> None:
    server.process(10, server.line(name + suffix, 42))
    server.running(10, elf(b"old"))
    assert server.reasons(10) == []


def test_case_4_without_inode(server: Server) -> None:
    server.process(10, server.line("/usr/lib/none.so (deleted)", 0))
    assert server.reasons(10) == []


@pytest.mark.parametrize("name", ["/memfd:lxc-attach", "/memfd:runc_cloned:/proc/self/exe"])
def test_case_4_executable_in_memory_is_unknown(server: Server, name: str) -> None:
    server.process(10, server.line(name + " (deleted)", 42), exe=name + " (deleted)")
    scan = server.scan()
    assert scan.run() == []
    assert scan.coverage.unknown_exe == 1


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/run/app", "/dev/shm", "/var/cache/app"])
def test_case_5_made_by_the_program(server: Server, folder: str) -> None:
    assert deleted(server, f"{folder}/ffiABC") == []


@pytest.mark.parametrize("content", [b"", b"jit", b"\x7fEL", b"PK\3\4"])
def test_case_5_no_elf(server: Server, content: bytes) -> None:
    assert deleted(server, "/usr/lib/cache/code", content) == []


def test_case_6_file_really_called_deleted(server: Server) -> None:
    server.write("/opt/x.so (deleted)", elf(b"a"))
    server.process(10, server.line("/opt/x.so (deleted)", server.inode("/opt/x.so (deleted)")))
    assert server.reasons(10) == []


@pytest.mark.parametrize(("shown", "real"), [
    (b"/opt/a\\012b.so", b"/opt/a\nb.so"),
    (b"/opt/a\\012b.so", b"/opt/a\\012b.so"),
    (b"/opt/\xff\xfe.so", b"/opt/\xff\xfe.so"),
    (b"/opt/ a b .so", b"/opt/ a b .so"),
])
def test_case_6_odd_names(server: Server, shown: bytes, real: bytes) -> None:
    server.write(real, elf(b"new"))
    server.process(11, server.line(shown, server.inode(real)))
    assert server.reasons(11) == []
    assert deleted(server, shown) == ["replaced"]


@pytest.mark.parametrize("appended", [";5f3a1b2c", ".dpkg-new", ".dpkg-tmp", ".#prelink#.a1B2c3", "#new", ".apk.0123456789abcdef"])
def test_case_7_names_of_package_managers(server: Server, appended: str) -> None:
    assert restart_names.without_temporary(b"/usr/lib/x.so" + appended.encode()) == b"/usr/lib/x.so"
    server.write("/usr/lib/x.so", elf(b"new"))
    assert deleted(server, "/usr/lib/x.so" + appended) == ["replaced"]


def _written(server: Server, mtime: float, started: float) -> list[str]:
    server.write(LIBRARY, elf(b"same"), mtime)
    server.process(10, server.line(LIBRARY, server.inode(LIBRARY)), started=started)
    return server.reasons(10)


def test_case_8_overwritten_after_the_start(server: Server) -> None:
    path = server.write(LIBRARY, elf(b"same"))
    server.process(10, server.line(LIBRARY, server.inode(LIBRARY)), started=time.time())
    time.sleep(2.2)
    with open(path, "r+b") as stream:
        stream.write(elf(b"diff"))
    scan = server.scan(now=time.time())
    assert [verdict.reason for process in scan.run() for verdict in process.files] == ["overwritten"]


def test_case_8_chmod_and_link_are_no_writing(server: Server) -> None:
    path = server.write(LIBRARY, elf(b"same"))
    server.process(10, server.line(LIBRARY, server.inode(LIBRARY)))
    os.chmod(path, 0o700)
    os.link(path, path + b".second")
    assert server.reasons(10) == []


@pytest.mark.parametrize(("mtime", "why"), [
    (BOOT - 5, "older than the boot"),
    (BOOT + 500, "older than the process"),
    (NOW + 9000, "in the future: a clock was wrong"),
    (NOW - 10, "loaded by an older process: the file itself is younger than the process"),
], ids=lambda value: value if isinstance(value, str) else "mtime")
def test_case_8_time_says_nothing(server: Server, mtime: float, why: str) -> None:
    assert _written(server, mtime, BOOT + 1000) == [], why


def test_case_8_name_with_brackets(server: Server) -> None:
    server.process(10, comm="a) S 1 (b", started=BOOT + 77)
    stat = server.scan().proc.stat(10)
    assert (stat.comm, stat.ppid) == (b"a) S 1 (b", 1)
    assert server.scan().proc.started(stat) == BOOT + 77


@pytest.mark.parametrize(("running", "installed", "wanted"), [
    (elf(b"same"), elf(b"same", b"other"), ["identical"]),
    (elf(b"one"), elf(b"two"), ["replaced"]),
    (elf(b""), elf(b""), ["identical"]),
    (elf(b"", b"a"), elf(b"", b"b"), ["replaced"]),
    (elf(b"one"), elf(b""), ["replaced"]),
    (elf(b"one"), b"no elf", ["replaced"]),
])
def test_case_9_identical(server: Server, running: bytes, installed: bytes, wanted: list[str]) -> None:
    server.write(LIBRARY, installed)
    assert deleted(server, LIBRARY, running) == wanted


def test_case_9_identical_is_shown_and_not_counted(server: Server) -> None:
    server.write(LIBRARY, elf(b"same"))
    deleted(server, LIBRARY, elf(b"same"))
    result = server.run()
    assert (result["status"], result["findings"]) == ("ok", [])
    assert [(row["stale"], row["files"][0]["reason"]) for row in result["data"]["processes"]] == [(False, "identical")]


def test_case_10_other_number_of_the_same_file(server: Server) -> None:
    server.write(LIBRARY, elf(b"a"))
    server.process(10, server.line(LIBRARY, 4711))
    os.makedirs(server.path("/proc/10/map_files"))
    os.link(server.path(LIBRARY), server.path("/proc/10/map_files/7f0000000000-7f0000001000"))
    assert server.reasons(10) == []


@pytest.mark.parametrize("installed", [True, False])
def test_case_10_nothing_to_compare_is_unknown(server: Server, installed: bool) -> None:
    if installed:
        server.write(LIBRARY, elf(b"a"))
    server.process(10, server.line(LIBRARY, 4711))
    scan = server.scan()
    assert scan.run() == []
    assert {path for _space, path in scan.coverage.unknown_files} == {LIBRARY.encode()}


@pytest.mark.parametrize(("running", "installed"), [
    ("/opt/x.so.old", "/opt/x.so"),
    ("/opt/x.so~", "/opt/x.so"),
    ("/opt/x.so.bak", "/opt/x.so"),
    ("/opt/x.so.orig", "/opt/x.so"),
    ("/usr/sbin/daemon.dpkg-old", "/usr/sbin/daemon"),
    ("/opt/app.old/bin/daemon", "/opt/app/bin/daemon"),
    ("/opt/app-20261101/daemon", "/opt/app/daemon"),
])
def test_case_11_put_aside(server: Server, running: str, installed: str) -> None:
    server.write(running, elf(b"old"))
    server.write(installed, elf(b"new"))
    server.process(10, server.line(running, server.inode(running)))
    assert server.reasons(10) == ["shadowed"]
    finding = server.run()["findings"][0]
    assert finding["severity"] == "low"


def test_case_11_started_from_there(server: Server) -> None:
    server.write("/opt/x.so.old", elf(b"old"))
    server.write("/opt/x.so", elf(b"new"))
    server.process(10, server.line("/opt/x.so.old", server.inode("/opt/x.so.old")), started=NOW + 86400)
    assert server.reasons(10) == []


def test_case_11_put_aside_and_the_same(server: Server) -> None:
    server.write("/opt/x.so.old", elf(b"same"))
    server.write("/opt/x.so", elf(b"same"))
    server.process(10, server.line("/opt/x.so.old", server.inode("/opt/x.so.old")))
    assert server.reasons(10) == ["identical"]


def test_case_16_network_file_system_is_not_asked(server: Server) -> None:
    server.write("/proc/self/mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw\n23 22 0:50 / /srv rw - nfs4 server:/ rw\n")
    server.process(10, server.line("/srv/app/x.so", 4711, device="00:32"))
    server.process(11, server.line("/srv/app/.nfs0000000000a1b2c3d4 ", 4712, device="00:32").replace(b" \n", b"\n"))
    scan = server.scan()
    assert [(process.pid, process.files[0].reason) for process in scan.run()] == [(11, "removed")]
    assert scan.coverage.network_files == {b"/srv/app/x.so"}
    result = server.run()
    assert result["status"] == "incomplete"
    assert "network file systems" in result["status_reason"]


def test_hostile_name_cannot_make_a_mapping(server: Server) -> None:
    name = "/srv/r-xp 00000000 fd:00 99 /usr/lib/libc.so.6 (deleted)"
    server.process(10, server.line(name, 4711, "r--p"))
    server.running(10, elf(b"old"))
    assert server.reasons(10) == []


@given(st.binary(max_size=300))
def test_elf_of_strangers(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "stranger"
    path.write_bytes(elf()[:64 + len(content) % 56] + content)
    for read in (restart_elf.build_id, restart_elf.soname):
        try:
            assert isinstance(read(os.fsencode(path)), bytes)
        except (restart_elf.NoElf, OSError):
            pass


@given(st.binary(min_size=1, max_size=60).filter(lambda name: b"\n" not in name and b"\0" not in name))
def test_names_come_apart_as_they_were_put_together(name: bytes) -> None:
    assert parse(b"fd:00 12            /" + name) == (b"fd:00", 12, b"/" + name)
