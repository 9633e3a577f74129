# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which row of the tables a message belongs to. Each shape of message is judged once.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ..host.finding import text
from .log_digest_table import Event

# A digit stands for any digit: messages that differ in digits only (times, process ids, ports, addresses) have one shape. Digits are
# replaced one for one, not dropped, so that the patterns, none of which asks for a certain digit, give every message of a shape the same row.
SHAPE = bytes.maketrans(b"123456789", b"000000000")

SHAPES_LIMIT = 20000
LONG_SHAPE = 500
PROGRAMS_LIMIT = 2000
UNMATCHED_LIMIT = 500

_REPEATED = re.compile(rb"message repeated (\d{1,7}) times: \[ ?(.*)\]\Z", re.S)
_LAST_REPEATED = re.compile(rb"(?:\S{1,255} )?last message repeated (\d{1,7}) times?")

# host program[123]: | host /usr/sbin/cron[1]: | host sshd(pam_unix)[123]: | program: (no host, as some daemons write)
_HEAD = re.compile(rb"(?:\S{1,255} )?([^\s\[:(]{1,100})(?:\([^)\s]{1,40}\))?(?:\[(\d{1,10})\])?: ?")
# RFC 5424: host program pid msgid [data] message
_HEAD_5424 = re.compile(rb"\S{1,255} (\S{1,100}) (\d{1,10}|\S{1,128}) \S{1,64} (?:-|(?:\[[^\]]{0,1000}\]){1,10})(?: |\Z)(?:\xef\xbb\xbf)?")
_KERNEL_CLOCK = re.compile(rb"\[ *\d{1,9}\.\d{1,9}\] ")
_ALARM = re.compile(rb"(?i)\b(?:error|fail|corrupt|fatal|panic|critical)")

# What is known of a shape. row: None where there is nothing to do; start: where the message begins in the line;
# unmatched: the entry that counts it where no row knew it; counter: the list that counts the lines of its program.
Known = collections.namedtuple("Known", "row start unmatched counter repeated")


def program_name(name, pid):
    """Return the program that wrote a line: without its folder where it has its full path, in lower case; a user's service manager is not the system's."""
    name = name.lower()
    if name.startswith(b"/"):
        name = name.rsplit(b"/", 1)[-1]
    if name == b"systemd" and pid not in (None, b"1"):
        return b"systemd-user"
    return name


class Judge:
    """Finds the row of each message and gives it to its topic; counts the messages that no row knows.

    C(topics) are the Topics; C(everywhere) are rows for the messages of any program (those of PAM);
    C(quiet) are programs of whose unknown messages only those with a word of alarm are counted.
    """

    def __init__(self, topics, quiet=(), pam=()):
        self.shapes = {}
        self.programs = {}
        self.unmatched = {}
        self._other_programs = [0]
        self._other_unmatched = [0, b"", b""]
        self._quiet = quiet
        self._pam = list(pam)
        self._tables = {}
        self._handlers = {}
        for topic in topics:
            for program, rows in topic.TABLES.items():
                self._tables.setdefault(program, []).extend(rows)
                self._handlers.update((item.name, getattr(topic, item.handler)) for item in rows if item.handler)
            self._handlers.update((item.name, getattr(topic, item.handler)) for item in pam if item.handler and hasattr(topic, item.handler))

    def learn_line(self, rest, rfc5424=False):
        """Return what is Known of a syslog line's rest after its stamp, or None for one that names no program."""
        head = (_HEAD_5424 if rfc5424 else _HEAD).match(rest)
        if head is None:
            return None
        program = program_name(*head.groups())
        start = head.end()
        if program == b"kernel":
            clock = _KERNEL_CLOCK.match(rest, start)
            if clock is not None:
                start = clock.end()
        return self.learn(rest.translate(SHAPE), program, rest[start:], start)

    def learn(self, shape, program, message, start=0):
        """Return what is Known of a message, and remember it for its shape."""
        rows = self._tables.get(program)
        is_pam = message.startswith(b"pam_")
        if rows is None and not is_pam:
            return Known(None, 0, None, self._counter(program), False)
        repeated = _REPEATED.match(message)
        inner = repeated.group(2) if repeated is not None else message
        found = self._row_of(self._pam if is_pam else rows, inner)
        unmatched = None
        if found is None and not is_pam and (program not in self._quiet or _ALARM.search(inner) is not None):
            unmatched = self._unmatched(program, inner)
        if found is not None and found.handler is None:
            found = None
        known = Known(found, start, unmatched, self._counter(program), repeated is not None)
        if len(shape) <= LONG_SHAPE or isinstance(shape, tuple) and len(message) <= LONG_SHAPE:
            if len(self.shapes) >= SHAPES_LIMIT:
                self.shapes.clear()
            self.shapes[shape] = known
        return known

    def handle(self, known, message, when, count=1):
        """Give a message whose row is Known to its topic."""
        if known.repeated:
            repeated = _REPEATED.match(message)
            if repeated is None:
                return
            count, message = int(repeated.group(1)), repeated.group(2)
        match = known.row.pattern.match(message)
        if match is not None:
            self._handlers[known.row.name](Event(when, count, match, message, known.row))

    def repeat(self, line, before, when):
        """Take C(last message repeated 3 times): the line C(before) (a Known and its message, or None) again. Returns False for any other line."""
        repeated = _LAST_REPEATED.match(line)
        if repeated is None:
            return False
        if before is not None and before[0].row is not None:
            self.handle(before[0], before[1][before[0].start:], when, int(repeated.group(1)))
        return True

    @staticmethod
    def _row_of(rows, message):
        for item in rows:
            if any(literal in message for literal in item.literals) and item.pattern.match(message) is not None:
                return item
        return None

    def _counter(self, program):
        counter = self.programs.get(program)
        if counter is None:
            if len(self.programs) >= PROGRAMS_LIMIT:
                return self._other_programs
            counter = self.programs[program] = [0]
        return counter

    def _unmatched(self, program, message):
        key = (program, message[:120].translate(SHAPE))
        entry = self.unmatched.get(key)
        if entry is None:
            if len(self.unmatched) >= UNMATCHED_LIMIT:
                return self._other_unmatched
            entry = self.unmatched[key] = [0, program, message[:400]]
        return entry

    def data(self, limit, cut):
        """Return the lines by program and the messages that no row knew."""
        programs = sorted(self.programs.items(), key=lambda item: (-item[1][0], item[0]))
        entries = sorted((entry for entry in self.unmatched.values() if entry[0]), key=lambda entry: (-entry[0], entry[1], entry[2]))
        if len(programs) > limit or self._other_programs[0]:
            cut["programs"] = {"rows": max(0, len(programs) - limit), "events_not_kept": self._other_programs[0]}
        if len(entries) > limit or self._other_unmatched[0]:
            cut["unmatched"] = {"rows": max(0, len(entries) - limit), "events_not_kept": self._other_unmatched[0]}
        return {
            "programs": [{"program": text(program, 100), "lines": counter[0]} for program, counter in programs[:limit]],
            "unmatched": {
                "total": sum(entry[0] for entry in entries) + self._other_unmatched[0],
                "samples": [{"program": text(entry[1], 100), "count": entry[0], "sample": text(entry[2], 300)} for entry in entries[:limit]],
            },
        }
