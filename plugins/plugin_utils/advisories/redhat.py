# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's repository-to-cpe.json: which products a repository of a subscribed server belongs to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .feed import FeedError, json_file

_CPES_LIMIT = 200


def facts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield ("repository", its id, [CPE, ...])."""
    raw = json_file(path)
    data = raw.get("data") if isinstance(raw, dict) else None
    if not isinstance(data, dict):
        raise FeedError(f"{path.name} has no data")
    for name, entry in data.items():
        cpes = entry.get("cpes") if isinstance(entry, dict) else None
        # Packages of debuginfo and sources are not installed on servers: half of the file.
        if isinstance(cpes, list) and len(name) <= 255 and "debug" not in name and "source" not in name:
            yield "repository", name, json.dumps([cpe for cpe in cpes if isinstance(cpe, str) and len(cpe) <= 255][:_CPES_LIMIT])
