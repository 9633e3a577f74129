# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases S1 to S28 that a reader of denials must get right."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import needs
import pytest
from denials_lines import BEGIN, avc, judge, server, syscall, totals, write

from ansible_collections.bottomup.security.plugins.module_utils.checks import denials
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_records import fields_of, head_of, shape_of
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_tally import COARSE_LIMIT, GROUPS_LIMIT, Tally
from ansible_collections.bottomup.security.plugins.module_utils.host import logs
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command

AUDIT = "var/log/audit/audit.log"


def only_group(result):
    assert len(result["data"]["groups"]) == 1, result["data"]["groups"]
    return result["data"]["groups"][0]


def test_s1_two_records_of_one_event(tmp_path):
    result = judge(tmp_path, avc(7, perms="read"), avc(7, perms="open"), syscall(7))
    assert totals(result) == {"records": 2, "events": 1, "denied": 2, "blocked": 2}


def test_s2_interlaced_events_have_each_their_own_call(tmp_path):
    result = judge(
        tmp_path,
        avc(103, comm='"a"', permissive=""), avc(104, comm='"b"', permissive="", when=BEGIN + 61),
        syscall(104, when=BEGIN + 61), syscall(103, success="yes", exit=3),
    )
    by_comm = {group["comm"]: group for group in result["data"]["groups"]}
    assert (by_comm["a"]["blocked"], by_comm["a"]["call_succeeded"], by_comm["a"]["exit"]) == ("allowed or not needed", True, "3")
    assert (by_comm["b"]["blocked"], by_comm["b"]["call_succeeded"], by_comm["b"]["exit"]) == ("blocked", False, "-13")


@pytest.mark.parametrize("between", [10, 200, 1000])
def test_s2_far_apart(tmp_path, between):
    noise = [f"type=CWD msg=audit({BEGIN + 60}.000:{9000 + number}): cwd=\"/\"" for number in range(between)]
    group = only_group(judge(tmp_path, avc(5, permissive=""), *noise, syscall(5, success="yes", exit=0)))
    assert group["blocked"] == "allowed or not needed"


@pytest.mark.parametrize("written, read", [
    ("70617373776420636F7079", "passwd copy"),
    ('"DEADBEEF"', "DEADBEEF"),
    ("local", "local"),
    ("ABC", "ABC"),
    ("(null)", ""),
])
def test_s3_hex_of_a_name(tmp_path, written, read):
    assert only_group(judge(tmp_path, avc(comm=written)))["comm"] == read


@pytest.mark.parametrize("written, read", [
    ("2F746D702F6100622F63", "/tmp/a\\x00b/c"),
    ("2F746D702FFF", "/tmp/\\xff"),
    ("2F746D702F1B5B32", "/tmp/\\x1b[2"),
])
def test_s4_names_that_are_no_text(tmp_path, written, read):
    result = judge(tmp_path, avc(what=f" path={written}"))
    assert only_group(result)["paths"] == [read]
    json.dumps(result).encode("utf-8")


@pytest.mark.parametrize("separator", ["\x1d", ""])
def test_s5_names_repeated_behind_the_record(tmp_path, separator):
    line = (
        f'type=AVC msg=audit({BEGIN}.900:113): apparmor="DENIED" operation="open" class="file" profile="/usr/sbin/mysqld" name="/srv/x" pid=300 '
        f'comm="mysqld" requested_mask="r" denied_mask="r" fsuid=112 ouid=0{separator}FSUID="mysql" OUID="root"'
    )
    group = only_group(judge(tmp_path, line))
    assert (group["source_type"], group["comm"], group["paths"], group["perms"]) == ("/usr/sbin/mysqld", "mysqld", ["/srv/x"], ["r"])


def test_s5_a_key_whose_separator_was_lost():
    line = syscall(1).replace("key=(null)", 'key=(null)ARCH=x86_64 SYSCALL=openat AUID="unset" UID="apache"')
    fields = fields_of(head_of(line.encode()).body)
    assert (fields[b"exe"], fields[b"success"], fields[b"exit"]) == (b"/usr/sbin/httpd", b"no", b"-13")


