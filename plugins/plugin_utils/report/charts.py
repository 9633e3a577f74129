# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bars for the page: numbers turned into rectangles. The template draws them and writes the same numbers as a table."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HEIGHT = 100
STEP = 10

# Severities of the trend, from the ground up; info says nothing of how things go.
STACKED = ("critical", "high", "medium", "low")

TREND_DAYS = 30
HOURS = 24


@dataclass(frozen=True, slots=True)
class Rect:
    """A part of a bar: its class, its place (0 at the top, HEIGHT at the ground), and what it says."""

    kind: str
    x: int
    y: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A row of bars with its ends and its highest bar in words, and the rows of its table."""

    title: str
    words: str
    first: str
    last: str
    top: int
    width: int
    rects: list[Rect]
    columns: list[str]
    rows: list[list[str]]


def bars(title: str, words: str, labels: Sequence[str], values: Sequence[Mapping[str, int]], kinds: Sequence[str], ends: tuple[str, str]) -> Chart:
    """Return a chart of stacked bars; a bar that is not nothing is never too low to be seen."""
    top = max((sum(value.get(kind, 0) for kind in kinds) for value in values), default=0)
    rects = []
    for number, (label, value) in enumerate(zip(labels, values, strict=True)):
        ground = float(HEIGHT)
        for kind in kinds:
            if count := value.get(kind, 0):
                height = max(HEIGHT * count / top, 1.5)
                ground -= height
                rects.append(Rect(kind, number * STEP + 1, round(max(ground, 0), 2), round(height, 2), f"{label}: {count:,} {kind}"))
    rows = [[label, *(f"{value.get(kind, 0):,}" for kind in kinds)] for label, value in zip(labels, values, strict=True)]
    return Chart(title, words, *ends, top, max(len(labels), 1) * STEP, rects, ["", *kinds], rows)


def trend(rows: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Return findings by severity and the coverage of the last days; nothing before there are two days."""
    if len(rows) < 2:
        return []
    by_day = {row["ended"][:10]: row for row in rows}
    last = datetime.date.fromisoformat(max(by_day))
    first = max(datetime.date.fromisoformat(min(by_day)), last - datetime.timedelta(days=TREND_DAYS - 1))
    days = [(first + datetime.timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    findings = [by_day[day]["findings"] if day in by_day else {} for day in days]
    looks = [{"looked at": by_day[day]["looked_at"], "not looked at": by_day[day]["hosts"] - by_day[day]["looked_at"]} if day in by_day else {} for day in days]
    ends = (days[0], days[-1])
    begin, end = ({kind: found.get(kind, 0) for kind in STACKED} for found in (findings[0], findings[-1]))
    words = f"Findings by severity, from {_counted(begin)} on {days[0]} to {_counted(end)} on {days[-1]}"
    lost = [f"{day}: {look['not looked at']:,}" for day, look in zip(days, looks, strict=True) if look.get("not looked at")]
    cover = f"Hosts looked at each day; not looked at: {'; '.join(lost[-5:]) or 'none'}"
    return [
        bars("Findings by severity", words, days, findings, STACKED, ends),
        bars("Hosts looked at", cover, days, looks, ("looked at", "not looked at"), ends),
    ]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count) or "none"


# Column of the hours -> title and class of its chart.
_HOURLY = (
    ("accepted", 0, "Accepted logins by hour"),
    ("failed", 1, "Failed logins by hour"),
    ("probes", 3, "Web probes by hour"),
    ("denials", 4, "Denials by hour"),
)


def hourly(hours: Mapping[str, Sequence[int]]) -> list[Chart]:
    """Return logins, probes and denials by hour over the fleet; nothing of what did not happen at all."""
    labels = [f"{hour[5:10]} {hour[11:13]}:00" for hour in hours]
    charts = []
    for kind, column, title in _HOURLY:
        values = [{kind: counts[column]} for counts in hours.values()]
        total = sum(value[kind] for value in values)
        if total:
            top = max(range(len(values)), key=lambda number: values[number][kind])
            words = f"{title}: {total:,} in 24 hours, most in the hour from {labels[top]} UTC with {values[top][kind]:,}"
            charts.append(bars(title, words, labels, values, (kind,), (labels[0], labels[-1])))
    return charts
