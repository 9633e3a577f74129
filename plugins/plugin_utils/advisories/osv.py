# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records in OSV's format (ossf.github.io/osv-schema), from the dumps of osv.dev: one zip archive for each ecosystem."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..reading import rows, texts
from . import cvss, streams
from .feed import BROKEN_LIMIT, NAME_LIMIT, RECORD_LIMIT, VERSION_LIMIT, VERSIONS_LIMIT, FeedError, Package, Record, identifier, members, parse_json, words

# Announcements of bug fixes and enhancements: no vulnerability is in them, unless they name one (ALBA-2021:4604 fixes CVE-2021-40438).
NOT_SECURITY = ("ALBA-", "ALEA-", "RHBA-", "RHEA-", "RLBA-", "RLEA-", "ELBA-")

# Ecosystems whose builds may belong to the stream of a module.
MODULAR = ("AlmaLinux", "Rocky Linux", "Red Hat")

# The vendors' words for severity, as ours.
SEVERITIES = {
    "critical": "critical",
    "important": "high",
    "high": "high",
    "major": "high",
    "moderate": "medium",
    "medium": "medium",
    "low": "low",
    "minor": "low",
    "negligible": "low",
    "unimportant": "info",  # Debian's word for what can do no harm there
}

_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_FROM_THE_FIRST = {"introduced": "0"}
_CVSS_TYPES = ("CVSS_V3", "CVSS_V4", "CVSS_V2")


def read(path: Path) -> Iterator[Record]:
    """Yield the records of a dump. FeedError for an archive that is broken, or holds too much that is no record."""
    seen = broken = 0
    for data in members(path):
        seen += 1
        try:
            record = parse(parse_json(data)) if len(data) <= RECORD_LIMIT else None
        except ValueError:
            record = None
        if record is None:
            broken += 1
        elif record.id:
            yield record
    if not seen:
        raise FeedError(f"{path.name} holds no record")
    if broken > max(1, seen * BROKEN_LIMIT):
        raise FeedError(f"{broken} of the {seen} records of {path.name} cannot be read")


def parse(raw: Any) -> Record | None:
    """Return a record, with an empty id where it was withdrawn, None where it is none."""
    name = identifier(raw.get("id")) if isinstance(raw, dict) else None
    if name is None:
        return None
    if raw.get("withdrawn"):
        return Record("", False, "", None, "", "", "", (), (), [])
    title = words(raw.get("summary"), 200)
    severity, score = _severity(raw, title)
    others = [other for key in ("aliases", "upstream", "related") for other in texts(raw, key, limit=None) if identifier(other)]
    # "related" is no alias, but where AlmaLinux, Red Hat and Rocky put the CVEs that an advisory fixes.
    aliases = tuple(dict.fromkeys(other for other in texts(raw, "aliases", limit=None) if identifier(other)))
    cves = tuple(dict.fromkeys(cve for cve in (_cve(other) for other in [name, *others]) if cve))
    published = raw.get("published") if isinstance(raw.get("published"), str) else ""
    return Record(
        name,
        bool(cves) or not name.startswith(NOT_SECURITY),
        severity,
        score,
        title,
        words(published, 20)[:10],
        _url(raw),
        cves,
        aliases,
        _packages(raw, title),
    )


def _cve(name: str) -> str | None:
    """Return the CVE that an identifier is or carries (UBUNTU-CVE-2024-51988, DEBIAN-CVE-...)."""
    place = name.find("CVE-")
    return name[place:] if place == 0 or (place > 0 and name[place - 1] == "-") else None


def _url(raw: dict[str, Any]) -> str:
    """Return the vendor's own page: the last of the advisory links, which AlmaLinux puts behind Red Hat's."""
    links = raw.get("references") if isinstance(raw.get("references"), list) else []
    found = ""
    for link in links or []:
        if isinstance(link, dict) and isinstance(link.get("url"), str) and link["url"].startswith("https://"):
            if link.get("type") == "ADVISORY":
                found = link["url"]
            found = found or link["url"]
    return words(found, 300)


def _severity(raw: dict[str, Any], title: str) -> tuple[str, float | None]:
    """Return the vendor's severity in our words, empty where it gives none, and the CVSS base score."""
    items = raw.get("affected") if isinstance(raw.get("affected"), list) else []
    first = items[0] if items and isinstance(items[0], dict) else {}
    score = cvss.highest(raw.get("severity") or first.get("severity"), _CVSS_TYPES)
    said = [title.partition(":")[0]]
    for holder in (raw, first):
        for key in ("database_specific", "ecosystem_specific"):
            specific = holder.get(key)
            if isinstance(specific, dict):
                said += [specific.get("severity"), specific.get("ubuntu_priority"), specific.get("urgency")]  # type: ignore[list-item]
    for word in said:
        if isinstance(word, str) and word.lower() in SEVERITIES:
            return SEVERITIES[word.lower()], score
    return (cvss.rating(score) if score is not None else ""), score


def _packages(raw: dict[str, Any], title: str) -> list[Package]:
    found = []
    named = streams.UNNAMED
    other = streams.SIG_CLOUD if raw["id"].startswith(streams.SIG_ANNOUNCEMENT) else streams.NONE
    affected = raw.get("affected")
    for item in affected if isinstance(affected, list) else ():
        package = item.get("package") if isinstance(item, dict) else None
        if not isinstance(package, dict):
            continue
        ecosystem, name = package.get("ecosystem"), package.get("name")
        if not (isinstance(ecosystem, str) and isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and 0 < len(ecosystem) <= NAME_LIMIT):
            continue
        fixed = _plain(item.get("ranges"))
        spec = None if fixed else _spec(item)
        stream = other
        if ".module" in (fixed or spec or "") and ecosystem.startswith(MODULAR):
            # The title is read once, and only where it matters.
            named = stream = named if named != streams.UNNAMED else streams.named(title)
        found.append(Package(ecosystem, name, stream, fixed, spec))
    return found


def _plain(ranges: Any) -> str | None:
    """Return the version that ends a single range from the first version on, None for anything else.

    Nearly all records of distributions are of this kind. The versions they may list lie within: Debian and Ubuntu list all of them, by the thousand.
    """
    if isinstance(ranges, list) and len(ranges) == 1 and isinstance(ranges[0], dict) and ranges[0].get("type") != "GIT":
        events = ranges[0].get("events")
        if isinstance(events, list) and len(events) == 2 and events[0] == _FROM_THE_FIRST and isinstance(events[1], dict):
            fixed = events[1].get("fixed")
            if isinstance(fixed, str) and 0 < len(fixed) <= VERSION_LIMIT:
                return fixed
    return None


def _spec(item: dict[str, Any]) -> str:
    """Return ranges, listed versions and status as JSON."""
    ranges = []
    for part in rows(item, "ranges", limit=None):
        if part.get("type") != "GIT":
            events = [(kind, event[kind]) for event in rows(part, "events", limit=None) for kind in _EVENTS if kind in event]
            ranges.append([list(event) for event in events if isinstance(event[1], str) and 0 < len(event[1]) <= VERSION_LIMIT])
    versions = [version for version in texts(item, "versions", limit=None)[:VERSIONS_LIMIT] if len(version) <= VERSION_LIMIT]
    spec: dict[str, Any] = {"ranges": ranges}
    if versions:
        spec["versions"] = versions
    specific = item.get("ecosystem_specific")
    if isinstance(specific, dict) and isinstance(specific.get("availability"), str):
        spec["status"] = words(specific["availability"], 100)
    return json.dumps(spec, separators=(",", ":"))
