# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mapped program file: is it still the file that a new process would get?

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re

from . import restart_elf as elf
from .restart_birth import born
from .restart_names import (
    DELETED,
    LIBRARY,
    VERSIONED,
    before_aside,
    is_aside,
    is_pseudo,
    is_renamed_library,
    is_system,
    is_volatile,
    spellings,
    without_temporary,
)

# Stale: the process runs what is no longer installed.
REPLACED = "replaced"  # another file has the name now
REMOVED = "removed"  # nothing has the name now
OVERWRITTEN = "overwritten"  # the same file, written to after the process started
SHADOWED = "shadowed"  # put aside under another name, or its link leads to another file
SCRIPT = "script"  # the script that an interpreter runs, written or replaced after the start
MODULE = "module"  # a file that this script loads, likewise
JAR = "jar"  # a Java archive that is held open and no longer has a name
# Shown, not counted.
IDENTICAL = "identical"  # replaced by a file with the same build id or the same bytes
GONE = "gone"  # nothing has the name now, and the place is not one for installed software
UNKNOWN = "unknown"  # the kernel does not let us compare
NETWORK = "network"  # on a network file system, which was not asked

STALE = (REPLACED, REMOVED, OVERWRITTEN, SHADOWED, SCRIPT, MODULE, JAR)

# path: as installed (bytes). It concerns the processes that started at or after C(after) and before C(since); None: all.
Verdict = collections.namedtuple("Verdict", "reason path since after")

# NFS keeps a removed file that is in use under such a name.
_SILLY_RENAME = rb"/\.nfs[0-9a-f]{12,}$"

# A file's time is worth something to a second: clocks of the kernel's tick and of the file system differ.
TOLERANCE = 1.0


class Files:
    """Judges mapped files. What was found about a file is kept for the other processes of the same namespace."""

    def __init__(self, proc, views):
        self.proc = proc
        self.views = views
        # Without a known boot no time can be compared: then no file counts as written to.
        self.boot = proc.boot() or float("inf")
        self.now = proc.machine.now

    def glance(self, view, pid, mapped):
        """Return 0.0 where a mapped file needs no look, else when it changed: a second look is due for processes older than that.

        This is the hot path: one stat, or two for a library with a version in its name.
        """
        path = mapped.path
        if is_pseudo(path):
            return 0.0
        if path.endswith(DELETED) or is_aside(path) or self.views.is_network(mapped.device, pid) or view.is_network(path):
            return float("inf")
        try:
            found = os.stat(view.prefix + path) if not view.root else view.stat(path)
        except OSError:
            return float("inf")
        if found.st_ino != mapped.inode:
            return float("inf")
        versioned = VERSIONED.match(path)
        if versioned and self._leads_elsewhere(view, versioned.group(1), found):
            return float("inf")
        if is_renamed_library(path) and found.st_ctime > self.boot + TOLERANCE:
            return found.st_ctime
        return self._written(found)

    def look(self, view, pid, mapped, span):
        """Return the Verdict of a mapped file, or None: nothing to say. C(span) is its address range as map_files names it."""
        if is_pseudo(mapped.path):
            return None
        if re.search(_SILLY_RENAME, mapped.path):
            return Verdict(REMOVED, mapped.path, None, 0.0)
        if self.views.is_network(mapped.device, pid) or view.is_network(mapped.path):
            return self._network(mapped)
        for path in spellings(mapped.path):
            found = _stat(view, path)
            if found is not None and found.st_ino == mapped.inode:
                return self._same_inode(view, pid, path, found, span)
        if mapped.path.endswith(DELETED):
            return self._deleted(view, pid, mapped, span)
        return self._another(view, pid, mapped, span)

    @staticmethod
    def _network(mapped):
        if mapped.path.endswith(DELETED):
            return _deleted_elsewhere(mapped.path[:-len(DELETED)])
        return Verdict(NETWORK, mapped.path, None, 0.0)

    def _deleted(self, view, pid, mapped, span):
        """The kernel says that the name is gone. It says so for every kind of file: only installed programs count."""
        named = [without_temporary(path) for path in spellings(mapped.path[:-len(DELETED)])]
        for spelled in spellings(mapped.path[:-len(DELETED)]):
            found = _stat(view, spelled)
            if found is not None and found.st_ino == mapped.inode:
                return self._same_inode(view, pid, spelled, found, span)
        path = next((path for path in named if _stat(view, path) is not None), named[-1])
        if is_volatile(path):
            return None
        running = self.proc.path(pid, b"map_files/" + span)
        running_is_elf = elf.is_elf(running)
        found = _stat(view, path)
        if running_is_elf is None:
            # No right to open it (a container): what stands there now tells what stood there before.
            running_is_elf = _looks_like_program(path) if found is None else elf.is_elf(view.open_path(path))
        if not running_is_elf:
            return None
        if found is None:
            return Verdict(REMOVED if is_system(path) else GONE, path, None, 0.0)
        return Verdict(IDENTICAL if _identical(running, view.open_path(path)) else REPLACED, path, None, 0.0)

    def executable(self, view, pid, path):
        """Return the verdicts, none or one, of an executable whose link says that it is deleted and that is not mapped."""
        running = self.proc.path(pid, b"exe")
        if view.leaves_out(path):
            verdict = _deleted_elsewhere(path)
            return [verdict] if verdict else []
        found = _stat(view, path)
        path = without_temporary(path)
        if found is None:
            found = _stat(view, path)
        if is_volatile(path) or elf.is_elf(running) is False:
            return []
        if found is None:
            return [Verdict(REMOVED if is_system(path) else GONE, path, None, 0.0)]
        try:
            if os.stat(running).st_ino == found.st_ino:
                return []
        except OSError:
            pass
        return [Verdict(IDENTICAL if _identical(running, view.open_path(path)) else REPLACED, path, None, 0.0)]

    def _another(self, view, pid, file, span):
        """The name leads to another inode, or to none, and the kernel does not call the file deleted."""
        path = file.path
        found = _stat(view, path)
        if found is None and self.views.is_detached(file.device):
            return Verdict(NETWORK, path, None, 0.0)
        if is_volatile(path):
            return None
        if found is None:
            return Verdict(UNKNOWN, path, None, 0.0)
        running = self.proc.path(pid, b"map_files/" + span)
        try:
            mapped = os.stat(running)
        except OSError:
            return Verdict(UNKNOWN, path, None, 0.0)
        if (mapped.st_dev, mapped.st_ino) == (found.st_dev, found.st_ino):
            return None  # btrfs and overlayfs number their files differently in maps
        if not elf.is_elf(running) or not elf.is_elf(view.open_path(path)):
            return None
        return Verdict(IDENTICAL if _identical(running, view.open_path(path)) else REPLACED, path, None, 0.0)

    def _same_inode(self, view, pid, path, found, span):
        if is_volatile(path):
            return None
        shadow = self._shadow(view, path, found)
        if shadow is not None:
            original, since = shadow
            return Verdict(IDENTICAL if _identical(view.open_path(path), view.open_path(original)) else SHADOWED, path, since, 0.0)
        written = self._written(found)
        if not written or not elf.is_elf(view.open_path(path)):
            return None
        # A process older than the file itself mapped it when it was there already: nothing was written under its feet.
        return Verdict(OVERWRITTEN, path, written, born(view.open_path(path)) or 0.0)

    def _written(self, found):
        """Return when a file was last written to by a program that left the time alone, 0.0 for never since boot.

        mtime, since ctime also changes by chmod, link and relabelling. A time that was set by hand, by tar or by a package
        manager differs from ctime or lies in the future, and says nothing.
        """
        if found.st_mtime <= self.boot + TOLERANCE or found.st_mtime > self.now + TOLERANCE or found.st_ctime < found.st_mtime - TOLERANCE:
            return 0.0
        return found.st_mtime

    def _leads_elsewhere(self, view, link, found):
        there = _stat(view, link)
        return there is not None and there.st_ino != found.st_ino

    def _shadow(self, view, path, found):
        """Return (what a new process would load instead, since when), or None."""
        for renamed, original in before_aside(path):
            other = _stat(view, original)
            if other is not None and other.st_ino != found.st_ino and elf.is_elf(view.open_path(original)):
                return original, _changed(view, renamed)
        versioned = VERSIONED.match(path)
        if versioned and self._leads_elsewhere(view, versioned.group(1), found) and _same_soname(view, path, versioned.group(1)):
            return versioned.group(1), _changed(view, versioned.group(1))
        for original in _shorter_names(path):
            other = _stat(view, original)
            if other is not None and other.st_ino != found.st_ino and _same_soname(view, path, original):
                return original, found.st_ctime
        return None


