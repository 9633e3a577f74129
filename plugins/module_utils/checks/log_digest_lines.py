# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a syslog file: whose they are, when they were written, and which of them have to be looked at.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

A block of lines is swept: minutes and beginnings (host, program, first word) are counted over the block, and each different one is looked at
once. Only lines whose beginning does not say that they are nothing are taken up. A block in which a line has no stamp, or another form of it,
or lies at the edge of the window, or in an hour that the zone repeats, is read line by line: that gives the same, and takes longer.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import Counter
from itertools import compress

from .log_digest_hours import LINES
from .log_digest_judge import NOTHING, SHAPE

LINE_LIMIT = 8192

# Different minutes of one file that are remembered: two weeks of them. Beyond that they are forgotten, which costs time, never a line.
MINUTES_LIMIT = 20000

SECONDS = {b"%02d" % number: number for number in range(100)}


class Lines:
    """The lines of one file, in its order. C(source) is the FileSource: its C(judge), C(hours), C(lines) and C(odd(line)).

    Afterwards C(first) and C(last) are the first and the last minute with a line of the window, in seconds since 1970.
    """

    def __init__(self, source, stamps, since, until):
        self._source, self._judge, self._stamps = source, source.judge, stamps
        self._since = since if since is not None else float("-inf")
        self._until = until if until is not None else float("inf")
        self._minutes, self._hours = {}, {}
        self._minute, self._width, self._epoch, self._count, self._rfc5424 = None, 0, 0, 0, False
        self._state = None
        self._before = b""
        self.first = self.last = None

    def take(self, text):
        """Judge whole lines: bytes, without the last line end."""
        lines = text.split(b"\n")
        if not self._sweep(lines, text):
            self._each(lines)

    def end(self):
        """Count the lines of the last minute."""
        self._flush()

    def _sweep(self, lines, text):
        """Judge lines all at once. Returns False, with nothing done, where they have to be read one by one."""
        form = self._form(lines[0])
        if form is None:
            return False
        width, at, zone = form
        minutes = [line[:width] + line[at - 6:at] for line in lines] if zone else [line[:width] for line in lines]
        counts = Counter(minutes)
        if not all(minute in self._minutes or self._learn(minute, lines, minutes, width, at) for minute in counts):
            return False
        known = self._minutes
        low, high = min(known[minute] for minute in counts), max(known[minute] for minute in counts)
        if high + 61 <= self._since or low > self._until:
            return True
        if low < self._since or high + 61 > self._until:
            return False
        self._flush()
        self._minute, self._width = None, 0
        for minute, count in counts.items():
            self._counted(known[minute], count)
        self._beginnings(lines, text.translate(SHAPE).split(b"\n"), minutes, width, at)
        if len(known) > MINUTES_LIMIT:
            known.clear()
        return True

    def _form(self, line):
        """Return (where the seconds begin, where the stamp ends, whether an offset ends it) of a line's stamp; None where lines are not swept."""
        if line[:1] == b"<":
            return None
        when, end = self._stamps.read(line)
        if when is None:
            return None
        width = self._stamps.seconds_at
        return width, end - 1, line[4:5] == b"-" and line[end - 7:end - 6] in (b"+", b"-")

    def _learn(self, minute, lines, minutes, width, at):
        """Remember the epoch of a minute; returns False where it is none, or one that the lines before it decide."""
        hour, number = minute[:width - 3] + minute[width:], minute[width - 3:width]
        begins = self._hours.get(hour)
        if begins is None:
            when, end = self._stamps.read(lines[minutes.index(minute)])
            if when is None or end - 1 != at or not self._stamps.settled:
                return False
            begins = self._hours[hour] = when - when % 60 - 60 * int(number[:2])
        elif not (number[:2].isdigit() and number[:2] <= b"59" and number[2:] == b":"):
            return False
        self._minutes[minute] = begins + 60 * int(number[:2])
        return True

    def _beginnings(self, lines, shapes, minutes, width, at):
        """Count each beginning for its program, and judge the lines of those that do not say that they are nothing."""
        beginnings = [shape[at:shape.find(b" ", shape.find(b": ", at) + 2)] for shape in shapes]
        wanted = self._wanted(lines, beginnings, at)
        judge, known_minutes, taken_up = self._judge, self._minutes, -1
        for number in compress(range(len(lines)), map(wanted.__contains__, beginnings)) if wanted else ():
            line = lines[number]
            found = wanted[beginnings[number]]
            if found is None:
                self._remember(lines, beginnings, wanted, taken_up, number, at)
                self._one(line, width, known_minutes[minutes[number]])
                taken_up = number
                continue
            program, known, start = found
            if known is None and program.shapes.get(shapes[number][start:]) is NOTHING:
                continue
            message = line[start:start + LINE_LIMIT - 2]
            if known is None:
                known, message = judge.judge(program, message)
                if known is NOTHING:
                    continue
            when = known_minutes[minutes[number]] + SECONDS.get(line[width:width + 2], 0)
            if known.usual is None or not known.usual(message, when):
                judge.handle(known, program, message, when)
        self._remember(lines, beginnings, wanted, taken_up, len(lines), at)

    def _wanted(self, lines, beginnings, at):
        """Count beginnings for their programs. Returns those whose lines are to be judged: {beginning: (program, known, where the message begins)}.

        Known is None where the first word does not tell; of a beginning that no program can be found in, nothing is known: None.
        """
        wanted = {}
        for beginning, count in Counter(beginnings).items():
            colon = beginning.find(b": ", 1)
            program = self._program_of(beginning, colon, lines, beginnings, at)
            if program is None:
                wanted[beginning] = None
                continue
            program.count += count
            if program.leads is not None:
                known = program.leads.get(beginning[colon + 2:])
            else:
                known = None if beginning.startswith(b"pam_", colon + 2) else NOTHING
            if known is not NOTHING:
                wanted[beginning] = (program, known, at + colon + 2)
        return wanted

    def _program_of(self, beginning, colon, lines, beginnings, at):
        """Return the Program of a beginning; None for one without a head."""
        if beginning[:1] != b" " or not 1 < colon < LINE_LIMIT:
            return None
        program = self._judge.heads.get(beginning[1:colon])
        if program is None:
            line = lines[beginnings.index(beginning)]
            program = self._judge.head(line[at + 1:at + colon])
        return program

    def _remember(self, lines, beginnings, wanted, after, before, at):
        """Keep the last line between two numbers that has a program: what C(last message repeated) is said of."""
        for number in range(before - 1, after, -1):
            if wanted.get(beginnings[number], ()) is not None:
                self._before = lines[number][at + 1:]
                break

    def _each(self, lines):
        """Judge lines one by one."""
        for line in lines:
            width = self._width
            if line[:width] != self._minute:
                if line[:1] == b"\0":
                    line = line.lstrip(b"\0")
                if not self._enter(line):
                    continue
                width = self._width
            if self._state or (self._state is None and self._since <= self._epoch + SECONDS.get(line[width:width + 2], 0) <= self._until):
                self._count += 1
                self._one(line, width, self._epoch)

    def _one(self, line, width, epoch):
        """Judge a line whose seconds begin at C(width), written in the minute C(epoch)."""
        judge = self._judge
        start = line.find(b" ", width + 2) + 1
        colon = line.find(b": ", start)
        program = judge.heads.get(line[start:colon].translate(SHAPE)) if colon > 0 else None
        if program is None:
            program, colon = self._program(line, start, colon)
            if program is None:
                if not judge.repeat(line[start:], self._before, epoch + SECONDS.get(line[width:width + 2], 0)):
                    self._source.odd(line[start:])
                return
        program.count += 1
        self._before = line[start:start + LINE_LIMIT]
        message = line[colon + 2:colon + LINE_LIMIT]
        known = None if program.leads is None else program.leads.get(message[: message.find(b" ")])
        if known is None:
            known, message = judge.judge(program, message)
        if known is not NOTHING:
            judge.handle(known, program, message, epoch + SECONDS.get(line[width:width + 2], 0))

    def _program(self, line, start, colon):
        """Return (program, where the message begins less two) of a line whose head is not known yet; (None, 0) for one that has none."""
        judge = self._judge
        if self._rfc5424:
            program, end = judge.head_5424(line[start:start + LINE_LIMIT])
            return program, start + end - 2
        if colon < 0 and line.endswith(b":"):
            colon = len(line) - 1
        return (judge.head(line[start:colon]), colon) if start and 0 < colon < start + LINE_LIMIT else (None, 0)

    def _enter(self, line):
        """Go on to the minute of a line; returns False for one that has no stamp."""
        self._flush()
        self._minute, self._width = None, 0
        if not line:
            return False
        entered = self._stamps.minute(line)
        if entered is None:
            self._source.odd(line)
            return False
        self._width, self._epoch = entered
        self._minute = line[: self._width]
        self._rfc5424 = line[:1] == b"<" and b">1 " in line[:6]
        # True: inside the window, None: its edge goes through this minute, False: outside.
        if self._epoch + 61 <= self._since or self._epoch > self._until:
            self._state = False
        else:
            self._state = True if self._epoch >= self._since and self._epoch + 61 <= self._until else None
        return True

    def _flush(self):
        if self._count:
            self._counted(self._epoch, self._count)
            self._count = 0

    def _counted(self, epoch, count):
        """Count lines of a minute."""
        self._source.hours.add(epoch, LINES, count)
        self._source.lines += count
        self.first = epoch if self.first is None or epoch < self.first else self.first
        self.last = epoch if self.last is None or epoch > self.last else self.last
