# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a finding, and what is only told."""

from __future__ import annotations

import json
import struct
from types import SimpleNamespace
from typing import Any

import pytest
from digest_server import NOW, Server, at, rules, stamp, steady

from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_disks import Disk, disk_findings, growth
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command

FAILED = "sshd[12]: Failed password for deploy from {} port 4022 ssh2"
ACCEPTED = "sshd[12]: Accepted {} for {} from {} port 4022 ssh2"


def digest(server: Server, *messages: str, **options: Any) -> dict[str, Any]:
    """Run over a syslog with these messages in the last hour, and a quiet day before."""
    lines = "".join(f"{stamp(NOW - 3600 + number)} web1 {message}\n" for number, message in enumerate(messages))
    server.log("/var/log/syslog", steady(NOW - 90000, NOW - 3600) + lines + steady(NOW - 1800, NOW))
    return server.run(**options)


FINDINGS = [
    ("root-password-outside", [ACCEPTED.format("password", "root", "8.8.4.4")], [("root_password_login", "root")]),
    ("root-password-inside", [ACCEPTED.format("password", "root", "10.0.0.5")], []),
    ("root-password-mapped-address", [ACCEPTED.format("password", "root", "::ffff:8.8.4.4")], [("root_password_login", "root")]),
    ("root-key-outside", [ACCEPTED.format("publickey", "root", "8.8.4.4") + ": ED25519 SHA256:abc"], []),
    ("user-password-outside", [ACCEPTED.format("password", "deploy", "8.8.4.4")], []),
    ("guessed", [FAILED.format("8.8.4.4")] * 100 + [ACCEPTED.format("password", "deploy", "8.8.4.4")], [("login_after_failures", "deploy")]),
    ("guessed-by-another-address", [FAILED.format("8.8.4.4")] * 100 + [ACCEPTED.format("password", "deploy", "8.8.8.8")], []),
    ("mistyped", [FAILED.format("8.8.4.4")] * 99 + [ACCEPTED.format("password", "deploy", "8.8.4.4")], []),
    ("key-after-failures", [FAILED.format("8.8.4.4")] * 100 + [ACCEPTED.format("publickey", "deploy", "8.8.4.4")], []),
    (
        "accepted-between",
        [FAILED.format("8.8.4.4")] * 60
        + [ACCEPTED.format("password", "deploy", "8.8.4.4")]
        + [FAILED.format("8.8.4.4")] * 60
        + [ACCEPTED.format("password", "deploy", "8.8.4.4")],
        [],
    ),
    ("uid0", ["useradd[7]: new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/0"], [("uid0_account", "toor")]),
    ("uid0-removed", ["useradd[7]: new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash, from=none", "userdel[8]: delete user 'toor'"], []),
    ("new-user", ["useradd[7]: new user: name=alice, UID=1001, GID=1001, home=/home/alice, shell=/bin/bash, from=none"], []),
    ("sudo-group", ["usermod[7]: add 'alice' to group 'sudo'", "usermod[7]: add 'alice' to shadow group 'sudo'"], [("joined_root_group", "alice in sudo")]),
    ("sudo-group-left", ["usermod[7]: add 'alice' to group 'sudo'", "gpasswd[8]: user alice removed by root from group sudo"], []),
    ("oom", ["kernel: [12.345678] Out of memory: Killed process 4242 (java) total-vm:8123456kB, anon-rss:4000000kB"], [("oom", "java")]),
    (
        "oom-old-kernel",
        [
            "kernel: [12.345678] Out of memory: Kill process 4242 (java) score 900 or sacrifice child",
            "kernel: [12.345679] Killed process 4242 (java), UID 1000, total-vm:8123456kB",
        ],
        [("oom", "java")],
    ),
    (
        "oom-in-unit",
        [
            "kernel: [1.0] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task_memcg=/system.slice/web.service,task=ruby,pid=42,uid=0",
            "kernel: [1.0] Memory cgroup out of memory: Killed process 42 (ruby) total-vm:81kB",
            "systemd[1]: web.service: A process of this unit has been killed by the OOM killer.",
            "systemd[1]: web.service: Failed with result 'oom-kill'.",
        ],
        [("oom", "ruby"), ("failed_unit", "web.service")],
    ),
    (
        "oom-in-container",
        ["systemd[1]: web.service: A process of this unit has been killed by the OOM killer.", "systemd[1]: web.service: Failed with result 'oom-kill'."],
        [("oom", "web.service"), ("failed_unit", "web.service")],
    ),
    (
        "io-error",
        [
            "kernel: [1.0] blk_update_request: I/O error, dev sdb, sector 123 op 0x0:(READ)",
            "kernel: [1.0] Buffer I/O error on dev sdb, logical block 15, async page read",
        ],
        [("io_error", "sdb")],
    ),
    ("empty-drives", ["kernel: [1.0] blk_update_request: I/O error, dev fd0, sector 0", "kernel: [1.0] Buffer I/O error on dev sr0, logical block 0"], []),
    ("read-only", ["kernel: [1.0] EXT4-fs (sda1): Remounting filesystem read-only"], [("filesystem_readonly", "sda1")]),
    ("remounted-by-an-admin", ["kernel: [1.0] EXT4-fs (sda1): re-mounted. Opts: ro"], []),
    ("oops", ["kernel: [1.0] BUG: unable to handle page fault for address: ffff"], [("oops", "oops")]),
    ("segfault", ["kernel: [1.0] ruby[12]: segfault at 10 ip 00007f sp 00007f error 4 in libruby.so"] * 50, []),
    ("restart-loop", ["systemd[1]: web.service: Scheduled restart job, restart counter is at 9."] * 5, [("unit_restarting", "web.service")]),
    ("two-restarts", ["systemd[1]: web.service: Scheduled restart job, restart counter is at 9."] * 2, []),
    ("user-unit", ["systemd[812]: app.service: Failed with result 'exit-code'."], []),
    (
        "cron-table",
        ["cron[5]: (*system*backup) INSECURE MODE (group/other writable) (/etc/cron.d/backup)"],
        [("cron_not_run", "*system*backup INSECURE MODE (group/other writable) (/etc/cron.d/backup)")],
    ),
    ("clock-stepped", ["chronyd[5]: System clock was stepped by -3600.000001 seconds"], [("time_jump", "clock")]),
    ("clock-kept", ["chronyd[5]: System clock was stepped by 0.400001 seconds"], []),
    (
        "rsyslog-cannot-write",
        ["rsyslogd: file '/var/log/secure': open error: Permission denied [v8.2302.0 try https://www.rsyslog.com/e/2433 ]"],
        [("log_not_written", "file '/var/log/secure': open error: Permission denied [v8.2302.0 try https://www.rsyslog.com/e/2433 ]")],
    ),
]


