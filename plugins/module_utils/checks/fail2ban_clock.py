# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local times that fail2ban writes, as seconds since 1970.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

MINUTES_LIMIT = 20000


class LocalClock:
    """Reads times of the server's time zone; remembers minutes, since the C library's mktime is slow and a log is dense."""

    def __init__(self):
        self._minutes = {}

    def seconds(self, words):
        """Return seconds since 1970 of C(2026-11-22 19:04:51) (text or bytes), None for no time."""
        minute = words[:16]
        begin = self._minutes.get(minute, -1)
        if begin == -1:
            begin = _mktime(minute)
            if len(self._minutes) < MINUTES_LIMIT:
                self._minutes[minute] = begin
        return None if begin is None else begin + int(words[17:19])


def _mktime(minute):
    try:
        numbers = [int(part) for part in (minute[0:4], minute[5:7], minute[8:10], minute[11:13], minute[14:16])]
        if not (1 <= numbers[1] <= 12 and 1 <= numbers[2] <= 31):
            return None
        return int(time.mktime(tuple(numbers) + (0, 0, 0, -1)))
    except (ValueError, OverflowError):
        return None
