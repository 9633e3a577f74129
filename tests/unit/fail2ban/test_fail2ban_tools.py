# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts without an answering fail2ban, as file trees: which tool is there, who listens, what the check says."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import conftest  # noqa: F401 - makes the collection importable
import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban
from ansible_collections.bottomup.security.plugins.module_utils.host import net
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine
from ansible_collections.bottomup.security.plugins.plugin_utils.commands import is_given

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def hexadecimal(address: str) -> str:
    """Return an address as /proc/net writes it on this machine."""
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    words = [packed[start : start + 4][::-1] for start in range(0, len(packed), 4)]
    return "".join(word.hex().upper() for word in words)


def host(folder: Path, listening: Sequence[tuple[str, int, str]] = (), processes: dict[int, str] | None = None, installed: bool = False) -> Machine:
    """Return a made-up host: who listens (address, port, state), its processes, whether fail2ban is installed."""
    (folder / "proc" / "net").mkdir(parents=True)
    for table, family in (("tcp", "."), ("tcp6", ":")):
        rows = [
            f"   {number}: {hexadecimal(address)}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {1000 + number} 1 0 100 0\n"
            for number, (address, port, state) in enumerate(listening)
            if family in address and (family == ":" or ":" not in address)
        ]
        (folder / "proc" / "net" / table).write_text(HEADER + "".join(rows))
    for pid, comm in (processes or {}).items():
        (folder / "proc" / str(pid) / "fd").mkdir(parents=True)
        (folder / "proc" / str(pid) / "comm").write_text(comm + "\n")
        (folder / "proc" / str(pid) / "fd" / "3").symlink_to("socket:[1000]")
    if installed:
        (folder / "usr" / "bin").mkdir(parents=True)
        for name in ("fail2ban-client", "fail2ban-server"):
            (folder / "usr" / "bin" / name).write_text("")
            (folder / "usr" / "bin" / name).chmod(0o755)
    return Machine(root=str(folder).encode(), commands=lambda _argv: Command(1, b"", b"", False, False))


def verdict(machine: Machine, **options: Any) -> tuple[str, list[tuple[str, str]], str]:
    result = fail2ban.run(options, machine)
    return result["status"], [(finding["rule"], finding["severity"]) for finding in result["findings"]], result["status_reason"]


WORLD = [("0.0.0.0", 22), ("::", 22), ("8.8.8.8", 22), ("2a00::1", 22), ("0.0.0.0", 2222)]
HOME = [("127.0.0.1", 22), ("::1", 22), ("10.1.2.3", 22), ("192.168.7.7", 22), ("172.31.0.1", 22), ("fd00::1", 22), ("fe80::1", 22)]


@pytest.mark.parametrize("place", WORLD, ids=str)
def test_nothing_installed_and_ssh_open_to_the_world(tmp_path: Path, place: tuple[str, int]) -> None:
    """Info: port 22, or another one that sshd itself holds."""
    machine = host(tmp_path, [(*place, "0A")], {7: "sshd"})
    status, findings, _reason = verdict(machine)
    assert (status, findings) == ("findings", [("fail2ban.not_installed", "info")])


@pytest.mark.parametrize("place", HOME, ids=str)
def test_nothing_installed_and_ssh_at_home(tmp_path: Path, place: tuple[str, int]) -> None:
    machine = host(tmp_path, [(*place, "0A"), ("0.0.0.0", 443, "0A"), ("0.0.0.0", 22, "01")])
    status, findings, reason = verdict(machine)
    assert (status, findings) == ("not_applicable", []) and "ssh does not listen" in reason


def test_listening_sockets_unseen(tmp_path: Path) -> None:
    """Not ok and not not_applicable: nobody knows."""
    assert verdict(Machine(root=str(tmp_path).encode()))[0] == "incomplete"


