# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fail2ban-server wrote into its log within the window: failures found, bans, and bans that did not come about.

The log is a file (with its rotated predecessors), or the journal where the server logs to SYSLOG, SYSTEMD-JOURNAL or its standard output.
Forms of a line: fail2ban/tests/files/logs/recidive of 1.0.2.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import gzip
import os
import re
import time

from ..host.finding import text

READ_LIMIT = 268435456
BLOCK = 4194304
LINE_LIMIT = 65536
JAILS_LIMIT = 500
ADDRESSES_LIMIT = 20000
SAMPLES_LIMIT = 10
JOURNAL_TIMEOUT = 20

# The clock may have been set back, or summer time ended, within the file: the bisection keeps this much before the window.
CLOCK_SLACK = 7200

# Log targets that end in the journal of a host with systemd.
JOURNAL_TARGETS = frozenset(["SYSLOG", "SYSTEMD-JOURNAL", "SYSOUT", "STDOUT", "STDERR"])

_LEVEL = rb"(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL)"
_LOGGER = rb"fail2ban(?:\.\w+)* *(?:\[ *\d+\])?: *"
_FILE_LINE = re.compile(rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[,.]\d+ +" + _LOGGER + _LEVEL + rb" +(.*)$", re.M)
# journalctl -o short-unix: seconds, host, identifier, and what of the server's own prefix the log target left in the message
_JOURNAL_LINE = re.compile(rb"^(\d+)\.\d+ \S+ [^\[: ]+(?:\[\d+\])?: (?:" + _LOGGER + rb")?(?:" + _LEVEL + rb" +)?(.*)$", re.M)

_EVENT = re.compile(rb"^\[([^\]]+)\] (?:(Restore )?(Ban)|(Found)|(Unban)|(Reban)|(Ignore)) (\S+)")
_FAILED = re.compile(rb"^Failed to execute (?:re)?ban jail '([^']*)' action '([^']*)' .*?(?:Error (?:re)?banning (\S+))?$")
_NOT_STARTED = re.compile(rb"^Failed to start jail '([^']*)' action '([^']*)': ")
_COMMAND_SAID = re.compile(rb"^[0-9a-f]+ -- (?:stderr: (.*)|returned (\d+))$")
_JAIL_STARTED = re.compile(rb"^Jail '([^']*)' (started|reloaded)")
_SERVER_STARTED = re.compile(rb"^Start(?:ing)? Fail2ban v")

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
        self._minutes = {}

    def jail(self, name):
        if name not in self.jails and len(self.jails) >= JAILS_LIMIT:
            return Jail()
        return self.jails.setdefault(name, Jail())

    def local_time(self, stamp):
        """Return seconds since 1970 of C(2026-11-22 19:04:51) in the server's time zone, None for no time."""
        minute = stamp[:16]
        if minute not in self._minutes:
            try:
                self._minutes[minute] = int(time.mktime(time.strptime(minute.decode("ascii"), "%Y-%m-%d %H:%M")))
            except (ValueError, OverflowError):
                self._minutes[minute] = None
        begin = self._minutes[minute]
        return None if begin is None else begin + int(stamp[17:19])

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
            started = _JAIL_STARTED.match(message)
            if started:
                jail = self.jail(text(started.group(1)))
                jail.restart(when) if started.group(2) == b"started" else jail.reload(when)

    def _event(self, when, event):
        name, restore, ban, found, unban, reban, ignored, address = event.groups()
        jail = self.jail(text(name))
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
            self._count_ban(text(address, 80), text(name), when)
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
            self._said = (self._said + [text(said.group(1) or b"returned " + said.group(2), 300)])[-SAMPLES_LIMIT:]
        if not message.startswith(tuple(start for start, _why in IGNORED_ERRORS)):
            self.errors_count += 1
            if len(self.errors) < SAMPLES_LIMIT or failed or not_started:
                self.errors = (self.errors + [(when, text(message, 300))])[-2 * SAMPLES_LIMIT:]

    def _take_said(self):
        """Return what commands printed since the last failure: the server logs it just before (another jail's may come between)."""
        said, self._said = sorted(set(self._said)), []
        return said


def read(machine, target, since, until):
    """Return the Log of the window from the server's logtarget (text, as C(get logtarget) answers)."""
    log = Log(since, until)
    if target.upper() in JOURNAL_TARGETS:
        _read_journal(machine, log)
    elif target.startswith("/"):
        _read_files(machine, log, target.encode("utf-8", "surrogateescape"))
    else:
        log.gaps.append("the server logs to %s, which cannot be read afterwards" % text(target, 80))
    return log


def _read_journal(machine, log):
    command = machine.which(b"journalctl")
    log.source = "journal of fail2ban.service"
    if command is None:
        log.gaps.append("the server logs to the journal or syslog, and there is no journalctl to read it")
        return
    window = [("--since=@%d" % log.since).encode("ascii"), ("--until=@%d" % (log.until + 1)).encode("ascii")]
    answer = machine.run(
        [command, b"-q", b"--no-pager", b"-o", b"short-unix"] + window + [b"_SYSTEMD_UNIT=fail2ban.service", b"+", b"SYSLOG_IDENTIFIER=fail2ban"],
        timeout=JOURNAL_TIMEOUT,
        limit=67108864,
    )
    if answer.rc != 0 or answer.timed_out or answer.truncated:
        log.gaps.append("journalctl did not give the server's whole log: %s" % (text(answer.err, 200) or "stopped after %d s" % JOURNAL_TIMEOUT))
    for line in _JOURNAL_LINE.finditer(answer.out):
        log.add(int(line.group(1)), line.group(2), line.group(3))


def _read_files(machine, log, path):
    log.source = text(path)
    left = READ_LIMIT
    for part in _rotated(machine, log, path) + [path]:
        try:
            size, scanned = _read_file(machine, log, part, left)
        except FileNotFoundError:
            log.gaps.append("the log %s does not exist" % text(part))
            continue
        except (OSError, EOFError) as error:
            log.gaps.append("%s: %s" % (text(part), getattr(error, "strerror", None) or "damaged"))
            continue
        log.files.append({"path": text(part), "bytes": size, "bytes_scanned": scanned})
        left -= scanned
        if left <= 0:
            log.gaps.append("only the first %d MiB of the window were read" % (READ_LIMIT >> 20))
            break


def _rotated(machine, log, path):
    """Return the rotated predecessors that were written to within the window, oldest first."""
    folder, base = os.path.split(path)
    try:
        names = os.listdir(machine.path(folder))
    except OSError:
        return []
    found = []
    for name in names:
        rotated = re.match(re.escape(base) + rb"[.-]\d+(\.[a-z0-9]+)?$", name)
        if rotated is None:
            continue
        try:
            written = os.stat(machine.path(folder + b"/" + name)).st_mtime
        except OSError:
            continue
        if written < log.since:
            continue
        if rotated.group(1) not in (None, b".gz"):
            log.gaps.append("%s is compressed in a way that is not read" % text(name))
            continue
        found.append((written, folder + b"/" + name))
    return [name for _written, name in sorted(found)]


def _read_file(machine, log, path, limit):
    """Scan one file from the begin of the window; return (its size, bytes scanned)."""
    descriptor = os.open(machine.path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as plain:
        size = os.fstat(plain.fileno()).st_size
        if path.endswith(b".gz"):
            with gzip.GzipFile(fileobj=plain) as content:
                return size, _scan(log, content, limit)
        plain.seek(_begin(plain, size, log.since - CLOCK_SLACK))
        return size, _scan(log, plain, limit)


def _begin(content, size, since):
    """Return where the first line at or after C(since) may begin, by bisection over the rising times."""
    wanted = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(max(0, since))).encode("ascii")
    low, high = 0, size
    while high - low > LINE_LIMIT:
        middle = (low + high) // 2
        content.seek(middle)
        stamp = _FILE_LINE.search(content.read(LINE_LIMIT))
        if stamp is None or stamp.group(1) >= wanted:
            high = middle
        else:
            low = middle
    content.seek(low)
    if low:
        content.readline(LINE_LIMIT)
    return content.tell()


def _scan(log, content, limit):
    scanned = 0
    rest = b""
    while scanned < limit:
        block = content.read(min(BLOCK, limit - scanned))
        if not block:
            break
        scanned += len(block)
        block = rest + block
        end = block.rfind(b"\n") + 1
        rest = block[end:][-LINE_LIMIT:]
        for line in _FILE_LINE.finditer(block, 0, end):
            log.add(log.local_time(line.group(1)), line.group(2), line.group(3))
    return scanned
