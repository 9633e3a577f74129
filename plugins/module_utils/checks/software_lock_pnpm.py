# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pnpm-lock.yaml, versions 5 to 9 of the format: of YAML only what pnpm writes.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .software_lock_npm import source_of

# /acorn/8.7.0, /@a/b/1.0.0_react@18.2.0, registry.npm.example/foo/1.1.0, /js@4.0.0(react@18.2.0), @a/b@1.0.0
_KEY = re.compile(r"(?:(?=[^/@\s]+\.[^/@\s])[^/@\s]+/|/)?((?:@[^/@\s]+/)?[^/@\s]+)[/@](\d[^()_/\s]*)(?:[(_].*)?\Z")
# ansi-regex@https://codeload.github.com/chalk/ansi-regex/tar.gz/02fa
_ADDRESS = re.compile(r"((?:@[^/@\s]+/)?[^/@\s]+)@((?:https?|git|ssh|file|link)[:+].*)\Z")
_FIELD = re.compile(r"    (name|version|dev|resolution):(.*)\Z")
_WHERE = re.compile(r"(?:tarball|repo|directory):\s*[\"\x27]?([^\s,}\"\x27]+)")


def parse(words):
    """Return (rows, problems): rows are {(name, version, source, group)}."""
    rows, unreadable = set(), 0
    inside, key, fields = False, None, {}
    for line in words.split("\n") + ["end:"]:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent = len(line) - len(line.lstrip(" "))
        if indent <= 2 and key is not None:
            unreadable += _add(rows, key, fields)
            key, fields = None, {}
        if indent == 0:
            inside = line.startswith("packages:")
        elif inside and indent == 2:
            key = _key(line)
        elif inside and indent == 4:
            match = _FIELD.match(line)
            if match:
                fields.setdefault(match.group(1), match.group(2).strip().strip("\"'"))
    problems = ["%d packages cannot be read" % unreadable] if unreadable else []
    if "lockfileVersion" not in words and words.strip() and not all(line.lstrip().startswith("#") for line in words.split("\n") if line.strip()):
        problems.append("it is no lock file of pnpm")
    return rows, problems


def _key(line):
    words = line.strip()
    quote = words[:1] if words[:1] in "\"'" else ""
    if quote:
        return words[1:].partition(quote)[0]
    return words[:-4].rstrip(":") if words.endswith(": {}") else words.rstrip(":")


def _add(rows, key, fields):
    """Add one entry; return 1 where it cannot be read."""
    group = "development" if fields.get("dev") == "true" else ""
    match = _KEY.match(key)
    if match and "name" not in fields:
        rows.add((match.group(1), match.group(2), "registry", group))
        return 0
    address = _ADDRESS.match(key)
    name = fields.get("name") or (address.group(1) if address else "")
    version = fields.get("version", "")
    if not name or not version:
        # A name of an entry without a body says what it is, where it can be read at all.
        return 0 if not fields and not match else 1
    resolution = fields.get("resolution", "")
    where = _WHERE.search(resolution)
    source = "git" if "type: git" in resolution else "path" if key.startswith(("file:", "link:")) or "type: directory" in resolution else ""
    rows.add((name, version, source or source_of(where.group(1) if where else address.group(2) if address else ""), group))
    return 0
