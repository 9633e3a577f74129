# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Match what is given against the announcements. Documented in plugins/modules/advisories_info.py."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.plugin_utils import settings
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import cache, inputs, judge
from ansible_collections.bottomup.security.plugins.plugin_utils.controller_action import ControllerAction

ARGUMENTS: dict[str, dict[str, Any]] = {
    "documents": {"type": "list", "elements": "dict", "default": []},
    "files": {"type": "list", "elements": "path", "default": []},
    "os": {"type": "dict", "default": {}},
    "feeds_dir": {"type": "path", "default": "", "aliases": ["mirror"]},
    "state_dir": {"type": "str", "default": ""},
}


class ActionModule(ControllerAction):
    """Judges, the same in check mode. Names came from servers and lock files."""

    ARGUMENTS = ARGUMENTS
    MISTAKES = (settings.SettingError, inputs.InputError, OSError, sqlite3.Error)

    def answer(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        return _answer(options)


def _answer(options: dict[str, Any]) -> dict[str, Any]:
    asked = [inputs.of_document(item, f"documents[{number}]", options["os"]) for number, item in enumerate(options["documents"])]
    for path in options["files"]:
        asked += inputs.of_file(Path(path), options["os"])
    state_dir = settings.state_dir(options["state_dir"])
    mirror = settings.feeds_dir(options["feeds_dir"], state_dir)
    if options["feeds_dir"] and not mirror.is_dir():
        raise inputs.InputError(f"feeds_dir {mirror} is no folder")
    now = time.time()
    with cache.opened(mirror, settings.writable(state_dir)) as base:
        known, _states = cache.feeds_of(base, mirror, now, judge.STALE_AFTER)
        judged = judge.Judge(base, now, feeds=known)
        results = [{"name": item.name, **judged.software(item.system, item.software, item.container)} for item in asked]
        return {
            "results": results,
            "feeds": [{**feed._asdict(), "age_hours": round((now - feed.modified) / 3600, 1) if feed.modified else None} for feed in known.values()],
            "affected": sum(any(row["rule"] == "software.advisory" for row in result["findings"]) for result in results),
            "incomplete": sum(result["status"] == "incomplete" for result in results),
        }
