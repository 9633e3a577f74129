# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does this server need a restart of services, sessions, containers or as a whole?

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host import packages, systemd
from ..host.finding import result
from .restart_findings import findings_of
from .restart_plan import plan
from .restart_reboot import reboot_of
from .restart_rows import PROCESSES_LIMIT, Rows
from .restart_scan import Scan

SERVICES_LIMIT = 500


def run(options, machine):
    """Return host.finding.result of the check.

    Options: C(scripts) (default true: also the scripts of interpreters), C(network_filesystems) (default false: do not ask them).
    """
    scan = Scan(machine, bool(options.get("network_filesystems", False)), bool(options.get("scripts", True)))
    processes = scan.run()
    maker = Rows(scan, machine)
    paths = [verdict.path for process in processes for verdict in process.files if maker.is_on_host(process)]
    owners, no_packages = packages.owners(machine, paths)
    units, no_units = systemd.show(machine, maker.units(processes)) if systemd.is_booted(machine) else ({}, "systemd does not run here")
    rows = [maker.row(process, owners, units) for process in processes]
    stale = [row for row in rows if row["stale"]]
    actions = plan(stale, units, no_units)
    reboot = reboot_of(machine, actions, stale)
    coverage = _coverage(scan, _answered(paths, no_packages), _answered(stale, no_units))
    data = {
        "processes": [maker.public(row) for row in rows[:PROCESSES_LIMIT]],
        "services": [_service(action) for action in actions[:SERVICES_LIMIT]],
        "reboot": reboot.data(),
        "coverage": coverage,
        "cut": {"processes": max(0, len(rows) - PROCESSES_LIMIT), "services": max(0, len(actions) - SERVICES_LIMIT)},
    }
    findings, left_out = findings_of(actions, reboot)
    return result(findings, data, incomplete=_incomplete(scan, coverage) + left_out)


def _service(action):
    return {
        "kind": action.kind,
        "name": action.name,
        "action": action.action,
        "commands": action.commands,
        "reason": action.reason,
        "pids": [row["pid"] for row in action.rows[:100]],
    }


def _answered(wanted, reason):
    """Return whether something was asked, in words."""
    return (reason or "asked") if wanted else "not needed"


def _coverage(scan, about_packages, about_units):
    seen = scan.coverage
    return {
        "seen": seen.seen,
        "unreadable": seen.unreadable,
        "skipped": seen.skipped,
        "vanished": seen.vanished,
        "network_files": len(seen.network_files),
        "unknown_files": len(seen.unknown_files),
        "unknown_executables": seen.unknown_exe,
        "packages": about_packages,
        "units": about_units,
    }


def _incomplete(scan, coverage):
    reasons = []
    if scan.hidden:
        reasons.append("processes of others are hidden (%s)" % scan.hidden)
    if coverage["unreadable"]:
        why = "not even root may" if os.geteuid() == 0 else "run it as root"
        reasons.append("%d of %d processes could not be read: %s" % (coverage["unreadable"], coverage["unreadable"] + coverage["seen"], why))
    if coverage["network_files"]:
        reasons.append("%d program files on network file systems were not compared" % coverage["network_files"])
    return reasons
