# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up server below a folder: files, and processes as /proc shows them. The check reads it like a real one."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.bottomup.security.plugins.module_utils.checks.restart import run
from ansible_collections.bottomup.security.plugins.module_utils.checks.restart_scan import Scan
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine

NOW = float(int(time.time()))
BOOT = NOW - 100_000
TICKS = os.sysconf("SC_CLK_TCK")

# What the check takes for its own pid: beyond what Linux gives out, since a made-up process may have any number that the tests' own may have.
OWN_PID = 4_194_305


def elf(build_id: bytes = b"", filling: bytes = b"") -> bytes:
    """Return a 64 bit ELF file with a build id and nothing else."""
    note = struct.pack("<III", 4, len(build_id), 3) + b"GNU\0" + build_id if build_id else b""
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 4, 4, 120, 120, 120, len(note), len(note), 4) + note + filling


class Server:
    """Files are old (from before the boot) unless a test says otherwise; C(commands) answers what the check runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: dict[bytes, Command] = {}
        self.asked: list[list[bytes]] = []
        self.write("/proc/stat", f"cpu 1\nbtime {int(BOOT)}\n")
        self.write("/proc/self/mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw\n")
        self.link(f"/proc/{OWN_PID}/ns/mnt", "mnt:[1]")
        self.link(f"/proc/{OWN_PID}/ns/pid", "pid:[1]")

    def path(self, name: str | bytes) -> bytes:
        return os.fsencode(self.folder) + os.fsencode(name)

    def write(self, name: str | bytes, content: str | bytes = b"", mtime: float = BOOT - 1000) -> bytes:
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        os.utime(path, (mtime, mtime))
        return path

    def link(self, name: str | bytes, target: str | bytes) -> None:
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)

    def inode(self, name: str | bytes) -> int:
        return os.stat(self.path(name)).st_ino

    def line(self, shown: str | bytes, inode: int, permissions: str = "r-xp", number: int = 0, device: str = "fd:00") -> bytes:
        start = 0x7F0000000000 + number * 0x10000
        return f"{start:x}-{start + 0x1000:x} {permissions} 00000000 {device} {inode}".encode().ljust(73) + b"  " + os.fsencode(shown) + b"\n"

    def process(self, pid: int, *lines: bytes, exe: str = "/usr/sbin/daemon", started: float = BOOT + 1000, comm: str = "daemon", ppid: int = 1,
                cgroup: str = "0::/system.slice/app.service", namespace: str = "1", argv: str = "", uid: int = 0) -> int:
        """Make a process; C(lines) are those of its maps."""
        here = f"/proc/{pid}"
        self.write(f"{here}/maps", b"".join(lines))
        fields = ["S", str(ppid), *["0"] * 17, str(int((started - BOOT) * TICKS)), "51000000", *["0"] * 29]
        self.write(f"{here}/stat", f"{pid} ({comm}) {' '.join(fields)}\n")
        self.write(f"{here}/status", f"Name:\t{comm}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
        self.write(f"{here}/cgroup", cgroup + "\n")
        self.write(f"{here}/cmdline", argv.replace(" ", "\0"))
        self.write(f"{here}/task/{pid}/comm", comm)
        self.link(f"{here}/exe", exe)
        self.link(f"{here}/ns/mnt", f"mnt:[{namespace}]")
        self.link(f"{here}/ns/pid", f"pid:[{namespace}]")
        os.makedirs(self.path(f"{here}/fd"), exist_ok=True)
        return pid

    def running(self, pid: int, content: bytes, number: int = 0) -> None:
        """Say what a mapped file that has no name any more holds."""
        start = 0x7F0000000000 + number * 0x10000
        self.write(f"/proc/{pid}/map_files/{start:x}-{start + 0x1000:x}", content)

    def _answer(self, argv: list[bytes]) -> Command:
        self.asked.append(argv)
        return self.commands.get(os.path.basename(argv[0]), Command(127, b"", b"not found", False, False))

    def machine(self, now: float | None = None) -> Machine:
        return Machine(os.fsencode(self.folder), now, self._answer)

    def installed(self, name: str, output: bytes = b"") -> None:
        """Install a command that answers this."""
        os.chmod(self.write(f"/usr/bin/{name}"), 0o755)
        self.commands[name.encode()] = Command(0, output, b"", False, False)

    def boot_systemd(self) -> None:
        os.makedirs(self.path("/run/systemd/system"), exist_ok=True)

    def systemd(self, **units: str) -> None:
        """Let systemd run; C(units) are the answers for each unit (dots and dashes written as underscores are the test's affair)."""
        self.boot_systemd()
        self.installed("systemctl", "\n\n".join(units[name] for name in sorted(units)).encode() + b"\n")

    def scan(self, own_pid: int = 99999, now: float | None = None) -> Scan:
        with mock.patch.object(os, "getpid", return_value=OWN_PID):
            return Scan(self.machine(now), own_pid=own_pid)

    def reasons(self, pid: int) -> list[str]:
        """Return the reasons given for the files of a process."""
        return sorted(verdict.reason for process in self.scan().run() if process.pid == pid for verdict in process.files)

    def run(self, **options: Any) -> dict[str, Any]:
        with mock.patch.object(os, "getpid", return_value=OWN_PID):
            result: dict[str, Any] = run(options, self.machine())
        return result
