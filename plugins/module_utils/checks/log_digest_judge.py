# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which row of the tables a message belongs to. Each shape of message is judged once.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.finding import text
from ..host.redact import redact
from .log_digest_table import Event

# A digit stands for any digit: messages that differ in digits only (times, process ids, ports, addresses) have one shape. Digits are
# replaced one for one, not dropped, so that the patterns, none of which asks for a certain digit, give every message of a shape the same row.
SHAPE = bytes.maketrans(b"123456789", b"000000000")

# Bounds of what is remembered, over all programs. Beyond them it is forgotten: that costs time, never a message.
SHAPES_LIMIT = 12000
HEADS_LIMIT = 8000
LEADS_LIMIT = 400
LONG_SHAPE = 400
PROGRAMS_LIMIT = 2000
UNMATCHED_LIMIT = 500

_REPEATED = re.compile(rb"message repeated (\d{1,7}) times: \[ ?(.*)\]\Z", re.S)
_LAST_REPEATED = re.compile(rb"(?:\S{1,255} )?last message repeated (\d{1,7}) times?")

# What stands before the first ": " of a line after its stamp:
# host program[123] | host /usr/sbin/cron[1] | host sshd(pam_unix)[123] | program (no host, as some daemons write) | host (systemd) (what
# systemd has forked and not executed yet)
_HEAD = re.compile(rb"(?:\S{1,255} )?([^\s\[:(]{1,100}|\([^\s\[:()]{1,100}\))(?:\([^)\s]{1,40}\))?(?:\[(\d{1,10})\])?\Z")
# RFC 5424: host program pid msgid [data] message (rsyslog leaves the blank that came before the message)
_HEAD_5424 = re.compile(rb"\S{1,255} (\S{1,100}) (\d{1,10}|\S{1,128}) \S{1,64} (?:-|(?:\[[^\]]{0,1000}\]){1,10})(?: {1,2}|\Z)(?:\xef\xbb\xbf)?")
# What the kernel writes before a message of its own: [12345.678901]
_CLOCK = rb"\[ *\d{1,9}\.\d{1,9}\] "
_KERNEL_CLOCK = re.compile(_CLOCK)
_PACKET = re.compile(rb"(?:" + _CLOCK + rb")?.{0,100}?\bIN=\S{0,40} OUT=\S{0,40} (?:PHYSIN=\S{0,40} )?(?:PHYSOUT=\S{0,40} )?(?:MAC=\S{0,100} )?SRC=")
_ALARM = re.compile(rb"(?i)\b(?:error|fail|corrupt|fatal|panic|critical)")

# Of these groups of PAM no message changes anything: the programs log the same themselves.
_PAM_CHATTER = (b":session):", b":auth):", b":account):", b":setcred):")


class Program:
    """What is known of one program: C(rows) of its messages (None: it has no table), C(leads) (None likewise) and C(shapes) that were judged, C(count)."""

    __slots__ = ("name", "rows", "leads", "shapes", "count")

    def __init__(self, name, rows):
        self.name, self.rows, self.count = name, rows, 0
        self.leads, self.shapes = (None if rows is None else {}), {}


class Known:
    """What is known of a message: its C(row) and C(handler) (None: nothing to do), or the entry that counts it as C(unmatched).

    C(usual(message, when)), where there is one, takes such a message without the row's pattern where it has the usual form, and returns
    whether it had.
    """

    __slots__ = ("row", "handler", "unmatched", "repeated", "match", "usual")

    def __init__(self, row=None, handler=None, unmatched=None, repeated=False, usual=None):
        self.row, self.handler, self.unmatched, self.repeated, self.match, self.usual = row, handler, unmatched, repeated, None, usual


NOTHING = Known()


def program_name(name, pid):
    """Return the program that wrote a line: without its folder where it has its full path, in lower case.

    The service manager of a user has a name of its own: it is not the system's.
    """
    name = name.lower()
    if name.startswith(b"/"):
        name = name.rsplit(b"/", 1)[-1]
    if name == b"systemd" and pid not in (None, b"1"):
        return b"systemd-user"
    return name


