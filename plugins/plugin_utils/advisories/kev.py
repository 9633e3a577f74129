# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CISA's catalogue of known exploited vulnerabilities: a JSON file, one entry for each CVE."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from .feed import FeedError, json_file, words

CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def facts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield ("kev", CVE, {"due", "ransomware", "name"})."""
    raw = json_file(path)
    entries = raw.get("vulnerabilities") if isinstance(raw, dict) else None
    if not isinstance(entries, list):
        raise FeedError(f"{path.name} has no list of vulnerabilities")
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("cveID"), str) and CVE.fullmatch(entry["cveID"]):
            due = entry.get("dueDate")
            fact = {
                "due": due if isinstance(due, str) and _DATE.fullmatch(due) else "",
                "ransomware": entry.get("knownRansomwareCampaignUse") == "Known",
                "name": words(entry.get("vulnerabilityName"), 200),
            }
            yield "kev", entry["cveID"], json.dumps(fact)
