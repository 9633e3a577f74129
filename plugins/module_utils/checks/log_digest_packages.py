# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was installed, upgraded and removed: the histories that dpkg, dnf, yum and zypper keep.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.finding import iso, text
from ..host.logs import open_logs, rotations
from ..host.stamps import Stamps

CHANGES_LIMIT = 5000

# 2026-11-22 06:00:01 upgrade libssl3:amd64 3.0.14-1 3.0.15-1
_DPKG = re.compile(rb"(?P<deed>install|upgrade|remove|purge) (?P<name>\S{1,200}) (?P<old>\S{1,200}) (?P<new>\S{1,200})")
# 2026-11-22T06:00:01+0100 SUBDEBUG Upgrade: openssl-3.0.7-27.el9.x86_64 ("Upgraded" names the one that went)
_DNF = re.compile(rb"(?:SUB)?DEBUG (?P<deed>Installed|Install|Upgrade|Downgrade|Erase|Erased|Removed): (?P<new>\S{1,300})")
# Nov 22 06:00:01 Updated: openssl-1.0.2k-26.el7.x86_64
_YUM = re.compile(rb"(?P<deed>Installed|Updated|Erased): (?P<new>\S{1,300})")
# 2026-11-22 06:00:01|install|openssl|3.0.8-1|x86_64||repo|sum|
_ZYPP = re.compile(rb"(?P<deed>install|remove) *\|(?P<name>[^|]{1,200})\|(?P<new>[^|]{1,200})\|")
_NEVRA = re.compile(rb"(?:\d{1,9}:)?(?P<name>\S+?)-(?P<version>(?:\d{1,9}:)?[^-\s]+-[^-\s]+?)(?:\.(?:x86_64|noarch|i[3-6]86|aarch64|ppc64le|s390x|src))?\Z")

# Name of the log, its lines, and each deed in our words ("install" of zypp is also an upgrade: it does not tell them apart).
HISTORIES = (
    (b"dpkg.log", _DPKG, {b"install": "installed", b"upgrade": "upgraded", b"remove": "removed", b"purge": "removed"}),
    (b"dnf.rpm.log", _DNF, {
        b"Installed": "installed", b"Install": "installed", b"Upgrade": "upgraded", b"Downgrade": "upgraded",
        b"Erase": "removed", b"Erased": "removed", b"Removed": "removed",
    }),
    (b"yum.log", _YUM, {b"Installed": "installed", b"Updated": "upgraded", b"Erased": "removed"}),
    (b"zypp/history", _ZYPP, {b"install": "installed", b"remove": "removed"}),
)


class Packages:
    """The changes of packages in the window, from the first histories that exist, or from rpm's own dates."""

    def __init__(self):
        self.changes = {}
        self.sources = []
        self.problems = []

    def read(self, machine, folder, since, until):
        """Read every history in a log folder (bytes)."""
        for name, pattern, deeds in HISTORIES:
            path = folder.rstrip(b"/") + b"/" + name
            try:
                found = rotations(machine, path)
            except OSError as error:
                self.problems.append("%s: %s" % (text(path, 200), error.strerror))
                continue
            if not found:
                continue
            self.sources.append(text(path, 200))
            logs, problems = open_logs(machine, found, since)
            self.problems += problems
            for log in logs:
                with log:
                    self._read_log(log, pattern, deeds, since, until)
                self.problems += log.problems

    def _read_log(self, log, pattern, deeds, since, until):
        stamps = Stamps(log.mtime)
        for line in _lines(log):
            when, start = stamps.read(line) if b"|" not in line[:24] else stamps.read(line.replace(b"|", b" ", 1))
            if when is None or since is not None and when < since or until is not None and when > until:
                continue
            found = pattern.match(line, start)
            if found is not None:
                self._add(deeds[found.group("deed")], found.groupdict(), when)

    def _add(self, deed, fields, when):
        name, version = fields.get("name"), fields["new"]
        if name is None:
            package = _NEVRA.match(version)
            name, version = package.group("name", "version") if package is not None else (version, b"")
        if deed == "removed" and b"<none>" in version:
            version = fields.get("old") or b""
        if len(self.changes) < CHANGES_LIMIT or (deed, name) in self.changes:
            before = self.changes.get((deed, name))
            old = fields.get("old") if deed == "upgraded" else None
            self.changes[(deed, name)] = (version, before[1] if before and before[1] else old, when)

    def ask_rpm(self, machine, since, until):
        """Where rpm keeps no history, ask it when each package that is there now was installed: removals stay unseen."""
        rpm = machine.which(b"rpm")
        if self.sources or rpm is None or not _has_rpm_database(machine):
            return
        answer = machine.run([rpm, b"-qa", b"--qf", b"%{INSTALLTIME} %{NAME} %{VERSION}-%{RELEASE}\\n"], timeout=30)
        if answer.rc != 0 or answer.timed_out:
            self.problems.append("rpm -qa did not answer")
            return
        self.sources.append("rpm -qa (removals are not seen)")
        for line in answer.out.splitlines():
            words = line.split(b" ")
            if len(words) != 3 or not words[0].isdigit() or len(words[0]) > 12:
                continue
            when = int(words[0])
            if (since is None or when >= since) and (until is None or when <= until):
                self._add("installed", {"name": words[1], "new": words[2]}, when)

    def data(self, limit, cut):
        """Return the digest's C(packages)."""
        shown = {"sources": self.sources}
        for deed in ("installed", "upgraded", "removed"):
            rows = sorted((name, entry) for (what, name), entry in self.changes.items() if what == deed)
            if len(rows) > limit:
                cut["packages." + deed] = {"rows": len(rows) - limit, "events_not_kept": 0}
            shown[deed + "_total"] = len(rows)
            shown[deed] = [
                {"name": text(name, 200), "version": text(entry[0], 200), "before": text(entry[1], 200) if entry[1] else "", "time": iso(entry[2])}
                for name, entry in rows[:limit]
            ]
        return {"packages": shown}


def _has_rpm_database(machine):
    return any(
        machine.read_or_none(folder + name, 1) is not None
        for folder in (b"/var/lib/rpm/", b"/usr/lib/sysimage/rpm/")
        for name in (b"rpmdb.sqlite", b"Packages", b"Packages.db")
    )


def _lines(log):
    """Yield the lines of a log, each cut at 4 KB."""
    rest = b""
    for block in log.blocks():
        lines = (rest + block).split(b"\n")
        rest = lines.pop()[:4096]
        for line in lines:
            yield line[:4096]
    if rest:
        yield rest
