# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history on a real PostgreSQL: the same states, writers that take turns, and what is said when it goes away."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import needs
import postgresql
import pytest
from history.fleets import morning, recorder, states
from history.test_history import LIVES


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    needs.root()
    folder = postgresql.binaries()
    if folder is None:
        needs.missing("needs the package postgresql")
    assert folder is not None
    with postgresql.running(folder) as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    """Return the URL of the server with nothing in it."""
    with recorder(Path("/nowhere"), url=server).store().writing() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS finding, host, run, meta")
    return server


@pytest.mark.parametrize("case", LIVES)
def test_life_of_a_finding(case: str, url: str) -> None:
    answers, wanted = LIVES[case]
    for day, answer in enumerate(answers):
        fleet = morning(recorder(Path("/nowhere"), url=url, keep_days=60), day, {"web1": answer, "web2": "puma"})
        assert fleet.past.off == ""
    assert states(fleet).get("web1 nginx") == wanted


def test_eight_writers_at_once_none_fails(url: str) -> None:
    said: list[str] = []

    def write(number: int) -> None:
        for day in range(3):
            said.append(morning(recorder(Path("/nowhere"), url=url), day, {f"s{number}h{n}": "nginx" for n in range(30)}, run_id=f"s{number}d{day}").past.off)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [""] * 24
    with recorder(Path("/nowhere"), url=url).store().writing() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM host").scalar() == 240


def test_locked_for_too_long(url: str) -> None:
    morning(recorder(Path("/nowhere"), url=url), 0, {"web1": "nginx"})
    with recorder(Path("/nowhere"), url=url).store().writing():
        fleet = morning(recorder(Path("/nowhere"), url=url, wait=0.1), 1, {"web1": "puma"})
    assert "lock timeout; this run is in the spool" in fleet.past.off.replace("canceling statement due to ", "")
    assert [item["title"] for item in fleet.hosts[0].findings()] == ["puma is stale"]


def test_no_such_database_is_told(url: str) -> None:
    fleet = morning(recorder(Path("/nowhere"), url=url.replace("check@/postgres", "check:secret@/nosuch")), 0, {"web1": "nginx"})
    assert 'database "nosuch" does not exist' in fleet.past.off and "secret" not in fleet.past.off


BEGIN = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[1])
import postgresql
with postgresql.running(pathlib.Path(sys.argv[2])) as url:
    print(url, flush=True)
    time.sleep(300)
"""


def test_the_server_ends_with_the_one_who_began_it(server: str) -> None:
    binaries = postgresql.binaries()
    with subprocess.Popen([sys.executable, "-c", BEGIN, str(Path(__file__).parent), str(binaries)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        folder = Path(child.stdout.readline().strip().split("host=")[1])
        child.kill()
    try:
        deadline = time.monotonic() + 30
        while (folder / "data" / "postmaster.pid").exists():
            assert time.monotonic() < deadline, "it still runs"
            time.sleep(0.05)
    finally:
        shutil.rmtree(folder)