BODY = "avc:  denied  { read } for  pid=1 comm=\"x\" name=\"f\" scontext=u:r:a_t:s0 tcontext=u:r:b_t:s0 tclass=file permissive=0"


@pytest.mark.parametrize("line, node", [
    (f"node=web1 type=AVC msg=audit({BEGIN}.001:9): {BODY}", "web1"),
    (f"host=web1 type=AVC msg=audit({BEGIN}.001:9): {BODY}", "web1"),
    (f"Sep 12 06:00:00 web1 kernel: audit({BEGIN}.001:9): {BODY}", ""),
    (f"Sep 12 06:00:00 web1 kernel: [  12.345678] audit: type=1400 audit({BEGIN}.001:9): {BODY}", ""),
    (f"2026-09-12T06:00:00+02:00 web1 kernel: type=1400 audit({BEGIN}.001:9): {BODY}", ""),
    (f"Sep 12 06:00:00 web1 audispd: node=web1 type=AVC msg=audit({BEGIN}.001:9): {BODY}", "web1"),
])
def test_s6_prefixes(tmp_path, line, node):
    result = judge(tmp_path, line)
    group = only_group(result)
    assert (group["source_type"], group["target_type"], group["blocked"], group["hosts"]) == ("a_t", "b_t", "blocked", [node] if node else [])
    assert totals(result) == {"records": 1, "events": 1, "denied": 1, "blocked": 1}


def test_s7_granted_setenforce_is_an_event(tmp_path):
    line = avc(perms="setenforce", comm='"setenforce"', what="", target="system_u:object_r:security_t:s0", tclass="security", permissive="")
    result = judge(tmp_path, line.replace("denied", "granted"))
    assert totals(result) == {"records": 1, "events": 1, "granted": 1}
    assert [event["type"] for event in result["data"]["events"]] == ["setenforce"]
    assert result["data"]["groups"] == []


USER_AVC = (
    f"type=USER_AVC msg=audit({BEGIN}.700:109): pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 msg='avc:  %s  "
    'exe="/usr/lib/systemd/systemd" sauid=0 hostname=? addr=? terminal=?\''
)
START = (
    'denied  { start } for auid=n/a uid=0 gid=0 path="/usr/lib/systemd/system/foo.service" cmdline="systemctl start foo" function="mac_selinux_filter" '
    "scontext=system_u:system_r:sshd_t:s0 tcontext=system_u:object_r:systemd_unit_file_t:s0 tclass=service permissive=0"
)


def test_s8_a_userspace_manager_denies(tmp_path):
    result = judge(tmp_path, USER_AVC % START)
    group = only_group(result)
    assert (group["kind"], group["source_type"], group["target_type"], group["tclass"]) == ("user_avc", "sshd_t", "systemd_unit_file_t", "service")
    assert group["exe"] == "/usr/lib/systemd/systemd"
    assert group["paths"] == ["/usr/lib/systemd/system/foo.service"]
    assert totals(result) == {"records": 1, "events": 1, "denied": 1, "user_avc": 1, "blocked": 1}


@pytest.mark.parametrize("notice, kind", [
    ("op=setenforce lsm=selinux enforcing=0 res=1", "setenforce"),
    ("received setenforce notice (enforcing=0)", "setenforce"),
    ("received policyload notice (seqno=2)", "notice"),
    ("op=load_policy lsm=selinux seqno=3 res=1", "notice"),
])
def test_s9_a_notice_is_an_event(tmp_path, notice, kind):
    result = judge(tmp_path, USER_AVC % notice)
    assert totals(result) == {"records": 1, "events": 1}
    assert [event["type"] for event in result["data"]["events"]] == [kind]
    assert ")" not in result["data"]["events"][0]["detail"]
    assert result["findings"] == []


