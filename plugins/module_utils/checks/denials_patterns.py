# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pattern of a path: what changes from one run of a program to the next is taken out, so that a flood becomes one group.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

# Longer names are no paths that a program of the server chose for itself; a regular expression shall not read them all.
_LIMIT = 1024

# (what varies, what stands for it): of two that fit at one place the first.
_RULES = (
    # A process and its threads: /proc/4711/task/4712/stat
    (rb"^/proc/[0-9]+", b"/proc/N"),
    (rb"/task/[0-9]+", b"/task/N"),
    # Descriptors without a name: socket:[33415], pipe:[96391]; a bare [96391] is an old kernel's pipe
    (rb"\[[0-9]+\]", b"[N]"),
    # Terminals and the run-time directory of a user
    (rb"^/dev/pts/[0-9]+", b"/dev/pts/N"),
    (rb"^(?:/var)?/run/user/[0-9]+", b"/run/user/N"),
    # PHP's sessions
    (rb"(?:^|(?<=/))sess_[0-9A-Za-z,-]{20,}", b"sess_X"),
    # Containers, overlay layers, caches: uuid, or eight and more hex digits with a digit among them
    (rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", b"UUID"),
    (rb"(?<![0-9A-Za-z])(?=[a-f]{0,31}[0-9])[0-9a-f]{8,}(?![0-9A-Za-z])", b"HEX"),
    (rb"(?<![0-9A-Za-z])(?=[A-F]{0,31}[0-9])[0-9A-F]{8,}(?![0-9A-Za-z])", b"HEX"),
    # What mktemp(3) and its kin put behind a known beginning, a dot or a dash: six characters, not a plain word
    (rb"(?:^|(?<=/))tmp(?=[a-z_]{0,16}[0-9A-Z])[0-9A-Za-z_]{6,16}(?=[/.]|$)", b"tmpX"),
    (rb"(?:^|(?<=/))php(?=[a-z_]{0,16}[0-9A-Z])[0-9A-Za-z_]{6,16}(?=[/.]|$)", b"phpX"),
    (rb"(?<=[._-])(?=[A-Za-z]{0,5}[0-9]|[a-z]{1,5}[A-Z]|[A-Z]{1,5}[a-z])[0-9A-Za-z]{6}(?=/|$)", b"X"),
    # Dates, times, inode and process numbers, counters; a short number (sda1, php8, lib64) is part of the name
    (rb"[0-9]{4}-[0-9]{2}-[0-9]{2}", b"DATE"),
    (rb"[0-9]{4,}", b"N"),
)
_VARIES = re.compile(b"|".join(b"(" + varies + b")" for varies, _becomes in _RULES))
_BECOMES = (b"",) + tuple(becomes for _varies, becomes in _RULES)


def pattern_of(path):
    """Return the pattern (bytes) of a path, a file name or the name of a socket (bytes)."""
    return _VARIES.sub(_becomes, path[:_LIMIT])


def _becomes(match):
    return _BECOMES[match.lastindex]
