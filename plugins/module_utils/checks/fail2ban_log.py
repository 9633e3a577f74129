# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fail2ban-server wrote into its log within the window: failures found, bans, and bans that did not come about.

Forms of a line: fail2ban/tests/files/logs/recidive of 1.0.2.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.finding import text
from ..host.pattern import Pattern
from .fail2ban_clock import LocalClock
from .fail2ban_said import shown

JAILS_LIMIT = 500
ADDRESSES_LIMIT = 20000
SAMPLES_LIMIT = 10

_LEVEL = rb"(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL)"
_LOGGER = rb"fail2ban(?:\.\w+)* *(?:\[ *\d+\])?: *"
FILE_LINE = Pattern(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[,.]\d+ +" + _LOGGER + _LEVEL + rb" +(.*)$", re.M)
# journalctl -o short-unix: seconds, host, identifier, and what of the server's own prefix the log target left in the message
JOURNAL_LINE = (rb"^(\d+)\.\d+ \S+ [^\[: ]+(?:\[\d+\])?: (?:" + _LOGGER + rb")?(?:" + _LEVEL + rb" +)?(.*)$")

_EVENT = Pattern(rb"^\[([^\]]+)\] (?:(Restore )?(Ban)|(Found)|(Unban)|(Reban)|(Ignore)) (\S+)")
_FAILED = Pattern(rb"^Failed to execute (?:re)?ban jail '([^']*)' action '([^']*)' .*?(?:Error (?:re)?banning (\S+))?$")
_NOT_STARTED = Pattern(rb"^Failed to start jail '([^']*)' action '([^']*)': ")
_COMMAND_SAID = Pattern(rb"^[0-9a-f]+ -- (?:stderr: (.*)|returned (\d+))$")
_JAIL_MADE = Pattern(rb"^(?:Creating new jail|Jail) '([^']*)'( reloaded)?$")
_SERVER_STARTED = Pattern(rb"^Start(?:ing)? Fail2ban v")

# ERROR lines that say nothing of the server's own health: (start of the message, why it is left out)
IGNORED_ERRORS = (
    (b"Command [", "somebody typed a command that the server did not know"),
    (b"NOK: ", "the same, said by the client"),
)


class Jail:
    """What the log says of one jail within the window; times are seconds since 1970."""

    def __init__(self):
        self.found = self.bans = self.restored = self.unbans = self.rebans = self.ignored = 0
        self.last_found = self.last_ban = self.started = None
        self.failed = []  # (time, address or None, action)
        self.failed_count = 0
        self.not_started = []  # (time, action)
        self.said = []  # what the failing commands printed
        self.bans_since_reload = None

    def restart(self, when):
        """Forget failures of before: whoever mends an action restarts the jail."""
        self.started = when
        self.failed, self.failed_count, self.not_started, self.said = [], 0, [], []
        self.bans_since_reload = None

    def reload(self, when):
        """Its action may be mended now; that is known with the next ban that does not fail."""
        self.started = when
        self.bans_since_reload = 0

    @property
    def mended(self):
        """Whether bans failed, and no longer do since the jail was reloaded."""
        return bool(self.bans_since_reload)


class Log:
    """The log's window: jails by name, bans by (address, jail), errors, and what of it could not be read (C(gaps))."""

    def __init__(self, since, until):
        self.since = since
        self.until = until
        self.source = ""
        self.files = []
        self.gaps = []
        self.jails = {}
        self.bans = {}
        self.bans_cut = 0
        self.errors = []
        self.errors_count = 0
        self.started = None
        self._said = []
        self._names = {}
        self.local_time = LocalClock().seconds

    def jail(self, name):
        """Return the Jail of a name (text); beyond the limit one that nobody keeps."""
        found = self.jails.get(name)
        if found is None:
            found = Jail()
            if len(self.jails) < JAILS_LIMIT:
                self.jails[name] = found
        return found

    def _name(self, raw):
        """Return a jail's name as text; a log says the same few again and again."""
        if len(self._names) > JAILS_LIMIT:
            self._names.clear()
        if raw not in self._names:
            self._names[raw] = text(raw)
        return self._names[raw]

    def add(self, when, level, message):
        """Take one line of the log; C(level) is None where the log target keeps it elsewhere (SYSTEMD-JOURNAL)."""
        if when is None or when < self.since or when > self.until:
            return
        event = _EVENT.match(message)
        if event:
            self._event(when, event)
        elif level in (b"ERROR", b"CRITICAL") or level is None and message.startswith(b"Failed to "):
            self._error(when, message)
        elif _SERVER_STARTED.match(message):
            self.started = when
            for jail in self.jails.values():
                jail.restart(when)
        else:
            made = _JAIL_MADE.match(message)
            if made:
                jail = self.jail(text(made.group(1)))
                jail.reload(when) if made.group(2) else jail.restart(when)

    def _event(self, when, event):
        name, restore, ban, found, unban, reban, ignored, address = event.groups()
        name = self._name(name)
        jail = self.jail(name)
        if found:
            jail.found += 1
            jail.last_found = when
        elif restore:
            jail.restored += 1
        elif ban:
            jail.bans += 1
            jail.last_ban = when
            if jail.bans_since_reload is not None:
                jail.bans_since_reload += 1
            self._count_ban(text(address, 80), name, when)
        elif unban:
            jail.unbans += 1
        elif reban:
            jail.rebans += 1
        elif ignored:
            jail.ignored += 1

    def _count_ban(self, address, name, when):
        key = (address, name)
        if key not in self.bans and len(self.bans) >= ADDRESSES_LIMIT:
            self.bans_cut += 1
            return
        count = self.bans.get(key, (0, 0))[0]
        self.bans[key] = (count + 1, when)

    def _error(self, when, message):
        failed = _FAILED.match(message)
        if failed:
            jail = self.jail(text(failed.group(1)))
            jail.failed_count += 1
            jail.bans_since_reload = None
            jail.said = (jail.said + self._take_said())[-SAMPLES_LIMIT:]
            jail.failed = jail.failed[-SAMPLES_LIMIT:] + [(when, text(failed.group(3) or b"", 80), text(failed.group(2)))]
        not_started = _NOT_STARTED.match(message)
        if not_started:
            jail = self.jail(text(not_started.group(1)))
            jail.said = (jail.said + self._take_said())[-SAMPLES_LIMIT:]
            jail.not_started = jail.not_started[-SAMPLES_LIMIT:] + [(when, text(not_started.group(2)))]
        said = _COMMAND_SAID.match(message)
        if said:
            self._said = (self._said + [shown(said.group(1) or b"returned " + said.group(2))])[-SAMPLES_LIMIT:]
        if not message.startswith(tuple(start for start, _why in IGNORED_ERRORS)):
            self.errors_count += 1
            if len(self.errors) < SAMPLES_LIMIT or failed or not_started:
                self.errors = (self.errors + [(when, shown(message))])[-2 * SAMPLES_LIMIT:]

    def _take_said(self):
        """Return what commands printed since the last failure: the server logs it just before (another jail's may come between)."""
        said, self._said = sorted(set(self._said)), []
        return said
