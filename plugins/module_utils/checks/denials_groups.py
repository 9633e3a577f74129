# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From records to groups: what was denied to whom, how often, and whether it was really blocked.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import re

from .denials_records import EVENTS, JUDGED, Shape, fields_of, head_of, shape_of, syscall_of

# Groups kept apart by command and path; beyond it groups are kept by type and class alone, and beyond that only counted.
GROUPS_LIMIT = 1500
COARSE_LIMIT = 500
# Parsed bodies kept, and how long one may be to be kept.
CACHE_LIMIT = 2000
CACHED_LENGTH = 1024
EVENTS_LIMIT = 100
PATHS_LIMIT = 5
SAMPLE_LENGTH = 700
HOSTS_LIMIT = 20

# Two records of one event lie within this many events of each other.
RECENT_EVENTS = 1024
# Events remembered to tell the copies of one record in two sources apart.
COPIES_LIMIT = 100000

# Records of a group that are looked at for their file's full name.
_NAMED = 8

# The head of nearly every line; denials_records.head_of reads the others.
_FAST = re.compile(rb"type=AVC msg=(audit\(([0-9]{1,11}\.[0-9]{1,9}):[0-9]{1,20}\)): ?").match

TOTALS = (
    "records", "events", "denied", "granted", "blocked", "allowed_permissive", "allowed", "unknown", "user_avc", "selinux_err",
    "apparmor_denied", "apparmor_allowed", "seccomp", "malformed", "copies", "ungrouped",
)


# Worst first. An old kernel does not say permissive=; where the call succeeded, the access was allowed, or the program could do without.
VERDICTS = (("blocked", "blocked"), ("unknown", "unknown"), ("allowed", "allowed or not needed"), ("allowed_permissive", "allowed (permissive)"))


class Group:
    """Denials that are one to an administrator.

    C(verdicts) counts blocked, allowed_permissive (said so by the record), allowed (the call succeeded) and unknown;
    C(calls) the calls that failed and succeeded.
    """

    __slots__ = ("calls", "count", "exe", "exit", "first", "hosts", "ident", "key", "last", "looked", "paths", "sample", "shape", "syscall", "verdicts")

    def __init__(self, key, shape):
        self.key, self.shape = key, shape
        self.count, self.first, self.last, self.looked = 0, None, None, 0
        self.verdicts = {"blocked": 0, "allowed_permissive": 0, "allowed": 0, "unknown": 0}
        self.calls = {True: 0, False: 0}
        self.syscall = self.exit = self.exe = self.sample = self.ident = b""
        self.paths, self.hosts = [], set()

    @property
    def id(self):
        """Twelve hex digits of the key: the same on every host and every day."""
        words = [part if isinstance(part, bytes) else repr(part).encode("ascii", "backslashreplace") for part in self.key]
        return hashlib.sha1(b"\0".join(words)).hexdigest()[:12]

    @property
    def blocked(self):
        """What the worst of its records was: blocked, unknown, allowed or not needed, allowed (permissive)."""
        for verdict, words in VERDICTS:
            if self.verdicts[verdict]:
                return words
        return "unknown"

    @property
    def call_succeeded(self):
        """True where every call seen succeeded all the same, False where one failed, None where none was seen."""
        if self.calls[False]:
            return False
        return True if self.calls[True] else None


