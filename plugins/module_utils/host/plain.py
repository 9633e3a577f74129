# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files in places where users of the server may write: opened only where they are plain, read without their holes.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import stat


def open_plain(path, flags=0):
    """Return a descriptor of a plain file (bytes). Raises OSError, also for what is not a plain file; C(flags) may be O_NOFOLLOW.

    Whoever owns a folder can put a link to a device there, and opening a device is enough to do harm: a watchdog resets the machine, a tape
    rewinds. So the file is taken hold of with O_PATH, which opens nothing, looked at, and only then opened, the very same one.
    """
    held = os.open(path, os.O_PATH | os.O_CLOEXEC | flags)
    try:
        if not stat.S_ISREG(os.fstat(held).st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        return os.open(b"/proc/self/fd/%d" % held, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    finally:
        os.close(held)


def behind_hole(descriptor, offset):
    """Return where the next data of a file begins, None where there is none: a file of a terabyte may be empty."""
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except OSError as error:
        # Some file systems do not know.
        return None if error.errno == errno.ENXIO else offset
