# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ordinary Ansible way, from a built tarball: install, run the playbook, call the modules."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import needs
import pytest
import yaml
from audit import NO_PENDING, NO_REFRESH, Audit
from packaging.requirements import Requirement
from tree import tracked

REPOSITORY = Path(__file__).resolve().parents[2]

INVENTORY = """\
[web]
web1 ansible_connection=local
web2 ansible_connection=local
[db]
db1 ansible_connection=local
"""

# Findings of the machine that runs the tests are nobody's fault here.
NEVER_FAIL = ("-e", "daily_check_fail_on=never", "-e", NO_PENDING)

# Which hosts are checked has nothing to do with how many checks: all of them run in other tests here.
ONE_CHECK = ("-e", "daily_check_checks=restart")


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    path = tmp_path / "inventory"
    path.write_text(INVENTORY)
    return str(path)


def hosts(done: Audit) -> list[str]:
    assert done.rc == 0, done.shown
    assert len(done.runs) == 1, done.shown
    for name in ("report.json", "report.html", "report.txt", "summary.json"):
        assert (done.state / "latest" / name).stat().st_size > 0, name
    return sorted(host["host"] for host in done.report["hosts"])


def test_tarball_holds_the_tracked_files_and_nothing_else(tarball):
    ignored = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())["build_ignore"]
    wanted = {name for name in tracked() if not any(fnmatch.fnmatch(name, word) or name.split("/")[0] == word for word in ignored)}
    with tarfile.open(tarball) as archive:
        names = {member.name for member in archive if member.isfile()}
    assert names - {"MANIFEST.json", "FILES.json"} == wanted - {"galaxy.yml"}


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.timeout(600)
def test_every_controller_python(version, make_controller, inventory, tmp_path):
    controller = make_controller(needs.python(version))
    done = controller.daily_check(tmp_path, "-i", inventory, *NEVER_FAIL, history=True)
    assert hosts(done) == ["db1", "web1", "web2"]
    assert (done.state / "history.sqlite3").exists()
    assert done.report["one_machine"] == [["db1", "web1", "web2"]]
    assert not any(done.recap(host)["changed"] for host in ("db1", "web1", "web2"))


@dataclasses.dataclass
class Way:
    """A way to name the hosts and, in the same run, one to name the checks."""

    arguments: list[str]
    hosts: list[str]
    fail2ban: str = ""  # the status of a check that is not to run; one that is not wanted at all is not in the document


WAYS = {
    "-l web1, -e daily_check_checks": Way(["-i", "INVENTORY", "-l", "web1", *ONE_CHECK], ["web1"]),
    "-l web, -e list": Way(["-i", "INVENTORY", "-l", "web", "-e", '{"daily_check_checks": ["restart"]}'], ["web1", "web2"]),
    "-i web1, --tags": Way(["-i", "web1,", "-c", "local", "--tags", "restart"], ["web1"], "skipped"),
    "-i localhost, --skip-tags, --check": Way(["-i", "localhost,", "-c", "local", "--skip-tags", "fail2ban", "--check"], ["localhost"], "skipped"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_ways_to_name_hosts_and_checks(way, controller, inventory, tmp_path):
    arguments = [inventory if word == "INVENTORY" else word for word in way.arguments]
    done = controller.daily_check(tmp_path, *arguments, *NEVER_FAIL)
    assert hosts(done) == way.hosts
    for document in done.documents.values():
        statuses = {name: check["status"] for name, check in document["checks"].items()}
        assert statuses["restart"] != "skipped" and statuses.get("fail2ban", "") == way.fail2ban, statuses
        wanted = {"restart"} if "--skip-tags" not in way.arguments else {*statuses} - {"fail2ban"}
        assert {name for name, status in statuses.items() if status != "skipped"} == wanted


def test_documentation_of_every_plugin(controller, tmp_path):
    listed = controller.run(tmp_path, "ansible-doc", "--list", "--json", "bottomup.security")
    assert listed.rc == 0, listed.shown
    plugins = sorted(json.loads(listed.shown[listed.shown.index("{") :]))
    assert {"bottomup.security.restart_info", "bottomup.security.fail2ban_info", "bottomup.security.daily_check"} <= set(plugins)
    shown = controller.run(tmp_path, "ansible-doc", *plugins)
    assert shown.rc == 0, shown.shown
    role = controller.run(tmp_path, "ansible-doc", "-t", "role", "bottomup.security.daily_check")
    assert role.rc == 0, role.shown
    for variable in ("daily_check_checks", "daily_check_state_dir", "daily_check_fail_on", "daily_check_max_unreachable", "daily_check_timeout"):
        assert variable in role.shown


def test_execution_environment_gets_what_is_optional(controller):
    """Whoever builds one asks every collection in it: what cannot be read ends the build."""
    builder = Path(sys.executable).with_name("ansible-builder")
    done = subprocess.run([builder, "introspect", controller.collections], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = {Requirement(line.partition("#")[0]).name for line in yaml.safe_load(done.stdout)["python"]}
    pinned = {re.split(r"[=; ]", line)[0] for line in (REPOSITORY / "requirements" / "run.in").read_text().splitlines() if line[:1].isalpha()}
    assert wanted == pinned - {"ansible-core"}


def test_bad_variables_are_said_before_the_first_connection(controller, tmp_path):
    # Nobody listens on port 1: a run that connected would say so.
    (tmp_path / "hosts").write_text("web1 ansible_host=127.0.0.1 ansible_port=1\n")
    bad = ["daily_check_checks=restrat", "daily_check_timeout=-1", "daily_check_fail_on=hihg"]
    done = controller.daily_check(tmp_path, "-i", str(tmp_path / "hosts"), *(word for setting in bad for word in ("-e", setting)))
    assert done.rc != 0
    for setting in bad:
        assert setting.partition("=")[0] in done.shown and setting.partition("=")[2] in done.shown
    assert "refused" not in done.shown
    assert not done.runs


def test_playbook_of_the_checkout(checkout, controller, tmp_path):
    """As a user has it after `make audit`: ansible.cfg finds the collection, whatever folder the checkout lies in."""
    link = checkout / ".venv" / "collections" / "ansible_collections" / "bottomup" / "security"
    link.parent.mkdir(parents=True)
    link.symlink_to(checkout)
    environment = {"PATH": f"{controller.environment}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "playbooks/daily_check.yml", "-e", NO_REFRESH, *NEVER_FAIL, *ONE_CHECK]
    done = subprocess.run(command, cwd=checkout, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / ".local/state/bottomup-security/latest/report.html").exists()
