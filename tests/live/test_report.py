# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action behind bottomup.security.report, run by a real ansible-playbook."""

from __future__ import annotations

import dataclasses
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

# Reserved for documentation: whoever tried to connect would wait, and the test would not end.
HOSTS = ["192.0.2.1", "192.0.2.2"]
CHECKS = ["restart", "fail2ban"]

# case -> the findings of its first host, what differs in the arguments
CASES: dict[str, tuple[list[str], dict[str, Any]]] = {
    "two hosts": (["libssl", "kernel"], {"expected_hosts": "{{ ansible_play_hosts_all }}"}),
    "enforced": (["libssl"], {"enforce": True}),
    "enforced, good, check mode": (["libssl"], {"enforce": True, "fail_on": "critical"}),
    "templates": (["libssl"], {}),
    "bad max_unreachable": ([], {"max_unreachable": "many"}),
    "bad fail_on": ([], {"fail_on": "urgent"}),
    "bad state_dir": ([], {"state_dir": "/dev/null/state"}),
}


@dataclasses.dataclass
class Ran:
    """One run of ansible-playbook with a task for each case: what it showed, what the task of each case returned, where the states are."""

    shown: str
    results: dict[str, dict[str, Any]]
    folder: Path

    def state(self, case: str) -> Path:
        return self.folder / case


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("report")
    tasks: list[dict[str, Any]] = []
    for case, (keys, given) in CASES.items():
        document = sample_fleet.document(HOSTS[0], "web", "debian", keys, CHECKS, {})
        if case == "templates":
            item = document["checks"]["restart"]["findings"][0]
            item["title"] = TEXTS["template"] + TEXTS["ansible"]
            item["remedy"]["commands"] = [TEXTS["ansible"]]
        spool.write_document(spool.new_run(folder / case, "run1"), document)
        arguments = {"state_dir": str(folder / case), "run_id": "run1", "expected_hosts": HOSTS[:1], "expected_checks": CHECKS, "max_unreachable": 0, **given}
        action = {"bottomup.security.report": arguments, "register": "result", "ignore_errors": True, "check_mode": "check mode" in case}
        kept = "{{ results | default({}) | combine({'CASE': result}) }}".replace("CASE", case)
        tasks += [action, {"ansible.builtin.set_fact": {"results": kept}}, {"ansible.builtin.debug": {"msg": "{{ result.text | default('') }}"}}]
    copy = {"content": "{{ results | to_json }}", "dest": str(folder / "results.json"), "mode": "0600"}
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    tasks.append({"ansible.builtin.copy": copy, "delegate_to": "localhost", "vars": local})
    play = {"hosts": "all", "gather_facts": False, "tasks": [{**task, "run_once": True} for task in tasks]}
    (folder / "playbook.yml").write_text(json.dumps([play]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", ",".join(HOSTS) + ",", str(folder / "playbook.yml")]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "False", "ANSIBLE_HOME": str(folder / "ansible")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return Ran(done.stdout + done.stderr, json.loads((folder / "results.json").read_text()), folder)


def test_the_report_is_written_no_host_is_connected_to_and_the_result_says_how_it_ended(ran: Ran) -> None:
    seen, state = ran.results["two hosts"], ran.state("two hosts")
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


def test_enforce_fails_with_the_verdict_after_the_report_is_written(ran: Ran) -> None:
    seen = ran.results["enforced"]
    assert seen["failed"] and f"1 high on {HOSTS[0]}. Exit reason 10: 1 high reaches fail_on=high" in seen["msg"]
    assert (ran.state("enforced") / "latest" / "report.html").exists()


def test_enforce_lets_a_good_run_pass_in_check_mode_too(ran: Ran) -> None:
    seen = ran.results["enforced, good, check mode"]
    assert not seen["failed"], seen
    assert (ran.state("enforced, good, check mode") / "latest" / "report.html").exists()


def test_no_text_of_a_server_is_a_template(ran: Ran) -> None:
    text = ran.results["templates"]["text"]
    assert "{{ 7*7 }}" in text and TEXTS["ansible"] in text
    assert "{{ 7*7 }}" in ran.shown and "uid=" not in ran.shown
    assert "uid=" not in text


BAD = {
    "bad max_unreachable": "max_unreachable is 'many': a count of hosts or a share such as 5% is wanted",
    "bad fail_on": "value of fail_on must be one of",
    "bad state_dir": "cannot be written",
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_argument_is_said(case: str, ran: Ran) -> None:
    assert ran.results[case]["failed"] and BAD[case] in ran.results[case]["msg"]


FULL = """
import os, sys
sys.path[:0] = [os.path.join(sys.argv[1], "tests"), os.path.join(sys.argv[1], "tests", "browser")]
import conftest, sample_fleet
from pathlib import Path
from ansible_collections.bottomup.security.plugins.plugin_utils import spool, whole
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
    print([name for name in os.listdir(directory) if name.startswith(whole.TEMPORARY)])
    print(sum(item["status"] == "error" and "truncated" in item["reason"] for item in spool.read_documents(directory)))
    sys.exit(0)
before = {name: (directory / name).read_bytes() for name in os.listdir(directory)}
try:
    sample_fleet.write(12, state)
except spool.SpoolError as error:
    print(error)
print([name for name in os.listdir(directory) if name.startswith(whole.TEMPORARY)])
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
