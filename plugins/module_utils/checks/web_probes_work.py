# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading itself: every file once, in this process or spread over several.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host import logs
from ..host.finding import text
from . import web_probes_errors as errors
from . import web_probes_time as times
from .web_probes_judge import Judge
from .web_probes_reader import whole_lines
from .web_probes_scan import Scan
from .web_probes_spread import ahead, shares, spread, unpacks_ahead, workers
from .web_probes_tally import Tally


class Work:
    """C(tally), C(files) that were read, C(skipped) and C(problems)."""

    def __init__(self, list_hits):
        self.tally = Tally(list_hits)
        self.files, self.skipped, self.problems = [], [], []

    def merge(self, other):
        """Add the work of another process."""
        self.tally.merge(other.tally)
        self.files.extend(other.files)
        self.skipped.extend(other.skipped)
        self.problems.extend(other.problems)


def _stamp(line):
    start = line.find(b"[") + 1
    return times.local(line[start : start + 26]) if start else None


def read_all(machine, place, options, span, trusted, known):
    """Return the Work of reading all logs: the access logs, then the error logs; where it pays, in several processes."""
    numbered = bool(options.get("list_hits"))
    opened, problems = [], []
    for found, stamp in ((place.found, _stamp), (place.errors, errors.stamp)):
        some, said = logs.open_logs(machine, found.rotations, span[0])
        opened.extend((log, stamp) for log in some)
        problems.extend(said)

    def read(share):
        work = Work(numbered)
        scan = Scan(Judge(), work.tally, span[0], span[1], trusted, place.names, known)
        for log, stamp in share:
            _read(log, place.layout(log.path), scan, work, span, stamp, numbered, helped)
        return work

    try:
        dealt = shares(opened, workers(options))
        helped = unpacks_ahead(dealt)
        works = spread(read, dealt)
    finally:
        for log, _stamp_of in opened:
            log.close()
    work = works[0]
    for other in works[1:]:
        work.merge(other)
    work.problems[:0] = problems
    return work


def _read(log, layout, scan, work, span, stamp, numbered, helped):
    lines, obstacle = work.tally.lines + work.tally.error_lines, log.obstacle()
    if obstacle:
        work.skipped.append((log.path, obstacle))
        work.problems.append("%s: not read, %s" % (text(log.path), obstacle))
        return
    start, end = (0, log.size) if numbered else log.range(span[0], span[1], stamp)
    blocks = log.blocks(start, end)
    if helped and log.packed:
        blocks = ahead(blocks, log.problems)
    scan.file(log.path, b"", whole_lines(blocks, work.tally.unread), layout, start == 0)
    said = [problem.split(": ", 1)[-1] for problem in log.problems]
    work.problems.extend("%s: %s" % (text(log.path), words) for words in said)
    work.files.append(
        {
            "path": text(log.path, 1000),
            "lines": work.tally.lines + work.tally.error_lines - lines,
            "bytes": log.size,
            "problems": [text(words) for words in said],
        }
    )
