# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a version lies in what an announcement calls affected: OSV's evaluation (ossf.github.io/osv-schema, "Evaluation").

Three answers: affected (with the version that fixes it, or with none), not affected, and not to be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from .index import Row
from .versions import dpkg, gem, pypi, rpm, semver

Key = Callable[[str], Any]

# The order of versions in each ecosystem, by what its name begins with.
ORDERS: tuple[tuple[str, Key], ...] = (
    ("AlmaLinux", rpm.key),
    ("Rocky Linux", rpm.key),
    ("Red Hat", rpm.key),
    ("Debian", dpkg.key),
    ("Ubuntu", dpkg.key),
    ("RubyGems", gem.key),
    ("PyPI", pypi.key),
    ("npm", semver.key),
    ("Bitnami", semver.key),
    ("nginx.org", semver.key),
    ("nodejs.org", semver.key),
    ("postgresql.org", semver.key),
    ("GIT", semver.key),
)

# At the same version a range ends before the next one begins.
_RANK = {"fixed": 0, "limit": 0, "introduced": 1, "last_affected": 2}


class Outcome(NamedTuple):
    """C(affected): True, False, or None where it cannot be told (C(note) says why). C(fixed): the first version with the fix, None without one."""

    affected: bool | None
    fixed: str | None = None
    note: str = ""


NOT_AFFECTED = Outcome(False)


def order(ecosystem: str) -> Key:
    """Return the sort key of an ecosystem's versions. KeyError for one that is not known here."""
    for start, key in ORDERS:
        if ecosystem.startswith(start):
            return key
    raise KeyError(ecosystem)


def evaluate(version: str, row: Row, key: Key) -> Outcome:
    """Return whether C(version) is affected by what C(row) of the index says."""
    try:
        mine = key(version)
    except ValueError:
        return Outcome(None, note=f"{version[:80]} is no version that can be compared")
    if row.spec is None:
        if row.fixed is None:
            return Outcome(True)
        fixed = rpm.fixed(version, row.fixed) if key is rpm.key else _at_least(mine, row.fixed, key)
        return NOT_AFFECTED if fixed else Outcome(True, row.fixed)
    spec = json.loads(row.spec)
    ranges, versions = spec.get("ranges") or [], spec.get("versions") or []
    if not any(ranges) and not versions:
        return Outcome(None, note="the announcement names no version")
    if "since" in spec and not _at_least(mine, spec["since"], key):
        return Outcome(None, note=f"the announcement says nothing of versions before {spec['since']}")
    for events in ranges:
        found = _within(mine, events, key)
        if found.affected is not False:
            return found._replace(note=found.note or spec.get("status", ""))
    if version in versions:
        return Outcome(True, _next_fix(mine, ranges, key), spec.get("status", ""))
    return NOT_AFFECTED


def _at_least(mine: Any, bound: str, key: Key) -> bool:
    try:
        return bool(mine >= key(bound))
    except ValueError:
        return False


def _within(mine: Any, events: list[list[str]], key: Key) -> Outcome:
    try:
        timed = [(kind, None if version == "0" and kind == "introduced" else key(version), version) for kind, version in events]
    except ValueError:
        return Outcome(None, note="the announcement names a version that cannot be compared")
    # "introduced: 0" is before every version, also before those that sort below a version "0".
    timed.sort(key=lambda event: (event[1] is not None, _RANK[event[0]]) if event[1] is None else (True, event[1], _RANK[event[0]]))
    affected = False
    for kind, bound, _version in timed:
        if kind == "introduced":
            affected = affected or bound is None or mine >= bound
        elif kind == "last_affected":
            affected = affected and not mine > bound
        else:
            affected = affected and mine < bound
    if not affected:
        return NOT_AFFECTED
    return Outcome(True, next((version for kind, bound, version in timed if kind == "fixed" and mine < bound), None))


def _next_fix(mine: Any, ranges: list[list[list[str]]], key: Key) -> str | None:
    """Return the lowest fixed version above ours: of a version that is listed as affected though no range holds it."""
    try:
        fixes = [(key(version), version) for events in ranges for kind, version in events if kind == "fixed"]
    except ValueError:
        return None
    return min((pair for pair in fixes if pair[0] > mine), default=(None, None))[1]
