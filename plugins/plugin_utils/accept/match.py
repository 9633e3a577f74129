# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings an acceptance covers: by fingerprint, group, ids, globs, or a JMESPath expression."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .expression import BadExpression, compiled

# Keys of a match; all that are given must hold, of a list one entry must.
EXACT = ("fingerprint", "group")
GLOBS = ("check", "rule", "subject", "host", "inventory_group")
KEYS = (*EXACT, "ids", *GLOBS, "expression")

_ID = re.compile(r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|[A-Z][A-Z0-9]{1,9}-[0-9A-Z][0-9A-Za-z:._-]{2,40})\b", re.IGNORECASE)

# A finding that nobody can mean: what covers it covers everything.
_NOBODYS: dict[str, Any] = {
    "check": "nobodys",
    "rule": "nobodys.finding",
    "severity": "nobodys",
    "title": "Nobody's finding",
    "subject": "nobodys subject",
    "evidence": [],
    "evidence_cut": 0,
    "remedy": {"text": "", "commands": []},
    "references": [],
    "count": 1,
    "first": None,
    "last": None,
    "fingerprint": "v1:" + 32 * "0",
    "group": "v1:" + 32 * "0",
}


def with_host(finding: Mapping[str, Any], host: str, groups: Sequence[str]) -> dict[str, Any]:
    """Return a finding as expressions see it: with its host."""
    return {**finding, "host": {"name": host, "groups": list(groups)}}


def ids_of(finding: Mapping[str, Any]) -> set[str]:
    """Return the ids of vulnerabilities and advisories that a finding names, in capital letters."""
    texts = (*finding["references"], finding["title"], finding["subject"])
    return {found.upper() for words in texts for found in _ID.findall(words)}


class Match:
    """The ``match`` of an acceptance, checked and ready."""

    def __init__(self, given: Mapping[str, list[str]]) -> None:
        self.exact = {key: set(given[key]) for key in EXACT if key in given}
        self.ids = {word.upper() for word in given.get("ids", ())}
        self.globs = {key: re.compile("|".join(fnmatch.translate(word) for word in given[key])) for key in GLOBS if key in given}
        self.expressions = [compiled(words) for words in given.get("expression", ())]

    def covers(self, finding: Mapping[str, Any], host: str, groups: Sequence[str]) -> bool:
        """Return whether all of the match holds. Raises BadExpression where an expression cannot be evaluated, or gives no truth value."""
        if any(finding[key] not in wanted for key, wanted in self.exact.items()):
            return False
        values = {"check": (finding["check"],), "rule": (finding["rule"],), "subject": (finding["subject"],), "host": (host,), "inventory_group": groups}
        if any(not any(pattern.match(value) for value in values[key]) for key, pattern in self.globs.items()):
            return False
        if self.ids and not self._names_all(finding):
            return False
        return not self.expressions or any(self._true(search, with_host(finding, host, groups)) for search in self.expressions)

    def covers_anything(self) -> bool:
        """Return whether it covers even a finding that nobody can mean."""
        try:
            return self.covers(_NOBODYS, "nobodys.host.invalid", ())
        except BadExpression:
            return False

    def _names_all(self, finding: Mapping[str, Any]) -> bool:
        """Any id of a finding will do; but where it is of several CVEs, each must be named, or one acceptance would hide the others."""
        ids = ids_of(finding)
        cves = {word for word in ids if word.startswith("CVE-")}
        return bool(ids & self.ids) and (len(cves) < 2 or cves <= self.ids)

    @staticmethod
    def _true(search: Callable[[Mapping[str, Any]], Any], value: Mapping[str, Any]) -> bool:
        seen = search(value)
        if seen is None:  # what JMESPath makes of a comparison with something that a finding does not have
            return False
        if not isinstance(seen, bool):
            raise BadExpression("the expression gives no truth value: compare, as in severity == 'low'")
        return seen
