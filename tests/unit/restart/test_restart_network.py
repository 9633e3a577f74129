# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not be asked for, since its server may be away: each file here would say something if it were looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from restart_server import BOOT, Server, elf

ROOT = "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
SYSTEMD = "23 22 0:40 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
STARTED = BOOT + 10


def mount(point: str, kind: str, device: str = "0:50") -> str:
    return f"24 22 {device} / {point} rw - {kind} x rw\n"


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def looked_at(server: Server) -> tuple[list[str], set[bytes]]:
    """Return the reasons for process 10, and what was left out."""
    scan = server.scan()
    return sorted(verdict.reason for process in scan.run() for verdict in process.files), scan.coverage.network_files


def replaced(server: Server, name: str) -> None:
    server.write(name, elf(b"new"))
    server.process(10, server.line(name, 4711, device="fe:00"))
    server.running(10, elf(b"old"))


def script(server: Server, name: str, content: bytes = b"import time\n", namespace: str = "1") -> None:
    server.write(name, content)
    server.process(10, exe="/usr/bin/python3.11", argv=f"python3 {name}", started=STARTED, comm="python3", namespace=namespace)
    server.write("/proc/10/maps", b"7f00-7f01 r-xp 00000000 00:00 0 \n")
    server.link("/proc/10/cwd", "/")


def test_a_file_of_this_machine_under_a_mount_that_came_later(server: Server) -> None:
    server.write("/proc/self/mountinfo", ROOT + SYSTEMD + mount("/opt/app", "nfs4"))
    replaced(server, "/opt/app/bin/x")
    assert looked_at(server) == ([], {b"/opt/app/bin/x"})


@pytest.mark.parametrize("mounts", [
    SYSTEMD,
    mount("/opt/application", "fuse.sshfs"),
    mount("/opt", "nfs4") + mount("/opt/app", "xfs", "254:1"),
    mount("/opt/app", "nfs4") + mount("/opt/app", "xfs", "254:1"),
])
def test_what_lies_on_no_network_is_asked(server: Server, mounts: str) -> None:
    server.write("/proc/self/mountinfo", ROOT + mounts)
    replaced(server, "/opt/app/bin/x")
    assert looked_at(server) == (["replaced"], set())


def test_a_mount_over_a_disk_hides_it(server: Server) -> None:
    server.write("/proc/self/mountinfo", ROOT + mount("/opt/app", "xfs", "254:1") + mount("/opt", "nfs4"))
    replaced(server, "/opt/app/bin/x")
    assert looked_at(server) == ([], {b"/opt/app/bin/x"})


def test_a_link_that_leads_there_is_not_followed(server: Server) -> None:
    server.write("/proc/self/mountinfo", ROOT + mount("/net", "nfs4"))
    server.write("/usr/lib/libq.so.1.2.3", elf(b"old"))
    server.write("/net/libq.so.1", elf(b"new"))
    server.link("/usr/lib/libq.so.1", "/net/libq.so.1")
    server.process(10, server.line("/usr/lib/libq.so.1.2.3", server.inode("/usr/lib/libq.so.1.2.3"), device="fe:00"))
    assert looked_at(server) == ([], {b"/net/libq.so.1"})


def test_a_script_there_is_said(server: Server) -> None:
    server.write("/proc/self/mountinfo", ROOT + mount("/srv", "fuse.sshfs"))
    script(server, "/srv/daemon.py")
    assert looked_at(server) == ([], {b"/srv/daemon.py"})
    result = server.run()
    assert result["status"] == "incomplete" and "network file systems" in result["status_reason"]
    assert server.run(network_filesystems=True)["data"]["coverage"]["network_files"] == 0


def test_what_a_script_loads_from_there_is_said(server: Server) -> None:
    server.write("/proc/self/mountinfo", ROOT + mount("/net", "nfs4"))
    script(server, "/srv/daemon.py", b"import sys\nsys.path.insert(0, '/net/lib')\nimport part\n")
    server.write("/net/lib/part.py")
    assert looked_at(server) == (["script"], {b"/net/lib"})


def test_a_mount_of_another_namespace(server: Server) -> None:
    script(server, "/srv/daemon.py", namespace="2")
    server.write("/proc/10/mountinfo", ROOT + mount("/srv", "nfs4"))
    server.link("/proc/10/root", "/")
    assert looked_at(server) == ([], {b"/srv/daemon.py"})


def test_a_mount_that_was_taken_off_while_it_was_dead(server: Server) -> None:
    server.process(10, server.line("/bin/there", 4711, device="00:63"))
    assert looked_at(server) == ([], {b"/bin/there"})


def test_a_deleted_program_there_is_known_by_its_name(server: Server) -> None:
    server.write("/proc/self/mountinfo", ROOT + mount("/opt/app", "nfs4"))
    server.process(10, server.line("[anon]", 0), exe="/opt/app/x (deleted)")
    server.write("/opt/app/x", elf(b"same"))
    assert looked_at(server)[0] == ["replaced"]