@pytest.mark.parametrize(("messages", "expected"), [pytest.param(row[1], row[2], id=row[0]) for row in FINDINGS])
def test_finding(server: Server, messages: list[str], expected: list[tuple[str, str]]) -> None:
    result = digest(server, *messages)
    assert rules(result) == expected
    assert result["status"] == ("findings" if expected else "ok"), result["status_reason"]


def test_names_from_the_other_side_do_not_forge_an_address(server: Server) -> None:
    name = "x from 10.0.0.1 port 22 ssh2"
    result = digest(
        server,
        f"sshd[12]: Failed password for invalid user {name} from 198.51.100.9 port 4022 ssh2",
        f"sshd[12]: Invalid user {name} from 198.51.100.9 port 4022",
    )
    assert result["data"]["logins"]["failed_by_address"] == [
        {"address": "198.51.100.9", "failed": 1, "invalid_user": 1, "first": "2026-11-22T11:00:00Z", "last": "2026-11-22T11:00:01Z"}
    ]


def test_pairs_of_user_address_and_key(server: Server) -> None:
    key = "ED25519 SHA256:0WZfFZRZ6NvWQ5PVSb8oAgM5j0qQ3k0Zyq0w3c1c0vM"
    result = digest(
        server,
        ACCEPTED.format("publickey", "deploy", "203.0.113.7") + ": " + key,
        ACCEPTED.format("publickey", "deploy", "203.0.113.7") + ": " + key,
        ACCEPTED.format("publickey", "deploy", "203.0.113.7") + ": RSA-CERT SHA256:abc ID ci@example (serial 4) CA ED25519 SHA256:def",
    )
    rows = [(row["user"], row["address"], row["method"], row["key"], row["count"]) for row in result["data"]["logins"]["accepted"]]
    assert rows == [
        ("deploy", "203.0.113.7", "publickey", key, 2),
        ("deploy", "203.0.113.7", "publickey", "RSA-CERT SHA256:abc ID ci@example (serial 4) CA ED25519 SHA256:def", 1),
    ]


