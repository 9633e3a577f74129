# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small mirrors of feeds for tests, in the layout of upstream."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import index


def osv(mirror: Path, ecosystem: str, records: list[Any]) -> Path:
    """Write a dump of OSV, of the same records always the same file; a record that is bytes is written as it is."""
    path = mirror / "osv" / ecosystem / "all.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, record in enumerate(records):
            content = record if isinstance(record, bytes) else json.dumps(record)
            archive.writestr(zipfile.ZipInfo(f"{number}.json"), content, zipfile.ZIP_DEFLATED)
    return path


def record(name: str, title: str, affected: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a record in OSV's format."""
    return {"id": name, "summary": title, "published": "2026-01-02T00:00:00Z", "modified": "2026-01-02T00:00:00Z", "affected": affected, **more}


def affected(ecosystem: str, name: str, fixed: str | None, introduced: str = "0", **more: Any) -> dict[str, Any]:
    """Return one affected package: before C(fixed), or every version."""
    events = [{"introduced": introduced}] + ([{"fixed": fixed}] if fixed else [])
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}], **more}


def built(mirror: Path, path: Path) -> index.Index:
    """Return the index of a mirror, opened; every feed of it must have been taken."""
    feeds = index.build(mirror, path)
    assert [feed.problem for feed in feeds if feed.problem] == []
    return index.Index(path)
