# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module denials_info for real: what it returns is what it documents, on the oldest Python too, and within the memory of a check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import conftest
import needs
import pytest
import yaml
from denials_lines import BEGIN, avc, syscall, write

from ansible_collections.bottomup.security.plugins.modules import denials_info

TYPES: dict[str, Any] = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(
        tmp_path_factory.mktemp("denials") / "audit.log", avc(1), syscall(1),
        avc(2, perms="name_bind", what=" src=8088", target="system_u:object_r:unreserved_port_t:s0", tclass="tcp_socket"),
        f"type=MAC_STATUS msg=audit({BEGIN}.401:106): enforcing=0 old_enforcing=1 auid=1000 ses=3",
    )


def ansible(*options: str) -> tuple[int, dict[str, Any]]:
    """Return how the module ended on this machine, and what it returned."""
    program = Path(sys.executable).with_name("ansible")
    if not program.exists():
        needs.missing("needs ansible-core in the environment of the tests")
    command = [str(program), "localhost", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "-m", "bottomup.security.denials_info", *options]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
                   "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_COLLECTIONS_PATH": str(conftest.COLLECTIONS)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return ran.returncode, json.loads(ran.stdout.split("=>", 1)[1])


@pytest.fixture(scope="module")
def answer(log: Path) -> dict[str, Any]:
    rc, result = ansible("-a", json.dumps({"audit_logs": [str(log)], "since": "all"}), "--check")
    assert rc == 0, result
    return result


def differences(documented: dict[str, Any], given: Any, place: str) -> list[str]:
    """Return where what is given and what is documented differ."""
    kind = TYPES[documented["type"]]
    if given is None:
        return []
    if not isinstance(given, kind) or (kind is int and isinstance(given, bool)):
        return [f"{place}: {given!r} is no {documented['type']}"]
    if kind is list:
        inner = {"type": documented["elements"], "contains": documented.get("contains")}
        return [problem for number, item in enumerate(given) for problem in differences(inner, item, f"{place}[{number}]")]
    if kind is dict and documented.get("contains"):
        names = documented["contains"]
        problems = [f"{place}.{name} is not documented" for name in given if name not in names]
        problems += [f"{place}.{name} is documented and missing" for name in names if name not in given]
        return problems + [problem for name in names if name in given for problem in differences(names[name], given[name], f"{place}.{name}")]
    return []


def test_return_is_as_documented(answer):
    documented = yaml.safe_load(denials_info.RETURN)
    given = {name: value for name, value in answer.items() if name not in ("changed", "invocation", "warnings", "deprecations")}
    assert differences({"type": "dict", "contains": documented}, given, "") == []
    assert set(given["data"]["totals"]) == set(documented["data"]["contains"]["totals"]["sample"])
    assert answer["changed"] is False
    assert len(answer["data"]["groups"]) == 2


def test_a_wrong_time_is_an_error(log):
    rc, result = ansible("-a", json.dumps({"audit_logs": [str(log)], "since": "yesterday-ish"}))
    assert rc != 0
    assert "neither an ISO time" in result["msg"]


ONCE = """
import json, re, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.bottomup.security.plugins.module_utils.checks import denials
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
result = denials.run({"audit_logs": [sys.argv[2]], "since": "all"}, Machine())
# not getrusage: its ru_maxrss is that of the process that forked, where that was larger
print(json.dumps([result, int(re.search(r"VmHWM:[^0-9]*([0-9]+)", open("/proc/self/status").read()).group(1))]))
"""


def once(python: str, log: Path) -> tuple[dict[str, Any], int]:
    ran = subprocess.run([python, "-I", "-S", "-c", ONCE, str(conftest.COLLECTIONS), str(log)], capture_output=True, text=True, check=True, timeout=200)
    result, memory = json.loads(ran.stdout)
    return result, memory


@pytest.mark.parametrize("version", ["3.6", "3.9", "3.12"])
def test_the_same_on_old_pythons(version, log, answer):
    result, _memory = once(needs.python(version), log)
    assert {name: answer[name] for name in ("status", "findings")} == {name: result[name] for name in ("status", "findings")}
    assert result["data"]["groups"] == answer["data"]["groups"]


@pytest.mark.parametrize("kind", ["one line", "many groups", "one megabyte lines", "no calls"])
def test_memory_stays_below_64_mb(tmp_path, kind):
    path = tmp_path / "audit.log"
    with path.open("wb") as file:
        if kind == "one line":
            file.write(avc(1).encode() + b"\n" + b"A" * 90_000_000 + b"\n" + avc(2).encode() + b"\n")
        elif kind == "one megabyte lines":
            for number in range(60):
                file.write(f"type=AVC msg=audit({BEGIN}.1:{number}): ".encode() + b"avc:  denied  " * 70000 + b"\n")
        else:
            for number in range(150000):
                what = f' name="{number:x}{"n" * 100}"' if kind == "many groups" else ' name="f" dev="dm-0" ino=1'
                file.write((avc(number, comm=f'"p{number:x}"' if kind == "many groups" else '"p"', what=what, permissive="") + "\n").encode())
    result, memory = once(needs.python("3.11"), path)
    assert memory < 64 * 1024, f"{memory} KB"
    assert result["data"]["totals"]["denied"] == {"one line": 2, "one megabyte lines": 0}.get(kind, 150000)
    if kind in ("one line", "one megabyte lines"):
        assert result["status"] == "incomplete"
