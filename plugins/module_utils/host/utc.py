# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calendar in UTC, as arithmetic.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers. The library's calendar does the same and loads datetime and locale for it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# 1 January 1970 by the count below.
_EPOCH = 719162


def days_in(year, month):
    """Return how many days a month (1 to 12) has."""
    return 29 if month == 2 and year % 4 == 0 and (year % 100 or year % 400 == 0) else _DAYS[month - 1]


def seconds(year, month, day, hour=0, minute=0, second=0):
    """Return seconds since 1970 of a time in UTC; the month is 1 to 12, everything below it may overflow, as with C(calendar.timegm)."""
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400 - _EPOCH
    days += sum(days_in(year, earlier) for earlier in range(1, month)) + day - 1
    return ((days * 24 + hour) * 60 + minute) * 60 + second
