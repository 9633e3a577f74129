# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was updated since the machine was booted, and from which version: what a process may still have in memory.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import time

from ..host.finding import text
from ..host.logs import open_logs, rotations
from ..host.utc import seconds

# No process is older than the boot; of a machine that was not booted for longer, the last year will do.
OLDEST = 400 * 86400
BYTES_LIMIT = 32 * 1024 * 1024  # of all logs; a year of dpkg.log has some 5 MB
ROWS_LIMIT = 500  # the newest ones; some 15 bytes each on the wire

# 2026-11-22 06:00:01 upgrade libssl3:amd64 3.0.14-1 3.0.15-1, in the zone of the server
_DPKG = re.compile(
    rb"^(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) upgrade (?P<name>[^\s:]{1,200})(?::\S{1,20})? (?P<old>\S{1,200}) \S{1,200}$", re.MULTILINE
)
# 2026-11-22T06:00:01+0100 SUBDEBUG Upgraded: openssl-libs-1:3.0.7-27.el9.x86_64 is the one that went; dnf writes "Upgrade:" for the one that came
_DNF = re.compile(
    rb"^(?P<when>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d)) \w{1,10} Upgraded: (?P<name>\S{1,200}?)-(?P<old>(?:\d{1,9}:)?[^-\s]{1,100}-[^-\s]{1,100})"
    rb"\.[a-z0-9_]{1,20}$",
    re.MULTILINE,
)

# Those that name the old version. yum.log, zypper's history and the logs of dnf5 do not.
HISTORIES = ((b"/var/log/dpkg.log", b" upgrade ", _DPKG), (b"/var/log/dnf.rpm.log", b" Upgraded: ", _DNF))

_NUMBERS = re.compile(rb"\d+")
_OFFSET = re.compile(rb"([+-])(\d\d):?(\d\d)$")


def upgrades(machine):
    """Return [[package, the version that went, seconds since 1970]], oldest first; what cannot be read is left out, since it only adds words."""
    since = max(machine.now - OLDEST, _booted(machine) or 0)
    left = BYTES_LIMIT
    rows = set()
    for path, sign, pattern in HISTORIES:
        try:
            logs, _problems = open_logs(machine, rotations(machine, path), since)
        except OSError:
            continue
        for log in logs:
            with log:
                for lines in _lines(log):
                    left -= len(lines)
                    if left < 0:
                        break
                    if sign in lines:
                        rows.update(_found(pattern, lines, since, machine.now))
    return [[text(name, 200), text(old, 200), when] for when, name, old in sorted(rows)[-ROWS_LIMIT:]]


def _found(pattern, lines, since, until):
    for match in pattern.finditer(lines):
        when = _seconds(match.group("when"))
        if when is not None and since <= when <= until:
            yield when, match.group("name"), match.group("old")


def _booted(machine):
    found = re.search(rb"^btime (\d{1,12})$", machine.read_or_none(b"/proc/stat") or b"", re.MULTILINE)
    return int(found.group(1)) if found else None


def _lines(log):
    """Yield blocks of whole lines."""
    rest = b""
    for block in log.blocks():
        whole, newline, rest = (rest + block).rpartition(b"\n")
        rest = rest[:65536]
        yield whole + newline
    yield rest


def _seconds(stamp):
    """Return seconds since 1970 of a stamp with an offset, or in the zone that this process runs in, which is the server's."""
    numbers = [int(number) for number in _NUMBERS.findall(stamp)[:6]]
    try:
        if stamp.endswith(b"Z"):
            return seconds(*numbers)
        offset = _OFFSET.search(stamp, 19)
        if offset is None:
            return int(time.mktime(tuple(numbers) + (0, 1, -1)))
        east = int(offset.group(2)) * 3600 + int(offset.group(3)) * 60
        return seconds(*numbers) - (east if offset.group(1) == b"+" else -east)
    except (ValueError, OverflowError, IndexError):
        return None


def in_zone_of(machine, look):
    """Return look(machine) with the C library in the zone of the server: the TZ of the session that started us says nothing about dpkg's."""
    place = machine.path(b"/etc/localtime")
    before = os.environ.get("TZ")
    os.environ["TZ"] = ":" + os.fsdecode(place) if os.path.exists(place) else "UTC"
    time.tzset()
    try:
        return look(machine)
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
