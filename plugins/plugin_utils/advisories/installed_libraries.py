# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gems, npm and Python packages of applications, and components that no package owns, against everything that is known of them.

Several feeds may know the same thing under several names: what shares a name is one announcement, and where its witnesses disagree, that is said.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from .evaluate import NOT_AFFECTED, Outcome, evaluate, order
from .index import Index, Row, Vuln
from .verdict import AFFECTED, UNFIXED, UNKNOWN, Hit
from .versions import gem, pypi

# Kind of an application's packages -> ecosystem.
KINDS = {"gems": "RubyGems", "npm": "npm", "pypi": "PyPI"}

# Where a package that comes from no registry comes from: its version says nothing.
NOT_RELEASED = {
    "git": "taken from a git repository: its version is no release",
    "path": "part of the application: its version is no release",
    "url": "taken from an address of its own, not from the registry",
}

# Component -> (ecosystem, name) of every witness, the first one first. A component without a row has no feed.
COMPONENTS = {
    "nginx": (("nginx.org", "nginx"), ("Bitnami", "nginx")),
    "ruby": (("Ruby", "ruby"), ("Bitnami", "ruby")),
    "jruby": (("Ruby", "jruby"),),
    "node": (("nodejs.org", "node"), ("Bitnami", "node")),
    "redis": (("Bitnami", "redis"),),
    "valkey": (("Bitnami", "valkey"),),
    "postgresql": (("postgresql.org", "postgresql"), ("Bitnami", "postgresql")),
    "mariadb": (("Bitnami", "mariadb"),),
    "mysql": (("Bitnami", "mysql"),),
    "haproxy": (("Bitnami", "haproxy"),),
    "varnish": (("Bitnami", "varnish"),),
    "memcached": (("Bitnami", "memcached"),),
    "apache": (("Bitnami", "apache"),),
    "php": (("Bitnami", "php"),),
    "passenger": (("RubyGems", "passenger"),),
    "puma": (("RubyGems", "puma"),),
}

# The patch level of old Rubies: 2.0.0p648 is written 2.0.0.648 in requirements.
_PATCH_LEVEL = re.compile(r"-?p(?=[0-9]+$)")


# Those whose word counts where others contradict it: nearest to the makers. All others count alike, the first one found decides.
FIRST_WITNESSES = ("ruby-advisory-db", "nginx.org", "Ruby", "nodejs.org", "postgresql.org")


class _Known(NamedTuple):
    vuln: Vuln
    outcome: Outcome
    witness: str


def judge_package(kind: str, name: str, version: str, source_kind: str, index: Index) -> tuple[Hit, ...]:
    """Return what is known of one package of a lock file; C(source_kind) says where it comes from, empty or "registry" for the usual place."""
    if source_kind in NOT_RELEASED:
        return (Hit(UNKNOWN, 0, name, version, None, NOT_RELEASED[source_kind]),)
    ecosystem = KINDS[kind]
    feed_name = pypi.name(name) if kind == "pypi" else name
    return _judge(name, gem.without_platform(version) if kind == "gems" else version, ((ecosystem, feed_name),), index)


def judge_component(name: str, version: str, index: Index) -> tuple[Hit, ...]:
    """Return what is known of a program that no package owns."""
    witnesses = tuple(place for place in COMPONENTS.get(name, ()) if index.has(place[0]))
    if not witnesses:
        return (Hit(UNKNOWN, 0, name, version, None, f"no feed at hand covers {name}"),)
    return _judge(name, _PATCH_LEVEL.sub(".", version), witnesses, index)


def _judge(name: str, version: str, places: tuple[tuple[str, str], ...], index: Index) -> tuple[Hit, ...]:
    known = []
    for ecosystem, feed_name in places:
        for row in index.rows(ecosystem, feed_name):
            vuln = index.vuln(row.vid)
            known.append(_Known(vuln, _outcome(version, row, ecosystem), vuln.feed if ecosystem in KINDS.values() else ecosystem))
    known.sort(key=lambda item: item.witness not in FIRST_WITNESSES)
    hits = [_hit(name, version, group) for group in _groups(known)]
    return tuple(sorted((hit for hit in hits if hit), key=lambda hit: hit.vid))


def _outcome(version: str, row: Row, ecosystem: str) -> Outcome:
    spec = json.loads(row.spec) if row.spec else {}
    if "patched" in spec:
        return _by_requirements(version, spec["patched"], spec["unaffected"])
    return evaluate(version, row, gem.key if ecosystem == "Ruby" else order(ecosystem))


def _by_requirements(version: str, patched: list[str], unaffected: list[str]) -> Outcome:
    """Return whether a version satisfies none of the requirements of a good one, and the lowest that does for its branch."""
    try:
        if any(gem.satisfies(version, requirement) for requirement in (*patched, *unaffected)):
            return NOT_AFFECTED
    except ValueError:
        return Outcome(None, note=f"{version[:80]} is no version that can be compared")
    # The last part of "~> 7.2.3, >= 7.2.3.2" is the first good version of its branch.
    bounds = [gem.requirement(requirement)[-1] for requirement in patched]
    later = sorted((bound for operator, bound in bounds if operator in ("~>", ">=", "=") and gem.key(bound) > gem.key(version)), key=gem.key)
    return Outcome(True, later[0] if later else None)


def _groups(known: list[_Known]) -> list[list[_Known]]:
    """Return what is known, put together where it shares an identifier or an alias, directly or through others."""
    groups: list[tuple[set[str], list[_Known]]] = []
    for item in known:
        names = {item.vuln.id, *item.vuln.cves, *item.vuln.aliases}
        apart = []
        members = [item]
        for other_names, others in groups:
            if names.isdisjoint(other_names):
                apart.append((other_names, others))
            else:
                names |= other_names
                members = [*others, *members]
        groups = [*apart, (names, members)]
    return [members for _names, members in groups]


def _hit(name: str, version: str, group: list[_Known]) -> Hit | None:
    """Return one hit for a group: the first witness decides, where another contradicts it that is said."""
    by_witness: dict[str, list[_Known]] = {}
    for item in group:
        by_witness.setdefault(item.witness, []).append(item)
    answers = {witness: _worst(items) for witness, items in by_witness.items()}
    first = next(iter(answers))
    yes = [witness for witness, item in answers.items() if item.outcome.affected]
    no = [witness for witness, item in answers.items() if item.outcome.affected is False]
    if not yes:
        unsure = [item for item in answers.values() if item.outcome.affected is None]
        return Hit(UNKNOWN, unsure[0].vuln.vid, name, version, None, unsure[0].outcome.note) if unsure and not no else None
    disagree = f"{', '.join(yes)}: affected; {', '.join(no)}: not affected" if no else ""
    ids = tuple(item.vuln.vid for item in group)
    chosen = answers[first] if first in yes else answers[yes[0]]
    fixed = next((answers[witness].outcome.fixed for witness in yes if answers[witness].outcome.fixed), None)
    others_ids = tuple(dict.fromkeys(vid for vid in ids if vid != chosen.vuln.vid))
    if first not in yes and answers[first].outcome.affected is False:
        return Hit(UNKNOWN, chosen.vuln.vid, name, version, fixed, disagree, others_ids)
    note = "; ".join(part for part in (chosen.outcome.note, disagree) if part)
    return Hit(AFFECTED if fixed else UNFIXED, chosen.vuln.vid, name, version, fixed, note, others_ids)


def _worst(items: list[_Known]) -> _Known:
    """Return the item that says most of one witness's several: affected, then not to be told, then not affected."""
    return min(items, key=lambda item: {True: 0, None: 1, False: 2}[item.outcome.affected])
