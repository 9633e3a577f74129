# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are read: globs expanded with every refusal said, each file once however many names lead to it.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import fnmatch
import os
import stat

from ..host import logs

FILES_LIMIT = 2000
_MAGIC = b"*?["

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class Found:
    """The files behind a list of globs.

    C(rotations): what can be read, oldest first; C(skipped): (path, why); C(denied): those of them that are not readable for us.
    """

    def __init__(self):
        self.rotations, self.skipped, self.denied = [], [], []
        self._seen = {}

    def is_empty(self):
        """Return whether no file matched, neither one to read nor one that was left aside."""
        return not (self._seen or self.skipped)

    def skip(self, path, why):
        self.skipped.append((path, why))

    def deny(self, path, why):
        self.denied.append((path, why))
        self.skip(path, why)


def expand(machine, pattern, found):
    """Return the paths that match a glob (bytes); a folder that cannot be listed goes to C(found.denied)."""
    paths = [b"/"] if pattern.startswith(b"/") else [b""]
    for part in pattern.split(b"/"):
        if not part:
            continue
        if not any(part.find(bytes(bytearray((sign,)))) >= 0 for sign in _MAGIC):
            paths = [os.path.join(path, part) for path in paths]
            continue
        further = []
        for path in paths:
            try:
                names = os.listdir(machine.path(path or b"."))
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                    found.deny(path, "the folder cannot be listed: %s" % error.strerror)
                continue
            hidden = part.startswith(b".")
            further.extend(os.path.join(path, name) for name in fnmatch.filter(names, part) if hidden or not name.startswith(b"."))
        paths = sorted(further)[:FILES_LIMIT]
    return paths


def add(machine, path, found, since=None):
    """Add one file to C(found), unless it is there already, is no plain file or was last changed before the window."""
    try:
        status = os.stat(machine.path(path))
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            found.deny(path, "not readable: %s" % error.strerror)
        elif error.errno == errno.ELOOP:
            found.skip(path, "the symbolic links lead in a circle")
        return
    key = (status.st_dev, status.st_ino)
    if stat.S_ISDIR(status.st_mode):
        return
    if not stat.S_ISREG(status.st_mode):
        kind = next((words for test, words in _KINDS if test(status.st_mode)), "no plain file")
        found.skip(path, "%s, not a file" % kind)
        return
    if key in found._seen:
        return
    found._seen[key] = path
    if since is not None and status.st_mtime < since:
        return
    found.rotations.extend(logs.described(machine, [path]))


def find(machine, patterns, since=None, found=None):
    """Return the Found of a list of globs (text or bytes)."""
    found = found or Found()
    for pattern in patterns:
        for path in expand(machine, os.fsencode(pattern), found):
            add(machine, path, found, since)
    found.rotations.sort(key=lambda one: (one.mtime, one.path))
    if len(found.rotations) > FILES_LIMIT:
        for rotation in found.rotations[:-FILES_LIMIT]:
            found.skip(rotation.path, "more than %d files" % FILES_LIMIT)
        del found.rotations[:-FILES_LIMIT]
    return found
