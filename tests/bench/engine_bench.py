# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daily check costs per host, against plain ssh with the same payload and against a naive role; what memory the controller needs.

The hosts are loopback addresses of one real sshd, whose sessions have an empty home, and each connection is a cold one. A real fail2ban with
ten jails and 100 bans runs beside it. Ansible's settings are its defaults, but for the number of forks. No feed is fetched: there is no network.
CPU seconds: the controller's are those of the command, its children and the ssh masters that it
leaves behind, the servers' are those of sshd and all that it started. Per host means: (many hosts - few hosts) / difference, so that the
start of ansible-playbook, once per run, is a column of its own. The hosts were checked before: what travels suits their Python. The work of
fail2ban's own server is not counted. The naive role has fewer of the same hosts: it takes long. docs/benchmarks.md is written from it by
`make bench`.

The same is measured on a current system as well, controller and servers: this program, run there by other_system.py.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "engine"), str(HERE)]

import conftest  # noqa: E402  (makes the collection importable)
import fail2ban_bench  # noqa: E402
import other_system  # noqa: E402
from server import Server, enter_own_network, running  # noqa: E402

from ansible_collections.bottomup.security.plugins.plugin_utils import payload, trip  # noqa: E402

FORKS = 10
MEMORY_HOSTS = (24, 60, 200)
BANS = 100
PYTHON = "/usr/bin/python3"
TICK = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36

CONFIG = f"""\
[defaults]
forks = {FORKS}
host_key_checking = false
"""

# What those set who know Ansible well.
TUNED = f"""\
interpreter_python = {PYTHON}
[connection]
pipelining = true
"""

# A current system, of tests/fleet/roots.py, and how this program is told that it runs there.
CURRENT_SYSTEM = "debian13controller"
THERE = "--there"

# A server has other processes than ours; here they are in sight anyway, there nothing else runs.
IDLE_PROCESSES = 25

# Before 9.9, OpenSSH's own choice costs its client 80 ms; this one is as old as it is cheap.
CHEAP_EXCHANGE = "-o KexAlgorithms=curve25519-sha256"

# What people write: facts, a task per check, everything registered, one template over all hosts.
NAIVE = """\
- hosts: all
  tasks:
{tasks}
    - name: report
      ansible.builtin.copy:
        content: "{{% for host in ansible_play_hosts %}}{results}{{% endfor %}}"
        dest: "{folder}/naive.json"
        mode: "0600"
      delegate_to: localhost
      run_once: true
"""
NAIVE_TASK = """\
    - name: {check}
      block:
        - name: {check}
          bottomup.security.{check}_info: {options}
          register: result_{check}
          when: ansible_facts['system'] == 'Linux'
      rescue:
        - name: failed
          ansible.builtin.debug:
            msg: failed
"""


class Case(t.NamedTuple):
    """Some checks, the same in every design; how many hosts the slow and the quick designs are measured with: (few, many)."""

    title: str
    checks: tuple[str, ...]
    options: dict[str, dict[str, t.Any]]
    naive_hosts: tuple[int, int]
    hosts: tuple[int, int]
    rounds: int
    exchange: str = ""


ALL = tuple(payload.available_checks())

CASES = (
    Case("restart and fail2ban", ("fail2ban", "restart"), {}, (3, 11), (10, 60), 2),
    Case(f"restart and fail2ban, ssh with {CHEAP_EXCHANGE}", ("fail2ban", "restart"), {}, (3, 11), (10, 60), 2, CHEAP_EXCHANGE),
    Case("all checks, but apt is not asked what waits", ALL, {"software": {"pending": False}}, (2, 8), (6, 30), 2),
    Case("all checks with their defaults", ALL, {}, (1, 4), (1, 4), 1),
)


# What is measured on the other system as well.
CASES_THERE = (CASES[0], CASES[2])


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
    before, servers = resource.getrusage(resource.RUSAGE_CHILDREN), sshd_seconds(server)
    environment = surroundings(folder)
    done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    end_masters()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    time.sleep(1)  # the last connections are being reaped
    return Spent(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, sshd_seconds(server) - servers)


