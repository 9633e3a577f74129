# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal as a source: journalctl's answer, entry by entry as it comes.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from ..host.finding import iso, text
from .log_digest_hours import LINES
from .log_digest_judge import NOTHING, SHAPE, program_name
from .log_digest_table import Tally

# What is asked of each entry; cursor, times and boot id always come along.
FIELDS = b"MESSAGE,SYSLOG_IDENTIFIER,_COMM,PRIORITY,_TRANSPORT,_UID,_PID,_EXE"

MESSAGE_LIMIT = 8192
ENTRY_LIMIT = 1048576

# What journalctl says on its standard error, and what it means.
COMPLAINTS = (
    (b"not seeing messages from other users", "without root only one's own messages are seen"),
    (b"insufficient permissions", "the journal may not be read"),
    (b"Permission denied", "parts of the journal may not be read"),
    (b"orrupt", "parts of the journal are damaged"),
    (b"runcated", "parts of the journal are cut short"),
    (b"Bad message", "parts of the journal are damaged"),
    (b"Failed to", "journalctl failed"),
)

# What a user starts and what then runs as root: the journal has the user's number beside its messages.
SET_UID = frozenset((
    b"sudo", b"su", b"su-l", b"pkexec", b"doas", b"passwd", b"gpasswd", b"chage", b"chsh", b"chfn", b"crontab",
))

# Priorities "error" and worse.
ALARMING = frozenset(("0", "1", "2", "3"))

FOLDERS = (b"/var/log/journal", b"/run/log/journal")


