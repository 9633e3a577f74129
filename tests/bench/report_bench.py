# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report costs, from the spool to all files, and what the history of 30 mornings costs on SQLite and on PostgreSQL.

Each measurement is a process of its own, one after the other; only what they read is made by two at once. CPU seconds are those of that
process (and not those of PostgreSQL's server); memory is its high-water mark. Whatever this program starts ends with it, however it ends.
docs/benchmarks.md is written from it by `make bench`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import ctypes
import functools
import json
import os
import re
import signal
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
import postgresql  # noqa: E402
import report_fleet  # noqa: E402
import sample_fleet  # noqa: E402
from chromium import Chromium, executable  # noqa: E402

from ansible_collections.bottomup.security.plugins.plugin_utils import collector, spool  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet, collect  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import WRITERS, write_reports  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.channels import Mail, channels  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.mail import mail_of  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.message import Message, document  # noqa: E402

# name -> (hosts, findings of each, whether the log checks tell a day): 42,000 findings; documents of 5 KB
FLEETS = {"1250": (1250, 8.4, False), "5000": (5000, 8.4, False), "10000": (10000, 5.4, False), "logs": (5000, 8.4, True)}
WITH_HISTORY = "logs"
MORNINGS = {"SQLite": 30, "PostgreSQL": 10}
LOOKS = 3
WRITERS_AT_ONCE = 8
WRITER_HOSTS = 300


# When the viewer has drawn its table, in milliseconds since the navigation began; looked for at each frame.
READY = """new Promise(done => { const look = now => document.documentElement.dataset.ready ? done(performance.now()) : requestAnimationFrame(look);
    look(); })"""

PR_SET_PDEATHSIG = 1


def end_with_parent(number: signal.Signals) -> None:
    """Have the kernel send this process a signal when the one that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))


_started: set[subprocess.Popen[str]] = set()
_over = threading.Event()


def _end(*_signal: object) -> None:
    """End what was started, and then this program by way of its ``with`` blocks."""
    _over.set()
    for process in list(_started):
        process.kill()
    sys.exit(128 + signal.SIGTERM)


def child(*arguments: object) -> dict[str, Any]:
    """Run a measurement in a process of its own and return what it says. Raises CalledProcessError."""
    command = [sys.executable, str(Path(__file__).resolve()), "--one", *map(str, arguments)]
    if _over.is_set():
        raise subprocess.CalledProcessError(-signal.SIGKILL, command)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        _started.add(process)
        words, _nothing = process.communicate()
        _started.discard(process)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    said: dict[str, Any] = json.loads(words)
    return said


def peak_mb() -> float:
    """Return the high-water mark of this process alone: ru_maxrss begins with that of the one that started it."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024


def fleet_of(documents: Any, hosts: int, recorder: Recorder | None = None, run_id: str = "day00", now: float = sample_fleet.NOW) -> Fleet:
    remember = (lambda rows, name: recorder.record(rows, name, now)) if recorder else None
    return collect(documents, run_id=run_id, expected_hosts=sample_fleet.names(hosts), expected_checks=report_fleet.CHECKS, remember=remember)


def fill(folder: str, fleet: str, day: str) -> dict[str, Any]:
    """Write the spool of a morning."""
    hosts, findings, logs = FLEETS[fleet]
    return {"kb": report_fleet.write(spool.new_run(folder, f"day{int(day):02}"), report_fleet.plain(hosts, findings, int(day), logs))}


def report(folder: str, name: str, day: str, remember: str) -> dict[str, Any]:
    """Make the report of a spool in all ways, as the action does."""
    directory = Path(folder) / "runs" / f"day{int(day):02}"
    hosts = FLEETS[name][0]
    start = time.process_time()
    with collector.put_off():
        recorder = Recorder("", Path(folder)) if remember == "history" else None
        fleet = fleet_of(spool.read_documents(directory), hosts, recorder, directory.name, sample_fleet.NOW + int(day) * report_fleet.DAY + 60)
        run = judge(fleet, fail_on="high", max_unreachable="0", now=sample_fleet.NOW)
        read = time.process_time()
        write_reports(run, directory, Path(folder), list(WRITERS))
    end = time.process_time()
    page = (directory / "report.html").stat().st_size / 1024
    measured = {"findings": sum(fleet.severities().values()), "read": read - start, "seconds": end - start, "mb": peak_mb(), "page": page}
    return measured | ({"parts": parts(run)} if remember == "history" else {})


def parts(run: Run) -> dict[str, Any]:
    """Say what each output and each message costs by itself."""
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
    first = fleet_of(report_fleet.documents(int(hosts), FLEETS["5000"][1]), int(hosts)).hosts
    for host in first:
        host.name = prefix + host.name
    seconds, sizes = [], []
    rows: list[Any] = []
    for day in range(int(mornings)):
        rows = list(report_fleet.later(first, day))
        start = time.process_time()
        past = recorder.record(rows, f"{prefix}day{day:02}", sample_fleet.NOW + day * report_fleet.DAY + 60)
        seconds.append(time.process_time() - start)
        if past.off:
            raise SystemExit(past.off)
        _vacuumed(recorder)
        sizes.append(_stored(recorder))
    found = sum(len(row.findings()) for row in rows)
    return {"seconds": seconds, "mb": sizes, "findings": found}


def _vacuumed(recorder: Recorder) -> None:
    """Do what autovacuum does within a day."""
    store = recorder.store()
    if store.path is None:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")


def _stored(recorder: Recorder) -> float:
    """Return the MB of the database."""
    store = recorder.store()
    if store.path is not None:
        return store.path.stat().st_size / 1e6
    with store.engine.connect() as connection:
        return float(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0) / 1e6


ONE: dict[str, Callable[..., dict[str, Any]]] = {"fill": fill, "report": report, "history": history}


def reports(folder: Path) -> list[dict[str, Any]]:
    """Return the tables of the report step."""
    with concurrent.futures.ThreadPoolExecutor(2) as two:
        list(two.map(lambda what: child("fill", folder / what[0], *what), [*((name, 0) for name in FLEETS), (WITH_HISTORY, 1)]))
    rows = [_row(name, "off", child("report", folder / name, name, 0, "off")) for name in FLEETS if name != WITH_HISTORY]
    for day, morning in enumerate(("first morning", "second morning")):
        said = child("report", folder / WITH_HISTORY, WITH_HISTORY, day, "history")
        rows.append(_row(WITH_HISTORY, morning, said))
    pages = [folder / name / "latest" / "report.html" for name in ("5000", WITH_HISTORY)]
    return [
        {
            "title": f"From the spool to all {len(WRITERS)} files",
            "columns": [
                "hosts",
                "findings",
                "logs of a day",
                "history",
                "CPU s to read",
                "CPU s in all",
                "ms for each host",
                "MB of memory",
                "KB of html",
            ],
            "rows": rows,
            "note": "Wanted: 5,000 hosts in 15 s and 300 MB, 10,000 in 30 s; linear; the page at most 1 MB.",
        },
        {
            "title": "Each output, and each message, of 5,000 hosts with 42,000 findings and their logs",
            "columns": ["output", "CPU s", "KB"],
            "rows": [[name, part["seconds"], round(part["kb"], 1)] for name, part in said["parts"].items()],
        },
        {
            "title": "The page of 5,000 hosts in Chromium",
            "columns": ["logs of a day", "KB", "s to the first content", "s until the table of all hosts can be used"],
            "rows": [["yes" if path is pages[-1] else "no", round(path.stat().st_size / 1024), *in_chromium(path)] for path in pages] if executable() else [],
            "note": f"The least of {LOOKS} looks, from the start of the navigation. Wanted: 1.5 s and 4 s.",
        },
    ]


def in_chromium(path: Path) -> tuple[float, float]:
    """Return the seconds until the first content, and until the viewer is there; each the least of a few looks."""
    first, ready = [], []
    with Chromium() as browser:
        for _look in range(LOOKS):
            browser.open(path.resolve().as_uri())
            ready.append(browser.evaluate(READY) / 1000)
            first.append(browser.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000)
    return min(first), min(ready)


def _row(name: str, past: str, said: dict[str, Any]) -> list[Any]:
    hosts, _findings, logs = FLEETS[name]
    measured = [said["read"], said["seconds"], said["seconds"] / hosts * 1000, round(said["mb"]), round(said["page"])]
    return [f"{hosts:,}", f"{said['findings']:,}", "yes" if logs else "no", past, *measured]


@contextlib.contextmanager
def own_postgresql() -> Iterator[str | None]:
    """Yield the URL of a PostgreSQL of our own, None where its programs are not there."""
    folder = postgresql.binaries()
    if os.geteuid() or folder is None:
        yield None
        return
    with postgresql.running(folder) as url:
        yield url


def histories(folder: Path, hosts: int = 5000) -> list[dict[str, Any]]:
    """Return the tables of the history."""
    rows: list[list[Any]] = []
    writers: list[list[Any]] = []
    with own_postgresql() as url:
        for name, where in (("SQLite", "sqlite"), *([("PostgreSQL", url)] if url else [])):
            said = child("history", f"{folder}/{name}", hosts, MORNINGS[name], where)
            later = sorted(said["seconds"][1:])
            sizes = (round(said["mb"][0], 1), round(said["mb"][-1], 1))
            rows.append([name, MORNINGS[name], f"{said['findings']:,}", said["seconds"][0], later[len(later) // 2], later[-1], *sizes])
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
        try:
            child("history", folder, WRITER_HOSTS, 1, url, f"s{number}-")
        except subprocess.CalledProcessError:
            said.append(1)
        else:
            said.append(0)

    start = time.monotonic()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said.count(0), len(said) - said.count(0), time.monotonic() - start


def main() -> dict[str, Any]:
    end_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="report-bench-") as folder:
        return {"title": "report", "tables": [*reports(Path(folder)), *histories(Path(folder))]}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        end_with_parent(signal.SIGKILL)
        print(json.dumps(ONE[sys.argv[2]](*sys.argv[3:])))
    else:
        print(json.dumps(main(), indent=None if "--json" in sys.argv else 2))
