# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services, timers and cron jobs that failed.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import shlex

from ..host.finding import finding, text
from .log_digest_table import Tally, Topic, row, shown

# So many restarts in the window are a loop, not an incident.
RESTART_LOOP = 5

# Messages of cron that are remembered with the job that they name: the same few come every minute.
JOBS_REMEMBERED = 500

_UNIT = rb"(?P<unit>[A-Za-z0-9:_.@\\-]{1,255}\.(?:service|socket|timer|mount|automount|swap|path|scope|target|slice|device))"

# systemd's words from version 219 (EL7) on.
SYSTEMD = (
    row("unit.failed", b"Failed with result ",
        _UNIT + rb": Failed with result [\x27\"](?P<why>[^\x27\"]{1,60})",
        "failed", "a unit ended in failure (v236 and later)",
        b"backup.service: Failed with result 'exit-code'."),
    row("unit.failed_old", b"entered failed state",
        rb"Unit " + _UNIT + rb" entered failed state",
        "failed", "the same, v219 to v235",
        b"Unit backup.service entered failed state."),
    row("unit.oom", b"killed by the OOM killer",
        _UNIT + rb": .{0,80}killed by the OOM killer",
        "oom", "memory ran out in a unit",
        b"web.service: A process of this unit has been killed by the OOM killer."),
    row("unit.restart", b"Scheduled restart job",
        _UNIT + rb": Scheduled restart job",
        "restarted", "a service died and is started again",
        b"web.service: Scheduled restart job, restart counter is at 5."),
    row("unit.restart_old", b"holdoff time over",
        _UNIT + rb" holdoff time over, scheduling restart",
        "restarted", "the same, older",
        b"web.service holdoff time over, scheduling restart."),
    row("unit.gave_up", b"tart request repeated too quickly",
        _UNIT + rb":? [Ss]tart request repeated too quickly",
        "gave_up", "systemd stopped trying",
        b"web.service: Start request repeated too quickly."),
    row("unit.exit", b"process exited",
        _UNIT + rb": (?:Main|Control) process exited, code=(?P<code>\w{1,20}),? status=(?P<status>[\w/-]{1,40})",
        "exited", "how it ended",
        b"backup.service: Main process exited, code=exited, status=1/FAILURE"),
    row("unit.finished", (b"eactivated successfully", b"ucceeded."),
        _UNIT + rb": (?:Deactivated successfully|Succeeded)\.",
        None, "it ended as it should",
        b"backup.service: Deactivated successfully."),
    row("unit.follows", (b"Failed to start ", b"Dependency failed", b"Failed to mount ", b"job failed", b"Triggering OnFailure"),
        rb".*",
        None, "said once more of a unit that failed",
        b"Failed to start backup.service - Nightly backup."),
    row("unit.chatter", b"tart",
        rb"(?:Started|Starting) ",
        None, "units come and go",
        b"Started session-12.scope - Session 12 of User deploy.",
        leads=(b"Started", b"Starting", b"Finished", b"Stopped", b"Stopping", b"Created", b"Removed", b"Listening", b"Mounted", b"Closed")),
)

OOMD = (
    row("oomd.killed", b"Killed ",
        rb"Killed (?P<cgroup>\S{1,500}) due to ",
        "oomd", "systemd-oomd ended a unit before memory ran out",
        b"Killed /system.slice/web.service due to memory pressure for /system.slice being 85.40% > 60.00% for > 20s with reclaim activity"),
)

