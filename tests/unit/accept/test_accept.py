# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""accepted.yml: each kind of mistake is told with its line, and what is accepted is counted apart."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import sample_fleet
import yaml
from ansible.errors import AnsibleFilterError
from schemas import faults

from ansible_collections.bottomup.security.plugins.filter.findings import findings as findings_filter
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.apply import Acceptances, block
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.file import AcceptanceError, read_acceptances
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.match import ids_of
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge, report_json
from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import report_html
from ansible_collections.bottomup.security.plugins.plugin_utils.report.plain import report_text

TODAY = datetime.date(2026, 11, 22)
REST = "\n  reason: known\n  expires: 2027-01-31\n"

# content -> (line, words, whether its JSON Schema sees it too)
MISTAKES: dict[str, tuple[int, str, bool]] = {
    "match: {}": (1, "a list of acceptances is wanted", True),
    "- just a text": (1, "an acceptance is a mapping with match, expires, reason", True),
    "-  match: {host: web1}\n   expires: 2027-01-31\n": (1, "reason is missing", True),
    "- match: {host: web1}\n  reason: known\n": (1, "expires is missing", True),
    "- reason: known\n  expires: 2027-01-31\n": (1, "match is missing", True),
    "- match: {host: web1}\n  reason: ''\n  expires: 2027-01-31\n": (2, "reason: a text is wanted", True),
    "- match: {host: web1}\n  reason:\n  expires: 2027-01-31\n": (2, "a text is wanted", True),
    "- match: {host: web1}\n  reason: known\n  expires: tomorrow\n": (3, "expires is a day such as 2027-01-31", True),
    "- match: {host: web1}\n  reason: known\n  expires: 2027-02-30\n": (3, "expires is a day such as 2027-01-31", False),
    "- match: {host: web1}\n  reason: known\n  expires: 2027-11-30\n": (3, "a year from now at most, 2027-11-23", False),
    "- match: {}" + REST: (1, "match is empty: it would cover everything", True),
    "- match: {host: '*'}" + REST: (1, "match covers everything", False),
    "- match: {rule: '**', host: ['*']}" + REST: (1, "match covers everything", False),
    "- match: {host: []}" + REST: (1, "host is an empty list", True),
    "- match: {hosts: web1}" + REST: (1, "match has no hosts; it has fingerprint, group, ids, check", True),
    "- match:\n    host: web1\n    host: web2" + REST: (3, "host is there twice", False),
    "- match: {host: {a: b}}" + REST: (1, "a text is wanted", True),
    "- match: {fingerprint: abc}" + REST: (1, "fingerprint is v1: and 32 hexadecimal digits", True),
    "- match:\n    expression: severity = 'low'" + REST: (2, "not a JMESPath expression", False),
    "- match: {host: web1}" + REST + "- match: [": (4, "expected the node content", False),
    "- match: {host: web1}" + REST + "  until: 2027-01-31\n": (4, "an acceptance has no until", True),
    "- match: {host: web1}" + REST + "- match: {host: web2}\n  reason: known\n": (4, "expires is missing", True),
    "- match: {host: web1}\n\treason: known\n": (2, "found character '\\t' that cannot start any token", False),
}


@pytest.mark.parametrize("content", MISTAKES, ids=[f"{line}: {words}" for line, words, _schema in MISTAKES.values()])
def test_mistake_is_told_with_its_line(content: str, tmp_path: Path) -> None:
    line, words, by_schema = MISTAKES[content]
    path = tmp_path / "accepted.yml"
    path.write_text(content)
    with pytest.raises(AcceptanceError) as caught:
        read_acceptances(path, TODAY)
    assert str(caught.value).startswith(f"{path}:{line}: ") and words in str(caught.value)
    if by_schema:
        assert faults("accepted-1", yaml.load(content, Loader=yaml.BaseLoader))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "accepted.yml"
    path.write_text("- match: {}\n  expires: soon\n- reason: x\n" * 30)
    with pytest.raises(AcceptanceError) as caught:
        read_acceptances(path, TODAY)
    assert len(str(caught.value).splitlines()) == 21 and str(caught.value).endswith("and 130 more")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * (5 << 20), b"[" * 100000], ids=["not UTF-8", "too large", "nested"])