def test_neither_cron_nor_a_message_that_nobody_knows_tells_a_secret(server: Server) -> None:
    result = digest(
        server,
        "CRON[4]: (root) CMD (curl -u backup:hunter2)",
        "kernel: backup: error token=hunter2",
        "systemd[1]: what no row knows --password=hunter2",
    )
    assert "curl -u backup:[redacted]" in [job["command"] for job in result["data"]["cron"]["jobs"]]
    assert result["data"]["unmatched"]["samples"]
    assert "hunter2" not in json.dumps(result)


def test_a_password_typed_as_a_name_is_shown_in_part_an_account_as_it_is(server: Server) -> None:
    result = digest(
        server,
        "sshd[11]: Invalid user Hunter2Hunter2 from 198.51.100.9 port 4022",
        "sshd[11]: Failed password for invalid user Hunter2Hunter2 from 198.51.100.9 port 4022 ssh2",
        "sshd[12]: Failed password for Jane.Doe2024! from 198.51.100.9 port 4022 ssh2",
        "sshd[13]: error: maximum authentication attempts exceeded for invalid user Hunter2Hunter2 from 198.51.100.9 port 4022 ssh2 [preauth]",
    )
    logins = result["data"]["logins"]
    assert [row["user"] for row in logins["failed_by_user"]] == ["Hu[redacted]", "Jane.Doe2024!"]
    assert "maximum" in logins["refused"][0]["sample"]
    assert "Hunter2" not in json.dumps(result)


def test_sudo_by_user_and_command_without_secrets(server: Server) -> None:
    line = "sudo:   deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND={}"
    result = digest(
        server,
        line.format("/usr/bin/mysql -uroot -phunter2"),
        line.format("/usr/bin/curl -H 'Authorization: Bearer abcdef12345' https://u:hunter2@x/"),
        line.format(
            "/bin/sh -c echo BECOME-SUCCESS-" + "a" * 32 + " ; /usr/bin/python3 /home/deploy/.ansible/tmp/ansible-tmp-1764000000.1-2-3/AnsiballZ_ping.py"
        ),
        line.format(
            "/bin/sh -c echo BECOME-SUCCESS-" + "b" * 32 + " ; /usr/bin/python3 /home/deploy/.ansible/tmp/ansible-tmp-1764000009.9-8-7/AnsiballZ_ping.py"
        ),
        "sudo:      bob : user NOT in sudoers ; TTY=pts/1 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/bash",
        "sudo:      bob : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/bash",
    )
    sudo = result["data"]["sudo"]
    assert sudo["total"] == 4
    assert sudo["commands"][0]["count"] == 2
    assert "hunter2" not in json.dumps(result) and "abcdef12345" not in json.dumps(result)
    assert [(row["user"], row["problem"], row["command"]) for row in sudo["refused"]] == [
        ("bob", "N incorrect password attempts", "/bin/bash"),
        ("bob", "user NOT in sudoers", "/bin/bash"),
    ]


def test_sudo_without_a_terminal(server: Server) -> None:
    """As timers, web hooks and a command over ssh call it: sudo names no terminal then."""
    result = digest(
        server,
        "sudo:      ops : PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/id",
        "sudo:    alice : user NOT in sudoers ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id",
    )
    sudo = result["data"]["sudo"]
    assert [(row["user"], row["command"]) for row in sudo["commands"]] == [("ops", "/usr/bin/id")]
    assert [(row["user"], row["problem"]) for row in sudo["refused"]] == [("alice", "user NOT in sudoers")]
    assert result["data"]["unmatched"]["total"] == 0


