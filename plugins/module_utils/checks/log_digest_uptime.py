# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boots, shutdowns, clocks that jumped, and what the logging itself says it lost.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.finding import finding, iso, text
from .log_digest_table import Tally, Topic, row, shown

# A clock that was set by less is a clock being kept right.
JUMP = 60

# Two signs of one boot (the kernel's first line, the journal's new boot id) lie that close together.
SAME_BOOT = 180

EVENTS_LIMIT = 1000

KERNEL = (
    row("boot.kernel", b"Linux version ",
        rb"Linux version \S{1,100} ",
        "booted", "the first line of a kernel",
        b"Linux version 6.1.0-25-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP"),
)

SYSTEMD = (
    row("boot.shutdown", (b"eached target ", b"hutting down"),
        rb"(?:Shutting down\.|Reached target .{0,60}(?:[Rr]eboot|[Pp]ower.?[Oo]ff|[Hh]alt|[Ss]hutdown|[Kk]exec)\b)",
        "shut_down", "the machine was told to stop",
        b"Reached target reboot.target - System Reboot."),
    row("clock.set", b"Time has been changed",
        rb"Time has been changed",
        "clock_set", "the clock was set",
        b"Time has been changed"),
)

LOGIND = (
    row("boot.logind", (b"ystem is ", b"system will "),
        rb"(?:System is (?:rebooting|powering down|halting)|The system will (?:reboot|power off|halt|shut down) now)",
        "shut_down", "somebody asked for it",
        b"System is rebooting."),
    row("logind.chatter", (b"ession", b"ower key", b"Watching", b"eat", b"button", b"Removed", b"switch"),
        rb".*",
        None, "sessions and keys",
        b"New session 3 of user deploy."),
)

JOURNALD = (
    row("journald.stopped", b"ournal stopped",
        rb"Journal stopped",
        "shut_down", "the journal ended in good order",
        b"Journal stopped"),
    row("journald.suppressed", b"Suppressed ",
        rb"Suppressed (?P<lost>\d{1,12}) messages from (?P<what>\S{1,300})",
        "lost", "more messages than the rate limit lets through",
        b"Suppressed 1234 messages from web.service"),
    row("journald.missed", b"Missed ",
        rb"Missed (?P<lost>\d{1,12}) (?P<what>kernel) messages",
        "lost", "the kernel's buffer ran over",
        b"Missed 12 kernel messages"),
    row("journald.unclean", b"uncleanly shut down",
        rb".*",
        "unclean", "the journal was not closed at the last shutdown",
        b"File /var/log/journal/0123/system.journal corrupted or uncleanly shut down, renaming and replacing."),
    row("journald.jump", b"Time jumped backwards",
        rb"Time jumped backwards",
        "clock_back", "the clock was set back",
        b"Time jumped backwards, rotating."),
    row("journald.chatter", (b"ournal", b"Forwarding", b"Collecting", b"Received", b"Vacuum", b"Flush"),
        rb".*",
        None, "the journal at work",
        b"Journal started"),
)

RSYSLOG = (
    row("rsyslog.lost", b" lost",
        rb".{0,200}?(?P<lost>\d{1,12}) messages? lost",
        "lost", "rate limit of rsyslog",
        b"imjournal: 120 messages lost due to rate-limiting (20000 allowed within 600 seconds)"),
    row("rsyslog.lost_of_pid", b" lost ",
        rb"imuxsock.{0,60} lost (?P<lost>\d{1,12}) messages from (?P<what>pid)",
        "lost", "the same, of one process",
        b"imuxsock[pid: 4242, name: web] lost 43 messages from pid 4242 due to rate-limiting"),
    row("rsyslog.drop", b"begin to drop messages",
        rb".*",
        "lost", "rate limit of rsyslog",
        b"imjournal: begin to drop messages due to rate-limiting"),
    row("rsyslog.cannot_write", (b"error", b"ermission denied", b"No space left", b"suspended"),
        rb".{0,200}?(?:open error|write error|Permission denied|No space left|suspended)",
        "cannot_write", "a log that is not written",
        b"file '/var/log/secure': open error: Permission denied [v8.2302.0 try https://www.rsyslog.com/e/2433 ]"),
    row("rsyslog.exit", b"xiting on signal",
        rb".*",
        "shut_down", "it was told to stop, as it is at every shutdown",
        b"[origin software=\"rsyslogd\"] exiting on signal 15."),
    row("rsyslog.chatter", (b"origin", b"imuxsock", b"rsyslogd's", b"imjournal", b"resumed", b"imklog", b"environment", b"module"),
        rb".*",
        None, "rsyslog at work",
        b"[origin software=\"rsyslogd\" swVersion=\"8.2302.0\" x-pid=\"310\" x-info=\"https://www.rsyslog.com\"] start"),
)

