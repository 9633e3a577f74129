# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hot path: blocks of log text in, counts out. A well-formed block is taken whole, any other line by line.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import itertools
import operator

from . import web_probes_errors as errors
from . import web_probes_time as times
from .web_probes_count import REFUSED, ROOTS, Count
from .web_probes_format import Quoted, Record, sniff
from .web_probes_seen import Headers, Requests

_ROOTS_WANTED = 400
_SNIFFED = 50
_HOUR = 3600
_FOUR = b"4"
# Refusals of which neither the client nor the time matters, unless the request has a signature.
_GLANCED = frozenset((b" 403 ", b" 404 "))
# The first digit of a status stands behind the space that follows the request.
_status_digit = operator.itemgetter(1)


class Scan:
    """Reads logs into a Tally.

    C(since), C(until): seconds since 1970 or None. C(own): host names of the own sites (bytes, lower case).
    C(known): a predicate on the path of a request that the user calls regular.
    """

    def __init__(self, judge, tally, since=None, until=None, trusted=(), own=(), known=None):
        self._tally = tally
        self._since, self._until = since, until
        self._requests, self._headers = Requests(judge), Headers(judge)
        self._count = Count(judge, tally, self._requests, self._headers, trusted, own, known)
        self._lone = None  # the address that every line had so far

    # ---- one file

    def file(self, name, server, blocks, layout=None, from_start=True):
        """Read one log; C(server) is what its answers are compared within. Returns (lines read, layout).

        Lines are numbered where the reading began with the first one.
        """
        self._numbered = from_start
        self._name, self._server, self._number = name, server, 0
        before, read, known = self._tally.lines, self._understood(), layout is not None
        for block in blocks:
            self._tally.bytes += len(block)
            if not known:
                # What nobody could read says nothing of the lines behind it.
                layout = self._sniffed(block)
            self._layout = layout
            if not (layout.stride and self._whole(block)):
                self._lines(block)
            known = known or self._understood() > read
        return self._tally.lines - before, layout

    def _understood(self):
        return self._tally.lines + self._tally.error_lines + self._tally.outside

    @staticmethod
    def _sniffed(block):
        lines = [line for line in block.split(b"\n", _SNIFFED * 4)[: _SNIFFED * 4] if line][:_SNIFFED]
        return sniff(lines)[0]

    def _record(self, record, number):
        self._count.record(record, self._name, number if self._numbered else None, self._server)

    # ---- a whole block

    def _whole(self, block):
        """Take a block of well-formed lines; False, with nothing counted, where it has to be read line by line."""
        stride, layout = self._layout.stride, self._layout
        pieces = block.split(b'"')
        count, odd = divmod(len(pieces), stride)
        if odd != 1 or not count:
            return False
        heads, requests, answers = pieces[0::stride], pieces[1::stride], pieces[2::stride]
        try:
            digits = bytes(map(_status_digit, answers))
        except IndexError:
            return False
        distinct = set(requests)
        fresh = self._requests.fresh(distinct)
        named = [pieces[place::stride] for place in (layout.agent, layout.referer) if place < stride]
        values = [set(column) for column in named]
        fresh_values = set().union(*map(self._headers.fresh, values))
        others = [pieces[place::stride] for place in range(3, stride) if place not in (layout.agent, layout.referer)]
        if not (digits.isdigit() and _one_a_line(heads) and _no_line_break(answers, fresh, fresh_values, *others)):
            return False
        first, last = self._when(heads[0]), self._when(heads[count - 1])
        if first is None or last is None:
            return False
        if not self._inside(first, last):
            return self._skipped(first, last, count)
        if not self._count_hours(heads, first, last, count):
            return False
        self._tally.lines += count
        self._tally.seen(first)
        self._tally.seen(last)
        self._watch_address(heads, count)
        if fresh:
            self._requests.judge(fresh)
        if fresh_values:
            self._headers.judge(fresh_values)
        rows = self._worth_a_look(requests, distinct, named, values)
        self._add_refused(pieces, answers, digits, rows)
        for row in sorted(rows):
            self._row(pieces[row * stride : (row + 1) * stride + 1], row, first)
        self._number += count
        return True

    def _worth_a_look(self, requests, distinct, named, values):
        """Return the numbers of the lines with a signature, or an answer to C(/)."""
        rows = set()
        hot = self._requests.hot(distinct)
        if self._count.roots < _ROOTS_WANTED:
            hot.update(distinct.intersection(ROOTS))
        if hot:
            rows.update(_rows_with(hot, requests))
        for column, some in zip(named, values):
            hot = self._headers.hot(some)
            if hot:
                rows.update(_rows_with(hot, column))
        return rows

    def _add_refused(self, pieces, answers, digits, rows):
        """Add the numbers of refused lines to C(rows); those that need no more than a glance are counted here."""
        stride, referer = self._layout.stride, self._layout.referer
        row = digits.find(_FOUR)
        while row >= 0:
            status = answers[row][:5]
            if status in _GLANCED and row not in rows:
                place = row * stride
                site = functools.partial(self._site, pieces[place])
                self._count.refused(status[1:4], pieces[place + 1], pieces[place + referer] if referer < stride else b"-", site)
            elif status[1:4] in REFUSED:
                rows.add(row)
            row = digits.find(_FOUR, row + 1)

    def _site(self, head):
        return self._layout.host(head[head.rfind(b"\n") + 1 :])

    def _row(self, line, row, when):
        """Count one line of a whole block, split at its quotes."""
        line[0] = line[0][line[0].rfind(b"\n") + 1 :]
        record = self._layout.pieces(line)
        if record is None:
            self._tally.lines -= 1
            self._tally.hour(when - when % _HOUR, -1)
            self._tally.unread(b'"'.join(line))
        else:
            self._record(record, self._number + row + 1)

    @staticmethod
    def _when(head):
        start = head.find(b"[", head.rfind(b"\n") + 1) + 1
        return times.local(head[start : start + 26]) if start else None

    def _inside(self, first, last):
        since, until = self._since, self._until
        return (since is None or (first >= since and last >= since)) and (until is None or (first <= until and last <= until))

    def _skipped(self, first, last, count):
        """Pass over a block that lies outside of the window by more than an hour; False where it does not."""
        early, late = min(first, last), max(first, last)
        if (self._since is not None and late < self._since - _HOUR) or (self._until is not None and early > self._until + _HOUR):
            self._tally.outside += count
            self._number += count
            return True
        return False

    def _count_hours(self, heads, first, last, count):
        """Count the lines of each hour; False where some line lies outside of the window."""
        hour = first - first % _HOUR
        if hour == last - last % _HOUR and self._inside(hour - _HOUR, hour + 2 * _HOUR):
            # Lines are written in the order of time, but for what a buffer holds back: no line of this block is outside of the window.
            self._tally.hour(hour, count)
            return True
        counts = {}
        for head in heads[:count]:
            start = head.rfind(b"[") + 1
            stamp = head[start : start + 14], head[start + 20 : start + 26]
            counts[stamp] = counts.get(stamp, 0) + 1
        hours = [(times.local(hour + b":00:00" + zone), number) for (hour, zone), number in counts.items()]
        if any(when is None for when, _number in hours):
            return False
        if not all(self._inside(when, when + _HOUR) for when, _number in hours):
            # The hour in which the window begins or ends.
            moments = [self._when(head) for head in heads[:count]]
            if None in moments or not self._inside(min(moments), max(moments)):
                return False
        for when, number in hours:
            self._tally.hour(when - when % _HOUR, number)
        return True

    def _watch_address(self, heads, count):
        """Notice whether all traffic has one address: then the real one is not logged."""
        if self._lone is False:
            return
        address = heads[0].split(b" ", 1)[0]
        if self._lone is None:
            self._lone = address
        begin = address + b" "
        if address != self._lone or not all(head[head.rfind(b"\n") + 1 :].startswith(begin) for head in heads[:count]):
            self._lone = False
            self._tally.sources = {"many": 1}
        else:
            self._tally.sources[address] = self._tally.sources.get(address, 0) + count

    # ---- line by line

    def _lines(self, block):
        layout, tally = self._layout, self._tally
        lines = block.split(b"\n")
        lines.pop()
        for line in lines:
            self._number += 1
            line = line.strip(b"\r\x00")
            if not line:
                continue
            record = layout.line(line) or (Quoted().line(line) if not layout.stride else None)
            if record is None:
                record = self._unusual(line)
                if record is None:
                    continue
            if not self._inside(record.when, record.when):
                tally.outside += 1
                continue
            tally.lines += 1
            tally.seen(record.when)
            tally.hour(record.when - record.when % _HOUR, 1)
            self._watch_address([record.remote + b" "], 1)
            self._record(record, self._number)

    def _unusual(self, line):
        """Take a line of an error log; return the Record of a line of a proxy with its own format, else None."""
        event = errors.event(line)
        if event is None:
            fields = errors.proxied(line)
            if fields is None:
                self._tally.unread(line)
                return None
            when, client, agent, request, status = fields
            return Record(client, b"", b"-", when, request + b" HTTP/1.1", status, -1, b"-", agent, b"")
        if not self._inside(event.when, event.when):
            self._tally.outside += 1
            return None
        self._tally.error_lines += 1
        if event.kind:
            self._count.event(event)
        return None


def _one_a_line(heads):
    """Return whether each head but the first begins with, or ends the line before it by, the one line break that it has."""
    if heads[0].find(b"\n") >= 0 or heads[-1][-1:] != b"\n":
        return False
    # rfind is 0 where the only line break is the first byte: the usual case, told at once for all.
    return not any(map(bytes.rfind, heads[1:], itertools.repeat(b"\n"))) or all(head.count(b"\n") == 1 for head in heads[1:])


def _no_line_break(*columns):
    return all(b"".join(column).find(b"\n") < 0 for column in columns)


def _rows_with(hot, column):
    return itertools.compress(itertools.count(), map(hot.__contains__, column))