@pytest.mark.parametrize("message", [
    "sshd[7]: Accepted key ED25519 SHA256:0WZfFZRZ6NvWQ5PVSb8oAgM5j0qQ3k0Zyq0w3c1c0vM found at /root/.ssh/authorized_keys:1",  # LogLevel VERBOSE
    "(systemd): pam_unix(systemd-user:session): session opened for user root(uid=0) by (uid=0)",
    "(sd-pam): pam_unix(systemd-user:session): session closed for user root",
])
def test_known_and_of_no_interest(server: Server, message: str) -> None:
    data = digest(server, message)["data"]
    assert (data["unmatched"]["total"], data["unparsed"]["total"]) == (0, 0)


def test_totals_are_exact_where_lists_are_cut(server: Server) -> None:
    messages = [f"sshd[1]: Failed password for u{number} from 198.51.{number % 250}.{number // 250 + 1} port 22 ssh2" for number in range(1000)]
    result = digest(server, *messages, top=5)
    logins = result["data"]["logins"]
    assert logins["failed_total"] == 1000
    assert len(logins["failed_by_user"]) == len(logins["failed_by_address"]) == 5
    assert result["data"]["cut"]["logins.failed_by_user"] == {"rows": 995, "events_not_kept": 0}
    assert len(json.dumps(result)) < 20000


def test_unmatched_are_counted_with_samples(server: Server) -> None:
    result = digest(server, *["sshd[1]: frobnicated the quux 42"] * 7, "myapp[1]: anything")
    assert result["data"]["unmatched"] == {"total": 7, "samples": [{"program": "sshd", "count": 7, "sample": "frobnicated the quux 42"}]}


@pytest.mark.parametrize(
    ("line", "what", "name", "detail"),
    [
        ("passwd[1]: pam_unix(passwd:chauthtok): password changed for alice", "password changed", "alice", ""),
        ("gdm-password][1]: pam_unix(gdm-password:chauthtok): password changed for bob", "password changed", "bob", ""),
        ("userdel[1]: delete user 'alice'", "user removed", "alice", ""),
        ("usermod[1]: change user 'alice' shell from '/bin/sh' to '/bin/bash'", "user changed", "alice", "shell"),
        ("crontab[1]: (root) REPLACE (deploy)", "crontab replaced", "deploy", "by root"),
        ("groupadd[1]: new group: name=ops, GID=2000", "group added", "ops", ""),
    ],
)
def test_change_of_an_account(server: Server, line: str, what: str, name: str, detail: str) -> None:
    rows = digest(server, line)["data"]["accounts"]
    assert [(row["what"], row["name"], row["detail"]) for row in rows] == [(what, name, detail)]


def test_uid0_in_passwd_now(server: Server) -> None:
    server.log("/etc/passwd", "root:x:0:0::/root:/bin/bash\ntoor:x:00:0::/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n")
    result = digest(server, "useradd[7]: new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash, from=none")
    assert rules(result) == [("uid0_account", "toor")]
    assert result["findings"][0]["evidence"][0]["source"] == "/etc/passwd"


def test_files_that_grant_access(server: Server) -> None:
    server.log("/etc/passwd", "alice:x:1000:1000::/home/alice:/bin/bash\n", NOW - 900000)
    server.now = NOW
    server.log("/home/alice/.ssh/authorized_keys", "ssh-ed25519 AAAA\n", NOW - 600)
    paths = [row["path"] for row in digest(server, since="all")["data"]["access_files"]]
    assert "/home/alice/.ssh/authorized_keys" in paths


def test_lost_messages_make_it_incomplete(server: Server) -> None:
    result = digest(
        server,
        "systemd-journald[3]: Suppressed 1234 messages from ssh.service",
        "systemd-journald[3]: Missed 12 kernel messages",
        "systemd-journald[3]: Suppressed 99 messages from web.service",
    )
    assert result["status"] == "incomplete"
    assert "1234 messages of ssh.service" in result["status_reason"] and "12 messages of kernel" in result["status_reason"]
    assert "web.service" not in result["status_reason"]
    assert [row["messages"] for row in result["data"]["lost"]] == [1234, 99, 12]


