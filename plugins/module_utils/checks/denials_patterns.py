# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pattern of a path: what changes from one run of a program to the next is taken out, so that a flood becomes one group.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


from ..host.pattern import Pattern

# Longer names are no paths that a program of the server chose for itself.
_LIMIT = 1024

# What spans more than one word, and a text that must be there for it to be worth a search: (text, what varies, what stands for it).
_SPANS = tuple(
    (needs, Pattern(varies), stands)
    for needs, varies, stands in (
        # PHP's sessions
        (b"sess_", rb"(?<![^/])sess_[0-9A-Za-z,-]{20,}", b"sess_X"),
        # Python's and PHP's temporary files
        (b"tmp", rb"(?<![^/])tmp(?=[a-z_]{0,16}[0-9A-Z])[0-9A-Za-z_]{6,16}(?=[/.]|$)", b"tmpX"),
        (b"php", rb"(?<![^/])php(?=[a-z_]{0,16}[0-9A-Z])[0-9A-Za-z_]{6,16}(?=[/.]|$)", b"phpX"),
        # Containers, volumes, and dates
        (b"-", rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", b"UUID"),
        (b"-", rb"[0-9]{4}-[0-9]{2}-[0-9]{2}", b"DATE"),
    )
)

# Words with a digit or a capital in them: others do not vary.
_WORD = Pattern(rb"(?<![0-9A-Za-z])[a-z]*[0-9A-Z][0-9A-Za-z]*")
_COUNTER = Pattern(rb"[0-9]{4,}")
_HEX = Pattern(rb"(?:[0-9a-f]{8,}|[0-9A-F]{8,})\Z")

# Short numbers that are a process, a thread, a terminal, a user; a short number elsewhere (sda1, php8, lib64) is part of the name.
_BEFORE_NUMBER = (b"/proc/", b"/task/", b"/dev/pts/", b"/run/user/", b"[")


def pattern_of(path):
    """Return the pattern (bytes) of a path, a file name or the name of a socket (bytes)."""
    if path[:5] == b"sess_" and len(path) > 24 and path[5:].isalnum():
        return b"sess_X"  # as the rules below say, sooner: no name floods as PHP's sessions do
    path = path[:_LIMIT]
    for needs, varies, stands in _SPANS:
        if needs in path:
            path = varies.sub(stands, path)
    return _WORD.sub(_varying, path)


def _varying(match):
    """Return what stands for a word of letters and digits in a pattern."""
    word = match.group()
    start, end, path = match.start(), match.end(), match.string
    if word.isdigit():
        # process and inode numbers, times, counters
        return b"N" if len(word) > 3 or path[max(0, start - 10):start].endswith(_BEFORE_NUMBER) else word
    if len(word) < 4:
        return word
    if len(word) == 6 and path[start - 1:start] in _SEPARATORS and path[end:end + 1] in (b"", b"/") and not (word.isalpha() and _one_case(word)):
        return b"X"  # what mktemp(3) puts behind a dot or a dash
    if not word.isalpha() and _HEX.match(word):
        return b"HEX"  # containers, overlay layers, caches
    return _COUNTER.sub(b"N", word)


_SEPARATORS = (b".", b"-", b"_")


def _one_case(word):
    return word.islower() or word.isupper() or word.istitle()
