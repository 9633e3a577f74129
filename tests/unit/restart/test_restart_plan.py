# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose process it is and what to do about it: cases 13, 14, 17 to 20, 22 and 24 of the check restart."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from restart_server import BOOT, NOW, Server, elf

from ansible_collections.bottomup.security.plugins.module_utils.host import systemd
from ansible_collections.bottomup.security.plugins.module_utils.host.proc import Proc

LIBRARY = "/usr/lib/libcrypto.so.3"
ID = "0123456789abcdef" * 4


@pytest.fixture
def server(tmp_path: Path) -> Server:
    server = Server(tmp_path)
    server.write(LIBRARY, elf(b"new"))
    server.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n")
    return server


def stale(server: Server, pid: int, **options: Any) -> int:
    """Make a process that runs a replaced libcrypto."""
    server.process(pid, server.line(LIBRARY + " (deleted)", 999999), **options)
    server.running(pid, elf(b"old"))
    return pid


def actions(server: Server) -> list[tuple[str, str, str, list[str]]]:
    return [(item["kind"], item["name"], item["action"], item["commands"]) for item in server.run()["data"]["services"]]


def unit(main: int = 0, **properties: str) -> str:
    return "\n".join([f"MainPID={main}", "Type=simple", "KillMode=control-group", *[f"{name}={value}" for name, value in properties.items()]])


# Case 13


def test_case_13_what_is_no_process_of_ours(server: Server) -> None:
    server.process(2, comm="kthreadd")  # no maps: a thread of the kernel, or a zombie
    stale(server, 10)
    os.unlink(server.path("/proc/10/maps"))  # gone between the list and the look
    os.makedirs(server.path("/proc/11/maps"))  # not readable
    os.makedirs(server.path("/proc/12"))  # vanished
    scan = server.scan()
    assert scan.run() == []
    seen = scan.coverage
    assert (seen.seen, seen.unread, seen.skipped, seen.vanished) == (0, [11], 2, 2)
    assert server.run()["status"] == "incomplete"


# Case 14


def test_case_13_what_cannot_be_read_is_all_that_is_unsure(server: Server) -> None:
    assert server.run()["data"]["unsure"] == []
    # name of the process: its control group, and what a finding of it would be
    unread = {
        1: ("0::/", {"service systemd", "service init", "process daemon"}),
        10: ("0::/system.slice/redis.service", {"service redis.service", "session redis.service@"}),
        11: ("0::/system.slice/system-ssh.slice/ssh@4-10.service", {"service ssh@4-10.service", "session ssh@"}),
        12: ("0::/user.slice/user-1000.slice/session-5.scope", {"restart.session"}),
        13: ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service", {"restart.session", "restart.user_service"}),
        14: (f"0::/system.slice/docker-{ID}.scope", set()),
        15: ("0::/", {"restart.process"}),
    }
    wanted = {"restart.container", "restart.reboot"}
    for pid, (group, carried) in unread.items():
        server.process(pid, cgroup=group)
        os.unlink(server.path(f"/proc/{pid}/maps"))
        os.makedirs(server.path(f"/proc/{pid}/maps"))
        wanted |= carried
        assert server.run()["data"]["unsure"] == sorted(wanted)


def test_case_13_a_finding_is_unsure_while_its_process_cannot_be_read(server: Server) -> None:
    """The subject that a process had when it could be read is among those that it may have now."""
    for pid, group in enumerate(["system.slice/redis.service", "system.slice/ssh@4-10.service", "", "user.slice/user-1000.slice/session-5.scope"], 10):
        stale(server, pid, cgroup=f"0::/{group}")
    stale(server, 1, comm="systemd", exe="/usr/lib/systemd/systemd", cgroup="0::/init.scope")
    server.systemd(ssh=unit(TriggeredBy="ssh.socket", Id="ssh@4-10.service"))
    found = {(item["rule"], item["subject"]) for item in server.run()["findings"]}
    assert len(found) == 5
    for pid in (1, 10, 11, 12, 13):
        os.unlink(server.path(f"/proc/{pid}/maps"))
        os.makedirs(server.path(f"/proc/{pid}/maps"))
    result = server.run()
    assert (result["status"], result["findings"]) == ("incomplete", [])
    assert all(rule in result["data"]["unsure"] or subject in result["data"]["unsure"] for rule, subject in found)


def test_case_13_threads_of_the_kernel_are_known_to_everybody(server: Server) -> None:
    server.write("/proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 6 0 0 20 0 1 0 14 0 0\n")
    server.process(3, comm="x) S 0 0 0 0 -1 2129984")
    proc = Proc(server.machine())
    assert [proc.is_of_kernel(pid) for pid in (2, 3, 4)] == [True, False, False]


