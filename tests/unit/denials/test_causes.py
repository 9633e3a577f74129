# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why it was denied, and what to type: the order of the rules, and what must never be proposed."""

from __future__ import annotations

import itertools
import shlex

import pytest
from denials_lines import BEGIN, avc, judge, server, syscall, write

from ansible_collections.bottomup.security.plugins.module_utils.checks import denials
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_audit2why import said
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_patterns import pattern_of
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_rules import PORT_TYPES
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command


def context(kind):
    return f"system_u:object_r:{kind}:s0"


def advice(folder, source, target, tclass, perms, what="", **more):
    line = avc(perms=perms, what=what, source=f"system_u:system_r:{source}:s0", target=context(target), tclass=tclass, **more)
    groups = judge(folder, line)["data"]["groups"]
    assert len(groups) == 1
    return groups[0]


@pytest.mark.parametrize("source, target, tclass, perms, what, cause, command", [
    ("httpd_t", "unreserved_port_t", "tcp_socket", "name_bind", " src=8088", "port", "semanage port -a -t http_port_t -p tcp 8088"),
    ("httpd_t", "ntop_port_t", "tcp_socket", "name_bind", " src=3000", "port", "semanage port -m -t http_port_t -p tcp 3000"),
    ("named_t", "unreserved_port_t", "udp_socket", "name_bind", " src=5353", "port", "semanage port -a -t dns_port_t -p udp 5353"),
    ("smbd_t", "reserved_port_t", "tcp_socket", "name_connect", " dest=81", "port", "semanage port -a -t smbd_port_t -p tcp 81"),
    ("odd_t", "unreserved_port_t", "tcp_socket", "name_bind", " src=9", "port", "semanage port -l"),
    ("httpd_t", "unreserved_port_t", "tcp_socket", "name_connect", " dest=8080", "boolean", "setsebool -P httpd_can_network_connect 1"),
    ("httpd_t", "postgresql_port_t", "tcp_socket", "name_connect", " dest=5432", "boolean", "setsebool -P httpd_can_network_connect_db 1"),
    ("httpd_t", "smtp_port_t", "tcp_socket", "name_connect", " dest=25", "boolean", "setsebool -P httpd_can_sendmail 1"),
    ("httpd_t", "nfs_t", "file", "read", ' path="/srv/nfs/x"', "boolean", "setsebool -P httpd_use_nfs 1"),
    ("httpd_t", "user_home_t", "file", "read", ' path="/home/joe/public_html/x"', "boolean", "setsebool -P httpd_enable_homedirs 1"),
    ("smbd_t", "fusefs_t", "dir", "search", ' path="/mnt/f"', "boolean", "setsebool -P samba_share_fusefs 1"),
    ("httpd_t", "user_home_t", "file", "read", ' path="/var/www/html/x"', "label", "restorecon -Rv /var/www/html/x"),
    ("httpd_t", "default_t", "dir", "search", ' path="/data/www"', "label", "restorecon -Rv /data/www"),
    ("smbd_t", "default_t", "file", "append", ' path="/linuxtest/log.current"', "label", "restorecon -Rv /linuxtest/log.current"),
    ("mysqld_t", "tmp_t", "file", "read", ' path="/var/lib/mysql/dump.sql"', "label", "restorecon -Rv /var/lib/mysql/dump.sql"),
    ("nsplugin_t", "usr_t", "file", "execute", ' path="/opt/real/nphelix.so"', "label", "restorecon -Rv /opt/real/nphelix.so"),
    ("httpd_t", "httpd_sys_content_t", "dir", "write add_name", ' path="/var/www/app/uploads"', "file_contexts",
     "semanage fcontext -a -t httpd_sys_rw_content_t '/var/www/app/uploads(/.*)?'"),
    ("ping_t", "initrc_t", "fifo_file", "read write", ' path="pipe:[123]"', "leak", None),
    ("ping_t", "sshd_t", "fd", "use", ' path="/dev/pts/1"', "leak", None),
    ("httpd_t", "httpd_t", "capability", "dac_override", " capability=1", "policy", "ausearch -m AVC,USER_AVC -se httpd_t -ts yesterday -i"),
    ("odd_t", "other_t", "file", "read", ' name="x"', "policy", "ausearch -m AVC,USER_AVC -se odd_t -ts yesterday --raw | audit2allow -m local_odd_t"),
])
def test_cause(tmp_path, source, target, tclass, perms, what, cause, command):
    group = advice(tmp_path, source, target, tclass, perms, what)
    assert (group["cause"], (group["suggestion"]["commands"] or [None])[0]) == (cause, command)
    assert group["severity"] == ("info" if cause == "leak" else "medium")


