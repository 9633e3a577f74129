# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a line of a syslog file was written: the stamps of syslog, with and without a year, in the server's time zone.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import time

from .utc import days_in, seconds

# As the C library writes them for syslog, whatever the locale of the server or of this process is.
MONTHS = {
    b"Jan": 1, b"Feb": 2, b"Mar": 3, b"Apr": 4, b"May": 5, b"Jun": 6, b"Jul": 7, b"Aug": 8, b"Sep": 9, b"Oct": 10, b"Nov": 11, b"Dec": 12,
}

# A file may hold a line of a clock that ran ahead of the file system's: that much after the file was last written it is still of this year.
AHEAD = 86400

# A year-less stamp that goes back by more than this is a new year, by less a clock that was set.
NEW_YEAR_STEP = 180 * 86400

# Nov 22 06:25:01 | Nov 22 06:25:01.123 | Nov 22 2026 06:25:01
_TRADITIONAL = re.compile(rb"([A-Z][a-z]{2}) +(\d{1,2}) (?:(\d{4}) )?(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})? ")
# 2026-11-22T06:25:01.123456+01:00, with any part of the fraction and the offset missing, or a space for the T
_ISO = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:(Z)|([+-])(\d\d):?(\d\d))? ")
# Where C libraries look for the zone database (tzset(3)); the last two are musl's.
ZONE_FOLDERS = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo")

# A zone that needs no file: UTC, and those that tell their offset themselves, as in POSIX: JST-9, <+0330>-3:30, CET-1CEST,M3.5.0,M10.5.0/3
_WITHOUT_FILE = re.compile(r"UTC|(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?\d{1,2}(?::\d\d){0,2}(?:[A-Za-z<][A-Za-z0-9<>+:,./-]*)?")

# <38>1 2026-11-22T... host program pid msgid [data] message (RFC 5424), <38> alone before the others
_PRIORITY = re.compile(rb"<\d{1,3}>(?:1 )?")


class LocalZone:
    """Switches the C library to the zone of the server whose logs are read, and back: C(with LocalZone(...):).

    C(zone) is a value of TZ: C(:/path/of/a/zone/file), C(Europe/Berlin) or C(UTC).
    The TZ variable of the session that started us says nothing about the daemon that wrote the log.
    """

    def __init__(self, zone):
        self.zone = zone
        self._before = None

    def __enter__(self):
        self._before = os.environ.get("TZ")
        os.environ["TZ"] = self.zone
        time.tzset()
        return self

    def __exit__(self, *_problem):
        if self._before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = self._before
        time.tzset()


def server_zone(machine, name=None):
    """Return the TZ value for the logs of C(machine): the zone that was asked for, else the one of its /etc/localtime, else UTC.

    Raises ValueError for a zone that is not known here: the C library would read the logs as UTC without a word.
    """
    if name:
        if not _is_zone(name):
            raise ValueError("timezone: this host knows no zone %r; it is a name below %s, such as Europe/Berlin" % (name, ZONE_FOLDERS[0]))
        return name
    place = machine.path(b"/etc/localtime")
    return ":" + os.fsdecode(place) if os.path.exists(place) else "UTC"


def _is_zone(name):
    if _WITHOUT_FILE.fullmatch(name):
        return True
    place = name[1:] if name.startswith(":") else name
    return any(os.path.isfile(os.path.join(folder, place)) for folder in ZONE_FOLDERS)


