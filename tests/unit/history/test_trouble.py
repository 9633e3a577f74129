# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the history: killed, locked, damaged, full, newer, absent. The report is made each time and says what is wrong."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from history.fleets import morning, recorder, states

from ansible_collections.bottomup.security.plugins.plugin_utils.history import store as stored
from ansible_collections.bottomup.security.plugins.plugin_utils.history.past import since

HERE = Path(__file__).resolve()

# Records mornings for ever, as another process: argv is tests, folder, first day, number of days, name of the host.
WRITER = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/unit"]
import conftest
from pathlib import Path
from history.fleets import morning, recorder
folder, first, days, host = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
print("ready", flush=True)
for day in range(first, first + days):
    fleet = morning(recorder(folder), day, {f"{host}{n}": "nginx" if (day + n) % 3 else "puma" for n in range(20)}, run_id=f"{host}-{day}")
    print(fleet.past.off or "recorded", flush=True)
"""


def writer(folder: Path, first: int, days: int, host: str = "web", before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(HERE.parents[2]), str(folder), str(first), str(days), host]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before)


def test_killed_at_any_point_nothing_is_half_recorded(tmp_path: Path) -> None:
    chance = random.Random(6)
    day = 0
    for _attempt in range(6):
        process = writer(tmp_path, day, 1000)
        assert process.stdout and process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.02, 0.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with recorder(tmp_path).store().writing() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            day = connection.exec_driver_sql("SELECT count(*) FROM run").scalar() or 0
            looks = {row[0] for row in connection.exec_driver_sql("SELECT json_extract(looks, '$.restart[0]') FROM host")}
        assert looks == ({day} if day else set()), "each host was looked at in each recorded run"
    fleet = morning(recorder(tmp_path), day + 1, {"web0": "nginx puma cron"})
    assert fleet.past.off == "" and states(fleet)["web0 cron"] == ("new" if day else "open")


# The same as eight processes at once: what they import is imported before they part, and they begin when all are there.
WRITERS = WRITER.replace(
    'print("ready", flush=True)\n',
    """import os
children, (reader, gate) = [], os.pipe()
for number in range(8):
    child = os.fork()
    if not child:
        host = f"{host}{number}-"
        os.close(gate)
        os.read(reader, 1)
        break
    children.append(child)
if len(children) == 8:
    os.close(gate)
    sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
