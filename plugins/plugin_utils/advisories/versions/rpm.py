# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order of rpm versions: ``[epoch:]version[-release]``, as rpmvercmp() and parseEVR() of rpm 4.15 and later see it."""

from __future__ import annotations

import functools
import re
from typing import Any

# Whatever is no token only separates: "1.0a" and "1.0.a" are the same two-and-a-letter.
_TOKEN = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_EPOCH = re.compile(r"([0-9]*):")

# What may stand at one place, lowest first: 1.0~rc1 < 1.0 < 1.0^git1 < 1.0a < 1.0.1.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = (0,), (1,), (2,), 3, 4

Key = tuple[Any, ...]


@functools.lru_cache(maxsize=200_000)
def segments(text: str) -> Key:
    """Return the key of one part, a version or a release. Digits are compared by length first: no number is ever made of them."""
    key: list[tuple[Any, ...]] = []
    for token in _TOKEN.findall(text):
        if token == "~":
            key.append(_TILDE)
        elif token == "^":
            key.append(_CARET)
        elif token[0].isdigit():
            digits = token.lstrip("0")
            key.append((_DIGITS, len(digits), digits))
        else:
            key.append((_LETTERS, token))
    key.append(_END)
    return tuple(key)


def split(evr: str) -> tuple[str, str, str | None]:
    """Return epoch, version and release of C(evr); "0" for no epoch, None for no release.

    An epoch is digits (parseEVR): the "a" of "a:1" is part of the version. "(none)" is how rpm writes that there is no epoch.
    """
    if evr.startswith("(none):"):
        evr = "0" + evr[6:]
    epoch = _EPOCH.match(evr)
    rest = evr[epoch.end() :] if epoch else evr
    version, dash, release = rest.rpartition("-")
    if not dash:
        version, release = rest, ""
    return (epoch.group(1) or "0" if epoch else "0"), version, release if dash else None


@functools.lru_cache(maxsize=200_000)
def key(evr: str) -> Key:
    """Return a key that sorts as rpm does; a version without a release sorts before the same with one."""
    epoch, version, release = split(evr)
    return segments(epoch), segments(version), () if release is None else segments(release)


def fixed(installed: str, fix: str) -> bool:
    """Return whether C(installed) is at or after C(fix). Where one of them names no release, the versions alone are compared."""
    mine, theirs = key(installed), key(fix)
    if not mine[2] or not theirs[2]:
        return mine[:2] >= theirs[:2]
    return mine >= theirs
