# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of RubyGems' versions and what a requirement such as ``~> 7.0.8`` allows (Gem::Version, Gem::Requirement)."""

from __future__ import annotations

import functools
import itertools
import re
from typing import Any

_SEGMENT = re.compile(r"[0-9]+|[a-z]+", re.IGNORECASE)
_VERSION = re.compile(r"\s*([0-9]+(\.[0-9a-zA-Z]+)*|[0-9][0-9a-zA-Z.]*)?(-[0-9A-Za-z.-]+)?\s*")
_REQUIREMENT = re.compile(r"\s*(=|!=|>=|<=|~>|>|<)?\s*([0-9][0-9A-Za-z.-]*)\s*")
LENGTH_LIMIT = 200

Segments = list[int | str]


def _segments(version: str) -> Segments:
    if len(version) > LENGTH_LIMIT or not _VERSION.fullmatch(version):
        raise ValueError(f"not a version of a gem: {version[:80]!r}")
    tokens = _SEGMENT.findall(version.strip().replace("-", ".pre.") or "0")
    return [int(token) if token.isdigit() else token for token in tokens]


def _canonical(segments: Segments) -> Segments:
    """Return the segments less the zeros that end the numbers and that end the whole: 1.0.a is 1.a, 1.0 is 1."""
    first = next((place for place, item in enumerate(segments) if isinstance(item, str)), len(segments))
    return _stripped(segments[:first]) + _stripped(segments[first:])


def _stripped(segments: Segments) -> Segments:
    while segments and segments[-1] == 0:
        segments = segments[:-1]
    return segments


def _compare(left: Segments, right: Segments) -> int:
    for mine, theirs in itertools.zip_longest(left, right, fillvalue=0):
        if mine == theirs:
            continue
        if isinstance(mine, str) != isinstance(theirs, str):
            return -1 if isinstance(mine, str) else 1
        return -1 if mine < theirs else 1  # type: ignore[operator]
    return 0


_sortable = functools.cmp_to_key(_compare)


@functools.lru_cache(maxsize=50_000)
def key(version: str) -> Any:
    """Return a key that sorts as Gem::Version does. ValueError for what is no version of a gem."""
    return _sortable(_canonical(_segments(version)))


def without_platform(version: str) -> str:
    """Return the version that a lock file names, less the platform: "1.16.2" of "1.16.2-x86_64-linux"."""
    return version.partition("-")[0]


def _release(version: str) -> Any:
    segments = _segments(version)
    first = next((place for place, item in enumerate(segments) if isinstance(item, str)), len(segments))
    return _sortable(_canonical(segments[:first]))


def _bump(version: str) -> Any:
    """Return the version that ``~>`` no longer allows: 4.2 for "4.1.3", 5 for "4.1" and for "4.1.rc1"."""
    numbers = [item for item in itertools.takewhile(lambda item: not isinstance(item, str), _segments(version)) if isinstance(item, int)]
    if len(numbers) > 1:
        numbers = numbers[:-1]
    return _sortable(_canonical([*numbers[:-1], numbers[-1] + 1]))


_HOLDS = {
    "=": lambda installed, bound: key(installed) == key(bound),
    "!=": lambda installed, bound: key(installed) != key(bound),
    ">": lambda installed, bound: key(installed) > key(bound),
    "<": lambda installed, bound: key(installed) < key(bound),
    ">=": lambda installed, bound: key(installed) >= key(bound),
    "<=": lambda installed, bound: key(installed) <= key(bound),
    "~>": lambda installed, bound: key(installed) >= key(bound) and _release(installed) < _bump(bound),
}


@functools.lru_cache(maxsize=20_000)
def requirement(text: str) -> tuple[tuple[str, str], ...]:
    """Return the (operator, version) pairs of a requirement such as "~> 7.2.3, >= 7.2.3.2". ValueError for what is none."""
    pairs = []
    for words in text.split(","):
        match = _REQUIREMENT.fullmatch(words) if len(words) <= LENGTH_LIMIT else None
        if not match:
            raise ValueError(f"not a requirement of a gem: {text[:80]!r}")
        _segments(match.group(2))
        pairs.append((match.group(1) or "=", match.group(2)))
    return tuple(pairs)


def satisfies(version: str, text: str) -> bool:
    """Return whether C(version) is what the requirement C(text) allows: every part of it."""
    return all(_HOLDS[operator](version, bound) for operator, bound in requirement(text))