""",
)


def test_eight_writers_at_once_none_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITERS, str(HERE.parents[2]), str(tmp_path), "0", "3", "slice"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert (done.returncode, done.stdout) == (0, "recorded\n" * 24), done.stderr
    with recorder(tmp_path).store().writing() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM host").scalar() == 160
        assert connection.exec_driver_sql("SELECT count(*) FROM run").scalar() == 24


def _no_larger_files(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_no_room_is_said_and_the_old_history_stays(tmp_path: Path) -> None:
    morning(recorder(tmp_path), 0, {"other": "nginx"})
    size = (tmp_path / "history.sqlite3").stat().st_size
    out, err = writer(tmp_path, 1, 1, before=lambda: _no_larger_files(size)).communicate(timeout=280)
    assert out.splitlines()[1:] and "recorded" not in out, err
    assert "history.sqlite3" in out
    assert states(morning(recorder(tmp_path), 2, {"other": "nginx puma"})) == {"other nginx": "open", "other puma": "new"}


def test_locked_for_too_long(tmp_path: Path) -> None:
    morning(recorder(tmp_path), 0, {"web1": "nginx"})
    other = sqlite3.connect(tmp_path / "history.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    fleet = morning(recorder(tmp_path, wait=0.1), 1, {"web1": "puma"})
    other.rollback()
    other.close()
    assert "database is locked; this run is in the spool" in fleet.past.off
    assert since(fleet.past, fleet.states()).startswith("History off: ")
    assert [item["title"] for item in fleet.hosts[0].findings()] == ["puma is stale"], "the report is whole"
    assert "state" not in fleet.hosts[0].findings()[0]


DAMAGES = {
    "not a database": lambda path: path.write_bytes(b"not a database at all" * 100),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100]),
    "zeroes in the middle": lambda path: path.write_bytes(path.read_bytes()[:4096] + bytes(path.stat().st_size - 4096)),
    "a column is gone": lambda path: sqlite3.connect(path).execute("ALTER TABLE host DROP COLUMN looks").connection.close(),
    "rows that are no JSON": lambda path: sqlite3.connect(path, isolation_level=None).execute("UPDATE host SET looks = '{'").connection.close(),
    "a version that is no number": lambda path: sqlite3.connect(path, isolation_level=None).execute("UPDATE meta SET value = 'x'").connection.close(),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_damaged(case: str, tmp_path: Path) -> None:
    morning(recorder(tmp_path), 0, {f"web{n}": "nginx puma cron" for n in range(100)})
    path = tmp_path / "history.sqlite3"
    DAMAGES[case](path)
    fleet = morning(recorder(tmp_path), 1, {f"web{n}": "nginx" for n in range(100)})
    assert "rebuild it from the spool: ansible-playbook" in fleet.past.off
    assert len(fleet.hosts) == 100 and fleet.groups[0].hosts[0] == "web0"


def test_written_by_a_newer_version(tmp_path: Path) -> None:
    morning(recorder(tmp_path), 0, {"web1": "nginx"})
    with recorder(tmp_path).store().writing() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '99'")
    off = morning(recorder(tmp_path), 1, {"web1": ""}).past.off
    assert off == f"the history is of version 99, this collection knows {stored.VERSION}: use the newer collection, or another database"


def test_tables_are_brought_forward_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    morning(recorder(tmp_path), 0, {"web1": "nginx"})
    following = stored.VERSION + 1
    monkeypatch.setattr(stored, "VERSION", following)

    def broken(connection: stored.Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE host ADD COLUMN note TEXT")
        connection.exec_driver_sql("no statement at all")

    monkeypatch.setitem(stored.STEPS, following, broken)
    assert "syntax error" in morning(recorder(tmp_path), 1, {"web1": ""}).past.off
    monkeypatch.setitem(stored.STEPS, following, lambda connection: connection.exec_driver_sql("ALTER TABLE host ADD COLUMN note TEXT"))
    assert states(morning(recorder(tmp_path), 1, {"web1": "nginx puma"})) == {"web1 nginx": "open", "web1 puma": "new"}
    with recorder(tmp_path).store().writing() as connection:
        assert connection.exec_driver_sql("SELECT value FROM meta").scalar() == str(following)


def test_sqlalchemy_is_optional(tmp_path: Path) -> None:
    """In a process where it cannot be imported: everything but the history works."""
    hidden = WRITER.replace("import conftest\n", "import conftest\nsys.modules['sqlalchemy'] = None\n")
    done = subprocess.run([sys.executable, "-c", hidden, str(HERE.parents[2]), str(tmp_path), "0", "1", "web"], capture_output=True, text=True, check=False)
    assert done.stdout == "ready\nSQLAlchemy is not installed\n", done.stderr
    assert not list(tmp_path.iterdir())


URLS = {
    "off": "by daily_check_database",
    "mysql://user:secret@db/x": "daily_check_database is of mysql: sqlite and postgresql are supported",
    "postgresql+asyncnothing://user:secret@db/x": "postgresql+asyncnothing cannot be used",
    "postgresql+pg8000://user:secret@db/x": "the driver of postgresql+pg8000 is not installed: pg8000",
    "sqlite:////nowhere/at/all.sqlite3": "/nowhere/at/all.sqlite3: No such file or directory",
    "sqlite:////proc/history": "/proc/history: ",
    "postgresql+psycopg://user:secret@127.0.0.1:1/x": "postgresql+psycopg://user:***@127.0.0.1:1/x: ",
}


@pytest.mark.parametrize("url", URLS)
def test_url_that_cannot_be_used_is_told_without_its_password(url: str, tmp_path: Path) -> None:
    fleet = morning(recorder(tmp_path, url=url), 0, {"web1": "nginx"})
    assert fleet.past.off.startswith(URLS[url]) and "secret" not in fleet.past.off
    assert not list(tmp_path.iterdir())


def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        morning(recorder(tmp_path), 0, {"web1": "nginx"})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "history.sqlite3").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["history.sqlite3"], "no journal is left"
