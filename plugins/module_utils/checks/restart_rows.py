# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row per remarkable process: who it is, whose it is, what it runs that is not installed any more.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host import systemd
from ..host.finding import iso, text
from ..host.plain import open_plain
from .restart_files import STALE
from .restart_listen import Listeners
from .restart_names import DELETED
from .restart_view import Places, resolve

PROCESSES_LIMIT = 500
FILES_LIMIT = 50

_PUBLIC = ("pid", "comm", "exe", "user", "started", "unit", "user_unit", "session", "container", "main_pid", "listens", "stale", "files", "files_cut")


class Rows:
    """Makes the rows of data.processes from what the scan found."""

    def __init__(self, scan, machine):
        self.proc = scan.proc
        self._machine = machine
        self._listeners = Listeners(scan.proc)
        self._users = _users(machine)
        self._own_pid_space = scan.proc.link(os.getpid(), b"ns/pid")
        self._owners = {}

    def owner(self, process):
        """Return the host.systemd.Owner of a process; one in another process namespace is in a container, whatever its name."""
        if process.pid not in self._owners:
            owner = systemd.owner(self.proc.read(process.reader, b"cgroup", 65536) or b"")
            space = self.proc.link(process.reader, b"ns/pid")
            if owner.kind != b"container" and None not in (space, self._own_pid_space) and space != self._own_pid_space:
                owner = systemd.Owner(b"container", self._hostname(process.reader), b"", owner.unit)
            self._owners[process.pid] = owner
        return self._owners[process.pid]

    def _hostname(self, pid):
        """Return the name that a container without a known engine has given itself: stable, and what its owner knows it by."""
        try:
            places = Places(self.proc.mounts(pid), False, set())
            descriptor = open_plain(resolve(self.proc.path(pid, b"root"), b"/etc/hostname", places) or b"")
        except OSError:
            return b"unnamed"
        try:
            return (os.read(descriptor, 256).split() or [b"unnamed"])[0]
        finally:
            os.close(descriptor)

    def is_on_host(self, process):
        """Return whether the packages of this machine own the files of a process."""
        return self.owner(process).kind != b"container"

    def units(self, processes):
        """Return the units (bytes) that systemd must be asked about."""
        return [self.owner(process).unit for process in processes if self.owner(process).kind == b"unit" and process.pid != 1]

    def row(self, process, owners, units):
        """Return the row of one process. Keys that are not public serve the plan only."""
        owner = self.owner(process)
        on_host = owner.kind != b"container"
        unit = owner.name.decode("utf-8", "backslashreplace") if owner.kind == b"unit" else ""
        main = int(units.get(unit, {}).get("MainPID") or 0) or None
        main_stat = self.proc.stat(main) if main else None
        uid = self.proc.uid(process.reader)
        files = [_file(verdict, owners.get(verdict.path) if on_host else None) for verdict in process.files]
        return {
            "pid": process.pid,
            "comm": text(process.stat.comm, 64),
            "exe": text(process.exe[:-len(DELETED)] if process.exe.endswith(DELETED) else process.exe),
            "user": self._user(uid),
            "started": iso(process.started),
            "unit": unit or None,
            "user_unit": text(owner.name) if owner.kind == b"user_unit" else None,
            "session": self._session(owner),
            "container": _container(owner),
            "main_pid": main,
            "listens": self._listeners.of(process.reader) if _is_stale(process) else [],
            "stale": _is_stale(process),
            "files": files[:FILES_LIMIT],
            "files_cut": max(0, len(files) - FILES_LIMIT),
            "began": process.started,
            "main_started": self.proc.started(main_stat) if main_stat else None,
            "service_of": self._user(int(owner.within)) if owner.kind == b"user_unit" else None,
        }

    def _session(self, owner):
        """Return {id, user, tty} of a login, or of the manager of a user's services (id: user@1000.service), or None."""
        if owner.kind == b"user":
            return {"id": text(owner.unit), "user": self._user(int(owner.name)), "tty": ""}
        if owner.kind != b"session" or b"/" in owner.name:
            return None
        fields = {}
        for line in (self._machine.read_or_none(b"/run/systemd/sessions/" + owner.name, 65536) or b"").split(b"\n"):
            name, _equals, value = line.partition(b"=")
            fields[name] = value
        return {"id": text(owner.name, 64), "user": text(fields.get(b"USER", b""), 64), "tty": text(fields.get(b"TTY", b""), 64)}

    @staticmethod
    def public(row):
        """Return the row as it is handed out."""
        return {name: row[name] for name in _PUBLIC}

    def _user(self, uid):
        return self._users.get(uid, "" if uid is None else "%d" % uid)


def _is_stale(process):
    return any(verdict.reason in STALE for verdict in process.files)


def _file(verdict, package):
    return {
        "path": text(verdict.path),
        "reason": verdict.reason,
        "package": text(package.name) if package else None,
        "version": text(package.version) if package else None,
        "installed": iso(package.installed) if package else None,
    }


def _container(owner):
    if owner.kind != b"container":
        return None
    return {"engine": text(owner.within), "name": text(owner.name, 128), "unit": text(owner.unit)}


def _users(machine):
    """Return {uid: name} of /etc/passwd. Names from a directory service stay numbers: asking it could take long."""
    found = {}
    for line in (machine.read_or_none(b"/etc/passwd") or b"").split(b"\n"):
        fields = line.split(b":")
        if len(fields) > 2 and fields[2].isdigit():
            found.setdefault(int(fields[2]), text(fields[0], 64))
    return found