class Judge:
    """Finds the row of each message and gives it to its topic; counts the messages that no row knows.

    C(topics) are the Topics; C(pam) are rows for what PAM says in any program's name;
    C(quiet) are programs of whose unknown messages only those with a word of alarm are counted.

    A message is found by its first word where a row has it among its C(leads), else by its shape, else by trying the rows.
    """

    def __init__(self, topics, quiet=(), pam=()):
        self.heads = {}
        self.programs = {}
        self.unmatched = {}
        self._other_programs = Program(b"(others)", None)
        self._other_unmatched = [0, b"", b""]
        self._quiet = quiet
        self._pam = list(pam)
        self._tables = {}
        self._known = {}
        self._shapes = 0
        self._event = Event()
        for topic in topics:
            for program, rows in topic.TABLES.items():
                self._tables.setdefault(program, []).extend(rows)
                for item in rows:
                    self._know(item, topic)
            for item in pam:
                if item.handler is None or hasattr(topic, item.handler):
                    self._know(item, topic)

    def _know(self, item, topic):
        handler = getattr(topic, item.handler) if item.handler else None
        self._known[item.name] = Known(item, handler, usual=item.usual and getattr(topic, item.usual)) if handler else NOTHING

    def head(self, head):
        """Return the Program of a syslog line, from what stands between its stamp and the first colon, or None."""
        found = _HEAD.match(head)
        if found is None:
            return None
        program = self.program(program_name(*found.groups()))
        if len(head) <= LONG_SHAPE:
            if len(self.heads) >= HEADS_LIMIT:
                self.heads.clear()
            self.heads[head.translate(SHAPE)] = program
        return program

    def head_5424(self, rest):
        """Return (Program, where the message begins) of a line of RFC 5424 after its stamp, or (None, 0)."""
        found = _HEAD_5424.match(rest)
        if found is None:
            return None, 0
        return self.program(program_name(*found.groups())), found.end()

    def program(self, name):
        """Return the Program of that name (bytes)."""
        program = self.programs.get(name)
        if program is None:
            rows = self._tables.get(name)
            if rows is None and len(self.programs) >= PROGRAMS_LIMIT:
                return self._other_programs
            program = self.programs[name] = Program(name, rows)
            for item in rows or ():
                for lead in item.leads:
                    program.leads[lead] = self._known[item.name]
        return program

    def judge(self, program, message):
        """Return (Known, message) of a message whose first word is none of its program's leads; the kernel's clock is taken off."""
        if program.name == b"kernel":
            # Packets that the firewall logs are often most of the log, and each has a shape of its own.
            if b" OUT=" in message and _PACKET.match(message) is not None:
                return NOTHING, message
            clock = _KERNEL_CLOCK.match(message)
            if clock is not None:
                message = message[clock.end() :]
        elif program.rows is None:
            return (self._learn(program, message) if message.startswith(b"pam_") else NOTHING), message
        shape = message.translate(SHAPE)
        known = program.shapes.get(shape)
        if known is None:
            known = self._learn(program, message)
            if len(message) <= LONG_SHAPE:
                self._remember(program, shape, known)
        return known, message

    def _learn(self, program, message):
        if message.startswith(b"pam_"):
            lead = message[: message.find(b" ")]
            if lead.endswith(_PAM_CHATTER) and program.leads is not None and len(program.leads) < LEADS_LIMIT and len(lead) < 100:
                program.leads[lead] = NOTHING
            found = _row_of(self._pam, message)
            return self._known[found.name] if found is not None else NOTHING
        repeated = _REPEATED.match(message) if message.startswith(b"message repeated ") else None
        inner = repeated.group(2) if repeated is not None else message
        found = _row_of(program.rows, inner)
        if found is not None:
            known = self._known[found.name]
            return Known(known.row, known.handler, None, True) if repeated is not None and known.handler else known
        if program.name in self._quiet and _ALARM.search(inner) is None:
            return NOTHING
        return Known(unmatched=self._unmatched(program.name, inner))

    def _remember(self, program, shape, known):
        if self._shapes >= SHAPES_LIMIT:
            self._shapes = 0
            for other in self.programs.values():
                other.shapes.clear()
        self._shapes += 1
        program.shapes[shape] = known

    def handle(self, known, program, message, when, count=1):
        """Give a message to the topic of its row, or count it as unmatched."""
        find = known.match
        if find is None:
            if known.handler is None:
                if known.unmatched is not None:
                    known.unmatched[0] += count
                return
            find = known.match = known.row.pattern.match
        if known.repeated:
            repeated = _REPEATED.match(message)
            if repeated is None:
                return
            count, message = int(repeated.group(1)), repeated.group(2)
        match = find(message)
        if match is not None:
            # One Event for all: no handler keeps it.
            event = self._event
            event.when, event.count, event.match, event.message, event.row = when, count, match, message, known.row
            known.handler(event)
            return
        # It begins like the row's messages, but is another.
        other = self._learn(program, message)
        if other is not known:
            self.handle(other, program, message, when, count)

    def repeat(self, line, before, when):
        """Take C(last message repeated 3 times): the line C(before), both without their stamps, again. Returns False for any other line."""
        repeated = _LAST_REPEATED.match(line)
        if repeated is None:
            return False
        head, _colon, message = before.partition(b": ")
        program = self.head(head)
        if program is not None and message:
            known = (program.leads or {}).get(message[: message.find(b" ")])
            if known is None:
                known, message = self.judge(program, message)
            self.handle(known, program, message, when, int(repeated.group(1)))
        return True

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
        programs = sorted((program for program in self.programs.values() if program.count), key=lambda program: (-program.count, program.name))
        entries = sorted((entry for entry in self.unmatched.values() if entry[0]), key=lambda entry: (-entry[0], entry[1], entry[2]))
        if len(programs) > limit or self._other_programs.count:
            cut["programs"] = {"rows": max(0, len(programs) - limit), "events_not_kept": self._other_programs.count}
        if len(entries) > limit or self._other_unmatched[0]:
            cut["unmatched"] = {"rows": max(0, len(entries) - limit), "events_not_kept": self._other_unmatched[0]}
        return {
            "programs": [{"program": text(program.name, 100), "lines": program.count} for program in programs[:limit]],
            "unmatched": {
                "total": sum(entry[0] for entry in entries) + self._other_unmatched[0],
                "samples": [{"program": text(entry[1], 100), "count": entry[0], "sample": text(redact(entry[2]), 300)} for entry in entries[:limit]],
            },
        }


def _row_of(rows, message):
    for item in rows:
        for literal in item.literals:
            if literal in message:
                if item.pattern.match(message) is not None:
                    return item
                break
    return None
