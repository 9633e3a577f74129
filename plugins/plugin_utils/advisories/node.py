# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node's own list of vulnerabilities (vuln/core/index.json of nodejs/security-wg): the first witness for a Node that no package owns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import branches
from .feed import FeedError, Package, Record, identifier, json_file, words
from .osv import SEVERITIES

ECOSYSTEM, NAME = "nodejs.org", "node"

_RECORDS_LIMIT = 10_000

# "22.x", and "^22.15.1", the first good version of a branch. Ranges of another form are old; they are said to be not told.
_BRANCH = re.compile(r"v?([0-9]{1,4})\.x")
_GOOD = re.compile(r"[\^~]v?([0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4})")


def read(path: Path) -> Iterator[Record]:
    """Yield the vulnerabilities of Node itself."""
    raw = json_file(path)
    if not isinstance(raw, dict) or not raw:
        raise FeedError(f"{path.name} holds no vulnerability")
    seen = 0
    for number, item in list(raw.items())[:_RECORDS_LIMIT]:
        record = _record(number, item) if isinstance(item, dict) else None
        if record:
            seen += 1
            yield record
    if not seen:
        raise FeedError(f"{path.name} holds no vulnerability")


def _record(number: str, raw: dict[str, Any]) -> Record | None:
    named = raw.get("cve")
    cves = tuple(cve for cve in named if isinstance(cve, str) and cve.startswith("CVE-") and identifier(cve)) if isinstance(named, list) else ()
    name = cves[0] if cves else identifier(f"NODE-{number}")
    if name is None or not isinstance(raw.get("vulnerable"), str):
        return None
    url = raw.get("ref")
    link = words(url, 300) if isinstance(url, str) and url.startswith("https://") else "https://nodejs.org/en/blog/vulnerability"
    severity = SEVERITIES.get(str(raw.get("severity")).lower(), "")
    package = Package(ECOSYSTEM, NAME, "", None, _spec(raw["vulnerable"], raw.get("patched")))
    return Record(name, True, severity, None, words(raw.get("description"), 200), "", link, cves, (), [package])


def _spec(vulnerable: str, patched: object) -> str:
    parts = [part.strip() for part in vulnerable[:2000].split("||")]
    found = [match.group(1) for part in parts if (match := _BRANCH.fullmatch(part))]
    if len(found) < len(parts):
        return branches.spec({})
    good = [match.group(1) for match in _GOOD.finditer(patched[:2000])] if isinstance(patched, str) else []
    return branches.spec({branch: fixed for branch, fixed in branches.pair(found, good).items() if branch in found})
