# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check denials: what SELinux, AppArmor and seccomp denied, whether it was really blocked, why, and what to type.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.finding import SEVERITIES, iso, result
from ..host.window import window
from .denials_apparmor import apparmor_findings, state_of
from .denials_mode import mode_findings, mode_of
from .denials_sources import read_all
from .denials_tally import Tally

GROUPS_SHOWN = 200
HOURS_SHOWN = 168

_DONTAUDIT = "Rules that the policy marks dontaudit deny without a record; semodule -DB shows them, semodule -B hides them again."


def run(options, machine):
    """Return the result of the check.

    C(options): C(audit_logs) globs of files to read instead of this host's, C(journal_dir) the same for a journal, C(since) and C(until).
    """
    since, until = window(options, machine.now)
    copied = bool(options.get("audit_logs") or options.get("journal_dir"))
    tally = Tally(since, until)
    seen = read_all(machine, options, since, until, tally)
    mode = mode_of(machine)
    apparmor, problems = state_of(machine)
    rows, events, findings = [], [], []
    if tally.groups or tally.events:
        # Most days nothing was denied on most hosts.
        from . import denials_rows

        rows, events, findings = denials_rows.rows_of(machine, tally, mode["policy"], mode["enabled"] and not copied, GROUPS_SHOWN)
    findings += mode_findings(dict(mode, config=None, boot_override=None, permissive_domains=None, enabled=False) if copied else mode, events)
    findings += [] if copied else apparmor_findings(apparmor)
    if not seen.looked and not seen.problems and (mode["enabled"] or apparmor["enabled"]):
        problems.append("no audit.log, no journal and no kernel log was found")
    incomplete = _incomplete(tally, seen, problems, len(rows) - GROUPS_SHOWN)
    data = {
        "mode": mode,
        "apparmor": apparmor,
        "window": {
            "since": iso(since), "until": iso(until), "source": " + ".join(seen.sources) or None, "files": seen.files,
            "first": iso(tally.first), "last": iso(tally.last), "complete": not incomplete, "gaps": seen.gaps,
        },
        "totals": tally.totals,
        "groups": rows[:GROUPS_SHOWN],
        "events": events,
        "hours": [{"hour": iso(hour * 3600), "denials": tally.hours[hour]} for hour in sorted(tally.hours)[-HOURS_SHOWN:]],
        "notes": [_DONTAUDIT] if mode["enabled"] else [],
        "cut": {"groups": max(0, len(rows) - GROUPS_SHOWN), "events": tally.events_cut, "ungrouped": tally.totals["ungrouped"]},
        "severity": min((item["severity"] for item in findings), key=SEVERITIES.index) if findings else "unknown" if incomplete else "ok",
    }
    return result(findings, data, incomplete, _not_applicable(mode, apparmor, tally, copied), machine=None if copied else machine)


def _incomplete(tally, seen, problems, more):
    reasons = problems + seen.problems + seen.gaps
    if tally.totals["malformed"]:
        reasons.append("%d records could not be understood" % tally.totals["malformed"])
    if tally.totals["ungrouped"]:
        reasons.append("%d denials were counted but not grouped: too many different ones" % tally.totals["ungrouped"])
    if tally.forgotten:
        reasons.append("more events than can be compared: some may be counted twice")
    if more > 0:
        reasons.append("%d groups more than the %d shown" % (more, GROUPS_SHOWN))
    return reasons


def _not_applicable(mode, apparmor, tally, copied):
    if copied or mode["enabled"] or apparmor["enabled"] or tally.totals["records"]:
        return None
    return "neither SELinux nor AppArmor is enabled on this host, and no process was stopped by seccomp"