class Stamps:
    """Reads the stamps of one file's lines, in the order of the file.

    C(written) is when the file was last written, in seconds since 1970: no line is (much) younger, which gives the year-less ones their year.
    C(year) is the year of the first line to be read, where it is known: for a file that spans more than one.

    After each stamp that was read C(seconds_at) says where its seconds begin, C(settled) whether its hour has one epoch whatever was read
    before: it is none that the zone repeats or leaps over, and the year was not counted from the lines before.
    """

    def __init__(self, written, year=None):
        self._limit = written + AHEAD
        self._year = year
        self._minute = None
        self._minute_epoch = None
        self._last = 0
        self._hour = self._hour_epoch = None
        self.seconds_at = 0
        self.settled = False

    def minute(self, line):
        """Return (where its seconds begin, the epoch of its minute) of a line, or None for a line without a stamp.

        Lines that agree up to their seconds are of the same minute.
        """
        when, _end = self.read(line)
        if when is None:
            return None
        return self.seconds_at, when - when % 60

    def read(self, line):
        """Return (seconds since 1970, where the rest of the line begins), or (None, 0) for a line without a stamp."""
        start = 0
        if line[:1] == b"<":
            priority = _PRIORITY.match(line)
            if priority is None:
                return None, 0
            start = priority.end()
        found = _TRADITIONAL.match(line, start)
        if found is not None:
            when = self._traditional(found)
            self.settled = self._hour_epoch is not None and self._year is None
        else:
            found = _ISO.match(line, start)
            if found is None:
                return None, 0
            when = self._iso(found)
        if when is None:
            return None, 0
        self._last = when
        self.seconds_at = found.start(6)
        return when, found.end()

    def _traditional(self, found):
        minute = found.group(1, 2, 3, 4, 5)
        if minute != self._minute or self._minute_epoch is None:
            self._minute_epoch = self._epoch_of_minute(*minute)
            self._minute = minute
        if self._minute_epoch is None:
            return None
        return self._minute_epoch + int(found.group(6))

    def _epoch_of_minute(self, month, day, year, hour, minute):
        month = MONTHS.get(month)
        if month is None:
            return None
        fields = (month, int(day), int(hour), int(minute))
        if year is not None:
            return self._local(int(year), *fields)
        if self._year is not None:
            return self._following(fields)
        last = time.localtime(self._limit).tm_year
        for candidate in (last, last - 1):
            when = self._local(candidate, *fields)
            if when is not None and when <= self._limit:
                break
        # 29 February exists only in some years: the last one that had it.
        while when is None and candidate > last - 9:
            candidate -= 1
            when = self._local(candidate, *fields)
        return when

    def _following(self, fields):
        """Return the epoch of a stamp that follows the one before in the file, which may be of the year before."""
        when = self._local(self._year, *fields)
        later = self._local(self._year + 1, *fields)
        if later is not None and later <= self._limit and (when is None or when < self._last - NEW_YEAR_STEP):
            self._year += 1
            return later
        return when

    def _local(self, year, month, day, hour, minute):
        """Return the epoch of a wall clock time; of the two in the hour that a zone repeats, the one that keeps the file's order."""
        if not (1970 <= year <= 9998 and 1 <= day <= days_in(year, month)) or hour > 23 or minute > 59:
            return None
        wall = (year, month, day, hour)
        if wall != self._hour:
            self._hour, self._hour_epoch = wall, _plain_hour(wall)
        if self._hour_epoch is not None:
            return self._hour_epoch + 60 * minute
        both = _moments(wall + (minute,))
        return next((when for when in both if when + 60 > self._last), both[-1] if both else None)

    def _iso(self, found):
        year, month, day, hour, minute = (int(part) for part in found.group(1, 2, 3, 4, 5))
        fraction = found.group(7)
        second = int(found.group(6)) + (float(b"0." + fraction) if fraction else 0)
        if found.group(8) or found.group(9):
            if not (1970 <= year <= 9998 and 1 <= month <= 12 and 1 <= day <= 31):
                return None
            offset = 0
            self.settled = True
            if found.group(9):
                offset = int(found.group(10)) * 3600 + int(found.group(11)) * 60
            return seconds(year, month, day, hour, minute) - (offset if found.group(9) == b"+" else -offset) + second
        if not 1 <= month <= 12:
            return None
        when = self._local(year, month, day, hour, minute)
        self.settled = self._hour_epoch is not None
        return None if when is None else when + second


def _moments(wall):
    """Return the epochs of a wall clock time (year, month, day, hour, minute) in order: two where the zone repeats it."""
    try:
        when = time.mktime(wall + (0, 0, 1, -1))
        both = [other for other in (when - 3600, when - 1800, when, when + 1800, when + 3600) if time.localtime(other)[:5] == wall]
    except (OverflowError, ValueError, OSError):
        return []
    # Neither: an hour that the zone leaps over, which no clock of it ever showed.
    return both or [when]


def _plain_hour(wall):
    """Return the epoch of an hour in which the clock goes on as usual, None for one that is repeated or leapt over, even in part."""
    first, last = _moments(wall + (0,)), _moments(wall + (59,))
    return first[0] if len(first) == len(last) == 1 and last[0] - first[0] == 3540 else None
