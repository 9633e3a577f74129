# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exit-code matrix: whatever dies, the report is made, every expected host is in it, and rc is 0 only when all were checked."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from audit import Audit, audit, workshop

# Nobody listens on port 1 of the loopback address: refused at once.
INVENTORY = """\
[all]
good1 ansible_connection=local
good2 ansible_connection=local
dead1 ansible_host=127.0.0.1 ansible_port=1
dead2 ansible_host=127.0.0.1 ansible_port=1
[all:vars]
ansible_python_interpreter=/usr/bin/python3
[dead]
dead1
dead2
"""

ROLE_PLAYBOOK = """\
- hosts: all
  gather_facts: false
  {keywords}
  roles:
    - bottomup.security.daily_check
"""


@dataclasses.dataclass
class Case:
    """A way to run, and what must come of it."""

    arguments: list[str]
    rc: int
    states: dict[str, str]
    failed: list[str]
    code: int
    play: str = ""
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


ALL = {"good1": "checked", "good2": "checked", "dead1": "unreachable", "dead2": "unreachable"}
GOOD = {"good1": "checked", "good2": "checked"}
DEAD = {"dead1": "unreachable", "dead2": "unreachable"}
FINE = ["-e", "daily_check_checks=fine"]
PLAYBOOK = ""

CASES = {
    "all hosts": Case(FINE, 2, ALL, ["dead1", "dead2"], 11),
    "-l good1": Case([*FINE, "-l", "good1"], 0, {"good1": "checked"}, [], 0),
    "-l dead1": Case([*FINE, "-l", "dead1"], 2, {"dead1": "unreachable"}, ["dead1"], 11),
    "-l dead1,good1": Case([*FINE, "-l", "dead1,good1"], 2, {"dead1": "unreachable", "good1": "checked"}, ["dead1"], 11),
    "every host dead": Case([*FINE, "-l", "dead"], 2, DEAD, ["dead1", "dead2"], 11),
    "serial 1": Case([*FINE, "-e", "daily_check_serial=1"], 2, ALL, ["dead1", "dead2"], 11),
    "serial 1, every host dead": Case([*FINE, "-e", "daily_check_serial=1", "-l", "dead"], 2, DEAD, ["dead1", "dead2"], 11),
    "any_errors_fatal": Case(FINE, 2, ALL, ["dead1", "dead2"], 11, environment={"ANSIBLE_ANY_ERRORS_FATAL": "true"}),
    "strategy free": Case(FINE, 2, ALL, ["dead1", "dead2"], 11, environment={"ANSIBLE_STRATEGY": "free"}),
    "strategy host_pinned": Case(FINE, 2, ALL, ["dead1", "dead2"], 11, environment={"ANSIBLE_STRATEGY": "host_pinned"}),
    "check mode": Case([*FINE, "--check", "-l", "good1,good2"], 0, GOOD, [], 0),
    "a check in error": Case(["-e", "daily_check_checks=fine,crashing", "-l", "good1"], 2, {"good1": "partial"}, ["good1"], 12),
    "a check in error on one of two": Case(
        ["-e", "daily_check_checks=fine,crashing", "-l", "good1,dead1"], 2, {"good1": "partial", "dead1": "unreachable"}, ["good1", "dead1"], 11
    ),
    "unreachable hosts allowed": Case([*FINE, "-e", "daily_check_max_unreachable=2"], 0, ALL, [], 0),
    "half unreachable allowed": Case([*FINE, "-e", "daily_check_max_unreachable=50%"], 0, ALL, [], 0),
    "one unreachable allowed": Case([*FINE, "-e", "daily_check_max_unreachable=1"], 2, ALL, ["dead1", "dead2"], 11),
    "a finding at the threshold": Case(["-e", "daily_check_checks=finding", "-l", "good1,good2"], 2, GOOD, ["good1"], 10),
    "a finding below the threshold": Case(["-e", "daily_check_checks=finding", "-e", "daily_check_fail_on=critical", "-l", "good1,good2"], 0, GOOD, [], 0),
    "findings never fail": Case(["-e", "daily_check_checks=finding", "-e", "daily_check_fail_on=never", "-l", "good1"], 0, {"good1": "checked"}, [], 0),
    "role, all hosts": Case(FINE, 2, ALL, ["dead1", "dead2"], 11, play="any_errors_fatal: false"),
    "role, any_errors_fatal": Case(FINE, 2, ALL, ["dead1", "dead2"], 11, play="any_errors_fatal: true"),
    "role, every host dead": Case([*FINE, "-l", "dead"], 2, DEAD, ["dead1", "dead2"], 11, play="any_errors_fatal: false"),
    "role, serial 1": Case(FINE, 2, ALL, ["dead2"], 11, play="serial: 1"),
    "role, only good hosts": Case([*FINE, "-l", "good1,good2"], 0, GOOD, [], 0, play="serial: 1"),
}


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> str:
    return workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.ini"
    path.write_text(INVENTORY)
    return path


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_exit_code_and_report(case: Case, tmp_path: Path, collections: str, inventory: Path) -> None:
    playbook = "bottomup.security.daily_check"
    if case.play:
        playbook = str(tmp_path / "play.yml")
        Path(playbook).write_text(ROLE_PLAYBOOK.format(keywords=case.play))
    done = audit(tmp_path, inventory, *case.arguments, playbook=playbook, collections=collections, **case.environment)
    assert done.rc == case.rc, done.shown
    assert len(done.runs) == 1
    assert {host["host"]: host["status"] for host in done.report["hosts"]} == case.states
    assert done.summary["exit"]["code"] == case.code
    assert {host for host in case.states if done.recap(host)["failed"] or done.recap(host)["unreachable"]} == set(case.failed), done.shown
    assert not any(done.recap(host).get("changed") for host in case.states)


