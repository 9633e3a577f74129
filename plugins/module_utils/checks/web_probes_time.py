# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time stamps of access and error logs, without a locale.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ..host.pattern import Pattern
from ..host.utc import days_in, seconds

_NAMES = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}

_LOCAL = Pattern(rb"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d+)? ?([+-]\d{4})?")
_ISO = Pattern(rb"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d+)? ?(Z|[+-]\d\d:?\d\d)?")
_EPOCH = Pattern(rb"(\d{10})(?:\.\d+)?(?:\d{3})?(?:\d{6})?\Z")
_APACHE_ERROR = Pattern(rb"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4})")

_MEMORY = 4096
_hours = {}


def _epoch(year, month, day, hour, minute, second):
    """Return seconds since 1970, or None where there is no such day or hour."""
    # The last hours of 9999 are in the year 10000 elsewhere, and no time is.
    if not (1970 <= year < 9999 and 1 <= month <= 12 and hour < 24 and minute < 60 and second <= 60):
        return None
    if not 1 <= day <= days_in(year, month):
        return None
    return seconds(year, month, day, hour, minute, second)


def _offset(zone):
    """Return the seconds that a zone such as +0900 or +09:00 is ahead of UTC."""
    if not zone or zone == b"Z":
        return 0
    ahead = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return -ahead if zone.startswith(b"-") else ahead


def local(words):
    """Return seconds since 1970 of C(15/Nov/2026:00:00:00 +0000) at the start of C(words), or None."""
    # One date and hour is asked for a thousand times in a row.
    known = _hours.get(words[:14] + words[20:26])
    if known is not None:
        rest = words[14:20]
        if rest[0:1] == b":" and rest[3:4] == b":" and rest[1:3].isdigit() and rest[4:6].isdigit():
            return known + int(rest[1:3]) * 60 + int(rest[4:6])
    match = _LOCAL.match(words)
    if not match:
        return None
    day, month, year, hour, minute, second, zone = match.groups()
    hours = _epoch(int(year), _MONTHS.get(month, 0), int(day), int(hour), 0, 0)
    if hours is None or int(minute) > 59 or int(second) > 60:
        return None
    hours -= _offset(zone)
    if len(_hours) > _MEMORY:
        _hours.clear()
    if zone and words[20:21] == b" ":
        _hours[words[:14] + words[20:26]] = hours
    return hours + int(minute) * 60 + int(second)


def of_error_log(words):
    """Return seconds since 1970 of a stamp of an error log, which is in the server's own time zone, or None."""
    when = parse(words)
    if when is None or _LOCAL.match(words) or _EPOCH.match(words):
        return when
    match = _ISO.match(words)
    if match and match.group(7):
        return when
    try:
        return int(time.mktime(time.gmtime(when)[:8] + (-1,)))
    except (ValueError, OverflowError):
        return when


def parse(words):
    """Return seconds since 1970 of any stamp that web servers write (local, ISO 8601, seconds, Apache's error log), or None.

    A stamp without a zone counts as UTC.
    """
    when = local(words)
    if when is not None:
        return when
    match = _ISO.match(words)
    if match:
        fields = [int(field) for field in match.groups()[:6]]
        when = _epoch(*fields)
        return None if when is None else when - _offset(match.group(7))
    match = _EPOCH.match(words)
    if match:
        return int(match.group(1))
    match = _APACHE_ERROR.match(words)
    if match:
        month, day, hour, minute, second, year = match.groups()
        return _epoch(int(year), _MONTHS.get(month, 0), int(day), int(hour), int(minute), int(second))
    return None
