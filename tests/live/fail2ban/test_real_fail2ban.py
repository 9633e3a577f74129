# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check against a real fail2ban-server; the cases F1 to F20 of a real one."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import conftest
import needs
import pytest
import real_fail2ban
from real_fail2ban import Fail2ban, jail, rules

from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban_down
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

SSH_FAILURE = "{stamp} web1 sshd-session[812]: Failed password for invalid user admin from {address} port 51234 ssh2\n"


@pytest.fixture(autouse=True)
def _as_root() -> None:
    needs.root()


@pytest.fixture(scope="module")
def typical(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fail2ban]:
    """A server with a jail of each kind, in which four addresses failed."""
    needs.root()
    folder = tmp_path_factory.mktemp("typical")
    for log in ("a.log", "b.log", "c c.log", "d.log"):
        (folder / log).touch()
    server = Fail2ban(
        folder,
        f"""
[good]
enabled = true
logpath = {folder}/a.log
[badaction]
enabled = true
logpath = {folder}/b.log
action = badact
[half]
enabled = true
logpath = {folder}/b.log
action = okact
         badact
[wide]
enabled = true
ignoreip = 0.0.0.0/0 10.0.0.0/8
logpath = {folder}/a.log
          {folder}/c c.log head
[forever]
enabled = true
logpath = {folder}/d.log
bantime = -1
[off]
enabled = false
logpath = {folder}/d.log
[my jail, too]
enabled = true
logpath = {folder}/d.log
""",
    )
    with server:
        server.failures("a.log", "192.0.2.10")
        server.failures("a.log", "2001:db8::5")
        server.failures("b.log", "198.51.100.7")
        server.failures("d.log", "203.0.113.9")
        server.until_logged(" Ban ", 7)
        server.until_logged("Failed to execute ban jail", 2)
        yield server


def test_typical_findings(typical: Fail2ban) -> None:
    """F13, F14: bans on paper only; ignoreip 0.0.0.0/0 shown as 0.0.0.0. Nothing else is reported."""
    result = typical.check()
    assert result["status"] == "findings", result["status_reason"]
    assert rules(result) == [
        ("fail2ban.ban_fails", "badaction"),
        ("fail2ban.ignores_everyone", "wide"),
        ("fail2ban.ban_fails", "half"),
    ]
    paper, everyone, half = result["findings"]
    assert paper["severity"] == "high"
    assert "nosuchcmd-ban: not found" in json.dumps(paper["evidence"])
    assert {"source": "fail2ban-server", "text": "1 bans stand in its status"} in paper["evidence"]
    assert half["severity"] == "medium" and "badact" in half["title"]
    assert everyone["title"] == "Jail wide ignores everyone: ignoreip holds 0.0.0.0/0"


def test_typical_data(typical: Fail2ban) -> None:
    """F3 IPv6, F4 ban without end, F7 comma and blank in a jail's name, F17 blank in a path, F2 nothing banned."""
    result = typical.check()
    data = result["data"]
    assert [entry["name"] for entry in data["jails"]] == ["badaction", "forever", "good", "half", "my jail, too", "wide"]
    assert data["version"].split(".") >= ["0", "10"]
    assert {ban["id"] for ban in jail(result, "good")["banned_ips"]} == {"192.0.2.10", "2001:db8::5"}
    [forever] = jail(result, "forever")["banned_ips"]
    assert (forever["permanent"], forever["until"]) == (True, None)
    wide = jail(result, "wide")
    assert str(typical.folder / "c c.log") in [entry["path"] for entry in wide["files"]]
    assert wide["ignoreip_wide"] == ["0.0.0.0/0"]
    assert jail(result, "badaction")["ban_effective"] == "no"
    assert jail(result, "half")["ban_effective"] == "unknown"
    assert jail(result, "good")["ban_effective"] == "yes"
    assert jail(result, "good")["found"] == 8 and jail(result, "good")["failed"]["total"] == 8
    assert data["missing_jails"] == [] and data["db"]["schema"] == 4
    assert all(entry["enabled_in_config"] for entry in data["jails"])


def test_client_says_the_same(typical: Fail2ban) -> None:
    """The slow way through fail2ban-client ends in the same findings and the same data."""
    window = {"since": int(time.time()) - 3600, "until": int(time.time()) + 5}
    over_socket = typical.check(**window)
    over_client = typical.check(transport="client", **window)
    assert over_client == over_socket


def test_no_command_that_the_server_does_not_know(typical: Fail2ban) -> None:
    """No question leaves a trace in the server's log."""
    before = typical.log.read_text()
    typical.check()
    assert typical.log.read_text() == before
    assert "Command [" not in before


