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

from ..host.finding import result
from .restart_judged import NOTHING_STALE
from .restart_reboot import reboot_of
from .restart_scan import FILES_LIMIT, Scan


def run(options, machine):
    """Return host.finding.result of the check.

    Options: C(scripts) (default true: also the scripts of interpreters), C(network_filesystems) (default false: do not ask them).
    """
    scan = Scan(machine, bool(options.get("network_filesystems", False)), bool(options.get("scripts", True)))
    processes = scan.run()
    judged = NOTHING_STALE
    if processes:
        # Most days nothing was replaced on most hosts.
        from . import restart_judge

        judged = restart_judge.judge(scan, machine, processes)
    reboot = reboot_of(machine, judged.to_reboot, judged.stale)
    coverage = _coverage(scan, judged)
    findings = judged.findings + reboot.findings()
    data = dict(judged.data, reboot=reboot.data(), coverage=coverage, unsure=_unsure(scan, judged))
    return result(findings, data, incomplete=_incomplete(scan, coverage) + judged.left_out, machine=machine)


def _unsure(scan, judged):
    """Return the rules and subjects that this look could not rule out; None where that may be any."""
    seen = scan.coverage
    if scan.hidden or seen.network_files or seen.cut or judged.left_out:
        return None
    if not seen.unread:
        return []
    from . import restart_unsure  # root can read all of most hosts

    return restart_unsure.unsure(scan.proc, seen.unread)


def _coverage(scan, judged):
    seen = scan.coverage
    return {
        "seen": seen.seen,
        "unreadable": len(seen.unread),
        "skipped": seen.skipped,
        "vanished": seen.vanished,
        "network_files": len(seen.network_files),
        "unknown_files": len(seen.unknown_files),
        "unknown_executables": seen.unknown_exe,
        "packages": judged.packages,
        "units": judged.units,
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
    if scan.coverage.cut:
        reasons.append("%d processes map more than %d files: the others of them were not compared" % (scan.coverage.cut, FILES_LIMIT))
    return reasons
