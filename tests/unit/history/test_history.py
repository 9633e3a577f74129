# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new, open, returned, resolved or out of sight, over many mornings."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from history.fleets import FIRST, Answer, document, morning, recorder, run, states, told
from hypothesis import given, settings
from hypothesis import strategies as st
from schemas import faults

from ansible_collections.bottomup.security.plugins.plugin_utils.history.past import since
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import judge, report_json, summary_json
from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import report_html
from ansible_collections.bottomup.security.plugins.plugin_utils.report.plain import report_text

# name of the case -> (what web1 answered each morning, the state of nginx on web1 after the last one)
LIVES: dict[str, tuple[list[Answer], str | None]] = {
    "first run is no news": (["nginx"], "open"),
    "new": (["", "nginx"], "new"),
    "open": (["", "nginx", "nginx"], "open"),
    "resolved": (["nginx", ""], "resolved"),
    "resolved where nothing of the kind is left": (["nginx", "!not_applicable"], "resolved"),
    "resolved is told once": (["nginx", "", ""], None),
    "reopened": (["nginx", "", "nginx"], "reopened"),
    "reopened is told once": (["nginx", "", "nginx", "nginx"], "open"),
    "unreachable resolves nothing": (["nginx", None], "stale"),
    "timeout resolves nothing": (["nginx", "!timeout"], "stale"),
    "error resolves nothing": (["nginx", "!error"], "stale"),
    "skipped resolves nothing": (["nginx", "!skipped"], "stale"),
    "incomplete resolves nothing": (["nginx", "!incomplete"], "stale"),
    "an incomplete look resolves what it rules out": (["nginx", "!incomplete:"], "resolved"),
    "an incomplete look resolves what it rules out, whatever else it does not": (["nginx", "!incomplete:puma restart.process"], "resolved"),
    "an incomplete look that cannot rule out the subject": (["nginx", "!incomplete:puma nginx"], "stale"),
    "an incomplete look that cannot rule out the rule": (["nginx", "!incomplete:restart.service"], "stale"),
    "a timeout rules out nothing": (["nginx", "!timeout:"], "stale"),
    "ruled out, and there again": (["nginx", "!incomplete:", "nginx!incomplete:"], "reopened"),
    "seen in an incomplete look": (["nginx", "nginx!incomplete"], "open"),
    "new in an incomplete look": (["", "nginx!incomplete"], "new"),
    "back in sight is open, not reopened": (["nginx", None, "nginx"], "open"),
    "back in sight after an incomplete look": (["nginx", "!incomplete", "nginx"], "open"),
    "out of sight, then resolved": (["nginx", "!incomplete", ""], "resolved"),
    "out of sight, resolved, reopened": (["nginx", "!incomplete", "", "nginx"], "reopened"),
    "unreachable at first has no baseline either": ([None, "nginx"], "open"),
    "timeout at first has no baseline either": (["!timeout", "nginx"], "open"),
}


@pytest.mark.parametrize("case", LIVES)
def test_life_of_a_finding(case: str, tmp_path: Path) -> None:
    answers, wanted = LIVES[case]
    history = recorder(tmp_path)
    for day, answer in enumerate(answers):
        fleet = morning(history, day, {"web1": answer, "web2": "puma"})
        assert fleet.past.off == ""
    assert states(fleet).get("web1 nginx") == wanted
    assert states(fleet)["web2 puma"] == "open"
    sound(fleet)


def sound(fleet: Fleet) -> str:
    """Write all reports of the fleet and judge them by their schemas; returns the text."""
    made = judge(fleet, fail_on="high", max_unreachable=0, now=FIRST)
    assert faults("run-1", json.loads(b"".join(report_json(made)))) == []
    assert faults("summary-1", json.loads(summary_json(made))) == []
    page = b"".join(report_html(made)).decode()
    assert made.since.split(":")[0] in page.replace("\N{NO-BREAK SPACE}", " ")
    words = report_text(made)
    assert max(map(len, words.splitlines())) <= 80
    return words


