# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gemfile.lock of Bundler.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

# Kind of a block -> where its gems come from.
BLOCKS = {"GEM": "registry", "GIT": "git", "PATH": "path", "PLUGIN SOURCE": "url"}

# "    nokogiri (1.16.2-x86_64-linux)": four spaces are the gem itself, six what it needs. Behind the first "-" stands the platform.
_GEM = re.compile(r" {4}([^\s(]+) \(([^)\s-]+)(?:-[^)]*)?\)!?\s*\Z")


def parse(words):
    """Return (rows, problems): rows are {(name, version, source, group)}."""
    rows, problems = set(), []
    block, unreadable = None, 0
    for line in words.split("\n"):
        if line[:1] not in ("", " "):
            block = line.strip()
        elif block in BLOCKS and line.startswith("    ") and line[4:5] not in ("", " "):
            match = _GEM.match(line)
            if match:
                rows.add(match.groups() + (BLOCKS[block], ""))
            else:
                unreadable += 1
    if unreadable:
        problems.append("%d gems without a version" % unreadable)
    if "\nDEPENDENCIES" not in "\n" + words:
        problems.append("it ends before its DEPENDENCIES")
    return rows, problems
