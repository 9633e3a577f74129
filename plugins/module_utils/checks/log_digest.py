# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened on this server that an admin should know of: logins, privileges, accounts, packages, kernel, units, disks, clock, logs.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host.finding import finding, iso, result, text
from ..host.redact import redact
from ..host.stamps import LocalZone, server_zone
from ..host.window import window
from .log_digest_accounts import PAM, Accounts, uid0_finding
from .log_digest_disks import disk_findings, disks, growth, read_only
from .log_digest_files import NAMES, FileSource
from .log_digest_hours import Hours
from .log_digest_journal import FOLDERS, JournalSource
from .log_digest_judge import Judge
from .log_digest_kernel import Kernel, unit_of_cgroup
from .log_digest_live import (
    Wtmp,
    access_changes,
    access_data,
    clock_finding,
    clock_synchronised,
    failed_units,
    installed_since,
    uid0_accounts,
    up_since,
)
from .log_digest_logins import Logins
from .log_digest_logwatch import read_logwatch
from .log_digest_packages import Packages
from .log_digest_privilege import Privilege
from .log_digest_table import shown
from .log_digest_units import Units
from .log_digest_uptime import Uptime

LOG_FOLDER = b"/var/log"

# Defaults of the options.
TOP = 20
GAP_HOURS = 6

# A source that begins so soon after the window's start has all of it.
EDGE = 900

# They say a lot of which an admin needs nothing.
QUIET = frozenset((
    b"kernel", b"systemd", b"systemd-logind", b"systemd-journald", b"systemd-journal", b"rsyslogd",
    b"rsyslog", b"chronyd", b"login", b"run-parts", b"anacron", b"passwd",
))


def run(options, machine):
    """Return the digest of the window as a result; see docs/log_digest.md for its data. Raises ValueError for a time that is none.

    Options: C(since), C(until) (see host.window), C(log_dir) and C(journal_dir) (copied logs instead of the server's own),
    C(timezone) (of year-less and zone-less stamps), C(logwatch) (run it too), C(top) (rows of each list), C(gap_hours),
    C(time_limit) (seconds for reading), C(previous) ({time, used_bytes: {mount: bytes}} of the last run).
    """
    if options.get("time_limit"):
        machine.hurry(float(options["time_limit"]))
    with LocalZone(server_zone(machine, options.get("timezone"))):
        since, until = window(options, machine.now)
        return _Digest(options, machine, since, until).result()


