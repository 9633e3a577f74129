# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.nagios: the line of a Nagios plugin and, on a line of its own, its exit code."""

from __future__ import annotations

from .document import Run

WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


def nagios(run: Run) -> tuple[int, str]:
    """Return (exit code, line). What was not looked at is worse than OK, and never hides what was found."""
    counts = run.fleet.severities()
    statuses = run.fleet.check_states()
    unsound = len(run.fleet.not_checked) + sum(statuses[status] for status in ("error", "timeout", "incomplete"))
    if counts["critical"] or counts["high"]:
        code = 2
    elif counts["medium"]:
        code = 1
    elif unsound or run.exit.code:
        code = 3
    else:
        code = 0
    numbers = {**counts, "hosts": len(run.fleet.hosts), "not_checked": len(run.fleet.not_checked), "new": run.fleet.states()["new"]}
    performance = " ".join(f"{name}={number};;;0" for name, number in numbers.items())
    # A bar would begin the performance data, and a server has a say in names.
    return code, f"SECURITY {WORDS[code]} - {f'{run.verdict}. {run.since}'.replace('|', '/')} | {performance}"


def report_nagios(run: Run) -> bytes:
    code, line = nagios(run)
    return f"{line}\nexit={code}\n".encode("utf-8", "backslashreplace")