CHRONY = (
    row("clock.wrong", b"System clock wrong by ",
        rb"System clock wrong by (?P<seconds>-?\d{1,12}\.?\d{0,9}) seconds",
        "clock_wrong", "chrony found the clock off",
        b"System clock wrong by 7200.123456 seconds"),
    row("clock.stepped", b"was stepped by",
        rb"System clock was stepped by (?P<seconds>-?\d{1,12}\.?\d{0,9}) seconds",
        "clock_stepped", "chrony set the clock",
        b"System clock was stepped by -3600.000001 seconds"),
    row("clock.jump", b"time jump detected",
        rb"(?P<way>Forward|Backward) time jump detected",
        "clock_set", "somebody else set the clock",
        b"Forward time jump detected!"),
    row("clock.no_source", (b"no selectable sources", b"no majority"),
        rb"Can.t synchronise",
        "no_source", "no time server is good enough",
        b"Can't synchronise: no selectable sources"),
    row("clock.chrony_chatter", (b"ource", b"chronyd", b"requency", b"eap", b"GNSS", b"System clock", b"File", b"Using", b"oaded", b"nitial", b"Could not"),
        rb".*",
        None, "chrony at work",
        b"Selected source 192.0.2.1 (pool.ntp.org)"),
)

NTPD = (
    row("clock.ntpd_reset", b"time reset ",
        rb"time reset (?P<seconds>[+-]?\d{1,12}\.?\d{0,9}) s",
        "clock_stepped", "ntpd set the clock",
        b"time reset +3601.234567 s"),
    row("clock.ntpd_chatter", b"",
        rb".*",
        None, "ntpd at work",
        b"kernel reports TIME_ERROR: 0x41: Clock Unsynchronized"),
)

TIMESYNCD = (
    row("clock.unset", b"ystem clock time unset or jumped backwards",
        rb"System clock time unset or jumped backwards",
        "clock_back", "the clock was behind what was last seen",
        b"System clock time unset or jumped backwards, restoring from recorded timestamp: Sun 2026-11-22 06:00:00 UTC"),
    row("clock.timesyncd_chatter", b"",
        rb".*",
        None, "systemd-timesyncd at work",
        b"Initial clock synchronization to Sun 2026-11-22 06:00:00.1 UTC."),
)


