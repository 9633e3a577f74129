# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How urgent an announcement is: known to be exploited, then likely to be, then what the vendor says. The words say why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .index import Index, Vuln

# From this probability of exploitation within 30 days on, an announcement is at least high (EPSS: about the top 4 % of all CVEs).
EPSS_THRESHOLD = 0.1

# OSV's identifiers of packages that were made to do harm (ossf/malicious-packages).
MALICIOUS = "MAL-"

_ORDER = ("critical", "high", "medium", "low", "info")


class Priority(NamedTuple):
    """C(severity) in our words, C(why) for the reader, C(order) to sort by: the most urgent first.

    C(marks) say the same for a title, in a few words: "KEV due 2026-12-01", "EPSS 43%". C(chance) is the EPSS probability.
    """

    severity: str
    why: str
    order: tuple[int, int, float, str]
    exploited: bool
    marks: tuple[str, ...]
    chance: float


class Priorities:
    """Looks up each announcement once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[tuple[int, ...], Priority] = {}

    def of(self, vids: Iterable[int]) -> Priority:
        """Return the priority of announcements that are one and the same."""
        key = tuple(vids)
        if key not in self._known:
            self._known[key] = self._priority([self._index.vuln(vid) for vid in key])
        return self._known[key]

    def _priority(self, vulns: list[Vuln]) -> Priority:
        cves = sorted({cve for vuln in vulns for cve in vuln.cves})
        severity, reasons = _of_vendor(vulns)
        marks = []
        chance, cve = max(((self._epss(cve), cve) for cve in cves), default=(0.0, ""))
        if chance >= EPSS_THRESHOLD:
            severity = min(severity, "high", key=_ORDER.index)
            reasons.insert(0, f"{cve} is exploited within 30 days with a probability of {chance:.0%} (EPSS)")
            marks.append(f"EPSS {chance:.0%}")
        exploited = [(cve, fact) for cve in cves for fact in self._index.facts("kev", cve) if isinstance(fact, dict)]
        if exploited:
            severity = "critical"
            reasons.insert(0, _exploited(*exploited[0]))
            due = min((str(fact["due"]) for _cve, fact in exploited if fact.get("due")), default="")
            marks.insert(0, f"KEV due {due}" if due else "KEV")
        malicious = any(vuln.id.startswith(MALICIOUS) for vuln in vulns)
        if malicious:
            severity = "critical"
            reasons = ["the package itself is malicious: remove it and treat what it could reach as stolen"]
            marks = ["malicious"]
        first = min((vuln.id for vuln in vulns), default="")
        order = (0 if exploited or malicious else 1, _ORDER.index(severity), -chance, first)
        return Priority(severity, "; ".join(reasons), order, bool(exploited), tuple(marks), chance)

    def _epss(self, cve: str) -> float:
        for fact in self._index.facts("epss", cve):
            if isinstance(fact, list) and fact and isinstance(fact[0], (int, float)):
                return float(fact[0])
        return 0.0


def _exploited(cve: str, fact: dict[str, Any]) -> str:
    parts = [f"{cve} is known to be exploited (CISA KEV"]
    if fact.get("due"):
        parts.append(f"due {fact['due']}")
    if fact.get("ransomware"):
        parts.append("used by ransomware")
    return ", ".join(parts) + ")"


def _of_vendor(vulns: list[Vuln]) -> tuple[str, list[str]]:
    """Return the severity of the first source that gives one, which is the vendor; medium where none does: nobody said that it is harmless."""
    said = [vuln for vuln in vulns if vuln.severity]
    if not said:
        return "medium", ["no source rates it"]
    severity = said[0].severity
    score = max((vuln.score for vuln in vulns if vuln.score is not None), default=None)
    return severity, [f"rated {severity}" + (f", CVSS {score}" if score is not None else "")]