def test_s10_permissive_is_not_blocked(tmp_path):
    result = judge(tmp_path, avc(permissive=" permissive=1"), syscall(success="yes", exit=3))
    assert only_group(result)["blocked"] == "allowed (permissive)"
    assert totals(result) == {"records": 1, "events": 1, "denied": 1, "allowed_permissive": 1}
    assert [(item["rule"], item["severity"]) for item in result["findings"]] == [("denials.selinux_allowed", "info")]


@pytest.mark.parametrize("companion, blocked", [
    ([syscall(success="no")], "blocked"),
    ([syscall(success="yes", exit=3)], "allowed or not needed"),
    ([], "unknown"),
])
def test_s11_permissive_absent(tmp_path, companion, blocked):
    assert only_group(judge(tmp_path, avc(permissive=""), *companion))["blocked"] == blocked


def test_blocked_yet_the_call_succeeded(tmp_path):
    group = only_group(judge(tmp_path, avc(), syscall(success="yes", exit=3)))
    assert (group["blocked"], group["call_succeeded"]) == ("blocked", True)


@pytest.mark.parametrize("body, source, target, blocked", [
    ('op=security_compute_sid invalid_context="unconfined_u:unconfined_r:foo_t:s0" scontext=unconfined_u:unconfined_r:unconfined_t:s0 '
     "tcontext=system_u:object_r:bin_t:s0 tclass=process", "unconfined_t", "bin_t", "unknown"),
    ("security_compute_sid:  invalid context user_u:user_r:foo_t:s0 for scontext=user_u:user_r:user_t:s0 tcontext=system_u:object_r:bin_t:s0 tclass=process",
     "user_t", "bin_t", "unknown"),
    ("op=security_bounded_transition seresult=denied oldcontext=system_u:system_r:init_t:s0 newcontext=system_u:system_r:httpd_t:s0",
     "init_t", "httpd_t", "blocked"),
])
def test_s12_selinux_err(tmp_path, body, source, target, blocked):
    result = judge(tmp_path, f"type=SELINUX_ERR msg=audit({BEGIN}.800:111): {body}")
    group = only_group(result)
    assert (group["kind"], group["source_type"], group["target_type"], group["blocked"]) == ("selinux_err", source, target, blocked)
    assert totals(result) == {"records": 1, "events": 1, "selinux_err": 1, blocked: 1}


APPARMOR = (
    'type=AVC msg=audit({when}:{serial}): apparmor="{said}" operation="open" class="file" profile="resolvconf" name={name} pid=301 comm="resolvconf" '
    'requested_mask="r" denied_mask="r" fsuid=0 ouid=0'
)


def test_s13_apparmor(tmp_path):
    lines = [
        APPARMOR.format(when=f"{BEGIN}.900", serial=number, said=said, name="2F6574632F72206E")
        for number, said in enumerate(["DENIED", "ALLOWED", "ALLOWED"])
    ]
    lines.append(f'type=AVC msg=audit({BEGIN}.901:9): apparmor="STATUS" operation="profile_replace" profile="unconfined" name="x" pid=1 comm="apparmor_parser"')
    result = judge(tmp_path, *lines)
    assert totals(result) == {"records": 4, "events": 4, "apparmor_denied": 1, "apparmor_allowed": 2, "blocked": 1, "allowed_permissive": 2}
    assert [(group["decision"], group["blocked"], group["paths"]) for group in result["data"]["groups"]] == [
        ("denied", "blocked", ["/etc/r n"]), ("allowed", "allowed (permissive)", ["/etc/r n"])]
    assert [(item["rule"], item["severity"]) for item in result["findings"]] == [("denials.apparmor", "medium"), ("denials.apparmor_allowed", "info")]


