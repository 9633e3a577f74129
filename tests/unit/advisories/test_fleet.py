# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The announcements in the daily report: documents in, findings, coverage and totals out; nothing that is broken hinders it."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import advisories_mirror as mirror
import pytest
from advisories_hosts import NOW, age, document, rpm, software
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed
from schemas import faults

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, result
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import cache
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.fleet import Announcements
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer, fingerprint, group_key
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import manifest
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder
from ansible_collections.bottomup.security.plugins.plugin_utils.playbooks import FEEDS_COMMAND
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet, collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import judge, report_json, summary_json
from ansible_collections.bottomup.security.plugins.plugin_utils.report.openmetrics import report_openmetrics
from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import report_html
from ansible_collections.bottomup.security.plugins.plugin_utils.report.plain import report_text
from ansible_collections.bottomup.security.plugins.plugin_utils.report.reasons import reasons_of
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.letter import letter
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.message import Message

OLD = software(rpm("curl", "7.76.1", "29.el9"), rpm("tree", "1.8", "1.el9"))
NEW = software(rpm("curl", "7.76.1", "40.el9"))


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    place = tmp_path / "feeds"
    curl = [mirror.affected("AlmaLinux:9", "curl", "7.76.1-40.el9")]
    mirror.osv(place, "AlmaLinux", [mirror.record("ALSA-2026:2", "Low: curl security update", curl, related=["CVE-2026-0002"])])
    (place / "kev").mkdir()
    entries = [{"cveID": "CVE-2026-0002", "dueDate": "2026-12-01", "knownRansomwareCampaignUse": "Known", "vulnerabilityName": "curl"}]
    (place / "kev" / "known_exploited_vulnerabilities.json").write_text(json.dumps({"vulnerabilities": entries}))
    (place / "epss").mkdir()
    (place / "epss" / "epss_scores-current.csv.gz").write_bytes(gzip.compress(b"#m\ncve,epss,percentile\nCVE-2026-0002,0.43,0.97\n"))
    (place / "endoflife").mkdir()
    (place / "endoflife" / "almalinux.json").write_text(json.dumps([{"cycle": "9", "eol": "2026-12-31", "latest": "9.8"}]))
    age(place, 3600)
    return place


def run(place: Path, state: Path, documents: Iterable[dict[str, Any]], hosts: Iterable[str] = ()) -> Fleet:
    with Announcements(place, state, NOW) as announcements:
        fleet = collect(announcements.judged(documents), run_id="r1", expected_hosts=hosts, expected_checks=["software"], told=announcements.told)
    report = judge(fleet, fail_on="high", max_unreachable=0, now=NOW)
    assert faults("run-1", json.loads(b"".join(report_json(report)))) == []
    assert faults("summary-1", json.loads(summary_json(report))) == []
    return fleet


def cell(fleet: Fleet, host: str = "web1") -> tuple[str, str]:
    found = next(item for item in fleet.hosts if item.name == host).cells["software"]
    return found.status, found.reason


def test_one_row_for_the_fleet_with_kev_epss_and_the_command(feeds: Path, tmp_path: Path) -> None:
    fleet = run(feeds, tmp_path / "state", [document(f"web{number}", OLD if number < 4 else NEW) for number in range(1, 6)])
    row = next(group for group in fleet.groups if group.rule == "software.advisory")
    assert (row.severity, row.subject, row.hosts) == ("critical", "ALSA-2026:2", ["web1", "web2", "web3"])
    assert row.title == "ALSA-2026:2 curl, KEV due 2026-12-01, EPSS 43%: Low: curl security update"
    assert list(row.variants) == [("dnf upgrade --advisory=ALSA-2026:2",)]
    assert cell(fleet) == ("findings", "")
    own = next(item for item in fleet.hosts if item.name == "web2").findings()[0]
    assert own["fingerprint"] == fingerprint("software", "software.advisory", "web2", "ALSA-2026:2")
    assert own["group"] == row.key == group_key("software", "software.advisory", "ALSA-2026:2")
    assert own["packages"] == ["pkg:rpm/almalinux/curl@7.76.1-29.el9?distro=almalinux-9.6"]
    end = next(group for group in fleet.groups if group.rule == "software.end_of_life")
    assert (end.severity, end.title, len(end.hosts)) == ("medium", "Support of almalinux 9 ends on 2026-12-31", 5)


def test_totals_and_ages_are_told_in_one_place(feeds: Path, tmp_path: Path) -> None:
    head = run(feeds, tmp_path / "state", [document("web1", OLD), document("web2", NEW)]).told.head()
    assert (head["on"], head["hosts"], head["packages"]) == (True, {"judged": 2, "affected": 1, "unknown": 0}, {"judged": 3, "unknown": 0})
    assert head["announcements"] == {"found": 1, "exploited": 1}
    assert [(feed["name"], feed["age_hours"], feed["stale"], feed["problem"]) for feed in head["feeds"]] == [
        (name, 1.0, False, "") for name in ("endoflife", "epss", "kev", "osv/AlmaLinux")
    ]


