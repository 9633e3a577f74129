# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CVSS: the base score of a version 2 or 3 vector (first.org/cvss, the equations of 3.1), and the word for a score.

Version 4 has no equation but a table of 270 scores: its vectors are read where the feed gives the number beside.
"""

from __future__ import annotations

import math
from typing import Any

# Lower bound of a score, and the word for it (CVSS 3.1, section 5).
_RATINGS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))

_V3: dict[str, dict[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PR_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}

_V2: dict[str, dict[str, float]] = {
    "AV": {"L": 0.395, "A": 0.646, "N": 1.0},
    "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
    "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
    "C": {"N": 0.0, "P": 0.275, "C": 0.660},
    "I": {"N": 0.0, "P": 0.275, "C": 0.660},
    "A": {"N": 0.0, "P": 0.275, "C": 0.660},
}


def rating(score: float) -> str:
    """Return critical, high, medium or low for a score, info for 0."""
    return next((word for least, word in _RATINGS if score >= least), "info")


def highest(severities: object, types: tuple[str, ...]) -> float | None:
    """Return the highest score of OSV's C(severity) list, None where none can be told."""
    scores = []
    for item in severities if isinstance(severities, list) else []:
        if isinstance(item, dict) and item.get("type") in types and isinstance(item.get("score"), str):
            scores.append(score(item["score"]))
    return max((number for number in scores if number is not None), default=None)


def score(vector: str) -> float | None:
    """Return the base score of a vector, None for one that is incomplete or of another version."""
    metrics = dict(part.split(":", 1) for part in vector[:200].split("/") if ":" in part)
    try:
        if vector.startswith("CVSS:3."):
            return _score_3(metrics)
        return None if vector.startswith("CVSS:") else _score_2(metrics)
    except KeyError:
        return None


def _round_up(number: float) -> float:
    """Return the number with one decimal, rounded up, as appendix A of CVSS 3.1 has it."""
    whole = round(number * 100000)
    return whole / 100000.0 if whole % 10000 == 0 else (math.floor(whole / 10000) + 1) / 10.0


def _score_3(metrics: dict[str, str]) -> float:
    values: dict[str, Any] = {key: table[metrics[key]] for key, table in _V3.items()}
    changed = {"U": False, "C": True}[metrics["S"]]
    if changed:
        values["PR"] = _PR_CHANGED[metrics["PR"]]
    base = 1 - (1 - values["C"]) * (1 - values["I"]) * (1 - values["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * values["AV"] * values["AC"] * values["PR"] * values["UI"]
    return _round_up(min((1.08 if changed else 1.0) * (impact + exploitability), 10.0))


def _score_2(metrics: dict[str, str]) -> float:
    values = {key: table[metrics[key]] for key, table in _V2.items()}
    impact = 10.41 * (1 - (1 - values["C"]) * (1 - values["I"]) * (1 - values["A"]))
    exploitability = 20 * values["AV"] * values["AC"] * values["Au"]
    return round((0.6 * impact + 0.4 * exploitability - 1.5) * (1.176 if impact else 0), 1)
