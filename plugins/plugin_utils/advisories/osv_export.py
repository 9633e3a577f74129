# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An announcement of the report in the format of OSV (ossf.github.io/osv-schema): what programs read that know no report of ours."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso

from . import purl
from .index import Index
from .priority import Priority

SCHEMA_VERSION = "1.6.7"

# Type of a package URL -> the ecosystem in OSV's words, where it does not depend on the distribution.
_ECOSYSTEMS = {"gem": "RubyGems", "npm": "npm", "pypi": "PyPI"}
_DISTRIBUTIONS = {"almalinux": "AlmaLinux", "rocky": "Rocky Linux", "redhat": "Red Hat", "centos": "Red Hat", "debian": "Debian", "ubuntu": "Ubuntu"}


class Announced:
    """One announcement of the report, and the packages of the fleet that it touches."""

    __slots__ = ("packages", "record")

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        # (package without its version, what ends it) -> the versions that are installed
        self.packages: dict[tuple[str, str | None], set[str]] = {}

    def add(self, packages: Iterable[tuple[str, str | None]]) -> None:
        """Take in what one server has of it: (package URL, what ends it)."""
        for name, fixed in packages:
            base, _at, version = name.partition("?")[0].rpartition("@")
            self.packages.setdefault((base, fixed), set()).add(version)

    def as_osv(self, subject: str) -> dict[str, Any]:
        """Return the record with all that is affected, and C(subject), by which its group of findings is found."""
        rows = sorted(self.packages.items(), key=lambda item: (item[0][0], item[0][1] or ""))
        affected = [_affected(base, fixed, versions) for (base, fixed), versions in rows]
        return {**self.record, "affected": affected, "database_specific": {"subject": subject, **self.record["database_specific"]}}


def record(index: Index, vids: Sequence[int], priority: Priority) -> dict[str, Any]:
    """Return the record of announcements that are one and the same.

    C(modified), which OSV wants, is when the feed was last had: the feeds' own time of change is not kept.
    """
    vulns = [index.vuln(vid) for vid in vids]
    first = vulns[0]
    had = next((feed.modified for feed in index.feeds() if feed.name == first.feed), 0.0)
    names = [name for name in dict.fromkeys(name for vuln in vulns for name in (vuln.id, *vuln.aliases)) if name != first.id]
    cves = [cve for cve in dict.fromkeys(cve for vuln in vulns for cve in vuln.cves) if cve != first.id and cve not in names]
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": first.id,
        "modified": iso(had),
        "aliases": names,
        "upstream": cves,
        "summary": next((vuln.title for vuln in vulns if vuln.title), ""),
        "references": [{"type": "ADVISORY", "url": url} for url in dict.fromkeys(vuln.url for vuln in vulns if vuln.url)],
        "database_specific": {
            "severity": priority.severity,
            "priority": priority.why,
            "known_exploited": priority.exploited,
            "epss": priority.chance,
            "cvss": max((vuln.score for vuln in vulns if vuln.score is not None), default=None),
        },
    }
    return {**found, "published": f"{first.published}T00:00:00Z"} if first.published else found


def _affected(base: str, fixed: str | None, versions: set[str]) -> dict[str, Any]:
    """Return what the fleet has of one package: the installed versions, which are what is known to be affected, and what ends it."""
    parts = purl.parse(base) or purl.Purl("generic", "", base, "")
    ecosystem = _ECOSYSTEMS.get(parts.type) or _DISTRIBUTIONS.get(parts.namespace, "")
    name = f"{parts.namespace}/{parts.name}" if parts.type == "npm" and parts.namespace else parts.name
    package = {"ecosystem": ecosystem, "name": name, "purl": base} if ecosystem else {"name": name, "purl": base}
    found = {"package": package, "versions": sorted(urllib.parse.unquote(version) for version in versions)}
    return {**found, "ecosystem_specific": {"fixed": fixed}} if fixed else found
