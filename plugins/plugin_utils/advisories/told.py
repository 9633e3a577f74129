# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of the announcements as a whole: the feeds and their age, how many servers, what is unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..playbooks import FEEDS_COMMAND
from .osv_export import Announced

REASONS_LIMIT = 20
PAGE_FAILED = "failed"
NOTHING = "no host has a list of its software"


@dataclass(frozen=True, slots=True)
class FeedState:
    """One feed: C(had) is when it was last had from upstream (ISO, UTC), C(problem) why its newest state is not in use."""

    name: str
    records: int
    newest: str
    had: str | None
    age_hours: float | None
    stale: bool
    problem: str

    def as_dict(self) -> dict[str, Any]:
        """Return the feed as report.json has it."""
        return {key: getattr(self, key) for key in self.__slots__}

    def words(self) -> str:
        """Return what is wrong with the feed, empty where nothing is."""
        parts = [f"has a problem ({self.problem}), its last good state is in use"] if self.problem else []
        if self.age_hours is None:
            parts.append("was never had whole")
        elif self.stale:
            days = self.age_hours / 24
            parts.append(f"is {days:.0f} days old" if days >= 2 else f"is {self.age_hours:.0f} hours old")
        return " and ".join(parts)


@dataclass(slots=True)
class Told:
    """What was matched in a run. C(off): why nothing was, empty where it was.

    C(hosts) were judged, of which C(affected) have an announcement that touches them and C(unsure) something that cannot be told. C(lacking) names for
    each feed that was missing, stale or refused why that matters, and the hosts that it matters to.
    """

    off: str = NOTHING
    feeds: list[FeedState] = field(default_factory=list)
    hosts: int = 0
    affected: int = 0
    unsure: int = 0
    packages: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    exploited: int = 0
    # Subject of a finding -> the announcement behind it and what of the fleet it touches.
    announced: dict[str, Announced] = field(default_factory=dict)
    lacking: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    # What is typed to fetch the feeds.
    command: str = FEEDS_COMMAND
    # What the last look at the announcement pages found, as feeds/pages.py has it.
    pages: list[dict[str, Any]] = field(default_factory=list)

    def lack(self, feed: str, why: str, host: str) -> None:
        """Note that a host needs a feed that is not as it should be."""
        self.lacking.setdefault(feed, (why, []))[1].append(host)

    def head(self) -> dict[str, Any]:
        """Return the numbers and the feeds, for report.json and summary.json."""
        unknown = sorted(self.unknown.items(), key=lambda item: (-item[1], item[0]))
        return {
            "on": not self.off,
            "off_reason": self.off,
            "feeds": [feed.as_dict() for feed in self.feeds],
            "hosts": {"judged": self.hosts, "affected": self.affected, "unknown": self.unsure},
            "packages": {"judged": self.packages, "unknown": sum(self.unknown.values())},
            "unknown": [{"reason": why, "packages": count} for why, count in unknown[:REASONS_LIMIT]],
            "announcements": {"found": len(self.announced), "exploited": self.exploited},
            "pages": self.pages,
            "lacking": [{"feed": feed, "reason": why, "hosts": len(hosts)} for feed, (why, hosts) in sorted(self.lacking.items())],
        }

    @property
    def news(self) -> list[dict[str, Any]]:
        """Return the announcement pages with entries that are new since the look before, or that could not be had."""
        return [page for page in self.pages if page["new"] or page["status"] == PAGE_FAILED]

    @property
    def telling(self) -> bool:
        """Return whether there is anything to be said."""
        return bool(self.hosts or self.lacking)

    def numbers(self) -> str:
        """Return what was found, in one sentence."""
        if self.off:
            return self.off
        words = f"{_number(len(self.announced), 'announcement')} on {self.affected:,} of {_number(self.hosts, 'host')}"
        words += f", {self.exploited:,} of them exploited (CISA KEV)" if self.exploited else ""
        unknown = sum(self.unknown.values())
        return f"{words}; of {unknown:,} of {_number(self.packages, 'package')} it cannot be told" if unknown else words

    def sentence(self) -> str:
        """Return the state of the feeds in one sentence, without those that are as they should be."""
        if self.off:
            return self.off
        same: dict[str, list[str]] = {}
        for feed in self.feeds:
            if feed.words():
                same.setdefault(feed.words(), []).append(feed.name)
        bad = [f"{names[0]} {why}" if len(names) == 1 else f"{', '.join(names)}: each {why}" for why, names in same.items()]
        ages = [feed.age_hours for feed in self.feeds if feed.age_hours is not None]
        oldest = f", the oldest had {max(ages):.0f} hours ago" if ages else ""
        words = f"{_number(len(self.feeds), 'feed')}{oldest}"
        return f"{words}; {'; '.join(bad)}" if bad else words


def lacking_words(lacking: Mapping[str, str]) -> str:
    """Return what is wrong with feeds (name -> why) in one sentence: of several their names, the report tells each apart with the run."""
    if len(lacking) == 1:
        return next(iter(lacking.values()))
    return f"{len(lacking)} feeds are missing, too old or refused: {', '.join(sorted(lacking))}" if lacking else ""


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