@pytest.mark.parametrize(("comm", "tool"), [("crowdsec", "CrowdSec"), ("sshguard", "sshguard"), ("sshg-blocker", "sshguard"), ("denyhosts.py", "DenyHosts")])
@pytest.mark.parametrize("installed", [False, True], ids=["alone", "F21-beside-fail2ban"])
def test_another_tool_is_active(tmp_path: Path, comm: str, tool: str, installed: bool) -> None:
    """F21: the active one is judged, that is named; fail2ban's stopped server is then no finding."""
    machine = host(tmp_path, [("0.0.0.0", 22, "0A")], {7: comm}, installed)
    status, findings, reason = verdict(machine)
    assert (status, findings) == ("not_applicable", []) and reason.startswith(tool)


@pytest.mark.parametrize(("link", "systemd", "severity"), [(True, True, "high"), (False, True, "medium"), (False, False, "high")])
def test_installed_and_dead(tmp_path: Path, link: bool, systemd: bool, severity: str) -> None:
    """Enabled and dead is worse than switched off on purpose; where nobody can tell, it counts as dead."""
    machine = host(tmp_path, [("0.0.0.0", 22, "0A")], installed=True)
    if systemd:
        (tmp_path / "run" / "systemd" / "system").mkdir(parents=True)
    if link:
        wants = tmp_path / "etc" / "systemd" / "system" / "multi-user.target.wants"
        wants.mkdir(parents=True)
        (wants / "fail2ban.service").symlink_to("/lib/systemd/system/fail2ban.service")
    assert verdict(machine)[:2] == ("findings", [("fail2ban.not_running", severity)])


ENDED = (
    b"2026-11-22 06:00:00,611 fail2ban [812]: ERROR   Failed during configuration: Have not found any log file for one jail\n"
    b"2026-11-22 06:00:00,612 fail2ban [812]: ERROR   Async configuration of server failed\n"
)
TESTED = b"2026-11-22 06:00:02,611 fail2ban [813]: ERROR   ERROR: test configuration failed\n"


@pytest.mark.parametrize(
    ("journal", "state", "asked"),
    [
        (ENDED, "failed", False),
        (b"Server ready\n" + ENDED, "failed", False),
        (ENDED + ENDED, "failed", False),
        (ENDED, "inactive", True),
        (ENDED + b"Server ready\n", "failed", True),
        (ENDED[ENDED.index(b"\n") + 1 :], "failed", True),
        (ENDED[: ENDED.index(b"\n") + 1], "failed", True),
        (b"Server ready\n", "failed", True),
        (b"", "failed", True),
    ],
    ids=["ended", "ended-after-a-good-one", "ended-twice", "stopped-since", "good-since", "no-reason", "other-end", "ready", "nothing"],
)
def test_the_configuration_is_tested_where_the_last_start_did_not_say_what_is_wrong(tmp_path: Path, journal: bytes, state: str, asked: bool) -> None:
    """A test costs as much as a start: what the last start ended with is what it would say."""
    host(tmp_path, installed=True)
    (tmp_path / "run" / "systemd" / "system").mkdir(parents=True)
    for name in ("systemctl", "journalctl"):
        (tmp_path / "usr" / "bin" / name).touch(mode=0o755)
    wants = tmp_path / "etc" / "systemd" / "system" / "multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "fail2ban.service").symlink_to("/lib/systemd/system/fail2ban.service")
    answers = {b"systemctl": f"ActiveState={state}\n".encode(), b"journalctl": journal, b"fail2ban-client": TESTED}
    started = []

    def commands(argv: Sequence[bytes]) -> Command:
        started.append(argv[0].rpartition(b"/")[2])
        return Command(0, answers[started[-1]], b"", False, False)

    result = fail2ban.run({}, Machine(root=str(tmp_path).encode(), commands=commands))
    said = "ERROR   Failed during configuration: Have not found any log file for one jail"
    assert (b"fail2ban-client" in started) == asked
    assert result["data"]["config_errors"] == (
        ["ERROR   ERROR: test configuration failed"] if asked else [said, "ERROR   Async configuration of server failed"]
    )
    assert verdict(Machine(root=str(tmp_path).encode(), commands=commands))[1] == [("fail2ban.not_running", "high")]
    assert asked or said in str(result["findings"])


