# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of the versions of Python packages: PEP 440, and before all of them what PEP 440 does not know."""

from __future__ import annotations

import functools
import re
from typing import Any

_COMPONENT = re.compile(r"(\d+|[a-z]+|\.|-)")
LENGTH_LIMIT = 500

# pkg_resources' words of old: these sort as pre-releases or as nothing.
_WORDS = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


@functools.lru_cache(maxsize=50_000)
def key(version: str) -> Any:
    """Return a sort key. ValueError for an empty or endless text."""
    if not version or len(version) > LENGTH_LIMIT:
        raise ValueError(f"not a version: {version[:80]!r}")
    # Here and not above: it comes with ansible-core, but the import of the collection without it must not fail.
    from packaging.version import InvalidVersion, Version

    try:
        return (1, Version(version))
    except InvalidVersion:
        return (0, _legacy(version))


def _legacy(version: str) -> tuple[str, ...]:
    """Return the key that setuptools gave to a version without rules (LegacyVersion of packaging < 22)."""
    parts: list[str] = []
    for word in _COMPONENT.split(version.lower()):
        part = _WORDS.get(word, word)
        if not part or part == ".":
            continue
        part = part.zfill(8) if part[0].isdigit() else "*" + part
        if part < "*final":
            while parts and parts[-1] == "*final-":
                parts.pop()
        while part.startswith("*") and part <= "*final" and parts and parts[-1] == "00000000":
            parts.pop()
        parts.append(part)
    return (*parts, "*final")


def name(text: str) -> str:
    """Return a package's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", text).lower()
