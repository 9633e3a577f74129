# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the check fail2ban by their tables: addresses, versions, log lines, silent jails, client texts."""

from __future__ import annotations

import pickle
import re
import time
from pathlib import Path
from typing import Any

import conftest  # noqa: F401 - makes the collection importable
import needs
import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import (
    fail2ban,
    fail2ban_client,
    fail2ban_database,
    fail2ban_ignore,
    fail2ban_log,
    fail2ban_log_read,
    fail2ban_server,
    fail2ban_silent,
    fail2ban_socket,
)
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine

WIDE = [
    # what the server shows, what is written, what is wide
    (["127.0.0.0/8", "::1"], "127.0.0.1/8 ::1", []),
    (["0.0.0.0", "10.0.0.0/8"], "0.0.0.0/0 10.0.0.0/8", ["0.0.0.0/0"]),
    (["0.0.0.0"], None, ["0.0.0.0/0"]),
    (["0.0.0.0"], "%(unknown)s", ["0.0.0.0/0"]),
    (["0.0.0.0"], "0.0.0.0", []),
    (["0.0.0.0"], "0.0.0.0/0.0.0.0", ["0.0.0.0/0"]),
    (["::"], "::/0", ["::/0"]),
    (["::"], "::", []),
    (["0.0.0.0/0"], None, ["0.0.0.0/0"]),
    (["64.0.0.0/2", "2000::/3", "2001:db8::/32"], None, ["64.0.0.0/2", "2000::/3"]),
    (["my.dynamic.example", "file:/etc/list", "", "1.2.3.4/33", "1.2.3.4/x"], None, []),
]


@pytest.mark.parametrize(("shown", "written", "wide"), WIDE, ids=[str(row[0])[:40] for row in WIDE])
def test_wide_ignoreip(shown: list[str], written: str | None, wide: list[str]) -> None:
    assert fail2ban_ignore.wide(shown, written) == wide


VERSIONS = {"1.0.2": (1, 0, 2), "1.1.1.dev1": (1, 1, 1), "0.9.7": (0, 9, 7), "0.11.2": (0, 11, 2), "": (), "unknown": (), "1.0.2-2ubuntu1": (1, 0, 2)}


@pytest.mark.parametrize("words", sorted(VERSIONS))
def test_version_of(words: str) -> None:
    assert fail2ban_server.version_of(words) == VERSIONS[words]


class Server:
    """Answers as a fail2ban-server of a version would; refuses what that version does not know."""

    KNOWN = {
        (0, 9): {"logpath", "ignoreip", "bantime", "findtime", "maxretry", "actions"},
        (0, 10): set(),
        (0, 11): {"bantime.increment", "banip"},
    }

    def __init__(self, version: str, jails: list[str]) -> None:
        self.version, self.jails = version, jails
        self.number = fail2ban_server.version_of(version)

    def ask_all(self, questions: list[tuple[str, ...]]) -> list[Any]:
        return [self.ask(*words) for words in questions]

    def ask(self, *words: str) -> Any:
        if words == ("version",):
            return self.version
        if words == ("status",):
            return [["Number of jail", len(self.jails)], ["Jail list", ", ".join(self.jails)]]
        if words[0] == "status":
            return [["Filter", [["Currently failed", 1], ["Total failed", 2], ["File list", ["/a"]]]], ["Actions", [["Banned IP list", ["192.0.2.1"]]]]]
        if words == ("banned",):
            assert self.number >= (0, 10), "0.9 does not know banned"
            return [{name: []} for name in self.jails]
        assert words[0] == "get"
        if len(words) == 2:
            return {"logtarget": "/var/log/fail2ban.log", "dbfile": None}.get(words[1])
        known = set().union(*(names for since, names in self.KNOWN.items() if self.number >= since))
        assert words[2] in known, f"{self.version} does not know get JAIL {words[2]}"
        return {"bantime": 600, "findtime": 600, "maxretry": 5, "bantime.increment": False}.get(words[2], [])