def test_case_14_own_family_is_skipped_and_the_listener_is_not(server: Server) -> None:
    stale(server, 1, ppid=0, exe="/usr/lib/systemd/systemd")
    stale(server, 100, ppid=1, comm="sshd")
    for pid, parent in ((101, 100), (102, 101), (103, 102)):
        stale(server, pid, ppid=parent)
    stale(server, 200, ppid=100, comm="sshd")
    assert [process.pid for process in server.scan(own_pid=103).run()] == [1, 100, 200]


# Case 17, 18, 20: control groups

GROUPS = [
    ("0::/system.slice/nginx.service", b"unit", b"nginx.service"),
    ("12:memory:/x\n1:name=systemd:/system.slice/nginx.service\n", b"unit", b"nginx.service"),
    ("1:name=systemd:/system.slice/nginx.service\n0::/\n", b"unit", b"nginx.service"),
    ("1:name=systemd:/\n0::/system.slice/nginx.service\n", b"unit", b"nginx.service"),
    ("0::/system.slice/systemd-udevd.service/udev", b"unit", b"systemd-udevd.service"),
    ("0::/system.slice/system-getty.slice/getty@tty1.service", b"unit", b"getty@tty1.service"),
    ("0::/system.slice/app-a\\x2db.slice/app@a\\x2db.service", b"unit", b"app@a\\x2db.service"),
    ("0::/system.slice/ssh.service (deleted)", b"unit", b"ssh.service"),
    ("0::/../../system.slice/ssh.service", b"unit", b"ssh.service"),
    ("0::/init.scope", b"unit", b"init.scope"),
    ("0::/user.slice/user-1000.slice/session-4.scope", b"session", b"4"),
    ("0::/user.slice/user-1000.slice/user@1000.service/init.scope", b"user", b"1000"),
    ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service", b"user_unit", b"foo.service"),
    ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope", b"user_unit", b"app-x.scope"),
    (f"0::/system.slice/docker-{ID}.scope", b"container", ID.encode()),
    (f"12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}\n", b"container", ID.encode()),
    (f"0::/machine.slice/libpod-{ID}.scope/container", b"container", ID.encode()),
    (f"0::/system.slice/web.service/libpod-payload-{ID}", b"container", ID.encode()),
    (f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-{ID}.scope", b"container", ID.encode()),
    (f"0::/kubepods/besteffort/pod1/{ID}", b"container", ID.encode()),
    ("0::/machine.slice/machine-web\\x2d1.scope/payload/system.slice/ssh.service", b"container", b"web-1"),
    ("0::/machine.slice/systemd-nspawn@web.service/payload/init.scope", b"container", b"web"),
    ("0::/lxc.payload.web/system.slice/ssh.service", b"container", b"web"),
    ("0::/", b"", b""),
    ("", b"", b""),
    ("nonsense", b"", b""),
]


@pytest.mark.parametrize(("group", "kind", "name"), GROUPS, ids=[f"case_17_{number}" for number in range(len(GROUPS))])
def test_case_17_control_groups(group: str, kind: bytes, name: bytes) -> None:
    owner = systemd.owner(group.encode())
    assert (owner.kind, owner.name) == (kind, name)


def test_case_18_login_is_logged_out_not_restarted(server: Server) -> None:
    server.write("/run/systemd/sessions/4", "UID=1000\nUSER=alice\nTTY=pts/0\n")
    stale(server, 10, cgroup="0::/user.slice/user-1000.slice/session-4.scope")
    stale(server, 11, cgroup="0::/user.slice/user-1000.slice/session-5.scope", uid=1000)
    assert actions(server) == [("session", "alice", "logout", ["loginctl terminate-session 4", "loginctl terminate-session 5"])]
    assert server.run()["data"]["processes"][0]["session"] == {"id": "4", "user": "alice", "tty": "pts/0"}


def test_case_18_services_of_a_user(server: Server) -> None:
    group = "0::/user.slice/user-1000.slice/user@1000.service/"
    stale(server, 10, cgroup=group + "app.slice/sync.service")
    stale(server, 11, cgroup=group + "init.scope", comm="(sd-pam)")
    stale(server, 12, cgroup=group + "app.slice/dbus.service")
    assert actions(server) == [
        ("user_service", "alice/sync.service", "restart", ["systemctl --user -M alice@ restart sync.service"]),
        ("session", "alice", "logout", ["loginctl terminate-user alice"]),
        ("session", "alice/dbus.service", "logout", ["loginctl terminate-user alice"]),
    ]


# Case 19


def test_case_19_old_ssh_login_is_no_reason_to_restart_sshd(server: Server) -> None:
    server.process(100, comm="sshd", started=NOW - 50)
    stale(server, 200, cgroup="0::/system.slice/ssh.service", comm="sshd", started=NOW - 5000)
    server.systemd(ssh=unit(100, KillMode="process"))
    assert [item[:3] for item in actions(server)] == [("service", "ssh.service", "none")]
    finding = server.run()["findings"][0]
    assert (finding["rule"], finding["severity"]) == ("restart.leftover", "low")
    assert not any("systemctl restart" in command for command in finding["remedy"]["commands"])


def test_case_19_worker_older_than_its_main_process_is_left_over(server: Server) -> None:
    server.process(100, started=NOW - 50)
    stale(server, 200, started=NOW - 5000)
    server.systemd(app=unit(100))
    assert [item[2] for item in actions(server)] == ["none"]


def test_case_19_worker_of_a_main_process_without_the_library_is_restarted(server: Server) -> None:
    server.process(100, started=NOW - 5000)
    stale(server, 200, started=NOW - 4999)
    server.systemd(app=unit(100))
    assert actions(server) == [("service", "app.service", "restart", ["systemctl restart app.service"])]


def test_case_19_stale_listener_is_restarted_after_a_test(server: Server) -> None:
    stale(server, 100, cgroup="0::/system.slice/ssh.service", comm="sshd")
    server.systemd(ssh=unit(100, KillMode="process"))
    assert actions(server) == [("service", "ssh.service", "restart", ["sshd -t && systemctl restart ssh.service"])]


# Case 20


def test_case_20_container_is_never_a_unit_of_the_host(server: Server) -> None:
    server.installed("systemctl")
    stale(server, 10, cgroup=f"0::/system.slice/docker-{ID}.scope", namespace="2")
    stale(server, 11, cgroup="0::/system.slice/ssh.service", namespace="3")
    for pid in (10, 11):
        server.link(f"/proc/{pid}/root", server.path("/inner"))
        server.write(f"/inner/{LIBRARY}", elf(b"new"))
    server.write("/inner/etc/hostname", "web\n")
    server.write("/var/lib/dpkg/status", "Package: libssl3\nStatus: install ok installed\nVersion: 3.0\nArchitecture: amd64\n\n")
    server.write("/var/lib/dpkg/info/libssl3.list", LIBRARY + "\n")
    result = server.run()
    assert {(item["kind"], item["name"], item["action"]) for item in result["data"]["services"]} == {
        ("container", f"docker/{ID[:12]}", "recreate container"), ("container", "container/web", "recreate container")}
    assert all(file["package"] is None for row in result["data"]["processes"] for file in row["files"])
    assert not any("ssh.service" in command for item in result["data"]["services"] for command in item["commands"])


ALICE = "user.slice/user-1000.slice/user@1000.service"
AS_ALICE = "systemd-run --user -M 1000@ --wait --pipe"


@pytest.mark.parametrize(("group", "commands"), [
    (f"machine.slice/libpod-{ID}.scope/container", [f"podman ps --filter id={ID}", f"podman restart {ID}"]),
    (f"system.slice/web.service/libpod-payload-{ID}", ["systemctl restart web.service"]),
    (f"{ALICE}/user.slice/libpod-{ID}.scope/container", [f"{AS_ALICE} podman ps --filter id={ID}", f"{AS_ALICE} podman restart {ID}"]),
    (f"{ALICE}/app.slice/web.service/libpod-payload-{ID}", [f"{AS_ALICE} podman ps --filter id={ID}", f"{AS_ALICE} podman restart {ID}"]),
    (f"{ALICE}/app.slice/docker-{ID}.scope", [f"{AS_ALICE} docker ps --filter id={ID}", f"{AS_ALICE} docker restart {ID}"]),
])
def test_case_20_container_is_restarted_by_whose_it_is(server: Server, group: str, commands: list[str]) -> None:
    stale(server, 10, cgroup=f"0::/{group}", namespace="2")
    server.link("/proc/10/root", server.path("/"))
    assert [item[3] for item in actions(server)] == [commands]


@pytest.mark.parametrize("exe", ["/usr/bin/conmon", "/usr/bin/containerd-shim-runc-v2", "/usr/bin/catatonit"])
def test_case_20_helper_of_a_container_is_no_reason_to_restart_the_engine(server: Server, exe: str) -> None:
    stale(server, 10, exe=exe, cgroup="0::/system.slice/containerd.service")
    assert actions(server) == [("container", os.path.basename(exe), "recreate container", [])]


# Case 22


@pytest.mark.parametrize(("name", "properties", "wanted"), [
    ("app", {"RefuseManualStop": "yes"}, "reboot"),
    ("app", {"Type": "oneshot"}, "none"),
    ("auditd", {"RefuseManualStop": "yes"}, "restart"),
    ("app@1-10.0.0.1:22", {"TriggeredBy": "app.socket"}, "none"),
    ("app", {"TriggeredBy": "app.socket"}, "restart"),
])
def test_case_22_units_of_their_own_kind(server: Server, name: str, properties: dict[str, str], wanted: str) -> None:
    stale(server, 10, cgroup=f"0::/system.slice/{name}.service")
    server.systemd(one=unit(10, **properties))
    found = actions(server)
    assert [item[2] for item in found] == [wanted]
    if name == "auditd":
        assert found[0][3] == ["service auditd restart"]


def test_case_22_one_call_for_all_units(server: Server) -> None:
    for number in range(5):
        stale(server, 10 + number, cgroup=f"0::/system.slice/app{number}.service")
    server.systemd(**{f"app{number}": unit(10 + number) for number in range(5)})
    assert len(actions(server)) == 5
    assert [os.path.basename(argv[0]) for argv in server.asked] == [b"systemctl"]
    assert len([word for word in server.asked[0] if word.endswith(b".service")]) == 5


# Case 24


@pytest.mark.parametrize("name", ["dbus.service", "dbus-broker.service", "systemd-logind.service", "lxcfs.service"])
def test_case_24_never_restarted(server: Server, name: str) -> None:
    stale(server, 10, cgroup=f"0::/system.slice/{name}")
    result = server.run()
    assert [(item["action"], item["commands"]) for item in result["data"]["services"]] == [("reboot", [])]
    assert result["data"]["reboot"]["level"] == "soft-reboot"
    assert not any("restart" in command for finding in result["findings"] for command in finding["remedy"]["commands"])


@pytest.mark.parametrize(("name", "command", "words"), [
    ("virtlogd.service", "systemctl reload virtlogd.service", "keeps the consoles"),
    ("virtlockd.service", "systemctl reload virtlockd.service", "keeps the locks"),
    ("docker.service", "systemctl restart docker.service", "live-restore"),
    ("networking.service", "systemctl restart networking.service", "takes the network down"),
    ("openvpn@office.service", "systemctl restart openvpn@office.service", "tunnel"),
])
def test_case_24_what_a_restart_costs_is_said(server: Server, name: str, command: str, words: str) -> None:
    server.boot_systemd()
    stale(server, 10, cgroup=f"0::/system.slice/{name}")
    finding = server.run()["findings"][0]
    assert finding["remedy"]["commands"] == [command]
    assert words in finding["remedy"]["text"]


@pytest.mark.parametrize(("known", "command"), [(True, "systemctl soft-reboot"), (False, "systemctl reboot")])
def test_case_24_soft_reboot_only_where_systemd_knows_it(server: Server, known: bool, command: str) -> None:
    server.boot_systemd()
    stale(server, 10, cgroup="0::/system.slice/dbus.service")
    if known:
        server.write("/usr/lib/systemd/system/soft-reboot.target")
    assert [finding["remedy"]["commands"] for finding in server.run()["findings"]] == [[command]]


def test_case_24_systemd_replaces_itself(server: Server) -> None:
    stale(server, 1, ppid=0, exe="/usr/lib/systemd/systemd", cgroup="0::/init.scope", comm="systemd")
    assert actions(server) == [("service", "systemd", "daemon-reexec", ["systemctl daemon-reexec"])]
    assert server.run()["data"]["reboot"]["required"] is False


def test_case_24_c_library_under_everything(server: Server) -> None:
    server.write("/usr/lib/libc.so.6", elf(b"new"))
    for number in range(12):
        server.process(number + 1, server.line("/usr/lib/libc.so.6 (deleted)", 999999), cgroup=f"0::/system.slice/app{number}.service")
        server.running(number + 1, elf(b"old"))
    reboot = server.run()["data"]["reboot"]
    assert "libc" in [reason["source"] for reason in reboot["reasons"]]


# Order, severity, safety


def test_safe_order(server: Server) -> None:
    names = ["init.scope", "ssh.service", "nginx.service", "cron.service", "systemd-networkd.service", "dbus.service"]
    for number, name in enumerate(names):
        stale(server, number + 1, cgroup=f"0::/system.slice/{name}", exe="/usr/lib/systemd/systemd" if number == 0 else "/usr/sbin/x")
    assert [item[1] for item in actions(server)] == [
        "systemd", "cron.service", "nginx.service", "systemd-networkd.service", "ssh.service", "dbus.service"]


SOCKET = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" \
    "   0: {address}:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1\n"


@pytest.mark.parametrize(("address", "library", "wanted"), [
    ("00000000", LIBRARY, "high"),
    ("0100007F", LIBRARY, "medium"),
    ("", LIBRARY, "medium"),
    ("00000000", "/usr/lib/libharmless.so.1", "medium"),
    ("", "/usr/lib/libharmless.so.1", "low"),
])
def test_severity(server: Server, address: str, library: str, wanted: str) -> None:
    server.write(library, elf(b"new"))
    server.process(10, server.line(library + " (deleted)", 999999))
    server.running(10, elf(b"old"))
    if address:
        server.link("/proc/10/fd/3", "socket:[777]")
        server.write("/proc/10/net/tcp", SOCKET.format(address=address))
    assert [finding["severity"] for finding in server.run()["findings"]] == [wanted]


def test_commands_quote_what_came_from_the_server(server: Server) -> None:
    stale(server, 10, cgroup="0::/system.slice/a;reboot$(id).service")
    command = actions(server)[0][3][0]
    assert shlex.split(command) == ["systemctl", "restart", "a;reboot$(id).service"]


@pytest.mark.parametrize(("group", "words"), [
    ("system.slice/-Hevil.service", ["systemctl", "restart", "--", "-Hevil.service"]),
    ("system.slice/--host=evil.scope", ["systemctl", "status", "--", "--host=evil.scope"]),
    ("user.slice/user-1000.slice/user@1000.service/app.slice/-Hevil.service", ["systemctl", "--user", "-M", "alice@", "restart", "--", "-Hevil.service"]),
    ("user.slice/user-1000.slice/user@1000.service/machine.slice/machine--Hevil.scope/x", [*AS_ALICE.split(), "machinectl", "status", "--", "-Hevil"]),
    ("lxc/--help/x", ["lxc-info", "--name=--help"]),
])
def test_a_name_is_never_an_option(server: Server, group: str, words: list[str]) -> None:
    stale(server, 10, cgroup=f"0::/{group}")
    assert shlex.split(actions(server)[0][3][0]) == words


def test_findings_have_subjects_of_their_own_and_no_numbers_that_change(server: Server) -> None:
    for number, group in enumerate(("system.slice/a.service", "system.slice/b.service", "user.slice/user-1000.slice/session-4.scope", "")):
        stale(server, 4000 + number, cgroup=f"0::/{group}")
    subjects = [(finding["rule"], finding["subject"]) for finding in server.run()["findings"]]
    assert len(set(subjects)) == 4
    assert not any("400" in subject for _rule, subject in subjects)


def test_many_processes_of_a_user_do_not_push_a_service_out_of_the_report(server: Server) -> None:
    for number in range(600):
        stale(server, 1000 + number, exe=f"/home/alice/{number}", cgroup="0::/", uid=1000)
    stale(server, 99, cgroup="0::/system.slice/web.service")
    result = server.run()
    assert "restart.service" in {finding["rule"] for finding in result["findings"]}
    assert result["status"] == "incomplete"
    assert "500 findings of restart.process more than the 100 shown" in result["status_reason"]


def test_case_28_clock_that_jumped_changes_no_verdict(server: Server) -> None:
    for number, started in enumerate((BOOT - 90000, BOOT, NOW + 90000)):
        stale(server, 10 + number, started=started)
    assert [row["stale"] for row in server.run()["data"]["processes"]] == [True, True, True]


def test_case_29_same_answer_twice(server: Server) -> None:
    for number in range(20):
        stale(server, 10 + number, cgroup=f"0::/system.slice/app{number % 7}.service")
    assert server.run() == server.run()


def test_title_and_evidence_are_escaped_and_capped(server: Server) -> None:
    name = "/opt/" + "x" * 200 + "\x1b[31m{{ 7*7 }}<script>.so"
    server.write(name, elf(b"new"))
    server.process(10, server.line(name + " (deleted)", 999999), comm="\x1b]0;x\x07")
    server.running(10, elf(b"old"))
    written = str(server.run())
    assert "\x1b" not in written and "\\x1b" in written
