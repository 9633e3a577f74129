# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import marshal
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import compiled, payload, trip, windows
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect

OURS = platform.python_version()


@pytest.mark.parametrize(
    ("python", "wanted"),
    [
        (OURS, True),
        (f"{OURS}rc1", True),
        ("3.6.15", False),
        (OURS.rpartition(".")[0], False),
        (f"1{OURS}", False),
        ("", False),
        ("\n", False),
    ],
)
def test_fits(python: str, wanted: bool) -> None:
    assert compiled.fits(python) is wanted


def test_code_names_no_folder_of_the_controller_and_has_no_words(tmp_path: Path) -> None:
    path = tmp_path / "part.py"
    path.write_text('"""Words."""\nassert x\nx = 1\n')
    found = compiled.code(path.read_bytes(), "checks/part.py")
    assert (marshal.loads(found).co_filename, marshal.loads(found).co_consts) == ("checks/part.py", (1, None))


def answered(program: bytes, *interpreter: str) -> dict:
    """Return what a program answers; it must."""
    done = subprocess.run([*interpreter, "-I", "-S", "-"], input=program, capture_output=True, timeout=120, check=True)
    assert done.stderr == b""
    answer: dict = trip.read_answer("feed", 0, done.stdout.decode(), "")
    return answer


def request(*checks: str) -> dict:
    return {"checks": list(checks), "options": {"software": {"pending": False}}, "timeout": 100, "memory": 2**29, "token": "feed"}


@pytest.mark.parametrize("check", payload.available_checks())
def test_a_check_that_travels_compiled_runs(check: str) -> None:
    program = payload.build([check], request(check), OURS)
    assert len(program) > len(payload.build([check], request(check))) + len(payload.code("engine")) + len(payload.code(f"checks.{check}"))
    found = answered(program, sys.executable)["checks"][check]
    assert found["status"] in ("ok", "findings", "incomplete", "not_applicable"), found


def test_what_only_some_function_imports_does_not_travel_compiled() -> None:
    loaded = payload.loaded(["checks.fail2ban"])
    assert "checks.fail2ban_config" in loaded
    assert "checks.fail2ban_down" in payload.order("checks.fail2ban")
    assert "checks.fail2ban_down" not in loaded


def test_only_the_code_is_run_where_it_fits() -> None:
    program = payload.build(["restart"], request("restart"), OURS).decode()
    broken = program.replace(payload.source("engine").packed, "")
    assert broken != program
    assert answered(broken.encode(), sys.executable)["checks"]["restart"]["status"] != "error"


def test_another_python_compiles_the_sources() -> None:
    program = payload.build(["restart"], request("restart"), OURS).decode()
    # As another Python would see it: the code has another magic number, and is none that could be run.
    other = program.replace(repr(compiled.MAGIC), repr(b"\x00\x00\r\n")).replace(payload.code("engine"), "AAAA")
    assert other.count(repr(compiled.MAGIC)) == 0
    assert answered(other.encode(), sys.executable)["checks"]["restart"]["status"] != "error"


def test_the_version_of_a_host_is_known_the_next_time(tmp_path: Path) -> None:
    def told(host: str, facts: dict) -> None:
        document = {
            "schema": "bottomup.security/host/1",
            "run_id": "r",
            "host": host,
            "groups": [],
            "status": "checked",
            "reason": "",
            "started": "2026-11-20T06:00:00Z",
            "ended": "2026-11-20T06:00:03Z",
            "facts": {"clock": "2026-11-20T06:00:01Z", **facts},
            "checks": {"restart": {"status": "ok", "status_reason": "", "findings": [], "data": {}}},
        }
        document = json.loads(json.dumps(document))
        windows.move_on(collect([document], run_id="r", expected_hosts=[host], expected_checks=("restart",)).hosts, tmp_path)

    assert windows.last_python("web1", tmp_path) == ""
    told("web1", {"python": "3.9.1"})
    assert windows.last_python("web1", tmp_path) == "3.9.1"
    told("web1", {"python": "3.13.5"})
    assert windows.last_python("web1", tmp_path) == "3.13.5"
    told("web2", {"python": "3.13.5 (os.system)"})
    assert windows.last_python("web2", tmp_path) == ""