@pytest.mark.parametrize("version", ["0.9.7", "0.10.6", "0.11.2", "1.0.2", "1.1.0", "1.1.1.dev1"])
def test_only_questions_that_the_version_knows(version: str) -> None:
    facts, jails, reasons = fail2ban_server.server(Server(version, ["sshd"]).ask_all)
    assert (facts["version"], [jail["name"] for jail in jails], reasons) == (version, ["sshd"], [])
    assert jails[0]["failed"] == {"current": 1, "total": 2}


def test_names_with_commas() -> None:
    """F7: told apart from 0.10 on, said to be unclear before."""
    names = ["a, b", "c"]
    assert fail2ban_server.jail_names(Server("0.10.6", names).ask_all, (0, 10, 6)) == (names, True)
    assert fail2ban_server.jail_names(Server("0.9.7", names).ask_all, (0, 9, 7)) == (["a", "b", "c"], False)
    assert fail2ban_server.server(Server("0.8.14", names).ask_all)[2] == ["fail2ban 0.8.14 is older than 0.9: its jails are not asked"]


BAN_TIMES = [
    ("192.0.2.10 \t2026-11-22 19:04:50 + 3600 = 2026-11-22 20:04:50", ("192.0.2.10", 3600, False)),
    ("203.0.113.9 \t2026-11-22 19:04:50 + -1 = 9999-12-31 23:59:59", ("203.0.113.9", None, True)),
    ("some user \t2026-11-22 19:04:50 + 60 = 2026-11-22 19:05:50", ("some user", 60, False)),
]


@pytest.mark.parametrize(("line", "wanted"), BAN_TIMES, ids=["time", "F4-permanent", "F3-no-address"])
def test_ban_times(line: str, wanted: tuple[str, int | None, bool]) -> None:
    [ban] = fail2ban_server.banned({"ban_times": [line], "banned_ids": []}, 10)
    lasts = None if ban["until"] is None else ban["until"] - ban["since"]
    assert (ban["id"], lasts, ban["permanent"]) == wanted
    assert ban["since"] == time.mktime((2026, 11, 22, 19, 4, 50, 0, 0, -1))


def log_of(lines: str, **window: int) -> fail2ban_log.Log:
    """Return the Log of file lines."""
    log = fail2ban_log.Log(window.get("since", 0), window.get("until", 1 << 40))
    for line in fail2ban_log.FILE_LINE.finditer(lines.encode()):
        log.add(log.local_time(line.group(1)), line.group(2), line.group(3))
    return log


