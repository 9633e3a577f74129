# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window of time that a check looks at, by its options C(since) and C(until): the same words for every check.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from .pattern import Pattern
from .utc import seconds

DAY = 86400.0

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_ISO = Pattern(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?\Z")


def moment(value, now):
    """Return seconds since 1970 of an option: such a number, an ISO time, or a duration before C(now) such as C(24h); None for C(all) and nothing.

    A time without a zone is the server's local time. Raises ValueError for what is none of these.
    """
    if value is None or isinstance(value, (int, float)):
        return value
    words = value.strip()
    if words in ("", "all"):
        return None
    if words.replace(".", "", 1).isdigit():
        return float(words)
    if words[:-1].isdigit() and words[-1] in _UNITS:
        return now - int(words[:-1]) * _UNITS[words[-1]]
    match = _ISO.match(words)
    if not match:
        raise ValueError("%r is neither an ISO time, nor a duration such as 24h, nor 'all'" % value)
    fields = [int(part or 0) for part in match.groups()[:6]]
    if not (1 <= fields[1] <= 12 and 1 <= fields[2] <= 31 and fields[3] < 24 and fields[4] < 60 and fields[5] <= 60):
        raise ValueError("%r is not a time" % value)
    zone = match.group(7)
    if zone is None:
        return time.mktime(tuple(fields) + (0, 0, -1))
    epoch = float(seconds(*fields))
    if zone != "Z":
        offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        epoch -= offset if zone[0] == "+" else -offset
    return epoch


def window(options, now):
    """Return (since, until) of a check's options, in seconds since 1970; None where that side is open.

    Without the option C(since) the last day before the end is looked at. Raises ValueError, as C(moment) does.
    """
    since, until = options.get("since"), moment(options.get("until"), now)
    if since in (None, ""):
        return (now if until is None else until) - DAY, until
    return moment(since, now), until
