# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic updates of Debian and Ubuntu: unattended-upgrades.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re
import time

from ..host.finding import text
from ..host.proc import Proc
from ..host.systemd import is_booted
from .software_apt_conf import settings
from .software_text import is_on
from .software_units import jobs, mtime

# What is known of one way to update: names as in data.updates. problem: what keeps it from working, commands: what sets it right.
State = collections.namedtuple(
    "State", "tool installed enabled applies scope last_run last_success error error_time excluded problem commands reasons",
)

PERIODIC = b"/var/lib/apt/periodic/"
LISTS = b"/var/lib/apt/lists"
LOG = b"/var/log/unattended-upgrades/unattended-upgrades.log"
LOG_TAIL = 262144

REFRESH, UPGRADE = b"apt-daily.timer", b"apt-daily-upgrade.timer"
PAIRS = ((REFRESH, b"apt-daily.service"), (UPGRADE, b"apt-daily-upgrade.service"))
# What runs them where systemd does not: cron, each day, where a program of one of these names runs.
CRON = b"/etc/cron.daily/apt-compat"
CRONS = (b"cron", b"crond", b"fcron", b"bcron-sched")

SET_UP = ("apt-get install unattended-upgrades", "dpkg-reconfigure --priority=low unattended-upgrades")

# 2026-11-22 06:12:01,123 ERROR Installing the upgrades failed!
_LINE = re.compile(rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ ([A-Z]+) (.*)\Z")
_BEGIN = b"Starting unattended upgrades script"
# How a run ends that did what it could; others end with a word of the level ERROR or CRITICAL.
_GOOD = (b"All upgrades installed", b"No packages found that can be upgraded unattended")


def lists_written(machine):
    """Return when the lists of packages were last had from the network in seconds since 1970, or None."""
    stamps = [mtime(machine, PERIODIC + name) for name in (b"update-success-stamp", b"update-stamp")]
    if any(name.endswith((b"Release", b"Packages")) or b"_Packages." in name for name in _names(machine, LISTS)):
        stamps.append(mtime(machine, LISTS))
    return max([stamp for stamp in stamps if stamp is not None] or [0]) or None


def _names(machine, folder):
    try:
        return os.listdir(machine.path(folder))
    except OSError:
        return []


def look(machine):
    """Return (State, problems)."""
    config = settings(machine)
    problems = [] if config else ["apt does not say how it is set up"]
    timers, more = jobs(machine, PAIRS)
    problem, commands, applies = _set_up(machine, config, timers, problems)
    runs = _last_run(machine)
    success = mtime(machine, PERIODIC + b"upgrade-stamp")
    if runs["good"]:
        success = max(success or 0, runs["started"])
    fresh = lists_written(machine)
    if success is not None and fresh is not None:
        success = min(success, fresh)  # nothing is found to upgrade in old lists
    error, error_time = runs["error"], runs["started"]
    service = timers.get(REFRESH)
    if not error and service is not None and service.result not in ("", "success"):
        error, error_time = "apt-daily.service, which has the lists of packages, ended with %s" % service.result, service.ended
    state = State(
        tool="unattended-upgrades", installed=machine.which(b"unattended-upgrade") is not None, enabled=not problem, applies=applies, scope=_scope(config),
        last_run=runs["started"] or success, last_success=success, error=error, error_time=error_time,
        excluded=sorted(text(value, 200) for value in config.get(b"unattended-upgrade::package-blacklist", []) if value),
        problem=problem, commands=commands, reasons=_reasons(config, timers),
    )
    return state, problems + more


def _set_up(machine, config, timers, problems):
    """Return (what keeps updates from being installed, the commands against it, whether they are applied at all)."""
    if machine.which(b"unattended-upgrade") is None:
        return "unattended-upgrades is not installed", SET_UP, False
    if not is_on(_last(config, b"apt::periodic::enable", b"1")):
        return "APT::Periodic::Enable is off", ("dpkg-reconfigure --priority=low unattended-upgrades",), False
    for name, what in ((b"update-package-lists", "the lists of packages are not refreshed"), (b"unattended-upgrade", "nothing is installed by itself")):
        if _last(config, b"apt::periodic::" + name, b"0").strip(b"0 ") in (b"", b"d", b"h", b"m", b"s"):
            key = {b"update-package-lists": "Update-Package-Lists", b"unattended-upgrade": "Unattended-Upgrade"}[name]
            return "APT::Periodic::%s is 0: %s" % (key, what), ("dpkg-reconfigure --priority=low unattended-upgrades",), False
    if not _scope(config):
        return "Unattended-Upgrade::Origins-Pattern allows nothing", ("unattended-upgrade --dry-run --debug",), False
    problem, commands = _with_timers(timers) if is_booted(machine) else _with_cron(machine, problems)
    return problem, commands, not problem


def _with_timers(timers):
    for timer, _service in PAIRS:
        job = timers.get(timer)
        if job is None:
            return "%s does not exist" % text(timer), ("apt-get install --reinstall apt",)
        if not job.enabled or job.active is False:
            word = "masked" if job.masked else "disabled" if not job.enabled else "stopped"
            commands = ("systemctl unmask %s" % text(timer),) if job.masked else ()
            return "%s is %s" % (text(timer), word), commands + ("systemctl enable --now %s" % text(timer),)
    return "", ()


def _with_cron(machine, problems):
    if not os.access(machine.path(CRON), os.X_OK):
        return "systemd does not run here, and cron has no %s" % text(CRON), ("apt-get install --reinstall apt",)
    proc = Proc(machine)
    if any((proc.read(pid, b"comm") or b"").strip() in CRONS for pid in proc.pids()):
        return "", ()
    if proc.read(1, b"comm") is None:
        problems.append("automatic updates: whether cron runs is hidden, run it as root")
        return "", ()
    return "neither systemd nor cron runs here", ("apt-get install cron", "service cron start")


def _last(config, name, default):
    return (config.get(name) or [default])[-1]


def _scope(config):
    """Return what may be installed: "security", "all", or "" for nothing."""
    origins = [value.lower() for key in (b"origins-pattern", b"allowed-origins") for value in config.get(b"unattended-upgrade::" + key, []) if value]
    if not origins:
        return ""
    return "security" if all(b"security" in origin or b"esm" in origin for origin in origins) else "all"


def _reasons(config, timers):
    shown = [b"apt::periodic::enable", b"apt::periodic::update-package-lists", b"apt::periodic::unattended-upgrade"]
    found = [("apt-config dump", "%s %s" % (text(name), text(_last(config, name, b"is not set"), 50))) for name in shown]
    for timer in sorted(timers):
        job = timers[timer]
        found.append((text(timer), "masked" if job.masked else "enabled" if job.enabled else "disabled"))
    return found


def _last_run(machine):
    """Return what the log says of the last run: {started, good, error}; started is None where there is no run in it."""
    found = {"started": None, "good": False, "error": ""}
    for line in _tail(machine).split(b"\n"):
        match = _LINE.match(line)
        if not match:
            continue
        when, level, words = match.groups()
        if words.startswith(_BEGIN):
            found = {"started": _local(when), "good": False, "error": ""}
        elif level in (b"ERROR", b"CRITICAL") and not found["error"]:
            found["error"] = text(words, 300)
        elif words.startswith(_GOOD):
            found["good"] = True
    found["good"] = found["good"] and not found["error"]
    return found


def _tail(machine):
    """Return the end of the log; of the rotated one before it where the log is new and empty."""
    for path in (LOG, LOG + b".1"):
        try:
            with open(machine.path(path), "rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - LOG_TAIL))
                raw = log.read(LOG_TAIL)
        except OSError:
            continue
        if _BEGIN in raw:
            return raw
    return b""


def _local(when):
    """Return seconds since 1970 of the server's own time, which Python's logging writes."""
    try:
        return time.mktime(time.strptime(when.decode("ascii"), "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return None
