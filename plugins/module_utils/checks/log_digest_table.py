# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a table of messages, and the counters that its handlers fill.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.finding import iso, text
from ..host.redact import redact

TALLY_LIMIT = 5000
KEY_LIMIT = 300


class Row:
    """One kind of message.

    C(name): stable id; C(literals): one of them is in every such message (looked for before the pattern); C(pattern): matched from the
    start of the message; C(handler): name of the topic's method, None for a message that is understood and tells an admin nothing;
    C(meaning) and C(example): for the reader, and for the test that runs every example; C(leads): first words that the messages of no
    other row have; C(usual): name of the method that takes the usual form of it without the pattern, where a log may be full of it.
    """

    __slots__ = ("name", "literals", "source", "handler", "meaning", "example", "leads", "usual", "_pattern")

    def __init__(self, name, literals, source, handler, meaning, example, leads, usual):
        self.name, self.literals, self.source, self.handler = name, literals, source, handler
        self.meaning, self.example, self.leads, self.usual = meaning, example, leads, usual
        self._pattern = None

    @property
    def pattern(self):
        """The compiled pattern. Most rows are never met on a day: compiling all of them would cost more than reading a quiet log."""
        if self._pattern is None:
            self._pattern = re.compile(self.source, re.S)
        return self._pattern


def row(name, literals, pattern, handler, meaning, example, leads=(), usual=None):
    """Return a Row; C(literals) is one literal or a tuple of them."""
    if isinstance(literals, bytes):
        literals = (literals,)
    return Row(name, literals, pattern, handler, meaning, example, leads, usual)


class Event:
    """One message as a handler gets it: C(when) (seconds since 1970), C(count) (it may stand for several), C(fields) and C(message)."""

    __slots__ = ("when", "count", "match", "message", "row")

    def __getitem__(self, name):
        return self.match.group(name) or b""


class Tally:
    """Counts by key (a tuple of bytes or text), with first and last time. Bounded: what came after C(limit) keys is only counted."""

    def __init__(self, names, limit=TALLY_LIMIT):
        self.names = names
        self.limit = limit
        self.total = 0
        self.rows = {}
        self.overflow = 0

    def add(self, key, when, count=1, sample=None):
        """Count C(count) events of C(key)."""
        self.total += count
        entry = self.rows.get(key)
        if entry is None:
            if len(self.rows) >= self.limit:
                self.overflow += count
                return
            self.rows[key] = [count, when, when, sample]
            return
        entry[0] += count
        if when < entry[1]:
            entry[1] = when
        if when > entry[2]:
            entry[2] = when

    def top(self, limit):
        """Return the C(limit) most frequent as dicts, and how many keys were left out."""
        order = sorted(self.rows.items(), key=lambda item: (-item[1][0], [_orderly(part) for part in item[0]]))
        rows = [self._row(key, entry) for key, entry in order[:limit]]
        return rows, max(0, len(order) - limit)

    def _row(self, key, entry):
        shown = {name: text(redact(part), KEY_LIMIT) if isinstance(part, bytes) else part for name, part in zip(self.names, key)}
        shown.update(count=entry[0], first=iso(entry[1]), last=iso(entry[2]))
        if entry[3] is not None:
            shown["sample"] = text(redact(entry[3]))
        return shown


def _orderly(part):
    return part if isinstance(part, bytes) else ("%s" % (part,)).encode("utf-8", "backslashreplace")


class Topic:
    """A part of the digest: C(TABLES) ({program: rows}) and the handlers that the rows name.

    C(data()) returns the part's names in the digest, C(findings()) what deserves action.
    """

    TABLES = {}

    def data(self, limit, cut):
        """Return {name: JSON data}; lists hold at most C(limit) rows, C(cut) (a dict) takes how many were left out."""
        raise NotImplementedError

    def findings(self):
        """Return a list of findings."""
        return []


def shown(tally, limit, cut, name):
    """Return the top rows of a tally and say in C(cut) what was left out under C(name)."""
    rows, left = tally.top(limit)
    if left or tally.overflow:
        cut[name] = {"rows": left, "events_not_kept": tally.overflow}
    return rows
