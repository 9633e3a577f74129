# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where this host's denials are written, and what of the window cannot be seen there.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

In this order: the files that were asked for; auditd's log with its rotations, and the journal beside it where auditd does not run;
the journal; the kernel's messages in a syslog file.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import os
import re

from ..host.finding import iso, text
from ..host.logs import expand, open_logs, rotations
from ..host.machine import TIME_WAS_UP
from ..host.pattern import Pattern
from .denials_journal import OUTPUT_LIMIT, SECONDS, Entries, journal_command
from .denials_reading import TEXT_NEEDLES, BlockReader, reader_of
from .denials_records import audit_stamp
from .denials_tally import Tally

AUDITD_CONF = b"/etc/audit/auditd.conf"
AUDIT_LOG = b"/var/log/audit/audit.log"

# Files with the kernel's messages; the first that exists is read, for they hold the same.
KERNEL_LOGS = (b"/var/log/kern.log", b"/var/log/messages", b"/var/log/syslog")

# What the kernel says when it had to drop audit records (kernel/audit.c), and auditd when it did (auditd-event.c).
_LOST = Pattern(
    rb"audit: (?:audit_)?lost=|audit: audit_backlog=|audit: backlog limit exceeded|audit: rate limit exceeded"
    rb"|kauditd_printk_skb: [0-9]+ callbacks suppressed|audit_printk_skb: [0-9]+ callbacks suppressed"
    rb"|auditd\[[0-9]+\]: .{0,80}(?:dropping event|queue is full)"
)
_CONF_FILE = Pattern(rb"^[ \t]*log_file[ \t]*=[ \t]*(/[^\s#]+)", re.M)
# The first record of a log that auditd began anew.
_BEGINNING = (b"type=DAEMON_START", b"type=DAEMON_CONFIG", b"type=SYSTEM_BOOT", b"type=KERNEL")

FILES_LIMIT = 50


class Seen:
    """What was read for the window: C(sources) by name, C(files), C(gaps) and C(problems) in words. C(looked): at least one could be read."""

    def __init__(self, gaps=None):
        self.sources, self.files, self.problems, self.looked = [], [], [], False
        self.gaps = [] if gaps is None else gaps

    def file(self, log):
        self.files.append({"path": text(log.path), "bytes": log.size, "bytes_scanned": log.scanned})


def read_all(machine, options, since, until, tally):
    """Feed the lines of this host's source, or of C(options["audit_logs"]), to the tally; return what was Seen."""
    seen = Seen()
    asked = options.get("audit_logs") or []
    if asked:
        found, problems = expand(machine, asked)
        seen.problems += problems
        seen.sources.append("files")
        _read_files(machine, found, since, until, tally, seen)
        return seen
    folder = options.get("journal_dir")
    if folder:
        _read_journal(machine, since, until, tally, seen, os.fsencode(folder))
        return seen
    if _read_auditd(machine, since, until, tally, seen):
        if _auditd_runs(machine):
            _lost_messages(machine, since, until, seen)
            return seen
        tally.several, tally.source = True, 1
    if not _read_journal(machine, since, until, tally, seen):
        _read_kernel_log(machine, since, until, tally, seen)
    return seen


def _read_auditd(machine, since, until, tally, seen):
    conf = machine.read_or_none(AUDITD_CONF) or b""
    path = (_CONF_FILE.findall(conf) or [AUDIT_LOG])[-1]  # auditd takes the last
    try:
        found = rotations(machine, path)
    except OSError as error:
        seen.problems.append("%s: %s" % (os.fsdecode(path), error.strerror))
        return True
    if not found:
        return False
    seen.sources.append("audit.log")
    tally.several = not _auditd_runs(machine)
    _read_files(machine, found, since, until, tally, seen, functools.partial(rotations, machine, path))
    _rotated_away(machine, found, since, seen)
    return True


def _read_files(machine, found, since, until, tally, seen, again=None):
    if len(found) > FILES_LIMIT:
        seen.problems.append("only the newest %d of %d files were read" % (FILES_LIMIT, len(found)))
        found = found[-FILES_LIMIT:]
    logs, problems = open_logs(machine, found, since, again)
    seen.problems += problems
    for log in logs:
        with log:
            seen.looked = True
            _read_one(machine, log, since, until, tally, seen)
            seen.file(log)


