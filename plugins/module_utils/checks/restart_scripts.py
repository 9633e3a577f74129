# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that an interpreter runs: the kernel maps the interpreter, not the script.

Nothing is imported or executed and no environment of a process is asked: a script is a file with a time.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from .restart_birth import born
from .restart_files import JAR, MODULE, SCRIPT, Verdict
from .restart_imports import imported
from .restart_names import DELETED, is_volatile

# Interpreter: (language, names of the executable without its version, options that take a word of their own, options after which there
# is no script). Shells are left out: they read a script while they run it, so there is nothing stale to restart.
INTERPRETERS = (
    ("python", (b"python", b"platform-python", b"pypy"), (b"-W", b"-X", b"-Q"), (b"-c", b"-m", b"-")),
    ("ruby", (b"ruby",), (b"-I", b"-r", b"-C", b"-E"), (b"-e", b"-")),
    ("perl", (b"perl",), (b"-I",), (b"-e", b"-E", b"-")),
    ("php", (b"php",), (b"-c", b"-d", b"-z"), (b"-r", b"-S", b"-", b"-a")),
    ("node", (b"node", b"nodejs"), (b"-r", b"--require", b"--import", b"--loader"), (b"-e", b"-p", b"--eval", b"--print", b"-")),
    ("lua", (b"lua", b"luajit"), (b"-l", b"-e"), (b"-",)),
    ("java", (b"java",), (), ()),
)

# Seconds from the start of a process until it has surely read its script (needrestart allows as much), beyond the tolerance of files.
READING = 1.0
DESCRIPTORS_LIMIT = 4096


class Scripts:
    """Judges the scripts of interpreters; the same script of several processes is looked at once."""

    def __init__(self, proc, views):
        self.proc = proc
        self.views = views
        self._kinds = {}
        self._changed = {}

    def is_interpreter(self, exe):
        """Return whether an executable, as its link shows it, runs scripts."""
        if exe not in self._kinds:
            self._kinds[exe] = _kind(exe)
        return self._kinds[exe] is not None

    def look(self, pid, exe, view, space):
        """Return the list of Verdict about the script of a process: those that changed since the boot, with the time."""
        kind = self._kinds[exe]
        if kind[0] == "java":
            return self._jars(pid)
        script = script_of(self.proc.argv(pid), kind)
        if script is None:
            return []
        path = self._absolute(pid, script, view)
        if path is None or view.leaves_out(path):
            return []
        found = []
        for name, reason in self._files(kind[0], view, space, path):
            changed = self._change(view, space, name)
            if changed:
                found.append(Verdict(reason, name, changed - READING, 0.0))
        return found

    def _absolute(self, pid, script, view):
        """Return a script's path as maps would show it, None where it is made for one run or out of our sight."""
        if not script.startswith(b"/"):
            folder = self.proc.link(pid, b"cwd")
            if folder is None or folder.endswith(DELETED):
                return None
            script = os.path.join(folder, script)
        elif view.own:
            root = self.proc.link(pid, b"root") or b"/"
            script = root.rstrip(b"/") + script
        else:
            script = view.root + script
        script = os.path.normpath(script)
        return None if is_volatile(script) else script

    def _files(self, language, view, space, path):
        """Return [(path, reason)]: the script, and what it loads by a plain statement, as far as that is found beside it."""
        files = [(path, SCRIPT)]
        if language == "python":
            files += [(name, MODULE) for name in imported(view, path)]
        return files

    def _change(self, view, space, path):
        """Return when the content behind a name changed last, 0.0 where that is not known to be after the boot."""
        if (space, path) not in self._changed:
            self._changed[space, path] = _changed(view, path, self.proc)
        return self._changed[space, path]

    def _jars(self, pid):
        """Java opens its archives and does not map them as code: here, and only here, an open file counts."""
        found = []
        try:
            names = os.listdir(self.proc.path(pid, b"fd"))[:DESCRIPTORS_LIMIT]
        except OSError:
            return found
        for name in names:
            path = self.proc.link(pid, b"fd/" + name) or b""
            if path.endswith(b".jar" + DELETED) and not is_volatile(path):
                found.append(Verdict(JAR, path[:-len(DELETED)], None, 0.0))
        return found


def _kind(exe):
    name = os.path.basename(exe[:-len(DELETED)] if exe.endswith(DELETED) else exe).rstrip(b"0123456789.")
    for kind in INTERPRETERS:
        if name in kind[1]:
            return kind
    return None


def script_of(argv, kind):
    """Return the script among the arguments of an interpreter (bytes), None where it runs none."""
    _language, _names, with_word, without_script = kind
    words = iter(argv[1:])
    for word in words:
        if word == b"--":
            return next(words, None)
        if not word.startswith(b"-"):
            return word or None
        if word in without_script:
            return None
        if word in with_word:
            next(words, None)
        elif kind[0] in ("python", "perl", "ruby") and not word.startswith(b"--") and word[-1:] in b"cme" and word[-1:] in b"".join(without_script):
            return None  # joined letters: -Ic, -lane
    return None


def _changed(view, path, proc):
    try:
        found = view.stat(path)
        place = view.open_path(path)
    except (OSError, ValueError):
        return 0.0
    boot, now = proc.boot() or float("inf"), proc.machine.now
    birth = born(place) if found.st_ctime > boot else None
    moments = [birth] if birth is not None else [found.st_ctime if found.st_ctime - found.st_mtime > 86400 else 0.0]
    if found.st_mtime <= found.st_ctime + 1:
        moments.append(found.st_mtime)
    moments = [moment for moment in moments if boot < moment <= now + 1]
    return max(moments or [0.0])