def test_the_announcements_as_osv_has_them(feeds: Path, tmp_path: Path) -> None:
    fleet = run(feeds, tmp_path / "state", [document("web1", OLD), document("web2", software(rpm("curl", "7.76.1", "26.el9")))])
    found = fleet.told.announced["ALSA-2026:2"].as_osv("ALSA-2026:2")
    package = {"ecosystem": "AlmaLinux", "name": "curl", "purl": "pkg:rpm/almalinux/curl"}
    assert (found["id"], found["upstream"], found["database_specific"]["known_exploited"]) == ("ALSA-2026:2", ["CVE-2026-0002"], True)
    assert found["affected"] == [{"package": package, "versions": ["7.76.1-26.el9", "7.76.1-29.el9"], "ecosystem_specific": {"fixed": "7.76.1-40.el9"}}]


def test_without_any_feed_what_the_package_manager_knows_is_told_and_the_command_once(tmp_path: Path) -> None:
    waits = finding("software.security_updates", "medium", "1 security update waits", "security updates", (), "Install them.", ["dnf upgrade --security"])
    fleet = run(tmp_path / "none", tmp_path / "state", [document("web1", OLD, findings=[waits]), document("web2", OLD)])
    assert [(group.rule, group.hosts) for group in fleet.groups] == [("software.security_updates", ["web1"])]
    assert cell(fleet) == cell(fleet, "web2") == ("incomplete", "not matched against the announcements")
    rows = [(group.rule, group.subject, group.hosts, list(group.variants)) for group in fleet.coverage]
    assert rows == [("coverage.feed", "feeds", ["web1", "web2"], [(FEEDS_COMMAND,)])]


def test_35_36_a_stale_feed_is_one_row_and_no_host_that_needs_it_is_ok(feeds: Path, tmp_path: Path) -> None:
    age(feeds / "osv", 5 * 86400)
    fleet = run(feeds, tmp_path / "state", [document("web1", NEW), document("web2", NEW), document("db1", {"components": []}, {"id": "", "version_id": ""})])
    assert cell(fleet) == ("incomplete", "feed osv/AlmaLinux is 5 days old")
    assert [(group.subject, group.title, group.hosts) for group in fleet.coverage] == [("osv/AlmaLinux", "feed osv/AlmaLinux is 5 days old", ["web1", "web2"])]
    assert fleet.told.sentence() == "4 feeds, the oldest had 120 hours ago; osv/AlmaLinux is 5 days old"


def test_several_lacking_feeds_are_one_row_with_their_names(feeds: Path, tmp_path: Path) -> None:
    """Whatever a server needs of them, and whatever else it could not see."""
    age(feeds, 5 * 86400)
    cut = document("cut1", OLD)
    cut["checks"]["software"].update(status="incomplete", status_reason="rpm hangs")
    fleet = run(feeds, tmp_path / "state", [document("web1", OLD), document("db1", {"components": []}, {"id": "", "version_id": ""}), cut])
    folded = "3 feeds are missing, too old or refused: endoflife, kev, osv/AlmaLinux"
    assert cell(fleet) == ("incomplete", folded)
    assert cell(fleet, "db1") == ("incomplete", "2 feeds are missing, too old or refused: endoflife, kev")
    assert cell(fleet, "cut1") == ("incomplete", f"rpm hangs; {folded}")
    rows = [(row.what, row.reason, row.hosts) for row in reasons_of(fleet.hosts)]
    assert rows == [("software", folded, ["cut1", "web1", "db1"]), ("software", "rpm hangs", ["cut1"])]
    assert fleet.told.sentence() == "4 feeds, the oldest had 120 hours ago; endoflife, epss, kev, osv/AlmaLinux: each is 5 days old"
    report = judge(fleet, fail_on="high", max_unreachable=0, now=NOW)
    assert b"".join(report_html(report)).decode().count(f"<td>{folded}</td>") == 1
    assert letter(Message(report, ""), "", 90_000).count("missing, too old or refused") == 1 and "5 days old" not in letter(Message(report, ""), "", 90_000)


def test_36_a_damaged_feed_is_said_and_its_last_good_state_is_used(feeds: Path, tmp_path: Path) -> None:
    run(feeds, tmp_path / "state", [document("web1", NEW)])
    path = feeds / "osv" / "AlmaLinux" / "all.zip"
    path.write_bytes(b"<html>503 Service Unavailable</html>")
    os.utime(path, (NOW - 60, NOW - 60))
    fleet = run(feeds, tmp_path / "state", [document("web1", OLD)])
    assert [group.subject for group in fleet.groups if group.rule == "software.advisory"] == ["ALSA-2026:2"]
    assert cell(fleet)[0] == "incomplete" and "is not a whole zip archive" in cell(fleet)[1]
    assert "its last good state is in use" in fleet.told.sentence()


