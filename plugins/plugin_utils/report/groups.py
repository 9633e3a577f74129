# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same finding on many hosts is one group: what to do once, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from ..titles import Titles

# The evidence of a group is an example; all of it is with the hosts.
GROUP_EVIDENCE = 5
GROUP_VARIANTS = 4
REFERENCES_LIMIT = 20

# What a group keeps when a worse example takes its place.
_KEPT = ("hosts", "count", "first", "last", "new", "reopened", "first_seen", "variants", "advice", "titles", "references")


@dataclass(slots=True)
class Group:
    """The same finding on one or more hosts: its worst severity, what all of them say, and one example of the evidence."""

    key: str
    check: str
    rule: str
    severity: str
    subject: str
    # What the host of the evidence says of it.
    example: str
    evidence: list[dict[str, str]]
    evidence_host: str
    titles: Titles = field(default_factory=Titles)
    references: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    count: int | None = None
    first: str | None = None
    last: str | None = None
    # Hosts on which it is new, or has returned, and since when it is known anywhere: all from the history.
    new: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    first_seen: str | None = None
    # Why it is accepted, of the group of accepted findings.
    accepted: dict[str, Any] | None = None
    # Commands as typed -> the hosts they are for, since a remedy may differ between hosts.
    variants: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    # Words of the remedy -> on how many hosts: what one host says is not the advice for all.
    advice: dict[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return the title that holds on all hosts, or on most of them where some have quite another one."""
        return self.titles.usual

    @property
    def remedy(self) -> str:
        """Return what most hosts say is to be done."""
        return max(self.advice, key=lambda words: self.advice[words], default="")

    @property
    def commands(self) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the commands and their hosts, those for most hosts first."""
        return sorted(self.variants.items(), key=lambda item: (-len(item[1]), item[0]))


def add(groups: dict[str, Group], host: str, finding: Mapping[str, Any]) -> None:
    """Put a finding of a host into its group; hosts come in the order in which they are to be named."""
    group = groups.get(finding["group"])
    if group is None or rank(finding["severity"]) < rank(group.severity):
        example = _example(host, finding)
        if group is not None:
            for kept in _KEPT:
                setattr(example, kept, getattr(group, kept))
        group = groups[finding["group"]] = example
    if not group.hosts or group.hosts[-1] != host:
        group.hosts.append(host)
        group.titles.add(finding["title"], host)
        _add_advice(group, host, finding["remedy"])
    if finding["references"] != group.references:
        _add_references(group, finding["references"])
    if finding["count"] is not None:
        group.count = (group.count or 0) + finding["count"]
    if finding["first"] and (group.first is None or finding["first"] < group.first):
        group.first = finding["first"]
    if finding["last"] and (group.last is None or finding["last"] > group.last):
        group.last = finding["last"]
    _add_past(group, host, finding)


def _add_advice(group: Group, host: str, remedy: Mapping[str, Any]) -> None:
    """Count what a host says is to be done, once: one that says much may not keep out what the others say."""
    words, commands = remedy["text"], tuple(remedy["commands"])
    if words in group.advice or len(group.advice) < GROUP_VARIANTS:
        group.advice[words] = group.advice.get(words, 0) + 1
    if commands:
        if commands not in group.variants and len(group.variants) >= GROUP_VARIANTS:
            commands = ()
        group.variants.setdefault(commands, []).append(host)


def _add_references(group: Group, references: Iterable[str]) -> None:
    """Add what this host names and no other does: hosts with other versions have other holes."""
    for line in references:
        if len(group.references) < REFERENCES_LIMIT and line not in group.references:
            group.references.append(line)


def _add_past(group: Group, host: str, finding: Mapping[str, Any]) -> None:
    state, first_seen = finding.get("state"), finding.get("first_seen")
    if state in ("new", "reopened"):
        names = group.new if state == "new" else group.reopened
        if not names or names[-1] != host:
            names.append(host)
    if first_seen and (group.first_seen is None or first_seen < group.first_seen):
        group.first_seen = first_seen


def _example(host: str, finding: Mapping[str, Any]) -> Group:
    return Group(
        key=finding["group"],
        check=finding["check"],
        rule=finding["rule"],
        severity=finding["severity"],
        subject=finding["subject"],
        example=finding["title"],
        evidence=finding["evidence"][:GROUP_EVIDENCE],
        evidence_host=host,
        accepted=finding.get("accepted"),
    )


def rank(severity: str) -> int:
    return SEVERITIES.index(severity)


def newest_first(groups: Sequence[Group]) -> list[Group]:
    """Return groups that are worst first, of each severity the new and returned ones first."""
    return sorted(groups, key=lambda group: (rank(group.severity), not (group.new or group.reopened)))


def group_order(group: Group) -> tuple[Any, ...]:
    return (rank(group.severity), -len(group.hosts), group.check, group.rule, group.subject)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts web2 before web10."""
    return tuple((0, int(part), "") if part.isdecimal() and len(part) < 20 else (1, 0, part) for part in re.split(r"(\d+)", name) if part)