# cron of Debian (vixie) and cronie.
CRON = (
    row("cron.job_failed", b"rror (grandchild",
        rb"\([^)]{1,100}\) error \(grandchild #\d{1,10} failed with exit status (?P<what>\d{1,3})\)",
        "cron_failed", "a job ended with an error",
        b"(CRON) error (grandchild #4242 failed with exit status 1)"),
    row("cron.not_run", (b"rror", b"BAD FILE MODE", b"WRONG FILE OWNER", b"INSECURE MODE", b"ORPHAN", b"FAILED", b"FAIL", b"bad ", b"CAN'T", b"NOT A REGULAR"),
        rb"(?:\((?P<user>[^)]{1,100})\) )?(?P<what>(?:[Ee]rror|ERROR|BAD FILE MODE|WRONG FILE OWNER|WRONG INODE INFO"
        rb"|INSECURE MODE|ORPHAN|FAILED|FAIL|FILE|NOT A REGULAR|CAN.T)\b.{0,200})",
        "cron_broken", "a table or a job that cron does not run",
        b"(*system*backup) INSECURE MODE (group/other writable) (/etc/cron.d/backup)"),
    row("cron.mail", (b"MAIL (", b"No MTA installed"),
        rb".*",
        "cron_mail_lost", "the output of a job went nowhere",
        b"(CRON) info (No MTA installed, discarding output)"),
    row("cron.command", b"CMD",
        rb"\((?P<user>[^)]{1,100})\) (?:CMD|CMDOUT|CMDEND) ?\((?P<what>.*)\)?\Z",
        "cron_ran", "a job was started",
        b"(root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
        usual="cron_ran_again"),
    row("cron.chatter", (
        b"RELOAD", b"STARTUP", b"INFO", b"info", b"crond", b"nacron", b"Job ", b"Jobs", b"Normal exit", b"cron.", b"run-parts", b"session",
        b"Will run", b"starting", b"finished", b"Updated timestamp",
    ),
        rb".*",
        None, "cron at work",
        b"(CRON) INFO (pidfile fd = 3)"),
)

# Where a table of systemd-cron or anacron is at fault, its words are those of cron.
_CRON_PROGRAMS = (b"cron", b"crond", b"anacron", b"run-parts")