class JournalSource:
    """Reads the journal into a Judge and Hours.

    Afterwards C(entries), C(first) and C(last) (seconds since 1970), C(problems), C(errors) (messages of priority error and worse)
    and C(forged) (messages in the name of a program that others may not speak for) say what was read.
    """

    def __init__(self, judge, hours, uptime):
        self._judge, self._hours, self._uptime = judge, hours, uptime
        self.entries = self.unparsed = self.too_long = 0
        self.first = self.last = None
        self.problems, self.samples = [], []
        self.errors = Tally(("program", "message"), 1000)
        self.forged = Tally(("program", "uid", "exe"), 200)
        self._boots = {}

    def argv(self, machine, folder, since, until, fields=True):
        """Return journalctl's command line."""
        argv = [machine.which(b"journalctl"), b"-o", b"json", b"--no-pager"]
        if fields:
            argv.append(b"--output-fields=" + FIELDS)
        if folder is not None:
            argv.append(b"--directory=" + machine.path(folder))
        if since is not None:
            argv.append(b"--since=@%d" % int(since))
        if until is not None:
            argv.append(b"--until=@%d" % int(until))
        return argv

    def begins(self, machine, folder):
        """Return when the journal's first entry was written, or None where it has none that can be read."""
        with machine.stream(self.argv(machine, folder, None, None), timeout=20) as stream:
            head = b""
            for block in stream:
                head += block
                if b"\n" in head or len(head) > ENTRY_LIMIT:
                    break
        try:
            return int(json.loads(head.split(b"\n", 1)[0].decode("utf-8", "replace"))["__REALTIME_TIMESTAMP"]) / 1e6
        except (ValueError, KeyError, TypeError):
            return None

    def read(self, machine, folder, since, until):
        """Read all entries of the window."""
        for fields in (True, False):
            with machine.stream(self.argv(machine, folder, since, until, fields)) as stream:
                self._take(stream)
            # systemd before version 236 has no --output-fields.
            if not (stream.rc and b"unrecognized option" in stream.err):
                break
        if stream.timed_out:
            self.problems.append("the journal was only read up to %s, the time was up" % iso(self.last))
        said = []
        for words, meaning in COMPLAINTS:
            line = next((line for line in stream.err.splitlines() if words in line), None)
            if line is not None and line not in said:
                said.append(line)
                self.problems.append("%s: %s" % (meaning, text(line, 200)))
        if stream.rc and not said and not stream.timed_out:
            self.problems.append("journalctl ended with exit code %d: %s" % (stream.rc, text(stream.err.strip(), 200)))

    def _take(self, stream):
        rest = []
        for block in stream:
            if b"\n" not in block:
                if sum(len(part) for part in rest) < ENTRY_LIMIT:
                    rest.append(block)
                continue
            lines = (b"".join(rest) + block).split(b"\n")
            rest = [lines.pop()]
            self._entries(lines)
        if rest and rest[0]:
            self._entries([b"".join(rest)])

    def _entries(self, lines):
        """Judge entries, each a line of JSON. This is the hot path."""
        judge, hours, boots = self._judge, self._hours, self._boots
        loads = json.JSONDecoder().decode
        for line in lines:
            if not line:
                continue
            try:
                entry = loads(line.decode("utf-8", "replace"))
                when = int(entry["__REALTIME_TIMESTAMP"]) / 1e6
                boot = entry.get("_BOOT_ID")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self._odd(line)
                continue
            self.entries += 1
            hours.add(when, LINES)
            if self.first is None:
                self.first = when
            self.last = when
            if boot not in boots:
                self._new_boot(boot, when, entry)
            message = _bytes(entry.get("MESSAGE", b""))
            if message is None:
                self.too_long += 1
                continue
            program = _bytes(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM")) or b"-"
            program = judge.program(program_name(program[:100], _bytes(entry.get("_PID"))))
            program.count += 1
            if entry.get("PRIORITY", "6") in ALARMING:
                self.errors.add((program.name, message[:160].translate(SHAPE)), when, 1, message[:300])
            known = program.leads.get(message[: message.find(b" ")]) if program.leads else None
            if known is None:
                known, message = judge.judge(program, message)
            if known is NOTHING:
                continue
            if known.handler is not None and not _speaks_for(program.name, entry):
                self._forge(program.name, entry, when)
                continue
            judge.handle(known, program, message, when)

    def _odd(self, line):
        self.unparsed += 1
        if len(self.samples) < 10:
            self.samples.append(text(line, 200))

    def _new_boot(self, boot, when, entry):
        """A boot id that was not seen before: the machine started when its monotonic clock was zero."""
        if len(self._boots) >= 1000:
            return
        try:
            started = when - int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
        except (KeyError, ValueError, TypeError):
            started = when
        if self._boots or when - started < 600:
            self._uptime.boot(started)
        self._boots[boot] = started

    def _forge(self, program, entry, when):
        self.forged.add((program, _bytes(entry.get("_UID")) or b"", _bytes(entry.get("_EXE")) or b""), when, 1, _bytes(entry.get("MESSAGE", b"")) or b"")


def _bytes(value):
    """Return a field's value as bytes: text, or numbers where it is binary, or the first of several. None: journalctl left it out as too long."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")[:MESSAGE_LIMIT]
    if isinstance(value, list) and value:
        if all(isinstance(number, int) and 0 <= number < 256 for number in value):
            return bytes(bytearray(value))[:MESSAGE_LIMIT]
        return _bytes(value[0])
    return value if isinstance(value, bytes) else None


def _speaks_for(program, entry):
    """Return whether a process may log in a program's name: it is root's, or that program itself, as the kernel knows it.

    An ordinary user can give a process of his own any name and path, or none: only what runs with his number by its nature is believed there.
    """
    if program == b"kernel":
        return entry.get("_TRANSPORT") == "kernel"
    user = entry.get("_UID", "0")
    if user == "0":
        return True
    if program not in SET_UID and not _is_system_account(user):
        return False
    exe = entry.get("_EXE")
    if not isinstance(exe, str):
        return exe is None
    name = exe.rsplit("/", 1)[-1].encode("utf-8", "surrogatepass")
    return exe.startswith(("/usr/", "/bin/", "/sbin/", "/lib/")) and (name.startswith(program[:8]) or program.startswith(name[:8]))


def _is_system_account(user):
    """Return whether a number (text) is of an account for a service: below 1000, or one that systemd lends to a service (DynamicUser)."""
    return user.isdigit() and (int(user) < 1000 or 61184 <= int(user) <= 65519)