class Tally:
    """Counts and groups records. C(add) takes lines one by one; memory is bounded whatever they are."""

    def __init__(self, since=None, until=None):
        self.since = float("-inf") if since is None else since
        self.until = float("inf") if until is None else until
        self.totals = dict.fromkeys(TOTALS, 0)
        self.groups, self.events, self.events_cut = {}, [], 0
        self.first = self.last = None
        self.source, self.several = 0, False  # number of the source being read; where there are several, a record may come again
        self._cache, self._coarse = {}, 0
        self._recent, self._before = set(), set()
        self._seen, self._seen_before, self.forgotten = {}, {}, False

    def add(self, line, source):
        """Count one line (bytes, without its end). C(source.companion(type, ident)) gives another record of the same event or None."""
        fast = _FAST(line)
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
        self._count(ident, when)
        if shape.kind == "event":
            self._event(kind, shape, when)
        elif shape.kind != "other":
            self._judge(shape, ident, when, node, line, source)

    def _shape(self, kind, body):
        stable = (kind, _stable(body))
        try:
            return self._cache[stable]
        except KeyError:
            shape = shape_of(kind, body)
            if len(body) <= CACHED_LENGTH:
                if len(self._cache) >= CACHE_LIMIT:
                    self._cache.clear()
                self._cache[stable] = shape
            return shape

    def _count(self, ident, when):
        self.totals["records"] += 1
        if ident not in self._recent:
            if ident not in self._before:
                self.totals["events"] += 1
            self._recent.add(ident)
            if len(self._recent) > RECENT_EVENTS:
                self._before, self._recent = self._recent, set()
        if self.first is None or when < self.first:
            self.first = when
        if self.last is None or when > self.last:
            self.last = when

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
        totals = self.totals
        totals_of(totals, shape)
        if shape.decision == "granted":
            return
        group = shape.group
        if group is None or group.key not in self.groups:
            group = shape.group = self._group(shape)
        verdict = call = None
        if shape.kind in ("selinux", "selinux_err"):
            call = source.companion(b"SYSCALL", ident)
            call = syscall_of(call) if call else None
        if shape.decision in ("logged", "allowed") or shape.permissive:
            verdict = "allowed_permissive"
        elif shape.permissive is False or shape.kind in ("apparmor", "seccomp", "user_avc"):
            verdict = "blocked"
        elif call is not None:
            verdict = "allowed" if call[1] else "blocked"
        else:
            verdict = "unknown"
        totals[verdict] += 1
        if group is None:
            totals["ungrouped"] += 1
            return
        group.count += 1
        group.verdicts[verdict] += 1
        if group.first is None or when < group.first:
            group.first = when
        if group.last is None or when > group.last:
            group.last = when
        if call is not None:
            group.calls[call[1]] += 1
        if node and len(group.hosts) < HOSTS_LIMIT:
            group.hosts.add(node)
        if group.looked < _NAMED:
            group.looked += 1
            _describe(group, shape, ident, line, call, source)

    def _group(self, shape):
        """Return the group of a shape, a coarser one where there are too many, None where there are too many of these as well."""
        group = self.groups.get(shape.key)
        if group is not None:
            return group
        key = shape.key
        if len(self.groups) - self._coarse >= GROUPS_LIMIT:
            key = (shape.kind, shape.decision, shape.source, shape.target, shape.tclass, (), b"*", b"*", b"", None)
            if key in self.groups:
                return self.groups[key]
            if self._coarse >= COARSE_LIMIT:
                return None
            self._coarse += 1
            shape = _coarse(shape)
        group = self.groups[key] = Group(key, shape)
        return group


def totals_of(totals, shape):
    """Count what kind of record a shape is."""
    kind = shape.kind
    if kind in ("selinux", "user_avc"):
        totals[shape.decision] += 1
        if kind == "user_avc" and shape.decision == "denied":
            totals["user_avc"] += 1
    elif kind == "apparmor":
        totals["apparmor_" + shape.decision] += 1
    else:
        totals[kind] += 1


def _coarse(shape):
    wide = Shape(shape.kind, shape.decision, {})
    wide.source, wide.target, wide.tclass, wide.permissive = shape.source, shape.target, shape.tclass, shape.permissive
    wide.comm = wide.pattern = b"*"
    return wide


def _stable(body):
    """Return a body without its process and inode numbers: what is left comes again and again, and is parsed once."""
    start = body.find(b" pid=")
    if start >= 0:
        end = body.find(b" ", start + 5)
        if end > 0 and body[start + 5:end].isdigit():
            body = body[:start] + body[end:]
    start = body.find(b" ino=")
    if start >= 0:
        end = body.find(b" ", start + 5)
        if end > 0 and body[start + 5:end].isdigit():
            body = body[:start] + body[end:]
    return body


def _describe(group, shape, ident, line, call, source):
    """Fill in what the first records of a group tell: the program, the file's full name, a sample."""
    if not group.sample:
        group.sample, group.ident = line[:SAMPLE_LENGTH], ident
    if call is not None and not group.syscall:
        group.syscall, group.exit = call[0], call[2]
    if not group.exe:
        group.exe = shape.fields.get(b"exe") or _field(source.companion(b"SYSCALL", ident), b"exe")
    path = shape.path
    if path and not path.startswith(b"/") and b"[" not in path:
        path = _full_name(path, ident, source)
    if path and path not in group.paths and len(group.paths) < PATHS_LIMIT:
        group.paths.append(path[:SAMPLE_LENGTH])


def _field(line, key):
    """Return a field of a companion record, nothing where there is none."""
    head = head_of(line) if line else None
    return fields_of(head.body.split(b"\x1d", 1)[0]).get(key, b"") if head else b""


def _full_name(name, ident, source):
    """Return the path of a file that an AVC names by its last part only, from AVC_PATH (old kernels) or PATH and CWD of the same event."""
    old = _field(source.companion(b"AVC_PATH", ident), b"path")
    if old:
        return old
    named = _field(source.companion(b"PATH", ident), b"name")
    if named.startswith(b"/") and named.rstrip(b"/").endswith(b"/" + name):
        return named
    if named.rstrip(b"/").rsplit(b"/", 1)[-1] == name:
        folder = _field(source.companion(b"CWD", ident), b"cwd")
        if folder.startswith(b"/"):
            return folder.rstrip(b"/") + b"/" + named.lstrip(b"./")
    return name
