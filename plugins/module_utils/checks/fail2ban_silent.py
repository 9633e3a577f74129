# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a jail that has found nothing is blind: its log has failures that its filter does not count.

Judged only for filters whose failures stand in a table here, and only by lines written since the jail began to count.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import time

from ..host.finding import text
from ..host.plain import open_plain
from ..host.utc import seconds
from . import fail2ban_ignore

# Of each log file this much of its end is looked at.
TAIL = 8388608
FILES_LIMIT = 5
SAMPLES_LIMIT = 5
JOURNAL_LINES = 2000
JOURNAL_TIMEOUT = 10

# A line or two may be a race with the server; this many are not.
LEAST = 3

_MAIL_LOGIN = rb"dovecot(?:\[\d+\])?: (?:imap|pop3)-login: "
_SSH_WHO = rb"sshd(?:-session)?(?:\[\d+\])?: "

# filter: (a line that it must count, with the address; identifiers in the journal; what only the service itself has in its entries there).
# Any user can write to the journal and to syslog under any identifier, also lines that are made to be slow to match: each pattern takes a
# time in proportion to the line. Each line is counted by the filter in its normal mode (fail2ban/config/filter.d of 0.10 to 1.1).
# Compiled where a jail is silent: most hosts never need them.
FAILURES = {
    "sshd": (
        rb"^.*" + _SSH_WHO + rb"(?:Failed (?!publickey)[\w/-]+ for|Invalid user) .{0,300}? from (\S+) port \d+.*$",
        (b"sshd", b"sshd-session"), (b"_UID=0",),
    ),
    "nginx-http-auth": (rb'^.* user "[^"\n]*":? (?:password mismatch|was not found in "[^"\n]*"), client: ([^,\s]+),.*$', (), ()),
    "dovecot": (
        rb"^.*" + _MAIL_LOGIN + rb"(?:(?!" + _MAIL_LOGIN + rb"|auth failed).)*auth failed(?:(?!auth failed|rip=).)*rip=([0-9A-Fa-f.:]+).*$",
        (b"dovecot",), (),
    ),
    "postfix": (rb"^.*postfix/[^\s\[]{1,60}\[\d+\]: warning: [^\s\[]{1,255}\[([0-9A-Fa-f.:]+)\]: SASL \S{1,60} authentication failed.*$", (), ()),
}

_STAMPS = (
    (rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)", "%Y-%m-%dT%H:%M:%S"),
    (rb"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) ", "%Y/%m/%d %H:%M:%S"),
    (rb"^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) ", "%b %d %H:%M:%S"),
)
_UNIX_STAMP = rb"^(\d{9,11})\.\d+ "


def stamp(line, now):
    """Return seconds since 1970 of a log line's beginning, None where it has no known form. A time without year is the last such one."""
    unix = re.match(_UNIX_STAMP, line)
    if unix:
        return int(unix.group(1))
    for pattern, form in _STAMPS:
        match = re.match(pattern, line)
        if match is None:
            continue
        words = match.group(1).decode("ascii")
        try:
            if match.lastindex == 2:
                return _zoned(words, form, match.group(2).decode("ascii"))
            if "%Y" in form:
                return int(time.mktime(time.strptime(words, form)))
            return _without_year(words, form, now)
        except (ValueError, OverflowError):
            return None
    return None


def _zoned(words, form, zone):
    offset = 0
    if zone != "Z":
        offset = (1 if zone[0] == "+" else -1) * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return seconds(*time.strptime(words, form)[:6]) - offset


def _without_year(words, form, now):
    year = time.localtime(now).tm_year
    for candidate in (year, year - 1):
        moment = int(time.mktime(time.strptime("%d %s" % (candidate, words), "%Y " + form)))
        if moment <= now + 86400:
            return moment
    return None


class Blindness:
    """What the log of a silent jail holds: C(count) lines its filter should have counted, C(samples) of them, C(last) in seconds."""

    def __init__(self):
        self.count = 0
        self.samples = []
        self.addresses = set()
        self.last = None

    def add(self, when, line, address):
        self.count += 1
        self.last = when if self.last is None else max(self.last, when)
        self.addresses.add(address)
        self.samples = (self.samples + [text(line, 300)])[-SAMPLES_LIMIT:]


def look(machine, jail, filter_name, since):
    """Return the Blindness of a jail, None where it cannot be judged.

    C(jail) is fail2ban_server.jail's dict, C(filter_name) the filter's name without options, C(since) when the jail began to count.
    """
    if filter_name not in FAILURES:
        return None
    pattern, identifiers, trusted = FAILURES[filter_name]
    ignored = [fail2ban_ignore.parse(entry) for entry in jail["ignoreip"] or ()]
    blindness = Blindness()
    for content in _contents(machine, jail, identifiers, trusted, since):
        for match in re.finditer(pattern, content, re.M):
            address = match.group(1).decode("ascii", "replace")
            when = stamp(match.group(), machine.now)
            if when is None or when < since or fail2ban_ignore.parse(address) is None:
                continue
            if not any(network is not None and fail2ban_ignore.contains(network, address) for network in ignored):
                blindness.add(when, match.group(), address)
    # A name among the ignored ones may be any one address.
    least_addresses = 2 if None in ignored else 1
    if blindness.count < LEAST or len(blindness.addresses) < least_addresses:
        blindness.count = 0
    return blindness


def _contents(machine, jail, identifiers, trusted, since):
    if jail["backend"] == "journal":
        return _journal(machine, identifiers, trusted, since)
    return [content for content in (_tail(machine, path) for path in jail["files"][:FILES_LIMIT]) if content]


def _tail(machine, path):
    try:
        descriptor = open_plain(machine.path(path.encode("utf-8", "surrogateescape")))
    except (OSError, ValueError):
        return b""
    with os.fdopen(descriptor, "rb") as content:
        size = os.fstat(descriptor).st_size
        content.seek(max(0, size - TAIL))
        return content.read(TAIL)


def _journal(machine, identifiers, trusted, since):
    command = machine.which(b"journalctl")
    if command is None or not identifiers:
        return []
    matches = [b"SYSLOG_IDENTIFIER=" + name for name in identifiers] + list(trusted)
    window = ("--since=@%d" % since).encode("ascii")
    answer = machine.run(
        [command, b"-q", b"--no-pager", b"-o", b"short-unix", b"-n", b"%d" % JOURNAL_LINES, window] + matches, timeout=JOURNAL_TIMEOUT
    )
    return [answer.out]
