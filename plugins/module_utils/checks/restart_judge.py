# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that the scan found, judged: whose files, whose processes, what is to be done.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host import packages, systemd
from .restart_findings import findings_of
from .restart_judged import NOT_NEEDED, Judged
from .restart_plan import REBOOT, plan
from .restart_rows import PROCESSES_LIMIT, Rows

SERVICES_LIMIT = 500


def judge(scan, machine, processes):
    """Return the Judged of what a Scan has found."""
    maker = Rows(scan, machine)
    paths = [verdict.path for process in processes for verdict in process.files if maker.is_on_host(process)]
    owners, no_packages = packages.owners(machine, paths)
    units, no_units = systemd.show(machine, maker.units(processes)) if systemd.is_booted(machine) else ({}, "systemd does not run here")
    rows = [maker.row(process, owners, units) for process in processes]
    stale = [row for row in rows if row["stale"]]
    actions = plan(stale, units, no_units)
    findings, left_out = findings_of([action for action in actions if action.action != REBOOT])
    data = {
        "processes": [maker.public(row) for row in rows[:PROCESSES_LIMIT]],
        "services": [_service(action) for action in actions[:SERVICES_LIMIT]],
        "cut": {"processes": max(0, len(rows) - PROCESSES_LIMIT), "services": max(0, len(actions) - SERVICES_LIMIT)},
    }
    to_reboot = [action for action in actions if action.action == REBOOT]
    return Judged(stale, to_reboot, findings, left_out, data, _answered(paths, no_packages), _answered(stale, no_units))


def _answered(wanted, reason):
    """Return whether something was asked, in words."""
    return (reason or "asked") if wanted else NOT_NEEDED


def _service(action):
    return {
        "kind": action.kind,
        "name": action.name,
        "action": action.action,
        "commands": action.commands,
        "reason": action.reason,
        "pids": [row["pid"] for row in action.rows[:100]],
    }