def _read_one(machine, log, since, until, tally, seen):
    """Read auditd's own log, or a syslog file with the kernel's messages, whichever it is."""
    head = log.head()
    if not head or (b"type=" in head and b" msg=audit(" in head):
        start, end = log.range(since, until, audit_stamp)
        reader = reader_of(machine, log, start, end)
        reader.feed(tally)
    else:
        from ..host.stamps import LocalZone, Stamps, server_zone  # auditd's own log has its time in seconds

        with LocalZone(server_zone(machine)):
            stamps = Stamps(log.mtime)
            start, end = log.range(since, until, lambda line: stamps.read(line)[0])
            losses = _Losses(log.blocks(start, end), lambda line: _within(Stamps(log.mtime).read(line)[0], since, until))
            reader = BlockReader(losses, TEXT_NEEDLES)
            reader.feed(tally)
        _say_lost(losses, seen)
    _note(reader, log, seen)


def _within(when, since, until):
    return when is None or ((since is None or when >= since) and (until is None or when <= until))


def _note(reader, log, seen):
    seen.problems += log.problems
    if reader.long:
        seen.problems.append("%s: %d lines are too long to be records" % (os.fsdecode(log.path), reader.long))


def _rotated_away(machine, found, since, seen):
    """A log that begins inside the window, other than by auditd's start or the host's, has lost what was before."""
    if since is None or any(one.mtime < since for one in found) or (_booted(machine) or since) > since:
        return
    logs, _problems = open_logs(machine, found[:1])
    for log in logs:
        with log:
            first = next((line for line in log.head().split(b"\n") if audit_stamp(line) is not None), b"")
        when = audit_stamp(first)
        if when is not None and when > since and not any(word in first for word in _BEGINNING):
            seen.gaps.append("rotated away before %s" % iso(when))


def _booted(machine):
    boot = re.search(rb"^btime ([0-9]{1,12})$", machine.read_or_none(b"/proc/stat") or b"", re.M)
    return int(boot.group(1)) if boot else None


def _auditd_runs(machine):
    pid = (machine.read_or_none(b"/run/auditd.pid", 32) or machine.read_or_none(b"/var/run/auditd.pid", 32) or b"").strip()
    if not pid.isdigit():
        return False
    return (machine.read_or_none(b"/proc/%d/comm" % int(pid[:10]), 64) or b"").strip() == b"auditd"


class _Losses:
    """Blocks passed through; the lines in them that say that records were lost are counted, those for which C(counts(line)) is true."""

    def __init__(self, blocks, counts=None):
        self._blocks, self._counts, self.count, self.last = blocks, counts, 0, b""

    def __iter__(self):
        for block in self._blocks:
            for found in _LOST.finditer(block) if b"audit" in block else ():
                start = block.rfind(b"\n", 0, found.start()) + 1
                if self._counts is None or self._counts(block[start:start + 256]):
                    self.count += 1
                    self.last = found.group()
            yield block


def _read_journal(machine, since, until, tally, seen, folder=None):
    """Read the journal; return whether there is one."""
    journalctl = machine.which(b"journalctl")
    if not folder and machine.root == b"/" and not _journal_files(machine, None):
        return False  # to start journalctl for saying so would cost more than the rest of the check
    if not journalctl:
        if folder:
            seen.problems.append("journalctl is not installed: the journal in %s was not read" % os.fsdecode(folder))
        return False
    for fields in (True, False):  # systemd before 236 does not know --output-fields
        tally.several = True
        with machine.stream(journal_command(journalctl, since, until, folder, fields=fields), SECONDS, OUTPUT_LIMIT) as stream:
            entries = Entries(stream)
            losses = _Losses(entries)
            reader = BlockReader(losses, TEXT_NEEDLES)
            reader.feed(tally)
        if not (fields and stream.rc and b"option" in stream.err):
            break
    if not entries.count and (stream.rc or b"No journal files" in stream.err or not _journal_files(machine, folder)):
        if folder:
            seen.problems.append("no journal was found in %s" % os.fsdecode(folder))
        return False
    seen.sources.append("journal")
    seen.looked = True
    if not folder and not _journal_readable(machine):
        seen.problems.append("the system's journal is not readable for this user")
    if stream.timed_out or stream.truncated or stream.rc:
        seen.problems.append("the journal was not read to its end: %s" % (text(stream.err.strip()) or "journalctl was stopped"))
    if b"orrupt" in stream.err or b"ailed to" in stream.err or b"truncated" in stream.err:
        seen.problems.append("journalctl: %s" % text(stream.err.strip(), 200))
    if not entries.count and not _any_entry(machine, journalctl, folder):
        seen.problems.append("no entry of the journal can be read: its files are damaged, or not readable for this user")
    if entries.damaged:
        seen.problems.append("%d journal entries are too long to be records" % entries.damaged)
    _say_lost(losses, seen)
    _vacuumed(machine, journalctl, since, seen, folder)
    return True


