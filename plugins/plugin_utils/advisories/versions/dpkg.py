# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of Debian versions: ``[epoch:]upstream[-revision]``, as in deb-version(7)."""

from __future__ import annotations

import functools
import re
from typing import Any

_PAIR = re.compile(r"([^0-9]*)([0-9]*)")
_EPOCH = re.compile(r"([0-9]+):")

# A character of a part that is not digits: "~" before the end of the part, then letters, then all others.
_END = "\x01"
_ORDER = {code: chr(code + 256) for code in range(128) if not chr(code).isalpha()}
_ORDER[ord("~")] = "\x00"

Key = tuple[Any, ...]


@functools.lru_cache(maxsize=200_000)
def part(text: str) -> Key:
    """Return the key of an upstream version or a revision; an empty one is as "0"."""
    key: list[Any] = []
    for words, digits in _PAIR.findall(text or "0"):
        number = digits.lstrip("0")
        key += (words.translate(_ORDER) + _END, (len(number), number))
    return tuple(key)


@functools.lru_cache(maxsize=200_000)
def key(version: str) -> Key:
    """Return a key that sorts as dpkg --compare-versions does."""
    epoch = _EPOCH.match(version)
    rest = version[epoch.end() :] if epoch else version
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, ""
    number = epoch.group(1).lstrip("0") if epoch else ""
    return (len(number), number), part(upstream), part(revision)