# F8, F9 and F16: every form of a line (fail2ban's own tests of the filter recidive), and what it counts as
BAN = {"bans": 1, "restored": 0, "unbans": 0, "rebans": 0, "ignored": 0, "found": 0}
NO_BAN = {**BAN, "bans": 0}
FILE_LINES = [
    ("2006-02-13 15:52:30,388 fail2ban.actions: NOTICE [j] Ban 1.2.3.4", BAN),
    ("2006-02-13 15:52:30,388 fail2ban.actions[123]: NOTICE [j] Ban 1.2.3.4", BAN),
    ("2006-02-13 15:52:30,388 fail2ban.actions        [123]: NOTICE  [j] Ban 2001:db8::5", BAN),
    ("2006-02-13 15:52:30,388 fail2ban.actions        [123]: NOTICE  [j] Restore Ban 1.2.3.4", {**NO_BAN, "restored": 1}),
    ("2006-02-13 15:52:30,388 fail2ban.actions        [123]: NOTICE  [j] Reban 1.2.3.4, action 'x'", {**NO_BAN, "rebans": 1}),
    ("2006-02-13 15:52:30,388 fail2ban.actions        [123]: NOTICE  [j] Unban 1.2.3.4", {**NO_BAN, "unbans": 1}),
    ("2006-02-13 15:52:30,388 fail2ban.actions        [123]: WARNING [j] 1.2.3.4 already banned", NO_BAN),
    ("2006-02-13 15:52:30,388 fail2ban.observer       [123]: NOTICE  [j] Increase Ban 1.2.3.4 (2 # 2:00:00 -> x)", NO_BAN),
    ("2006-02-13 15:52:30,388 fail2ban.actions        [123]: NOTICE  [j] Flush ticket(s) with iptables", NO_BAN),
    ("2006-02-13 15:52:30,388 fail2ban.filter         [123]: INFO    [j] Found 1.2.3.4 - 2006-02-13 15:52:30", {**NO_BAN, "found": 1}),
    ("2006-02-13 15:52:30,388 fail2ban.filter         [123]: INFO    [j] Ignore 1.2.3.4 by ip", {**NO_BAN, "ignored": 1}),
    ("2006-02-13 15:52:30,388 other.program           [123]: NOTICE  [j] Ban 1.2.3.4", NO_BAN),
    ("x 2006-02-13 15:52:30,388 fail2ban.actions [123]: NOTICE  [j] Ban 1.2.3.4", NO_BAN),
]
JOURNAL_LINES = [
    ("1139845950.388000 h fail2ban.actions[6605]: NOTICE [j] Ban 192.0.2.1", BAN),  # SYSLOG
    ("1139845950.388000 h fail2ban-server[11524]: fail2ban.actions        [11524]: NOTICE  [j] Ban 192.0.2.2", BAN),  # SYSOUT
    ("1139845950.388000 h fail2ban[15699]: [j] Ban 192.0.2.3", BAN),  # SYSTEMD-JOURNAL
    ("1139845950.388000 h fail2ban[15699]: [j] Unban 192.0.2.3", {**NO_BAN, "unbans": 1}),
    ("1139845950.388000 h sshd[1]: message repeated: [j] said Ban 192.0.2.3", NO_BAN),
]


class Host(Machine):
    """This machine, where every command is one callable, or none is installed."""

    def __init__(self, command: Any) -> None:
        super().__init__(commands=command)
        self.command = command

    def which(self, name: bytes) -> bytes | None:
        return b"/usr/bin/" + name if self.command else None


def counts(log: fail2ban_log.Log) -> dict[str, int]:
    return {key: getattr(log.jail("j"), key) for key in BAN}


@pytest.mark.parametrize(("line", "wanted"), FILE_LINES, ids=[f"F8-F9-{row[0][24:80]}" for row in FILE_LINES])
def test_line_of_a_file(line: str, wanted: dict[str, int]) -> None:
    assert counts(log_of(line + "\n")) == wanted


@pytest.mark.parametrize(("line", "wanted"), JOURNAL_LINES, ids=[f"F16-{number}" for number in range(len(JOURNAL_LINES))])
def test_line_of_the_journal(line: str, wanted: dict[str, int]) -> None:
    def journalctl(argv: list[bytes]) -> Command:
        assert b"--since=@1139800000" in argv and argv[0].endswith(b"/journalctl")
        return Command(0, line.encode() + b"\n", b"", False, False)

    log = fail2ban_log_read.read(Host(journalctl), "SYSTEMD-JOURNAL", 1139800000, 1139900000)
    assert (counts(log), log.gaps) == (wanted, [])


def test_journal_that_fails() -> None:
    """F16: no journalctl, or one that stops early, is a gap."""
    machine = Host(lambda _argv: Command(1, b"", b"No journal files were found.", False, False))
    assert "No journal files" in fail2ban_log_read.read(machine, "SYSLOG", 0, 1).gaps[0]
    assert "no journalctl" in fail2ban_log_read.read(Host(None), "STDERR", 0, 1).gaps[0]
    assert "cannot be read" in fail2ban_log_read.read(machine, "INHERITED", 0, 1).gaps[0]


FAILED = (
    "2026-11-22 19:04:51,101 fail2ban.actions        [4621]: ERROR   Failed to execute ban jail 'j' action 'a' info 'ActionInfo({})':"
    " Error banning 192.0.2.7\n"
)


