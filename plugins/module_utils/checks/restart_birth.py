# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a file was made: statx(2), which the Python of the servers does not offer.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import struct

# Number of the system call per machine, from the kernel's unistd headers.
STATX = {"x86_64": 332, "aarch64": 291, "riscv64": 291, "loongarch64": 291, "ppc64le": 383, "s390x": 379}

AT_FDCWD = -100
AT_STATX_DONT_SYNC = 0x4000
STATX_BTIME = 0x800
STATX_SIZE = 256
BTIME_OFFSET = 80


def born(path):
    """Return when a file was made, in seconds since 1970, or None where the kernel or the file system does not tell.

    Only for the few files that are suspect: it loads ctypes.
    """
    number = STATX.get(os.uname()[4])
    if number is None:
        return None
    try:
        import ctypes
    except ImportError:  # a Python without libffi
        return None
    buffer = ctypes.create_string_buffer(STATX_SIZE)
    try:
        call = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError):
        return None
    call.restype = ctypes.c_long
    rc = call(ctypes.c_long(number), ctypes.c_int(AT_FDCWD), ctypes.c_char_p(path), ctypes.c_int(AT_STATX_DONT_SYNC),
              ctypes.c_uint(STATX_BTIME), buffer)
    mask = struct.unpack_from("=I", buffer.raw, 0)[0]
    if rc != 0 or not mask & STATX_BTIME:
        return None
    seconds, nanoseconds = struct.unpack_from("=qI", buffer.raw, BTIME_OFFSET)
    return seconds + nanoseconds / 1e9
