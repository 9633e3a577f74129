# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logwatch's own report, split into its sections.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.finding import text
from ..host.machine import COMMAND_MOST
from ..host.redact import redact

OUTPUT_LIMIT = 2097152
ARGUMENTS = [b"--output", b"stdout", b"--format", b"text", b"--range", b"yesterday", b"--detail", b"low", b"--numeric"]
SECTIONS_LIMIT = 60
LINES_LIMIT = 60
LINE_LIMIT = 200

_MARK = re.compile(rb" -{10,} (?P<name>.{1,80}?) (?P<end>Begin|End) -{10,} *\Z")
_UNMATCHED = b"**Unmatched Entries**"


def split_sections(output):
    """Return [(name, lines)] of logwatch's text, from its own marks; a section that does not end goes on to the next mark."""
    sections, current = [], None
    for line in output.splitlines():
        mark = _MARK.match(line)
        if mark is not None:
            current = None
            if mark.group("end") == b"Begin":
                current = []
                sections.append((mark.group("name"), current))
        elif current is not None and line.strip():
            current.append(line.rstrip())
    return sections


def read_logwatch(machine):
    """Run logwatch over yesterday and return (data, problem): its sections as data, and why it is not to be trusted, or None.

    Its empty answer with exit code 0 means "nothing to report", "no log was found" and "no log could be read" alike.
    """
    path = machine.which(b"logwatch")
    if path is None:
        return None, "logwatch is not installed"
    answer = machine.run([path] + ARGUMENTS, timeout=COMMAND_MOST, limit=OUTPUT_LIMIT)
    if answer.timed_out:
        return None, "logwatch did not end within its time"
    if answer.rc != 0:
        return None, "logwatch ended with exit code %d: %s" % (answer.rc, text(answer.err.strip(), 200))
    if not answer.out.strip():
        why = ": " + text(answer.err.strip(), 200) if answer.err.strip() else ""
        return {"sections": []}, "logwatch printed nothing: it cannot be told from nothing read%s" % why
    sections = split_sections(answer.out)
    data = {"sections": [_section(name, lines) for name, lines in sections[:SECTIONS_LIMIT]], "sections_cut": max(0, len(sections) - SECTIONS_LIMIT)}
    if not sections:
        return data, "the answer of logwatch has none of its sections"
    if answer.truncated:
        return data, "logwatch printed more than %d bytes, the rest was not read" % OUTPUT_LIMIT
    return data, None


def _section(name, lines):
    unmatched = next((number for number, line in enumerate(lines) if _UNMATCHED in line), None)
    return {
        "name": text(name, 80),
        "lines": [text(redact(line), LINE_LIMIT) for line in lines[:LINES_LIMIT]],
        "lines_cut": max(0, len(lines) - LINES_LIMIT),
        "unmatched": 0 if unmatched is None else len(lines) - unmatched - 1,
    }
