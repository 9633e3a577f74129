# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""yarn.lock of Yarn 1 and of its successors.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .software_lock_npm import source_of

# "  version "1.0.2"" of Yarn 1 and "  version: 1.0.2" of the later ones; the same with resolved and resolution.
_FIELD = re.compile(r"  \"?(version|resolved|resolution)\"?(?::| )(.*)\Z")


def parse(words):
    """Return (rows, problems): rows are {(name, version, source, group)}."""
    rows, unreadable = set(), 0
    head, fields = "", {}
    for line in words.split("\n") + ["end:"]:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] != " ":
            unreadable += _add(rows, head, fields)
            head, fields = line.strip(), {}
        else:
            match = _FIELD.match(line)
            if match:
                fields.setdefault(match.group(1), match.group(2).strip().strip("\""))
    problems = ["%d packages cannot be read" % unreadable] if unreadable else []
    if not rows and "yarn lockfile" not in words and "__metadata:" not in words:
        problems.append("it is no lock file of Yarn")
    return rows, problems


def _add(rows, head, fields):
    """Add one entry; return 1 where it cannot be read."""
    if not head or head in ("__metadata:", "end:"):
        return 0
    first = head.rstrip(":").split(",")[0].strip().strip("\"")
    version = fields.get("version", "")
    if "resolution" in fields:
        name, _at, wanted = _split(fields["resolution"])
        if wanted.startswith("workspace:"):  # the application itself
            return 0
        source = "registry" if wanted.startswith(("npm:", "patch:")) else source_of(wanted.partition("::")[0])
    else:
        name, _at, wanted = _split(first)
        if wanted.startswith("npm:"):  # an alias: babel-hvi@npm:@babel/helper@^7.0.0
            name = _split(wanted[4:])[0]
        source = source_of(fields["resolved"] if "resolved" in fields else wanted if wanted.startswith(("file:", "link:")) else "")
    if not name or not version:
        return 1
    rows.add((name, version, source, ""))
    return 0


def _split(spec):
    """Split "@babel/core@^7.0.0" at the "@" that is not the scope's."""
    at = spec.find("@", 1)
    return (spec, "", "") if at < 0 else (spec[:at], "@", spec[at + 1:])