def test_jail_stopped_between_list_and_question(typical: Fail2ban) -> None:
    """F5: a jail that is gone when it is asked makes the look incomplete, not an error."""
    from ansible_collections.bottomup.security.plugins.module_utils.checks.fail2ban_server import server
    from ansible_collections.bottomup.security.plugins.module_utils.checks.fail2ban_socket import Connection

    connection = Connection(os.fsencode(typical.folder / "f2b.sock"), 30)

    def ask_all(questions: list[tuple[str, ...]]) -> list[object]:
        answers = connection.ask_all(questions)
        return [[*answers[0], {"gone": []}]] if questions == [("banned",)] else answers

    facts, jails, reasons = server(ask_all)
    connection.close()
    assert len(jails) == 6 and len(reasons) == 1 and "gone" in reasons[0]


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.9", "3.13"])
def test_server_python(typical: Fail2ban, version: str) -> None:
    """Every Python that may run the check reads the answers of this server: an older one its newer pickles too."""
    script = (
        "import json, sys\n"
        f"sys.path.insert(0, {str(conftest.COLLECTIONS)!r})\n"
        "from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban\n"
        "from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine\n"
        "print(json.dumps(fail2ban.run(json.load(sys.stdin), Machine())))\n"
    )
    options = {"socket": str(typical.folder / "f2b.sock"), "config_dir": str(typical.conf), "transport": "socket", "since": 0, "until": int(time.time()) + 5}
    ran = subprocess.run([needs.python(version), "-B", "-c", script], input=json.dumps(options), capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == typical.check(**options)


def test_as_ordinary_user(typical: Fail2ban) -> None:
    """Only root may ask: incomplete with the reason, no finding, never ok."""
    typical.folder.chmod(0o755)
    for parent in typical.folder.parents[:2]:
        parent.chmod(0o755)
    script = f"""
import json, os, sys
sys.path.insert(0, {str(conftest.COLLECTIONS)!r})
from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(json.dumps(fail2ban.run({{"socket": {str(typical.folder / "f2b.sock")!r}, "config_dir": {str(typical.conf)!r}}}, Machine())))
"""
    # The distribution's: what it imports as that user is not in root's home.
    ran = subprocess.run(["/usr/bin/python3", "-B", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert (result["status"], result["findings"], result["data"]["socket"]["state"]) == ("incomplete", [], "denied")
    assert "root" in result["status_reason"]


def test_enabled_and_not_running(tmp_path: Path) -> None:
    """F10: enabled after the start, and nobody reloaded; F19: and a file that vanished under a running jail."""
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[good]\nenabled = true\nlogpath = {tmp_path}/a.log\n") as server:
        assert server.check()["status"] == "ok"
        (server.conf / "jail.d" / "late.local").write_text(f"[late]\nenabled = yes\nlogpath = {tmp_path}/a.log\n")
        result = server.check()
        assert rules(result) == [("fail2ban.jail_not_running", "late")]
        assert result["data"]["missing_jails"] == ["late"]
        (server.conf / "jail.d" / "late.local").unlink()
        (tmp_path / "a.log").unlink()
        assert rules(server.check()) == [("fail2ban.jail_without_log", "good")]


def test_no_jails(tmp_path: Path) -> None:
    """F1: the server runs with an empty list of jails."""
    with Fail2ban(tmp_path, "") as server:
        result = server.check()
        assert rules(result) == [("fail2ban.no_jails", "fail2ban")]
        assert result["data"]["jails"] == []


def test_mended_action(tmp_path: Path) -> None:
    """A jail whose action was mended and reloaded is sound as soon as a ban came about, and not before."""
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[one]\nenabled = true\naction = badact\nlogpath = {tmp_path}/a.log\n") as server:
        server.failures("a.log", "192.0.2.1")
        server.until_logged("Failed to execute ban jail")
        assert rules(server.check()) == [("fail2ban.ban_fails", "one")]
        server.action("badact", f"echo <ip> >> {tmp_path}/act.log")
        server.client("reload")
        server.until_logged("Jail 'one' reloaded")
        assert rules(server.check()) == [("fail2ban.ban_fails", "one")]
        server.failures("a.log", "192.0.2.2")
        server.until_logged("Ban 192.0.2.2")
        result = server.check()
        assert rules(result) == [] and jail(result, "one")["ban_effective"] == "yes"


def test_action_that_does_not_start(tmp_path: Path) -> None:
    """An action whose start fails is reported before the first ban."""
    (tmp_path / "a.log").touch()
    server = Fail2ban(tmp_path, f"[one]\nenabled = true\naction = nostart\nlogpath = {tmp_path}/a.log\n")
    server.action("nostart", "true", start="nosuchfirewall --new-table")
    with server:
        server.failures("a.log", "192.0.2.1")
        server.until_logged("Ban 192.0.2.1")
        server.until_logged("nosuchfirewall")
        result = server.check()
        assert ("fail2ban.ban_fails", "one") in rules(result)


def test_repeat_offenders_and_their_cure(tmp_path: Path) -> None:
    """An address banned three times is reported, until bans grow by themselves. F9: unbans are not bans."""
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/a.log\n") as server:
        for number in range(1, 4):
            server.client("set", "one", "banip", "203.0.113.50")
            server.until_logged("Ban 203.0.113.50", number)
            server.client("set", "one", "unbanip", "203.0.113.50")
            server.until_logged("Unban 203.0.113.50", number)
        result = server.check()
        assert rules(result) == [("fail2ban.repeat_offenders", "repeat offenders")]
        assert result["data"]["repeat"] == [{"ip": "203.0.113.50", "count": 3}]
        assert rules(server.check(repeat=4)) == []
        (server.conf / "jail.d" / "grow.local").write_text("[DEFAULT]\nbantime.increment = true\n")
        server.client("reload")
        server.until_logged("Jail 'one' reloaded")
        assert rules(server.check()) == []


def test_dead_filter(tmp_path: Path) -> None:
    """F19: the filter sshd matches nothing, its log has failures since the start: reported. Ignored addresses do not count."""
    log = tmp_path / "auth.log"
    old = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 7200))
    log.write_text("".join(SSH_FAILURE.format(stamp=old, address="192.0.2.1") for _number in range(9)))
    server = Fail2ban(tmp_path, f"[sshd]\nenabled = true\nfilter = sshd[mode=normal]\nignoreip = 198.51.100.0/24\nlogpath = {log}\n")
    server.filter("sshd", "^ of another age sshd: <HOST>$")
    with server:
        assert rules(server.check()) == []
        time.sleep(1.1)
        now = time.strftime("%b %d %H:%M:%S")
        with log.open("a") as lines:
            lines.writelines(SSH_FAILURE.format(stamp=now, address="198.51.100.3") for _number in range(9))
        assert rules(server.check()) == []
        with log.open("a") as lines:
            lines.writelines(SSH_FAILURE.format(stamp=now, address="192.0.2.1") for _number in range(3))
        result = server.check()
        assert rules(result) == [("fail2ban.jail_silent", "sshd")]
        assert result["findings"][0]["count"] == 3 and jail(result, "sshd")["failures_not_counted"] == 3


def test_rotated_log(tmp_path: Path) -> None:
    """F16: what happened before the rotation is in the window too, compressed or not."""
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[one]\nenabled = true\naction = badact\nlogpath = {tmp_path}/a.log\n") as server:
        server.failures("a.log", "192.0.2.1")
        server.until_logged("Failed to execute ban jail")
        server.log.rename(tmp_path / "fail2ban.log.1")
        server.client("flushlogs")
        result = server.check()
        assert rules(result) == [("fail2ban.ban_fails", "one")]
        assert [entry["path"] for entry in result["data"]["window"]["files"]] == [str(tmp_path / "fail2ban.log.1"), str(server.log)]
        subprocess.run(["gzip", str(tmp_path / "fail2ban.log.1")], check=True)
        assert rules(server.check()) == [("fail2ban.ban_fails", "one")]


def test_log_and_database_that_are_gone(tmp_path: Path) -> None:
    """F15, F16: what cannot be read makes the look incomplete and says so; a database switched off is none to miss."""
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/a.log\n") as server:
        busy = sqlite3.connect(tmp_path / "f2b.sqlite3")
        busy.execute("BEGIN EXCLUSIVE")
        try:
            result = server.check()
        finally:
            busy.close()
        assert result["status"] == "incomplete" and "locked" in result["status_reason"]
        server.log.unlink()
        (tmp_path / "f2b.sqlite3").unlink()
        result = server.check()
        assert result["status"] == "incomplete"
        assert "fail2ban.log does not exist" in result["status_reason"] and "database" in result["status_reason"]
    other = tmp_path / "other"
    other.mkdir()
    with Fail2ban(other, f"[one]\nenabled = true\nlogpath = {tmp_path}/a.log\n", dbfile="None") as server:
        result = server.check()
        assert (result["status"], result["data"]["db"]["path"]) == ("ok", None)


def test_log_to_standard_output(tmp_path: Path) -> None:
    """F16: a server that logs to its standard output is read from the journal, or the look is incomplete; never just ok."""
    (tmp_path / "a.log").touch()
    server = Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/a.log\n")
    (server.conf / "fail2ban.local").write_text("[Definition]\nlogtarget = STDOUT\n")
    with server:
        result = server.check(machine=Machine(root=b"/", commands=None))
        assert result["data"]["window"]["source"] == "journal of fail2ban.service"


def test_missing_log_keeps_the_server_down(tmp_path: Path) -> None:
    """F11: one jail without log, and nobody is protected: the finding names the jail."""
    server = Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/nosuch*.log\n").start(wait=False)
    assert server.process is not None and server.process.wait(60) != 0
    result = server.check()
    assert rules(result) == [("fail2ban.jail_without_log", "one"), ("fail2ban.not_running", "fail2ban")]
    assert "Have not found any log file for one jail" in json.dumps(result["findings"])
    assert result["status"] == "findings" and result["data"]["socket"]["state"] == "missing"


def test_a_start_that_ends_says_what_the_test_of_its_configuration_says(tmp_path: Path) -> None:
    """The check asks for no test where the journal has such a start: it would learn nothing."""
    server = Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/nosuch*.log\n").start(wait=False)
    assert server.process is not None and server.process.wait(60) != 0
    said = fail2ban_down.of_last_start((tmp_path / "output").read_bytes().splitlines()[-fail2ban_down.LAST_WORDS :])
    tested = server.check()["data"]["config_errors"]
    assert tested[-1] == "ERROR   ERROR: test configuration failed" and len(tested) > 1
    assert set(tested[:-1]) < set(said)


def test_filter_without_host_keeps_the_server_down(tmp_path: Path) -> None:
    """F12: the configuration test says OK; what can be shown is that the server is down."""
    (tmp_path / "a.log").touch()
    server = Fail2ban(tmp_path, f"[one]\nenabled = true\nfilter = nohost\nlogpath = {tmp_path}/a.log\n").start(wait=False)
    assert server.process is not None and server.process.wait(60) != 0
    assert rules(server.check()) == [("fail2ban.not_running", "fail2ban")]


def test_killed_server_leaves_its_socket(tmp_path: Path) -> None:
    """A stale socket is not a server."""
    (tmp_path / "a.log").touch()
    server = Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/a.log\n").start()
    server.stop(signal.SIGKILL)
    result = server.check()
    assert rules(result) == [("fail2ban.socket_stale", "fail2ban")]
    assert (result["status"], result["data"]["socket"]["state"]) == ("findings", "stale")


def test_running_server_whose_socket_was_removed(tmp_path: Path) -> None:
    """The server still bans, but nobody can ask it: not the same as dead."""
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/a.log\n") as server:
        (tmp_path / "f2b.sock").unlink()
        result = server.check()
        assert rules(result) == [("fail2ban.socket_missing", "fail2ban")] and result["status"] == "incomplete"


def test_stopped_server_does_not_answer(tmp_path: Path) -> None:
    """A server that hangs is given up after the time limit."""
    (tmp_path / "a.log").touch()
    with Fail2ban(tmp_path, f"[one]\nenabled = true\nlogpath = {tmp_path}/a.log\n") as server:
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        try:
            result = server.check(timeout=1)
        finally:
            server.process.send_signal(signal.SIGCONT)
        assert rules(result) == [("fail2ban.no_answer", "fail2ban")]
        assert (result["status"], result["data"]["socket"]["state"]) == ("incomplete", "timeout")


def test_enabled_jails_as_fail2ban_reads_them(tmp_path: Path) -> None:
    """The distribution's own configuration with its includes: the same jails as fail2ban-client -d adds."""
    import ast
    import shutil

    needs.command("fail2ban-client")
    if not Path("/etc/fail2ban/jail.conf").exists():
        needs.missing("needs the configuration files of fail2ban in /etc/fail2ban")
    conf = tmp_path / "conf"
    shutil.copytree("/etc/fail2ban", conf)
    log = tmp_path / "x.log"
    log.touch()
    (conf / "jail.local").write_text(f"[DEFAULT]\nsshd_log = {log}\nswitch = on\nbackend = polling\n[nginx-http-auth]\nenabled = %(switch)s\nlogpath = {log}\n")
    (conf / "jail.d" / "zz.local").write_text(f"[own one]\n enabled = TRUE ; because\n logpath = {log}\n filter = sshd\n[postfix]\nenabled = off\n")
    dump = subprocess.run(
        [*real_fail2ban.command("fail2ban-client"), "-c", str(conf), "-d"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    added = sorted(ast.literal_eval(line)[1] for line in dump.splitlines() if line.startswith("['add',"))
    from ansible_collections.bottomup.security.plugins.module_utils.checks.fail2ban_config import Config

    config = Config(Machine(), os.fsencode(conf), b"jail")
    assert config.jails() == (added, []) and "own one" in added and "nginx-http-auth" in added
    assert config.get("sshd", "logpath") == str(log) and not config.problems