def test_failures_are_forgotten_at_a_start() -> None:
    """F13: a ban that failed counts until the jail or the server starts anew."""
    assert log_of(FAILED).jail("j").failed == [(log_of(FAILED).jail("j").failed[0][0], "192.0.2.7", "a")]
    for line in ("fail2ban.jail           [4621]: INFO    Creating new jail 'j'", "fail2ban.server         [1]: INFO    Starting Fail2ban v1.0.2"):
        assert log_of(FAILED + "2026-11-22 19:05:00,000 " + line + "\n").jail("j").failed == []


def test_errors_of_others_are_not_the_servers() -> None:
    """F14: errors are counted and sampled; a mistyped command is no error of the server."""
    log = log_of(
        FAILED
        + "2026-11-22 19:04:56,551 fail2ban.transmitter    [4621]: ERROR   Command ['status', 'x'] has failed. Received UnknownJailException('x')\n"
        + "2026-11-22 19:04:57,551 fail2ban.filter         [4621]: ERROR   Unable to open /var/log/x\n" * 3
    )
    assert log.errors_count == 4 and not any("Command" in words for _when, words in log.errors)


def test_real_log(tmp_path: Path) -> None:
    """F13, F14: the log of a real 1.0.2."""
    log = log_of(needs.shared_data("fail2ban/fail2ban_log_1.0.2_debian12.log").read_text())
    assert (log.jail("badaction").failed_count, log.jail("sshtest").bans, log.jail("wide").ignored) == (1, 2, 5)
    assert "nosuchcmd-ban: not found" in "".join(log.jail("badaction").said)


def test_only_the_window_of_a_long_log_is_read(tmp_path: Path) -> None:
    """The begin of the window is found by bisection: a tenth of the log, and every line of it."""
    path = tmp_path / "fail2ban.log"
    begin = 1770000000
    with path.open("w") as lines:
        for number in range(100000):
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(begin + 60 * number))
            lines.write(f"{stamp},000 fail2ban.filter         [1]: INFO    [j] Found 192.0.2.1 - x\n")
    since = begin + 60 * 90000
    log = fail2ban_log_read.read(Machine(), str(path), since, begin + 60 * 100000)
    assert log.jail("j").found == 10000 and log.gaps == []
    assert log.files[0]["bytes_scanned"] < log.files[0]["bytes"] / 8


def test_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """More attackers than are kept are counted, not forgotten."""
    monkeypatch.setattr(fail2ban_log, "ADDRESSES_LIMIT", 10)
    log = log_of("".join(f"2026-11-22 19:04:51,101 fail2ban.actions [1]: NOTICE  [j] Ban 10.0.0.{number}\n" for number in range(25)))
    assert (len(log.bans), log.bans_cut, log.jail("j").bans) == (10, 15, 25)


NOW = int(time.mktime((2026, 1, 2, 12, 0, 0, 0, 0, -1)))
STAMPS = {
    "2026-01-02T11:00:00.123456+01:00 h x": 1767348000,
    "2026-01-02T11:00:00Z x": 1767351600,
    "1767351600.000001 h sshd[1]: x": 1767351600,
    "Jan  2 11:00:00 h x": NOW - 3600,
    "Dec 31 12:00:00 h x": NOW - 2 * 86400,
    "2026/01/02 11:00:00 [error] x": NOW - 3600,
    "no time": None,
    "Feb 30 11:00:00 h x": None,
}


@pytest.mark.parametrize("line", sorted(STAMPS))
def test_stamp(line: str) -> None:
    """A time without year is the last such one; a leap day of no year is none."""
    assert fail2ban_silent.stamp(line.encode(), NOW) == STAMPS[line]