def test_host_without_document_is_expected_and_not_run(tmp_path: Path, collections: str, inventory: Path) -> None:

    done = audit(tmp_path, inventory, "-l", "good1,good2", "-e", "daily_check_checks=fine", collections=collections, playbook=_killer(tmp_path))
    assert done.rc != 0
    assert {host["host"]: host["status"] for host in done.report["hosts"]} == {"good1": "checked", "good2": "not_run"}


def _killer(folder: Path) -> str:
    """Return a playbook that makes the report for a host whose task never ran."""
    path = folder / "killed.yml"
    path.write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - bottomup.security.daily_check:\n        checks: [fine]\n      when: inventory_hostname != 'good2'\n"
        "    - ansible.builtin.import_role:\n        name: bottomup.security.daily_check\n        tasks_from: report\n"
        "    - ansible.builtin.import_role:\n        name: bottomup.security.daily_check\n        tasks_from: verdict\n"
    )
    return str(path)


# way -> (is the inventory there, arguments)
NOBODY = {
    "no inventory": (False, []),
    "no inventory, limit": (False, ["-l", "good1"]),
    "pattern": (True, ["-e", "daily_check_hosts=webb"]),
    "pattern, limit": (True, ["-e", "daily_check_hosts=webb", "-l", "good1"]),
    "pattern beside the limit": (True, ["-e", "daily_check_hosts=dead", "-l", "good1"]),
    "list": (True, ["-e", '{"daily_check_hosts": ["webb", "dbb"]}']),
}


@pytest.mark.parametrize("case", NOBODY.values(), ids=list(NOBODY))
def test_a_run_over_no_host_is_no_good_run(case: tuple[bool, list[str]], tmp_path: Path, collections: str, inventory: Path) -> None:
    """Ansible itself only warns of an inventory that is not there, and ends well; a limit leaves out localhost, which would say it."""
    there, arguments = case
    done = audit(tmp_path, inventory if there else tmp_path / "moved.yml", *arguments, collections=collections)
    assert done.rc != 0 and not done.runs
    assert "no host is looked at: none of the inventory matches" in done.shown, done.shown


# limit -> the hosts that are left
LIMITS = {
    "regular expression": ("~good[12]", {"good1", "good2"}),
    "all but": ("!dead", {"good1", "good2"}),
    "pattern and pattern": ("all,&dead*,!dead1", {"dead2"}),
    "file": ("@limit", {"good1"}),
}


