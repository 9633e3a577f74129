# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks that read logs share: a log with its rotations, its text in blocks, and where in a file the window lies.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

In short::

    since, until = window(options, machine.now)
    logs, problems = open_logs(machine, rotations(machine, b"/var/log/kern.log"), since)
    for log in logs:
        with log:
            start, end = log.range(since, until, stamp)     # stamp(line) -> seconds since 1970 or None
            for block in log.blocks(start, end):            # bytes, never whole lines only
                ...
            problems += log.problems                        # truncated while read, damaged archive, ...
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import errno
import os
import stat

from .machine import TIME_WAS_UP
from .pattern import Pattern
from .plain import behind_hole, open_plain

BLOCK = 262144

# What logrotate (numbered, dateext, dateformat) and auditd append to the name of a log.
_ROTATED = Pattern(rb"(?:[.-][0-9][0-9.:_-]*|\.old)?(?:\.(gz|bz2|xz|zst))?\Z")

# Places looked at to see whether time only rises in a file: one in 45 minutes of a file of two days.
SAMPLES = 64
PROBE = 4096
# Records of one moment lie this far apart at most: writers interleave.
SLACK = 65536

Rotation = collections.namedtuple("Rotation", "path size mtime device inode packed")


def rotations(machine, path):
    """Return the Rotation of a log (bytes) and of each rotated part beside it, oldest first; symbolic links count as what they lead to.

    Known are C(.1), C(-20261122), C(.2.gz), C(-20261122.xz) and so on; of a part that lies there packed and plain, the plain one.
    Raises OSError where the directory cannot be read; a directory or log that does not exist gives an empty list.
    """
    folder, base = os.path.split(path)
    try:
        names = os.listdir(machine.path(folder))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return []
        raise
    found = []
    for name in names:
        match = _ROTATED.match(name, len(base)) if name.startswith(base) else None
        if match and not (match.group(1) and name[: match.start(1) - 1] in names):
            found.append(os.path.join(folder, name))
    return described(machine, found)


def expand(machine, patterns):
    """Return (rotations, problems) of a list of file globs (text or bytes); a pattern that matches nothing is a problem."""
    import glob  # only where somebody names patterns

    paths, problems = set(), []
    root = b"" if machine.root == b"/" else machine.root.rstrip(b"/")
    for pattern in patterns:
        pattern = os.fsencode(pattern)
        found = glob.glob(machine.path(pattern))
        paths.update(path[len(root):] for path in found)
        if not found:
            problems.append("no file matches %s" % os.fsdecode(pattern))
    return described(machine, paths), problems


def described(machine, paths):
    """Return the Rotation of each path that is a regular file, oldest first."""
    found = []
    for path in paths:
        try:
            status = os.stat(machine.path(path))
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            end = path.rsplit(b".", 1)[-1]
            packed = end if end in (b"gz", b"bz2", b"xz", b"zst") else b""
            found.append(Rotation(path, status.st_size, status.st_mtime, status.st_dev, status.st_ino, packed))
    return sorted(found, key=lambda one: (one.mtime, one.path))


def open_logs(machine, found, since=None, again=None):
    """Open the logs whose last change is not before C(since): return ([Log] oldest first, [problem]).

    All are opened before one is read, so that a rotation in between loses nothing. C(again) is called, once, for a new list when
    a file was rotated away between finding and opening it.
    """
    logs, problems, moved = [], [], False
    for rotation in found:
        if since is not None and rotation.mtime < since:
            continue
        try:
            log = Log(machine, rotation)
        except OSError as error:
            moved = moved or error.errno in (errno.ENOENT, errno.ESTALE)
            problems.append("%s: %s" % (os.fsdecode(rotation.path), error.strerror))
            continue
        logs.append(log)
    if moved and again is not None:
        for log in logs:
            log.close()
        return open_logs(machine, again(), since)
    return logs, problems


