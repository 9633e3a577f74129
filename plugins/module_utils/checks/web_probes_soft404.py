# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that say 200 and mean 404: the sizes that a server gives to anything that it is asked.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# Stands for the size of the answer to HEAD, which has no body.
HEAD = -2
# Different probes that must have got the same size before it is the catch-all's.
SAME = 3
# Different probes whose sizes lie this close together: a page that repeats the path, or is compressed.
NEAR = 5
NEAR_PART = 0.03
SIZES_LIMIT = 512
ROOTS_LIMIT = 64


class Sizes:
    """The sizes of successful answers of one server, to C(/) and to probes; merged over workers and judged at the end."""

    def __init__(self):
        self.roots = {}
        self.probes = {}

    def root(self, size):
        if size in self.roots or len(self.roots) < ROOTS_LIMIT:
            self.roots[size] = self.roots.get(size, 0) + 1

    def probe(self, path, size):
        paths = self.probes.get(size)
        if paths is None:
            if len(self.probes) >= SIZES_LIMIT:
                return
            paths = self.probes[size] = set()
        if len(paths) < NEAR:
            paths.add(path[:200])

    def merge(self, other):
        for size, count in other.roots.items():
            if size in self.roots or len(self.roots) < ROOTS_LIMIT:
                self.roots[size] = self.roots.get(size, 0) + count
        for size, paths in other.probes.items():
            for path in paths:
                self.probe(path, size)

    def catch_all(self, path, size):
        """Return why a size is that of the catch-all answer, or an empty text."""
        if size == HEAD:
            return "every HEAD is answered" if len(self.probes.get(HEAD, ())) >= SAME else ""
        if size < 0:
            return ""
        if size == 0:
            return "the body is empty"
        if size in self.roots:
            return "as large as the answer to /"
        if len(self.probes.get(size, ())) >= SAME:
            return "as large as the answer to %d other probes" % (len(self.probes[size]) - 1)
        near = set()
        for other, paths in self.probes.items():
            if abs(other - size) <= NEAR_PART * size and size > 300:
                near.update(paths)
        near.discard(path[:200])
        if len(near) >= NEAR:
            return "nearly as large as the answers to %d other probes" % len(near)
        return ""
