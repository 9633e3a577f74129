# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""web_probes in real processes: other Pythons, an ordinary user, the module through Ansible, little memory, several processes."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import laid_out
import needs
import pytest
import yaml

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "evaluate"))

import probes  # noqa: E402
import rails_day  # noqa: E402

from ansible_collections.bottomup.security.plugins.module_utils.checks import web_probes, web_probes_config, web_probes_spread  # noqa: E402
from ansible_collections.bottomup.security.plugins.module_utils.checks.web_probes_reader import whole_lines  # noqa: E402
from ansible_collections.bottomup.security.plugins.module_utils.host import archives, logs  # noqa: E402
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine  # noqa: E402

PROGRAM = f"""{laid_out.UTIL}
import json, re
from util.checks import web_probes
from util.host.machine import Machine
result = web_probes.run(json.loads(sys.argv[2]), Machine(now=1794787200))
memory = int(re.search("VmHWM:[^0-9]*([0-9]+)", open("/proc/self/status").read()).group(1))
print(json.dumps([memory, result], sort_keys=True))
"""


def run(python: str, options: dict[str, Any], *before: str, code: Path = REPOSITORY / "plugins" / "module_utils") -> tuple[int, dict[str, Any]]:
    argv = [*before, python, "-I", "-S", "-c", PROGRAM, str(code), json.dumps(options)]
    memory, result = json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=300).stdout)
    return memory, result


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "access.log.gz"
    rails_day.write(path, 5, 30000, probes.probes())
    return path


@pytest.mark.parametrize("version", ["3.6", "3.9"])
def test_every_python_gives_the_same(day: Path, version: str) -> None:
    options = {"logs": [str(day)], "since": "all", "list_hits": True}
    assert run(needs.python(version), options)[1] == run(sys.executable, options)[1]


def test_several_processes_count_the_same(tmp_path: Path) -> None:
    for number in range(3):
        rails_day.write(tmp_path / f"access.log.{number}", number, 30000, probes.probes())
    options = {"logs": [f"{tmp_path}/access.log.*"], "since": "all"}
    one, three = (run(sys.executable, dict(options, workers=count))[1]["data"] for count in (1, 3))
    for name in ("totals", "hits_by_category", "hours"):
        assert one[name] == three[name]
    assert {(row["client"], row["hits"]) for row in one["clients"]} == {(row["client"], row["hits"]) for row in three["clients"]}


def test_case_23_an_ordinary_user_is_told_what_he_cannot_read() -> None:
    needs.root()
    needs.command("setpriv", "python3")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        (closed / "access.log").write_text("")
        unreadable = folder / "access.log"
        unreadable.write_text("")
        unreadable.chmod(0o600)
        code = folder / "module_utils"
        shutil.copytree(REPOSITORY / "plugins" / "module_utils", code, ignore=shutil.ignore_patterns("__pycache__"))
        argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        result = run("/usr/bin/python3", {"logs": [f"{closed}/*.log", str(unreadable)], "since": "all"}, *argv, code=code)[1]
    assert result["status"] == "incomplete"
    assert result["status_reason"].count("Permission denied") == 2
    assert [finding["rule"] for finding in result["findings"]] == ["web_probes.unreadable"]


def test_memory_stays_small_where_no_request_comes_twice(tmp_path: Path) -> None:
    path = tmp_path / "access.log.gz"
    rails_day.write(path, 9, 120000, probes.probes(), unique=True)
    memory, result = run(sys.executable, {"logs": [str(path)], "since": "all"})
    assert result["data"]["totals"]["lines"] == 120000
    assert memory < 64 * 1024


def test_a_bomb_is_read_as_far_as_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "TEXT_LIMIT", 16 << 20)
    path = tmp_path / "access.log.gz"
    with gzip.open(path, "wb", compresslevel=9) as out:
        for _number in range(64):
            out.write(b"\0" * (1 << 20))
    said: list[str] = []
    long: list[bytes] = []
    with path.open("rb") as source:
        blocks = list(whole_lines(archives.readable(Machine(), source.fileno(), b"gz", logs.BLOCK, said.append), long.append))
    assert said == ["more than 16777216 bytes of text, the rest was not read"]
    assert len(long) == 1
    assert sum(map(len, blocks)) < 1 << 20
    result = web_probes.run({"logs": [str(path)], "since": "all"}, Machine())
    assert result["status"] == "incomplete" and said[0] in result["status_reason"]
    assert result["data"]["totals"]["unparsed"] == 1


def test_the_module_returns_what_it_documents(day: Path, tmp_path: Path) -> None:
    ansible = Path(sys.executable).with_name("ansible")
    if not ansible.exists():
        needs.missing("needs ansible")
    argv = [
        str(ansible),
        "localhost",
        "-i",
        "localhost,",
        "-c",
        "local",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
        "-m",
        "bottomup.security.web_probes_info",
    ]
    argv += ["-a", json.dumps({"logs": [str(day)], "since": "all", "list_hits": True}), "--one-line"]
    answer = subprocess.run(
        argv,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env=dict(os.environ, ANSIBLE_LOCAL_TEMP=str(tmp_path), ANSIBLE_REMOTE_TEMP=str(tmp_path)),
    )
    result = json.loads(answer.stdout.split("=>", 1)[1])
    text = (REPOSITORY / "plugins" / "modules" / "web_probes_info.py").read_text(encoding="utf-8")
    documented = yaml.safe_load(text.split('RETURN = r"""', 1)[1].split('"""', 1)[0])
    assert result["changed"] is False
    assert set(documented) <= set(result)
    assert set(documented["data"]["contains"]) == set(result["data"])


def test_what_another_process_unpacks_is_the_same(day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = tmp_path / "access.log.1.gz"
    cut.write_bytes(day.read_bytes()[:200000])
    options = {"logs": [str(day), str(cut)], "since": "all", "list_hits": True, "workers": 1}
    machine = Machine(now=1794787200)
    monkeypatch.setattr(web_probes_spread, "_cores", lambda: 2)
    alone = web_probes.run(options, machine)
    monkeypatch.setattr(web_probes_spread, "AHEAD_MINIMUM", 0)
    assert web_probes.run(options, machine) == alone
    assert "cut short" in alone["status_reason"]


def test_the_process_that_unpacks_is_missed_when_it_dies() -> None:
    def dies() -> Iterator[bytes]:
        yield b"one\n"
        os._exit(3)

    said: list[str] = []
    assert list(web_probes_spread.ahead(dies(), said)) == [b"one\n"]
    assert said == ["the process that unpacked it died"]


def test_the_process_that_unpacks_ends_with_its_reader() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"%d\n" % os.getpid()

    blocks = web_probes_spread.ahead(endless(), [])
    pid = int(next(blocks))
    blocks.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_in_another_pid_namespace_does_not_run_here(tmp_path: Path) -> None:
    needs.root()
    needs.command("unshare")
    before = web_probes_config.running(Machine())
    if "nginx" in before:
        pytest.skip("an nginx runs on this machine")
    program = tmp_path / "nginx"
    shutil.copy("/bin/sleep", program)
    for start, seen in (([], True), (["unshare", "--pid", "--fork", "--kill-child"], False)):
        with subprocess.Popen([*start, str(program), "60"]) as process:
            try:
                _wait_for_comm("nginx")
                assert ("nginx" in web_probes_config.running(Machine())) == seen
            finally:
                process.kill()


def _wait_for_comm(name: str) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for path in Path("/proc").glob("[0-9]*/comm"):
            with contextlib.suppress(OSError):
                if path.read_text() == name + "\n":
                    return
        time.sleep(0.02)
    raise AssertionError(f"no process is called {name}")
