# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock files that a user of the server made to blind the check, read with little memory, as the engine gives it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import laid_out
import pytest

MEGABYTE = 1048576
MODULE_UTILS = Path(__file__).resolve().parents[3] / "plugins" / "module_utils"

# In a fresh process: what this one has freed in other tests would be memory beyond the limit.
PROGRAM = laid_out.UTIL + """
import re
from util import engine
from util.checks import software
from util.host.machine import Machine
own = int(re.search("VmData:[^0-9]*([0-9]+)", open("/proc/self/status").read()).group(1)) * 1024
limits = {"timeout": 60, "memory": own + 100 * 1048576, "options": {}}
print(engine.run_checks([("software", software.run)], limits, Machine(sys.argv[2].encode()))["software"].decode())
"""


def put(root: Path, path: str, content: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True)
    place.write_text(content)


def look(root: Path) -> dict[str, Any]:
    argv = [sys.executable, "-I", "-S", "-c", PROGRAM, str(MODULE_UTILS), str(root)]
    return json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=120).stdout)


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