SILENT = [
    ("sshd", "sshd[1]: Failed password for root from 192.0.2.1 port 22 ssh2", True),
    ("sshd", "sshd-session[1]: Failed password for invalid user a b from 192.0.2.1 port 22 ssh2", True),
    ("sshd", "sshd[1]: Invalid user x from 2001:db8::1 port 22", True),
    ("sshd", "sshd[1]: Failed keyboard-interactive/pam for root from 192.0.2.1 port 22 ssh2", True),
    ("sshd", "sshd[1]: Failed publickey for root from 192.0.2.1 port 22 ssh2", False),
    ("sshd", "sshd[1]: Accepted password for root from 192.0.2.1 port 22 ssh2", False),
    ("sshd", "sudo: pam_unix(sudo:auth): authentication failure; user=x", False),
    ("sshd", "sshd[1]: Invalid user x from 198.51.100.9 port 22", False),
    ("nginx-http-auth", '[error] 1#1: *1 user "a" was not found in "/etc/x", client: 192.0.2.1, server: s', True),
    ("nginx-http-auth", '[error] 1#1: *1 user "a": password mismatch, client: 192.0.2.1, server: s', True),
    ("dovecot", "dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<a>, rip=192.0.2.1, lip=10.0.0.1", True),
    ("postfix", "postfix/smtpd[1]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x", True),
    ("own-filter", "sshd[1]: Invalid user x from 192.0.2.1 port 22", None),
]


@pytest.mark.parametrize(("filter_name", "line", "counted"), SILENT, ids=[f"F19-{row[0]}-{row[1][:30]}" for row in SILENT])
def test_silent_jail(tmp_path: Path, filter_name: str, line: str, counted: bool | None) -> None:
    """F19: what a filter must count, what it need not, and filters that are not judged."""
    log = tmp_path / "x.log"
    stamp = time.strftime("%Y/%m/%d %H:%M:%S" if filter_name.startswith("nginx") else "%b %d %H:%M:%S", time.localtime(NOW))
    log.write_text(f"{stamp} h {line}\n" * 3)
    jail = {"backend": "files", "files": [str(log)], "ignoreip": ["198.51.100.0/24"]}
    found = fail2ban_silent.look(Machine(now=NOW), jail, filter_name, NOW - 60)
    assert (None if found is None else bool(found.count)) == counted
    assert fail2ban_silent.look(Machine(now=NOW), {**jail, "files": ["/nonexistent"]}, "sshd", NOW - 60).count == 0
    later = fail2ban_silent.look(Machine(now=NOW), jail, filter_name, NOW + 60)
    assert later is None or later.count == 0


@pytest.mark.parametrize("value", [1 << 100_000, -(1 << 64), {("a", "b"): 1}, {1.5: 1}, float("nan"), float("inf")], ids=lambda value: repr(type(value)))
def test_answer_with_what_no_json_holds_is_refused(value: object) -> None:
    with pytest.raises(fail2ban_socket.SocketError, match="holds"):
        fail2ban_socket.decode(pickle.dumps((0, [value]), 2))


# A line of 8 kB, which is what syslog takes of any user, that leads each pattern astray in many ways.
SLOW = {
    "sshd": "sshd: Invalid user  from " * 320,
    "nginx-http-auth": ' user "x" was not found in "a' * 280,
    "dovecot": "dovecot: imap-login: auth failed " * 245,
    "postfix": "postfix/x[1]:" * 620,
}