@pytest.mark.parametrize("case", LIMITS.values(), ids=list(LIMITS))
def test_a_limit_of_any_form_is_no_run_over_no_host(case: tuple[str, set[str]], tmp_path: Path, collections: str, inventory: Path) -> None:
    """Whose turn it is, Ansible says without a run; the first play would be localhost's, or fail, were there nobody."""
    limit, hosts = case
    (tmp_path / "limit").write_text("good1\n")
    done = audit(tmp_path, inventory, *FINE, "-l", limit, "--list-hosts", collections=collections)
    assert done.rc == 0, done.shown
    plays = re.findall(r"(?m)^ +play #(\d) .*\n.*\n +hosts \(\d\):\n((?:      .+\n)+)", done.shown)
    assert [(number, set(names.split())) for number, names in plays[:2]] == [("1", hosts), ("2", hosts)], done.shown


def test_a_limit_by_a_regular_expression_is_followed(tmp_path: Path, collections: str, inventory: Path) -> None:
    done = audit(tmp_path, inventory, *FINE, "-l", "~good[12]", collections=collections)
    assert len(done.runs) == 1, done.shown
    assert "is no variable" not in done.shown


# Each kind of value that is refused is in tests/unit/engine/test_settings.py: this is about the way of each variable to its check.
BAD_SETTINGS = {
    "daily_check_options={nosuch: {a: 1}}": "daily_check_options has options for 'nosuch'",
    "daily_check_checks=nosuch": "daily_check_checks names 'nosuch'",
    "daily_check_timeout=-5": "daily_check_timeout is -5",
    "daily_check_memory=1M": "daily_check_memory is '1M'",
    "daily_check_state_dir=/proc/nowhere": "daily_check_state_dir /proc/nowhere cannot be written",
    "daily_check_fail_on=sometimes": "daily_check_fail_on is 'sometimes'",
    "daily_check_max_unreachable=lots": "daily_check_max_unreachable is 'lots'",
    "daily_check_run_id=../x": "daily_check_run_id is '../x'",
    "daily_check_keep_days=-1": "daily_check_keep_days is -1",
    "daily_check_outputs=pigeon": "daily_check_outputs names 'pigeon'",
    "daily_check_accepted=/nowhere.yml": "daily_check_accepted /nowhere.yml",
    "daily_check_feeds_timeout=soon": "daily_check_feeds_timeout is 'soon'",
    "daily_check_tell=somebody": "daily_check_tell, a list is wanted",
}


def test_bad_settings_are_told_all_at_once_before_the_first_connection(tmp_path: Path, collections: str, inventory: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text("".join(f"{setting.replace('=', ': ', 1)}\n" for setting in BAD_SETTINGS))
    done = audit(tmp_path, inventory, "-e", f"@{bad}", collections=collections)
    assert done.rc == 2
    shown = done.shown.replace("\\'", "'")
    for words in BAD_SETTINGS.values():
        assert words in shown, f"{words!r} is not in\n{shown}"
    assert "Look at the host" not in shown
    assert done.runs == []


def test_a_task_limit_is_told_before_the_first_connection(tmp_path: Path, collections: str, inventory: Path) -> None:
    """Ansible reads the keyword itself, on another task. And of the feeds' settings the first one is told: here it is another than above."""
    bad = ["-e", "daily_check_task_timeout=15m", "-e", "daily_check_feeds_mirror=ftp://x"]
    done = audit(tmp_path, inventory, *bad, collections=collections)
    assert (done.rc, done.runs) == (2, [])
    shown = done.shown.replace("\\'", "'")
    assert "daily_check_task_timeout is '15m'" in shown and "daily_check_feeds_mirror is no URL" in shown
    assert "Look at the host" not in shown


def test_async_is_refused(tmp_path: Path, collections: str, inventory: Path) -> None:
    play = tmp_path / "play.yml"
    play.write_text("- hosts: good1\n  gather_facts: false\n  tasks:\n    - bottomup.security.daily_check:\n      async: 30\n      poll: 0\n")
    done: Audit = audit(tmp_path, inventory, playbook=str(play), collections=collections)
    assert done.rc == 2
    assert "async is not supported" in done.shown
