# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daily check costs per host, against plain ssh with the same payload and against a naive role; what memory the controller needs.

The hosts are loopback addresses of one real sshd, each connection is a cold one. CPU seconds: the controller's are those of the command
and all its children, the servers' are those of sshd and all that it started. Per host means: (many hosts - few hosts) / difference, so
that the start of ansible-playbook, once per run, is a column of its own. docs/benchmarks.md is written from it by `make bench`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "engine")]

import conftest  # noqa: E402  (makes the collection importable)
from server import Server, enter_own_network, running  # noqa: E402

from ansible_collections.bottomup.security.plugins.plugin_utils import payload, trip  # noqa: E402

FEW, MANY, FORKS = 10, 60, 10
CHECKS = ("fail2ban", "restart")
PYTHON = "/usr/bin/python3"
TICK = os.sysconf("SC_CLK_TCK")

CONFIG = f"""\
[defaults]
forks = {FORKS}
gathering = explicit
interpreter_python = {PYTHON}
host_key_checking = false
[ssh_connection]
pipelining = true
ssh_args = -o ControlMaster=no -o ControlPath=none -o ConnectTimeout=30
"""

# What people write: facts, a task per check, everything registered, one template over all hosts.
NAIVE = """\
- hosts: all
  gather_facts: true
  tasks:
{tasks}
    - name: report
      ansible.builtin.copy:
        content: "{{% for host in ansible_play_hosts %}}{{{{ hostvars[host].result_restart | to_json }}}}{{% endfor %}}"
        dest: "{folder}/naive.json"
        mode: "0600"
      delegate_to: localhost
      run_once: true
"""
NAIVE_TASK = """\
    - name: {check}
      block:
        - name: {check}
          bottomup.security.{check}_info:
          register: result_{check}
          when: ansible_facts['system'] == 'Linux'
      rescue:
        - name: failed
          ansible.builtin.debug:
            msg: failed
"""


class Spent(t.NamedTuple):
    """CPU seconds of one run."""

    controller: float
    servers: float

    def __sub__(self, other: tuple[float, ...]) -> Spent:
        return Spent(self.controller - other[0], self.servers - other[1])


def sshd_seconds(server: Server) -> float:
    """Return the CPU seconds of sshd and of everything that it started and that has ended."""
    pid = int((server.folder / "sshd.pid").read_text())
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15]) / TICK


def run(server: Server, command: t.Sequence[str], folder: Path) -> Spent:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(conftest.COLLECTIONS),
    }
    before, servers = resource.getrusage(resource.RUSAGE_CHILDREN), sshd_seconds(server)
    done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    time.sleep(1)  # the last connections are being reaped
    return Spent(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, sshd_seconds(server) - servers)


def floor(server: Server, hosts: t.Sequence[str], folder: Path) -> list[str]:
    """Return the command of the floor: ssh from xargs, the same payload on standard input."""
    program = folder / "payload.py"
    token = trip.new_token()
    program.write_bytes(payload.build(CHECKS, {"checks": list(CHECKS), "options": {}, "timeout": 60, "memory": 2**28, "token": token}))
    (folder / "floor.hosts").write_text("\n".join(hosts) + "\n")
    options = f"-p {server.port} -i {server.key} -o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=no -o ControlMaster=no"
    return ["sh", "-c", f"xargs -a {folder}/floor.hosts -P {FORKS} -I HOST sh -c 'ssh {options} root@HOST {PYTHON} -I -S - < {program} > /dev/null 2>&1'"]


def daily(server: Server, hosts: t.Sequence[str], folder: Path) -> list[str]:
    inventory = server.inventory(folder / f"hosts{len(hosts)}", hosts)
    extra = {"daily_check_checks": list(CHECKS), "daily_check_fail_on": "never", "daily_check_state_dir": str(folder / "state")}
    return ["ansible-playbook", "-i", str(inventory), "bottomup.security.daily_check", "-e", json.dumps(extra)]


def naive(server: Server, hosts: t.Sequence[str], folder: Path) -> list[str]:
    inventory = server.inventory(folder / f"hosts{len(hosts)}", hosts)
    tasks = "".join(NAIVE_TASK.format(check=check) for check in CHECKS)
    (folder / "naive.yml").write_text(NAIVE.format(tasks=tasks, folder=folder))
    return ["ansible-playbook", "-i", str(inventory), str(folder / "naive.yml")]


def per_host(server: Server, make: t.Callable[[Server, t.Sequence[str], Path], list[str]], folder: Path, rounds: int) -> tuple[Spent, float]:
    """Return (milliseconds per host, milliseconds of the run's own start), the least of several rounds."""
    many, few = [], []
    for _round in range(rounds):
        few.append(run(server, make(server, server.hosts[:FEW], folder), folder))
        many.append(run(server, make(server, server.hosts, folder), folder))
    least_many, least_few = min(many, key=sum), min(few, key=sum)
    each = Spent(*((1000 * value / (MANY - FEW)) for value in least_many - least_few))
    return each, 1000 * sum(least_few) - FEW * sum(each)


def peak_memory(server: Server, hosts: int, folder: Path) -> float:
    """Return the peak of the controller's memory in MiB: the proportional set sizes of the command and its children, summed."""
    command = daily(server, server.hosts[:hosts], folder)
    environment = dict(os.environ, ANSIBLE_CONFIG=str(folder / "ansible.cfg"), ANSIBLE_COLLECTIONS_PATH=str(conftest.COLLECTIONS), HOME=str(folder))
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    child = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    peak = 0
    watcher = threading.Thread(target=child.wait)
    watcher.start()
    while watcher.is_alive():
        peak = max(peak, sum(_pss(pid) for pid in _family(child.pid)))
        time.sleep(0.2)
    return peak / 1024


def _family(root: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = [root]
    for pid in family:
        family.extend(child for child, parent in parents.items() if parent == pid)
    return family


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    """Measure and print one JSON document."""
    enter_own_network()
    with tempfile.TemporaryDirectory(prefix="bottomup-bench-") as name, running([f"127.0.9.{number}" for number in range(1, MANY + 1)]) as server:
        folder = Path(name)
        (folder / "ansible.cfg").write_text(CONFIG)
        designs = {"ssh from xargs, the same payload (floor)": (floor, 3), "the daily check": (daily, 3), "naive role, a task per check": (naive, 1)}
        found = {title: per_host(server, make, folder, rounds) for title, (make, rounds) in designs.items()}
        base = sum(next(iter(found.values()))[0])
        rows = [
            {
                "design": title,
                "controller ms/host": round(each.controller, 1),
                "server ms/host": round(each.servers, 1),
                "total ms/host": round(sum(each), 1),
                "to the floor": round(sum(each) / base, 2),
                "ms once per run": round(once),
            }
            for title, (each, once) in found.items()
        ]
        ours, theirs = (sum(found[title][0]) for title in list(found)[1:])
        memory = [{"hosts": hosts, "peak MiB": round(peak_memory(server, hosts, folder)), "allowed MiB": 150 + 12 * FORKS} for hosts in (FEW, MANY)]
    print(
        json.dumps(
            {
                "title": "One trip per host",
                "text": f"{MANY} hosts (loopback addresses of one real sshd), cold connections, {FORKS} forks, checks: {', '.join(CHECKS)}. CPU time.",
                "tables": [
                    {"title": "CPU per host", "rows": rows, "note": f"The naive role costs {theirs / ours:.1f} times the daily check."},
                    {"title": f"Memory of the controller, {FORKS} forks", "rows": memory},
                ],
            }
        )
    )


if __name__ == "__main__":
    main()