@pytest.mark.parametrize("source, target, tclass, perms, what, severity", [
    ("httpd_t", "shadow_t", "file", "read", ' path="/etc/shadow"', "critical"),
    ("httpd_t", "security_t", "security", "load_policy", "", "critical"),
    ("unconfined_t", "security_t", "security", "setenforce", "", "critical"),
    ("httpd_t", "httpd_t", "system", "module_load", ' path="/tmp/x.ko"', "critical"),
    ("httpd_t", "httpd_t", "capability", "sys_module", " capability=16", "critical"),
    ("mysqld_t", "memory_device_t", "chr_file", "read", ' path="/dev/mem"', "critical"),
    ("httpd_t", "bin_exec_t", "file", "relabelto", ' path="/usr/bin/x"', "critical"),
    ("httpd_t", "httpd_tmp_t", "file", "execute", ' path="/tmp/x"', "critical"),
    ("postfix_smtp_t", "shell_exec_t", "file", "execute", ' path="/bin/sh"', "critical"),
    ("httpd_t", "sshd_key_t", "file", "read", ' path="/etc/ssh/ssh_host_rsa_key"', "critical"),
    ("httpd_t", "httpd_t", "process", "execmem", "", "high"),
    ("soffice_t", "lib_t", "file", "execmod", ' path="/usr/lib/libGL.so.1"', "high"),
])
def test_danger_is_never_allowed(tmp_path, source, target, tclass, perms, what, severity):
    for permissive in (" permissive=0", " permissive=1"):
        group = advice(tmp_path, source, target, tclass, perms, what, permissive=permissive)
        assert group["severity"] == severity
        assert group["suggestion"]["fixable"] is False
        words = " ".join(group["suggestion"]["commands"])
        assert not any(tool in words for tool in ("audit2allow", "semodule", "setsebool", "semanage", "restorecon", "chcon"))


def test_no_advice_ever_loads_a_module(tmp_path):
    targets = ["shadow_t", "user_home_t", "default_t", "unreserved_port_t", "other_t", "httpd_sys_content_t", "nfs_t"]
    lines = [
        avc(number, perms=perms, source=f"u:r:{source}:s0", target=context(target), tclass=tclass, what=' path="/srv/x" src=8088')
        for number, (source, target, (tclass, perms)) in enumerate(itertools.product(
            ["httpd_t", "smbd_t", "odd_t"], targets, [("file", "read"), ("file", "write"), ("tcp_socket", "name_bind"), ("process", "execmem")]))
    ]
    for group in judge(tmp_path, *lines)["data"]["groups"]:
        assert not any("semodule -i" in command for command in group["suggestion"]["commands"])


def test_the_policys_own_file_contexts_win(tmp_path):
    write(tmp_path / "etc/selinux/config", "SELINUX=enforcing", "SELINUXTYPE=targeted")
    write(
        tmp_path / "etc/selinux/targeted/contexts/files/file_contexts",
        "/.*\tsystem_u:object_r:default_t:s0", "/srv/.*\tsystem_u:object_r:var_t:s0", "/srv/([^/]*/)?www(/.*)?\tsystem_u:object_r:httpd_sys_content_t:s0",
        "/srv/www/log(/.*)?\t--\tsystem_u:object_r:httpd_log_t:s0", "/srv/no(/.*)?\t<<none>>", "/srv/[bad\tsystem_u:object_r:x_t:s0",
    )

    def group(path, target, tclass="file"):
        return advice(tmp_path, "odd_t", target, tclass, "read", f' path="{path}"')

    assert (group("/srv/www/index.html", "var_t")["cause"], group("/srv/www/index.html", "httpd_sys_content_t")["cause"]) == ("label", "policy")
    assert "httpd_log_t" in group("/srv/www/log/a", "var_t")["suggestion"]["text"]
    assert group("/srv/www/log", "httpd_sys_content_t", "dir")["cause"] == "policy"
    assert group("/srv/no/x", "var_t")["cause"] == "policy"


def test_a_path_that_is_no_text_never_gets_into_a_command(tmp_path):
    group = advice(tmp_path, "httpd_t", "default_t", "file", "read", " path=2F7372762F1B5B32")
    assert (group["cause"], group["suggestion"]["commands"]) == ("label", [])
    group = advice(tmp_path, "httpd_t", "default_t", "file", "read", " path=" + b"/srv/$(reboot)'; x".hex().upper())
    assert shlex.split(group["suggestion"]["commands"][0]) == ["restorecon", "-Rv", "/srv/$(reboot)'; x"]


