# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One value of what a server said: of the type it should have, within its limits, or :class:`BadAnswer`.

Texts lose their control characters, numbers have an end, and all values of a document together may cost only so much.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

# A text was cut on the server first and escaped after that, which makes at most six characters of one, and what was
# cut is said behind it. A limit here must let all that through, or a true count would be cut away.
ESCAPED = 6
CUT_MARK = 40

DEPTH_LIMIT = 12
VALUES_LIMIT = 400_000
CHARACTERS_LIMIT = 16 * 1024 * 1024
DATA_TEXT_LIMIT = 100_000
KEY_LIMIT = 500
INTEGER_LIMIT = 2**63
FLOAT_LIMIT = 1e300

# Commas and opening brackets of a document, some of which stand in its texts. Python makes 64 bytes of a {}.
SIGNS_LIMIT = 3_000_000

# What data costs of the characters that a document may have, where it is no text.
NUMBER_COST = 20
WORD_COST = 4
BRANCH_COST = 2

_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?Z")


class BadAnswer(Exception):
    """The answer is not a document that can be used; the message says why, in words for the report."""


def decoded(content: bytes) -> Any:
    """Return what JSON says. Raises BadAnswer where it is made to fill memory, ValueError or RecursionError where it is none."""
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > SIGNS_LIMIT:
        raise BadAnswer("it holds far more values than a document has: it is made to fill memory")
    return json.loads(content)


def capped(value: str, limit: int) -> str:
    """Return a text without control characters, cut where it is longer than a server's cut to ``limit`` can make it.

    Doing it twice is doing it once.
    """
    if len(value) <= limit and value.isprintable():
        return value
    most = limit * ESCAPED + CUT_MARK
    words = text(value[:most], most)
    lost = max(0, len(value) - most)
    if lost or len(words) > most:
        keep = most - CUT_MARK
        words = f"{words[:keep]}...[{lost + len(words) - keep} cut]"
    return words


class Purse:
    """What one document may cost: characters and values, counted down over all its fields."""

    def __init__(self) -> None:
        self.characters = CHARACTERS_LIMIT
        self.values = VALUES_LIMIT

    def take(self, characters: int, values: int = 1) -> None:
        self.characters -= characters
        self.values -= values
        if self.characters < 0 or self.values < 0:
            raise BadAnswer(f"the answer holds more than {CHARACTERS_LIMIT} characters or {VALUES_LIMIT} values")

    def text(self, value: object, what: str, limit: int) -> str:
        """Return a text of the answer, printable and capped."""
        if not isinstance(value, str):
            raise BadAnswer(f"{what} is {_kind(value)}, not text")
        # Nearly every text is as it may be, and there are a hundred for each finding.
        words = value if len(value) <= limit and value.isprintable() else capped(value, limit)
        self.take(len(words))
        return words


def data(value: Mapping[str, Any], what: str, purse: Purse) -> Any:
    """Return JSON data with printable texts and bounded numbers, no deeper than DEPTH_LIMIT: as it is where it is so already."""
    cost = _cost(value)
    if cost is None:
        return _plain(value, what, purse, DEPTH_LIMIT)
    purse.take(*cost)
    return value


def _cost(value: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the characters and the values of data in which ``_plain`` would change nothing, None for any other.

    The data of a check is most of what reading a spool costs: one pass over it, a level at a time, and no copy.
    """
    characters, values = BRANCH_COST, 1
    level: list[Any] = [value]
    for _depth in range(DEPTH_LIMIT):
        below: list[Any] = []
        for branch in level:
            leaves: Iterable[Any] = branch
            if branch.__class__ is dict:
                for key in branch:
                    if key.__class__ is not str or len(key) > KEY_LIMIT or not key.isprintable():
                        return None
                    characters += len(key)
                values += len(branch)
                leaves = branch.values()
            values += len(branch)
            for leaf in leaves:
                kind = leaf.__class__
                if kind is str:
                    if len(leaf) > DATA_TEXT_LIMIT or not leaf.isprintable():
                        return None
                    characters += len(leaf)
                elif kind is int:
                    if not -INTEGER_LIMIT < leaf < INTEGER_LIMIT:
                        return None
                    characters += NUMBER_COST
                elif kind is dict or kind is list:
                    characters += BRANCH_COST
                    below.append(leaf)
                elif kind is bool or leaf is None:
                    characters += WORD_COST
                elif kind is float and -FLOAT_LIMIT <= leaf <= FLOAT_LIMIT:
                    characters += NUMBER_COST
                else:
                    return None
        if not below:
            return characters, values
        level = below
    return None


def _plain(value: object, what: str, purse: Purse, depth: int) -> Any:
    """Return JSON data with printable texts and bounded numbers, no deeper than ``depth``."""
    if value is None or isinstance(value, bool):
        purse.take(WORD_COST)
        return value
    if isinstance(value, int):
        purse.take(NUMBER_COST)
        return _bounded(value, what)
    if isinstance(value, float):
        purse.take(NUMBER_COST)
        if math.isnan(value) or abs(value) > FLOAT_LIMIT:
            raise BadAnswer(f"{what}: a number that is not finite")
        return value
    if isinstance(value, str):
        return purse.text(value, what, DATA_TEXT_LIMIT)
    if depth <= 0:
        raise BadAnswer(f"{what}: nested deeper than {DEPTH_LIMIT}")
    purse.take(BRANCH_COST)
    if isinstance(value, list):
        return [_plain(item, what, purse, depth - 1) for item in value]
    if isinstance(value, dict):
        return {purse.text(key, what, KEY_LIMIT): _plain(item, what, purse, depth - 1) for key, item in value.items()}
    raise BadAnswer(f"{what}: holds {_kind(value)}")


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return a mapping; BadAnswer, which names ``what``, for anything else. As do the following for what they return."""
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} is {_kind(value)}, not a mapping")
    return value


def items(value: object, what: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise BadAnswer(f"{what} is {_kind(value)}, not a list")
    return value


def texts(value: object, what: str, count: int, limit: int, purse: Purse) -> list[str]:
    """Return the first ``count`` texts of a list, each printable and capped to ``limit``."""
    return [purse.text(item, what, limit) for item in items(value, what)[:count]]


def moment(value: object, what: str) -> str:
    """Return a time in UTC, such as 2026-11-22T06:00:00Z."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        # Whoever reads the document reckons with it: a 30th of February is not a time.
        datetime.datetime.fromisoformat(match[1] if match else "")
    except ValueError:
        raise BadAnswer(f"{what} is {text(value, 80)}, not a UTC time") from None
    return str(value)


def whole(value: object, what: str) -> int:
    """Return a whole number from 0 up, of 63 bits at most."""
    # An integer of any length is none of isnan()'s: it has room for those that a float has room for.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (isinstance(value, float) and math.isnan(value)) or value < 0:
        raise BadAnswer(f"{what} is {text(value, 80)}, not a number from 0 up")
    return int(_bounded(value, what))


def _bounded(value: float, what: str) -> float:
    if abs(value) >= INTEGER_LIMIT:
        raise BadAnswer(f"{what}: a number of more than 63 bits")
    return value


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bytes: "bytes", bool: "a truth value", type(None): "missing"}
    return names.get(type(value), type(value).__name__)