def test_s13_apparmor_from_the_bus(tmp_path):
    line = (
        f"type=USER_AVC msg=audit({BEGIN}.1:5): pid=700 uid=102 auid=4294967295 ses=4294967295 subj=unconfined msg='apparmor=\"DENIED\" "
        'operation="dbus_method_call"  bus="system" path="/org/freedesktop/login1" interface="org.x" member="Get" mask="send" name="org.y" pid=9 '
        'label="/usr/bin/foo" peer_pid=1 peer_label="unconfined" exe="/usr/bin/dbus-daemon" sauid=102 hostname=? addr=? terminal=?\''
    )
    group = only_group(judge(tmp_path, line))
    assert (group["kind"], group["source_type"], group["target_type"], group["tclass"]) == ("apparmor", "/usr/bin/foo", "unconfined", "dbus_method_call")


@pytest.mark.parametrize("sig, code, decision, perms", [
    (31, "0x80000000", "denied", ["kill_process"]),
    (31, "0x0", "denied", ["kill_thread"]),
    (0, "0x50001", "denied", ["errno"]),
    (0, "0x7ffc0000", "logged", ["log"]),
])
def test_s14_seccomp(tmp_path, sig, code, decision, perms):
    line = (
        f'type=SECCOMP msg=audit({BEGIN}.000:115): auid=1000 uid=1000 gid=1000 ses=1 subj=unconfined pid=400 comm="chrome" exe="/opt/chrome" '
        f"sig={sig} arch=c000003e syscall=8 compat=0 ip=0x7f code={code}"
    )
    result = judge(tmp_path, line)
    group = only_group(result)
    assert (group["decision"], group["perms"], group["exe"], result["data"]["totals"]["seccomp"]) == (decision, perms, "/opt/chrome", 1)


def test_s15_enforcing_switched_off(tmp_path):
    result = judge(tmp_path, f"type=MAC_STATUS msg=audit({BEGIN}.401:106): enforcing=0 old_enforcing=1 auid=1000 ses=3 enabled=1 old-enabled=1 res=1")
    item = result["findings"][0]
    assert (item["rule"], item["severity"], "1000" in item["title"]) == ("denials.enforcing_off", "critical", True)
    assert result["data"]["events"][0]["auid"] == "1000"


def test_s16_contexts_that_the_policy_does_not_know(tmp_path):
    line = avc(what=' path="/srv/f"', target="system_u:object_r:unlabeled_t:s0") + ' srawcon="u:r:gone_t:s0" trawcon="u:object_r:gone_file_t:s0"'
    group = only_group(judge(tmp_path, line))
    assert (group["cause"], group["suggestion"]["commands"]) == ("unknown_type", ["restorecon -Rv /srv/f"])
    assert "gone_file_t" in group["suggestion"]["text"]


def test_s17_ioctl_command_keeps_groups_apart(tmp_path):
    lines = [avc(number, perms="ioctl", what=f' path="/dev/y" dev="devtmpfs" ino=1 ioctlcmd={command}') for number, command in enumerate(["0x5401", "0x5402"])]
    assert len(judge(tmp_path, *lines)["data"]["groups"]) == 2


@pytest.mark.parametrize("context, kind", [
    ("unconfined_u:unconfined_r:passwd_t:s0-s0:c0.c1023", "passwd_t"),
    ("system_u:system_r:container_t:s0:c1,c2", "container_t"),
    ("user_u:user_r:user_t", "user_t"),
    ("unconfined", "unconfined"),
])
def test_s18_the_type_is_the_third_field(tmp_path, context, kind):
    assert only_group(judge(tmp_path, avc(source=context)))["source_type"] == kind


def test_s19_an_unfinished_line_is_left_for_the_next_time(tmp_path):
    path = write(tmp_path / "a.log", avc(1), avc(2)[:-30], end=b"")
    result = denials.run({"since": "all", "audit_logs": ["/a.log"]}, server(tmp_path))
    assert totals(result) == {"records": 1, "events": 1, "denied": 1, "blocked": 1}
    path.write_bytes(path.read_bytes() + avc(2)[-30:].encode() + b"\n")
    result = denials.run({"since": "all", "audit_logs": ["/a.log"]}, server(tmp_path))
    assert result["data"]["totals"]["denied"] == 2


