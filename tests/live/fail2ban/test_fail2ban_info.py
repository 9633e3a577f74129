# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fail2ban_info, run by Ansible on a real fail2ban-server: what it returns is what its documentation says."""

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
from real_fail2ban import Fail2ban

MODULE = "bottomup.security.fail2ban_info"
TYPES = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}


def ansible(*words: str) -> dict[str, Any]:
    """Run the module ad hoc on this machine and return its result."""
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(conftest.COLLECTIONS), "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    argv = [str(Path(sys.executable).parent / "ansible"), "localhost", "-c", "local", "-i", "localhost,", "-m", MODULE]
    argv += ["-e", f"ansible_python_interpreter={sys.executable}"]
    ran = subprocess.run([*argv, *words], capture_output=True, text=True, timeout=200, check=False, env=environment)
    assert "=>" in ran.stdout, ran.stdout + ran.stderr
    head, answer = ran.stdout.split("=>", 1)
    return {**json.loads(answer), "failed": "FAILED!" in head}


def documented() -> dict[str, Any]:
    source = (conftest.REPOSITORY / "plugins" / "modules" / "fail2ban_info.py").read_text()
    return yaml.safe_load(source.split('RETURN = r"""', 1)[1].split('"""', 1)[0])


def compare(where: str, value: dict[str, Any], contains: dict[str, Any]) -> None:
    """Every key that is returned is documented with its type, and every key documented as always returned is there."""
    assert set(value) <= set(contains), f"{where}: not documented: {set(value) - set(contains)}"
    for name, row in contains.items():
        if name not in value:
            assert row["returned"] != "always", f"{where}.{name} is documented and not returned"
            continue
        found = value[name]
        if found is not None:
            assert isinstance(found, TYPES[row["type"]]) and (row["type"] != "int" or not isinstance(found, bool)), f"{where}.{name} is {found!r}"
        if row.get("sample") is not None:
            assert isinstance(row["sample"], TYPES[row["type"]]), f"{where}.{name}: the sample is no {row['type']}"
        for entry in [found] if row["type"] == "dict" else found or [] if row["type"] == "list" else []:
            if "contains" in row:
                compare(f"{where}.{name}", entry, row["contains"])
            elif isinstance(entry, dict) and row.get("sample"):
                sample = row["sample"] if row["type"] == "dict" else row["sample"][0]
                assert set(entry) == set(sample) or name in ("service", "cut"), f"{where}.{name}: {entry} is not like its sample"


def test_return_is_what_is_documented(tmp_path: Path) -> None:
    needs.root()
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[one]\nenabled = true\naction = badact\nlogpath = {tmp_path}/a.log\n[late]\nenabled = false\n") as server:
        server.failures("a.log", "192.0.2.1")
        server.until_logged("Failed to execute ban jail")
        (server.conf / "jail.local").write_text("[late]\nenabled = true\n")
        result = ansible("-a", json.dumps({"socket": str(tmp_path / "f2b.sock"), "config_dir": str(server.conf), "repeat": 1}))
        checked = ansible("--check", "-a", json.dumps({"socket": str(tmp_path / "f2b.sock"), "config_dir": str(server.conf), "repeat": 1}))
    assert result["changed"] is False and result["status"] == "findings"
    assert [finding["rule"] for finding in result["findings"]] == ["fail2ban.ban_fails", "fail2ban.jail_not_running", "fail2ban.repeat_offenders"]
    assert checked["findings"] == result["findings"]
    compare("result", {key: value for key, value in result.items() if key not in ("changed", "failed")}, documented())
    down = ansible("-a", json.dumps({"socket": str(tmp_path / "f2b.sock"), "config_dir": str(tmp_path / "conf")}))
    compare("result", {key: value for key, value in down.items() if key not in ("changed", "failed")}, documented())


@pytest.mark.parametrize("options", [{"since": "yesterday"}, {"transport": "pigeon"}, {"timeout": "soon"}], ids=str)
def test_bad_option_is_a_clear_failure(options: dict[str, str]) -> None:
    result = ansible("-a", json.dumps(options))
    assert result["failed"] is True and next(iter(options.values())) in result["msg"]
