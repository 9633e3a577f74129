# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action behind bottomup.security.report, run by a real ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import needs
import pytest
import sample_fleet
from hostile import TEXTS
from schemas import faults

from ansible_collections.bottomup.security.plugins.plugin_utils import spool

PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - bottomup.security.report:
        state_dir: "{{ state }}"
        run_id: run1
        expected_hosts: "{{ ansible_play_hosts_all }}"
        expected_checks: "{{ checks }}"
        fail_on: "{{ fail_on | default('high') }}"
        max_unreachable: "{{ max_unreachable | default(0) }}"
        enforce: "{{ enforce | default(false) }}"
      run_once: true
      register: report
    - ansible.builtin.copy:
        content: "{{ report | to_json }}"
        dest: "{{ state }}/result.json"
        mode: "0600"
      delegate_to: localhost
      run_once: true
      vars:
        ansible_connection: local
        ansible_python_interpreter: "{{ ansible_playbook_python }}"
    - ansible.builtin.debug:
        msg: "{{ report.text }}"
      run_once: true
"""

# Reserved for documentation: whoever tried to connect would wait, and the test would not end.
HOSTS = ["192.0.2.1", "192.0.2.2"]


def play(folder: Path, hosts: list[str], *arguments: str, check_mode: bool = False, **variables: Any) -> subprocess.CompletedProcess[str]:
    playbook = folder.parent / "playbook.yml"
    playbook.write_text(PLAYBOOK)
    given = {"state": str(folder), "checks": ["restart", "fail2ban"], **variables}
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", ",".join(hosts) + ",", "-e", json.dumps(given), *arguments, str(playbook)]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "False", "ANSIBLE_HOME": str(folder.parent / "ansible")}
    return subprocess.run(command + (["--check"] if check_mode else []), env=environment, capture_output=True, text=True, check=False, timeout=240)


def result(state: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((state / "result.json").read_text())
    return found


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def spooled(state: Path, name: str, *keys: str) -> Path:
    return spool.write_document(spool.new_run(state, "run1"), sample_fleet.document(name, "web", "debian", keys, ["restart", "fail2ban"], {}))


def test_the_report_is_written_no_host_is_connected_to_and_the_result_says_how_it_ended(state: Path) -> None:
    spooled(state, HOSTS[0], "libssl", "kernel")
    ran = play(state, HOSTS)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = result(state)
    assert (seen["changed"], seen["exit"]["code"], seen["verdict"]) == (False, 10, "1 high, 1 medium on 1 of 2 hosts; 1 host not checked")
    assert seen["failed_hosts"] == [{"host": HOSTS[1], "status": "not_run", "reason": "there is no document of this host in the run"}]
    assert sorted(os.listdir(state / "runs" / "run1")) == [f"{HOSTS[0]}.json.gz", "report.html", "report.json", "report.txt", "summary.json"]
    assert (state / "latest").resolve() == state / "runs" / "run1"
    assert {key: Path(path).name for key, path in seen["paths"].items()} == {
        "html": "report.html",
        "json": "report.json",
        "text": "report.txt",
        "summary": "summary.json",
    }
    assert Path(seen["paths"]["text"]).read_text() == seen["text"]
    assert faults("run-1", json.loads(Path(seen["paths"]["json"]).read_text())) == []
    summary = json.loads(Path(seen["paths"]["summary"]).read_text())
    assert faults("summary-1", summary) == []
    assert (summary["exit"], summary["counts"], summary["failed_hosts"]) == (seen["exit"], seen["counts"], seen["failed_hosts"])


def test_enforce_fails_with_the_verdict_after_the_report_is_written(state: Path) -> None:
    spooled(state, HOSTS[0], "libssl")
    ran = play(state, HOSTS[:1], enforce=True)
    assert ran.returncode == 2
    assert f"1 high on {HOSTS[0]}. Exit reason 10: 1 high reaches fail_on=high" in ran.stdout
    assert (state / "latest" / "report.html").exists()


def test_enforce_lets_a_good_run_pass_in_check_mode_too(state: Path) -> None:
    spooled(state, HOSTS[0], "libssl")
    ran = play(state, HOSTS[:1], enforce=True, fail_on="critical", check_mode=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (state / "latest" / "report.html").exists()


def test_no_text_of_a_server_is_a_template(state: Path) -> None:
    document = sample_fleet.document(HOSTS[0], "web", "debian", ["libssl"], ["restart", "fail2ban"], {})
    item = document["checks"]["restart"]["findings"][0]
    item["title"] = TEXTS["template"] + TEXTS["ansible"]
    item["remedy"]["commands"] = [TEXTS["ansible"]]
    spool.write_document(spool.new_run(state, "run1"), document)
    ran = play(state, HOSTS[:1])
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "{{ 7*7 }}" in result(state)["text"] and TEXTS["ansible"] in result(state)["text"]
    assert "{{ 7*7 }}" in ran.stdout and "uid=" not in ran.stdout
    assert "uid=" not in result(state)["text"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "max_unreachable": ({"max_unreachable": "many"}, "max_unreachable is 'many': a count of hosts or a share such as 5% is wanted"),
    "fail_on": ({"fail_on": "urgent"}, "value of fail_on must be one of"),
    "state_dir": ({"state": "/dev/null/state"}, "cannot be written"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_argument_is_said(case: str, state: Path) -> None:
    variables, words = BAD[case]
    ran = play(state, HOSTS[:1], **variables)
    assert ran.returncode == 2 and words in ran.stdout + ran.stderr


FULL = """
import os, sys
sys.path[:0] = [os.path.join(sys.argv[1], "tests"), os.path.join(sys.argv[1], "tests", "browser")]
import conftest, sample_fleet
from pathlib import Path
from ansible_collections.bottomup.security.plugins.plugin_utils import spool
state = Path(sys.argv[2])
directory = spool.new_run(state, sample_fleet.RUN_ID)
try:
    if sys.argv[3] == "spool":
        for number in range(100000):
            spool.write_document(directory, {"host": "h%d" % number, "data": os.urandom(2000).hex()})
    else:
        sample_fleet.write(12, state)
        for number in range(100000):
            (directory / ("fill%d" % number)).write_bytes(b"x" * 4096)
