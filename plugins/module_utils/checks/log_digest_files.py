# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log files of syslog as a source: which of them, in which order, and their lines.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import time

from ..host.finding import iso, text
from ..host.logs import open_logs, rotations
from ..host.stamps import Stamps
from .log_digest_lines import LINE_LIMIT, Lines

# The fuller one first: on Debian up to 11 "messages" repeats lines of "syslog"; "kern.log" always does where there is a "syslog".
NAMES = (b"syslog", b"messages", b"auth.log", b"secure", b"cron.log", b"cron", b"kern.log")

REST_LIMIT = 65536
SAMPLES = 10

# To tell a copy: so many of its last lines are looked for in the other log, in at most so much of it.
COPY_LINES = 20
COPY_TAIL = 65536
COPY_SEARCH = 8388608

# Every so many bytes of a plain log the month is looked at, to see whether the log spans more than one year.
MONTH_STEP = 65536

_MONTH = re.compile(rb"^(?:<\d{1,3}>)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d (?!\d{4} )", re.M)
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MARK = re.compile(rb"(?:\S{1,255} )?-- MARK --")


class FileSource:
    """Reads the syslog files of one folder into a Judge and Hours.

    Afterwards C(sources) (JSON data), C(problems) (what could not be seen), C(lines) and C(unparsed) say what was read,
    C(is_empty) that there is no log at all.
    """

    def __init__(self, judge, hours):
        self.judge, self.hours = judge, hours
        self.sources, self.problems, self.samples = [], [], []
        self.lines = self.unparsed = 0
        self.is_empty = True
        self._before = None

    def read(self, machine, folder, since, until):
        """Read what lies in the window of all logs in C(folder) (bytes)."""
        chosen = []
        for name in NAMES:
            path = folder.rstrip(b"/") + b"/" + name
            try:
                found = rotations(machine, path)
            except OSError as error:
                self.problems.append("%s: %s" % (text(path, 200), error.strerror))
                return
            self.is_empty = self.is_empty and not found
            if not any(one.size for one in found):
                if found:
                    self.sources.append({"path": text(path, 200), "note": "empty", "lines": 0})
                continue
            original = next((other for other, others in chosen if _is_copy(machine, found, others)), None)
            if original is not None:
                self.sources.append({"path": text(path, 200), "note": "not read: its lines are those of %s" % text(original, 200), "lines": 0})
                continue
            chosen.append((path, found))
        for path, found in chosen:
            self._read_log(machine, path, found, since, until)

    def _read_log(self, machine, path, found, since, until):
        logs, problems = open_logs(machine, found, since, lambda: rotations(machine, path))
        self.problems += problems
        for number, log in enumerate(logs):
            with log:
                if machine.is_late():
                    self.problems.append("%s: not read, the time was up" % text(log.path, 200))
                    continue
                self._read_file(machine, log, since, until)
            self.problems += log.problems
            logs[number] = None

    def _read_file(self, machine, log, since, until):
        lines, unparsed = self.lines, self.unparsed
        year = _first_year(log)
        # Where the file spans years, its year-less stamps rise only with the years that are counted from its start.
        start, end = (0, log.size) if year is not None or log.packed else log.range(since, until, _stamp_of(log))
        reader = Lines(self, Stamps(log.mtime, year), since, until)
        rest = b""
        skip = start > 0
        for block in log.blocks(start, end):
            block = rest + block
            whole = block.rfind(b"\n")
            rest = block[whole + 1:]
            if len(rest) > REST_LIMIT:
                rest = rest[:LINE_LIMIT]
            if whole >= 0:
                block = block[:whole]
                if b"\r" in block:
                    block = (block + b"\n").replace(b"\r\n", b"\n")[:-1]
                if skip:
                    block = block.partition(b"\n")[2]
                    skip = False
                reader.take(block)
            if machine.is_late():
                self.problems.append("%s: only read up to %s, the time was up" % (text(log.path, 200), iso(reader.last)))
                break
        else:
            if rest and not skip:
                reader.take(rest.rstrip(b"\r"))
        reader.end()
        self.sources.append({
            "path": text(log.path, 200), "lines": self.lines - lines, "unparsed": self.unparsed - unparsed,
            "first": iso(reader.first), "last": iso(reader.last), "packed": log.packed.decode("ascii"), "bytes_read": log.scanned,
        })

    def odd(self, line):
        """Take a line that has no stamp or no program: a mark, or one that is not understood."""
        words = line.lstrip(b"\0").strip()
        if not words or _MARK.match(words):
            return
        self.unparsed += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(text(words, 200))


def _stamp_of(log):
    """Return the function that host.logs bisects a log with."""
    return lambda line: Stamps(log.mtime).read(line)[0]


def _first_year(log):
    """Return the year of a plain log's first line where its stamps have no year and go over more than one New Year, else None."""
    if log.packed or not _MONTH.match(log.pread(32, 0)):
        return None
    turns, month = 0, None
    for offset in range(0, log.size, MONTH_STEP):
        block = log.pread(MONTH_STEP if log.size <= 16 * MONTH_STEP else 4096, offset)
        for found in _MONTH.finditer(block):
            number = _MONTHS.index(found.group(1))
            if month is not None and abs(number - month) > 6:
                turns += 1 if number < month else -1
            month = number
    if turns < 2 and not (turns == 1 and _spans_a_year(log)):
        return None
    last = time.localtime(log.mtime + 86400)
    return last.tm_year - turns - (1 if month is not None and month + 1 > last.tm_mon else 0)


def _spans_a_year(log):
    """Return whether the first line of a log, read as of the last year, would be younger than it can be: its month comes again at the end."""
    first = _MONTH.findall(log.pread(4096, 0))
    last = _MONTH.findall(log.pread(4096, max(0, log.size - 4096)))
    return bool(first and last) and _MONTHS.index(first[0]) <= _MONTHS.index(last[-1])


def _is_copy(machine, found, others):
    """Return whether the last lines of one log are in another: the same messages went to both."""
    sample = _last_lines(machine, found)
    if not sample:
        return False
    text_of_other = b"\n" + _around(machine, others, sample) + b"\n"
    hits = sum(b"\n" + line + b"\n" in text_of_other for line in sample)
    return hits >= 0.9 * len(sample)


def _plain_logs(machine, found):
    for rotation in reversed(found):
        if rotation.packed or not rotation.size:
            continue
        logs, _problems = open_logs(machine, [rotation])
        for log in logs:
            with log:
                yield log


def _last_lines(machine, found):
    for log in _plain_logs(machine, found):
        lines = log.pread(COPY_TAIL, max(0, log.size - COPY_TAIL)).split(b"\n")[1 if log.size > COPY_TAIL else 0:-1]
        return [line for line in lines if line][-COPY_LINES:]
    return []


def _around(machine, others, sample):
    """Return the part of the newest plain logs around the times of the sampled lines."""
    parts = []
    for log in _plain_logs(machine, others):
        stamps = Stamps(log.mtime)
        whens = [when for when in (stamps.read(line)[0] for line in (sample[0], sample[-1])) if when is not None]
        if not whens:
            return b""
        start, end = log.range(min(whens) - 1, max(whens) + 1, _stamp_of(log))
        parts.append(log.pread(min(COPY_SEARCH, end - start), start))
        if len(parts) >= 2:
            break
    return b"\n".join(parts)
