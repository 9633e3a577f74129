# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes run files that are no longer the installed ones. All processes, one pass, close to the cost of reading /proc.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import errno
import os

from ..host.proc import Proc
from .restart_files import NETWORK, UNKNOWN, Files, concerns
from .restart_maps import Maps, parse
from .restart_names import DELETED, is_pseudo
from .restart_scripts import Scripts
from .restart_view import Views

# A process that runs more than this many different files is not looked at beyond.
FILES_LIMIT = 4096

ATTEMPTS = 3

# Links of /proc/PID/task: itself, its parent, and one for each thread.
ONE_THREAD_LINKS = 3

_NO_FILES = (errno.ENOENT, errno.ESRCH)  # of a process that is there: newer kernels answer so for a kernel thread
_GONE = (*_NO_FILES, errno.ESTALE)
_DENIED = (errno.EACCES, errno.EPERM)

# A process with at least one remarkable file. files: list of Verdict; stat: host.proc.Stat; exe: where its link leads (bytes). reader: the
# number under which /proc tells of it, that of a living thread where the process's first one has ended.
Process = collections.namedtuple("Process", "pid reader stat started exe files")


class OutOfSight(OSError):
    """A process, or the one through which its files are seen, ended while they were looked at."""


class Coverage:
    """What was looked at: how many processes; C(unread) are the ids of those that could not be read.

    C(cut) is how many map more files than are compared.
    """

    def __init__(self):
        self.seen = 0
        self.unread = []
        self.skipped = 0
        self.vanished = 0
        self.network_files = set()
        self.unknown_files = set()
        self.unknown_exe = 0
        self.cut = 0