def _journal_files(machine, folder):
    """Return the journal's files as paths that can be opened: journalctl --quiet says nothing when there are none."""
    import glob

    found = []
    for place in [folder] if folder else [b"/var/log/journal", b"/run/log/journal"]:
        place = machine.path(place)
        for pattern in (b"/*.journal", b"/*/*.journal"):
            found += glob.glob(glob.escape(place) + pattern)
    return found


def _journal_readable(machine):
    return all(os.access(path, os.R_OK) for path in _journal_files(machine, None) if os.path.basename(path) == b"system.journal")


def _any_entry(machine, journalctl, folder):
    """A damaged index looks to journalctl as if there were no entries."""
    command = [journalctl, b"--quiet", b"--no-pager", b"--output=export", b"--lines=1"] + ([b"--directory=" + folder] if folder else [])
    return b"__REALTIME_TIMESTAMP=" in machine.run(command, timeout=20).out


def _vacuumed(machine, journalctl, since, seen, folder):
    """A journal whose first entry is inside the window, on a host that was up before it, has lost what was before."""
    if since is None or folder:
        return
    if (_booted(machine) or since + 1) > since:
        return
    with machine.stream([journalctl, b"--quiet", b"--no-pager", b"--output=export", b"--no-tail"], 20, OUTPUT_LIMIT) as stream:
        head = b"".join(block for block, _one in zip(stream, range(1)))
    first = re.search(rb"^__REALTIME_TIMESTAMP=([0-9]{1,17})$", head, re.M)
    if first and int(first.group(1)) / 1e6 > since:
        seen.gaps.append("rotated away before %s" % iso(int(first.group(1)) / 1e6))


def _read_kernel_log(machine, since, until, tally, seen):
    for path in KERNEL_LOGS:
        try:
            found = rotations(machine, path)
        except OSError as error:
            seen.problems.append("%s: %s" % (os.fsdecode(path), error.strerror))
            continue
        if not found:
            continue
        logs, problems = open_logs(machine, found, since, functools.partial(rotations, machine, path))
        seen.problems += problems
        if not logs and problems:
            continue
        seen.sources.append(os.fsdecode(os.path.basename(path)))
        seen.looked = True
        for log in logs:
            with log:
                _read_one(machine, log, since, until, tally, seen)
                seen.file(log)
        _rotated_away(machine, found, since, seen)
        return


def _lost_messages(machine, since, until, seen):
    """Where auditd writes the records, what the kernel could not hand over is said in the kernel's own messages."""
    journalctl = machine.which(b"journalctl")
    if journalctl and _journal_files(machine, None):
        with machine.stream(journal_command(journalctl, since, until, audit=False, fields=False), SECONDS, OUTPUT_LIMIT) as stream:
            losses = _Losses(Entries(stream))
            for _block in losses:
                pass
        if stream.timed_out:
            seen.problems.append("the kernel's messages in the journal: %s" % TIME_WAS_UP)
        _say_lost(losses, seen)
        return
    for path in KERNEL_LOGS:
        try:
            found = rotations(machine, path)
        except OSError:
            continue
        if found:
            _read_files(machine, found, since, until, Tally(), Seen(seen.gaps))
            return


def _say_lost(losses, seen):
    if losses.count:
        seen.gaps.append("the kernel or auditd dropped audit records: %d messages such as %s" % (losses.count, text(losses.last)))
