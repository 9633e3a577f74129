# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the tests and who runs what, on the tests as they are, and on workers that are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import schedule

TESTS = Path(schedule.__file__).resolve().parent

# A test says which worker it runs in; the names of the files are those of real ones.
SAYS = """
import json, os, time
def test_{name}(worker_id):
    time.sleep({seconds})
    with open({log!r}, "a") as log:
        log.write(json.dumps([worker_id, {path!r}]) + "\\n")
"""
HERE = """
import sys
sys.path.insert(0, {tests!r})
from schedule import Schedule, rank
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: rank(item.nodeid))
def pytest_xdist_make_scheduler(config, log):
    return Schedule(config, log)
"""


def test_every_folder_has_its_place() -> None:
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py") if path.parent != TESTS}
    assert folders == set(schedule.ORDER) - set(schedule.MINUTES)
    assert all((TESTS / name).is_file() for name in schedule.MINUTES)


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/unit/restart/test_x.py::test_a[1::2]", "unit/restart/test_x.py"),
        ("tests/install/test_tarball.py::test_a", "install"),
        ("tests/install/test_return.py::test_a", "install"),
    ],
)
def test_unit(nodeid: str, unit: str) -> None:
    assert schedule.unit(nodeid) == unit


def test_a_file_stays_in_one_worker_and_only_the_last_waits_behind_minutes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    files = {
        schedule.MINUTES[0]: 3.0,
        "install/test_a.py": 0.01,
        "install/test_b.py": 0.01,
        "engine/test_c.py": 0.01,
        "unit/test_d.py": 0.01,
        "unit/test_e.py": 0.01,
    }
    for name, seconds in files.items():
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        count = 1 if seconds > 1 else 3
        path.write_text("".join(SAYS.format(name=number, seconds=seconds, log=str(log), path=name) for number in range(count)))
    (tmp_path / "conftest.py").write_text(HERE.format(tests=str(TESTS)))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadscope",
        "--no-loadscope-reorder",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ran = [json.loads(line) for line in log.read_text().splitlines()]
    workers = {name: {worker for worker, path in ran if schedule.unit(path) == schedule.unit(name)} for name in files}
    assert all(len(names) == 1 for names in workers.values()), workers
    assert {path for worker, path in ran if {worker} == workers[schedule.MINUTES[0]]} == {schedule.MINUTES[0], "unit/test_e.py"}
