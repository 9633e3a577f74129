# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is regular: the paths that the user names, and what the released application serves from its public folder.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools
import os
import re

# The blog's own list.
KNOWN_PATHS = ("assets", "images", "favicon.ico", "robots.txt", "fonts")

PUBLIC_FILES_LIMIT = 20000
DEPTH_LIMIT = 8


class Known:
    """Tells whether a path is regular. Never asked about a request that has a signature, never about a query or a Referer.

    C(patterns) are regular expressions (text), searched for in the path; C(public) are folders whose files the server serves.
    """

    def __init__(self, machine, patterns, public=()):
        patterns = [os.fsencode(pattern) for pattern in patterns]
        try:
            self._pattern = re.compile(b"|".join(b"(?:%s)" % pattern for pattern in patterns)) if patterns else None
        except re.error as error:
            raise ValueError("known_paths: %s" % error) from error
        self.files, self.cut, self._seen = set(), False, 0
        for folder in public:
            self._list(machine, os.fsencode(folder).rstrip(b"/"), b"", 0)

    def _list(self, machine, folder, below, depth):
        if depth > DEPTH_LIMIT:
            return
        try:
            with os.scandir(machine.path(folder + below)) as entries:
                # What users uploaded may be millions of files, or of folders.
                names = sorted(entry.name for entry in itertools.islice(entries, PUBLIC_FILES_LIMIT))
        except OSError:
            return
        for name in names:
            self._seen += 1
            if self._seen > PUBLIC_FILES_LIMIT:
                self.cut = True
                return
            path = below + b"/" + name
            full = machine.path(folder + path)
            if os.path.isdir(full):
                if not os.path.islink(full):
                    self._list(machine, folder, path, depth + 1)
            else:
                self.files.add(path)

    def __call__(self, path):
        return path in self.files or (self._pattern is not None and self._pattern.search(path) is not None)