@pytest.mark.parametrize(
    ("log", "journal", "systemd", "wanted"),
    [
        ("/var/log/auth.log", True, True, [
            "apt-get install python3-systemd || dnf install python3-systemd",
            r"printf '[sshd]\nbackend = systemd\n' > /etc/fail2ban/jail.d/sshd-journal.local",
            "fail2ban-client -t && systemctl restart fail2ban.service",
        ]),
        ("/var/log/auth.log", False, False, [
            "ls -la /var/log", "apt-get install rsyslog || dnf install rsyslog", "fail2ban-client -t && service fail2ban restart",
        ]),
        ("/srv/app/log/nginx.log", True, False, [
            "grep -rn -e logpath -e backend /etc/fail2ban/jail.d /etc/fail2ban/jail.local", "fail2ban-client -t && service fail2ban restart",
        ]),
    ],
    ids=["F11-journal", "F11-no-systemd", "F11-not-syslogs"],
)  # fmt: skip
def test_a_jail_without_log_is_given_what_works_there(tmp_path: Path, log: str, journal: bool, systemd: bool, wanted: list[str]) -> None:
    """fail2ban is down: what asks it would say nothing."""
    machine = host(tmp_path, installed=True)
    (tmp_path / "etc" / "fail2ban").mkdir(parents=True)
    (tmp_path / "etc" / "fail2ban" / "jail.conf").write_text(f"[sshd]\nenabled = true\nlogpath = {log}\n")
    (tmp_path / "etc" / "rc3.d").mkdir()
    (tmp_path / "etc" / "rc3.d" / "S01fail2ban").touch()
    for there, path in ((systemd, "run/systemd/system"), (journal, "run/systemd/journal/socket"), (systemd, "etc/systemd/system/multi-user.target.wants")):
        if there:
            (tmp_path / path).mkdir(parents=True)
    if systemd:
        (tmp_path / "etc/systemd/system/multi-user.target.wants/fail2ban.service").symlink_to("/lib/systemd/system/fail2ban.service")
    found = {finding["rule"]: finding["remedy"]["commands"] for finding in fail2ban.run({}, machine)["findings"]}
    assert found["fail2ban.jail_without_log"] == wanted
    down = found["fail2ban.not_running"]
    assert down[-1] == ("systemctl enable --now fail2ban.service" if systemd else "service fail2ban start")
    assert any("systemctl" in command or "journalctl" in command for command in down) == systemd
    assert all(is_given(command) for commands in found.values() for command in commands)


def test_socket_path_comes_from_the_configuration(tmp_path: Path) -> None:
    machine = host(tmp_path, installed=True)
    (tmp_path / "etc" / "fail2ban").mkdir(parents=True)
    (tmp_path / "etc" / "fail2ban" / "fail2ban.conf").write_text("[Definition]\nsocket = /run/a.sock\n")
    (tmp_path / "etc" / "fail2ban" / "fail2ban.local").write_text("[DEFAULT]\nhere = /run/own\n[Definition]\nsocket = %(here)s/b.sock\n")
    assert fail2ban.run({}, machine)["data"]["socket"] == {"path": "/run/own/b.sock", "state": "missing"}
    assert fail2ban.run({"socket": "/x.sock"}, machine)["data"]["socket"]["path"] == "/x.sock"


def test_own_listeners_are_seen() -> None:
    """The kernel's real tables: a socket that listens is found with its address, port and inode."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            server = socket.socket(family, socket.SOCK_STREAM)
            server.bind((address, 0))
        except OSError:
            continue
        with server:
            server.listen(1)
            port = server.getsockname()[1]
            inode = Path(f"/proc/self/fd/{server.fileno()}").readlink().name[8:-1]
            assert net.Listener(address, port, inode) in (net.listeners(Machine()) or [])
