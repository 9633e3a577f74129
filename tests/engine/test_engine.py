# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that crashes, hangs, is killed or lies costs its own answer and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import time

import needs
import pytest
from conftest_engine import run_payload

from ansible_collections.bottomup.security.plugins.plugin_utils import payload, trip

# check -> (status, words of the reason)
ENDINGS = {
    "fine": ("ok", ""),
    "finding": ("findings", ""),
    "chatty": ("ok", ""),
    "large": ("ok", ""),
    "orphaning": ("ok", ""),
    "endless": ("timeout", "no answer within 2 s"),
    "deaf": ("timeout", "no answer within 2 s"),
    "crashing": ("error", "KeyError: 'nothing <b>here</b>\\x1b[31m' (crashing.py:8)"),
    "hungry": ("error", "needs more memory than its limit"),
    "killed": ("error", "killed by signal 9"),
    "leaving": ("error", "ended with code 0 and no whole answer"),
    "exiting": ("error", "ended with code 1 and no whole answer"),
    "huge": ("error", "its answer is larger than 8 MiB"),
    "lying": ("error", "ValueError: status 'splendid'"),
    "unloadable": ("error", "cannot be loaded: RuntimeError: not on this server"),
}


def test_each_ending_is_told_and_costs_only_itself(misbehaving: list[str]) -> None:
    assert sorted(ENDINGS) == misbehaving
    answer = run_payload(misbehaving, timeout=2)
    seen = {name: (check["status"], check["status_reason"]) for name, check in answer["checks"].items()}
    assert sorted(seen) == sorted(ENDINGS)
    for name, (status, words) in ENDINGS.items():
        assert seen[name][0] == status, (name, seen[name])
        assert words in seen[name][1], (name, seen[name])
    assert len(answer["checks"]["large"]["data"]["lines"]) == 20000
    assert _sleepers() == []


def _sleepers() -> list[str]:
    """Return the processes that the misbehaving checks of this process start and that the engine must have ended."""
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    started = re.compile(rf"/bin/sleep 9876\d\.{os.getpid()}$|/bin/sh -c trap '' TERM; : {os.getpid()};")
    return [line for line in listing.splitlines() if started.match(line)]


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_every_python_of_a_server_runs_every_check(version: str) -> None:
    checks = payload.available_checks()
    answer = run_payload(checks, needs.python(version), timeout=240)  # on a machine that does much else
    assert answer["facts"]["python"].startswith(version + ".")
    unable = {name: check["status_reason"] for name, check in answer["checks"].items() if check["status"] in ("error", "timeout")}
    assert unable == {}
    assert sorted(answer["checks"]) == sorted(checks)


def test_options_reach_the_check_and_stay_data(misbehaving: list[str]) -> None:
    hostile = {"path": "\"); import os; os.abort() #'\\\n", "n": 1}
    answer = run_payload(["fine"], options={"fine": hostile})
    assert answer["checks"]["fine"]["data"]["options"] == hostile


def test_check_is_nice_and_its_limits_are_set(misbehaving: list[str]) -> None:
    (payload.MODULE_UTILS / "checks" / "limits.py").write_text(
        "import os, resource\n\n\ndef run(options, machine):\n"
        "    return {'status': 'ok', 'status_reason': '', 'findings': [], 'data': {'nice': os.nice(0),"
        " 'data': resource.getrlimit(resource.RLIMIT_DATA)[0], 'core': resource.getrlimit(resource.RLIMIT_CORE)[0]}}\n"
    )
    answer = run_payload(["limits"], memory=100 * 1048576)
    assert answer["checks"]["limits"]["data"] == {"nice": 19, "data": 100 * 1048576, "core": 0}


def test_nothing_goes_on_when_nobody_reads_the_answer(misbehaving: list[str]) -> None:
    request = {"checks": ["deaf"], "options": {}, "timeout": 120, "memory": 256 * 1048576, "token": trip.new_token()}
    reader, writer = os.pipe()
    with subprocess.Popen(["/usr/bin/python3", "-I", "-S", "-"], stdin=subprocess.PIPE, stdout=writer) as server:
        os.close(writer)
        assert server.stdin is not None
        server.stdin.write(payload.build(["deaf"], request))
        server.stdin.close()
        _wait_for(lambda: bool(_sleepers()))
        os.close(reader)
        server.wait(30)
    _wait_for(lambda: not _sleepers())


def _wait_for(condition: object) -> None:
    assert callable(condition)
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)