def test_chrony_without_a_time_server_is_told(server: Server) -> None:
    data = digest(server, "chronyd[5]: Can't synchronise: no selectable sources", "chronyd[5]: Can't synchronise: no majority")["data"]
    assert [(row["program"], row["count"]) for row in data["clock_without_source"]] == [("chronyd", 2)]
    assert data["clock_jumps"] == []


def test_packages_of_dpkg_dnf_yum_and_zypper(server: Server) -> None:
    server.log(
        "/var/log/dpkg.log",
        "2026-11-21 06:00:01 upgrade old:amd64 1 2\n2026-11-22 06:00:01 upgrade libssl3:amd64 3.0.14-1 3.0.15-1\n"
        "2026-11-22 06:00:01 status half-configured libssl3:amd64 3.0.14-1\n2026-11-22 06:00:02 install new:amd64 <none> 1.0\n"
        "2026-11-22 06:00:03 remove gone:all 2.0 <none>\n2026-11-22 06:00:03 purge gone:all 2.0 <none>\n",
    )
    server.log(
        "/var/log/dnf.rpm.log",
        "2026-11-22T06:00:01+0000 SUBDEBUG Upgrade: openssl-1:3.0.7-27.el9.x86_64\n"
        "2026-11-22T06:00:02+0000 SUBDEBUG Upgraded: openssl-1:3.0.7-26.el9.x86_64\n2026-11-22T06:00:03+0000 SUBDEBUG Erase: nano-5.6.1-5.el9.x86_64\n",
    )
    server.log("/var/log/yum.log", "Nov 22 06:00:01 Installed: htop-2.2.0-3.el7.x86_64\n")
    server.log("/var/log/zypp/history", "# 2026-11-22 06:00:00 comment\n2026-11-22 06:00:01|install|vim|9.1-1|x86_64||repo|sum|\n")
    packages = digest(server, since="12h")["data"]["packages"]
    assert [(row["name"], row["before"], row["version"]) for row in packages["upgraded"]] == [
        ("libssl3:amd64", "3.0.14-1", "3.0.15-1"),
        ("openssl", "", "1:3.0.7-27.el9"),
    ]
    assert [(row["name"], row["version"]) for row in packages["installed"]] == [("htop", "2.2.0-3.el7"), ("new:amd64", "1.0"), ("vim", "9.1-1")]
    assert [(row["name"], row["version"]) for row in packages["removed"]] == [("gone:all", "2.0"), ("nano", "5.6.1-5.el9")]


def test_failed_units_of_the_manager(server: Server) -> None:
    """What failed in the window and runs again is told; what is failed now is a finding, also when it failed long ago."""
    (server.root / "run/systemd/system").mkdir(parents=True)
    out = "● backup.service loaded failed failed Nightly backup\n  certbot.timer loaded failed failed Renew\n".encode()
    server.command("/usr/bin/systemctl", lambda _argv: Command(0, out, b"", False, False))
    result = digest(
        server,
        "systemd[1]: web.service: Failed with result 'exit-code'.",
        "systemd[1]: backup.service: Main process exited, code=exited, status=1/FAILURE",
        "systemd[1]: backup.service: Failed with result 'exit-code'.",
    )
    assert rules(result) == [("failed_unit", "backup.service"), ("failed_unit", "certbot.timer")]
    assert result["findings"][0]["evidence"][1]["text"] == "1 times: exit-code, exited 1/FAILURE"
    assert [row["unit"] for row in result["data"]["units"]["failures"]] == ["backup.service", "web.service"]


def test_manager_that_does_not_answer(server: Server) -> None:
    (server.root / "run/systemd/system").mkdir(parents=True)
    server.command("/usr/bin/systemctl", lambda _argv: Command(1, b"", b"Failed to connect to bus", False, False))
    result = digest(server)
    assert result["status"] == "incomplete"
    assert "Failed to connect to bus" in result["status_reason"]


