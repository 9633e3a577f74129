# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading JSON of which only this much is known: it is JSON. What is not of the wanted kind is left out; only C(epoch) raises."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Mapping
from typing import Any

# Rows that are taken of a list, where its reader does not say otherwise; None takes all.
ROWS = 1000

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def at(value: object, *keys: str) -> Any:
    """Return what lies at the end of a path of keys, None where it does not lead there."""
    return _at(value, keys)


def _at(value: object, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def mapping(value: object, *keys: str) -> Mapping[str, Any]:
    """Return the mapping at the end of a path, an empty one for anything else."""
    found = _at(value, keys)
    return found if isinstance(found, dict) else {}


def rows(value: object, *keys: str, limit: int | None = ROWS) -> list[Mapping[str, Any]]:
    """Return the mappings of a list at the end of a path."""
    found = _at(value, keys)
    kept: list[Mapping[str, Any]] = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return kept[:limit]


def texts(value: object, *keys: str, limit: int | None = ROWS) -> list[str]:
    """Return the texts of a list at the end of a path."""
    found = _at(value, keys)
    return [row for row in found if isinstance(row, str)][:limit] if isinstance(found, list) else []


def package_rows(value: object, *keys: str) -> list[list[str]]:
    """Return the rows of a list at the end of a path that have at least a name and a version, all texts."""
    found = _at(value, keys)
    kept = found if isinstance(found, list) else []
    return [row for row in kept if isinstance(row, list) and len(row) >= 2 and all(isinstance(item, str) for item in row)]


def whole(value: object, *keys: str) -> int:
    """Return a number from 0 up; 0 for anything else."""
    found = _at(value, keys)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def words(value: object, *keys: str, limit: int = 200) -> str:
    """Return a text, cut to its limit; nothing for what is none."""
    found = _at(value, keys)
    if not isinstance(found, str):
        return ""
    return found if len(found) <= limit else found[: limit - 1] + "…"


def moment(value: object, *keys: str) -> str | None:
    """Return an ISO time in UTC, None for anything else."""
    found = words(value, *keys, limit=40)
    return found if _TIME.fullmatch(found) else None


def epoch(iso: str) -> int:
    """Return an ISO time in UTC as whole seconds since 1970. Raises ValueError."""
    return calendar.timegm(time.strptime(iso[:19], "%Y-%m-%dT%H:%M:%S"))


def seconds(value: object) -> int | None:
    """Return what C(epoch) returns, None for what is no time."""
    try:
        return epoch(str(value))
    except ValueError:
        return None
