# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit records for tests, written for them, and a made-up server that has them in its log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.checks import denials
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine

BEGIN = 1700000000
NOW = BEGIN + 3600


def avc(
    serial: int = 1, *, when: float = BEGIN + 60, perms: str = "read", comm: str = '"httpd"', what: str = ' name="f" dev="dm-0" ino=10',
    source: str = "system_u:system_r:httpd_t:s0", target: str = "system_u:object_r:user_home_t:s0", tclass: str = "file",
    permissive: str = " permissive=0", pid: int = 100,
) -> str:
    return (
        f"type=AVC msg=audit({when:.3f}:{serial}): avc:  denied  {{ {perms} }} for  pid={pid} comm={comm}{what} "
        f"scontext={source} tcontext={target} tclass={tclass}{permissive}"
    )


def syscall(serial: int = 1, *, when: float = BEGIN + 60, success: str = "no", number: int = 2, exit: int = -13, exe: str = '"/usr/sbin/httpd"') -> str:
    return (
        f"type=SYSCALL msg=audit({when:.3f}:{serial}): arch=c000003e syscall={number} success={success} exit={exit} a0=0 a1=0 a2=0 a3=0 items=1 ppid=1 "
        f'pid=100 auid=4294967295 uid=48 gid=48 tty=(none) ses=4294967295 comm="httpd" exe={exe} subj=system_u:system_r:httpd_t:s0 key=(null)'
    )


def write(path: Path, *lines: str | bytes, end: bytes = b"\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else os.fsencode(line) for line in lines) + end)
    os.utime(path, (NOW, NOW))
    return path


def no_commands(argv: list[bytes]) -> Command:
    return Command(127, b"", b"no such command", False, False)


def server(root: Path, commands: Any = no_commands, now: float = NOW) -> Machine:
    return Machine(os.fsencode(root), now, commands)


def judge(folder: Path, *lines: str | bytes, **options: Any) -> dict[str, Any]:
    """Return the check's result on one file of these lines."""
    path = write(folder / "copy.log", *lines)
    return denials.run({"since": "all", "audit_logs": ["/" + path.name], **options}, server(folder))


def totals(result: dict[str, Any]) -> dict[str, int]:
    """Return the totals that are not zero."""
    return {key: count for key, count in result["data"]["totals"].items() if count}
