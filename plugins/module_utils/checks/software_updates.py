# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are updates installed by themselves, and do they still come: the judgement, whatever tool does it.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.facts import boot_time, container
from ..host.finding import finding, iso, text
from ..host.redact import redact
from ..host.systemd import is_booted

DAY = 86400
SILENT_DAYS = 3

# Such a container is made anew from its image; nobody updates it from within.
IMAGES = ("docker", "podman", "oci", "containerd", "kubernetes", "kube", "buildah")

DPKG, RPM = "dpkg", "rpm"


def look(machine, manager, options):
    """Return (data, findings, problems) of the automatic updates."""
    if manager not in (DPKG, RPM):
        return {}, [], []
    # A server lives by one of the two.
    if manager == DPKG:
        from . import software_updates_apt as updates
    else:
        from . import software_updates_rpm as updates
    state, problems = updates.look(machine)
    data = {
        "tool": state.tool, "installed": state.installed, "enabled": state.enabled, "applies": state.applies, "scope": state.scope,
        "last_run": iso(state.last_run), "last_success": iso(state.last_success),
        "last_error": {"time": iso(state.error_time), "text": state.error} if state.error else None,
        "excluded": state.excluded, "problem": state.problem, "judged": True,
    }
    kind = container(machine)
    if not options.get("automatic_updates", True) or kind in IMAGES and not is_booted(machine):
        data["judged"] = False
        return data, [], problems
    return data, _judge(machine, state, options), problems


def _judge(machine, state, options):
    if not state.enabled:
        return [finding(
            "software.updates_not_set_up", "medium", "automatic updates are not set up: %s" % state.problem, "automatic updates",
            evidence=state.reasons, remedy="Security updates wait here until somebody installs them.", commands=state.commands,
        )]
    if not state.applies:
        return [finding(
            "software.updates_not_applied", "medium", "%s tells of updates, but does not install them" % state.tool, "automatic updates",
            evidence=state.reasons, remedy="Security updates wait here until somebody installs them.", commands=state.commands,
        )]
    found = []
    if state.error:
        found.append(finding(
            "software.updates_failing", "high", "automatic updates fail: %s" % state.error, "automatic updates",
            evidence=_error_evidence(machine, state), remedy="Run it by hand and read what it says.", commands=_by_hand(state), last=state.error_time,
        ))
    silent = _silent(machine, state, options)
    if silent:
        found.append(silent)
    return found


def _silent(machine, state, options):
    """Return the finding of updates that are set up and do not come, or None."""
    limit = options.get("silent_days", SILENT_DAYS)
    last = state.last_success if state.last_success is not None else state.last_run
    booted = boot_time(machine)
    # What is off cannot update itself: give it a day after the boot. The same for one that was never seen to run.
    if booted is not None and machine.now - booted < (DAY if last is not None else limit * DAY):
        return None
    if last is not None and machine.now - last <= limit * DAY:
        return None
    words = "never ran" if last is None else "had no success for more than %d days" % limit
    return finding(
        "software.updates_silent", "high", "automatic updates are set up, but %s" % words, "automatic updates silent",
        evidence=state.reasons + [("last run", iso(state.last_run) or "none is known"), ("last success", iso(state.last_success) or "none is known")],
        remedy="Run it by hand and read what it says; see whether its timer is waiting.", commands=_by_hand(state), last=last,
    )


# How each tool is run by hand, with its words.
BY_HAND = {
    "unattended-upgrades": ("apt-get update", "unattended-upgrade --debug", "systemctl list-timers 'apt-daily*'"),
    "dnf-automatic": ("dnf-automatic --installupdates", "systemctl list-timers 'dnf-automatic*'"),
    "dnf5-automatic": ("dnf5 automatic --installupdates", "systemctl list-timers 'dnf5-automatic*'"),
    "yum-cron": ("yum-cron", "systemctl status crond yum-cron"),
    "os-update": ("systemctl start os-update.service", "journalctl -u os-update.service -n 50"),
    "transactional-update": ("transactional-update", "journalctl -u transactional-update.service -n 50"),
    "rpm-ostreed-automatic": ("rpm-ostree upgrade", "journalctl -u rpm-ostreed-automatic.service -n 50"),
    "online-update": ("zypper patch",),
}

# The unit whose journal says why a run failed.
SERVICES = {
    "dnf-automatic": (b"dnf-automatic.service", b"dnf-automatic-install.service"), "dnf5-automatic": (b"dnf5-automatic.service",),
    "os-update": (b"os-update.service",), "transactional-update": (b"transactional-update.service",),
    "rpm-ostreed-automatic": (b"rpm-ostreed-automatic.service",),
}


def _by_hand(state):
    return BY_HAND.get(state.tool, ())


def _error_evidence(machine, state):
    evidence = [(state.tool, state.error)]
    journalctl = machine.which(b"journalctl")
    units = SERVICES.get(state.tool)
    if units and journalctl is not None:
        argv = [journalctl, b"--no-pager", b"-q", b"-o", b"cat", b"-n", b"10"]
        for unit in units:
            argv += [b"-u", unit]
        answer = machine.run(argv, timeout=10, limit=262144)
        evidence += [(text(units[0]), text(redact(line))) for line in answer.out.splitlines() if line.strip()]
    return evidence
