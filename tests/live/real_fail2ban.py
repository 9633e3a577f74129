# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real fail2ban-server on its own socket, configuration, log and database in a temporary directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import conftest  # noqa: F401 - makes the collection importable
import needs

from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

FAIL2BAN_CONF = """[Definition]
loglevel = INFO
logtarget = {folder}/fail2ban.log
syslogsocket = auto
socket = {folder}/f2b.sock
pidfile = {folder}/f2b.pid
dbfile = {dbfile}
dbpurgeage = 1d
dbmaxmatches = 10
allowipv6 = auto
[Thread]
"""

JAIL_DEFAULTS = """[DEFAULT]
ignoreip = 127.0.0.1/8 ::1
findtime = 600
maxretry = 3
bantime = 3600
usedns = no
backend = polling
filter = tst
action = okact
"""

FILTERS = {
    "tst": "^\\s*test\\[\\d+\\]: failure from <HOST>$",
    "nohost": "^no host in here$",
}

ACTIONS = {
    "okact": "echo ban <ip> >> {folder}/act.log",
    "badact": "nosuchcmd-ban <ip>",
}


def command(name: str) -> list[str]:
    """Return how a command of the distribution's fail2ban is started."""
    needs.command("fail2ban-server", "fail2ban-client")
    return ["/usr/bin/python3", f"/usr/bin/{name}"]


class Fail2ban:
    """One server. C(jails) is the text of its jails; use it in C(with), or C(start) and C(stop) it."""

    def __init__(self, folder: Path, jails: str, dbfile: str | None = None) -> None:
        self.folder = folder
        self.conf = folder / "conf"
        self.log = folder / "fail2ban.log"
        self.process: subprocess.Popen[bytes] | None = None
        for part in ("filter.d", "action.d", "jail.d", "fail2ban.d"):
            (self.conf / part).mkdir(parents=True, exist_ok=True)
        (self.conf / "fail2ban.conf").write_text(FAIL2BAN_CONF.format(folder=folder, dbfile=dbfile or folder / "f2b.sqlite3"))
        (self.conf / "jail.conf").write_text(JAIL_DEFAULTS + jails)
        for name, regex in FILTERS.items():
            self.filter(name, regex)
        for name, ban in ACTIONS.items():
            self.action(name, ban.format(folder=folder))

    def filter(self, name: str, regex: str) -> None:
        (self.conf / "filter.d" / f"{name}.conf").write_text(f"[Definition]\nfailregex = {regex}\nignoreregex =\n")

    def action(self, name: str, ban: str, start: str = "") -> None:
        (self.conf / "action.d" / f"{name}.conf").write_text(
            f"[Definition]\nactionstart = {start}\nactionstop =\nactioncheck =\nactionban = {ban}\nactionunban =\n"
        )

    def start(self, wait: bool = True) -> Fail2ban:
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [*command("fail2ban-server"), "-c", str(self.conf), "-f", "start"], stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/"
            )
        if wait:
            self.until(lambda: b"Server ready" in (self.folder / "output").read_bytes(), "the server is ready")
        return self

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
                raise

    def __enter__(self) -> Fail2ban:
        return self.start()

    def __exit__(self, *_problem: object) -> None:
        self.stop()

    def client(self, *words: str) -> str:
        """Run fail2ban-client and return what it printed; it must succeed."""
        return subprocess.run([*command("fail2ban-client"), "-c", str(self.conf), *words], capture_output=True, text=True, timeout=60, check=True).stdout

    def failures(self, log: str, address: str, count: int = 4) -> None:
        """Write failures of an address into a log of this folder, as the filter tst matches them."""
        with (self.folder / log).open("a") as lines:
            for _number in range(count):
                lines.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} test[1]: failure from {address}\n")

    def until(self, condition: Any, what: str, seconds: float = 60) -> None:
        """Wait until the condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process is not None and self.process.poll() not in (None, 0):
                raise AssertionError(f"fail2ban-server ended before {what}: {(self.folder / 'output').read_text()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}\n{self.log.read_text() if self.log.exists() else ''}")
            time.sleep(0.1)

    def until_logged(self, words: str, count: int = 1) -> None:
        self.until(lambda: self.log.exists() and self.log.read_text().count(words) >= count, f"{count} times {words!r} in the log")

    def check(self, machine: Machine | None = None, **options: Any) -> dict[str, Any]:
        """Run the check on this server."""
        return run(self.folder, machine, **options)


def run(folder: Path, machine: Machine | None = None, **options: Any) -> dict[str, Any]:
    """Run the check with the socket and the configuration of a folder."""
    chosen = {"socket": str(folder / "f2b.sock"), "config_dir": str(folder / "conf"), "timeout": 30, **options}
    return fail2ban.run(chosen, machine or Machine())


def rules(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (rule, subject) of each finding."""
    return [(finding["rule"], finding["subject"]) for finding in result["findings"]]


def jail(result: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the data of one jail."""
    [found] = [entry for entry in result["data"]["jails"] if entry["name"] == name]
    return found


if __name__ == "__main__":
    sys.exit(f"a helper of the tests, not a program ({os.path.basename(__file__)})")
