# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes as /proc shows them: bytes in, small facts out, a process that vanishes is no error.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os

READ_BLOCK = 65536

# A flag of a process, of linux/sched.h.
_PF_KTHREAD = 0x00200000

# comm: bytes; state: one byte; ppid; flags: of linux/sched.h; ticks: start in clock ticks after boot.
Stat = collections.namedtuple("Stat", "comm state ppid flags ticks")

# What is mounted: device as maps prints it, root within the file system, mount point, type, options of the file system.
Mount = collections.namedtuple("Mount", "device root point fstype options")


class Proc:
    """/proc of a Machine. Methods answer None (or an empty list) where the process is gone or must not be read."""

    def __init__(self, machine):
        self.machine = machine
        self.folder = machine.path(b"/proc")
        self.ticks_per_second = float(os.sysconf("SC_CLK_TCK"))
        self._boot = None

    def pids(self):
        """Return all process ids, sorted."""
        return sorted(int(name) for name in os.listdir(self.folder) if name.isdigit())

    def path(self, pid, name):
        """Return the path of a file of a process (bytes), to be opened as it stands."""
        return b"%s/%d/%s" % (self.folder, pid, name)

    def read(self, pid, name, limit=1048576):
        """Return the content of a file of a process, or None."""
        try:
            return read_whole(self.path(pid, name), limit)
        except OSError:
            return None

    def link(self, pid, name):
        """Return where a link of a process (exe, cwd, root, ns/mnt, fd/3) leads, or None."""
        try:
            return os.readlink(self.path(pid, name))
        except OSError:
            return None

    def stat(self, pid):
        """Return the Stat of a process, or None. The name may hold blanks and brackets: fields count after the last bracket."""
        text = self.read(pid, b"stat", 8192)
        if not text or b")" not in text:
            return None
        start, end = text.find(b"("), text.rfind(b")")
        fields = text[end + 2:].split()
        try:
            return Stat(text[start + 1:end], fields[0], int(fields[1]), int(fields[6]), int(fields[19]))
        except (IndexError, ValueError):
            return None

    def is_of_kernel(self, pid):
        """Return whether a process is one of the kernel's threads, which runs no file; anybody may know that."""
        stat = self.stat(pid)
        return stat is not None and bool(stat.flags & _PF_KTHREAD)

    def boot(self):
        """Return the kernel's start in seconds since 1970, by the present clock; 0.0 where it is not told."""
        if self._boot is None:
            self._boot = 0.0
            for line in (self.machine.read_or_none(b"/proc/stat") or b"").split(b"\n"):
                if line.startswith(b"btime "):
                    self._boot = float(line[6:])
        return self._boot

    def started(self, stat):
        """Return when a process began, in seconds since 1970."""
        return self.boot() + stat.ticks / self.ticks_per_second

    def uid(self, pid):
        """Return the effective user id of a process, or None."""
        for line in (self.read(pid, b"status", 65536) or b"").split(b"\n"):
            if line.startswith(b"Uid:"):
                return int(line.split()[2])
        return None

    def argv(self, pid):
        """Return the arguments of a process (list of bytes); a process may have rewritten them."""
        text = self.read(pid, b"cmdline", 65536) or b""
        return text.rstrip(b"\0").split(b"\0") if text else []

    def ancestors(self, pid):
        """Return the process ids from the parent of a process up to, not including, process 1."""
        found = []
        while len(found) < 1000:
            stat = self.stat(pid)
            if stat is None or stat.ppid <= 1 or stat.ppid in found:
                break
            pid = stat.ppid
            found.append(pid)
        return found

    def mounts(self, pid=None):
        """Return the mounts that a process (None: we ourselves) sees, in the order of mounting."""
        name = b"/proc/self/mountinfo" if pid is None else b"/proc/%d/mountinfo" % pid
        found = []
        for line in (self.machine.read_or_none(name, 8388608) or b"").split(b"\n"):
            left, dash, right = line.partition(b" - ")
            fields, tail = left.split(b" "), right.split(b" ")
            if dash and len(fields) > 5 and len(tail) > 2:
                found.append(Mount(fields[2], unescape(fields[3]), unescape(fields[4]), tail[0], tail[2]))
        return found


def read_whole(path, limit=1048576):
    """Return up to C(limit) bytes of a file in /proc. It answers in short reads, so only an empty one is the end.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        block = os.read(descriptor, READ_BLOCK)
        blocks = []
        while block:
            blocks.append(block)
            limit -= len(block)
            if limit <= 0:
                break
            block = os.read(descriptor, READ_BLOCK)
    finally:
        os.close(descriptor)
    return b"".join(blocks)


# proc_pid_mountinfo(5) escapes these four.
_MOUNT_ESCAPES = ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\"))


def unescape(path):
    """Return a path of mountinfo as it is."""
    if b"\\" in path:
        for escape, plain in _MOUNT_ESCAPES:
            path = path.replace(escape, plain)
    return path
