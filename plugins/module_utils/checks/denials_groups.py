# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One group of denials: what was denied to whom, how often, and whether it was really blocked.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib  # loads OpenSSL: only where there is a denial

from .denials_records import Shape, fields_of, head_of, shape_of

PATHS_LIMIT = 5
SAMPLE_LENGTH = 700
HOSTS_LIMIT = 20

# Records of a group that are looked at for their file's full name.
_NAMED = 2

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

    @property
    def described(self):
        """Whether enough of its records were looked at: the others are only counted."""
        return self.looked >= _NAMED

    def look(self, shape, node, ident, line, call, source):
        """Keep what a record tells beside its count: the host, and of the first ones the program, the file's full name, a sample.

        C(call) is the syscall of the same event or None, C(source) as for C(Tally.add).
        """
        if node and len(self.hosts) < HOSTS_LIMIT:
            self.hosts.add(node)
        if self.looked < _NAMED:
            self.looked += 1
            self._describe(_own(shape, line) if shape.used else shape, ident, line, call, source)

    def _describe(self, shape, ident, line, call, source):
        if not self.sample:
            self.sample, self.ident = line[:SAMPLE_LENGTH], ident
        if call is not None and not self.syscall:
            self.syscall, self.exit = call[0], call[2]
        if not self.exe:
            self.exe = shape.fields.get(b"exe") or _field(source.companion(b"SYSCALL", ident), b"exe")
        path = shape.path
        if path and not path.startswith(b"/") and b"[" not in path:
            path = _full_name(path, ident, source, shape.permissive is None)
        if path and path not in self.paths and len(self.paths) < PATHS_LIMIT:
            self.paths.append(path[:SAMPLE_LENGTH])


def coarse(shape):
    """Return a shape that stands for all files and programs of its types."""
    wide = Shape(shape.kind, shape.decision, {})
    wide.source, wide.target, wide.tclass, wide.permissive = shape.source, shape.target, shape.tclass, shape.permissive
    wide.comm = wide.pattern = b"*"
    return wide


def _own(shape, line):
    """Return the shape of this very line: one from the cache has another's file."""
    head = head_of(line)
    return (shape_of(head.type, head.body) if head else None) or shape


def _field(line, key):
    """Return a field of a companion record, nothing where there is none."""
    head = head_of(line) if line else None
    return fields_of(head.body.split(b"\x1d", 1)[0]).get(key, b"") if head else b""


def _full_name(name, ident, source, old):
    """Return the path of a file that an AVC names by its last part only, from PATH and CWD, or AVC_PATH (old kernels), of the same event."""
    path = _field(source.companion(b"AVC_PATH", ident), b"path") if old else b""
    if path:
        return path
    named = _field(source.companion(b"PATH", ident), b"name")
    if named.rstrip(b"/").rsplit(b"/", 1)[-1] != name:
        return name
    if named.startswith(b"/"):
        return named
    folder = _field(source.companion(b"CWD", ident), b"cwd")
    return folder.rstrip(b"/") + b"/" + named.lstrip(b"./") if folder.startswith(b"/") else name