def test_s19_a_line_cut_short_is_malformed(tmp_path):
    result = judge(tmp_path, avc(1), f'type=AVC msg=audit({BEGIN}.000:120): avc:  denied  {{ write }} for  pid=504 comm="trunc')
    assert (result["status"], result["data"]["totals"]["malformed"]) == ("incomplete", 1)


def test_s20_rotated_parts_plain_and_packed(tmp_path):
    write(tmp_path / AUDIT, avc(3))
    write(tmp_path / (AUDIT + ".1"), avc(2))
    write(tmp_path / (AUDIT + ".2.gz"))
    (tmp_path / (AUDIT + ".2.gz")).write_bytes(gzip.compress(avc(1).encode() + b"\n"))
    result = denials.run({"since": "all"}, server(tmp_path))
    assert (result["data"]["totals"]["denied"], result["data"]["window"]["source"]) == (3, "audit.log")
    assert result["status"] == "findings"


def test_s20_rotated_between_finding_and_opening(tmp_path, monkeypatch):
    write(tmp_path / AUDIT, avc(1))
    machine = server(tmp_path)
    opened: list[bool] = []

    class Rotating(logs.Log):
        def __init__(self, machine, rotation):
            if not opened:  # auditd rotates just now
                opened.append(True)
                os.rename(tmp_path / AUDIT, tmp_path / (AUDIT + ".1"))
                write(tmp_path / AUDIT, avc(2))
            super().__init__(machine, rotation)

    monkeypatch.setattr(logs, "Log", Rotating)
    result = denials.run({"since": "all"}, machine)
    assert (result["data"]["totals"]["denied"], result["status"]) == (2, "findings")


def test_s20_truncated_while_it_is_read(tmp_path):
    path = write(tmp_path / "var/log/x.log", *[avc(number) for number in range(10000)])
    found, _problems = logs.open_logs(server(tmp_path), logs.rotations(server(tmp_path), b"/var/log/x.log"))
    with found[0] as log:
        blocks = log.blocks()
        next(blocks)
        path.write_bytes(b"")
        assert b"".join(blocks) == b""
        assert log.problems == ["/var/log/x.log: truncated while it was read"]


def test_s20_the_hole_of_a_log_that_was_emptied_in_use_is_not_read(tmp_path):
    path = write(tmp_path / "var/log/x.log", avc(1))
    line = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(1 << 40)
        file.seek(1 << 40)
        file.write(line)
    found, _problems = logs.open_logs(server(tmp_path), logs.rotations(server(tmp_path), b"/var/log/x.log"))
    with found[0] as log:
        text = b"".join(log.blocks())
        assert text.startswith(line) and text.endswith(b"\0" + line) and len(text) < 1 << 20
        assert log.problems == []