class Scan:
    """One pass over all processes of a Machine; C(run) returns the remarkable ones, C(coverage) says what was seen."""

    def __init__(self, machine, ask_network=False, scripts=True, own_pid=None):
        self.proc = Proc(machine)
        self.views = Views(self.proc, ask_network)
        self.maps = Maps(self.proc)
        self.files = Files(self.proc, self.views)
        self.scripts = Scripts(self.proc, self.views) if scripts else None
        self.coverage = Coverage()
        self._own = _own_family(self.proc, os.getpid() if own_pid is None else own_pid)
        self.hidden = _hidden(self.proc)
        self._unchanged = set()
        self._moments = {}
        self._verdicts = {}

    def run(self):
        """Return the list of Process, by process id."""
        found = []
        for pid in self.proc.pids():
            if pid in self._own:
                self.coverage.skipped += 1
                continue
            process = self._try(pid)
            if process is not None:
                found.append(process)
        self.coverage.network_files |= self.views.unasked
        return found

    def _try(self, pid):
        """Return the Process, or None; look again where the process was seen through another that ended meanwhile."""
        seen = self.coverage.seen
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._process(pid)
            except OSError as error:
                self.coverage.seen = seen
                if attempt == ATTEMPTS or not isinstance(error, OutOfSight):
                    self._count(error, pid)
                    break
        return None

    def _count(self, error, pid):
        if error.errno in _GONE and not os.path.isdir(self.proc.path(pid, b"task")):
            self.coverage.vanished += 1
        elif error.errno in _NO_FILES or (error.errno in _DENIED and self.proc.is_of_kernel(pid)):
            self.coverage.skipped += 1
        else:
            self.coverage.unread.append(pid)

    def _process(self, pid):
        keys, reader = self._keys(pid)
        if keys is None:
            self.coverage.skipped += 1  # a kernel thread or a zombie: it runs no file
            return None
        self.coverage.seen += 1
        exe = self.proc.link(reader, b"exe") or b""
        script = self.scripts is not None and self.scripts.is_interpreter(exe)
        # Nearly always all files are known and unchanged in our own namespace; a file is the same in every other.
        if self._unchanged.issuperset(keys) and not script and not exe.endswith(DELETED):
            return None
        space, view = self.views.of(reader, self.proc.link(reader, b"ns/mnt"))
        moments = self._moments.setdefault(space, {})
        for key in keys.difference(moments):
            moments[key] = self.files.glance(view, reader, parse(key))
            if view.own and not moments[key]:
                self._unchanged.add(key)
        newest = max([moments[key] for key in keys] or [0.0])
        scripts = self.scripts.look(reader, exe, view, space) if script else []
        if not newest and not scripts and not exe.endswith(DELETED):
            return None
        stat = self.proc.stat(pid)
        if stat is None:
            raise OSError(errno.ESRCH, "gone")
        files = self._closer(reader, exe, keys, view, space, newest, scripts, self.proc.started(stat))
        return Process(pid, reader, stat, self.proc.started(stat), exe, files) if files else None

    def _keys(self, pid):
        """Return (keys of the mappings, number under which /proc tells of the process); keys is None of what runs no file."""
        try:
            keys = self.maps.of(pid)
        except OSError as error:
            living = self._living_thread(pid) if error.errno == errno.ESRCH else None
            if living is None:
                raise
            return living
        return self._living_thread(pid) or (None, pid) if keys is None else (keys, pid)

    def _living_thread(self, pid):
        """Return (keys, number) of a thread that goes on though the process's first one has ended and left no maps of its own, or None."""
        try:
            if os.stat(self.proc.path(pid, b"task")).st_nlink <= ONE_THREAD_LINKS:
                return None
            for thread in sorted(int(name) for name in os.listdir(self.proc.path(pid, b"task"))):
                keys = self.maps.of(thread) if thread != pid else None
                if keys is not None:
                    return keys, thread
        except OSError:
            pass  # it ends just now: what was to be told of it is told of the first thread
        return None

    def _closer(self, pid, exe, keys, view, space, newest, scripts, started):
        """The second look, at the few processes with something newer than the boot or with a name that leads elsewhere: return their Verdicts."""
        files = []
        if newest > started:
            files = self._mapped(pid, keys, view, space, started)
        if exe.endswith(DELETED):
            files += self._executable(pid, exe, view, files)
        files += [verdict for verdict in scripts if concerns(verdict, started)]
        return sorted(set(files), key=_order)

    def _mapped(self, pid, keys, view, space, started):
        moments = self._moments[space]
        spans = self.maps.spans(pid)
        fresh = {}
        found = []
        self.coverage.cut += len(keys) > FILES_LIMIT
        for key in sorted(keys)[:FILES_LIMIT]:
            mapped = parse(key)
            if moments[key] <= started or mapped not in spans:
                continue
            if (space, mapped) in self._verdicts:
                verdict = self._verdicts[space, mapped]
            else:
                verdict = fresh[space, mapped] = self.files.look(view, pid, mapped, spans[mapped])
            if verdict is None or not concerns(verdict, started):
                continue
            if verdict.reason == NETWORK:
                self.coverage.network_files.add(verdict.path)
            elif verdict.reason == UNKNOWN:
                self.coverage.unknown_files.add((space, verdict.path))
            else:
                found.append(verdict)
        # While a process ends its files seem to be gone: what was seen then is worth nothing.
        if fresh and not (view.is_there() and os.path.isdir(self.proc.path(pid, b"task"))):
            raise OutOfSight(errno.ESTALE, "ended meanwhile")
        self._verdicts.update(fresh)
        return found

    def _executable(self, pid, exe, view, files):
        """The link of an executable that is mapped no more (packed programs), or that is the kernel's own."""
        path = exe[:-len(DELETED)]
        if is_pseudo(exe):
            self.coverage.unknown_exe += 1
            return []
        if any(verdict.path == path for verdict in files):
            return []
        return self.files.executable(view, pid, path)


def _own_family(proc, pid):
    """Return our own process and those that only exist for it: the shell and the session of this run.

    A daemon that process 1 started (sshd's listener, cron) stays in: it is there without us.
    """
    ancestors = proc.ancestors(pid)
    return frozenset([pid] + [one for one in ancestors if one is not ancestors[-1]])


def _hidden(proc):
    """Return the option of /proc that hides the processes of others from us, "" where we see all."""
    if os.geteuid() == 0:
        return ""
    for mount in proc.mounts():
        if mount.fstype == b"proc" and mount.point == b"/proc":
            for option in mount.options.split(b","):
                if option.startswith(b"hidepid=") and option[8:] not in (b"0", b"off"):
                    return option.decode("ascii", "backslashreplace")
    return ""


def _order(verdict):
    return verdict.path, verdict.reason
