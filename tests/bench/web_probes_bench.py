# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU, wall and memory of web_probes beside the blog's pipeline, GoAccess and logwatch, on the same made-up days.

Each number is the least of several runs taken in turn, in seconds of CPU (user and system, children included); the check is a whole
C(python3 -I -S) with its imports. All output goes through a pipe. What is not installed is named as such.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / "evaluate"), str(REPOSITORY / "tests")]

import laid_out  # noqa: E402
import probes  # noqa: E402
import rails_day  # noqa: E402

LINES, DAYS = 650_000, 8
ROUNDS = 5
LOGWATCH_PART = 5
BASE = "zcat, grep -Ev, wc"
COLUMNS = ["what", "CPU s", "wall s", "MB", "klines per CPU s"]
BLOG = "LC_ALL=C grep -Ev 'assets|images|favicon.ico|robots.txt|fonts' | wc -l"
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable

PROGRAM = f"""{laid_out.UTIL}
import json
from util.checks import web_probes
from util.host.machine import Machine
print(json.dumps(web_probes.run(json.loads(sys.argv[2]), Machine())["data"]["totals"]))
"""


def measured(argv: list[str], shell: bool = False) -> tuple[float, float, float]:
    """Return (CPU seconds, wall seconds, MB of the largest process) of a command with its children."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            begin = time.monotonic()
            subprocess.run(["/bin/bash", "-c", argv[0]] if shell else argv, stdin=subprocess.DEVNULL, capture_output=True, check=True)
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            os.write(writer, json.dumps([used.ru_utime + used.ru_stime, time.monotonic() - begin, used.ru_maxrss / 1024]).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as source:
        words = source.read()
    os.waitpid(pid, 0)
    cpu, wall, memory = json.loads(words)
    return cpu, wall, memory


def check(files: str, **options: Any) -> list[str]:
    return [PYTHON, "-I", "-S", "-c", PROGRAM, str(REPOSITORY / "plugins" / "module_utils"), json.dumps({"logs": [files], "since": "all", **options})]


def least(runs: dict[str, Callable[[], tuple[float, float, float]]], rounds: int) -> dict[str, tuple[float, float, float]]:
    """Run all in turn, several times; return the least CPU, the least wall and the greatest memory of each."""
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in runs}
    for _round in range(rounds):
        for name, run in runs.items():
            seen[name].append(run())
    return {name: (min(row[0] for row in rows), min(row[1] for row in rows), max(row[2] for row in rows)) for name, rows in seen.items()}


def rows(found: dict[str, tuple[float, float, float]], base: str, lines: int) -> list[list[Any]]:
    return [
        [name, round(cpu, 2), round(wall, 2), round(memory, 1), round(lines / cpu / 1000), round(cpu / found[base][0], 2)]
        for name, (cpu, wall, memory) in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted = probes.probes()
        rails_day.write(folder / "day.gz", 42, arguments.lines, planted)
        rails_day.write(folder / "unique.gz", 43, arguments.lines, planted, unique=True)
        for day in range(DAYS):
            shutil.copy(folder / "day.gz", folder / f"week-{day}.gz")
        tables = [
            pipeline(f"One day, {arguments.lines} lines", f"{folder}/day.gz", arguments.lines, arguments.rounds),
            pipeline("Every request unique", f"{folder}/unique.gz", arguments.lines, 2),
            pipeline(f"{DAYS} days, two processes", f"{folder}/week-*.gz", DAYS * arguments.lines, 2, workers=2),
            goaccess(folder, arguments.lines),
            logwatch(folder, arguments.lines // LOGWATCH_PART),
        ]
    document = {"title": "web_probes", "text": "Memory is that of the largest process.", "tables": tables}
    print(json.dumps(document) if arguments.json else json.dumps(document, indent=1))


def pipeline(title: str, files: str, lines: int, rounds: int, **options: Any) -> dict[str, Any]:
    """The check beside the blog's pipeline, on the same packed logs."""
    found = least(
        {
            BASE: functools.partial(measured, [f"zcat {files} | {BLOG}"], shell=True),
            "web_probes": functools.partial(measured, check(files, **options)),
        },
        rounds,
    )
    return {"title": title, "columns": [*COLUMNS, "CPU, pipeline = 1"], "rows": rows(found, BASE, lines)}


def goaccess(folder: Path, lines: int) -> dict[str, Any]:
    """GoAccess on the whole day, which it is given unpacked since not every build of it unpacks."""
    log = f"{folder}/day.gz"
    return beside("GoAccess to JSON", "goaccess", [f"zcat {log} | goaccess --log-format=COMBINED -o {folder}/out.json -"], True, log, lines)


def logwatch(folder: Path, lines: int) -> dict[str, Any]:
    """logwatch on a part of the day: its time goes with the lines, and the whole would take minutes."""
    (folder / "httpd").mkdir()
    log = folder / "httpd" / "access_log"
    with gzip.open(folder / "day.gz") as packed, log.open("wb") as out:
        out.writelines(itertools.islice(packed, lines))
    argv = ["logwatch", "--service", "http", "--range", "all", "--detail", "5", "--output", "stdout", "--logdir", str(folder)]
    return beside("logwatch --service http", "logwatch", argv, False, str(log), lines)


def beside(name: str, program: str, argv: list[str], shell: bool, log: str, lines: int) -> dict[str, Any]:
    """The check beside another program; that one runs once, which is enough to tell fifteen times from ten."""
    found = least({"web_probes": functools.partial(measured, check(log))}, 2)
    if shutil.which(program):
        found[name] = measured(argv, shell)
    note = "" if name in found else f"{program} is not installed: not measured."
    return {"title": f"{name}, {lines} lines", "columns": [*COLUMNS, "CPU, web_probes = 1"], "rows": rows(found, "web_probes", lines), "note": note}


if __name__ == "__main__":
    main()
