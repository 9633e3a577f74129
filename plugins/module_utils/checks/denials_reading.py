# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the few lines of a log that may be denials, without looking at the others one by one.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

Both readers hand each line to a Tally, which asks C(companion(type, ident)) for another record of the event of the line that it was given last.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from .denials_records import LINE_LIMIT
from .denials_tally import FLOOD

# What the lines of audit.log that matter contain. Long ones: searching for them costs less.
AUDIT_NEEDLES = (b"AVC msg=audit(", b"SELINUX_ERR msg=audit(", b"SECCOMP msg=audit(", b"type=MAC_", b"type=APPARMOR_")
# The same for grep: short enough that it searches for all of them at once at the speed of one, so it finds a little more.
AUDIT_PATTERN = b"AVC msg|ERR msg|OMP msg|MAC_|MOR_"
# The kernel's own messages, and journal entries written as such: every audit record of a host without auditd, and what was lost.
TEXT_NEEDLES = (b"audit",)

# The records of one event lie this near, nearly always; and this near where events are interlaced.
NEAR = 4096
FAR = 65536
# So much of the next line tells whether it is the call of the same event, and how it ended.
NEXT = 200
# Records in one block (or file, with grep) whose call is looked for far away, in vain: some logs have no SYSCALL records at all.
MISSES = 100

# grep is faster where denials are rarer than one in so many bytes; starting it costs more than reading a small file.
DENSE = 4096
SMALL = 4 << 20
GREP_MEMORY = 48 << 20
GREP_SECONDS = 300

# Numbers of the companions, as the kernel's own messages have them.
NUMBERS = {b"SYSCALL": b"1300", b"PATH": b"1302", b"CWD": b"1307", b"AVC_PATH": b"1402"}


def reader_of(machine, log, start, end):
    """Return the reader for the bytes from C(start) to C(end) of an opened audit log."""
    grep = machine.which(b"grep") if not log.packed and end - start > SMALL else None
    if grep:
        sample = log.pread(2 * FAR, start)
        if sum(sample.count(needle) for needle in AUDIT_NEEDLES) * DENSE < len(sample):
            return GrepReader(machine, grep, log, start, end)
    return BlockReader(log.blocks(start, end), AUDIT_NEEDLES)


def _line_at(text, place):
    """Return the line of a text around a place; a line that goes on beyond the text is cut there."""
    end = text.find(b"\n", place)
    return text[text.rfind(b"\n", 0, place) + 1: end if end >= 0 else len(text)][:LINE_LIMIT]


def _found(text, kind, ident, start, end, reach):
    """Return the companion line within C(reach) bytes behind or before the line at C(start) to C(end) of a text, or None."""
    for needle in (kind + b" msg=" + ident, b"type=" + NUMBERS[kind] + b" " + ident):
        place = text.find(needle, end, end + reach)
        if place < 0:
            place = text.rfind(needle, max(0, start - reach), end)
        if place >= 0:
            return _line_at(text, place)
    return None


class BlockReader:
    """Lines with a needle from blocks of text, of a file, an archive or a command.

    C(unfinished): the last line has no end yet, it was left for the next time. C(long): lines too long to be records.
    """

    def __init__(self, blocks, needles):
        self._blocks, self._needles = blocks, needles
        self._text, self._start, self._end, self._misses = b"", 0, 0, 0
        self._absent = {}
        self.unfinished, self.long = False, 0

    def feed(self, tally):
        """Give every line with a needle to the tally."""
        done = 0  # up to here the text has been searched
        for block in self._blocks:
            text = self._text
            keep = max(0, done - FAR)
            text = text[keep:] + block
            done -= keep
            safe = text.rfind(b"\n", 0, max(0, len(text) - FAR)) + 1
            if safe <= done:
                if len(text) - done > 4 * FAR and text.find(b"\n", done) < 0:
                    text, done = self._skip(text, done)
                self._text = text
                continue
            self._text = text
            self._search(done, safe, tally)
            done = safe
        end = self._text.rfind(b"\n") + 1
        self._search(done, end, tally)
        tally.settle()
        self.unfinished = self.unfinished or len(self._text) > max(end, done)

    def _skip(self, text, done):
        """Let go of a line without end: its beginning stays, so that it counts as one, its middle goes."""
        self.long += 1
        return text[:done + LINE_LIMIT] + text[-LINE_LIMIT:], done

    def _search(self, start, end, tally):
        text, places, gaps = self._text, [], [(start, end)]
        self._misses, self._absent = 0, {}
        if self._needles is AUDIT_NEEDLES and not tally.several:
            places, gaps = tally.take(FLOOD.finditer(text, max(0, start - 1), end), start, end, not self._lacks(b"SYSCALL"))
        last = start
        for place in sorted(places + self._found(gaps)):
            if place < last:
                continue
            self._start = text.rfind(b"\n", last, place) + 1 or last
            last = self._end = text.index(b"\n", place, end)
            tally.add(text[self._start:min(self._end, self._start + LINE_LIMIT)], self)

    def _found(self, gaps):
        """Return the places of the needles in the gaps (from, to) of the text."""
        text, places = self._text, []
        between = b"".join([text[start:end] for start, end in gaps])
        for needle in self._needles:
            for start, end in gaps if needle in between else ():
                place = text.find(needle, start, end)
                while place >= 0:
                    places.append(place)
                    place = text.find(needle, place + len(needle), end)
        return places

    def _lacks(self, kind):
        """Return whether the text has no record of that type."""
        if kind not in self._absent:
            self._absent[kind] = self._text.find(kind) < 0 and self._text.find(b"type=" + NUMBERS[kind]) < 0
        return self._absent[kind]

    def companion(self, kind, ident):
        """Return the line of that type and ident near the line yielded last, or None."""
        if self._lacks(kind):
            return None
        place = self._text.find(kind + b" msg=" + ident, self._end, self._end + 256)  # nearly always the next line
        if place >= 0:
            return _line_at(self._text, place)
        found = _found(self._text, kind, ident, self._start, self._end, NEAR)
        if found is None and kind == b"SYSCALL" and self._misses < MISSES:
            found = _found(self._text, kind, ident, self._start, self._end, FAR)
            self._misses += found is None
        return found


