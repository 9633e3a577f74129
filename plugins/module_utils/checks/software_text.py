# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small formats that software is described in: fields of packages, sections of settings.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.finding import text

FIELD_LIMIT = 200

_PLAIN = re.compile(rb"[\t -~]*\Z")
_PLAIN_ROWS = re.compile(rb"[\t\n -~]*\Z")


def plain(fields):
    """Return bytes fields as a list of printable texts, each capped."""
    joined = b"\t".join(fields)
    if len(joined) <= FIELD_LIMIT and joined.count(b"\t") == len(fields) - 1 and _PLAIN.match(joined):
        return joined.decode("ascii").split("\t")
    return [text(field, FIELD_LIMIT) for field in fields]


def plain_rows(rows):
    """Return many rows of bytes fields as C(plain) would, at once where there is nothing to escape."""
    joined = b"\n".join([b"\t".join(row) for row in rows])
    if rows and _PLAIN_ROWS.match(joined) and joined.count(b"\n") == len(rows) - 1 and joined.count(b"\t") == sum(map(len, rows)) - len(rows):
        lines = joined.decode("ascii").split("\n")
        if max(map(len, lines)) <= 2 * FIELD_LIMIT:
            return [line.split("\t") for line in lines]
    return [plain(row) for row in rows]


def sections(raw):
    """Return [(name, {key: value})] of a file like dnf.conf or a .repo (bytes): keys in lower case, lines that go on joined by a space.

    What stands above the first section is in one named b"".
    """
    found = [(b"", {})]
    key = None
    for line in raw.split(b"\n"):
        line = line.rstrip(b"\r")
        words = line.strip()
        if not words or words[:1] in b"#;":
            continue
        values = found[-1][1]
        if line[:1] in b" \t" and key is not None:
            values[key] += b" " + words
        elif words[:1] == b"[" and words[-1:] == b"]":
            found.append((words[1:-1].strip(), {}))
            key = None
        else:
            name, equals, value = words.partition(b"=")
            key = name.strip().lower() if equals else None
            if equals:
                values[key] = value.strip()
    return found


def is_on(value):
    """Return whether a setting (bytes) means yes, as dnf and apt read it."""
    return value.strip().lower() in (b"1", b"yes", b"true", b"on", b"enable", b"with")
