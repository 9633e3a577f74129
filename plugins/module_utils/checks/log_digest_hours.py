# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many lines, logins and failures each hour had, and where there was nothing though the host was up.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.finding import iso

LINES, ACCEPTED, FAILED = range(3)

QUARTER = 900
HOURS_SHOWN = 168
QUARTERS_LIMIT = 150000

# A boot ends a gap when its first lines come so soon after it.
BOOT_SLACK = 1800


class Hours:
    """Counts by quarter of an hour of what LINES, ACCEPTED and FAILED name."""

    def __init__(self):
        self.quarters = {}
        self._quarter, self._entry = None, [0, 0, 0]

    def add(self, when, what, count=1):
        """Count C(count) of C(what) at C(when)."""
        quarter = when // QUARTER
        if quarter != self._quarter:
            entry = self.quarters.get(int(quarter))
            if entry is None:
                if len(self.quarters) >= QUARTERS_LIMIT:
                    return
                entry = self.quarters[int(quarter)] = [0, 0, 0]
            self._quarter, self._entry = quarter, entry
        self._entry[what] += count

    def data(self):
        """Return the last HOURS_SHOWN hours that had anything."""
        hours = {}
        for quarter, entry in self.quarters.items():
            row = hours.setdefault(quarter // 4, [0, 0, 0])
            for column, number in enumerate(entry):
                row[column] += number
        return [
            {"hour": iso(hour * 3600), "lines": hours[hour][0], "accepted": hours[hour][1], "failed": hours[hour][2]}
            for hour in sorted(hours)[-HOURS_SHOWN:]
        ]

    def gaps(self, since, until, least, boots):
        """Return [(from, to)] of the stretches of at least C(least) seconds without a line, in seconds since 1970.

        C(since) and C(until) bound the time in which lines are expected; None: no earlier than the first line, no later than the last.
        A stretch that ends in one of C(boots) is not a gap: the host was down.
        """
        seen = sorted(quarter for quarter, entry in self.quarters.items() if entry[0])
        if not seen:
            return []
        starts = [since if since is not None else seen[0] * QUARTER] + [(quarter + 1) * QUARTER for quarter in seen]
        ends = [quarter * QUARTER for quarter in seen] + [until if until is not None else seen[-1] * QUARTER]
        return [
            (start, end)
            for start, end in zip(starts, ends)
            if end - start >= least and not any(end - QUARTER <= boot <= end + BOOT_SLACK for boot in boots)
        ]