class Log:
    """One opened log file.

    C(path), C(size) when it was opened, C(mtime), C(packed) (C(gz), C(bz2), C(xz), C(zst) or empty), C(scanned): bytes of it read so far,
    C(problems): what could not be read, in words. C(descriptor) may be read with C(os.pread).
    Opening raises OSError; ESTALE: it is no longer the file that was found.
    """

    def __init__(self, machine, rotation):
        self.path, self.packed = rotation.path, rotation.packed
        self.scanned, self.problems, self._machine = 0, [], machine
        self.descriptor = open_plain(machine.path(rotation.path), _nofollow(machine.path(rotation.path)))
        status = os.fstat(self.descriptor)
        self.size, self.mtime = status.st_size, status.st_mtime
        if (status.st_dev, status.st_ino) != (rotation.device, rotation.inode):
            self.close()
            raise OSError(errno.ESTALE, "it was replaced while it was opened")

    def __enter__(self):
        return self

    def __exit__(self, *_problem):
        self.close()

    def close(self):
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def _say(self, words):
        self.problems.append("%s: %s" % (os.fsdecode(self.path), words))

    def pread(self, length, offset):
        """Return up to C(length) bytes at C(offset), nothing where it cannot be read."""
        try:
            return os.pread(self.descriptor, length, offset)
        except OSError:
            return b""

    def head(self, length=65536):
        """Return the first bytes of the text."""
        if not self.packed:
            return self.pread(length, 0)
        problems, scanned = list(self.problems), self.scanned
        head = next(iter(self.blocks(size=length)), b"")
        self.problems, self.scanned = problems, scanned  # they are told when it is read whole
        return head

    def range(self, since, until, stamp):
        """Return (start, end): the bytes of a plain log that hold the window, with some slack; a packed one is read from its start.

        Reads less than 1 MB. Where the clock was set back within the file, everything from the first place inside the window counts.
        """
        if self.packed:
            return 0, self.size
        return time_range(self, since, until, stamp)

    def blocks(self, start=0, end=None, size=BLOCK):
        """Yield the text from C(start) to C(end), in blocks of about C(size) bytes; what is appended meanwhile is left for the next time."""
        blocks = self._unpacked(size) if self.packed else self._plain(start, self.size if end is None else end, size)
        return self._in_time(blocks)

    def _in_time(self, blocks):
        for block in blocks:
            if self._machine.is_late():
                self._say(TIME_WAS_UP)
                return
            yield block

    def _plain(self, start, end, size):
        offset = start
        while offset < end:
            # Where a log was emptied in use, what its program writes next lies behind a hole.
            data = behind_hole(self.descriptor, offset)
            if data is None:
                if os.fstat(self.descriptor).st_size < end:
                    self._say("truncated while it was read")
                return
            if data >= end:
                return
            offset = data
            try:
                block = os.pread(self.descriptor, min(size, end - offset), offset)
            except OSError as error:
                self._say("%s at byte %d" % (error.strerror, offset))
                return
            if not block:
                self._say("truncated while it was read")
                return
            offset += len(block)
            self.scanned += len(block)
            yield block

    def _unpacked(self, size):
        # Most windows lie in the plain log.
        from . import archives

        if not archives.is_archive(self.pread(archives.HEAD, 0), self.packed):
            return self._plain(0, self.size, size)
        self.scanned = self.size
        return archives.readable(self._machine, self.descriptor, self.packed, size, self._say)

    def obstacle(self):
        """Return why this host cannot unpack the log, in words; nothing where it can."""
        if not self.packed:
            return ""
        from . import archives

        return archives.obstacle(self._machine, self.packed)


def _nofollow(path):
    """Links in a log directory are followed only where root, or whoever runs this, made them.

    What is no link now may be one when it is opened.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return os.O_NOFOLLOW
    return 0 if stat.S_ISLNK(status.st_mode) and status.st_uid in (0, os.geteuid()) else os.O_NOFOLLOW


def time_range(log, since, until, stamp):
    """Return (start, end) of the window in a file that C(log.pread) reads; see Log.range.

    Where time rises throughout, both ends are found by bisection. Samples over the whole file, and nearer and nearer to the place found,
    show a clock that was set back: the window then starts at the earliest sample inside it and ends after the last one.
    """
    size = log.size
    if size <= SAMPLES * PROBE * 2 or (since is None and until is None):
        return 0, size
    places = [size * number // SAMPLES for number in range(SAMPLES)]
    times = [_time_at(log, place, stamp) for place in places]
    start, end = 0, size
    if since is not None:
        first = next((number for number, when in enumerate(times) if when is not None and when >= since), SAMPLES)
        # Only a place that showed a time before the window is known to lie before it; others may be long lines or garbage.
        before = max([places[number] for number in range(first) if times[number] is not None] or [0])
        start, _behind = _narrowed(log, before, places[first] if first < SAMPLES else size, lambda when: when >= since, stamp)
        start = max(0, _earlier(log, start, since, stamp) - SLACK)
    if until is not None:
        last = next((number for number in range(SAMPLES - 1, -1, -1) if times[number] is not None and times[number] <= until), -1)
        after = min([places[number] for number in range(last + 1, SAMPLES) if times[number] is not None] or [size])
        _before, end = _narrowed(log, places[last] if last >= 0 else 0, after, lambda when: when > until, stamp)
        end = min(size, end + SLACK)
    return start, max(start, end)


def _time_at(log, place, stamp):
    """Return the time of the first whole line after C(place) that has one, None where the next bytes show none."""
    lines = log.pread(PROBE, place).split(b"\n")
    for line in lines[1 if place else 0: -1]:
        when = stamp(line)
        if when is not None:
            return when
    return None


def _narrowed(log, low, high, is_behind, stamp):
    """Return (low, high), brought together between two places of rising time: C(is_behind) says of a time that its place lies too high.

    Where there is no time near the middle (a very long line, garbage) it ends: what lies between is read as well.
    """
    while high - low > PROBE:
        middle = (low + high) // 2
        when = _time_at(log, middle, stamp)
        if when is None:
            break
        if is_behind(when):
            high = middle
        else:
            low = middle
    return low, high


def _earlier(log, start, since, stamp):
    """Look back from C(start) at growing distances: return the earliest place found that is inside the window all the same."""
    earliest, distance = start, SLACK
    while distance < start:
        when = _time_at(log, start - distance, stamp)
        if when is not None and when >= since:
            earliest = start - distance
        distance *= 2
    return earliest
