# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From records to counts and groups: how many there were, when, and which are one to an administrator.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .denials_patterns import pattern_of
from .denials_records import EVENTS, JUDGED, head_of, shape_of, syscall_of

# Groups kept apart by command and path; beyond it groups are kept by type and class alone, and beyond that only counted.
GROUPS_LIMIT = 1500
COARSE_LIMIT = 500
# Parsed bodies kept, and how long one may be to be kept.
CACHE_LIMIT = 4000
CACHED_LENGTH = 1024
EVENTS_LIMIT = 100

# Two records of one event lie within this many events of each other.
RECENT_EVENTS = 1024
# Different hours that are counted: a year of them, more only where the times are made up.
HOURS_LIMIT = 9000
# Events remembered to tell the copies of one record in two sources apart.
COPIES_LIMIT = 100000

# The head of nearly every line; denials_records.head_of reads the others.
_HEAD = rb"type=AVC msg=(audit\(([0-9]+\.[0-9]+):[0-9]+\)): "
# Nearly every body, taken apart: what is the same in the records of a flood, and the file, which may not be.
_BODY = rb"(avc:  denied  \{ [^}\n]* \} for ) pid=[0-9]+( comm=\S+)(?: (?:name|path)=\"([^\"\n]*)\")?( dev=\S+)?(?: ino=-?[0-9]+)?([^\n]*)"
# And nearly always the call of the same event is on the line behind it, or behind what else was denied to the call.
_RESULT = rb"\ntype=SYSCALL msg=\1: arch=\S+ syscall=[0-9]+ success=(yes|no) "
_CALL = rb"(?:" + _RESULT + rb"[^\n]*|(?=(?:\ntype=AVC msg=\1: [^\n]*){1,4}" + _RESULT + rb")|)"
_fast_head = re.compile(_HEAD).match
_fast_body = re.compile(_BODY + rb"\Z").match
# A record with the line end before it, and its call, without the line end behind them: those of a flood follow each other without a gap.
FLOOD = re.compile(rb"\n" + _HEAD + _BODY + _CALL)
# Times beyond this are none; a number of any length may stand in a log.
_END_OF_TIME = 1e11

TOTALS = (
    "records", "events", "denied", "granted", "blocked", "allowed_permissive", "allowed", "unknown", "user_avc", "selinux_err",
    "apparmor_denied", "apparmor_allowed", "seccomp", "malformed", "copies", "ungrouped",
)


