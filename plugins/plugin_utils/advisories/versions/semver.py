# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of semantic versions (semver.org 2.0, point 11), read as leniently as npm and OSV's data need it."""

from __future__ import annotations

import functools
import re
from typing import Any

_VERSION = re.compile(r"\s*[vV=]?\s*([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?((?:\.[0-9A-Za-z]+)*)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?\s*", re.DOTALL)
LENGTH_LIMIT = 500

Key = tuple[Any, ...]


def _number(digits: str) -> tuple[int, str]:
    bare = digits.lstrip("0")
    return len(bare), bare


def _identifier(text: str) -> tuple[Any, ...]:
    return (0, *_number(text)) if text.isdigit() else (1, text)


@functools.lru_cache(maxsize=50_000)
def key(version: str) -> Key:
    """Return a sort key. What follows the third number, and build metadata, do not count. ValueError for what is no version."""
    match = _VERSION.fullmatch(version) if len(version) <= LENGTH_LIMIT else None
    if not match:
        raise ValueError(f"not a semantic version: {version[:80]!r}")
    numbers = tuple(_number(digits or "0") for digits in match.group(1, 2, 3))
    if match.group(5) is None:
        return (*numbers, (1,))
    return (*numbers, (0, *(_identifier(word) for word in match.group(5).split("."))))
