# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/report.yml: runs merged in any order, the history made anew, the entry to paste; by a real ansible-playbook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sample_fleet
from audit import Audit, audit
from schemas import faults

from ansible_collections.bottomup.security.plugins.plugin_utils import spool
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import SUMMARY, WRITERS

PLAYBOOK = "bottomup.security.report"
NOW = "2026-11-22T06:00:10Z"


def report(folder: Path, *arguments: str, **variables: Any) -> Audit:
    inventory = folder / "hosts"
    inventory.write_text("\n".join([*sample_fleet.names(12), "never1"]) + "\n")
    given = {"daily_check_now": NOW, "daily_check_report_dir": str(folder / "out"), **variables}
    return audit(folder, inventory, "-e", json.dumps(given), *arguments, playbook=PLAYBOOK, history=True)


def tried(folder: Path, cases: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Do what the playbook does once for each case, with its variables, in one run; returns how those failed that did."""
    tasks: list[dict[str, Any]] = []
    for case, variables in cases.items():
        said = "{{ said | default({}) | combine({'CASE': ansible_failed_result.msg}) }}".replace("CASE", case)
        role = {"ansible.builtin.import_role": {"name": "bottomup.security.daily_check", "tasks_from": "merge"}, "vars": variables}
        tasks.append({"block": [role], "rescue": [{"ansible.builtin.set_fact": {"said": said}}]})
    tasks.append({"ansible.builtin.copy": {"content": "{{ said | to_json }}", "dest": str(folder / "said.json"), "mode": "0600"}})
    (folder / "cases.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = audit(folder, "localhost,", "-c", "local", playbook=str(folder / "cases.yml"))
    assert done.rc == 0, done.shown
    failed: dict[str, str] = json.loads((folder / "said.json").read_text())
    return failed


def written(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text())
    assert faults("run-1", read) == [] and faults("summary-1", json.loads((folder / "out" / "summary.json").read_text())) == []
    return read


def slices(folder: Path) -> list[str]:
    """Spool the shop in three slices, one of them with a damaged file and one that is of another host than its name says."""
    paths = []
    documents = list(sample_fleet.documents(12))
    for number in range(3):
        path = folder / "slices" / str(number)
        path.mkdir(parents=True)
        for document in documents[number::3]:
            spool.write_document(path, document)
        paths.append(str(path))
    (folder / "slices" / "0" / "forged1.json.gz").write_bytes((folder / "slices" / "0" / spool.file_name("web1")).read_bytes())
    (folder / "slices" / "1" / "cut1.json.gz").write_bytes(b"\x1f\x8b\x08")
    return paths


def test_slices_in_any_order_and_twice_are_the_same_report(tmp_path: Path) -> None:
    paths = slices(tmp_path)
    done = report(tmp_path, daily_check_runs=paths, daily_check_outputs=list(WRITERS))
    assert done.rc == 2 and "1 high" not in done.shown.splitlines()[0], done.shown
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(first) == {SUMMARY, *(file for file, _writer in WRITERS.values())}
    read = written(tmp_path)
    states = {host["host"]: host["status"] for host in read["hosts"]}
    assert set(states) == {*sample_fleet.names(12), "never1", "forged1", "cut1"}
    assert (states["never1"], states["forged1"], states["cut1"], states["web1"]) == ("not_run", "error", "error", "checked")
    (never,) = [host for host in read["hosts"] if host["host"] == "never1"]
    assert [(item["rule"], item["evidence"][-1]["source"]) for item in never["findings"]] == [("coverage.not_run", "last look")]
    report(tmp_path, daily_check_runs=[*reversed(paths), paths[0] + "/"], daily_check_outputs=list(WRITERS))
    again = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert again == first


def test_the_history_is_made_anew_of_the_spool_and_a_damaged_one_is_kept(tmp_path: Path) -> None:
    state = tmp_path / "state" / "bottomup-security"
    folder = spool.new_run(state, "20261121T060000Z-aaaaaa")
    for document in sample_fleet.documents(12):
        early = {**document, "ended": "2026-11-21T06:00:04Z", "started": "2026-11-21T06:00:01Z", "run_id": folder.name}
        if document["host"] != "web1":
            spool.write_document(folder, early)
    (folder / "summary.json").write_text(json.dumps({"ended": "2026-11-21T06:00:04Z", "failed_hosts": [], "checks": list(sample_fleet.CHECKS)}))
    sample_fleet.write(12, state)
    (state / "history.sqlite3").write_bytes(b"damaged" * 1000)
    done = report(tmp_path)
    assert "History off: " in done.shown and "daily_check_rebuild=true" in done.shown.replace("\n", "")
    done = report(tmp_path, daily_check_rebuild=True)
    assert "The history is made anew of 2 runs." in done.shown, done.shown
    history = written(tmp_path)["history"]
    assert history["on"] and history["baseline"] == "2026-11-21T06:00:04Z" and history["first_looks"] == 1 and history["open"] > 10
    assert len(list(state.glob("history.sqlite3.damaged-*"))) == 1


LOST = {"host": "never1", "status": "not_run", "reason": "the run ended before its turn"}


def test_the_newest_run_again_is_judged_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state" / "bottomup-security"
    sample_fleet.write(12, state)
    summary = json.loads((state / "latest" / "summary.json").read_text())
    (state / "latest" / "summary.json").write_text(json.dumps(summary | {"fail_on": "never", "max_unreachable": "50%", "failed_hosts": [LOST]}))
    # A check of the sample fleet could not run. Without an inventory, who was in the run was expected.
    done = audit(tmp_path, "localhost,", "-e", json.dumps({"daily_check_report_dir": str(tmp_path / "out")}), playbook=PLAYBOOK)
    read = written(tmp_path)
    assert (done.rc, read["exit"]["code"]) == (2, 12)
    assert sorted(host["host"] for host in read["hosts"] if host["expected"]) == sorted([*sample_fleet.names(12), LOST["host"]])
    assert (read["fail_on"], read["max_unreachable"]) == ("never", "50%")
    cases: dict[str, tuple[dict[str, Any], int]] = {
        "severity": ({"daily_check_fail_on": "critical"}, 10),
        "unreachable": ({"daily_check_fail_on": "never", "daily_check_max_unreachable": 0}, 11),
        # Slices that are merged were made not to fail: the report of all judges.
        "slices": ({"daily_check_runs": [str(state / "latest")]}, 10),
    }
    failed = tried(tmp_path, {case: {**given, "daily_check_report_dir": str(tmp_path / case / "out")} for case, (given, _code) in cases.items()})
    assert {case: written(tmp_path / case)["exit"]["code"] for case in failed} == {case: code for case, (_given, code) in cases.items()}


def test_the_entry_to_paste_is_shown(tmp_path: Path) -> None:
    sample_fleet.write(12, tmp_path / "state" / "bottomup-security")
    # What the page says is typed, with the folder where the runs are: it need not be the default one.
    state, page = tmp_path / "state" / "bottomup-security", tmp_path / "out" / "report.html"
    report(tmp_path, daily_check_state_dir=str(state))
    wanted = written(tmp_path)["groups"][0]
    typed = f"ansible-playbook bottomup.security.report -e daily_check_state_dir={state} -e daily_check_accept={wanted['group']}"
    assert typed in page.read_text()
    before = {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()}
    done = report(tmp_path, daily_check_accept=wanted["group"])
    assert done.rc == 0, done.shown
    assert f"group: {wanted['group']}" in done.shown and "- match:\n    fingerprint: v1:" in done.shown
    done = report(tmp_path, daily_check_accept="v1:" + 32 * "0")
    assert done.rc == 2 and "the run has no finding with this fingerprint" in done.shown
    assert {path: path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()} == before, "a question changes no run"


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no such run": ({"daily_check_runs": ["nowhere"]}, "there is no run nowhere"),
    "no run at all": ({}, "there is no run"),
    "unknown output": ({"daily_check_outputs": "pdf"}, "daily_check_outputs names 'pdf': there is no such output"),
    "unwritable folder": ({"daily_check_report_dir": "/proc/nowhere"}, "daily_check_report_dir /proc/nowhere cannot be written"),
    "no time": ({"daily_check_now": "tomorrow"}, "daily_check_now is 'tomorrow'"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("bad")
    sample_fleet.write(1, folder / "state" / "bottomup-security")
    cases = {case: variables for case, (variables, _words) in BAD.items()} | {"no run at all": {"daily_check_state_dir": str(folder / "empty")}}
    return tried(folder, cases)


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told(case: str, told: dict[str, str]) -> None:
    assert BAD[case][1] in told[case]
