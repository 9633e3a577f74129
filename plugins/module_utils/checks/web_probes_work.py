# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading itself: every file once, in this process or spread over several.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host import logs
from ..host.finding import text
from . import web_probes_reader as reader
from . import web_probes_time as times
from .web_probes_judge import Judge
from .web_probes_scan import Scan
from .web_probes_tally import Tally


class Work:
    """C(tally), C(files) that were read, C(skipped) and C(problems)."""

    def __init__(self, list_hits):
        self.tally = Tally(list_hits)
        self.files, self.skipped, self.problems = [], [], []


def _stamp(line):
    start = line.find(b"[") + 1
    return times.local(line[start:start + 26]) if start else None


def read_all(machine, found, place, options, span, trusted, known):
    """Return the Work of reading all files."""
    work = Work(bool(options.get("list_hits")))
    opened, problems = logs.open_logs(machine, found.rotations, span[0])
    work.problems.extend(problems)
    scan = Scan(Judge(), work.tally, span[0], span[1], trusted, place.names, known)
    for log in opened:
        with log:
            _read(machine, log, place, scan, work, span, bool(options.get("list_hits")))
    return work


def _read(machine, log, place, scan, work, span, numbered):
    name = log.path
    before = work.tally.lines
    said = []

    def too_long(line):
        work.tally.unread(line)

    start, end = (0, log.size) if numbered else log.range(span[0], span[1], _stamp)
    lines, _layout = scan.file(name, b"", reader.whole_lines(reader.blocks(machine, log, start, end, said.append), too_long), place.layout(name), start == 0)
    problems = said + log.problems
    work.problems.extend("%s: %s" % (text(name), words) for words in said)
    work.problems.extend(log.problems)
    work.files.append({"path": text(name, 1000), "lines": work.tally.lines - before, "bytes": log.size, "problems": [text(words) for words in problems]})
