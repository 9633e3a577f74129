# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mapped names count: tables of path patterns, each row with its reason.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

DELETED = b" (deleted)"

# The kernel's own names for memory that has no file in any package.
PSEUDO = (
    b"/memfd:",  # memfd_create: sealed copies of runc, JIT code, lxc-attach
    b"/SYSV",  # System V shared memory, always shown as deleted
    b"/dev/",  # /dev/zero is shared anonymous memory, /dev/shm, device memory
    b"/proc/",
    b"/sys/",
    b"/[aio]",  # ring of asynchronous input and output
    b"/anon_hugepage",
    b"/drm",  # graphics memory
    b"/i915",
    b"/kgsl",
    b"/anon_inode",
    b"/io_uring",
    b"//",
)

# Programs write code that they made themselves into these: libffi, orc, JNA, PHP and Java JITs.
VOLATILE = (b"/tmp/", b"/var/tmp/", b"/run/", b"/var/run/", b"/dev/shm/", b"/var/cache/")

# A file that is gone from here belonged to the system or to installed software.
SYSTEM = (b"/usr/", b"/lib", b"/bin/", b"/sbin/", b"/opt/", b"/nix/store/", b"/gnu/store/", b"/snap/")

# What package managers and prelink append to a name while they replace a file.
TEMPORARY = (
    rb";[0-9a-f]{8,}$",  # rpm while it unpacks
    rb"\.dpkg-(?:new|tmp)$",
    rb"\.#prelink#\.[A-Za-z0-9]{6}$",
    rb"#new$",  # Gentoo
    rb"\.apk\.[0-9a-f]{8,}$",  # Alpine
)

# What people append to a name, of a file or a folder, when they put it aside.
_ASIDE = (
    rb"(?:~|[._-](?:old|bak|backup|orig|save|saved|prev|previous|disabled|dpkg-old|rpmsave|rpmorig)[0-9]*"
    rb"|[._-][0-9]{8}(?:[._-]?[0-9]{4,6})?)"
)
_ASIDE_PART = rb"(?i)^(.+?)" + _ASIDE + rb"$"
_ASIDE_ANYWHERE = re.compile(_ASIDE + rb"(?:/|$)", re.IGNORECASE)

# libssl.so.1.1.1k: the name without its version, the version's first number kept, since that is the soname in most libraries.
VERSIONED = re.compile(rb"^(.+\.so\.[0-9]+)\.[0-9][0-9A-Za-z.]*$")

LIBRARY = rb"\.so(?:\.[0-9][0-9A-Za-z.]*)?$"


def is_pseudo(path):
    """Return whether a mapped name is the kernel's, not a file's."""
    return path.startswith(PSEUDO)


def is_volatile(path):
    """Return whether code mapped from here is made by the program itself and never installed."""
    return path.startswith(VOLATILE)


def is_system(path):
    """Return whether a file that is gone from here was installed software."""
    return path.startswith(SYSTEM)


def without_temporary(path):
    """Return the name under which a file is installed, without what a package manager appended."""
    for pattern in TEMPORARY:
        path = re.sub(pattern, b"", path)
    return path


def spellings(path):
    """Return the names that a line of maps may stand for: it writes a newline as \\012 and leaves a backslash alone."""
    if b"\\012" in path:
        return [path, path.replace(b"\\012", b"\n")]
    return [path]


def is_aside(path):
    """Return whether a part of a path looks put aside."""
    return _ASIDE_ANYWHERE.search(path) is not None


def is_renamed_library(path):
    """Return whether something stands behind the name of a library that no version has: C(libx.so.1-mine)."""
    return b".so" in path and re.search(LIBRARY, path) is None


def before_aside(path):
    """Return (renamed, original) for each part of a path that looks put aside, the last part first.

    C(renamed) is the file or folder that was renamed, C(original) the whole path as it was before.
    """
    parts = path.split(b"/")
    found = []
    for number in range(len(parts) - 1, 0, -1):
        match = re.match(_ASIDE_PART, parts[number])
        if match:
            renamed = b"/".join(parts[:number + 1])
            found.append((renamed, b"/".join(parts[:number] + [match.group(1)] + parts[number + 1:])))
    return found
