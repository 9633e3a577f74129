# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""accepted.yml: read, and checked line by line before the run. Its JSON Schema for editors is schemas/accepted-1.json."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from .expression import BadExpression
from .match import GLOBS, KEYS, Match

FILE_LIMIT = 4 * 1024 * 1024
ENTRIES_LIMIT = 2000
DEPTH_LIMIT = 10  # a list of entries, of which match has lists
TEXT_LIMIT = 1000
LONGEST_DAYS = 366
ERRORS_SHOWN = 20

TEXTS = ("reason", "owner", "ticket")
ENTRY_KEYS = ("match", "expires", *TEXTS)

_PRINT = re.compile(r"v\d+:[0-9a-f]{32}")


class AcceptanceError(Exception):
    """The file cannot be used; the text has a line for each mistake, with its place."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An entry of the file. It holds up to and with the day ``expires``."""

    line: int
    match: Match
    reason: str
    expires: datetime.date
    owner: str = ""
    ticket: str = ""


class _Mistake(Exception):
    """(node or line, what is wrong)."""

    def __init__(self, node: yaml.Node, words: str) -> None:
        super().__init__(words)
        self.line = node.start_mark.line + 1


def content_of(path: Path, variable: str, limit: int) -> bytes:
    """Return a file that a variable names. Raises AcceptanceError where it cannot be read, or is larger than the limit."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise AcceptanceError(f"{variable} {path}: {error.strerror}") from error
    if len(content) > limit:
        raise AcceptanceError(f"{variable} {path}: larger than {limit >> 20} MiB")
    return content


def read_acceptances(path: Path, today: datetime.date) -> list[Acceptance]:
    """Return the entries of the file in their order. Raises AcceptanceError with all that is wrong in it."""
    content = content_of(path, "daily_check_accepted", FILE_LIMIT)
    try:
        root = _composed(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise AcceptanceError(f"{path}: not UTF-8 at byte {error.start}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise AcceptanceError(f"{path}:{mark.line + 1 if mark else 1}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise AcceptanceError(f"{path}: not YAML: {text(error, 200)}") from error
    return _entries(path, root, today)


class _Loader(yaml.SafeLoader):
    """Makes nodes of the file, and stops at what no list of acceptances has: a few bytes of it could ask for more than there is."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        mark = self.peek_event().start_mark
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "no alias (*name) is taken here: write it out", mark)
        if self.depth >= DEPTH_LIMIT:
            raise yaml.composer.ComposerError(None, None, f"nested more than {DEPTH_LIMIT} deep", mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _composed(content: str) -> yaml.Node | None:
    loader = _Loader(content)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _entries(path: Path, root: yaml.Node | None, today: datetime.date) -> list[Acceptance]:
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag.endswith(":null")):
        return []
    if not isinstance(root, yaml.SequenceNode):
        raise AcceptanceError(f"{path}:{root.start_mark.line + 1}: a list of acceptances is wanted")
    if len(root.value) > ENTRIES_LIMIT:
        raise AcceptanceError(f"{path}: {len(root.value)} acceptances, {ENTRIES_LIMIT} at most")
    entries, mistakes = [], []
    for node in root.value:
        found = list(_mistakes(node, today))
        mistakes += found
        if not found:
            entries.append(_entry(node))
    if mistakes:
        lines = [f"{path}:{mistake.line}: {mistake}" for mistake in mistakes[:ERRORS_SHOWN]]
        lines += [f"and {len(mistakes) - ERRORS_SHOWN} more"] if len(mistakes) > ERRORS_SHOWN else []
        raise AcceptanceError("\n".join(lines))
    return entries


def _mistakes(node: yaml.Node, today: datetime.date) -> Iterator[_Mistake]:
    """Yield all that is wrong with an entry."""
    try:
        body = _mapping(node, ENTRY_KEYS, "an acceptance")
    except _Mistake as mistake:
        yield mistake
        return
    checks: dict[str, Callable[[yaml.Node], object]] = {"match": _match, "expires": lambda value: _expires(value, today)}
    checks |= {key: functools.partial(_text, key=key) for key in TEXTS}
    for key, check in checks.items():
        try:
            if key in body:
                check(body[key])
            elif key in ("match", "reason", "expires"):
                raise _Mistake(node, f"{key} is missing")
        except _Mistake as mistake:
            yield mistake


def _entry(node: yaml.Node) -> Acceptance:
    body = _mapping(node, ENTRY_KEYS, "an acceptance")
    return Acceptance(
        line=node.start_mark.line + 1,
        match=_match(body["match"]),
        expires=datetime.date.fromisoformat(body["expires"].value),
        **{key: _text(body[key], key) for key in TEXTS if key in body},
    )


def _mapping(node: yaml.Node, known: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise _Mistake(node, f"{what} is a mapping with {', '.join(known)}")
    body: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.value not in known:
            raise _Mistake(key, f"{what} has no {text(key.value, 60)}; it has {', '.join(known)}")
        if key.value in body:
            raise _Mistake(key, f"{key.value} is there twice")
        body[key.value] = value
    return body


def _text(node: yaml.Node, key: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null") or not node.value.strip():
        raise _Mistake(node, f"{key}: a text is wanted")
    if len(node.value) > TEXT_LIMIT:
        raise _Mistake(node, f"{key}: a text of {TEXT_LIMIT} characters at most is wanted")
    return text(node.value.strip(), TEXT_LIMIT)


def _expires(node: yaml.Node, today: datetime.date) -> None:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", node.value if isinstance(node, yaml.ScalarNode) else ""):
            raise ValueError
        day = datetime.date.fromisoformat(node.value)
    except ValueError:
        raise _Mistake(node, "expires is a day such as 2027-01-31") from None
    if (day - today).days > LONGEST_DAYS:
        raise _Mistake(node, f"expires is {day}: a year from now at most, {today + datetime.timedelta(days=LONGEST_DAYS)}")


def _match(node: yaml.Node) -> Match:
    body = _mapping(node, KEYS, "match")
    if not body:
        raise _Mistake(node, "match is empty: it would cover everything")
    given: dict[str, list[str]] = {}
    for key, value in body.items():
        given[key] = [_text(item, key) for item in (value.value if isinstance(value, yaml.SequenceNode) else [value])]
        if not given[key]:
            raise _Mistake(value, f"{key} is an empty list: it would cover nothing")
        if key in ("fingerprint", "group") and not all(_PRINT.fullmatch(word) for word in given[key]):
            raise _Mistake(value, f"{key} is v1: and 32 hexadecimal digits, as the report has it")
    if set(given) <= set(GLOBS) and all(not word.strip("*") for words in given.values() for word in words):
        raise _Mistake(node, "match covers everything: name what is accepted")
    try:
        return Match(given)
    except BadExpression as error:
        raise _Mistake(body["expression"], str(error)) from error
