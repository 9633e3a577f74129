# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control group of its own for each machine.

Without one, two machines booted by the same process would both take that process's group for the root of their systemd tree.
It is also the sure way to find and end everything that a machine started.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from pathlib import Path

# Version 2, and of version 1 the hierarchy that systemd names its units in; systemd-nspawn mirrors one to the other.
HIERARCHIES = re.compile(r"^(?:0::|\d+:name=systemd:)")


def make(name: str) -> list[Path]:
    """Create a group of that name below this process's own, in each hierarchy that counts, and return the folders."""
    mounted = mounts()
    folders = []
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        if not HIERARCHIES.match(line):
            continue
        _number, controllers, path = line.split(":", 2)
        if controllers in mounted:
            mount, mounted_path = mounted[controllers]
            folder = mount / os.path.relpath(path, mounted_path) / name
            folder.mkdir(exist_ok=True)
            folders.append(folder.resolve())
    return folders


def join(folders: list[Path]) -> None:
    """Move this process into the groups."""
    for folder in folders:
        (folder / "cgroup.procs").write_text("0", encoding="ascii")


def members(folders: list[Path]) -> set[int]:
    """Return the ids of all processes in the groups and below."""
    found: set[int] = set()
    for folder in folders:
        for path in [folder / "cgroup.procs", *folder.rglob("cgroup.procs")]:
            with contextlib.suppress(OSError):
                found |= {int(word) for word in path.read_text(encoding="ascii").split()}
    return found - {0}


def remove(folders: list[Path], seconds: float = 10) -> None:
    """Kill what is left in the groups and remove them. Raises OSError when they still hold processes after the time."""
    deadline = time.monotonic() + seconds
    while left := members(folders):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise OSError(f"still running after SIGKILL: {sorted(left)}")
        time.sleep(0.05)
    for folder in folders:
        below = [Path(path) for path, _folders, _files in os.walk(folder, topdown=False)]
        for path in below:
            path.rmdir()


def mounts() -> dict[str, tuple[Path, str]]:
    """Return for each mounted hierarchy ("" is version 2, "name=systemd") where it is mounted and which of its groups is there."""
    found: dict[str, tuple[Path, str]] = {}
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        left, _dash, right = line.partition(" - ")
        fields, (kind, _source, options) = left.split(), right.split(" ", 2)
        if kind == "cgroup2":
            found.setdefault("", (Path(fields[4]), fields[3]))
        elif kind == "cgroup" and "name=systemd" in options.split(","):
            found.setdefault("name=systemd", (Path(fields[4]), fields[3]))
    return found
