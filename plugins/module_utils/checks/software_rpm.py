# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rpm has installed, and which module streams are enabled.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.finding import finding, text
from .software_text import plain, plain_rows, sections

# Where the database of rpm lies: of the distributions, of newer Fedora and SUSE; and its files, by backend.
FOLDERS = (b"/var/lib/rpm/", b"/usr/lib/sysimage/rpm/")
DATABASES = (b"rpmdb.sqlite", b"Packages", b"Packages.db")

FIELDS = (b"NAME", b"EPOCHNUM", b"VERSION", b"RELEASE", b"ARCH", b"SOURCERPM", b"MODULARITYLABEL", b"VENDOR")
TIME_LIMIT = 30
# A large server has 5,000 packages, of 150 bytes each. Twice as many lines as packages are taken (software.PACKAGES_LIMIT): as rows and
# as texts they take 100 MB, and the other parts of the check need some, too.
OUTPUT_LIMIT = 16 * 1048576
LINES_LIMIT = 40000

# A public key in the database is no software.
KEYS = "gpg-pubkey"

MODULES = b"/etc/dnf/modules.d"
MODULES_DNF5 = b"/usr/lib/sysimage/libdnf5/modules.toml"

_TOML = re.compile(rb"\s*(\w+)\s*=\s*[\"\x27]([^\"\x27]*)[\"\x27]\s*(?:#.*)?\Z")


def is_there(machine):
    """Return whether rpm keeps packages on this machine."""
    return any(machine.read_or_none(folder + name, 1) for folder in FOLDERS for name in DATABASES)


def read(machine):
    """Return (rows, findings, problems); a row is FIELDS as text, sorted by the source package."""
    rpm = machine.which(b"rpm")
    if rpm is None:
        return [], [], ["rpm is not installed, its database cannot be read"]
    answer = _ask(machine, rpm, FIELDS)
    if b"unknown tag" in answer.err:  # Enterprise Linux 7 knows no module streams
        answer = _ask(machine, rpm, [b"" if field == b"MODULARITYLABEL" else field for field in FIELDS])
    # The last piece is what no line break ends: nothing, a line that was cut, or all that is too much.
    lines = answer.out.split(b"\n", LINES_LIMIT)
    rest = lines.pop()
    more = rest.count(b"\n") + 1 if rest and len(lines) == LINES_LIMIT else 0
    rows = []
    unreadable = 1 if rest and not more else 0
    for line in lines:
        fields = line.split(b"\t")
        if len(fields) == len(FIELDS):
            rows.append(fields)
        elif line:
            unreadable += 1
    rows = [row for row in plain_rows(rows) if row[0] != KEYS]
    rows.sort(key=lambda row: (row[5], row[0], row[4], row[2], row[3]))
    return rows, _findings(answer, rows), _problems(answer, unreadable, more)


def _ask(machine, rpm, fields):
    form = b"\\t".join(b"%{" + field + b"}" if field else b"(none)" for field in fields) + b"\\n"
    return machine.run([rpm, b"-qa", b"--queryformat", form], timeout=TIME_LIMIT, limit=OUTPUT_LIMIT)


def _problems(answer, unreadable, more):
    problems = []
    if answer.timed_out:
        problems.append("rpm -qa did not answer in time")
    if answer.truncated:
        problems.append("rpm -qa says more than %d MB" % (OUTPUT_LIMIT // 1048576))
    if _complaint(answer):
        problems.append("rpm -qa: %s" % _complaint(answer))
    if more:
        problems.append("rpm -qa says more than %d lines, the others were not read" % LINES_LIMIT)
    if unreadable:
        problems.append("%d lines of rpm -qa cannot be read" % unreadable)
    return problems


def _complaint(answer):
    """Return what rpm says is wrong, "" where nothing is. It may end with 0 all the same."""
    lines = [line.strip() for line in answer.err.splitlines() if line.lower().startswith((b"error:", b"fatal", b"rpmdb:"))]
    if lines:
        return text(lines[0], 200)
    return "" if answer.rc == 0 or answer.timed_out or answer.truncated else "ended with %d" % answer.rc


def _findings(answer, rows):
    if not _complaint(answer) or answer.rc == 127:
        return []
    return [finding(
        "software.packages_broken", "high", "the database of rpm is damaged", "rpm",
        evidence=[("rpm -qa", text(line)) for line in answer.err.splitlines()[:5]] + [("rpm -qa", "%d packages could be read" % len(rows))],
        remedy="Until this is repaired nothing can be installed or updated, by hand or by itself. Keep a copy of the database first.",
        commands=["cp -a /var/lib/rpm/ /var/lib/rpm.damaged", "rpm --rebuilddb"],
    )]


def modules_enabled(machine):
    """Return the enabled module streams as ["ruby:3.3"], sorted: those of dnf, or of dnf5."""
    found = set()
    try:
        names = sorted(name for name in os.listdir(machine.path(MODULES)) if name.endswith(b".module"))
    except OSError:
        names = []
    for name in names:
        for module, values in sections(machine.read_or_none(MODULES + b"/" + name, 65536) or b""):
            _add(found, module, values.get(b"stream"), values.get(b"state"))
    module, values = b"", {}
    for line in (machine.read_or_none(MODULES_DNF5, 1048576) or b"").split(b"\n") + [b"[end]"]:
        if line.startswith(b"["):
            _add(found, module, values.get(b"enabled_stream"), values.get(b"state"))
            module, values = line.strip()[1:-1].rpartition(b"modules.")[2].strip(b"\"'"), {}
        elif _TOML.match(line):
            key, value = _TOML.match(line).groups()
            values[key] = value
    return sorted(found)


def _add(found, module, stream, state):
    if module and stream and state and state.lower() == b"enabled":
        found.add(":".join(plain([module, stream])))