def test_a_file_that_is_no_list_of_acceptances(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "accepted.yml"
    path.write_bytes(content)
    with pytest.raises(AcceptanceError, match=r"accepted\.yml"):
        read_acceptances(path, TODAY)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(AcceptanceError, match="No such file"):
        read_acceptances(tmp_path / "absent.yml", TODAY)


def accepted(content: str, tmp_path: Path, today: datetime.date = TODAY, hosts: int = 12, **keywords: Any) -> tuple[Run, Acceptances]:
    """Return the run of the sample fleet with these acceptances."""
    path = tmp_path / "accepted.yml"
    path.write_text(content)
    acceptances = Acceptances(read_acceptances(path, today), today)
    if content:
        assert faults("accepted-1", yaml.load(content, Loader=yaml.BaseLoader)) == []
    fleet = collect(
        sample_fleet.documents(hosts),
        run_id=sample_fleet.RUN_ID,
        expected_hosts=sample_fleet.names(hosts),
        expected_checks=sample_fleet.CHECKS,
        accept=acceptances,
        **keywords,
    )
    return judge(fleet, fail_on="high", max_unreachable=1, now=sample_fleet.NOW, acceptances=acceptances.uses), acceptances


def written(run: Run) -> dict[str, Any]:
    """Write all reports; returns report.json."""
    report: dict[str, Any] = json.loads(b"".join(report_json(run)))
    assert faults("run-1", report) == []
    assert b"".join(report_html(run)) and max(map(len, report_text(run).splitlines())) <= 80
    return report


def the(report: dict[str, Any], rule: str, host: str) -> dict[str, Any]:
    return next(item for row in report["hosts"] if row["host"] == host for item in row["findings"] if item["rule"] == rule)


def test_an_empty_file_accepts_nothing(tmp_path: Path) -> None:
    run, _acceptances = accepted("", tmp_path)
    assert (run.counts()["accepted"], run.acceptances, run.fleet.accepted) == (0, [], [])


# what is matched -> the hosts on which a finding is accepted
MATCHES: dict[str, set[str]] = {
    "{rule: restart.kernel}": {"web1", "web2", "web3", "app1", "app2"},
    "{rule: restart.kernel, host: 'web*'}": {"web1", "web2", "web3"},
    "{rule: restart.kernel, host: [web1, 'app?']}": {"web1", "app1", "app2"},
    "{rule: 'restart.*', inventory_group: app}": {"app1", "app2", "worker1"},
    "{check: denials}": {"db1"},
    "{subject: 'service puma*'}": {"app1", "app2"},
    "{ids: CVE-2026-1301}": {"app1", "app2"},
    "{ids: ghsa-9f4c-2m7q-x8vw}": {"app1", "app2"},
    "{ids: CVE-2026-1234}": set(),  # of two CVEs one is not named
    "{ids: [CVE-2026-1234, CVE-2026-1240], host: web1}": {"web1"},
    "{expression: \"severity == 'low' && contains(host.groups, 'bastion')\"}": {"bastion"},
    "{expression: \"host.name == 'db1' && count > `200`\"}": {"db1"},
    "{rule: 'coverage.*'}": set(),
    "{rule: restart}": set(),
}


@pytest.mark.parametrize("match", MATCHES)
def test_match(match: str, tmp_path: Path) -> None:
    run, acceptances = accepted(f"- match: {match}{REST}", tmp_path)
    assert acceptances.uses[0].hosts == MATCHES[match]
    assert {host for group in run.fleet.accepted for host in group.hosts} == MATCHES[match]
    assert acceptances.uses[0].notes() == ([] if MATCHES[match] else ["matches nothing in this run"])
    assert {host for group in run.fleet.groups for host in group.hosts if "accepted" in group.title} == set()
    written(run)


def test_by_fingerprint_and_by_group(tmp_path: Path) -> None:
    report = written(accepted("", tmp_path)[0])
    kernel = the(report, "restart.kernel", "web2")
    for key, hosts in (("fingerprint", {"web2"}), ("group", {"web1", "web2", "web3", "app1", "app2"})):
        run, acceptances = accepted(f"- match: {{{key}: '{kernel[key]}'}}{REST}", tmp_path)
        assert acceptances.uses[0].hosts == hosts


def test_accepted_findings_are_counted_apart_and_never_fail_a_run(tmp_path: Path) -> None:
    plain, _none = accepted("", tmp_path)
    run, acceptances = accepted(f"- match: {{expression: \"severity == 'critical' || severity == 'high'\"}}{REST}", tmp_path)
    before, after = plain.counts(), run.counts()
    assert after["accepted"] == before["findings"]["critical"] + before["findings"]["high"] == acceptances.uses[0].findings
    assert after["findings"] == {**before["findings"], "critical": 0, "high": 0}
    assert plain.exit.code == 10 and "reach" not in run.exit.as_dict()["reason"]
    assert f"{after['accepted']} accepted" in run.verdict
    report = written(run)
    assert the(report, "web_probes.answered", "web1")["accepted"] == {"line": 1, "reason": "known", "expires": "2027-01-31", "owner": "", "ticket": ""}
    assert all("accepted" not in group for group in report["groups"]) and all("accepted" in group for group in report["accepted"])
    assert "counted in no other number" in report_text(run)


def test_the_state_of_the_check_stays_and_its_cell_says_accepted(tmp_path: Path) -> None:
    run, _acceptances = accepted(f"- match: {{check: denials}}{REST}", tmp_path)
    page = b"".join(report_html(run)).decode()
    assert "1 accepted</td>" in page and 'id="accepted"' in page


@pytest.mark.parametrize(("today", "held"), [("2027-01-31", True), ("2027-02-01", False)])
def test_expired_findings_return_with_a_note(today: str, held: bool, tmp_path: Path) -> None:
    day = datetime.date.fromisoformat(today)
    run, acceptances = accepted(f"- match: {{rule: restart.kernel}}{REST}", tmp_path, day)
    assert acceptances.uses[0].notes() == [f"expire{'s' if held else 'd'} on 2027-01-31" + ("" if held else ", 5 findings have returned")]
    assert run.counts()["accepted"] == (5 if held else 0)
    evidence = the(written(run), "restart.kernel", "web1")["evidence"][-1]
    assert (evidence == {"source": "acceptance", "text": "expired on 2027-01-31 (line 1): known"}) is not held
    assert "expire" in report_text(run)


def test_a_valid_entry_wins_over_an_expired_one(tmp_path: Path) -> None:
    content = f"- match: {{rule: restart.kernel}}\n  reason: old\n  expires: 2026-11-01\n- match: {{rule: 'restart.*'}}{REST}"
    run, _acceptances = accepted(content, tmp_path)
    assert the(written(run), "restart.kernel", "web1")["accepted"]["line"] == 4


BROAD = {
    "{rule: '*.*'}": "over-broad: it covers 13 different findings",
    "{expression: \"host.name != ''\"}": "over-broad: it covers 13 different findings",
    "{expression: \"contains(title, 'Nobody')\"}": "over-broad: it covers anything",
}


@pytest.mark.parametrize("match", BROAD)
def test_over_broad_ones_are_listed(match: str, tmp_path: Path) -> None:
    run, acceptances = accepted(f"- match: {match}{REST}", tmp_path)
    assert acceptances.uses[0].broad and BROAD[match].split(" it ")[0] in " ".join(acceptances.uses[0].notes())
    assert "over-broad" in report_text(run) and written(run)["acceptances"][0]["broad"] is True


@pytest.mark.parametrize(("expression", "words"), [("length(count)", "the expression failed"), ("title", "the expression gives no truth value")])
def test_an_expression_that_fails_accepts_nothing_and_is_told(expression: str, words: str, tmp_path: Path) -> None:
    run, acceptances = accepted(f"- match: {{expression: {expression}}}{REST}", tmp_path)
    assert run.counts()["accepted"] == 0 and words in " ".join(acceptances.uses[0].notes())
    assert "cannot be used" in report_text(run)
    written(run)


def test_accepted_findings_are_no_news(tmp_path: Path) -> None:
    history = Recorder("", tmp_path)
    quiet = "- match: {check: log_digest}" + REST
    for _run in range(2):
        run, _acceptances = accepted(quiet, tmp_path, remember=lambda hosts, run_id: history.record(hosts, run_id, sample_fleet.NOW))
    assert run.fleet.past.off == "" and sum(run.fleet.states().values()) == sum(run.fleet.severities().values())
    written(run)


def test_block_to_paste_is_an_entry_once_the_reason_is_given(tmp_path: Path) -> None:
    kernel = the(written(accepted("", tmp_path)[0]), "restart.kernel", "web2")
    words = block(kernel, "web2", TODAY)
    with pytest.raises(AcceptanceError, match=r"a text is wanted"):
        accepted(words, tmp_path)
    run, _acceptances = accepted(words.replace('reason: ""', "reason: rebooted on Sunday"), tmp_path)
    assert [(group.rule, group.hosts) for group in run.fleet.accepted] == [("restart.kernel", ["web2"])]


def test_ids_of_a_finding() -> None:
    item = {"references": ["https://x.example/CVE-2026-1234", "RHSA-2026:1234", "see ghsa-vfg9-r3fq-jvx4"], "title": "DSA-5417-1 openssl", "subject": "x"}
    assert ids_of(item) == {"CVE-2026-1234", "RHSA-2026:1234", "GHSA-VFG9-R3FQ-JVX4", "DSA-5417-1"}


def test_filter(tmp_path: Path) -> None:
    report = written(accepted("", tmp_path)[0])
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    for source in (report, str(path)):
        chosen = findings_filter(source, "severity == 'critical' && contains(host.groups, 'web')")
        assert [(item["rule"], item["host"]["name"]) for item in chosen] == [("web_probes.answered", "web1")]
    assert len(findings_filter(report)) == sum(len(host["findings"]) for host in report["hosts"])
    bad: list[tuple[object, str | None]] = [({}, None), (5, None), (str(tmp_path / "absent"), None), (report, "severity ="), (report, "length(count)")]
    for given, expression in bad:
        with pytest.raises(AnsibleFilterError, match=r"bottomup\.security\.findings"):
            findings_filter(given, expression)


# what is matched -> its notes on the day on which web1 cannot be reached any more, valid and expired
LOOKED_BACK: dict[str, tuple[list[str], list[str]]] = {
    "{rule: restart.kernel, host: web1}": ([], ["expired on 2027-01-31, and what it matched is still open: this run could not look at it again"]),
    "{rule: restart.kernel, host: 'web*'}": ([], ["expired on 2027-01-31, 2 findings have returned"]),
    "{rule: nothing.at_all}": (["matches nothing that this run looked at"], ["expired on 2027-01-31, and matches nothing that this run looked at"]),
}


@pytest.mark.parametrize("match", LOOKED_BACK)
@pytest.mark.parametrize("day", [TODAY, datetime.date(2027, 2, 1)], ids=["valid", "expired"])
def test_what_could_not_be_looked_at_again_is_not_said_to_be_nothing(match: str, day: datetime.date, tmp_path: Path) -> None:
    recorder = Recorder("", tmp_path, 0)
    everybody = list(sample_fleet.documents(12))
    lost = {"schema": "bottomup.security/host/1", "host": "web1", "groups": [], "status": "unreachable", "reason": "no route"}
    path = tmp_path / "accepted.yml"
    path.write_text(f"- match: {match}{REST}")
    entries = read_acceptances(path, TODAY)
    for run_id, documents in (("20261122T060000Z-000001", everybody), ("20261123T060000Z-000002", [*everybody, lost])):
        shown = [document for document in documents if document["host"] != "web1" or (document is lost) == (lost in documents)]
        acceptances = Acceptances(entries, day)
        fleet = collect(
            ({**document, "run_id": run_id} for document in shown),
            run_id=run_id,
            expected_hosts=sample_fleet.names(12),
            expected_checks=sample_fleet.CHECKS,
            accept=acceptances,
            remember=lambda rows, run_id: recorder.record(rows, run_id, sample_fleet.NOW),
        )
        acceptances.look_back(fleet)
    assert acceptances.uses[0].notes() == LOOKED_BACK[match][day > TODAY]
