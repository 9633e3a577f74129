# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of a machine that really runs out of memory, at the hand of the kernel's OOM killer.

A machine in a container has its limits from the host, and often no memory controller of its own. So the limit is set from outside, on a
group that bears the name of the unit, as the group of the unit would; and the kernel's lines about it, which the kernel gives to the
host only, are returned in the form of /proc/kmsg. In the machine /proc/kmsg is a pipe that systemd-nspawn made for them.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from fleet.machines import Machine

SECONDS = 30

# Names of the files with the limit: version 1, version 2. The second one is of memory and swap together, where swap is accounted for.
LIMITS = (("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"), ("memory.max", "memory.swap.max"))


def starve(machine: Machine, unit: str, limit: int) -> list[str]:
    """Limit the memory of a unit's process, send it SIGUSR1, wait for its end, and return what the kernel says of it.

    The process is expected to take more than the limit (bytes) from then on. Raises RuntimeError when the kernel does not kill it.
    """
    pid = _main_process(machine, unit)
    group = _root() / f"fleet-{machine.fleet.digest}-{machine.name}-memory" / "system.slice" / unit
    kernel = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    os.lseek(kernel, 0, os.SEEK_END)
    group.mkdir(parents=True)
    try:
        _limit(group, limit)
        (group / "cgroup.procs").write_text(str(pid), encoding="ascii")
        os.kill(pid, signal.SIGUSR1)
        _wait_for_the_end(pid)
        lines = [line for line in _lines(kernel) if re.search(rf"(process |pid=){pid}\b", line)]
    finally:
        os.close(kernel)
        for folder in (group, group.parent, group.parent.parent):
            folder.rmdir()
    if not lines:
        raise RuntimeError(f"{unit} ended, and the kernel says nothing of it")
    return lines


def _main_process(machine: Machine, unit: str) -> int:
    """Return the id, on this host, of the first process of a unit. Raises RuntimeError when it has none."""
    for group in machine.groups():
        for path in group.rglob(f"{unit}/cgroup.procs"):
            if words := path.read_text(encoding="ascii").split():
                return int(words[0])
    raise RuntimeError(f"{unit} does not run on {machine.name}")


def _root() -> Path:
    """Return the folder of the hierarchy that limits memory."""
    unified = None
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        left, _dash, right = line.partition(" - ")
        kind, _source, options = right.split(" ", 2)
        if kind == "cgroup" and "memory" in options.split(","):
            return Path(left.split()[4])
        if kind == "cgroup2":
            unified = Path(left.split()[4])
    if unified is None or "memory" not in (unified / "cgroup.controllers").read_text(encoding="ascii").split():
        raise RuntimeError("no control group of this host limits memory")
    return unified


def _limit(group: Path, limit: int) -> None:
    for memory, swap in LIMITS:
        if (group / memory).exists():
            (group / memory).write_text(str(limit), encoding="ascii")
            if (group / swap).exists():
                (group / swap).write_text(str(limit), encoding="ascii")
            return
    raise RuntimeError(f"{group} cannot limit memory")


def _wait_for_the_end(pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"process {pid} still runs after {SECONDS} s")
        time.sleep(0.05)


def _lines(kernel: int) -> Iterator[str]:
    """Yield the records of /dev/kmsg from the descriptor's place on, each as the line that /proc/kmsg would have."""
    while True:
        try:
            head, _semicolon, message = os.read(kernel, 8192).decode(errors="replace").partition(";")
        except BlockingIOError:
            return
        level, _number, microseconds = head.split(",")[:3]
        yield f"<{int(level) & 7}>[{int(microseconds) / 1000000:12.6f}] {message.splitlines()[0]}"