def wtmp(kind: int, user: bytes, host: bytes, when: float) -> bytes:
    return struct.pack("=h2xi32s4s32s256s4siii16s20x", kind, 1, b"pts/0", b"ts/0", user, host, b"", 0, int(when), 0, b"")


def test_logins_that_no_log_has(server: Server) -> None:
    server.log("/var/log/wtmp", wtmp(7, b"alice", b"8.8.4.4", NOW - 3000) + wtmp(7, b"old", b"8.8.4.4", NOW - 900000))
    result = digest(server)
    assert result["status"] == "incomplete"
    assert rules(result) == [("logins_not_logged", "logins")]
    assert rules(digest(server, ACCEPTED.format("publickey", "alice", "8.8.4.4"))) == []


def test_local_logins_in_wtmp_are_no_contradiction(server: Server) -> None:
    server.log("/var/log/wtmp", wtmp(7, b"alice", b"", NOW - 3000))
    assert digest(server)["status"] == "ok"


def test_same_answer_twice(server: Server) -> None:
    messages = [message for row in FINDINGS for message in row[1]]
    first, second = digest(server, *messages), digest(server, *messages)
    assert first == second
    assert first["findings"]
    json.dumps(first)


def disk(used: int, inodes: int = 10) -> Any:
    status = SimpleNamespace(
        f_frsize=1 << 20, f_bsize=0, f_blocks=1000, f_bfree=1000 - used, f_bavail=1000 - used, f_files=100, f_ffree=100 - inodes, f_favail=100 - inodes
    )
    return Disk(b"/var", b"/dev/sda1", b"ext4", status)


def test_growth_and_soon_full() -> None:
    before = {"time": NOW - 86400, "used_bytes": {"/var": 500 << 20}}
    assert growth(disk(600), before, NOW) == 100 << 20
    assert growth(disk(600), None, NOW) is growth(disk(600), {"time": "x"}, NOW) is None
    cases: list[tuple[int, int, int | None, list[str]]] = [
        (60, 10, None, []),
        (84, 10, None, []),
        (85, 10, None, ["medium"]),
        (95, 10, None, ["high"]),
        (70, 10, 110 << 20, ["high"]),
        (70, 10, 90 << 20, []),
        (50, 96, None, ["high"]),
    ]
    for percent, inodes, daily, expected in cases:
        one = disk(percent * 10, inodes)
        assert [row["severity"] for row in disk_findings([one], {b"/var": daily}, [])] == expected, (percent, inodes, daily)


def test_read_only_against_fstab(server: Server) -> None:
    server.log("/etc/fstab", "UUID=1 / ext4 defaults 0 1\nUUID=2 /data ext4 defaults 0 2\nUUID=3 /iso ext4 ro 0 2\n")
    server.log("/proc/self/mounts", "/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sda2 /data ext4 ro,relatime 0 0\n/dev/sda3 /iso ext4 ro 0 0\n")
    result = digest(server)
    assert ("mounted_readonly", "/data") in rules(result)
    assert [row for row in rules(result) if row[0] == "mounted_readonly"] == [("mounted_readonly", "/data")]


def test_bad_options(server: Server) -> None:
    with pytest.raises(ValueError, match="yesterday-ish"):
        server.run(since="yesterday-ish")


def test_times_of_findings(server: Server) -> None:
    one = digest(server, ACCEPTED.format("password", "root", "8.8.4.4"))["findings"][0]
    assert (one["first"], one["last"], one["count"]) == ("2026-11-22T11:00:00Z", "2026-11-22T11:00:00Z", 1)
    assert at("2026-11-22 11:00:00") == NOW - 3600


@pytest.mark.parametrize("systemd", [True, False])
def test_what_is_to_be_typed_exists_on_the_machine(server: Server, systemd: bool) -> None:
    if systemd:
        (server.root / "run/systemd/system").mkdir(parents=True)
    (stopped,) = (finding for finding in server.run()["findings"] if finding["rule"] == "log_digest.logs_stopped")
    services = ["systemctl status --no-pager systemd-journald rsyslog"] if systemd else []
    assert stopped["remedy"]["commands"] == [*services, "df -h /var/log", "ls -lat /var/log | head"]
