# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the history says about a run, for the reports. Nothing here needs a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from ..document import group_key
from ..titles import Titles
from .lives import Life, Mark

COVERAGE = "coverage"


@dataclass(slots=True)
class Gone:
    """The same finding of some hosts, that this run no longer found (resolved) or could not look for (stale)."""

    group: str
    check: str
    rule: str
    severity: str
    title: str
    subject: str
    first_seen: str
    last_seen: str | None
    hosts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Past:
    """What was before this run. ``off`` says why nothing is known; ``baseline`` is when the run before ended, None in the first."""

    off: str = ""
    baseline: str | None = None
    # host -> fingerprint -> what is known of that finding.
    marks: dict[str, dict[str, Mark]] = field(default_factory=dict)
    resolved: list[Gone] = field(default_factory=list)
    stale: list[Gone] = field(default_factory=list)
    # How many hosts and checks are looked at again that the look before could not look at.
    back: int = 0
    # (host, "host" or a check) -> when it last saw all, in words.
    last_looks: dict[tuple[str, str], str] = field(default_factory=dict)
    # Hosts of which a check was looked at for the first time: their findings cannot be called new.
    first_looks: int = 0
    trend: list[dict[str, Any]] = field(default_factory=list)
    # (kind, name) of clients and logins that the fleet has never seen before this run.
    first_seen: set[tuple[str, str]] = field(default_factory=set)


def gone(lives: Iterable[tuple[str, Life]]) -> list[Gone]:
    """Return findings of hosts, grouped, the worst first; those of the coverage are told elsewhere."""
    groups: dict[str, Gone] = {}
    titles: dict[str, Titles] = {}
    for host, life in lives:
        if life.check == COVERAGE:
            continue
        key = group_key(life.check, life.rule, life.subject)
        item = groups.get(key)
        if item is None:
            item = groups[key] = Gone(key, life.check, life.rule, life.severity, life.title, life.subject, life.first_seen, life.last_seen)
        elif SEVERITIES.index(life.severity) < SEVERITIES.index(item.severity):
            item.severity = life.severity
        item.first_seen = min(item.first_seen, life.first_seen)
        item.last_seen = max(filter(None, (item.last_seen, life.last_seen)), default=None)
        item.hosts.append(host)
        titles.setdefault(key, Titles()).add(life.title, host)
    for key, item in groups.items():
        item.title = titles[key].usual
    return sorted(groups.values(), key=lambda item: (SEVERITIES.index(item.severity), -len(item.hosts), item.check, item.rule, item.subject))


def since(past: Past, states: Counter[str]) -> str:
    """Return what is new in one sentence; ``states`` counts the findings of the run by their state."""
    if past.off:
        return f"History off: {past.off}"
    if past.baseline is None:
        return "First run, no baseline: what is new shows from the next run on"
    counted = (
        (states["new"], "new"),
        (states["reopened"], "returned"),
        (sum(len(item.hosts) for item in past.resolved), "resolved"),
        (sum(len(item.hosts) for item in past.stale), "not looked at again"),
    )
    words = [f"{number:,} {word}" for number, word in counted if number]
    if past.first_looks:
        words.append(f"{past.first_looks:,} {'host' if past.first_looks == 1 else 'hosts'} with a check that looked for the first time")
    return f"Since {past.baseline[:10]} {past.baseline[11:16]} UTC: {', '.join(words) or 'nothing new'}"
