# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a finding: new, open, reopened, resolved. No database here: what one look at a host makes of what was known.

A look is one check on one host in one run. A look resolves what it no longer finds where it saw all, or can say of what it
did not see that it is not that; what could not be looked at keeps its findings open and stale. A look that is older than the
last one changes nothing, the same look twice is one look: documents may come in any order and any number of times.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Statuses of a check after which a finding that is not there is resolved.
COMPLETE = ("ok", "findings", "not_applicable")

# Statuses of a check of which the findings that are there count, and those that are not may only be out of sight.
PARTIAL = ("incomplete",)


@dataclass(slots=True)
class Looks:
    """What is known of one check on one host: how often it was looked at, in which run first and last, and when."""

    number: int
    first_run: str
    last_run: str
    last: str
    complete: str | None = None

    def as_list(self) -> list[Any]:
        return [self.number, self.first_run, self.last_run, self.last, self.complete]


@dataclass(slots=True)
class Life:
    """What is known of one finding. Times are ISO texts in UTC, which sort as they are."""

    fingerprint: str
    check: str
    rule: str
    subject: str
    severity: str
    title: str
    first_seen: str
    opened_run: str
    opened_look: int
    times_opened: int = 1
    seen_before: int = 0
    # Last seen, once it is out of sight: None while every look finds it, so that an unchanged finding costs no write.
    last_seen: str | None = None
    gone: str | None = None
    gone_run: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What the history says of a finding of this run."""

    state: str
    first_seen: str
    seen_runs: int
    baseline: bool


@dataclass(slots=True)
class Memory:
    """All that is known of one host, and which findings have changed since it was read."""

    host: str
    looks: dict[str, Looks] = field(default_factory=dict)
    lives: dict[str, Life] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    def look(self, check: str, status: str, run: str, time: str, findings: Iterable[Mapping[str, Any]], unsure: Collection[str] | None = None) -> None:
        """Take in what a check saw; nothing changes where it saw nothing, or where a later look is known.

        C(unsure) are the rules and the subjects that an incomplete look could not rule out, None for all of them.
        """
        if status not in (*COMPLETE, *PARTIAL):
            return
        known = self.looks.get(check)
        if known is None:
            known = self.looks[check] = Looks(1, run, run, time)
            before = time
        elif time < known.last or (time == known.last and run == known.last_run):
            return
        else:
            before = known.last
            if known.last_run != run:
                known.number += 1
            known.last_run, known.last = run, time
        found = {finding["fingerprint"]: finding for finding in findings}
        for finding in found.values():
            self._seen(finding, known)
        for life in self.lives.values():
            if life.check == check and life.gone is None and life.fingerprint not in found:
                self._missed(life, known, before, status in COMPLETE or (unsure is not None and life.rule not in unsure and life.subject not in unsure))
        if status in COMPLETE:
            known.complete = time

    def _seen(self, finding: Mapping[str, Any], looks: Looks) -> None:
        key = finding["fingerprint"]
        life = self.lives.get(key)
        if life is None:
            check, rule, subject, severity, title = (finding[name] for name in ("check", "rule", "subject", "severity", "title"))
            self.lives[key] = Life(key, check, rule, subject, severity, title, looks.last, looks.last_run, looks.number)
            self.added.add(key)
            return
        now = (finding["severity"], finding["title"])
        if life.last_seen is not None:
            if life.gone is not None:
                again = life.gone_run != looks.last_run  # a retry within a run gives back what the run itself took away
                life.times_opened += again
                life.opened_run = looks.last_run if again else life.opened_run
            life.opened_look, life.last_seen, life.gone, life.gone_run = looks.number, None, None, None
        elif now == (life.severity, life.title):
            return
        life.severity, life.title = now
        self.changed.add(key)

    def _missed(self, life: Life, looks: Looks, before: str, complete: bool) -> None:
        if life.last_seen is None:
            # The run of this look may have seen it in an earlier attempt: then that one counts.
            life.seen_before += max(looks.number - life.opened_look, 0)
            life.last_seen = before
            self.changed.add(life.fingerprint)
        if complete:
            life.gone, life.gone_run = looks.last, looks.last_run
            self.changed.add(life.fingerprint)

    def mark(self, fingerprint: str, run: str) -> Mark | None:
        """Return what is known of a finding that the run has; None where the run came after a later one and nobody knows it."""
        life = self.lives.get(fingerprint)
        if life is None:
            return None
        looks = self.looks[life.check]
        baseline = looks.first_run != run
        state = "open"
        if life.opened_run == run and baseline:
            state = "reopened" if life.times_opened > 1 else "new"
        seen = life.seen_before + (looks.number - life.opened_look + 1 if life.last_seen is None else 0)
        return Mark(state, life.first_seen, max(seen, 1), baseline)

    def resolved(self, run: str) -> list[Life]:
        """Return the findings that this run no longer found."""
        return [life for life in self.lives.values() if life.gone_run == run]

    def stale(self, present: Mapping[str, Any] | set[str], looked: Mapping[str, str]) -> list[Life]:
        """Return the open findings that the run could neither see nor rule out; ``looked`` has the status of each check."""
        return [life for key, life in self.lives.items() if life.gone is None and key not in present and looked.get(life.check) not in COMPLETE]

    def last_complete(self, check: str | None = None) -> str | None:
        """Return when a check, or any but the coverage, last saw all."""
        chosen = [self.looks[check]] if check in self.looks else [] if check else [item for name, item in self.looks.items() if name != "coverage"]
        return max((item.complete for item in chosen if item.complete), default=None)
