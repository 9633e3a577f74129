# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Booted machines for tests: real systemd, real sshd, in a network of their own.

A fleet is one folder: everything that belongs to it lies there, and its network has no name outside of it, so any number of fleets
can run beside each other with the same addresses. Its network reaches nothing but its own machines.

    folder/net               the network namespace of the controller: bridge, address 10.77.0.1, attacker 10.77.0.66, visitor 10.77.0.67
    folder/ssh               ssh, run inside that network; folder/key and folder/known_hosts belong to it
    folder/<machine>/root    its file system, a copy of a cached root
    folder/<machine>/net     its network namespace; folder/<machine>/machine.json what has to be ended
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from fleet import groups, roots, services

CONTROLLER = "10.77.0.1"
ATTACKER = "10.77.0.66"
VISITOR = "10.77.0.67"
PREFIX = 24
BOOT_SECONDS = 300
HALT_SECONDS = 10  # then they are killed: what they did not write any more is removed next


class Machine:
    """One machine of a fleet, running or not."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self.fleet = fleet
        self.name = name
        self.folder = fleet.folder / name
        self.root = self.folder / "root"
        self.net = self.folder / "net"
        self._state = self.folder / "machine.json"

    def create(self, recipe: str, address: str) -> None:
        """Lay down the file system and the network of a new machine."""
        self.root.mkdir(parents=True)
        roots.unpack(recipe, self.root)
        self._identify(address)
        self._begin_logs()
        _add_namespace(self.net)
        port = f"p{address.rpartition('.')[2]}"
        self.fleet.inside("ip", "link", "add", port, "type", "veth", "peer", "name", "host0", "netns", str(self.net))
        self.fleet.inside("ip", "link", "set", port, "master", "br0", "up")
        for line in ("link set lo up", f"address add {address}/{PREFIX} dev host0", "link set host0 up"):
            _inside(self.net, "ip", *line.split())

    def _identify(self, address: str) -> None:
        """Give the copy its own identity: name, machine id, host key, and the fleet's key for root and the user ops."""
        etc = self.root / "etc"
        (etc / "hostname").write_text(f"{self.name}\n", encoding="ascii")
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n{address} {self.name}\n", encoding="ascii")
        (etc / "machine-id").write_text(f"{secrets.token_hex(16)}\n", encoding="ascii")
        (etc / "resolv.conf").unlink(missing_ok=True)
        host_key = etc / "ssh" / "ssh_host_ed25519_key"
        _keygen(host_key)
        with (self.fleet.folder / "known_hosts").open("a", encoding="ascii") as known:
            known.write(f"{address} {host_key.with_suffix('.pub').read_text(encoding='ascii')}")
        public = (self.fleet.folder / "key.pub").read_text(encoding="ascii")
        for home, uid in ((self.root / "root", 0), (self.root / "home" / "ops", (self.root / "home" / "ops").stat().st_uid)):
            keys = home / ".ssh" / "authorized_keys"
            keys.parent.mkdir(mode=0o700, exist_ok=True)
            keys.write_text(public, encoding="ascii")
            os.chown(keys.parent, uid, uid)
            os.chown(keys, uid, uid)

    def _begin_logs(self) -> None:
        """Lay down the log that rsyslog writes from its first line on: at a first boot fail2ban may look for it earlier, and then it ends."""
        if (self.root / "etc" / "rsyslog.conf").exists():
            log = self.root / "var" / "log" / "auth.log"
            log.touch(mode=0o640)
            os.chown(log, 0, 4)  # adm reads it

    def boot(self) -> None:
        """Start the machine; returns at once, see C(Fleet.wait)."""
        cgroups = groups.make(f"fleet-{self.fleet.digest}-{self.name}")
        self._save({"cgroups": [str(folder) for folder in cgroups]})
        command = ["systemd-nspawn", "--quiet", "--boot", f"--directory={self.root}", f"--machine={self.name}", f"--hostname={self.name}"]
        command += ["--register=no", "--keep-unit", f"--network-namespace-path={self.net}", "--capability=CAP_NET_ADMIN"]
        command += ["--resolv-conf=off", "--timezone=off", "--link-journal=no"]
        with (self.folder / "console.log").open("ab") as console:
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                cwd="/",
                # One tree of control groups, as both Debians have it by default, also where this machine still has the old ones.
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_NSPAWN_LOCK": "0"},
                preexec_fn=lambda: groups.join(cgroups),
            )
        self._save({"cgroups": [str(folder) for folder in cgroups], "pid": started.pid, "started": _start_time(started.pid)})

    def running(self) -> bool:
        """Tell whether the process that holds the machine is there; an id that another process has got since does not count."""
        state = self._load()
        return "pid" in state and _start_time(state["pid"]) == state["started"]

    def ask_to_halt(self) -> None:
        """Ask for a clean halt."""
        if self.running():
            os.kill(self._load()["pid"], signal.SIGTERM)

    def end(self) -> None:
        """Kill what is still there of the machine, and remove its control groups."""
        groups.remove(self.groups())
        self._save({})

    def groups(self) -> list[Path]:
        """Return the control groups of the machine that are there."""
        return [Path(folder) for folder in self._load().get("cgroups", []) if Path(folder).exists()]

    def console(self) -> str:
        """Return the last lines of the machine's console."""
        path = self.folder / "console.log"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]) if path.exists() else ""

    def _save(self, state: dict[str, object]) -> None:
        self._state.write_text(json.dumps(state), encoding="ascii")

    def _load(self) -> dict:
        return json.loads(self._state.read_text(encoding="ascii")) if self._state.exists() else {}


