# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dpkg has installed, read from its own files: no process is started.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.finding import finding, text
from .software_text import plain_rows

FOLDER = b"/var/lib/dpkg"
STATUS_LIMIT = 256 * 1048576

# The journal of a dpkg that is at work or was interrupted: numbered stanzas that override those of the status file.
UPDATES = FOLDER + b"/updates"
JOURNAL_FILES = 5000
LOCKS = (FOLDER + b"/lock", FOLDER + b"/lock-frontend")

# C(dpkg -l) says each of the three words of the field Status by a letter.
WANTED = {b"unknown": b"u", b"install": b"i", b"hold": b"h", b"deinstall": b"r", b"purge": b"p"}
STATES = {
    b"not-installed": b"n", b"config-files": b"c", b"half-installed": b"H", b"unpacked": b"U", b"half-configured": b"F",
    b"triggers-awaited": b"W", b"triggers-pending": b"t", b"installed": b"i",
}

# Nothing of it is there any more but settings.
GONE = (b"n", b"c")

# Its files are there, but it was never set up: dpkg was interrupted, or a script of the package failed.
BROKEN = ("H", "U", "F")

_SOURCE = re.compile(rb"([^\s(]+)(?:\s+\(([^)]*)\))?\Z")
_NEEDED = {b"Package", b"Status", b"Architecture", b"Version"}


def is_there(machine):
    """Return whether dpkg keeps the packages of this machine."""
    return bool(machine.read_or_none(FOLDER + b"/status", 1))


def read(machine):
    """Return (rows, findings, problems).

    A row is [name, version, architecture, source package, its version, state as in C(dpkg -l)], sorted by source.
    Raises OSError where the status file cannot be read.
    """
    stanzas, unreadable = _stanzas(machine.read(FOLDER + b"/status", STATUS_LIMIT))
    problems = ["%d entries of dpkg's status file cannot be read" % unreadable] if unreadable else []
    journal = _journal(machine)
    for raw in journal:
        stanzas.update(_stanzas(raw)[0])
    rows = plain_rows([row for row in map(_row, stanzas.values()) if row is not None])
    broken = [row for row in rows if row[5][1:2] in BROKEN or row[5].endswith("R")]
    findings = []
    if (journal or broken) and _is_at_work(machine):
        problems.append("packages are being installed at this moment: the list may be between two states")
    elif journal or broken:
        findings.append(_interrupted(sorted(broken), bool(journal)))
    # What was built from one source has one version: next to each other they compress.
    return sorted(rows, key=lambda row: (row[3], row[4], row[0], row[2])), findings, problems


def _stanzas(raw):
    """Return ({(name, architecture): fields}, how many could not be read)."""
    found = {}
    unreadable = 0
    for block in raw.split(b"\n\n"):
        fields = _fields(block)
        if fields is not None:
            found[fields[b"Package"], fields[b"Architecture"]] = fields
        elif block.strip() and b"not-installed" not in block:
            unreadable += 1
    return found, unreadable


def _fields(block):
    """Return the fields of a stanza, or None where one that is needed is missing."""
    # dpkg writes the version behind all that is asked for, and the long fields behind that.
    end = block.find(b"\n", block.find(b"\nVersion: ") + 1)
    for part in (block if end < 0 else block[:end], block):
        fields = {}
        for line in part.split(b"\n"):
            name, _colon, value = line.partition(b": ")
            fields[name] = value
        if fields.keys() >= _NEEDED and b"" not in (fields[b"Package"], fields[b"Version"]):
            return fields
    return None


def _row(fields):
    """Return the row of a package (bytes), None where it is not installed."""
    status = fields[b"Status"].split()
    if len(status) != 3:
        return None
    state = STATES.get(status[2], b"?")
    if state in GONE:
        return None
    abbreviation = WANTED.get(status[0], b"?") + state + (b"R" if status[1] == b"reinstreq" else b"")
    name, version = fields[b"Package"], fields[b"Version"]
    source = _SOURCE.match(fields.get(b"Source", b""))
    source_name, source_version = source.groups() if source else (name, None)
    return [name, version, fields[b"Architecture"], source_name, source_version or version, abbreviation]


def _journal(machine):
    """Return the contents of dpkg's journal, the oldest first."""
    try:
        names = sorted(name for name in os.listdir(machine.path(UPDATES)) if name.isdigit())
    except OSError:
        return []
    return [raw for raw in (machine.read_or_none(UPDATES + b"/" + name, 1048576) for name in names[:JOURNAL_FILES]) if raw]


def _is_at_work(machine):
    """Return whether a process holds dpkg's lock."""
    inodes = set()
    for path in LOCKS:
        try:
            inodes.add(b"%d" % os.stat(machine.path(path)).st_ino)
        except OSError:
            pass
    for line in (machine.read_or_none(b"/proc/locks", 1048576) or b"").splitlines():
        words = line.split()
        if len(words) > 5 and words[5].rpartition(b":")[2] in inodes:
            return True
    return False


def _interrupted(broken, journal):
    names = ", ".join(row[0] for row in broken)
    words = "dpkg was interrupted" if journal else "not set up to the end: %s" % names
    evidence = [("dpkg -l", "%s %s %s" % (row[5], row[0], row[1])) for row in broken]
    if journal:
        evidence.insert(0, (text(UPDATES), "holds what an interrupted dpkg had still to write"))
    return finding(
        "software.packages_broken", "high", words, "dpkg", evidence=evidence, count=len(broken) or None,
        remedy="Until this is repaired nothing can be installed or updated, by hand or by itself.",
        commands=["dpkg --configure -a", "apt-get --fix-broken install"],
    )
