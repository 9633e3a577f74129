# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files does a process have mapped as code? The hot path of the check: one answer per process, close to the cost of the kernel.

Two ways to the same answer. Linux 6.11 and newer are asked for the executable mappings alone (PROCMAP_QUERY), which costs half of
reading the text; all others write the text of /proc/PID/maps, of which only the lines that count are looked at.

A mapping is named by its I(key): device, inode and path as maps writes them, C(fd:00 1234      /usr/lib/libc.so.6). Equal keys are one
object, so that sets of them are compared without looking at the paths.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import array
import collections
import errno
import fcntl
import os
import re
import struct

from ..host.proc import read_whole

# The end of each line of maps that is executable and has an inode. Starting with a plain letter it is searched at the speed of memchr;
# what it finds within a hostile file name is sorted out by LINE before anything is said about a process, so it can only cost time.
_EXECUTABLE = re.compile(rb"x[ps] [0-9a-f]+ ([0-9a-f]+:[0-9a-f]+ [1-9][0-9]* +/[^\n]*)").findall

# The same, whole lines only, with the address range that map_files has as name.
LINE = rb"(?m)^([0-9a-f]+)-([0-9a-f]+) [r-][w-]x[ps] [0-9a-f]+ ([0-9a-f]+:[0-9a-f]+ [1-9][0-9]* +/[^\n]*)$"

MAPS_LIMIT = 64 * 1048576

# struct procmap_query of linux/fs.h: size, flags, address, start, end, flags, page size, offset, inode, major, minor, size of the name,
# size of the build id, address of the name, address of the build id.
_QUERY = struct.Struct("=QQQQQQQQQIIIIQQ")
_PROCMAP_QUERY = (3 << 30) | (_QUERY.size << 16) | (ord("f") << 8) | 17
_WANTED = 0x04 | 0x10 | 0x20  # executable, this address or the next, backed by a file
_END, _FILE, _NAME_SIZE = 4, slice(64, 80), slice(80, 84)
_NAME_LIMIT = 4096

# Where ioctl numbers are made the common way (asm-generic/ioctl.h).
_COMMON_IOCTL = ("x86_64", "aarch64", "riscv64", "s390x", "loongarch64")

# What is mapped, taken apart: C(device) as in maps, C(inode) a number, C(path) as in maps.
Mapped = collections.namedtuple("Mapped", "device inode path")


class Maps:
    """The executable mappings of processes."""

    def __init__(self, proc, query=True):
        self.proc = proc
        self.query = query and proc.machine.root == b"/" and os.uname()[4] in _COMMON_IOCTL
        self._keys = {}
        self._name = array.array("B", bytes(_NAME_LIMIT))
        self._request = bytearray(_QUERY.size)
        self._prepared = _QUERY.pack(_QUERY.size, _WANTED, 0, 0, 0, 0, 0, 0, 0, 0, 0, _NAME_LIMIT, 0, self._name.buffer_info()[0], 0)

    def of(self, pid):
        """Return the keys of the files that a process has mapped as code (a set), or None for one without memory: a kernel's thread, a zombie.

        Raises OSError where the process is gone or must not be read.
        """
        if self.query:
            try:
                return self._asked(pid)
            except OSError as error:
                if error.errno in (errno.ENOTTY, errno.EINVAL):
                    self.query = False  # an older kernel
                elif error.errno != errno.ENAMETOOLONG:
                    raise
        text = self.text(pid)
        return set(_EXECUTABLE(text)) if text else None

    def text(self, pid):
        """Return the text of /proc/PID/maps."""
        return read_whole(self.proc.path(pid, b"maps"), MAPS_LIMIT)

    def spans(self, pid):
        """Return {Mapped: address range as map_files names it}, read strictly: whole lines only."""
        found = {}
        for low, high, key in re.findall(LINE, self.text(pid)):
            found.setdefault(parse(key), b"%x-%x" % (int(low, 16), int(high, 16)))
        return found

    def _asked(self, pid):
        found = set()
        request, name, keys = self._request, memoryview(self._name), self._keys
        descriptor = os.open(self.proc.path(pid, b"maps"), os.O_RDONLY | os.O_CLOEXEC)
        try:
            request[:] = self._prepared
            while True:
                fcntl.ioctl(descriptor, _PROCMAP_QUERY, request, True)
                raw = bytes(request[_FILE]) + name[:int.from_bytes(request[_NAME_SIZE], _ORDER) - 1]
                key = keys.get(raw)
                if key is None:
                    key = keys[raw] = _key(raw)
                if key:
                    found.add(key)
                # The next question begins where this mapping ends.
                end = request[32:40]
                request[:] = self._prepared
                request[16:24] = end
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
        finally:
            os.close(descriptor)
        return found


_ORDER = "little" if struct.pack("=H", 1) == b"\x01\x00" else "big"


def _key(raw):
    """Return what maps would write for a file: it escapes a newline, and nothing else. b"" for what has no inode or no path."""
    inode, major, minor = struct.unpack_from("=QII", raw)
    path = raw[16:]
    if not inode or not path.startswith(b"/"):
        return b""
    return b"%02x:%02x %d %s" % (major, minor, inode, path.replace(b"\n", b"\\012"))


def parse(key):
    """Return the Mapped of a key."""
    device, _blank, rest = key.partition(b" ")
    inode, _blank, path = rest.partition(b" ")
    return Mapped(device, int(inode), path.lstrip(b" "))
