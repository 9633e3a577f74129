# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the data of a check, of which only this much is known: it is JSON with printable texts. Nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def at(value: object, *keys: str) -> Any:
    """Return what lies at the end of a path of keys, None where it does not lead there."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def rows(value: object, *keys: str, limit: int = 1000) -> list[Mapping[str, Any]]:
    """Return the mappings of a list at the end of a path."""
    found = at(value, *keys)
    kept: list[Mapping[str, Any]] = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return kept[:limit]


def texts(value: object, *keys: str, limit: int = 1000) -> list[str]:
    """Return the texts of a list at the end of a path."""
    found = at(value, *keys)
    return [row for row in found if isinstance(row, str)][:limit] if isinstance(found, list) else []


def whole(value: object, *keys: str) -> int:
    """Return a number from 0 up; 0 for anything else."""
    found = at(value, *keys) if keys else value
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def words(value: object, *keys: str, limit: int = 200) -> str:
    """Return a text, cut to its limit; nothing for what is none."""
    found = at(value, *keys) if keys else value
    if not isinstance(found, str):
        return ""
    return found if len(found) <= limit else found[: limit - 1] + "…"


def moment(value: object, *keys: str) -> str | None:
    """Return an ISO time in UTC, None for anything else."""
    found = words(value, *keys, limit=40)
    return found if _TIME.fullmatch(found) else None
