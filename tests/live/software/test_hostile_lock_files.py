# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock files that a user of the server made to blind the check, read with little memory, as the engine gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.module_utils import engine
from ansible_collections.bottomup.security.plugins.module_utils.checks import software
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

MEGABYTE = 1048576


def put(root: Path, path: str, content: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text(content)


def look(root: Path) -> dict[str, Any]:
    own = int(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData:"))) * 1024
    limits = {"timeout": 60, "memory": own + 100 * MEGABYTE, "options": {}}
    return json.loads(engine.run_checks([("software", software.run)], limits, Machine(str(root).encode()))["software"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package-lock.json", '{"a":[' + "[]," * 2600000 + "[]]}"),
        ("package-lock.json", "{" + ",".join(f'"{number:06d}":0' for number in range(750000)) + "}"),
        ("yarn.lock", "\n" * 8 * MEGABYTE),
    ],
    ids=["lists", "keys", "lines"],
)
def test_what_takes_all_memory_costs_no_other_file(tmp_path: Path, name: str, content: str) -> None:
    put(tmp_path, "/var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n")
    put(tmp_path, f"/home/eve/apps/a/current/{name}", content)
    put(tmp_path, "/home/eve/apps/b/current/requirements.txt", "django==1.11\n")
    result = look(tmp_path)
    assert result["status"] == "incomplete", result["status_reason"]
    assert f"/home/eve/apps/a/current/{name}: it needs more memory than there is" in result["status_reason"]
    assert [entry["packages"] for entry in result["data"]["applications"]] == [[], [["django", "1.11", "registry"]]]
    assert result["data"]["packages"]
