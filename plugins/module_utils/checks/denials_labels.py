# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which type the policy wants a file to have: a look into file_contexts, as matchpathcon does it, without the program.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

The format is selabel_file(5): regular expression, optional file type, context. The policy sorts the lines by how special they are,
so the last that matches wins; of the files the local one wins.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.pattern import Pattern
from .denials_records import type_of

_FILES = (b"file_contexts", b"file_contexts.homedirs", b"file_contexts.local")
_SIZE_LIMIT = 8 << 20
_SPECIAL = Pattern(rb"[.^$?*+|\[({\\]")
_CLASSES = {b"file": b"--", b"dir": b"-d", b"lnk_file": b"-l", b"chr_file": b"-c", b"blk_file": b"-b", b"sock_file": b"-s", b"fifo_file": b"-p"}


class Labels:
    """The file contexts of a policy, read when first asked. C(expected(path, tclass)) is the type (bytes), None where it is not known."""

    def __init__(self, machine, policy):
        self._machine, self._policy, self._lines = machine, policy, None

    def expected(self, path, tclass):
        if not path.startswith(b"/") or b"\0" in path or not self._policy:
            return None
        kind = _CLASSES.get(tclass)
        for stem, words in reversed(self._read()):
            if not path.startswith(stem) or (len(words) > 2 and kind is not None and words[1] != kind):
                continue
            try:
                matches = re.match(rb"(?:%s)\Z" % words[0], path)
            except re.error:
                continue  # PCRE that Python does not know
            if matches:
                return None if words[-1] == b"<<none>>" else type_of(words[-1])
        return None

    def _read(self):
        if self._lines is None:
            self._lines = []
            folder = b"/etc/selinux/" + self._policy.encode("ascii", "replace") + b"/contexts/files/"
            for name in _FILES:
                for line in (self._machine.read_or_none(folder + name, _SIZE_LIMIT) or b"").split(b"\n"):
                    words = line.split()
                    if len(words) in (2, 3) and words[0].startswith(b"/"):
                        self._lines.append((_stem(words[0]), words))
        return self._lines


def _stem(expression):
    """Return the beginning that every match has: what is before the first special character, less the one that it may make optional."""
    special = _SPECIAL.search(expression)
    if not special:
        return expression
    if b"|" in expression.split(b"(", 1)[0]:
        return b""
    end = special.start()
    return expression[:end - 1] if special.group() in (b"?", b"*", b"{") else expression[:end]
