# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic updates of the distributions with rpm: dnf-automatic, yum-cron, zypper and its kin.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import glob
import os

from ..host.finding import text
from .software_text import is_on, sections
from .software_units import jobs, mtime
from .software_updates_apt import State

# One way to update. applies: what its unit does whatever the settings say, None where they decide.
Way = collections.namedtuple("Way", "tool timer service applies")

# A timer that installs comes first: one of them enabled is enough.
WAYS = (
    Way("dnf-automatic", b"dnf-automatic-install.timer", b"dnf-automatic-install.service", True),
    Way("dnf-automatic", b"dnf-automatic.timer", b"dnf-automatic.service", None),
    Way("dnf5-automatic", b"dnf5-automatic.timer", b"dnf5-automatic.service", None),
    Way("dnf-automatic", b"dnf-automatic-download.timer", b"dnf-automatic-download.service", False),
    Way("dnf-automatic", b"dnf-automatic-notifyonly.timer", b"dnf-automatic-notifyonly.service", False),
    Way("rpm-ostreed-automatic", b"rpm-ostreed-automatic.timer", b"rpm-ostreed-automatic.service", None),
    Way("transactional-update", b"transactional-update.timer", b"transactional-update.service", True),
    Way("os-update", b"os-update.timer", b"os-update.service", True),
)

# Of each tool: its settings, the later one over the earlier; section, key and the values that mean that updates are installed.
SETTINGS = {
    "dnf-automatic": ((b"/etc/dnf/automatic.conf",), b"commands", b"apply_updates", None),
    "dnf5-automatic": (
        (b"/usr/share/dnf5/dnf5-plugins/automatic.conf", b"/etc/dnf/automatic.conf", b"/etc/dnf/dnf5-plugins/automatic.conf"),
        b"commands", b"apply_updates", None,
    ),
    "rpm-ostreed-automatic": ((b"/etc/rpm-ostreed.conf",), b"daemon", b"automaticupdatepolicy", (b"stage", b"apply")),
}

YUM_CRON = b"/etc/yum/yum-cron.conf"
YUM_CRON_LINKS = (b"/etc/systemd/system/*.wants/yum-cron.service", b"/etc/rc.d/rc3.d/S*yum-cron", b"/etc/rc3.d/S*yum-cron")
ANACRON = b"/var/spool/anacron/cron.daily"

ONLINE_UPDATE = b"/etc/sysconfig/automatic_online_update"
ONLINE_UPDATE_LINKS = b"/etc/cron.*/opensuse.org-online_update"
SUSE_LASTRUN = b"/var/spool/cron/lastrun/cron."

# What sets up the updates, by the package manager that is there; the first that is found.
SET_UP = (
    (b"dnf5", ("dnf install dnf5-plugin-automatic", "systemctl enable --now dnf5-automatic.timer")),
    (b"dnf", ("dnf install dnf-automatic", "systemctl enable --now dnf-automatic-install.timer")),
    (b"yum", ("yum install yum-cron", "sed -i 's/^apply_updates = no/apply_updates = yes/' /etc/yum/yum-cron.conf", "systemctl enable --now yum-cron")),
    (b"zypper", ("zypper install os-update", "systemctl enable --now os-update.timer")),
)


def look(machine):
    """Return (State, problems): of the way that installs updates, else of the best that is there."""
    timers, problems = jobs(machine, [(way.timer, way.service) for way in WAYS])
    states = [_of_timer(machine, way, timers[way.timer]) for way in WAYS if way.timer in timers]
    states += [state for state in (_yum_cron(machine), _online_update(machine)) if state is not None]
    if not states:
        return _nothing(machine), problems
    return max(states, key=lambda state: (state.enabled and state.applies, state.enabled, -states.index(state))), problems


def excluded(machine, tool):
    """Return the packages that the settings keep from being updated, as they are written there."""
    found = set()
    for path in (b"/etc/dnf/dnf.conf", b"/etc/yum.conf") + ((YUM_CRON,) if tool == "yum-cron" else ()):
        for section, values in sections(machine.read_or_none(path, 262144) or b""):
            if section in (b"main", b"base"):
                for key in (b"exclude", b"excludepkgs"):
                    found.update(values.get(key, b"").replace(b",", b" ").split())
    return sorted(text(name, 200) for name in found)


