# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sshd on loopback addresses, with users of its own that exist only inside its mount namespace."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

SSHD = "/usr/sbin/sshd"

# name -> (what sudo grants, whether the user has a home that a shell may read)
USERS = {
    "plainuser": "",
    "sudofree": "sudofree ALL=(ALL) NOPASSWD: ALL",
    "sudoasks": "sudoasks ALL=(ALL) ALL",
}
OWN_NETWORK = "BOTTOMUP_TEST_OWN_NETWORK"
PASSWORD = "only-in-this-test"


class Server:
    """One sshd; `hosts` are its addresses, `executions()` the commands that it was asked to run."""

    def __init__(self, folder: Path, hosts: t.Sequence[str], force_command: str | None = None):
        self.folder = folder
        self.hosts = list(hosts)
        self.port = _free_port()
        self.key = folder / "key"
        self.log = folder / "sshd.log"
        self._force_command = force_command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        _keygen(self.key)
        _keygen(self.folder / "host_key")
        shutil.copy(f"{self.key}.pub", self.folder / "authorized_keys")
        os.chmod(self.folder, 0o755)
        (self.folder / "sshd_config").write_text(self._config())
        _private_etc(self.folder)
        script = " && ".join(
            [
                "mount --make-rprivate /",
                *(f"mount --bind {self.folder}/etc/{name} /etc/{name}" for name in ("passwd", "shadow", "group", "sudoers.d")),
                "mkdir -p /run/sshd",
                # It ends with the tests, also when they are killed.
                f"exec setpriv --pdeathsig TERM {SSHD} -D -f {self.folder}/sshd_config -E {self.log}",
            ]
        )
        self._process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], start_new_session=True)
        self._wait()

    def _config(self) -> str:
        # sshd listens on 16 addresses at most; with more of them the caller is in a network namespace of its own.
        addresses = self.hosts if len(self.hosts) <= 16 else ["0.0.0.0" if own_network() else "127.0.0.1"]
        lines = [f"Port {self.port}", *(f"ListenAddress {address}" for address in addresses)]
        lines += [
            f"HostKey {self.folder}/host_key",
            f"AuthorizedKeysFile {self.folder}/authorized_keys",
            f"PidFile {self.folder}/sshd.pid",
            "StrictModes no",
            "UsePAM no",
            "UseDNS no",
            "PasswordAuthentication no",
            "PermitRootLogin prohibit-password",
            "LogLevel VERBOSE",
            "Subsystem sftp internal-sftp",
            "MaxStartups 200",
        ]
        if self._force_command:
            lines.append(f"ForceCommand {self._force_command}")
        return "\n".join(lines) + "\n"

    def _wait(self) -> None:
        give_up = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection((self.hosts[0], self.port), 1):
                return
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"sshd did not start: {self.log.read_text() if self.log.exists() else 'no log'}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(10)

    def executions(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if "Starting session:" in line]

    def inventory(self, path: Path, hosts: t.Sequence[str] = (), user: str = "root", **variables: str) -> Path:
        """Write an inventory of these hosts (all of the server's) and return its path."""
        lines = ["[all]", *(hosts or self.hosts), "[all:vars]", *self._variables(user, **variables)]
        path.write_text("\n".join(lines) + "\n")
        return path

    def line(self, name: str, user: str = "root", **variables: str) -> str:
        """Return the line of an inventory that gives the server's first address a name, beside hosts of other servers."""
        return " ".join([name, f"ansible_host={self.hosts[0]}", *self._variables(user, **variables)])

    def _variables(self, user: str, **variables: str) -> list[str]:
        common = {
            "ansible_port": str(self.port),
            "ansible_user": user,
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": f"'-o UserKnownHostsFile={self.folder}/known_hosts -o StrictHostKeyChecking=no'",
            **variables,
        }
        return [f"{key}={value}" for key, value in common.items()]


@contextlib.contextmanager
def running(hosts: t.Sequence[str] = ("127.0.0.1",), force_command: str | None = None) -> t.Iterator[Server]:
    """Run a server for the time of the block, in a folder that its ordinary users can read."""
    folder = Path(tempfile.mkdtemp(prefix="bottomup-sshd-"))
    server = Server(folder, hosts, force_command)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def own_network() -> bool:
    """Return whether this process is in a network namespace that has nothing but a loopback interface."""
    return os.listdir("/sys/class/net") == ["lo"] if os.environ.get(OWN_NETWORK) else False


def enter_own_network() -> None:
    """Start this program again in a network namespace of its own, where every 127.0.0.0/8 address is its own (root)."""
    if not os.environ.get(OWN_NETWORK):
        script = 'ip link set lo up && mount -t sysfs sysfs /sys && exec "$@"'
        arguments = ["unshare", "--net", "--mount", "sh", "-c", script, "sh", sys.executable, *sys.argv]
        os.execvpe("unshare", arguments, {**os.environ, OWN_NETWORK: "1"})


def _keygen(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


def _private_etc(folder: Path) -> None:
    """Write the account files that the server's namespace sees in the place of the machine's own."""
    etc = folder / "etc"
    (etc / "sudoers.d").mkdir(parents=True)
    for name in ("passwd", "shadow", "group"):
        shutil.copy2(f"/etc/{name}", etc / name)
    # A home of its own for root: whoever sits at this machine has things in .bashrc that no server has.
    (folder / "home" / "root").mkdir(parents=True)
    accounts = (etc / "passwd").read_text().splitlines()
    (etc / "passwd").write_text("".join(f"{_at_home(line, folder)}\n" for line in accounts))
    hashed = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True).stdout.strip()
    for number, (user, grant) in enumerate(USERS.items(), 61001):
        home = folder / "home" / user
        home.mkdir(parents=True)
        os.chown(home, number, number)
        for name, line in (
            ("passwd", f"{user}:x:{number}:{number}::{home}:/bin/bash"),
            ("group", f"{user}:x:{number}:"),
            ("shadow", f"{user}:{hashed}:19000:0:99999:7:::"),
        ):
            with (etc / name).open("a") as file:
                file.write(line + "\n")
        if grant:
            (etc / "sudoers.d" / user).write_text(grant + "\n")
            os.chmod(etc / "sudoers.d" / user, 0o440)


def _at_home(account: str, folder: Path) -> str:
    fields = account.split(":")
    return ":".join([*fields[:5], str(folder / "home" / "root"), *fields[6:]]) if fields[0] == "root" else account


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