_RUNS = itertools.count()


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment of a run. No run finds the connections of another."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(conftest.COLLECTIONS),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / f"cp{next(_RUNS)}"),
    }


def adopt_orphans() -> None:
    """Let the ssh masters that ansible-playbook leaves behind become our children, so that their CPU is counted."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_masters() -> None:
    """End the ssh masters that ansible-playbook left to us; sshd is not ours."""
    for pid in _children(os.getpid()):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "ssh":
                os.kill(pid, signal.SIGTERM)
                os.waitpid(pid, 0)


def server_python() -> str:
    """Return the version of the servers' Python, as the daily check knows it from their last run."""
    return subprocess.run([PYTHON, "-I", "-S", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def floor(server: Server, hosts: t.Sequence[str], folder: Path, case: Case) -> list[str]:
    """Return the command of the floor: ssh from xargs, the same payload on standard input."""
    program = folder / "payload.py"
    request = {"checks": list(case.checks), "options": case.options, "timeout": 60, "memory": 2**28, "token": trip.new_token()}
    program.write_bytes(payload.build(case.checks, request, server_python()))
    (folder / "floor.hosts").write_text("\n".join(hosts) + "\n")
    return over_ssh(server, folder, f"{PYTHON} -I -S -", program, case.exchange)


def over_ssh(server: Server, folder: Path, command: str, program: Path, exchange: str) -> list[str]:
    """Return the command that runs a command on every host of the floor, with a program on its standard input."""
    options = f"-p {server.port} -i {server.key} -o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=no -o ControlMaster=no {exchange}"
    return ["sh", "-c", f"xargs -a {folder}/floor.hosts -P {FORKS} -I HOST sh -c 'ssh {options} root@HOST {command} < {program} > /dev/null 2>&1'"]


def inventory(server: Server, hosts: t.Sequence[str], folder: Path, case: Case) -> str:
    arguments = f"'-o UserKnownHostsFile={folder}/known -o StrictHostKeyChecking=no {case.exchange}'"
    return str(server.inventory(folder / f"hosts{len(hosts)}", hosts, ansible_ssh_common_args=arguments))


def daily(server: Server, hosts: t.Sequence[str], folder: Path, case: Case) -> list[str]:
    extra = {
        "daily_check_checks": list(case.checks),
        "daily_check_options": case.options,
        "daily_check_fail_on": "never",
        "daily_check_feeds_refresh": False,
        "daily_check_state_dir": str(folder / "state"),
    }
    return ["ansible-playbook", "-i", inventory(server, hosts, folder, case), "bottomup.security.daily_check", "-e", json.dumps(extra)]


def naive(server: Server, hosts: t.Sequence[str], folder: Path, case: Case) -> list[str]:
    (folder / "ansible.cfg").write_text(CONFIG)
    tasks = "".join(NAIVE_TASK.format(check=check, options=json.dumps(case.options.get(check, {}))) for check in case.checks)
    results = "".join(f"{{{{ hostvars[host].result_{check} | to_json }}}}" for check in case.checks)
    (folder / "naive.yml").write_text(NAIVE.format(tasks=tasks, folder=folder, results=results))
    return ["ansible-playbook", "-i", inventory(server, hosts, folder, case), str(folder / "naive.yml")]


def tuned(server: Server, hosts: t.Sequence[str], folder: Path, case: Case) -> list[str]:
    command = naive(server, hosts, folder, case)
    (folder / "ansible.cfg").write_text(CONFIG + TUNED)
    return command


Make = t.Callable[[Server, t.Sequence[str], Path, Case], list[str]]


def per_host(server: Server, make: Make, folder: Path, case: Case) -> tuple[Spent, float]:
    """Return (milliseconds per host, milliseconds of the run's own start), the least of the rounds."""
    few, many = case.naive_hosts if make in (naive, tuned) else case.hosts
    if make is daily:
        run(server, make(server, server.hosts[:many], folder, case), folder)
    rounds = 1 if make in (naive, tuned) else case.rounds
    least_few, least_many = (
        min((run(server, make(server, server.hosts[:count], folder, case), folder) for _round in range(rounds)), key=sum) for count in (few, many)
    )
    each = Spent(*((1000 * value / (many - few)) for value in least_many - least_few))
    return each, 1000 * sum(least_few) - few * sum(each)


def compared(server: Server, folder: Path, case: Case, with_tuned: bool = False) -> dict[str, t.Any]:
    """Return the table of a case."""
    designs: dict[str, Make] = {"ssh from xargs, the same payload (floor)": floor, "the daily check": daily, "naive role, a task per check": naive}
    if with_tuned:
        designs["the same with pipelining and the name of Python"] = tuned
    found = {title: per_host(server, make, folder, case) for title, make in designs.items()}
    (folder / "ansible.cfg").write_text(CONFIG)
    base, ours, theirs = (sum(each) for each, _once in list(found.values())[:3])
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
    note = f"To the floor: {ours / base:.2f} (must be <= 1.7). The naive role to the daily check: {theirs / ours:.1f} (must be >= 10)."
    return {"title": f"CPU per host: {case.title}", "rows": rows, "note": note}


PARTS_HOSTS = 20
PARTS_ROUNDS = 3


def parts(server: Server, folder: Path, case: Case) -> dict[str, t.Any]:
    """Return the table of what the floor is made of: each row does what the one before it does, and one thing more."""
    (folder / "floor.hosts").write_text("\n".join(server.hosts[:PARTS_HOSTS]) + "\n")
    nothing = folder / "nothing.py"
    nothing.write_text("pass\n")
    python = f"{PYTHON} -I -S -"
    ways = [
        ("a connection and `true`", "true", nothing, ""),
        (f"the same with {CHEAP_EXCHANGE}", "true", nothing, CHEAP_EXCHANGE),
        ("a connection and a Python that does nothing", python, nothing, ""),
    ]
    for title, checks in (
        ("the payload without a check", ()),
        *((f"the payload with {check}", (check,)) for check in case.checks),
        ("the payload", case.checks),
    ):
        program = folder / f"part{len(ways)}.py"
        request = {"checks": checks, "options": case.options, "timeout": 60, "memory": 2**28, "token": trip.new_token()}
        program.write_bytes(payload.build(checks, request, server_python()))
        ways.append((title, python, program, ""))
    rows = []
    for title, command, program, exchange in ways:
        spent = min((run(server, over_ssh(server, folder, command, program, exchange), folder) for _round in range(PARTS_ROUNDS)), key=sum)
        each = [1000 * value / PARTS_HOSTS for value in spent]
        rows.append({"what": title, "controller ms/host": round(each[0], 1), "server ms/host": round(each[1], 1), "total ms/host": round(sum(each), 1)})
    note = (
        f"ssh's own key exchange is {own_exchange(server, folder)} here. That of OpenSSH 9.0 to 9.8, sntrup761x25519, is most of what a trip "
        "costs; it also holds against who records today and has a quantum computer one day, as does mlkem768x25519 of OpenSSH 9.9 and newer. "
        f"`{CHEAP_EXCHANGE}` in ansible_ssh_common_args gives that up, and is nobody's default here."
    )
    return {"title": f"Parts of the floor: {case.title}", "rows": rows, "note": note}


def own_exchange(server: Server, folder: Path) -> str:
    """Return the key exchange that ssh and sshd agree on by themselves."""
    command = ["ssh", "-v", "-p", str(server.port), "-i", str(server.key), "-o", f"UserKnownHostsFile={folder}/known", "-o", "StrictHostKeyChecking=no"]
    said = subprocess.run([*command, f"root@{server.hosts[0]}", "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stderr
    [name] = re.findall(r"kex: algorithm: (\S+)", said)
    return str(name)


def peak_memory(server: Server, hosts: int, folder: Path) -> float:
    """Return the peak of the controller's memory in MiB: the proportional set sizes of the command and its children, summed."""
    command = daily(server, server.hosts[:hosts], folder, CASES[0])
    child = subprocess.Popen(command, env=surroundings(folder), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    peak = 0
    watcher = threading.Thread(target=child.wait)
    watcher.start()
    while watcher.is_alive():
        peak = max(peak, sum(_pss(pid) for pid in _family(child.pid)))
        time.sleep(0.2)
    end_masters()
    return peak / 1024


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry.name))
    return found


def _family(root: int) -> list[int]:
    family = [root]
    for pid in family:
        family.extend(_children(pid))
    return family


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def versions() -> str:
    """Return what this system's ssh and the Pythons of controller and servers are."""
    ssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr.split()[0].rstrip(",")
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{system}: {ssh.replace('_', ' ')}, Python {server_python()} on the servers, {platform.python_version()} on the controller"


def measured(cases: t.Sequence[Case], memory_hosts: t.Sequence[int]) -> list[dict[str, t.Any]]:
    """Return the tables of the cases, and that of the controller's memory with so many hosts."""
    most = max([*memory_hosts, *(max(case.hosts) for case in cases)])
    with tempfile.TemporaryDirectory(prefix="bottomup-bench-") as name, running([f"127.0.9.{number}" for number in range(1, most + 1)]) as server:
        folder = Path(name)
        (folder / "ansible.cfg").write_text(CONFIG)
        (folder / "fail2ban").mkdir()
        fail2ban = fail2ban_bench.server(folder / "fail2ban", BANS)
        where = {"fail2ban": {"socket": str(fail2ban.folder / "f2b.sock"), "config_dir": str(fail2ban.conf)}}
        cases = [case._replace(options=case.options | where) for case in cases]
        try:
            tables = [parts(server, folder, cases[0]), *(compared(server, folder, case, with_tuned=case is cases[0]) for case in cases)]
        finally:
            fail2ban.stop()
        memory = [{"hosts": hosts, "peak MiB": round(peak_memory(server, hosts, folder)), "allowed MiB": 150 + 12 * FORKS} for hosts in memory_hosts]
    return [*tables, {"title": f"Memory of the controller, {FORKS} forks, {CASES[0].title}", "rows": memory}] if memory else tables


def measured_there() -> dict[str, t.Any]:
    """Return the versions and the tables of this system, being the other one."""
    idle = [subprocess.Popen(["sleep", "infinity"]) for _number in range(IDLE_PROCESSES)]
    try:
        return {"versions": versions(), "tables": measured(CASES_THERE, ())}
    finally:
        for process in idle:
            process.kill()
            process.wait()


def on_current_system() -> list[dict[str, t.Any]]:
    """Return the same tables of a current system."""
    found = json.loads(other_system.run_there(CURRENT_SYSTEM, Path(__file__).resolve(), THERE))
    tables: list[dict[str, t.Any]] = found["tables"]
    for table in tables:
        table["title"] = f"The same on a current system: {table['title']}"
        table["note"] = f"{found['versions']}. {table['note']}"
    return tables


def main() -> None:
    """Measure and print one JSON document."""
    there = THERE in sys.argv
    reason = "" if there else other_system.missing(CURRENT_SYSTEM)
    enter_own_network()
    adopt_orphans()
    if there:
        print(json.dumps(measured_there()))
        return
    not_there = [{"title": "The same on a current system", "rows": [{"not measured": reason}]}]
    print(
        json.dumps(
            {
                "title": "One trip per host",
                "text": f"Hosts are loopback addresses of one real sshd, connections are cold, {FORKS} forks, else Ansible's defaults; a real fail2ban with "
                f"ten jails and {BANS} bans. No feed is fetched. CPU time. {versions()}.",
                "tables": [*measured(CASES, MEMORY_HOSTS), *(not_there if reason else on_current_system())],
            }
        )
    )


if __name__ == "__main__":
    main()
