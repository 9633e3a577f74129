# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hot path: blocks of log text in, counts out. Each distinct request is judged once.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools
import operator

from . import web_probes_errors as errors
from . import web_probes_time as times
from .web_probes_address import Clients
from .web_probes_format import Quoted, Record, sniff
from .web_probes_text import digits_do_not_matter, normalise, normalise_all, plain_skeletons, shapes_of, skeleton

# Bounded caches: a full one is cleared, which costs speed and never correctness.
REQUESTS_LIMIT = 80000
SKELETONS_LIMIT = 40000
SHAPES_LIMIT = 20000
CLOSED_LIMIT = 1000
HEADERS_LIMIT = 10000

# The answers that are looked at even where the request has no signature.
_REFUSED = frozenset((b"400", b"401", b"403", b"404"))
_ROOTS = frozenset((b"GET / HTTP/1.0", b"GET / HTTP/1.1", b"GET / HTTP/2.0", b"GET / HTTP/3.0"))
_ROOTS_WANTED = 400
_SNIFFED = 50
_HOUR = 3600
_LINE_BREAK, _PERCENT, _BACKSLASH, _FOUR = bytearray(b"\n%\\4")


class Scan:
    """Reads logs into a Tally.

    C(since), C(until): seconds since 1970 or None. C(own): host names of the own sites (bytes, lower case).
    C(known): a predicate on the path of a request that the user calls regular.
    """

    def __init__(self, judge, tally, since=None, until=None, trusted=(), own=(), known=None):
        self._judge, self._tally = judge, tally
        self._since, self._until = since, until
        self._clients = Clients(trusted)
        self._own = frozenset(own)
        self._regular = known or (lambda path: False)
        self._requests = set()  # judged already
        self._hot = {}  # request -> verdict, of those that have one
        self._dull = set()  # plain skeletons of requests that had no literal
        self._dull_texts = set()  # the same of normalised requests
        self._shapes = {}  # plain request without its digits' values -> verdict
        self._headers = set()  # User-Agents and Referers, judged already
        self._hot_headers = {}  # User-Agent or Referer -> verdict, of those that have one
        self._roots = 0
        self._lone = None  # the address that every line had so far

    # ---- one file

    def file(self, name, server, blocks, layout=None, from_start=True):
        """Read one log; C(server) is what its answers are compared within. Returns (lines read, layout).

        Lines are numbered where the reading began with the first one.
        """
        self._numbered = from_start
        self._name, self._server, self._number = name, server, 0
        before = self._tally.lines
        for block in blocks:
            self._tally.bytes += len(block)
            if layout is None:
                layout = self._sniffed(block)
            self._layout = layout
            self._block(block)
        return self._tally.lines - before, layout

    @staticmethod
    def _sniffed(block):
        lines = [line for line in block.split(b"\n", _SNIFFED * 4)[: _SNIFFED * 4] if line][:_SNIFFED]
        return sniff(lines)[0]

    # ---- one block

    def _block(self, block):
        count = block.count(b"\n")
        stride = self._layout.stride
        if stride:
            pieces = block.split(b'"')
            if len(pieces) == stride * count + 1:
                heads = pieces[0::stride]
                # As many line breaks as heads behind the first, one in each: then none is anywhere else, and every
                # line has its fields where the layout says.
                if (
                    all(map(operator.contains, heads[1:], itertools.repeat(_LINE_BREAK)))
                    and min(map(len, pieces[2::stride])) > 3
                    and self._whole(block, pieces, heads, count)
                ):
                    self._number += count
                    return
        self._lines(block)

    def _whole(self, block, pieces, heads, count):
        """Take a block of well-formed lines; False where it has to be read line by line."""
        first, last = self._when(heads[0]), self._when(heads[count - 1])
        if first is None or last is None:
            return False
        if not self._inside(first, last):
            early, late = min(first, last), max(first, last)
            if (self._since is not None and late < self._since - _HOUR) or (self._until is not None and early > self._until + _HOUR):
                self._tally.outside += count
                return True
            return False
        if not self._count_hours(heads, first, last, count):
            return False
        self._tally.lines += count
        self._tally.seen(first)
        self._tally.seen(last)
        self._watch_address(block, heads[0], count)
        stride, layout = self._layout.stride, self._layout
        requests = pieces[1::stride]
        distinct = set(requests)
        fresh = distinct.difference(self._requests)
        if fresh:
            self._judge_all(fresh)
        rows = set()
        hot = distinct.intersection(self._hot)
        if hot:
            rows.update([row for row, request in enumerate(requests) if request in hot])
        answers = pieces[2::stride]
        rows.update([row for row, answer in enumerate(answers) if answer[1] == _FOUR and answer[1:4] in _REFUSED])
        for place in (layout.agent, layout.referer):
            if place < stride:
                rows.update(self._rows_of_headers(pieces[place::stride]))
        if self._roots < _ROOTS_WANTED and not distinct.isdisjoint(_ROOTS):
            rows.update([row for row, request in enumerate(requests) if request in _ROOTS])
        for row in sorted(rows):
            start = row * stride
            line = pieces[start : start + stride + 1]
            head = line[0]
            line[0] = head[head.rfind(b"\n") + 1 :] if row else head
            record = layout.pieces(line)
            if record is None:
                self._tally.lines -= 1
                self._tally.hour(first - first % _HOUR, -1)
                self._tally.unread(b'"'.join(line))
            else:
                self._record(record, self._number + row + 1)
        return True

    def _when(self, head):
        start = head.rfind(b"\n") + 1
        start = head.find(b"[", start) + 1
        return times.local(head[start : start + 26]) if start else None

    def _inside(self, first, last):
        since, until = self._since, self._until
        return (since is None or (first >= since and last >= since)) and (until is None or (first <= until and last <= until))

    def _count_hours(self, heads, first, last, count):
        """Count the lines of each hour; False where some line lies outside of the window."""
        hour = first - first % _HOUR
        if hour == last - last % _HOUR and self._inside(hour - _HOUR, hour + 2 * _HOUR):
            # Lines are written in the order of time, but for what a buffer holds back: no line of this block is outside of the window.
            self._tally.hour(hour, count)
            return True
        counts = {}
        for head in heads[:count]:
            when = self._when(head)
            if when is None or not self._inside(when, when):
                return False
            when -= when % _HOUR
            counts[when] = counts.get(when, 0) + 1
        for when, number in counts.items():
            self._tally.hour(when, number)
        return True

    def _watch_address(self, block, head, count):
        """Notice whether all traffic has one address: then the real one is not logged."""
        if self._lone is False:
            return
        address = head.split(b" ", 1)[0]
        if self._lone is None:
            self._lone = address
        if address != self._lone or block.count(b"\n" + address + b" ") != count - 1:
            self._lone = False
            self._tally.sources = {"many": 1}
        else:
            self._tally.sources[address] = self._tally.sources.get(address, 0) + count

    def _judge_all(self, fresh):
        """Judge a set of requests that were not seen before; those with a signature go to C(_hot)."""
        if len(self._requests) > REQUESTS_LIMIT:
            self._requests.clear()
            self._hot.clear()
        if len(self._dull) > SKELETONS_LIMIT:
            self._dull.clear()
        if len(self._dull_texts) > SKELETONS_LIMIT:
            self._dull_texts.clear()
        self._requests.update(fresh)
        coded = [request for request in fresh if _PERCENT in request or _BACKSLASH in request]
        plain = list(fresh.difference(coded)) if coded else list(fresh)
        if not plain:
            self._judge_some(coded, ())
            return
        bones = plain_skeletons(plain)
        unknown = set(bones).difference(self._dull)
        if not unknown:
            if coded:
                self._judge_some(coded, ())
            return
        some, dangerous = self._shaped([request for request, bone in zip(plain, bones) if bone in unknown])
        if some or coded:
            dangerous.update(self._judge_some(some + coded, frozenset(some)))
        if dangerous:
            unknown.difference_update([bone for request, bone in zip(plain, bones) if request in dangerous])
        self._dull.update([bone for bone in unknown if digits_do_not_matter(bone)])

    def _shaped(self, some):
        """Return (plain requests whose shape is not known, those whose shape may have a signature).

        Plain requests that differ in digits only have one verdict, unless a signature asks for a certain digit.
        """
        if len(self._shapes) > SHAPES_LIMIT:
            self._shapes.clear()
        known, new, dangerous = self._shapes, [], set()
        for request, shape in zip(some, shapes_of(some)):
            verdict = known.get(shape)
            if verdict is None:
                new.append(request)
            else:
                dangerous.add(request)
                if verdict:
                    self._hot[request] = verdict
        return new, dangerous

    def _judge_some(self, some, plain):
        """Judge requests one by one as far as their skeletons make it necessary; return those that may have a signature.

        The verdicts on those of C(plain) hold for their shapes.
        """
        judge = self._judge
        texts = normalise_all(some)
        bones = skeleton(b"\n".join(texts)).split(b"\n")
        unknown = set(bones).difference(self._dull_texts)
        if not unknown:
            return ()
        present = judge.present(b"\n".join(unknown))
        candidates = judge.sorted_out(unknown, present) if present[0] or present[1] else {}
        self._dull_texts.update(unknown.difference(candidates))
        dangerous = set()
        if candidates:
            for request, bone, text in zip(some, bones, texts):
                if bone in candidates:
                    dangerous.add(request)
                    verdict = judge.verdict(text, candidates[bone])
                    if verdict:
                        self._hot[request] = verdict
                    if request in plain and not judge.digits_matter(candidates[bone]):
                        self._shapes[shapes_of((request,))[0]] = verdict
        return dangerous

    def _rows_of_headers(self, values):
        """Return the rows whose User-Agent or Referer has a signature."""
        distinct = set(values)
        for value in distinct.difference(self._headers):
            self._judge_header(value)
        hot = distinct.intersection(self._hot_headers)
        if not hot:
            return ()
        return [row for row, value in enumerate(values) if value in hot]

    def _judge_header(self, value):
        if len(self._headers) > HEADERS_LIMIT:
            self._headers.clear()
            self._hot_headers.clear()
        self._headers.add(value)
        verdict = self._judge.header(value)
        if verdict:
            self._hot_headers[value] = verdict

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
            self._watch_address(b"\n", record.remote + b" ", 1)
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
            self._event(event)
        return None

    def _event(self, event):
        """Count what an error log says of a client; some kinds mean something only about a request with a signature."""
        who = self._clients.client(event.client)
        verdict = ()
        if event.request:
            text = normalise(event.request)
            verdict = self._judge.refused(text) if event.kind == "invalid" else self._judge.request(text)
        if event.kind == "upstream_closed" and verdict:
            key = (verdict, event.request.split(b" ", 2)[1].partition(b"?")[0] if event.request.count(b" ") else event.request)
            if key in self._tally.closed or len(self._tally.closed) < CLOSED_LIMIT:
                self._tally.closed[key] = self._tally.closed.get(key, 0) + 1
        if verdict or event.kind not in ("upstream_closed", "invalid"):
            self._tally.event(who, event.kind, event.when, event.request or event.message)

    def _record(self, record, number):
        """Judge one line that is worth it and count it."""
        request, status = record.request, record.status
        if request not in self._requests:
            self._judge_all({request})
        verdict = self._hot.get(request, ())
        if status == b"400" and request:
            verdict = self._judge.refused(normalise(request))
        for value in (record.agent, record.referer):
            if value not in self._headers:
                self._judge_header(value)
            found = self._hot_headers.get(value)
            if found:
                verdict = verdict + tuple(one for one in found if one not in verdict)
        who = self._clients.client(record.remote, record.forwarded)
        server = record.host or self._server
        number = number if self._numbered else None
        if verdict:
            self._tally.hit(verdict, record, who, self._name, number, server)
        elif request in _ROOTS and status in (b"200", b"206"):
            self._roots += 1
            self._tally.server(server).root(record.size)
        elif status in _REFUSED:
            self._refused(record, who)

    def _refused(self, record, who):
        """Count an answer 4xx to a request without a signature."""
        if not record.request:
            self._tally.empty += 1
            return
        if record.status == b"404":
            path = record.request.split(b" ", 2)[1] if b" " in record.request else record.request
            host = record.referer.split(b"/", 3)[2].lower() if record.referer.count(b"/") > 2 else b""
            if host and (host in self._own or host == record.host.lower()):
                self._tally.link(path, record.referer, record.when)
            elif not self._regular(path.partition(b"?")[0]):
                self._tally.event(who, "missing", record.when)
        elif record.status == b"401":
            self._tally.event(who, "login_failures", record.when, record.request)
