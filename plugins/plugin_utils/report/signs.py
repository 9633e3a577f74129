# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words and signs of the page: a shape and a word for each state, colour is never the only sign."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from .collect import Host

SEVERITY_SIGNS = {"critical": "◆", "high": "▲", "medium": "●", "low": "▪", "info": "○"}

# status of a check -> (sign, word, what it means)
STATUS_SIGNS = {
    "ok": ("✓", "ok", "looked at, nothing found"),
    "findings": ("!", "with findings", "looked at, something found"),
    "not_applicable": ("–", "n/a", "nothing of this kind on the host"),
    "skipped": ("–", "skipped", "left out by request"),
    "incomplete": ("◐", "incomplete", "looked at, but could not see all"),
    "error": ("✕", "error", "could not run"),
    "timeout": ("✕", "timeout", "did not end in time"),
}

# state of a host -> (sign, word)
HOST_SIGNS = {
    "checked": ("✓", "checked"),
    "partial": ("◐", "partly checked"),
    "unreachable": ("✕", "unreachable"),
    "error": ("✕", "error"),
    "not_run": ("✕", "not run"),
}

# Statuses of a check that did not see all.
UNSOUND = ("error", "timeout", "incomplete")

# Where a cell without a finding stands when cells are sorted, worst first; severities come before.
_ORDER = ("error", "timeout", "incomplete", "lost", "findings", "ok", "skipped", "not_applicable")


class Shown(NamedTuple):
    """One check on one host as the page shows it: class, sign, word, explanation, and its place when sorted, 0 the worst."""

    kind: str
    sign: str
    word: str
    why: str
    rank: int


def cell_of(host: Host, check: str) -> Shown:
    """Return how the page shows one check on one host."""
    cell = host.cells.get(check)
    if cell is None:
        return _shown("lost", "·", "not checked", host.reason)
    sign, word, meaning = STATUS_SIGNS[cell.status]
    if cell.accepted and not cell.counts and cell.status == "findings":
        return _shown("ok", sign, f"{cell.accepted} accepted", meaning)
    if cell.worst and cell.status in ("findings", "incomplete"):
        words = f"{cell.counts[cell.worst]} {cell.worst}"
        more = sum(cell.counts.values()) - cell.counts[cell.worst]
        words += f" +{more}" if more else ""
        words += ",\nincomplete" if cell.status == "incomplete" else ""  # on a line of its own: one such cell would widen its column
        return _shown(cell.worst, SEVERITY_SIGNS[cell.worst], words, cell.reason or meaning)
    return _shown(cell.status, sign, word, cell.reason or meaning)


def _shown(kind: str, sign: str, word: str, why: str) -> Shown:
    return Shown(kind, sign, word, why, (*SEVERITIES, *_ORDER).index(kind))


def clock(time: str | None) -> str:
    """Return ``2026-11-22T06:00:01Z`` as people read it."""
    return f"{time[:10]} {time[11:16]} UTC" if time else "unknown"


def span(times: tuple[str | None, str | None]) -> str:
    """Return from when to when, the day once where it is the same."""
    start, end = (time and time[:19].replace("T", " ") for time in times)
    if not start or not end:
        return "unknown"
    return f"{start} to {end[11:] if end[:10] == start[:10] else end} UTC"


def together(sentence: str) -> str:
    """Return a sentence in which no line ends between a number and its word."""
    return re.sub(r"(\d) ", "\\1\N{NO-BREAK SPACE}", sentence)


def facts_line(host: Host) -> str:
    """Return what a host is, in one line."""
    facts = host.facts
    words = [facts.get("os", {}).get("pretty_name"), facts.get("kernel"), facts.get("arch"), facts.get("hostname")]
    words += [f"up since {clock(facts['boot_time'])}"] if facts.get("boot_time") else []
    words += [", ".join(host.groups)] if host.groups else []
    return " · ".join(filter(None, words))


def group_anchor(key: str) -> str:
    """Return the id of a group of findings on the page."""
    return "g-" + key.removeprefix("v1:")[:16]


def host_anchor(name: str) -> str:
    """Return the id of a host on the page, which its link names: ``#host=web1`` works with and without the viewer."""
    return "host=" + name.encode("utf-8", "backslashreplace").decode()


def host_link(name: str) -> str:
    """Return the link to a host on the page."""
    return "#host=" + quote(host_anchor(name)[5:], safe="")


def group_link(key: str) -> str:
    return "#" + group_anchor(key)
