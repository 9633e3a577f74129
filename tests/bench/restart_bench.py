# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU of the check restart at 500 processes, beside the cost of reading /proc and beside other tools. Prints JSON.

It starts 500 processes in a process namespace of its own, so that nothing else of the machine is in the numbers: most small, a third
Python with many libraries. All ways are measured in turn, several rounds, and the least CPU time (user and system, children included) of
each counts; wall time is not measured. One process has a replaced library, as after an update.

Run as root: C(.venv/bin/python tests/bench/restart_bench.py)
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "live")]

import conftest  # noqa: E402
from restart_workshop import Workshop  # noqa: E402

PROCESSES = 500
WITH_LIBRARIES = 170
ROUNDS = 7
SERVER_PYTHON = next(path for path in ("/usr/bin/python3", sys.executable) if os.path.exists(path))
LOAD = "import ssl, sqlite3, ctypes, decimal, lzma, bz2, time\nprint('ready', flush=True)\ntime.sleep(100000)\n"

# The floor: every byte of /proc/*/maps read once, in C.
READER = r"""
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    static char block[1 << 16];
    char path[300];
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    long total = 0, got;
    while ((entry = readdir(folder))) {
        if (!isdigit(entry->d_name[0])) continue;
        snprintf(path, sizeof path, "/proc/%s/maps", entry->d_name);
        int file = open(path, O_RDONLY);
        if (file < 0) continue;
        while ((got = read(file, block, sizeof block)) > 0) total += got;
        close(file);
    }
    return total == 0;
}
"""

# Run within one process of the server's Python: what reading costs there, and what the scan costs.
INSIDE = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
from ansible_collections.bottomup.security.plugins.module_utils.checks import restart_maps
from ansible_collections.bottomup.security.plugins.module_utils.checks.restart_scan import Scan
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.module_utils.host.proc import read_whole

def read():
    for name in os.listdir(b"/proc"):
        if name.isdigit():
            try:
                read_whole(b"/proc/" + name + b"/maps")
            except OSError:
                pass

def scan(query):
    one = Scan(Machine())
    one.maps.query = one.maps.query and query
    found = one.run()
    assert one.coverage.seen >= 500, one.coverage.seen
    assert len(found) == 1, found
    return one.maps.query

least = {}
asked = False
for number in range(int(sys.argv[2])):
    for name, work in (("read", read), ("scan, asking the kernel", lambda: scan(True)), ("scan, reading maps", lambda: scan(False))):
        begin = time.process_time()
        asked = work() or asked
        least[name] = min(least.get(name, 1e9), time.process_time() - begin)
print(json.dumps({"asked": asked, "ms": {name: seconds * 1000 for name, seconds in least.items()}}))
"""


def cpu(command: list[str] | str, program: bytes | None = None) -> float:
    """Return the CPU of a command and its children in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, shell=isinstance(command, str), input=program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def payload() -> bytes:
    """Return the program that travels to a server with this check alone."""
    from ansible_collections.bottomup.security.plugins.plugin_utils import payload as builder

    return builder.build(["restart"], {"token": "bench", "checks": ["restart"], "timeout": 60, "memory": 256 << 20, "options": {}})


def ways(shop: Workshop) -> dict[str, Callable[[], float]]:
    """Return how each way is measured."""
    reader = shop.folder / "reader"
    (shop.folder / "reader.c").write_text(READER)
    subprocess.run(["gcc", "-O2", "-o", reader, shop.folder / "reader.c"], check=True)
    program = payload()
    whole = f"""
import json, sys
sys.path.insert(0, {str(conftest.COLLECTIONS)!r})
from ansible_collections.bottomup.security.plugins.module_utils.checks.restart import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
print(json.dumps(run({{}}, Machine())))
""".encode()
    found = {
        "C reader of all /proc/PID/maps": lambda: cpu([str(reader)]),
        "bare python3 -I -S": lambda: cpu([SERVER_PYTHON, "-I", "-S", "-c", "pass"]),
        "check restart, whole process": lambda: cpu([SERVER_PYTHON, "-I", "-S", "-"], whole),
        "check restart, as it travels (engine, compiled anew)": lambda: cpu([SERVER_PYTHON, "-I", "-S", "-"], program),
    }
    if shutil.which("lsof"):
        found["lsof -n | grep DEL"] = lambda: cpu("lsof -n | grep DEL")
    if shutil.which("needrestart"):
        found["needrestart -b -r l"] = lambda: cpu(["needrestart", "-b", "-r", "l"])
    return found


def measure() -> dict[str, object]:
    with Workshop() as shop:
        library = shop.copy(shop.library, shop.place("bench") / "x.so")
        shop.hold("dlopen", library)
        for _number in range(WITH_LIBRARIES):
            shop.start(SERVER_PYTHON, "-c", LOAD)
        for _number in range(PROCESSES - WITH_LIBRARIES):
            shop.hold()
        shop.replace(library)
        time.sleep(1)
        least: dict[str, float] = {}
        todo = ways(shop)
        inside: dict[str, object] = {}
        within: dict[str, float] = {}
        for number in range(ROUNDS):
            for name, work in todo.items():
                if name.startswith("needrestart") and number >= 2:
                    continue  # seconds each time
                least[name] = min(least.get(name, 1e9), work())
            inside = json.loads(subprocess.run([SERVER_PYTHON, "-I", "-c", INSIDE, str(conftest.COLLECTIONS), "3"],
                                               capture_output=True, text=True, check=True).stdout)
            for name, value in dict(inside["ms"]).items():  # type: ignore[call-overload]
                within[name] = min(within.get(name, 1e9), value)
        inside["ms"] = within
        maps = b"".join(Path(f"/proc/{name}/maps").read_bytes() for name in os.listdir("/proc") if name.isdigit() and name != "1")
    return document(least, inside, len(maps), maps.count(b"\n"))


def document(least: dict[str, float], inside: dict[str, object], size: int, mappings: int) -> dict[str, object]:
    """Return what scripts/bench.py writes as a section of docs/benchmarks.md."""
    milliseconds: dict[str, float] = dict(inside["ms"])  # type: ignore[call-overload]
    floor = least["C reader of all /proc/PID/maps"]
    mine = least["check restart, whole process"]
    in_process = [
        {"what": name if name != "read" else "read all /proc/PID/maps (os.read)", "CPU ms": value, "x C reader": value / floor,
         "x Python reading": value / milliseconds["read"]}
        for name, value in milliseconds.items()
        if inside["asked"] or name != "scan, asking the kernel"
    ]
    whole = [{"what": name, "CPU ms": value, "x C reader": value / floor, "x check restart": value / mine} for name, value in least.items()]
    return {
        "title": "Check restart: which processes run replaced files",
        "text": f"{PROCESSES} processes in a process namespace of their own, {mappings} mappings, {size / 1e6:.1f} MB of maps; least CPU of {ROUNDS} rounds.",
        "tables": [
            {"title": "Within the process", "rows": in_process, "note": "Linux 6.11 and newer are asked for executable mappings alone, others' maps are read."},
            {"title": "Whole processes", "rows": whole},
        ],
    }


def main() -> None:
    if os.environ.get("BOTTOMUP_BENCH_INSIDE") != "1":
        # A process namespace with a /proc of its own; --kill-child ends everything in it with us.
        command = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child", sys.executable, *sys.argv]
        sys.exit(subprocess.run(command, env={**os.environ, "BOTTOMUP_BENCH_INSIDE": "1"}, check=False).returncode)
    print(json.dumps(measure(), indent=1))


if __name__ == "__main__":
    main()
