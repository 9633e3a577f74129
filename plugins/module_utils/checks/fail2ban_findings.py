# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to tell the administrator: each situation of fail2ban as a finding with its evidence and its remedy.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import shlex

from ..host.finding import finding

LOOK = ("systemctl status fail2ban.service", "journalctl -u fail2ban.service -n 50 --no-pager", "fail2ban-client -t")

# Files that a syslog daemon writes. Without one they are in the journal only, as on Debian from 12 on.
SYSLOG_FILES = frozenset(("auth.log", "daemon.log", "mail.log", "mail.warn", "maillog", "messages", "secure", "syslog"))

# state of the socket: (rule, severity, title, remedy, commands) where fail2ban is installed and cannot be asked
SILENT_SERVER = {
    "missing": (
        "fail2ban.not_running", "high", "fail2ban is installed and does not run: nobody is banned",
        "Find out why it stopped, then start it. Where another tool does its work, remove it.", LOOK + ("systemctl enable --now fail2ban.service",),
    ),
    "stale": (
        "fail2ban.socket_stale", "high", "fail2ban left its socket and is gone: nobody is banned",
        "The server died without cleaning up. Find out why, then start it: it replaces the socket.", LOOK + ("systemctl restart fail2ban.service",),
    ),
    "denied": (
        "fail2ban.socket_denied", "medium", "fail2ban's socket refuses root",
        "A security module or a mount keeps root out: fail2ban-client cannot work either.", ("ls -lZ /run/fail2ban", "journalctl -k -g denied -n 50"),
    ),
    "timeout": (
        "fail2ban.no_answer", "medium", "fail2ban does not answer",
        "The server hangs or is overloaded; while it hangs it may ban nobody.", LOOK + ("systemctl restart fail2ban.service",),
    ),
    "unsafe": (
        "fail2ban.socket_unsafe", "medium", "fail2ban's socket is not in safe hands",
        "Only root may be able to put a socket there: whoever can replace it can say that all is well.", ("ls -ld /run/fail2ban /run/fail2ban/*",),
    ),
    "refused": (
        "fail2ban.bad_answer", "medium", "Something else than fail2ban answers on its socket",
        "The answer is not what fail2ban sends and was not read. See which process listens there.", ("ss -xlp", "systemctl status fail2ban.service"),
    ),
    "large": (
        "fail2ban.bad_answer", "low", "fail2ban's answer is too long to be read",
        "Some hundred thousand bans make so long an answer, and so does what is no fail2ban. Shorter bans, or sets of networks in the firewall, cost less.",
        ("ss -xlp", "systemctl status fail2ban.service"),
    ),
    "unreadable": (
        "fail2ban.bad_answer", "low", "fail2ban's answer cannot be read",
        "fail2ban runs on a newer Python than the one that looked, and fail2ban-client did not help out.", ("fail2ban-client status",),
    ),
}


def not_installed(places):
    """The host listens on ssh to other networks and no tool bans password guessers."""
    return finding(
        "fail2ban.not_installed", "info", "No tool bans password guessers, and ssh listens to other networks", "ssh",
        evidence=[("listening sockets", place) for place in places],
        remedy="With passwords switched off in sshd guessers get nowhere and only fill the log; with passwords allowed, install fail2ban.",
        commands=("sshd -T | grep -i passwordauthentication", "apt-get install fail2ban || dnf install fail2ban"),
        references=("https://github.com/fail2ban/fail2ban",),
    )


def silent_server(state, reason, path, facts):
    """fail2ban is installed and its server cannot be asked; C(facts) are (source, text) pairs of what else is known."""
    rule, severity, title, remedy, commands = SILENT_SERVER[state]
    return finding(rule, severity, title, "fail2ban", evidence=[(path, reason)] + list(facts), remedy=remedy, commands=commands)


def switched_off():
    """fail2ban is installed, does not run, and would not start at boot: somebody may have meant it."""
    return finding(
        "fail2ban.not_running", "medium", "fail2ban is installed, but neither runs nor starts at boot", "fail2ban",
        evidence=[("systemd", "fail2ban.service is not enabled")],
        remedy="Start it, or remove the package where nobody wants it.",
        commands=("systemctl enable --now fail2ban.service",),
    )


def unreachable_server():
    """The server's process runs, and the socket it should have is not there."""
    return finding(
        "fail2ban.socket_missing", "medium", "fail2ban runs, but its socket is gone: it cannot be asked or told anything", "fail2ban",
        evidence=[("/proc", "a fail2ban-server is running")],
        remedy="Something removed the socket, or the server uses another one than its configuration says. A restart makes it anew.",
        commands=("systemctl restart fail2ban.service",),
    )


def no_jails():
    """The server runs without any jail."""
    return finding(
        "fail2ban.no_jails", "medium", "fail2ban runs without a single jail: it does nothing", "fail2ban",
        remedy="Enable a jail, for ssh at least.",
        commands=("printf '[sshd]\\nenabled = true\\n' > /etc/fail2ban/jail.d/sshd.local", "fail2ban-client -t && systemctl reload fail2ban.service"),
    )


def jail_not_running(name, sources):
    """The configuration enables a jail that the server does not have."""
    return finding(
        "fail2ban.jail_not_running", "high", "Jail %s is enabled and does not run" % name, name,
        evidence=[("configuration", "enabled in the configuration read from %s" % sources), ("fail2ban-server", "the jail is not among the running ones")],
        remedy="It was stopped by hand, its configuration is wrong, or nobody reloaded since it was enabled.",
        commands=("fail2ban-client -t", "fail2ban-client reload %s" % shlex.quote(name), "fail2ban-client status %s" % shlex.quote(name)),
    )