def test_a_damaged_index_is_made_anew(feeds: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    run(feeds, state, [document("web1", NEW)])
    path = cache.place(feeds, state)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    assert [group.subject for group in run(feeds, state, [document("web1", OLD)]).groups if group.rule == "software.advisory"] == ["ALSA-2026:2"]


def test_an_index_that_cannot_be_made_does_not_hinder_the_report(feeds: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "advisories").write_text("in the way")
    fleet = run(feeds, tmp_path / "state", [document("web1", OLD)])
    assert cell(fleet)[0] == "incomplete"
    assert fleet.told.off.startswith("The index of the announcements cannot be made")
    assert [group.title for group in fleet.coverage] == [fleet.told.off]


HOSTILE: dict[str, Any] = {
    "rows": {"packages": {"manager": "rpm", "rows": [["curl"], 7, None, {"a": 1}]}},
    "manager": {"packages": {"manager": "apk", "rows": []}},
    "applications": {"applications": [{"kind": "gems", "packages": "all"}, 3]},
    "components": {"components": [{"name": ["nginx"], "version": {}}]},
    "repositories": {"repositories": [[[]]], "packages": {"manager": "rpm", "rows": [[]]}},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_list_that_our_check_does_not_send_harms_no_other_host(case: str, feeds: Path, tmp_path: Path) -> None:
    fleet = run(feeds, tmp_path / "state", [document("evil", HOSTILE[case]), document("web1", OLD)])
    assert [group.hosts for group in fleet.groups if group.rule == "software.advisory"] == [["web1"]]


def test_a_host_whose_check_gave_no_list_is_not_ok(feeds: Path, tmp_path: Path) -> None:
    fleet = run(feeds, tmp_path / "state", [document("web1", {}), document("web2", OLD)], ["web3"])
    assert cell(fleet)[0] == "incomplete"
    assert fleet.told.hosts == 1


def test_text_and_page_say_the_feeds_once(feeds: Path, tmp_path: Path) -> None:
    age(feeds / "osv", 5 * 86400)
    report = judge(run(feeds, tmp_path / "state", [document(f"web{number}", OLD) for number in range(9)]), fail_on="high", max_unreachable=0, now=NOW)
    words = report_text(report)
    assert "Announced: 1 announcement on 9 of 9 hosts, 1 of them exploited (CISA KEV)\n" in words
    assert "Feeds:  4 feeds, the oldest had 120 hours ago; osv/AlmaLinux is 5 days old\n" in words
    assert words.count(FEEDS_COMMAND) == 1
    page = b"".join(report_html(report)).decode()
    assert "1 announcement on 9 of 9 hosts" in page and re.sub(r"<[^>]+>", "", page).count(FEEDS_COMMAND) == 1
    assert "<td>osv/AlmaLinux</td><td>1</td><td>2026-11-17 06:00 UTC</td><td>is 5 days old</td>" in page


def test_a_run_without_the_check_makes_no_index(feeds: Path, tmp_path: Path) -> None:
    answer = {"facts": {}, "checks": {"restart": result()}}
    fleet = run(feeds, tmp_path / "state", [accept_answer(answer, host="web1", groups=[], run_id="r1", expected_checks=["restart"])])
    assert not (tmp_path / "state").exists()
    assert (fleet.told.telling, fleet.coverage[0].rule) == (False, "coverage.check_error")


def test_the_same_documents_give_the_same_report(feeds: Path, tmp_path: Path) -> None:
    def made() -> bytes:
        fleet = run(feeds, tmp_path / "state", [document(f"web{number}", OLD) for number in range(3)])
        return b"".join(report_json(judge(fleet, fail_on="high", max_unreachable=0, now=NOW)))

    assert made() == made()


def test_what_the_server_saw_wholly_is_resolved_though_a_feed_is_stale(feeds: Path, tmp_path: Path) -> None:
    """An update that was installed is gone from the package manager's list; whether the announcement is, a stale feed cannot tell."""
    state = tmp_path / "state"
    recorder = Recorder("", state, 0)
    waits = finding("software.security_updates", "medium", "1 security update waits", "security updates", (), "Install them.")

    def day(number: int, *documents: dict[str, Any]) -> Fleet:
        own = [{**item, "run_id": f"r{number}", "ended": f"2026-11-2{number}T06:00:00Z"} for item in documents]
        with Announcements(feeds, state, NOW) as announcements:
            return collect(
                announcements.judged(own),
                run_id=f"r{number}",
                expected_hosts=[],
                expected_checks=["software"],
                remember=lambda rows, run_id: recorder.record(rows, run_id, NOW),
                told=announcements.told,
            )

    state.mkdir()
    day(1, document("web1", OLD, findings=[waits]))
    age(feeds, 5 * 86400)
    (feeds / "osv" / "AlmaLinux" / "all.zip").unlink()
    mirror.osv(feeds, "AlmaLinux", [mirror.record("ALSA-2026:9", "other", [mirror.affected("AlmaLinux:9", "other", "2")])])
    age(feeds, 5 * 86400)
    past = day(2, document("web1", OLD)).past
    assert [item.rule for item in past.resolved] == ["software.security_updates"]
    assert [item.rule for item in past.stale] == ["software.advisory"]


PAGES = [
    {"page": "OpenSSH", "url": "https://www.openssh.com/security.html", "status": "ok", "reason": "", "looked": "2026-11-22T05:00:00Z", "more": 2},
    {"page": "nginx", "url": "https://nginx.org/", "status": "failed", "reason": "404", "looked": "2026-11-22T05:00:00Z", "new": [], "more": 0},
    {"page": "Puma", "url": "https://github.com/puma/puma", "status": "ok", "reason": "", "looked": "2026-11-22T05:00:00Z", "new": [], "more": 0},
]
ENTRIES = [
    {"title": "regreSSHion <script>alert(1)</script>", "link": "https://www.openssh.com/txt/release-9.8", "published": "2026-11-21T00:00:00Z"},
    {"title": "A long way", "link": "https://www.openssh.com/" + "a" * 90, "published": ""},
]


def test_new_entries_of_the_announcement_pages_are_listed_with_their_link(feeds: Path, tmp_path: Path) -> None:
    (feeds / "pages.json").write_text(json.dumps({"schema": "bottomup.security/pages/1", "pages": [{**PAGES[0], "new": ENTRIES}, *PAGES[1:]]}))
    report = judge(run(feeds, tmp_path / "state", [document("web1", OLD)]), fail_on="high", max_unreachable=0, now=NOW)
    words = report_text(report)
    assert "ANNOUNCEMENT PAGES, new since the look before\n" in words
    assert "    https://www.openssh.com/txt/release-9.8\n" in words and "(2026-11-21)\n" in words
    assert "  ! nginx: 404\n" in words and "  and 2 more: see the page\n" in words and "Puma" not in words
    assert max(map(len, words.splitlines())) <= 80
    page = b"".join(report_html(report)).decode()
    assert '<a href="https://www.openssh.com/txt/release-9.8" rel="noopener noreferrer">' in page
    assert "<script>alert(1)" not in page and "could not be had: 404" in page


def test_pages_that_cannot_be_read_do_not_hinder_the_report(feeds: Path, tmp_path: Path) -> None:
    (feeds / "pages.json").write_bytes(b"\xff{" * 1000)
    assert run(feeds, tmp_path / "state", [document("web1", OLD)]).told.hosts == 1


def test_the_age_of_each_feed_is_a_metric(feeds: Path, tmp_path: Path) -> None:
    report = judge(run(feeds, tmp_path / "state", [document("web1", OLD), document("web2", NEW)]), fail_on="high", max_unreachable=0, now=NOW)
    read = {
        (sample.name, *sample.labels.values()): sample.value for family in parsed(b"".join(report_openmetrics(report)).decode()) for sample in family.samples
    }
    assert read["bottomup_security_feed_age_seconds", "osv/AlmaLinux"] == 3600
    assert (read["bottomup_security_announced_hosts", "affected"], read[("bottomup_security_announcements_up",)]) == (1, 1)


def test_a_feed_that_no_server_needs_any_more_is_not_told_however_old_it_is(feeds: Path, tmp_path: Path) -> None:
    old = mirror.osv(feeds, "RubyGems", [mirror.record("GHSA-1", "a hole", [mirror.affected("RubyGems", "rack", "3")])])
    os.utime(old, (NOW - 40 * 86400, NOW - 40 * 86400))
    told = run(feeds, tmp_path / "one", [document("web1", OLD)]).told
    assert [feed.name for feed in told.feeds if feed.stale] == ["osv/RubyGems"]
    state = old.stat()
    file = manifest.File("osv/RubyGems/all.zip", state.st_size, state.st_mtime_ns, "ab", 1)
    entry = manifest.Entry("osv/RubyGems", "https://example.com/", "ok", "", NOW, state.st_mtime, None, 1, "ab", (file,), retired=NOW - 86400)
    manifest.write(feeds, {"osv/RubyGems": entry}, NOW)
    told = run(feeds, tmp_path / "two", [document("web1", OLD)]).told
    assert "osv/RubyGems" not in [feed.name for feed in told.feeds]
    assert [feed.name for feed in told.feeds if feed.stale] == []
