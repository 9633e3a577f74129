# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings about announcements, in words: titles, evidence, references."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding

from . import endoflife
from .index import Vuln
from .match import Place
from .priority import Priority
from .verdict import Hit

# What is known of exploitation stands in the title of a row, since it decides what is done first; the vendor's words come behind it.
NAMES_SHOWN = 3


def where(place: Place) -> str:
    """Return where a package was found, for people."""
    words = f"{place.path.rstrip('/')}/{place.file}" if place.file else place.path or "gem list"
    more = [f"and {place.same} more with the same file"] if place.same else []
    more += [f"group {place.group}"] if place.group else []
    return f"{words} ({', '.join(more)})" if more else words


def note(hit: Hit) -> str:
    """Return what is to be added to a verdict, in brackets."""
    return f" ({hit.note})" if hit.note else ""


def title(names: list[str], vulns: list[Vuln], priority: Priority, advisory: str = "") -> str:
    """Return "ALSA-2026:1 nginx, nginx-core, KEV due 2026-12-01, EPSS 43%: Important: nginx:1.26 security update"."""
    ids = advisory or ", ".join(dict.fromkeys(vuln.id for vuln in vulns[:2]))
    what = ", ".join(names[:NAMES_SHOWN]) + (f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else "")
    head = ", ".join([f"{ids} {what}", *priority.marks])
    words = next((vuln.title for vuln in vulns if vuln.title), "")
    return f"{head}: {words}" if words else head


def advisory(
    subject: str, words: str, priority: Priority, evidence: Iterable[tuple[str, str]], remedy: str, commands: list[str], vulns: list[Vuln]
) -> dict[str, Any]:
    """Return the finding of an announcement; the first piece of its evidence is the priority."""
    return finding("software.advisory", priority.severity, words, subject, [("priority", priority.why), *evidence], remedy, commands, references(vulns))


def references(vulns: Iterable[Vuln]) -> list[str]:
    """Return the address and all names of announcements, each once."""
    return list(dict.fromkeys(name for vuln in vulns for name in (vuln.url, *vuln.cves, vuln.id, *vuln.aliases) if name))


def end_of_life(end: endoflife.End, evidence: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the finding of a branch that has ended, or will within endoflife.WARN_DAYS."""
    when = f"{'ended' if end.over else 'ends'} on {end.date}" if end.date else "has ended"
    text = f"Move to a branch that is maintained{f'; {end.latest} is the last version of this one' if end.latest else ''}."
    link = f"https://endoflife.date/{end.product}"
    words = f"Support of {end.product} {end.cycle} {when}"
    return finding("software.end_of_life", "high" if end.over else "medium", words, f"{end.product} {end.cycle}", evidence, text, (), [link])
