# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report costs, from the spool to all files, and what the history of 30 mornings costs on SQLite and on PostgreSQL.

Each measurement is a process of its own. CPU seconds are those of that process (and not those of PostgreSQL's server); memory is its
high-water mark. docs/benchmarks.md is written from it by `make bench`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "browser"), str(HERE.parent / "live"), str(HERE.parent / "unit"), str(HERE)]

import conftest  # noqa: E402, F401  (makes the collection importable)
import report_fleet  # noqa: E402
import sample_fleet  # noqa: E402

from ansible_collections.bottomup.security.plugins.plugin_utils import spool  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet, collect  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import judge  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import WRITERS, write_reports  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.channels import Mail, channels  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.mail import mail_of  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.message import Message, document  # noqa: E402

# hosts -> findings of each: 42,000 findings; documents of 5 KB
FLEETS = {1250: 8.4, 5000: 8.4, 10000: 5.4}
WITH_HISTORY = 5000
MORNINGS = {"SQLite": 30, "PostgreSQL": 10}
WRITERS_AT_ONCE = 8
WRITER_HOSTS = 300


def child(*arguments: object) -> dict[str, Any]:
    """Run a measurement in a process of its own and return what it says."""
    command = [sys.executable, str(Path(__file__).resolve()), "--one", *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def peak_mb() -> float:
    """Return the high-water mark of this process alone: ru_maxrss begins with that of the one that started it."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024


def fleet_of(documents: Any, hosts: int, recorder: Recorder | None = None, run_id: str = "day00", now: float = sample_fleet.NOW) -> Fleet:
    remember = (lambda rows, name: recorder.record(rows, name, now)) if recorder else None
    return collect(documents, run_id=run_id, expected_hosts=sample_fleet.names(hosts), expected_checks=report_fleet.CHECKS, remember=remember)


def fill(folder: str, hosts: str, findings: str, day: str) -> dict[str, Any]:
    """Write the spool of a morning."""
    directory = spool.new_run(folder, f"day{int(day):02}")
    for item in report_fleet.documents(int(hosts), float(findings), int(day)):
        spool.write_document(directory, item)
    return {"kb": sum(path.stat().st_size for path in directory.iterdir()) / 1024}


def report(folder: str, hosts: str, day: str, remember: str) -> dict[str, Any]:
    """Make the report of a spool in all ways."""
    directory = Path(folder) / "runs" / f"day{int(day):02}"
    start = time.process_time()
    recorder = Recorder("", Path(folder)) if remember == "history" else None
    fleet = fleet_of(spool.read_documents(directory), int(hosts), recorder, directory.name, sample_fleet.NOW + int(day) * report_fleet.DAY + 60)
    run = judge(fleet, fail_on="high", max_unreachable="0", now=sample_fleet.NOW)
    read = time.process_time()
    write_reports(run, directory, Path(folder), list(WRITERS))
    end = time.process_time()
    return {"findings": sum(fleet.severities().values()), "read": read - start, "seconds": end - start, "mb": peak_mb()}


def parts(folder: str, hosts: str) -> dict[str, Any]:
    """Say what each output and each message costs by itself."""
    fleet = fleet_of(spool.read_documents(Path(folder) / "runs" / "day00"), int(hosts))
    run = judge(fleet, fail_on="high", max_unreachable="0", now=sample_fleet.NOW)
    (channel,) = channels([{"mail": "ops@example.com"}])
    assert isinstance(channel, Mail)
    message = Message(run, "controller:/report.html")
    writers: dict[str, Callable[[], Any]] = {name: functools.partial(writer, run) for name, (_file, writer) in WRITERS.items()}
    writers["mail"] = lambda: mail_of(channel, message).as_bytes()
    writers["webhook"] = lambda: json.dumps(document(message, "")).encode()
    said = {}
    for name, write in writers.items():
        start = time.process_time()
        written = write()
        size = len(written) if isinstance(written, bytes) else sum(map(len, written))
        said[name] = {"seconds": time.process_time() - start, "kb": size / 1024}
    return said


def history(folder: str, hosts: str, mornings: str, url: str, prefix: str = "") -> dict[str, Any]:
    """Record mornings in a database; says what recording alone cost."""
    recorder = Recorder("" if url == "sqlite" else url, Path(folder))
    Path(folder).mkdir(exist_ok=True)
    first = fleet_of(report_fleet.documents(int(hosts), FLEETS[5000]), int(hosts)).hosts
    for host in first:
        host.name = prefix + host.name
    seconds, sizes, found = [], [], 0
    for day in range(int(mornings)):
        rows = list(report_fleet.later(first, day))
        start = time.process_time()
        past = recorder.record(rows, f"{prefix}day{day:02}", sample_fleet.NOW + day * report_fleet.DAY + 60)
        seconds.append(time.process_time() - start)
        if past.off:
            raise SystemExit(past.off)
        sizes.append(_stored(recorder))
        found = sum(len(row.findings()) for row in rows)
    return {"seconds": seconds, "mb": sizes, "findings": found}


def _stored(recorder: Recorder) -> float:
    """Return the MB of the database."""
    store = recorder.store()
    if store.path is not None:
        return store.path.stat().st_size / 1e6
    with store.engine.connect() as connection:
        return float(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0) / 1e6


ONE: dict[str, Callable[..., dict[str, Any]]] = {"fill": fill, "report": report, "parts": parts, "history": history}


def reports() -> list[dict[str, Any]]:
    """Return the tables of the report step."""
    rows = []
    alone: dict[str, Any] = {}
    for hosts, findings in FLEETS.items():
        with tempfile.TemporaryDirectory() as folder:
            child("fill", folder, hosts, findings, 0)
            rows.append(_row(hosts, "off", child("report", folder, hosts, 0, "off")))
            if hosts == WITH_HISTORY:
                alone = child("parts", folder, hosts)
                child("report", folder, hosts, 0, "history")
                child("fill", folder, hosts, findings, 1)
                rows.append(_row(hosts, "second morning", child("report", folder, hosts, 1, "history")))
    return [
        {
            "title": f"From the spool to all {len(WRITERS)} files",
            "columns": ["hosts", "findings", "history", "CPU s to read and group", "CPU s in all", "ms for each host", "MB of memory"],
            "rows": rows,
            "note": "Wanted: 5,000 hosts in 15 s and 300 MB, 10,000 in 30 s; linear.",
        },
        {
            "title": "Each output, and each message, of 5,000 hosts and 42,000 findings",
            "columns": ["output", "CPU s", "KB"],
            "rows": [[name, part["seconds"], round(part["kb"], 1)] for name, part in alone.items()],
        },
    ]


def _row(hosts: int, past: str, said: dict[str, Any]) -> list[Any]:
    return [f"{hosts:,}", f"{said['findings']:,}", past, said["read"], said["seconds"], said["seconds"] / hosts * 1000, round(said["mb"])]


@contextlib.contextmanager
def postgresql() -> Iterator[str | None]:
    """Yield the URL of a PostgreSQL of our own, None where its programs are not there."""
    import test_postgresql as server

    if os.geteuid() or not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        yield None
        return
    with server.running() as url:
        yield url


def histories(hosts: int = 5000) -> list[dict[str, Any]]:
    rows: list[list[Any]] = []
    writers: list[list[Any]] = []
    with tempfile.TemporaryDirectory() as folder, postgresql() as url:
        for name, where in (("SQLite", "sqlite"), *([("PostgreSQL", url)] if url else [])):
            mornings = MORNINGS[name]
            said = child("history", f"{folder}/{name}", hosts, mornings, where)
            later = sorted(said["seconds"][1:])
            sizes = (round(said["mb"][0], 1), round(said["mb"][-1], 1))
            rows.append([name, mornings, f"{said['findings']:,}", said["seconds"][0], later[len(later) // 2], later[-1], *sizes])
            writers.append([name, *at_once(f"{folder}/{name}-8", "sqlite" if where == "sqlite" else where)])
    return [
        {
            "title": "History of 5,000 hosts",
            "columns": ["database", "mornings", "findings", "CPU s first", "CPU s later (median)", "CPU s later (most)", "MB first", "MB last"],
            "rows": rows,
            "note": f"Of a hundred findings {report_fleet.COMING_AND_GOING} come or go each morning. Wanted: 6 s a run, 40 MB in SQLite.",
        },
        {
            "title": f"{WRITERS_AT_ONCE} runs of {WRITER_HOSTS} hosts that end at the same time",
            "columns": ["database", "recorded", "failed", "seconds"],
            "rows": writers,
        },
    ]


def at_once(folder: str, url: str) -> tuple[int, int, float]:
    """Return how many of the writers recorded their morning, how many did not, and the seconds until the last had."""
    Path(folder).mkdir()
    said: list[int] = []

    def write(number: int) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), "--one", "history", folder, str(WRITER_HOSTS), "1", url, f"s{number}-"]
        said.append(subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False).returncode)

    start = time.monotonic()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said.count(0), len(said) - said.count(0), time.monotonic() - start


def main() -> dict[str, Any]:
    return {"title": "report", "tables": [*reports(), *histories()]}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(ONE[sys.argv[2]](*sys.argv[3:])))
    else:
        print(json.dumps(main(), indent=None if "--json" in sys.argv else 2))