class Uptime(Topic):
    """When the machine started and stopped, whether its clock ran, and what the logging lost."""

    TABLES = {
        b"kernel": KERNEL, b"systemd": SYSTEMD, b"systemd-logind": LOGIND, b"systemd-journald": JOURNALD, b"systemd-journal": JOURNALD,
        b"rsyslogd": RSYSLOG, b"rsyslog": RSYSLOG, b"chronyd": CHRONY, b"ntpd": NTPD, b"systemd-timesyncd": TIMESYNCD,
    }

    def __init__(self):
        self.boot_times = []
        self.shutdown_times = []
        self.jumps = Tally(("what",))
        self.without_source = Tally(("program",))
        self.losses = {}
        self.write_errors = Tally(("what",))
        self.largest_jump = 0
        # When a boot must have been for its shutdown to be in the log as well, seconds since 1970; None where there is no log.
        self.reaches_back_from = None

    def booted(self, event):
        self.boot(event.when)

    def boot(self, when):
        """Note a boot."""
        if len(self.boot_times) < EVENTS_LIMIT:
            self.boot_times.append(when)

    def shut_down(self, event):
        if len(self.shutdown_times) < EVENTS_LIMIT:
            self.shutdown_times.append(event.when)

    def unclean(self, event):
        """The journal was found open: it says nothing that the missing shutdown does not say."""

    def clock_set(self, event):
        self.jumps.add((b"set",), event.when, event.count, event.message[:200])

    def clock_back(self, event):
        self.jumps.add((b"set back",), event.when, event.count, event.message[:200])
        self.largest_jump = max(self.largest_jump, JUMP)

    def clock_wrong(self, event):
        self.jumps.add((b"found wrong",), event.when, event.count, event.message[:200])

    def clock_stepped(self, event):
        """The clock was set by a known number of seconds."""
        self.jumps.add((b"stepped",), event.when, event.count, event.message[:200])
        self.largest_jump = max(self.largest_jump, abs(float(event["seconds"])))

    def no_source(self, event):
        """Chrony lost its sources; whether the clock is synchronised now, the host itself is asked."""
        self.without_source.add((b"chronyd",), event.when, event.count, event.message[:200])

    def lost(self, event):
        """The logging dropped messages: C(what) of, where it says so."""
        fields = event.match.groupdict()
        what = fields.get("what") or event.row.name.split(".")[0].encode("ascii")
        if what in self.losses or len(self.losses) < 200:
            self.losses[what] = self.losses.get(what, 0) + int(fields.get("lost") or 1) * event.count

    def cannot_write(self, event):
        self.write_errors.add((event.message[:160],), event.when, event.count)

    def boots(self):
        """Return [(when, clean)] of the boots in the log; clean is None where the log does not reach back to the shutdown."""
        found = []
        for when in sorted(self.boot_times):
            if found and when - found[-1][0] < SAME_BOOT:
                continue
            before = found[-1][0] if found else 0
            clean = any(before <= stop <= when + 1 for stop in self.shutdown_times)
            known = self.reaches_back_from is not None and when > self.reaches_back_from
            found.append((when, True if clean else False if known else None))
        return found

    def data(self, limit, cut):
        """Return the digest's C(boots), C(clock_jumps), C(clock_without_source) and C(lost)."""
        return {
            "boots": [{"time": iso(when), "clean": clean} for when, clean in self.boots()[-limit:]],
            "clock_jumps": shown(self.jumps, limit, cut, "clock_jumps"),
            "clock_without_source": shown(self.without_source, limit, cut, "clock_without_source"),
            "lost": [{"what": text(what, 200), "messages": count} for what, count in sorted(self.losses.items(), key=lambda item: (-item[1], item[0]))[:limit]],
        }

    def incomplete(self):
        """Return the reasons why the log itself is not whole."""
        serious = [(what, count) for what, count in sorted(self.losses.items()) if what == b"kernel" or b"ssh" in what or what in (b"rsyslog", b"pid")]
        return ["the log lost %d messages of %s" % (count, text(what, 100)) for what, count in serious]

    def findings(self):
        """A clock that jumped, a log that could not be written."""
        found = []
        if self.largest_jump >= JUMP:
            rows = sorted(self.jumps.rows.items())
            found.append(finding(
                "log_digest.time_jump", "medium", "The clock jumped", "clock", evidence=[(key[0], entry[3]) for key, entry in rows],
                remedy="Times in the logs around it cannot be compared with those of other servers. Look at why the clock was wrong.",
                commands=["timedatectl", "chronyc tracking"], count=self.jumps.total,
                first=min(entry[1] for _key, entry in rows), last=max(entry[2] for _key, entry in rows)))
        for (what,), (count, first, last, _sample) in sorted(self.write_errors.rows.items()):
            found.append(finding(
                "log_digest.log_not_written", "high", "rsyslog could not write a log", text(what, 160), evidence=[("rsyslogd", what)],
                remedy="What it could not write is lost. Free the disk, correct owner and mode of the file, or the forwarding target.",
                commands=["systemctl status rsyslog", "df -h /var/log"], count=count, first=first, last=last))
        return found

    def unclean_finding(self, whens):
        """Return the finding for boots that no shutdown came before."""
        return finding(
            "log_digest.unclean_shutdown", "medium", "The server went down without being shut down", "boot",
            evidence=[("log", "booted at %s" % iso(when)) for when in whens],
            remedy="Power, a crash or a reset: look at the last lines before it, and at the host of a virtual machine.",
            commands=["journalctl -b -1 -n 100", "last -x -n 20 reboot shutdown"], count=len(whens), first=min(whens), last=max(whens))