class GrepReader:
    """The same from C(grep -ab) over a plain file; where grep fails (a line too long for its memory), the rest is read block by block."""

    def __init__(self, machine, grep, log, start, end):
        self._machine, self._grep, self._log, self._from, self._to = machine, grep, log, start, end
        self._start = self._end = self._misses = 0
        self._near, self._rest = None, None
        self.unfinished, self.long = False, 0

    def feed(self, tally):
        """Give every line with a needle to the tally."""
        os.lseek(self._log.descriptor, self._from, os.SEEK_SET)
        command = [self._grep, b"-abE", b"-e", AUDIT_PATTERN]
        over = False
        with self._machine.stream(command, timeout=GREP_SECONDS, source=self._log.descriptor, memory=GREP_MEMORY) as stream:
            for lines in self._numbered(stream):
                self._give([one for one in lines if one[0] < self._to], tally)
                over = over or lines[-1][0] >= self._to
                if over:
                    break
        tally.settle()
        if stream.rc in (0, 1) or over:
            self._log.scanned += self._to - self._from
            return
        self._log.scanned += self._end - self._from if self._end else 0
        self._rest = BlockReader(self._log.blocks(self._end or self._from, self._to), AUDIT_NEEDLES)
        self._rest.feed(tally)
        self.unfinished, self.long = self._rest.unfinished, self._rest.long

    def _numbered(self, stream):
        """Yield lists of (place in the file, line) from what grep prints: C(place:line)."""
        last = self._log.pread(1, self._to - 1)
        rest = b""
        for block in stream:
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            if len(rest) > 4 * FAR:
                rest = rest[:LINE_LIMIT] + rest[-1:]
            found = []
            for numbered in lines:
                number, _colon, line = numbered.partition(b":")
                if not number.isdigit():
                    continue
                start = self._from + int(number)
                if start + len(line) >= self._to and last != b"\n":
                    self.unfinished = True
                    continue
                found.append((start, line))
            if found:
                yield found

    def _give(self, lines, tally):
        """Have the tally take what it can of some lines, each with the beginning of the next one, and add the others one by one."""
        pieces, places, place = [], {}, 0
        for start, line in lines:
            piece = b"\n" + self._log.pread(len(line) + NEXT, start) if len(line) < LINE_LIMIT else b"\n"
            places[place + 1] = (start, line)
            pieces.append(piece)
            place += len(piece)
        left = set(places)
        if not tally.several:
            text = b"".join(pieces)
            found = [one for one in (FLOOD.match(text, place - 1) for place in places) if one is not None]
            left.difference_update(one.start() + 1 for one in found)
            left.update(tally.take(found, 0, len(text), True)[0])
        for place in sorted(left):
            self._start, line = places[place]
            self._end, self._near = self._start + len(line), None
            tally.add(line[:LINE_LIMIT], self)
        if lines:
            self._end = lines[-1][0] + len(lines[-1][1])

    def companion(self, kind, ident):
        """Return the line of that type and ident near the line yielded last, or None."""
        if self._rest is not None:
            return self._rest.companion(kind, ident)
        if self._near is None:
            base = max(0, self._start - NEAR)
            self._near = (base, self._log.pread(min(self._end, self._start + FAR) - base + NEAR, base))
        base, text = self._near
        found = _found(text, kind, ident, self._start - base, self._end - base, NEAR)
        if found is None and kind == b"SYSCALL" and self._misses < MISSES:
            base = max(0, self._start - FAR)
            text = self._log.pread(min(self._end, self._start + FAR) - base + FAR, base)
            found = _found(text, kind, ident, self._start - base, self._end - base, FAR)
            self._misses += found is None
        return found