class _Digest:
    """One run of the check."""

    def __init__(self, options, machine, since, until):
        self.options, self.machine = options, machine
        self.since, self.until = since, until
        self.log_dir = _path(options.get("log_dir"))
        self.journal_dir = _path(options.get("journal_dir"))
        # Copied logs say nothing of the machine that they are looked at on.
        self.live = self.log_dir is None and self.journal_dir is None
        self.top = options.get("top") or TOP
        self.incomplete, self.findings, self.cut, self.data = [], [], {}, {}
        self.hours = Hours()
        self.logins, self.privilege, self.accounts = Logins(self.hours), Privilege(redact), Accounts()
        self.kernel, self.units, self.uptime = Kernel(), Units(), Uptime()
        self.topics = (self.logins, self.privilege, self.accounts, self.kernel, self.units, self.uptime)
        self.judge = Judge(self.topics, QUIET, PAM)
        self.journal = JournalSource(self.judge, self.hours, self.uptime)
        self.files = FileSource(self.judge, self.hours)
        self.wtmp = Wtmp()

    def result(self):
        """Look at everything and return the check's result."""
        self._read_logs()
        if self.live:
            self._look_at_the_server()
        self._read_packages()
        self._judge_coverage()
        self._judge_boots()
        if self.options.get("logwatch"):
            self._run_logwatch()
        covered = {unit_of_cgroup(path) for path in self.kernel.cgroups.values()}
        for key in [key for key in self.units.ooms.rows if key[0] in covered]:
            del self.units.ooms.rows[key]
        for topic in self.topics:
            self.data.update(topic.data(self.top, self.cut))
            self.findings += topic.findings()
        self.data.update(self.judge.data(self.top, self.cut))
        self.data.update(self._source_data())
        self.incomplete += self.journal.problems + self.files.problems + self.uptime.incomplete()
        return result(self.findings, self.data, self.incomplete, machine=self.machine)

    def _read_logs(self):
        """The journal where it reaches, files for what was before it."""
        until = self.until
        if self.log_dir is None or self.journal_dir is not None:
            begins = self._read_journal()
            if begins is not None:
                if self.since is not None and begins <= self.since + EDGE:
                    return
                before = begins - 0.000001
                until = before if until is None else min(until, before)
        if self.journal_dir is None or self.log_dir is not None:
            self.files.read(self.machine, self.log_dir or LOG_FOLDER, self.since, until)

    def _read_journal(self):
        """Read the journal; return when it begins, or None where there is none."""
        if self.machine.which(b"journalctl") is None:
            if self.journal_dir is not None:
                self.incomplete.append("journalctl is not installed: the journal cannot be read")
            return None
        if self.journal_dir is None and not any(_holds_journal(self.machine, folder) for folder in FOLDERS):
            return None
        begins = self.journal.begins(self.machine, self.journal_dir)
        self.journal.read(self.machine, self.journal_dir, self.since, self.until)
        if begins is None or not self.journal.entries:
            if begins is not None:
                self.incomplete.append("the journal has no entry in the window")
            return None
        return begins

    def _look_at_the_server(self):
        """What the server itself says now."""
        machine = self.machine
        self.units.now_failed, problem = failed_units(machine)
        self.incomplete += [problem] if problem else []
        found, problems = disks(machine)
        self.incomplete += problems
        growths = {disk.mount: growth(disk, self.options.get("previous"), machine.now) for disk in found}
        self.findings += disk_findings(found, growths, read_only(machine))
        self.data["disks"] = [disk.data(growths[disk.mount]) for disk in found]
        synchronised = clock_synchronised(machine)
        self.data["clock_synchronised"] = synchronised
        if synchronised is False:
            self.findings.append(clock_finding())
        for user, line in uid0_accounts(machine):
            self.accounts.forget_uid0(user)
            self.findings.append(uid0_finding(user, [("/etc/passwd", line)], None))
        self.data.update(access_data(access_changes(machine, self.since, self.until), self.top, self.cut))
        self.wtmp.read(machine, LOG_FOLDER + b"/wtmp", self.since, self.until)

    def _read_packages(self):
        packages = Packages()
        if self.live or self.log_dir is not None:
            packages.read(self.machine, self.log_dir or LOG_FOLDER, self.since, self.until)
        if self.live:
            packages.ask_rpm(self.machine, self.since, self.until)
        self.incomplete += packages.problems
        self.data.update(packages.data(self.top, self.cut))

    def _judge_coverage(self):
        """Whether the logs cover the window: nothing read, gaps, an end before now."""
        lines = self.journal.entries + self.files.lines
        if not lines:
            if self.log_dir is not None and self.files.is_empty and not self.files.problems:
                self.incomplete.append("no file matches %s/{%s}*" % (text(self.log_dir.rstrip(b"/"), 200), text(b",".join(NAMES))))
            else:
                self.incomplete.append("no line of any log lies in the window: nothing was looked at")
            if self.live and not self.journal.problems and not self.files.problems:
                self.findings.append(_stopped_finding("No log has any line of the window", "neither a journal nor a syslog file has a line in the window"))
        boots = [when for when, _clean in self.uptime.boots()] + self.wtmp.boots
        since, until = self.since, self.until
        if self.live:
            until = min(self.until or self.machine.now, self.machine.now)
            known = installed_since(self.machine)
            if since is not None and known is not None:
                since = max(since, min(known, self.machine.now))
            started = up_since(self.machine)
            if started is not None:
                boots.append(started)
                self._judge_start(started)
        least = float(self.options.get("gap_hours") or GAP_HOURS) * 3600
        self.gaps = self.hours.gaps(since, until, least, boots)
        self.data["gaps"] = [{"from": iso(start), "to": iso(end)} for start, end in self.gaps[: self.top]]
        for start, end in self.gaps[:5]:
            self.incomplete.append("no line of any log from %s to %s" % (iso(start), iso(end)))
        if self.live and self.gaps and self.gaps[-1][1] >= until and self.until is None:
            self.findings.append(_stopped_finding("The logs stopped at %s" % iso(self.gaps[-1][0]), "no line of any log since then, though the host is up"))
        accepted = self.logins.accepts.total
        remote = [login for login in self.wtmp.logins if login[2]]
        if lines and remote and not accepted:
            self.incomplete.append("wtmp has %d logins in the window, the logs have none: logins are not logged" % len(remote))
            self.findings.append(finding(
                "log_digest.logins_not_logged", "high", "Logins are not in the logs", "logins",
                evidence=[("wtmp", "%s %s from %s" % (iso(when), text(user, 60), text(host, 100))) for when, user, host in remote[-5:]],
                remedy="sshd's messages (facility authpriv) go nowhere, or their log was emptied. Look at the rules of rsyslog and at the log's size and mode.",
                commands=["ls -la /var/log/auth.log /var/log/secure", "journalctl -u ssh -u sshd -n 20"], count=len(remote)))

    def _judge_start(self, started):
        """A journal that is kept in memory only has lost what was before the boot at C(started)."""
        if self.journal.entries and not self.files.lines and self.since is not None and started > self.since + EDGE:
            known = installed_since(self.machine)
            if not _holds_journal(self.machine, FOLDERS[0]) and (known is None or known < started - EDGE):
                self.incomplete.append("the journal is kept in memory only: nothing from before the boot at %s" % iso(started))

    def _judge_boots(self):
        """Boots that no shutdown came before, as far as the logs reach back."""
        self.uptime.shutdown_times += self.wtmp.shutdowns
        if not self.uptime.boot_times:
            self.uptime.boot_times += self.wtmp.boots
        quarters = [quarter for quarter, entry in self.hours.quarters.items() if entry[0]]
        if quarters:
            self.uptime.reaches_back_from = min(quarters) * 900 + EDGE
        unclean = [when for when, clean in self.uptime.boots() if clean is False]
        if unclean:
            self.findings.append(self.uptime.unclean_finding(unclean))

    def _run_logwatch(self):
        data, problem = read_logwatch(self.machine)
        self.data["logwatch"] = data
        if problem:
            self.incomplete.append(problem)

    def _source_data(self):
        """Return which sources were read, how much, and what of it was not understood."""
        sources = list(self.files.sources)
        if self.journal.entries or self.journal.problems:
            sources.insert(0, {
                "path": text(self.journal_dir, 300) if self.journal_dir else "journal", "lines": self.journal.entries, "unparsed": self.journal.unparsed,
                "first": iso(self.journal.first), "last": iso(self.journal.last), "too_long": self.journal.too_long,
            })
        names = [name for name, count in (("journal", self.journal.entries), ("files", self.files.lines)) if count]
        if len(sources) > 100:
            self.cut["sources"] = {"rows": len(sources) - 100, "events_not_kept": 0}
        data = {
            "source": " and ".join(names) or "none",
            "sources": sources[:100],
            "window": {"since": iso(self.since), "until": iso(self.until if self.until is not None else self.machine.now)},
            "lines": self.journal.entries + self.files.lines,
            "unparsed": {"total": self.journal.unparsed + self.files.unparsed, "samples": (self.journal.samples + self.files.samples)[:10]},
            "hours": self.hours.data(),
            "errors": shown(self.journal.errors, self.top, self.cut, "errors"),
            "forged": shown(self.journal.forged, self.top, self.cut, "forged"),
            "cut": self.cut,
        }
        if self.journal.forged.total:
            self.findings.append(_forged_finding(self.journal.forged))
        return data


