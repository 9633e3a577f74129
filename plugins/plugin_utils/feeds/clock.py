# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time as files and servers write them."""

from __future__ import annotations

import datetime
import email.utils


def seconds(value: object) -> float | None:
    """Return 2026-11-22T06:00:00Z as seconds since 1970, None for what is no such time."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.datetime.fromisoformat(value.removesuffix("Z") + "+00:00" if value.endswith("Z") else value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None


def of_header(value: str) -> float | None:
    """Return the time of an HTTP header such as Last-Modified as seconds since 1970, None for what is no time."""
    try:
        moment = email.utils.parsedate_to_datetime(value[:100])
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