def test_first_run_says_that_there_is_no_baseline(tmp_path: Path) -> None:
    fleet = morning(recorder(tmp_path), 0, {"web1": "nginx", "web2": "nginx puma"})
    assert since(fleet.past, fleet.states()) == "First run, no baseline: what is new shows from the next run on"
    assert "no baseline" in sound(fleet) and "NEW" not in sound(fleet)


def test_what_is_new_is_said_in_one_sentence(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": "nginx puma", "web2": "nginx", "web3": "nginx"})
    morning(history, 1, {"web1": "nginx", "web2": "", "web3": "nginx"})
    fleet = morning(history, 2, {"web1": "cron puma", "web2": "nginx", "web3": None, "web9": "nginx"})
    words = "Since 2026-11-23 06:00 UTC: 1 new, 2 returned, 1 resolved, 1 not looked at again, 1 host with a check that looked for the first time"
    assert since(fleet.past, fleet.states()) == words
    text = sound(fleet)
    assert "NEW: cron is stale" in text and "RETURNED: puma is stale" in text and "RETURNED on web2: nginx is stale" in text
    assert "RESOLVED, no longer found\n  high nginx is stale, on web1" in text
    assert "NOT LOOKED AT AGAIN, so still open\n  high nginx is stale, on web3" in text


def test_nothing_new_is_said_too(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    for day in (0, 1):
        fleet = morning(history, day, {"web1": "nginx"})
    assert since(fleet.past, fleet.states()) == "Since 2026-11-22 06:00 UTC: nothing new"


def test_first_seen_and_the_number_of_looks(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    for day, answer in enumerate(["", "nginx", "nginx", None, "!incomplete", "nginx", "", "nginx"]):
        fleet = morning(history, day, {"web1": answer})
    (item,) = (item for item in fleet.hosts[0].findings() if item["check"] == "restart")
    assert (item["first_seen"], item["seen_runs"], item["state"]) == ("2026-11-23T06:00:00Z", 4, "reopened")


def test_a_run_that_leaves_hosts_out_says_nothing_of_them(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": "nginx", "web2": "nginx"})
    assert states(morning(history, 1, {"web1": ""})) == {"web1 nginx": "resolved"}
    assert states(morning(history, 2, {"web1": "", "web2": "nginx"})) == {"web2 nginx": "open"}


def test_the_same_run_twice_is_once(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": "puma", "web2": "nginx"})
    first = report(morning(history, 1, {"web1": "nginx", "web2": None}, ["web3"]))
    assert report(morning(history, 1, {"web1": "nginx", "web2": None}, ["web3"])) == first
    assert states(morning(history, 2, {"web1": "nginx", "web2": ""})) == {"web1 nginx": "open", "web2 nginx": "resolved"}


def report(fleet: Fleet) -> bytes:
    return b"".join(report_json(judge(fleet, fail_on="high", max_unreachable=0, now=FIRST)))


def test_a_retry_within_the_run_keeps_what_is_new(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": "", "web2": "puma"})
    morning(history, 1, {"web1": "nginx", "web2": None}, run_id="r1")
    fleet = morning(history, 1.01, {"web1": "nginx", "web2": "puma cron"}, run_id="r1")
    assert states(fleet) == {"web1 nginx": "new", "web2 puma": "open", "web2 cron": "new"}
    assert [item["seen_runs"] for host in fleet.hosts for item in host.findings() if item["subject"] == "nginx"] == [1]


def test_a_retry_that_no_longer_finds_it_takes_it_back(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": "nginx"})
    assert states(morning(history, 1, {"web1": ""}, run_id="r1")) == {"web1 nginx": "resolved"}
    assert states(morning(history, 1.01, {"web1": "nginx"}, run_id="r1")) == {"web1 nginx": "open"}


def test_an_older_run_that_comes_late_changes_nothing(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": ""})
    morning(history, 2, {"web1": "nginx"})
    assert states(morning(history, 1, {"web1": "puma"})) == {"web1 puma": "open"}
    assert states(morning(history, 3, {"web1": "nginx"})) == {"web1 nginx": "open"}


def test_slices_of_a_run_in_any_order(tmp_path: Path) -> None:
    reports = set()
    for seed in range(4):
        history = recorder(tmp_path / str(seed))
        (tmp_path / str(seed)).mkdir()
        names = [f"web{number}" for number in range(12)]
        morning(history, 0, dict.fromkeys(names, "nginx"))
        slices = [[document(name, "puma" if number % 2 else None, 1) for number, name in enumerate(names) if number % 3 == part] for part in range(3)]
        random.Random(seed).shuffle(slices)
        for part in slices:
            told(history, 1, part, [item["host"] for item in part], run(1))
        merged = [item for part in slices for item in part] * 2
        reports.add(report(told(history, 1, merged, names, run(1))))
    assert len(reports) == 1


def test_a_host_that_is_not_reached_has_the_time_of_the_last_look(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": "", "web2": "!timeout"})
    for day in (1, 2):
        fleet = morning(history, day, {"web1": None, "web2": "!timeout", "web3": None})
    said = {host.name: host.findings()[0]["evidence"][-1]["text"] for host in fleet.hosts}
    assert said == {"web1": "2026-11-22T06:00:00Z, 2 days ago", "web2": "never, as far as the history goes", "web3": "never, as far as the history goes"}
    assert {group.rule: group.new for group in fleet.coverage} == {"coverage.unreachable": [], "coverage.check_timeout": []}


def test_resolved_findings_runs_and_lost_hosts_are_forgotten_in_time(tmp_path: Path) -> None:
    history = recorder(tmp_path, keep_days=10)
    morning(history, 0, {"web1": "nginx puma", "old": "nginx"})
    morning(history, 1, {"web1": "nginx"})
    for day in range(2, 30):
        fleet = morning(history, day, {"web1": "nginx"})
    assert next(item["seen_runs"] for item in fleet.hosts[0].findings()) == 30, "an open finding is kept, however old"
    with history.store().writing() as connection:
        rows = connection.exec_driver_sql("SELECT host, subject FROM finding").fetchall()
        assert [tuple(row) for row in rows] == [("web1", "nginx")]
        assert connection.exec_driver_sql("SELECT count(*) FROM run").scalar() == 10
    assert len(fleet.past.trend) == 10


def test_trend_has_one_run_of_a_day_that_of_most_hosts(tmp_path: Path) -> None:
    history = recorder(tmp_path)
    morning(history, 0, {"web1": "nginx", "web2": None})
    fleet = morning(history, 0.2, {"web1": ""})
    assert [(row["run_id"], row["hosts"], row["looked_at"], row["findings"]) for row in fleet.past.trend] == [("r0", 2, 1, {"high": 1})]


SUBJECTS = st.sets(st.sampled_from(["nginx", "puma", "cron"])).map(lambda names: " ".join(sorted(names)))
ANSWERS = st.one_of(st.none(), SUBJECTS, SUBJECTS.map(lambda names: f"{names}!incomplete"), st.just("!timeout"))


@settings(max_examples=40, deadline=None)
@given(mornings=st.lists(ANSWERS, min_size=1, max_size=8))
def test_property_no_finding_is_lost(mornings: list[Answer], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Against the plain rules: resolved only by a look that saw all, new only with a look before, what is found is there."""
    history = recorder(tmp_path_factory.mktemp("history"))
    open_before: set[str] = set()
    ever: set[str] = set()
    looked = False
    for day, answer in enumerate(mornings):
        seen = states(morning(history, day, {"web1": answer}))
        found = set((answer or "").partition("!")[0].split())
        complete = answer is not None and "!" not in answer
        wanted = {f"web1 {name}": "open" if name in open_before or not looked else "reopened" if name in ever else "new" for name in found}
        wanted |= {f"web1 {name}": "resolved" if complete else "stale" for name in open_before - found}
        assert seen == wanted
        open_before = found if complete else open_before | found
        ever |= found
        looked = looked or (answer is not None and "timeout" not in answer)
