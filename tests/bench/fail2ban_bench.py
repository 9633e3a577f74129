# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU of the check fail2ban with ten jails, beside what fail2ban-client takes for the same jails. Prints JSON.

A real fail2ban-server with the distribution's whole configuration and ten jails, once with 100 bans and once with 1,000. Each number is the least of
several runs, in milliseconds of CPU (user and system, children included).

Run as root: C(.venv/bin/python tests/bench/fail2ban_bench.py)
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "live")]

import conftest  # noqa: E402
from real_fail2ban import Fail2ban, command  # noqa: E402

JAILS = 10
BANS = (100, 1000)
ROUNDS = 7

ONCE = """
import json, resource, sys
def cpu():
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))) * 1000
begin = cpu()
sys.path.insert(0, sys.argv[1])
from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban, fail2ban_running, fail2ban_socket
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
loaded = cpu()
found = fail2ban.run(json.loads(sys.argv[2]), Machine())
print(json.dumps({"python_start": begin, "imports": loaded - begin, "run": cpu() - loaded, "status": found["status"], "reason": found["status_reason"],
                  "jails": len(found["data"]["jails"]), "bans": sum(jail["new_bans"] for jail in found["data"]["jails"])}))
"""


def server(folder: Path, bans: int) -> Fail2ban:
    """Return a started server with the distribution's configuration and ten jails."""
    fail2ban = Fail2ban(folder, "")
    for name in ("jail.conf", "paths-common.conf", "paths-debian.conf"):
        shutil.copy(Path("/etc/fail2ban") / name, fail2ban.conf / name)
    words = "[DEFAULT]\nbackend = polling\nfilter = tst\naction = okact\nmaxretry = 3\n"
    for number in range(JAILS):
        (folder / f"{number}.log").touch()
        words += f"[jail{number}]\nenabled = true\nlogpath = {folder}/{number}.log\n"
    (fail2ban.conf / "jail.local").write_text(words)
    fail2ban.start()
    for number in range(JAILS):
        addresses = [f"10.{number}.{host // 250}.{host % 250 + 1}" for host in range(bans // JAILS)]
        fail2ban.client("set", f"jail{number}", "banip", *addresses)
    fail2ban.until_logged("] Ban ", bans)
    return fail2ban


def check(fail2ban: Fail2ban, python: str) -> dict[str, object]:
    """Return the least CPU of the check, run in a fresh interpreter each time."""
    options = json.dumps({"socket": str(fail2ban.folder / "f2b.sock"), "config_dir": str(fail2ban.conf)})
    argv = [python, "-I", "-S", "-c", ONCE, str(conftest.COLLECTIONS), options]
    rounds = [json.loads(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout) for _round in range(ROUNDS)]
    least = {key: round(min(one[key] for one in rounds), 1) for key in ("python_start", "imports", "run")}
    return {**least, **{key: rounds[0][key] for key in ("status", "reason", "jails", "bans")}}


def clients(fail2ban: Fail2ban) -> float:
    """Return the CPU of what the blog's admin types: fail2ban-client status, and status of each jail."""
    used = []
    for _round in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for words in (["status"], *(["status", f"jail{number}"] for number in range(JAILS))):
            subprocess.run([*command("fail2ban-client"), "-c", str(fail2ban.conf), *words], capture_output=True, check=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
    return round(min(used), 1)


def measure(bans: int) -> dict[str, object]:
    """Return all numbers with so many bans."""
    with tempfile.TemporaryDirectory(prefix="fail2ban-bench-") as name:
        fail2ban = server(Path(name), bans)
        try:
            return {
                "bans": bans,
                "log_bytes": fail2ban.log.stat().st_size,
                "check": check(fail2ban, sys.executable),
                "check_with_/usr/bin/python3": check(fail2ban, "/usr/bin/python3"),
                "fail2ban-client_status_of_each": clients(fail2ban),
            }
        finally:
            fail2ban.stop()


def main() -> None:
    """Measure and print."""
    print(json.dumps({"jails": JAILS, "unit": "ms of CPU, least of the runs", "runs": [measure(bans) for bans in BANS]}, indent=1))


if __name__ == "__main__":
    main()