class Units(Topic):
    """Units that failed or restart in a loop, and cron jobs."""

    TABLES = dict([(b"systemd", SYSTEMD), (b"systemd-oomd", OOMD)] + [(program, CRON) for program in _CRON_PROGRAMS])

    def __init__(self):
        self.failures = Tally(("unit", "why"))
        self.restarts = Tally(("unit",))
        self.ooms = Tally(("unit",))
        self.given_up = Tally(("unit",))
        self.cron_jobs = Tally(("user", "command"))
        self.cron_failures = Tally(("what",))
        self.cron_tables = Tally(("user", "what"))
        self.mail_lost = 0
        self._jobs = {}
        self._exits = {}
        # Units that are in failure now, as the service manager says, {unit: description}; None where it was not asked.
        self.now_failed = None

    def failed(self, event):
        """A unit that ended in failure, with the last known exit status of its process."""
        unit = event["unit"]
        why = event.match.groupdict().get("why") or b"failed"
        exit_status = self._exits.pop(unit, b"")
        self.failures.add((unit, why + (b", " + exit_status if exit_status else b"")), event.when, event.count)
        if why == b"oom-kill":
            self.ooms.add((unit,), event.when, event.count, event.message)

    def exited(self, event):
        if len(self._exits) < 1000:
            self._exits[event["unit"]] = event["code"] + b" " + event["status"]

    def oom(self, event):
        """Memory ran out in a unit; counted by the failure that follows where one does."""
        self.ooms.add((event["unit"],), event.when, 0, event.message)

    def oomd(self, event):
        """systemd-oomd ended a unit."""
        self.ooms.add((event["cgroup"].rsplit(b"/", 1)[-1],), event.when, event.count, event.message)

    def restarted(self, event):
        self.restarts.add((event["unit"],), event.when, event.count)

    def gave_up(self, event):
        self.given_up.add((event["unit"],), event.when, event.count)

    def cron_failed(self, event):
        self.cron_failures.add((b"exit status " + event["what"],), event.when, event.count)

    def cron_broken(self, event):
        self.cron_tables.add((event["user"], event["what"][:200]), event.when, event.count)

    def cron_mail_lost(self, event):
        self.mail_lost += event.count

    def cron_ran(self, event):
        job = (event["user"], event["what"].strip().rstrip(b")")[:160])
        self.cron_jobs.add(job, event.when, event.count)
        if len(self._jobs) < JOBS_REMEMBERED:
            self._jobs[event.message] = job

    def cron_ran_again(self, message, when):
        """Count a job that was started before in the same words; returns whether it was."""
        job = self._jobs.get(message)
        if job is None:
            return False
        self.cron_jobs.add(job, when)
        return True

    def data(self, limit, cut):
        """Return the digest's C(units) and C(cron)."""
        return {
            "units": {
                "failed_now": None if self.now_failed is None else [text(unit, 255) for unit in sorted(self.now_failed)[:limit]],
                "failures": shown(self.failures, limit, cut, "units.failures"),
                "restarts": shown(self.restarts, limit, cut, "units.restarts"),
            },
            "cron": {
                "jobs_started": self.cron_jobs.total,
                "jobs": shown(self.cron_jobs, limit, cut, "cron.jobs"),
                "failures": shown(self.cron_failures, limit, cut, "cron.failures"),
                "not_run": shown(self.cron_tables, limit, cut, "cron.not_run"),
                "output_lost": self.mail_lost,
            },
        }

    def findings(self):
        """Units that are failed, those that restart in a loop or ran out of memory, and cron tables that are not run."""
        found = [self._failed_finding(unit) for unit in sorted(self._failed_units())]
        for (unit,), (count, first, last, _sample) in sorted(self.restarts.rows.items()):
            if count >= RESTART_LOOP or (unit,) in self.given_up.rows:
                found.append(_unit_finding(
                    "unit_restarting", "medium", "%s dies and is restarted again and again", unit, [("systemd", "%d restarts in the window" % count)],
                    "Read why it dies; stop it if it does harm meanwhile.", count, first, last))
        for (unit,), (count, first, last, sample) in sorted(self.ooms.rows.items()):
            found.append(_unit_finding("oom", "high", "Memory ran out in %s", unit, [("systemd", sample)],
                                       "Find out what used the memory; give the unit more (MemoryMax=) or the program less.", max(1, count), first, last))
        for (user, what), (count, first, last, _sample) in sorted(self.cron_tables.rows.items()):
            found.append(finding(
                "log_digest.cron_not_run", "medium", "cron does not run a table or job: %s" % text(what, 120), "%s %s" % (text(user, 60), text(what, 120)),
                evidence=[("cron", b"(" + user + b") " + what)], remedy="Correct what cron complains of; until then the jobs of that table are not run.",
                commands=["grep -rn '' /etc/crontab /etc/cron.d", "ls -l /etc/cron.d /var/spool/cron"], count=count, first=first, last=last))
        return found

    def _failed_units(self):
        """Units in failure now; where the manager cannot be asked (copied logs), those that failed in the window."""
        if self.now_failed is not None:
            return set(self.now_failed)
        return {key[0] for key in self.failures.rows}

    def _failed_finding(self, unit):
        rows = [(key[1], entry) for key, entry in sorted(self.failures.rows.items()) if key[0] == unit]
        evidence = [("systemd", b"%d times: " % entry[0] + why) for why, entry in rows]
        if self.now_failed is not None and self.now_failed.get(unit):
            evidence.insert(0, ("systemctl", self.now_failed[unit]))
        return _unit_finding(
            "failed_unit", "medium", "%s failed", unit, evidence or [("systemctl", "failed before the window")],
            "Read why, correct it and start it again; a unit that is not wanted any more is disabled and reset.",
            sum(entry[0] for _why, entry in rows) or None, min([entry[1] for _why, entry in rows] or [None]), max([entry[2] for _why, entry in rows] or [None]))


def _unit_finding(rule, severity, title, unit, evidence, remedy, count, first, last):
    name = text(unit, 255)
    quoted = shlex.quote(name)
    return finding(
        "log_digest." + rule, severity, title % name, name, evidence=evidence, remedy=remedy,
        commands=["systemctl status -- %s" % quoted, "journalctl -n 50 -u %s" % quoted], count=count, first=first, last=last)
