# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module restart_info for real: what it returns is what it documents, and it works for an ordinary user and within the engine's limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import conftest
import needs
import pytest
import yaml
from restart_workshop import Workshop

from ansible_collections.bottomup.security.plugins.module_utils.checks import restart, restart_scan
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.modules import restart_info

TYPES: dict[str, type] = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}

RUN = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.bottomup.security.plugins.module_utils.checks.restart import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
print(json.dumps(run({}, Machine())))
"""


@pytest.fixture(scope="module")
def stale() -> Iterator[int]:
    """A process whose library was replaced."""
    needs.root()
    needs.command("gcc")
    with Workshop() as shop:
        library = shop.copy(shop.library, shop.place("module") / "x.so")
        pid = shop.hold("dlopen", library)
        shop.replace(library)
        yield pid


@pytest.fixture(scope="module")
def answer(stale: int) -> dict[str, Any]:
    """What the module returns through Ansible, with a stale process."""
    program = Path(sys.executable).with_name("ansible")
    if not program.exists():
        needs.missing("needs ansible-core in the environment of the tests")
    command = [str(program), "localhost", "-c", "local", "-m", "bottomup.security.restart_info"]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
                   "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_COLLECTIONS_PATH": str(conftest.COLLECTIONS)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    result: dict[str, Any] = json.loads(ran.stdout.split("=>", 1)[1])
    return result


def test_changes_nothing(answer: dict[str, Any]) -> None:
    assert answer["changed"] is False


def test_finds_the_stale_process(answer: dict[str, Any], stale: int) -> None:
    rows = [row for row in answer["data"]["processes"] if row["pid"] == stale]
    assert [file["reason"] for file in rows[0]["files"]] == ["replaced"]
    assert stale in [pid for service in answer["data"]["services"] for pid in service["pids"]]


def _compare(documented: dict[str, Any], given: Any, place: str) -> list[str]:
    """Return where what is given and what is documented differ."""
    kind = TYPES[documented["type"]]
    if given is None:
        return []
    if not isinstance(given, kind) or isinstance(given, bool) != (kind is bool):
        return [f"{place}: {given!r} is no {documented['type']}"]
    if isinstance(given, list):
        inner = {"type": documented["elements"], "contains": documented.get("contains")}
        return [problem for number, item in enumerate(given) for problem in _compare(inner, item, f"{place}[{number}]")]
    if isinstance(given, dict) and documented.get("contains"):
        names = documented["contains"]
        problems = [f"{place}.{name} is not documented" for name in given if name not in names]
        problems += [f"{place}.{name} is documented and missing" for name in names if name not in given]
        return problems + [problem for name in names if name in given for problem in _compare(names[name], given[name], f"{place}.{name}")]
    return []


def test_return_is_as_documented(answer: dict[str, Any]) -> None:
    documented = yaml.safe_load(restart_info.RETURN)
    given = {name: value for name, value in answer.items() if name in documented or name not in ("changed", "ansible_facts", "warnings", "deprecations")}
    assert _compare({"type": "dict", "contains": documented}, given, "") == []


def test_samples_are_as_documented() -> None:
    documented = yaml.safe_load(restart_info.RETURN)
    parts = {**documented, **documented["data"]["contains"]}
    assert [problem for name, part in parts.items() if "sample" in part for problem in _compare(part, part["sample"], name)] == []


def test_case_13_ordinary_user_is_told_what_was_not_seen(stale: int) -> None:
    # Nobody cannot enter the checkout: what is compiled is handed over, as the engine does.
    program = RUN.replace("sys.path.insert(0, sys.argv[1])", "import os\nsys.path.insert(0, sys.argv[1])\nos.setgroups([]); os.setgid(65534)").replace(
        "print(", "Machine()\nos.setuid(65534)\nprint(")
    ran = subprocess.run([sys.executable, "-I", "-c", program, conftest.COLLECTIONS], capture_output=True, text=True, check=True, timeout=60)
    result = json.loads(ran.stdout)
    assert result["status"] == "incomplete"
    assert "run it as root" in result["status_reason"]
    assert result["data"]["coverage"]["unreadable"] > 0
    assert {"restart.container", "restart.reboot", "service systemd"} <= set(result["data"]["unsure"])


def test_works_within_the_limits_of_the_engine(stale: int) -> None:
    program = "import os, resource\nresource.setrlimit(resource.RLIMIT_DATA, (256 << 20, 256 << 20))\nos.nice(19)\n" + RUN
    ran = subprocess.run([sys.executable, "-I", "-c", program, conftest.COLLECTIONS], capture_output=True, text=True, check=True, timeout=60)
    assert stale in [row["pid"] for row in json.loads(ran.stdout)["data"]["processes"]]


def test_case_29_two_runs_give_the_same(stale: int) -> None:
    def look() -> dict[str, Any]:
        ran = subprocess.run([sys.executable, "-I", "-c", RUN, conftest.COLLECTIONS], capture_output=True, text=True, check=True, timeout=60)
        rows = json.loads(ran.stdout)["data"]["processes"]
        return next(row for row in rows if row["pid"] == stale)

    assert json.dumps(look()) == json.dumps(look())


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.11", "3.13"])
def test_runs_on_server_pythons(stale: int, version: str) -> None:
    ran = subprocess.run([needs.python(version), "-I", "-B", "-c", RUN, conftest.COLLECTIONS], capture_output=True, text=True, check=True, timeout=60)
    assert stale in [row["pid"] for row in json.loads(ran.stdout)["data"]["processes"]]


def test_a_process_with_more_files_than_are_compared_is_told(stale: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart_scan, "FILES_LIMIT", 0)
    result = restart.run({}, Machine())
    assert result["status"] == "incomplete" and "map more than" in result["status_reason"]
    assert result["data"]["unsure"] is None