def jail_without_log(name, evidence, paths, has_journal, runs):
    """A jail reads no file and no journal, or a file that is not there: C(paths). C(runs): the server does, and can be asked."""
    commands = ["fail2ban-client get %s logpath" % shlex.quote(name)] if runs else []
    if not any(path.rsplit("/", 1)[-1] in SYSLOG_FILES for path in paths):
        remedy = "Point logpath at the log that the service writes, or use backend = systemd where it logs to the journal."
        commands.append("grep -rn -e logpath -e backend /etc/fail2ban/jail.d /etc/fail2ban/jail.local")
    elif has_journal and re.match(r"[A-Za-z0-9_-]{1,60}\Z", name):
        remedy = "No syslog daemon writes that file: what it would hold is in the journal. Let the jail read that (it takes Python's module systemd)."
        commands.append("apt-get install python3-systemd || dnf install python3-systemd")
        commands.append("printf '[%s]\\nbackend = systemd\\n' > /etc/fail2ban/jail.d/%s-journal.local" % (name, name))
    else:
        remedy = "Nothing writes that file: no syslog daemon does, or the service logs elsewhere. Install one, or point logpath at the log that is there."
        commands += ["ls -la /var/log", "apt-get install rsyslog || dnf install rsyslog"]
    return finding(
        "fail2ban.jail_without_log", "high", "Jail %s has no log to read" % name, name,
        evidence=evidence,
        remedy=remedy + " Up to fail2ban 1.1.0 one such jail keeps the whole server from starting.",
        commands=commands + ["fail2ban-client -t && systemctl restart fail2ban.service"],
        references=("https://github.com/fail2ban/fail2ban/issues/1593", "https://github.com/fail2ban/fail2ban/issues/3292"),
    )


def ban_fails(name, failing, bans, log, total):
    """Bans of a jail did not come about. C(failing) are its broken actions, C(total) whether every action of the jail is broken."""
    evidence = [("fail2ban-server", "%s bans stand in its status" % bans)] if bans is not None else []
    last = log.failed[-1][0] if log.failed else (log.not_started[-1][0] if log.not_started else None)
    evidence += [("log", "action %s failed to ban %s" % (action, address or "an address")) for _when, address, action in log.failed]
    evidence += [("log", "action %s failed to start" % action) for _when, action in log.not_started]
    evidence += [("log", words) for words in log.said]
    if total:
        title = "Jail %s bans on paper only: its action fails" % name
        remedy = "fail2ban says banned, and the firewall was never told. Mend the action: its command is missing, or the firewall tool has changed."
    else:
        title = "Jail %s: action %s fails" % (name, ", ".join(failing))
        remedy = "Other actions of the jail work, so bans may be in force all the same; what this action does (ban, mail, report) is not done."
    return finding(
        "fail2ban.ban_fails", "high" if total else "medium", title, name, evidence=evidence, remedy=remedy,
        commands=tuple("fail2ban-client get %s action %s actionban" % (shlex.quote(name), shlex.quote(action)) for action in failing),
        references=("https://github.com/fail2ban/fail2ban/issues/745",), count=log.failed_count + len(log.not_started), last=last,
    )


def ignores_everyone(name, entries, shown, written):
    """A jail's ignoreip holds the whole world, or a part of it too large for one site."""
    everyone = [entry for entry in entries if entry.endswith("/0")]
    evidence = [("fail2ban-client get %s ignoreip" % name, ", ".join(shown))]
    if written:
        evidence.append(("configuration", "ignoreip = %s" % " ".join(written.split())))
    if everyone:
        title = "Jail %s ignores everyone: ignoreip holds %s" % (name, ", ".join(everyone))
    else:
        title = "Jail %s ignores a large part of the internet: ignoreip holds %s" % (name, ", ".join(entries))
    return finding(
        "fail2ban.ignores_everyone", "high" if everyone else "medium", title, name, evidence=evidence,
        remedy="fail2ban shows 0.0.0.0/0 as 0.0.0.0, which looks harmless. Name the few addresses that must never be banned.",
        commands=("grep -rn ignoreip /etc/fail2ban/", "systemctl reload fail2ban.service"),
    )


def jail_silent(name, blindness):
    """A jail has counted nothing, and its log holds failures since it began to count."""
    return finding(
        "fail2ban.jail_silent", "medium", "Jail %s has found nothing, but its log has failures" % name, name,
        evidence=[("log of the jail", line) for line in blindness.samples],
        remedy="The filter does not match what the service writes now: the service's log format changed, or fail2ban's filter is older than it.",
        commands=("fail2ban-client status %s" % shlex.quote(name), "fail2ban-client get %s failregex" % shlex.quote(name)),
        count=blindness.count, last=blindness.last,
    )


def repeat_offenders(rows, count, least):
    """Addresses came back again and again, and no jail makes their bans longer. C(rows) are the worst: (address, jails, bans, last)."""
    return finding(
        "fail2ban.repeat_offenders", "low", "Addresses came back after %d bans or more" % least, "repeat offenders",
        evidence=[("fail2ban", "%s: %d bans by %s" % (address, bans, ", ".join(jails))) for address, jails, bans, _last in rows],
        remedy="Let bans grow with every repetition, or enable the jail recidive.",
        commands=("printf '[DEFAULT]\\nbantime.increment = true\\n' > /etc/fail2ban/jail.d/increment.local", "systemctl reload fail2ban.service"),
        references=("https://github.com/fail2ban/fail2ban/wiki/Best-practice",), count=count, last=max(row[3] for row in rows),
    )