def _forged_finding(tally):
    rows = sorted(tally.rows.items())
    return finding(
        "log_digest.forged_messages", "high", "An unprivileged process wrote log messages in the name of another program", "log",
        evidence=[("journal", b"as " + key[0] + b" by uid " + key[1] + b" (" + (key[2] or b"?") + b"): " + redact(entry[3] or b"")) for key, entry in rows],
        remedy="Somebody wants the log to tell a story, or to hide one. Look at what that user runs. The messages were not counted as logins or commands.",
        commands=["journalctl _UID=%s -n 50" % text(key[1], 10) for key in sorted(tally.rows)[:3] if key[1].isdigit()], count=tally.total,
        first=min(entry[1] for _key, entry in rows), last=max(entry[2] for _key, entry in rows))


def _stopped_finding(title, words):
    return finding(
        "log_digest.logs_stopped", "high", title, "logs", evidence=[("log", words)],
        remedy="A server that logs nothing cannot be looked after. Start the log daemon, free the disk, or find out who stopped it.",
        commands=["systemctl status systemd-journald rsyslog", "df -h /var/log", "ls -lat /var/log | head"])


def _holds_journal(machine, folder):
    folder = machine.path(folder)
    try:
        return any(os.path.isdir(os.path.join(folder, name)) and os.listdir(os.path.join(folder, name)) for name in os.listdir(folder))
    except OSError:
        return False


def _path(value):
    return None if value in (None, "") else os.fsencode(value)
