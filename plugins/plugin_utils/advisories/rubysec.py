# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ruby-advisory-db (rubysec.com): what is known of gems and of Ruby itself, as requirements that a good version satisfies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from . import cvss
from .feed import BROKEN_LIMIT, NAME_LIMIT, RECORD_LIMIT, FeedError, Package, Record, identifier, words
from .packed import gzip_members
from .plain_yaml import parse_yaml
from .versions import gem

# gems/<gem>/<id>.yml and rubies/<engine>/<id>.yml, below whatever folder the archive begins with.
_PATH = re.compile(r"(?:.*/)?(gems|rubies)/[^/]+/([^/]+)\.yml")
_ECOSYSTEMS = {"gems": "RubyGems", "rubies": "Ruby"}
_KEYS = {"gems": "gem", "rubies": "engine"}

# Their word for a gem that no release repairs is no list at all.
_LISTS = (("patched", "patched_versions"), ("unaffected", "unaffected_versions"))


def read(path: Path) -> Iterator[Record]:
    """Yield the records of an archive of the repository."""
    seen = broken = 0
    for name, data in gzip_members(path, ".yml"):
        place = _PATH.fullmatch(name)
        if not place:
            continue
        seen += 1
        record = _parse(data, place.group(1), place.group(2)) if len(data) <= RECORD_LIMIT else None
        if record is None:
            broken += 1
        else:
            yield record
    if not seen:
        raise FeedError(f"{path.name} holds no advisory")
    if broken > max(1, seen * BROKEN_LIMIT):
        raise FeedError(f"{broken} of the {seen} advisories of {path.name} cannot be read")


def _parse(data: bytes, kind: str, stem: str) -> Record | None:
    try:
        raw = parse_yaml(data)
    except ValueError:
        return None
    name = raw.get(_KEYS[kind]) if isinstance(raw, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= NAME_LIMIT or identifier(stem) is None:
        return None
    spec = {}
    for key, field in _LISTS:
        found = raw.get(field) or []
        if not isinstance(found, list) or not all(_is_requirement(item) for item in found):
            return None
        spec[key] = [str(item) for item in found]
    cves = tuple(f"CVE-{raw['cve']}" for _one in (1,) if re.fullmatch(r"[0-9]{4}-[0-9]+", str(raw.get("cve") or "")))
    ghsa = tuple(f"GHSA-{raw['ghsa']}" for _one in (1,) if re.fullmatch(r"[0-9a-z]{4}(-[0-9a-z]{4}){2}", str(raw.get("ghsa") or "")))
    score = next((float(raw[key]) for key in ("cvss_v4", "cvss_v3", "cvss_v2") if isinstance(raw.get(key), (int, float)) and 0 <= raw[key] <= 10), None)
    package = Package(_ECOSYSTEMS[kind], name, "", None, json.dumps(spec))
    url = raw.get("url") if str(raw.get("url")).startswith("https://") else ""
    severity = cvss.rating(score) if score is not None else ""
    names = (*cves, *ghsa, stem)
    return Record(names[0], True, severity, score, words(raw.get("title"), 200), str(raw.get("date") or "")[:10], words(url, 300), cves, ghsa, [package])


def _is_requirement(value: object) -> bool:
    try:
        gem.requirement(str(value))
    except ValueError:
        return False
    return True