class Tally:
    """Counts and groups records. C(add) takes lines one by one; memory is bounded whatever they are."""

    def __init__(self, since=None, until=None):
        self.since = 0 if since is None else since
        self.until = _END_OF_TIME if until is None else min(until, _END_OF_TIME)
        self.totals = dict.fromkeys(TOTALS, 0)
        self.groups, self.events, self.events_cut = {}, [], 0
        self.first = self.last = None
        self.hours = {}  # hours since 1970 -> denials
        self.source, self.several = 0, False  # number of the source being read; where there are several, a record may come again
        self._cache, self._patterns, self._lanes, self._coarse = {}, {}, {}, 0
        self._recent, self._before = set(), set()
        self._seen, self._seen_before, self.forgotten = {}, {}, False

    def add(self, line, source):
        """Count one line (bytes, without its end). C(source.companion(type, ident)) gives another record of the same event or None."""
        fast = _fast_head(line)
        if fast:
            ident, when = fast.groups()
            kind, node, body, when = b"AVC", b"", line[fast.end():], float(when)
        else:
            head = head_of(line)
            if head is None or head.type not in JUDGED:
                self.totals["malformed"] += head is None and b"msg=audit(" in line
                return
            ident, kind, node, body, when = head.ident, head.type, head.node, head.body, head.when
        if not self.since <= when <= self.until:
            return
        if self.several and self._copy(ident, line):
            return
        shape = self._shape(kind, body)
        if shape is None:
            self.totals["malformed"] += 1
            return
        self.totals["records"] += 1
        self._span(when, when)
        if ident not in self._recent:
            self._another(ident)
        if shape.kind == "event":
            self._event(kind, shape, when)
        elif shape.kind != "other":
            self._judge(shape, ident, when, node, line, source)

    def _shape(self, kind, body):
        """Return the Shape of a body, None where it is malformed: one of the same words but for pid, inode and file is parsed once."""
        common = _fast_body(body)
        if common:
            begin, comm, name, device, rest = common.groups()
            words = (begin, comm, device, rest, self._pattern(name))
        else:
            words = (kind, body)
        try:
            return self._cache[words]
        except KeyError:
            shape = shape_of(kind, body)
            if len(body) <= CACHED_LENGTH:
                if len(self._cache) >= CACHE_LIMIT:
                    self._cache.clear()
                self._cache[words] = shape
            return shape

    def _pattern(self, name):
        """Return the pattern of a name, None of None."""
        pattern = self._patterns.get(name)
        if pattern is None and name is not None:
            if len(self._patterns) >= CACHE_LIMIT:
                self._patterns.clear()
            pattern = pattern_of(name)
            if len(name) <= CACHED_LENGTH:
                self._patterns[name] = pattern
        return pattern

    def take(self, found, start, end, calls):
        """Count the records that are one more of a flood. Returns the places of the others, which are for C(add), and the gaps between all.

        C(found): matches of FLOOD in the text from C(start) to C(end), in their order. C(calls): there are SYSCALL records in the text,
        so that one that is not on the next line has to be looked for. A gap is (from, to).
        """
        left, gaps, recent, before, done = [], [], self._recent, self._before, start
        lanes, patterns, since, until = self._lanes, self._patterns, self.since, self.until
        begins, ends, in_hour, events = 0.0, 0.0, 0, 0
        for one in found:
            place, behind = one.span()
            if place != done:
                gaps.append((done, place))
            done = behind
            ident, when, begin, comm, name, device, rest, success, later = one.groups()
            success = success or later
            pattern = patterns.get(name)
            if pattern is None and name is not None:
                pattern = self._pattern(name)
            lane = lanes.get((begin, comm, device, rest, pattern, success))
            if lane is None:
                lane = self._lane((begin, comm, device, rest, pattern), success) if success is not None or not calls else None
                if lane is None:
                    left.append(place + 1)
                    continue
            when = float(when)
            if since <= when <= until:
                lane[0] += 1
                if when < lane[1]:
                    lane[1] = when
                if when > lane[2]:
                    lane[2] = when
                if not begins <= when < ends:
                    self._in_hour(begins, in_hour)
                    begins, in_hour = when - when % 3600, 0
                    ends = begins + 3600
                in_hour += 1
                if ident not in recent:
                    events += ident not in before
                    recent.add(ident)
        gaps.append((done, end))
        self._in_hour(begins, in_hour)
        self.totals["events"] += events
        self._forget()
        return left, gaps

    def _in_hour(self, when, count):
        """Count denials in their hour; beyond so many different hours only in those that are known."""
        hour = int(when // 3600)
        if count and (hour in self.hours or len(self.hours) < HOURS_LIMIT):
            self.hours[hour] = self.hours.get(hour, 0) + count

    def _lane(self, words, success):
        """Return [count, first, last, shape, success] for the records of these words; None before their group is described."""
        shape = self._cache.get(words)
        if shape is None or shape.kind != "selinux" or shape.decision != "denied":
            return None
        if not shape.group.described if shape.group is not None else self._coarse < COARSE_LIMIT:
            return None
        if len(self._lanes) >= CACHE_LIMIT:
            self.settle()
        lane = self._lanes[words + (success,)] = [0, float("inf"), float("-inf"), shape, None if success is None else success == b"yes"]
        return lane

    def settle(self):
        """Bring what C(take) has counted into totals and groups."""
        for count, first, last, shape, success in self._lanes.values():
            if count:
                self.totals["records"] += count
                totals_of(self.totals, shape, count)
                self._span(first, last)
                self._enter(shape.group, verdict_of(shape, success), success, first, last, count)
        self._lanes.clear()

    def _span(self, first, last):
        if self.first is None or first < self.first:
            self.first = first
        if self.last is None or last > self.last:
            self.last = last

    def _another(self, ident):
        """Count an event unless it was counted just before."""
        if ident not in self._before:
            self.totals["events"] += 1
        self._recent.add(ident)
        self._forget()

    def _forget(self):
        if len(self._recent) > RECENT_EVENTS:
            self._before, self._recent = self._recent, set()

    def _copy(self, ident, line):
        """A record that was given before: by another source, or by the same one as the kernel's own message of it (no type= in front)."""
        key, origin = hash(ident), (self.source, line[:5] in (b"type=", b"node="))
        first = self._seen.get(key) or self._seen_before.get(key)
        if first is None:
            if len(self._seen) >= COPIES_LIMIT:
                self._seen_before, self._seen = self._seen, {}
                self.forgotten = True
            self._seen[key] = origin
        elif first != origin:
            self.totals["copies"] += 1
            return True
        return False

    def _event(self, kind, shape, when):
        fields = shape.fields
        if kind in EVENTS:
            name = kind.decode("ascii")
        elif b"enforcing" in fields or b"setenforce" in shape.perms:
            name = "setenforce"
        else:
            name = "notice"
        self.totals["granted"] += shape.decision == "granted"
        if len(self.events) >= EVENTS_LIMIT:
            self.events_cut += 1
            # What switches protection off is kept whatever comes before it.
            if not (name == "MAC_STATUS" and fields.get(b"enforcing") == b"0"):
                return
            if len(self.events) >= 2 * EVENTS_LIMIT:
                return
        self.events.append((when, name, shape))

    def _judge(self, shape, ident, when, node, line, source):
        totals_of(self.totals, shape)
        if shape.decision == "granted":
            return
        self._in_hour(when, 1)
        group = shape.group
        if group is None or group.key not in self.groups:
            group = shape.group = self._group(shape)
        call = None
        if shape.kind in ("selinux", "selinux_err"):
            call = source.companion(b"SYSCALL", ident)
            call = syscall_of(call) if call else None
        self._enter(group, verdict_of(shape, call and call[1]), call and call[1], when, when, 1)
        if group is not None:
            group.look(shape, node, ident, line, call, source)
        shape.used = True

    def _enter(self, group, verdict, success, first, last, count):
        """Count records of one verdict in the totals and in their group."""
        self.totals[verdict] += count
        if group is None:
            self.totals["ungrouped"] += count
            return
        group.count += count
        group.verdicts[verdict] += count
        if group.first is None or first < group.first:
            group.first = first
        if group.last is None or last > group.last:
            group.last = last
        if success is not None:
            group.calls[success] += count

    def _group(self, shape):
        """Return the group of a shape, a coarser one where there are too many, None where there are too many of these as well."""
        group = self.groups.get(shape.key)
        if group is not None:
            return group
        from .denials_groups import Group, coarse  # on most hosts nothing is denied

        key = shape.key
        if len(self.groups) - self._coarse >= GROUPS_LIMIT:
            key = (shape.kind, shape.decision, shape.source, shape.target, shape.tclass, (), b"*", b"*", b"", None)
            if key in self.groups:
                return self.groups[key]
            if self._coarse >= COARSE_LIMIT:
                return None
            self._coarse += 1
            shape = coarse(shape)
        group = self.groups[key] = Group(key, shape)
        return group


def totals_of(totals, shape, count=1):
    """Count what kind of record a shape is."""
    kind = shape.kind
    if kind in ("selinux", "user_avc"):
        totals[shape.decision] += count
        if kind == "user_avc" and shape.decision == "denied":
            totals["user_avc"] += count
    elif kind == "apparmor":
        totals["apparmor_" + shape.decision] += count
    else:
        totals[kind] += count


def verdict_of(shape, success):
    """Return whether a request was blocked, by what the record says, else by whether the call succeeded (None: not known)."""
    if shape.decision in ("logged", "allowed") or shape.permissive:
        return "allowed_permissive"
    if shape.permissive is False or shape.kind in ("apparmor", "seccomp", "user_avc"):
        return "blocked"
    if success is None:
        return "unknown"
    return "allowed" if success else "blocked"
