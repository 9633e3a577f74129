# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU, bytes and memory of the check denials, beside grep, ausearch and aureport on the same logs. Prints JSON.

Two logs are made: 500 MB in which one line in 200 is a denial, and 60 MB of nothing but denials and their calls. Each number is the least of
three runs, taken in turn, in seconds of CPU (user and system, children included); the check is a whole C(python3 -I -S) with its imports.

C(.venv/bin/python tests/bench/denials_bench.py)
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import conftest

MEGABYTE = 1 << 20
ROUNDS = 3
HOURS = 48

ONCE = """
import json, re, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.bottomup.security.plugins.module_utils.checks import denials
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
result = denials.run(json.loads(sys.argv[2]), Machine())
print(json.dumps({"totals": result["data"]["totals"], "files": result["data"]["window"]["files"], "status": result["status"],
                  "memory_mb": int(re.search("VmHWM:[^0-9]*([0-9]+)", open("/proc/self/status").read()).group(1)) / 1024}))
"""

# What stands between denials on a server whose audit rules watch programs: SYSCALL, EXECVE, CWD, PATH and PROCTITLE of one event.
EVENT = (
    "type=SYSCALL msg=audit({ident}): arch=c000003e syscall=59 success=yes exit=0 a0=1522170 a1=1506120 a2=14faeb0 a3=7ffcc4582df0 items=2 ppid=12041 "
    "pid={pid} auid=1000 uid=1000 gid=1001 euid=1000 suid=1000 fsuid=1000 egid=1001 sgid=1001 fsgid=1001 tty=pts1 ses=802 comm=\"grep\" "
    "exe=\"/usr/bin/grep\" subj=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 key=\"user_commands\"",
    "type=EXECVE msg=audit({ident}): argc=3 a0=\"grep\" a1=\"--color=auto\" a2=\"mapping\"",
    "type=CWD msg=audit({ident}):  cwd=\"/home/joe\"",
    "type=PATH msg=audit({ident}): item=0 name=\"/usr/bin/grep\" inode=2512 dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 obj=system_u:object_r:bin_t:s0",
    "type=PROCTITLE msg=audit({ident}): proctitle=67726570002D2D636F6C6F723D6175746F006D617070696E67",
)
DENIAL = (
    "type=AVC msg=audit({ident}): avc:  denied  {{ {perms} }} for  pid={pid} comm=\"{comm}\" name=\"{name}\" dev=\"dm-0\" ino={number} "
    "scontext=system_u:system_r:{source}:s0 tcontext=system_u:object_r:{target}:s0 tclass=file permissive=0",
    "type=SYSCALL msg=audit({ident}): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7f1c2c0 a2=80000 a3=0 items=1 ppid=1 pid={pid} "
    "auid=4294967295 uid=48 gid=48 euid=48 suid=48 fsuid=48 egid=48 sgid=48 fsgid=48 tty=(none) ses=4294967295 comm=\"{comm}\" exe=\"/usr/sbin/{comm}\" "
    "subj=system_u:system_r:{source}:s0 key=(null)",
)
COMMANDS = ("httpd", "nginx", "php-fpm", "mysqld", "smbd", "named", "dovecot")


def denial(number: int, ident: str) -> list[str]:
    """Return the lines of one denial, of some 500 groups: seven programs, eleven types, and a flood of session files among them."""
    comm = COMMANDS[number % len(COMMANDS)]
    values = {
        "ident": ident, "pid": number % 32768, "number": number, "comm": comm, "source": f"{comm}_t", "target": f"t{number % 11}_t",
        "perms": ("read", "write", "read open", "getattr")[number % 11 % 4], "name": (f"sess_{number:032x}", "index.html", f"file{number % 5}")[number % 3],
    }
    return [line.format(**values) for line in DENIAL]