def _of_timer(machine, way, job):
    applies, scope = _applies(machine, way)
    error = "" if job.result in ("", "success") else "%s ended with %s (%s)" % (text(way.service), job.result, job.status)
    running = job.enabled and job.active is not False
    problem = "" if running else "%s is %s" % (text(way.timer), "masked" if job.masked else "stopped" if job.enabled else "disabled")
    commands = ["systemctl enable --now %s" % text(way.timer)]
    if job.masked:
        commands.insert(0, "systemctl unmask %s" % text(way.timer))
    return State(
        tool=way.tool, installed=True, enabled=running, applies=applies, scope=scope, last_run=max(job.stamp or 0, job.started or 0) or None,
        last_success=job.ended if job.result == "success" else None, error=error, error_time=job.ended, excluded=excluded(machine, way.tool),
        problem=problem, commands=tuple(_installing(way) if running and not applies else commands),
        reasons=[(text(way.timer), problem or "enabled")],
    )


def _installing(way):
    if way.tool == "dnf-automatic":
        return ["systemctl disable --now %s" % text(way.timer), "systemctl enable --now dnf-automatic-install.timer"]
    if way.tool == "dnf5-automatic":
        return ["printf '[commands]\\napply_updates=yes\\n' >> /etc/dnf/automatic.conf"]
    return ["sed -i 's/^#*AutomaticUpdatePolicy=.*/AutomaticUpdatePolicy=stage/' /etc/rpm-ostreed.conf", "systemctl reload rpm-ostreed"]


def _applies(machine, way):
    """Return (whether updates are installed, which)."""
    value, scope = None, "all"
    paths, section, key, meaning = SETTINGS.get(way.tool, ((), b"", b"", None))
    for path in paths:
        for name, values in sections(machine.read_or_none(path, 262144) or b""):
            if name.lower() == section:
                value = values.get(key, value)
                if values.get(b"upgrade_type", b"").lower() in (b"default", b"security"):
                    scope = "security" if values[b"upgrade_type"].lower() == b"security" else "all"
    if way.applies is not None:
        return way.applies, scope
    value = (value or b"").strip(b"\"' ").lower()
    return (value in meaning if meaning else is_on(value)), scope


def _yum_cron(machine):
    raw = machine.read_or_none(YUM_CRON, 262144)
    if raw is None:
        return None
    values = dict(sections(raw)).get(b"commands", {})
    enabled = any(glob.glob(machine.path(path)) for path in YUM_CRON_LINKS)
    applies = is_on(values.get(b"apply_updates", b""))
    commands = ["systemctl enable --now yum-cron"]
    if not applies:
        commands.insert(0, "sed -i 's/^apply_updates *=.*/apply_updates = yes/' /etc/yum/yum-cron.conf")
    return State(
        tool="yum-cron", installed=True, enabled=enabled, applies=applies, scope="all" if values.get(b"update_cmd", b"default") == b"default" else "security",
        last_run=mtime(machine, ANACRON), last_success=None, error="", error_time=None, excluded=excluded(machine, "yum-cron"),
        problem="" if enabled else "the service yum-cron is disabled", commands=tuple(commands),
        reasons=[(text(YUM_CRON), "apply_updates = %s" % text(values.get(b"apply_updates", b"(not set)"), 50))],
    )


def _online_update(machine):
    """SUSE's own cron job: YaST's online update configuration."""
    raw = machine.read_or_none(ONLINE_UPDATE, 262144)
    if raw is None:
        return None
    value = b""
    for line in raw.split(b"\n"):
        name, equals, rest = line.strip().partition(b"=")
        if equals and name == b"AOU_ENABLE_CRONJOB":
            value = rest.strip(b"\"' ")
    links = glob.glob(machine.path(ONLINE_UPDATE_LINKS))
    enabled = is_on(value) and bool(links)
    period = os.path.dirname(links[0]).rpartition(b".")[2] if links else b"daily"
    return State(
        tool="online-update", installed=True, enabled=enabled, applies=enabled, scope="all", last_run=mtime(machine, SUSE_LASTRUN + period),
        last_success=None, error="", error_time=None, excluded=[], problem="" if enabled else "AOU_ENABLE_CRONJOB is not true, or no cron job is there",
        commands=("yast2 online_update_configuration",), reasons=[(text(ONLINE_UPDATE), "AOU_ENABLE_CRONJOB=%s" % text(value, 50))],
    )


def _nothing(machine):
    commands = next((lines for program, lines in SET_UP if machine.which(program)), ())
    return State(
        tool="", installed=False, enabled=False, applies=False, scope="", last_run=None, last_success=None, error="", error_time=None,
        excluded=excluded(machine, ""), problem="none of dnf-automatic, yum-cron, online update, os-update and transactional-update is installed",
        commands=commands, reasons=[],
    )