class Fleet:
    """A network of machines below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.net = folder / "net"
        self.digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]

    def create(self) -> None:
        """Make the folder, the network and the keys. Raises FileExistsError where there is a fleet already."""
        self.folder.mkdir(parents=True, mode=0o700)
        _add_namespace(self.net)
        for line in ("link set lo up", "link add br0 type bridge", f"address add {CONTROLLER}/{PREFIX} dev br0"):
            self.inside("ip", *line.split())
        for line in (f"address add {ATTACKER}/{PREFIX} dev br0", f"address add {VISITOR}/{PREFIX} dev br0", "link set br0 up"):
            self.inside("ip", *line.split())
        _keygen(self.folder / "key")
        ssh = self.folder / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec nsenter --net={self.net} ssh "$@"\n', encoding="utf-8")
        ssh.chmod(0o755)

    def machines(self) -> list[Machine]:
        """Return the machines that have been created, by name."""
        return [Machine(self, path.parent.name) for path in sorted(self.folder.glob("*/root"))]

    def add(self, name: str, recipe: str, address: str) -> Machine:
        """Create a machine and start it."""
        machine = Machine(self, name)
        machine.create(recipe, address)
        machine.boot()
        return machine

    def inside(self, *command: str) -> None:
        """Run a command in the network of the controller. Raises RuntimeError with what it said when it fails."""
        _inside(self.net, *command)

    def ssh(self, address: str, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Run a command on a machine as a user would: over ssh."""
        options = [f"-oUserKnownHostsFile={self.folder}/known_hosts", "-oConnectTimeout=5", "-oBatchMode=yes", "-oIdentitiesOnly=yes"]
        full = [str(self.folder / "ssh"), "-i", str(self.folder / "key"), *options, f"{user}@{address}", command]
        return subprocess.run(full, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def wait(self, machine: Machine, address: str) -> str:
        """Return C(running) or C(degraded) once the machine has booted. Raises RuntimeError when it does not."""
        deadline = time.monotonic() + BOOT_SECONDS
        said = ""
        while time.monotonic() < deadline and machine.running():
            answer = self.ssh(address, "systemctl is-system-running --wait")
            said = answer.stdout.strip() or answer.stderr.strip()
            if said in ("running", "degraded"):
                return said
            time.sleep(0.2)
        raise RuntimeError(f"{machine.name} did not boot, last answer: {said}\n{machine.console()}")

    def destroy(self) -> None:
        """Halt the machines and remove everything, also what a failed create left. Does nothing where there is no fleet."""
        machines = self.machines()
        for machine in machines:
            machine.ask_to_halt()
        deadline = time.monotonic() + HALT_SECONDS
        while time.monotonic() < deadline and any(machine.running() for machine in machines):
            time.sleep(0.1)
        for machine in machines:
            machine.end()
        services.end(self.folder)
        for net in (*self.folder.glob("*/net"), self.net):
            _remove_namespace(net)
        _no_mounts_below(self.folder)
        if self.folder.exists():
            subprocess.run(["rm", "-rf", "--one-file-system", "--", self.folder], check=True)


def _add_namespace(path: Path) -> None:
    path.touch()
    subprocess.run(["unshare", f"--net={path}", "true"], check=True)


def _remove_namespace(path: Path) -> None:
    while path.exists() and subprocess.run(["umount", str(path)], capture_output=True, check=False).returncode == 0:
        pass


def _no_mounts_below(folder: Path) -> None:
    """Refuse to remove files through a mount that somebody made in the folder."""
    with Path("/proc/self/mountinfo").open(encoding="utf-8", errors="surrogateescape") as lines:
        left = [line.split()[4] for line in lines if line.split()[4].startswith(f"{folder}/")]
    if left:
        raise RuntimeError(f"still mounted: {', '.join(left)}")


def _inside(net: Path, *command: str) -> None:
    done = subprocess.run(["nsenter", f"--net={net}", *command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def _keygen(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)


def _start_time(pid: int) -> str:
    """Return when a process was started, in the kernel's words; nothing when it is gone or only waits to be collected."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def boot_all(fleet: Fleet, wanted: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Add machines (name, recipe, address) to a fleet, wait for all, and return the state of each."""
    started = [(fleet.add(name, recipe, address), address) for name, recipe, address in wanted]
    return {machine.name: fleet.wait(machine, address) for machine, address in started}