@pytest.mark.timeout(60)  # as long as the whole check may take
@pytest.mark.parametrize("filter_name", sorted(fail2ban_silent.FAILURES))
def test_lines_made_to_be_slow(filter_name: str, tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text(f"Jan  2 11:00:00 h {SLOW[filter_name]}\n" * 1000)
    jail = {"backend": "files", "files": [str(log)], "ignoreip": []}
    found = fail2ban_silent.look(Machine(now=NOW), jail, filter_name, NOW - 7200)
    assert found is not None and found.count == 0


def test_journal_of_ssh_is_that_of_root() -> None:
    """F19: logger -t sshd lets any user say that a password was wrong."""
    asked: list[list[bytes]] = []

    def journalctl(argv: list[bytes]) -> Command:
        asked.append(argv)
        return Command(0, b"", b"", False, False)

    fail2ban_silent.look(Host(journalctl), {"backend": "journal", "files": [], "ignoreip": []}, "sshd", NOW)
    assert asked[0][-3:] == [b"SYSLOG_IDENTIFIER=sshd", b"SYSLOG_IDENTIFIER=sshd-session", b"_UID=0"]


@pytest.mark.parametrize(("name", "schema"), [("fail2ban_0.10.6_schema2.sqlite3", 2), ("fail2ban_1.0.2_schema4.sqlite3", 4)])
def test_database(name: str, schema: int) -> None:
    """F20: each schema answers."""
    path = needs.shared_data(f"fail2ban/{name}")
    found, rows = fail2ban_database.repeated(Machine(), str(path).encode(), 1)
    assert found == schema and rows and all(row[2] >= 1 for row in rows)
    assert fail2ban_database.repeated(Machine(), str(path).encode(), 1000) == (schema, [])


@pytest.mark.parametrize("content", [None, b"", b"no database" * 100])
def test_database_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    """F15: missing, empty, damaged; and nothing is created."""
    path = tmp_path / "x?y %23.sqlite3"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(fail2ban_database.DatabaseError):
        fail2ban_database.repeated(Machine(), str(path).encode(), 1)
    assert path.exists() == (content is not None)


@pytest.mark.parametrize("version", ["0.10.6", "1.0.2_debian12"])
def test_client_texts(version: str) -> None:
    """F2, F5, F6: the captured answers of real clients are read back into what the socket says."""
    said = {}
    text = needs.shared_data(f"fail2ban/client_output_{version}.txt").read_text()
    for command, output, rc in re.findall(r"^\$ fail2ban-client (.*)\n((?:.*\n)*?)rc=(\d+)$", text, re.M):
        said[command] = (int(rc), output)

    def client(argv: list[bytes]) -> Command:
        rc, output = said[b" ".join(argv[3:]).decode()]
        return Command(rc, output.encode(), b"2026-11-22 19:06:06,302 fail2ban.configreader [1]: WARNING 'allowipv6' not defined", False, False)

    ask_all = fail2ban_client.Client(Host(client), "/s", 5).ask_all

    def ask(*words: str) -> Any:
        return ask_all([words])[0]

    assert fail2ban_server.version_of(ask("version"))[:1] in ((0,), (1,))
    assert fail2ban_server.jail_names(ask_all, (1,)) == (["badaction", "forever", "sshtest", "wide"], True)
    assert fail2ban_server.jail_names(ask_all, (0, 9)) == (["badaction", "forever", "sshtest", "wide"], True)
    status = dict(dict(ask("status", "sshtest"))["Filter"])
    assert status["Total failed"] in ("8", "9") and status["Banned IP list"] == "192.0.2.10 2001:db8::5"
    assert ask("get", "wide", "ignoreip") == ["0.0.0.0", "10.0.0.0/8"]
    assert ask("get", "dbfile").endswith(".sqlite3")
    with pytest.raises(fail2ban_server.ServerSaysNo, match="nosuch"):
        ask("status", "nosuch")


MORNING = 1763791200
WINDOWS = {
    ("", ""): (MORNING - 86400, MORNING),
    ("7d", ""): (MORNING - 7 * 86400, MORNING),
    ("all", "1h"): (0, MORNING - 3600),
    ("1763700000", "1763790000.5"): (1763700000, 1763790000),
    ("2025-11-22T06:00:00Z", "2025-11-22T08:00:00+01:00"): (MORNING, MORNING + 3600),
    ("", "24h"): (MORNING - 2 * 86400, MORNING - 86400),
}


@pytest.mark.parametrize("given", WINDOWS)
def test_the_window_is_said_as_in_the_other_checks(given: tuple[str, str]) -> None:
    look = fail2ban.Look({"since": given[0], "until": given[1]}, Machine(now=MORNING + 0.5))
    assert (look.since, look.until) == WINDOWS[given]


@pytest.mark.parametrize("words", ["yesterday", "-5", "2025-13-22T06:00:00Z"])
def test_a_time_that_is_none_is_said(words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        fail2ban.run({"since": words}, Machine(now=MORNING))