def concerns(verdict, started):
    """Return whether a verdict holds for a process that started then."""
    if verdict.since is None:
        return True
    return verdict.after - TOLERANCE <= started < verdict.since - TOLERANCE


def _stat(view, path):
    try:
        return view.stat(path)
    except (OSError, ValueError):
        return None


def _changed(view, path):
    """Return when a name was made or moved, 0.0 (before every process) where that cannot be seen."""
    try:
        return view.lstat(path).st_ctime
    except (OSError, ValueError):
        return 0.0


def _deleted_elsewhere(path):
    """Return the verdict on a deleted file of a network file system: its name is all that may be looked at."""
    path = without_temporary(path)
    return None if is_volatile(path) else Verdict(REPLACED if is_system(path) else GONE, path, None, 0.0)


def _looks_like_program(path):
    """Return whether a file that can no longer be read was a program or library, by its place and name."""
    return is_system(path) and (re.search(LIBRARY, path) is not None or b"/bin/" in path or b"/sbin/" in path or b"/libexec/" in path)


def _identical(running, installed):
    """Return whether a new process would run the same code: equal build ids, or equal bytes where there are none."""
    try:
        first, second = elf.build_id(running), elf.build_id(installed)
    except (OSError, elf.NoElf):
        return False
    if first or second:
        return first == second
    return elf.same_content(running, installed) is True


def _same_soname(view, first, second):
    try:
        name = elf.soname(view.open_path(first))
        return bool(name) and name == elf.soname(view.open_path(second))
    except (OSError, elf.NoElf):
        return False


def _shorter_names(path):
    """Return the names that a library may have had before something was appended: libx.so.1-mine of libx.so.1."""
    folder, name = os.path.split(path)
    cuts = [match.start() for match in re.finditer(rb"[^0-9A-Za-z]", name)]
    return [folder + b"/" + name[:cut] for cut in reversed(cuts[-8:]) if re.search(LIBRARY, name[:cut])]
