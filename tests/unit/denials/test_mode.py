# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether SELinux and AppArmor are on, and as they are configured."""

from __future__ import annotations

import os

import pytest
from denials_lines import BEGIN, server, write

from ansible_collections.bottomup.security.plugins.module_utils.checks import denials


def host(root, enforce=None, config=None, cmdline="root=/dev/sda1 ro", policy="targeted"):
    if enforce is not None:
        write(root / "sys/fs/selinux/enforce", enforce, end=b"")
    if config is not None:
        write(root / "etc/selinux/config", "# SELINUX=disabled", f"SELINUX={config}", f"SELINUXTYPE={policy}")
    write(root / "proc/cmdline", cmdline)
    write(root / "var/log/audit/audit.log", f"type=DAEMON_START msg=audit({BEGIN}.000:1): op=start")


@pytest.mark.parametrize("enforce, config, cmdline, rules", [
    ("1", "enforcing", "ro", []),
    ("0", "enforcing", "ro", [("critical", "denials.mode_permissive")]),
    ("0", "enforcing", "ro enforcing=0", [("critical", "denials.mode_permissive"), ("high", "denials.boot_override")]),
    (None, "enforcing", "ro selinux=0", [("critical", "denials.mode_disabled"), ("high", "denials.boot_override")]),
    (None, "enforcing", "ro", [("critical", "denials.mode_disabled")]),
    ("1", "permissive", "ro", [("high", "denials.mode_config")]),
    ("1", "disabled", "ro", [("high", "denials.mode_config")]),
    ("0", "permissive", "ro", []),
    ("0", None, "ro", [("high", "denials.mode_permissive")]),
    (None, "disabled", "ro", []),
    (None, None, "ro", []),
])
def test_mode(tmp_path, enforce, config, cmdline, rules):
    host(tmp_path, enforce, config, cmdline)
    result = denials.run({}, server(tmp_path))
    assert [(item["severity"], item["rule"]) for item in result["findings"]] == rules
    mode = result["data"]["mode"]
    assert (mode["enabled"], mode["config"]) == (enforce is not None, config)
    assert mode["runtime"] == {"1": "enforcing", "0": "permissive", None: "disabled"}[enforce]
    assert result["status"] == ("findings" if rules else "ok" if enforce else "not_applicable")


def test_the_last_setting_wins(tmp_path):
    host(tmp_path, "1", "enforcing")
    with (tmp_path / "etc/selinux/config").open("a") as config:
        config.write("  SELINUX = permissive\n")
    assert denials.run({}, server(tmp_path))["data"]["mode"]["config"] == "permissive"


def test_permissive_domains(tmp_path):
    host(tmp_path, "1", "enforcing")
    assert denials.run({}, server(tmp_path))["data"]["mode"]["permissive_domains_known"] is False
    (tmp_path / "var/lib/selinux/targeted/active/modules/400/permissive_httpd_t").mkdir(parents=True)
    (tmp_path / "var/lib/selinux/targeted/active/modules/100/apache").mkdir(parents=True)
    result = denials.run({}, server(tmp_path))
    assert result["data"]["mode"]["permissive_domains"] == ["httpd_t"]
    assert [(item["rule"], item["remedy"]["commands"]) for item in result["findings"]] == [("denials.permissive_domain", ["semanage permissive -d httpd_t"])]


def test_copied_logs_say_nothing_of_this_host(tmp_path):
    host(tmp_path, "0", "enforcing")
    write(tmp_path / "copy.log", f"type=MAC_POLICY_LOAD msg=audit({BEGIN}.5:7): auid=0 ses=1 lsm=selinux res=1")
    result = denials.run({"audit_logs": ["/copy.log"], "since": "all"}, server(tmp_path))
    assert (result["status"], result["findings"]) == ("ok", [])


def apparmor(root, profiles="/usr/sbin/mysqld (enforce)\nsnap.x (complain)\nlsb_release (enforce)\n"):
    write(root / "sys/module/apparmor/parameters/enabled", "Y")
    write(root / "sys/kernel/security/apparmor/profiles", profiles, end=b"")
    write(root / "var/log/kern.log", "2023-11-14T22:20:00+00:00 web1 kernel: up")


def process(root, pid, exe, confinement, inode):
    write(root / f"proc/{pid}/attr/current", confinement)
    os.symlink(exe, root / f"proc/{pid}/exe")
    (root / f"proc/{pid}/fd").mkdir()
    os.symlink(f"socket:[{inode}]", root / f"proc/{pid}/fd/3")


def test_apparmor_profiles(tmp_path):
    apparmor(tmp_path)
    result = denials.run({}, server(tmp_path))
    assert result["data"]["apparmor"] == {
        "built_in": True, "enabled": True, "profiles": {"enforce": 2, "complain": 1}, "complain": ["snap.x"], "unconfined_services": []}
    assert [(item["severity"], item["rule"], item["remedy"]["commands"]) for item in result["findings"]] == [
        ("low", "denials.apparmor_complain", ["aa-enforce snap.x"])]


def test_apparmor_service_without_its_profile(tmp_path):
    apparmor(tmp_path, "other (enforce)\n")
    write(tmp_path / "etc/apparmor.d/usr.sbin.mysqld", "#include <tunables/global>", "/usr/sbin/mysqld flags=(attach_disconnected) {", "}")
    write(tmp_path / "etc/apparmor.d/usr.sbin.named", "profile named @{bin}/named flags=(complain) {", "}")
    write(tmp_path / "etc/apparmor.d/any", "profile any @{exec_path} {", "  @{bin}/sshd mr,", "}")
    write(tmp_path / "etc/apparmor.d/usr.sbin.ntpd", "/usr/{,local/}sbin/ntpd {", "}")
    write(tmp_path / "etc/apparmor.d/disable/usr.sbin.ntpd")
    write(tmp_path / "proc/net/tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
          *[f"   0: 00000000:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100 0" for inode in (501, 502, 503)],
          "   3: 00000000:0CEA 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 504 1 0 100 0 0 10 0")
    process(tmp_path, 10, "/usr/sbin/mysqld", "unconfined", 501)
    process(tmp_path, 11, "/usr/sbin/named", "unconfined", 502)
    process(tmp_path, 12, "/usr/local/sbin/ntpd", "unconfined", 503)
    process(tmp_path, 13, "/usr/sbin/sshd", "unconfined", 504)
    process(tmp_path, 14, "/usr/sbin/confined", "mysqld (enforce)", 501)
    result = denials.run({}, server(tmp_path))
    assert [(item["severity"], item["subject"], item["remedy"]["commands"]) for item in result["findings"]] == [
        ("medium", "unconfined /usr/sbin/mysqld", ["apparmor_parser -r /etc/apparmor.d/usr.sbin.mysqld"]),
        ("medium", "unconfined /usr/sbin/named", ["apparmor_parser -r /etc/apparmor.d/usr.sbin.named"]),
        ("low", "unconfined /usr/local/sbin/ntpd", ["aa-enforce /usr/local/sbin/ntpd"]),
    ]


def test_apparmor_profiles_that_cannot_be_read(tmp_path):
    apparmor(tmp_path)
    (tmp_path / "sys/kernel/security/apparmor/profiles").unlink()
    assert denials.run({}, server(tmp_path))["status"] == "incomplete"


def test_the_same_host_gives_the_same_answer(tmp_path):
    apparmor(tmp_path)
    host(tmp_path, "0", "enforcing")
    assert denials.run({}, server(tmp_path)) == denials.run({}, server(tmp_path))