def write_log(path: Path, size: int, every: int, end: float) -> int:
    """Write a log of the last HOURS with one line in C(every) a denial (0: nothing else), and return the number of denials."""
    seconds_per_byte = HOURS * 3600 / size
    written = lines = denials = serial = 0
    with path.open("wb") as log:
        while written < size:
            when = end - HOURS * 3600 + written * seconds_per_byte
            serial += 1
            ident = f"{when:.3f}:{serial}"
            if not every or lines >= every * (denials + 1):
                denials += 1
                event = denial(denials, ident)
            else:
                event = [line.format(ident=ident, pid=serial % 32768) for line in EVENT]
            block = ("\n".join(event) + "\n").encode()
            log.write(block)
            written, lines = written + len(block), lines + len(event)
    return denials


def cpu_of(argv: list[str]) -> tuple[float, bytes]:
    """Return the CPU seconds of a command with its children, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, env={**os.environ, "LC_ALL": "C"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ran.stdout


def check(log: Path, since: str = "all") -> list[str]:
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    return [python, "-I", "-S", "-c", ONCE, str(conftest.COLLECTIONS), json.dumps({"audit_logs": [str(log)], "since": since})]


def measure(commands: dict[str, list[str]]) -> tuple[dict[str, float], dict[str, bytes]]:
    """Run the commands in turn and return the least CPU of each, and what it printed."""
    least: dict[str, float] = {}
    said: dict[str, bytes] = {}
    for _round in range(ROUNDS):
        for name, argv in commands.items():
            cpu, said[name] = cpu_of(argv)
            least[name] = min(cpu, least.get(name, cpu))
    return least, said


def compared(title: str, log: Path, denials: int, limits: dict[str, float]) -> Iterator[dict[str, Any]]:
    """Yield a row for each tool that a limit names: its CPU, the check's, their ratio and what it must be."""
    tools = {
        "grep AVC": ["grep", "AVC", str(log)],
        "ausearch -m AVC --raw": ["ausearch", "-m", "AVC", "--raw", "-if", str(log)],
        "aureport --avc": ["aureport", "--avc", "-if", str(log)],
    }
    commands = {"check": check(log), **{name: tools[name] for name in limits if shutil.which(tools[name][0])}}
    least, said = measure(commands)
    found = json.loads(said["check"])
    if found["totals"]["denied"] != denials:
        raise SystemExit(f"{title}: {found['totals']['denied']} denials found, {denials} written")
    for name, limit in limits.items():
        if name in least:
            ratio = least["check"] / least[name]
            yield {"log": title, "beside": name, "its CPU s": least[name], "check CPU s": least["check"], "ratio": ratio, "must be": f"<= {limit:g}",
                   "reached": "yes" if ratio <= limit else "no"}
    yield {"log": title, "beside": "memory", "check MB": found["memory_mb"], "must be": "< 64 MB", "reached": "yes" if found["memory_mb"] < 64 else "no"}


def windowed(log: Path) -> dict[str, Any]:
    """Return the row of a day's window in the log of two days: bytes read beyond the window."""
    found = json.loads(cpu_of(check(log, "24h"))[1])
    scanned, window = sum(file["bytes_scanned"] for file in found["files"]), log.stat().st_size * 24 / HOURS
    beyond = (scanned - window) / MEGABYTE
    return {"log": "500 MB", "beside": f"the last 24 of {HOURS} hours", "check MB": scanned / MEGABYTE, "ratio": scanned / window,
            "must be": "window + 1 MB", "reached": "yes" if beyond <= 1 else "no"}


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="denials-bench-"))
    try:
        sparse, dense = folder / "sparse.log", folder / "dense.log"
        now = time.time()
        few = write_log(sparse, 500 * MEGABYTE, 200, now)
        many = write_log(dense, 60 * MEGABYTE, 0, now)
        rows = [windowed(sparse)]
        rows += compared(f"500 MB, {few} denials", sparse, few, {"grep AVC": 3, "ausearch -m AVC --raw": 1})
        rows += compared(f"60 MB, {many} denials", dense, many, {"ausearch -m AVC --raw": 4, "aureport --avc": 2})
    finally:
        shutil.rmtree(folder)
    print(json.dumps({
        "title": "denials", "text": f"The whole check, Python's start included, beside the tools that read the same log; least CPU of {ROUNDS} runs each.",
        "columns": ["log", "beside", "its CPU s", "check CPU s", "ratio", "check MB", "must be", "reached"], "rows": rows,
    }, indent=1))


if __name__ == "__main__":
    main()