def test_s20_a_damaged_archive_is_read_as_far_as_it_goes(tmp_path):
    packed = gzip.compress(b"".join(avc(number).encode() + b"\n" for number in range(20000)))
    (tmp_path / "a.log.1.gz").write_bytes(packed[: len(packed) // 2])
    result = denials.run({"since": "all", "audit_logs": ["/a.log*"]}, server(tmp_path))
    assert result["status"] == "incomplete"
    assert "damaged or cut short" in result["status_reason"]
    assert 0 < result["data"]["totals"]["denied"] < 20000


def test_s21_clock_set_back(tmp_path):
    """Two days' records, the clock an hour back in the middle of the second: everything inside the window is found."""
    day = 86400
    times = [BEGIN - 2 * day + second for second in range(0, 2 * day, 20)]
    step = len(times) * 3 // 4
    times = times[:step] + [when - 3600 for when in times[step:]]
    write(tmp_path / "a.log", *[avc(number, when=when) for number, when in enumerate(times)])
    since = times[step] + 1800  # twice passed through: before the step, and after it
    result = denials.run({"since": since, "audit_logs": ["/a.log"]}, server(tmp_path))
    assert result["data"]["totals"]["denied"] == sum(when >= since for when in times)


@pytest.mark.parametrize("line", [
    "audit: audit_lost=12 audit_rate_limit=0 audit_backlog_limit=64",
    "audit: backlog limit exceeded",
    "audit: rate limit exceeded",
    "kauditd_printk_skb: 37 callbacks suppressed",
])
def test_s22_lost_records_make_it_incomplete(tmp_path, line):
    write(tmp_path / "var/log/kern.log", f"2023-11-14T22:20:00+00:00 web1 kernel: [ 1.0] {line}")
    result = denials.run({"since": "24h"}, server(tmp_path))
    assert result["status"] == "incomplete"
    assert "dropped audit records" in result["status_reason"]
    assert result["data"]["window"]["complete"] is False


def test_s22_lost_before_the_window_is_no_matter(tmp_path):
    old, new = "2023-11-10T22:20:00+00:00 web1 kernel: [ 1.0] audit: backlog limit exceeded", "2023-11-14T22:20:00+00:00 web1 kernel: up"
    write(tmp_path / "var/log/kern.log", old, new)
    result = denials.run({"since": "24h"}, server(tmp_path))
    assert (result["status"], result["data"]["window"]["gaps"]) == ("not_applicable", [])


def test_s22_lost_while_auditd_wrote_the_rest(tmp_path):
    write(tmp_path / AUDIT, f"type=DAEMON_START msg=audit({BEGIN - 90000}.000:1): op=start", avc(1))
    write(tmp_path / "run/auditd.pid", "77")
    write(tmp_path / "proc/77/comm", "auditd")
    write(tmp_path / "var/log/kern.log", "2023-11-14T22:20:00+00:00 web1 kernel: [ 1.0] audit: backlog limit exceeded")
    assert denials.run({}, server(tmp_path))["status"] == "incomplete"


def test_s23_what_is_not_logged_is_said(tmp_path):
    write(tmp_path / "sys/fs/selinux/enforce", "1", end=b"")
    write(tmp_path / "etc/selinux/config", "SELINUX=enforcing", "SELINUXTYPE=targeted")
    write(tmp_path / AUDIT, f"type=DAEMON_START msg=audit({BEGIN}.000:1): op=start")
    result = denials.run({}, server(tmp_path))
    assert result["status"] == "ok"
    assert any("dontaudit" in note for note in result["data"]["notes"])


def test_s24_the_same_record_in_two_sources_counts_once(tmp_path):
    entry = "\n".join([
        "_TRANSPORT=audit", "_AUDIT_TYPE=1400", "_AUDIT_ID=SERIAL", f"_SOURCE_REALTIME_TIMESTAMP={BEGIN + 60}000000",
        "MESSAGE=AVC " + avc().split("): ", 1)[1],
    ])
    write(tmp_path / AUDIT, avc(1), avc(2))
    write(tmp_path / "usr/bin/journalctl").chmod(0o755)
    write(tmp_path / "var/log/journal/0123/system.journal")
    export = "\n\n".join(entry.replace("SERIAL", str(serial)) for serial in (2, 3)) + "\n\n"
    result = denials.run({"since": "all"}, server(tmp_path, lambda argv: Command(0, export.encode(), b"", False, False)))
    assert result["data"]["window"]["source"] == "audit.log + journal"
    assert totals(result) == {"records": 3, "events": 3, "denied": 3, "blocked": 3, "copies": 1}


def test_s25_fields_in_another_order(tmp_path):
    usual = only_group(judge(tmp_path, avc()))
    line = (
        f'type=AVC msg=audit({BEGIN}.000:9): avc: denied {{ read }} for comm="httpd" dev="dm-0" name="f" pid=10581 '
        "tclass=file permissive=0 tcontext=system_u:object_r:user_home_t:s0 scontext=system_u:system_r:httpd_t:s0"
    )
    assert only_group(judge(tmp_path, line))["id"] == usual["id"]


AS_NOBODY = """
import sys, json
sys.path.insert(0, sys.argv[1])
from ansible_collections.bottomup.security.plugins.module_utils.checks import denials
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
print(json.dumps(denials.run({"since": "all"}, Machine(sys.argv[2].encode()))))
"""


@pytest.mark.parametrize("mode_of_folder", [0o700, 0o755])
def test_s26_not_readable_is_not_zero_denials(mode_of_folder):
    needs.root()
    folder = Path(tempfile.mkdtemp(prefix="denials-"))
    try:
        write(folder / AUDIT, avc(1)).chmod(0o600)
        (folder / AUDIT).parent.chmod(mode_of_folder)
        folder.chmod(0o755)
        source = folder / "lib"
        package = source / "ansible_collections/bottomup/security/plugins/module_utils"
        here = Path(denials.__file__).resolve().parent
        shutil.copytree(here, package / "checks", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(here.parent / "host", package / "host", ignore=shutil.ignore_patterns("__pycache__"))
        python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
        command = [python, "-I", "-c", AS_NOBODY, str(source), str(folder)]
        done = subprocess.run(command, user=65534, group=65534, extra_groups=[], capture_output=True, check=True)
        result = json.loads(done.stdout)
        assert result["status"] == "incomplete"
        assert "Permission denied" in result["status_reason"]
    finally:
        shutil.rmtree(folder)


def test_s27_a_hundred_thousand_groups(tmp_path):
    class NoCompanion:
        def companion(self, kind, ident):
            return None

    tally = Tally()
    reader = NoCompanion()
    for number in range(100000):
        tally.add(avc(number, comm=f'"p{number:x}"', source=f"u:r:t{number % 1000}_t:s0").encode(), reader)
    assert tally.totals["denied"] == tally.totals["blocked"] == 100000
    assert len(tally.groups) <= GROUPS_LIMIT + COARSE_LIMIT
    assert sum(group.count for group in tally.groups.values()) + tally.totals["ungrouped"] == 100000


def test_s27_what_was_cut_is_said(tmp_path):
    result = judge(tmp_path, *[avc(number, comm=f'"p{number:x}"') for number in range(3000)])
    assert len(result["data"]["groups"]) == 200
    assert result["data"]["cut"]["groups"] > 0
    assert (result["status"], result["data"]["totals"]["denied"]) == ("incomplete", 3000)


def test_s28_avc_path_of_old_kernels(tmp_path):
    line = avc(4, what=' name="index.html" dev=dm-0 ino=7996439', target="system_u:object_r:var_t:s0", permissive="")
    group = only_group(judge(tmp_path, f'type=AVC_PATH msg=audit({BEGIN + 60}.000:4):  path="/var/www/html/index.html"', syscall(4), line))
    assert (group["paths"], group["cause"], group["suggestion"]["commands"]) == (
        ["/var/www/html/index.html"], "label", ["restorecon -Rv /var/www/html/index.html"])


def test_a_name_is_completed_from_path_and_cwd(tmp_path):
    group = only_group(judge(
        tmp_path, avc(4, what=' name="maildrop" dev=hda7 ino=1'), syscall(4), f'type=CWD msg=audit({BEGIN + 60}.000:4):  cwd="/var/spool/postfix"',
        f'type=PATH msg=audit({BEGIN + 60}.000:4): item=0 name="maildrop" inode=1 dev=03:07 mode=040730 ouid=890 ogid=891 rdev=00:00',
    ))
    assert group["paths"] == ["/var/spool/postfix/maildrop"]


@pytest.mark.parametrize("garbage", [b"\0" * 100000, b"\xff\xfe" * 50000, b"A" * 1000000, b"type=AVC msg=audit(" + b"9" * 1000000, b"audit(" * 20000])
def test_garbage_between_records(tmp_path, garbage):
    result = judge(tmp_path, avc(1), garbage, avc(2), garbage[:-1], avc(3))
    assert result["data"]["totals"]["denied"] == 3
    json.dumps(result)


def test_shape_of_an_unknown_body_is_malformed():
    assert shape_of(b"AVC", b"avc:  whatever") is None