except OSError:
    pass
except spool.SpoolError as error:
    print(error)
    print([name for name in os.listdir(directory) if name.startswith(spool.TEMPORARY)])
    print(sum(item["status"] == "error" and "truncated" in item["reason"] for item in spool.read_documents(directory)))
    sys.exit(0)
before = {name: (directory / name).read_bytes() for name in os.listdir(directory)}
try:
    sample_fleet.write(12, state)
except spool.SpoolError as error:
    print(error)
print([name for name in os.listdir(directory) if name.startswith(spool.TEMPORARY)])
print(sum(content != (directory / name).read_bytes() for name, content in before.items() if name.startswith("report.html")))
"""


@pytest.mark.parametrize("what", ["spool", "report"])
def test_a_full_disk_is_said_and_nothing_is_half_written(what: str, tmp_path: Path) -> None:
    needs.root()
    needs.command("unshare")
    repository = Path(__file__).resolve().parents[2]
    script = tmp_path / "full.py"
    script.write_text(FULL)
    # The small disk is gone with the process: it is mounted in a mount namespace of its own.
    mount = 'mount -t tmpfs -o size=300k tmpfs "$1" && exec "$2" "$3" "$4" "$1/state" "$5"'
    (tmp_path / "disk").mkdir()
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", str(tmp_path / "disk"), sys.executable, str(script), str(repository), what]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    lines = ran.stdout.splitlines()
    assert ran.returncode == 0, ran.stderr
    assert lines[0].startswith("cannot write ") and lines[0].endswith(": No space left on device")
    assert lines[1:] == ["[]", "0"]
