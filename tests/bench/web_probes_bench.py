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
sys.path[:0] = [str(REPOSITORY / "tests" / "evaluate")]

import probes  # noqa: E402
import rails_day  # noqa: E402

LINES, DAYS = 650_000, 8
ROUNDS = 4
BLOG = "LC_ALL=C grep -Ev 'assets|images|favicon.ico|robots.txt|fonts' | wc -l"
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable

PROGRAM = """
import json, sys, types
package = types.ModuleType("util")
package.__path__ = [sys.argv[1]]
sys.modules["util"] = package
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
    columns = ["what", "CPU s", "wall s", "MB", "klines per CPU s", "CPU, pipeline = 1"]
    tables = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted = probes.probes()
        rails_day.write(folder / "day.gz", 42, arguments.lines, planted)
        rails_day.write(folder / "unique.gz", 43, arguments.lines, planted, unique=True)
        for day in range(DAYS):
            shutil.copy(folder / "day.gz", folder / f"week-{day}.gz")
        for title, file in (("One day", "day.gz"), ("Every request unique", "unique.gz")):
            found = least(
                {
                    "zcat, grep -Ev, wc": functools.partial(measured, [f"zcat {folder}/{file} | {BLOG}"], shell=True),
                    "web_probes": functools.partial(measured, check(f"{folder}/{file}")),
                },
                arguments.rounds,
            )
            tables.append({"title": f"{title}, {arguments.lines} lines", "columns": columns, "rows": rows(found, "zcat, grep -Ev, wc", arguments.lines)})
        found = least(
            {
                "zcat, grep -Ev, wc": lambda: measured([f"zcat {folder}/week-*.gz | {BLOG}"], shell=True),
                "web_probes": lambda: measured(check(f"{folder}/week-*.gz")),
                "web_probes, workers: 2": lambda: measured(check(f"{folder}/week-*.gz", workers=2)),
            },
            2,
        )
        tables.append({"title": f"{DAYS} days", "columns": columns, "rows": rows(found, "zcat, grep -Ev, wc", DAYS * arguments.lines)})
        tables.append(others(folder, columns, arguments.lines))
    document = {"title": "web_probes", "text": "Memory is that of the largest process.", "tables": tables}
    print(json.dumps(document) if arguments.json else json.dumps(document, indent=1))


def others(folder: Path, columns: list[str], lines: int) -> dict[str, Any]:
    """GoAccess and logwatch, on the same day: unpacked, since they do not read it packed."""
    (folder / "httpd").mkdir()
    plain = folder / "httpd" / "access_log"
    with gzip.open(folder / "day.gz") as packed, plain.open("wb") as out:
        shutil.copyfileobj(packed, out)
    runs: dict[str, Callable[[], tuple[float, float, float]]] = {}
    missing = []
    if shutil.which("goaccess"):
        runs["GoAccess to JSON"] = lambda: measured([f"goaccess --log-format=COMBINED -o {folder}/out.json - < {plain}"], shell=True)
    else:
        missing.append("GoAccess")
    if shutil.which("logwatch"):
        runs["logwatch --service http"] = lambda: measured(
            ["logwatch", "--service", "http", "--range", "all", "--detail", "5", "--output", "stdout", "--logdir", str(folder)]
        )
    else:
        missing.append("logwatch")
    # The others take a minute: once is enough to tell fifteen times from ten.
    found = {**least({"web_probes": lambda: measured(check(str(plain)))}, ROUNDS), **least(runs, 1)}
    note = f"Not measured, not installed: {', '.join(missing)}." if missing else ""
    return {
        "title": f"Other programs, the same day unpacked, {lines} lines",
        "columns": [*columns[:-1], "CPU, web_probes = 1"],
        "rows": rows(found, "web_probes", lines),
        "note": note,
    }


if __name__ == "__main__":
    main()