def test_containers_of_other_categories(tmp_path):
    line = avc(source="system_u:system_r:container_t:s0:c1,c2", target="system_u:object_r:container_file_t:s0:c3,c4", what=' path="/data/x"')
    assert judge(tmp_path, line)["data"]["groups"][0]["cause"] == "mls"


def test_a_call_that_succeeded_all_the_same(tmp_path):
    line = avc(source="u:r:odd_t:s0", target="u:object_r:other_t:s0", perms="getattr")
    group = judge(tmp_path, line, syscall(success="yes", exit=0))["data"]["groups"][0]
    assert (group["cause"], group["severity"]) == ("dontaudit_candidate", "info")


AUDIT2WHY = b"""type=AVC msg=audit(1700000060.000:1): avc:  denied  { read } for  pid=100 comm="httpd"

\tWas caused by:
\tOne of the following booleans was set incorrectly.
\tDescription:
\tAllow httpd to read user content

\tAllow access by executing:
\t# setsebool -P httpd_read_user_content 1

type=AVC msg=audit(1700000060.000:2): avc:  denied  { read } for  pid=100 comm="x"

\tWas caused by:
\t\tMissing type enforcement (TE) allow rule.

\t\tYou can use audit2allow to generate a loadable module to allow this access.

type=AVC msg=audit(1700000060.000:3): avc:  denied  { write } for  pid=100 comm="y"

\tWas caused by:
#Constraint rule:
\t\tPolicy constraint violation.

"""


def test_words_of_audit2why():
    assert said(AUDIT2WHY) == {
        b"audit(1700000060.000:1)": ("boolean", ["httpd_read_user_content"]),
        b"audit(1700000060.000:3)": ("constraint", []),
    }


def test_audit2why_is_asked_once_for_all_groups(tmp_path):
    write(tmp_path / "sys/fs/selinux/enforce", "1", end=b"")
    write(tmp_path / "usr/bin/audit2why").chmod(0o755)
    write(tmp_path / "var/log/audit/audit.log", *[
        avc(number, source="u:r:odd_t:s0", target=f"u:r:t{number % 3}_t:s0") for number in range(1, 10)])
    asked = []

    def commands(argv):
        asked.append(argv)
        return Command(0, AUDIT2WHY, b"", False, False)

    groups = denials.run({"since": "all"}, server(tmp_path, commands))["data"]["groups"]
    assert [argv for argv in asked if b"audit2why" in argv[0]] == [[b"/usr/bin/audit2why"]]
    assert sorted(group["cause"] for group in groups) == ["boolean", "mls", "policy"]


@pytest.mark.parametrize("path, pattern", [
    ("/proc/4711/task/4712/stat", "/proc/N/task/N/stat"),
    ("socket:[33415]", "socket:[N]"),
    ("pipe:[96391]", "pipe:[N]"),
    ("[96391]", "[N]"),
    ("/dev/pts/12", "/dev/pts/N"),
    ("/run/user/1000/bus", "/run/user/N/bus"),
    ("/var/lib/containers/storage/overlay/" + "0af3" * 16 + "/diff/etc", "/var/lib/containers/storage/overlay/HEX/diff/etc"),
    ("/var/lib/x/550e8400-e29b-41d4-a716-446655440000/y", "/var/lib/x/UUID/y"),
    ("sess_0123456789abcdefghij0123", "sess_X"),
    ("/tmp/phpA1b2C3", "/tmp/phpX"),
    ("/tmp/tmpk3j_9xz2", "/tmp/tmpX"),
    ("/tmp/orbit.Ab12Cd", "/tmp/orbit.X"),
    ("/var/log/app-2026-11-22.log", "/var/log/app-DATE.log"),
    ("/var/spool/job1234567", "/var/spool/jobN"),
    ("/usr/lib64/php8/httpd.conf", "/usr/lib64/php8/httpd.conf"),
    ("/var/www/html/public/upload", "/var/www/html/public/upload"),
    ("/etc/passwd-backup.config", "/etc/passwd-backup.config"),
])
def test_pattern(path, pattern):
    assert pattern_of(path.encode()).decode() == pattern


def test_port_types_are_types():
    assert all(name.endswith(b"_t") and port.endswith("_port_t") for name, port in PORT_TYPES.items())


def test_first_and_last_of_a_group(tmp_path):
    group = judge(tmp_path, avc(1, when=BEGIN + 100), avc(2, when=BEGIN + 5), avc(3, when=BEGIN + 50))["data"]["groups"][0]
    assert (group["count"], group["first"], group["last"]) == (3, "2023-11-14T22:13:25Z", "2023-11-14T22:15:00Z")
