# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html: one file that needs nothing else, in which the words of a server are only words."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import sample_fleet
from hostile import FORBIDDEN, TEXTS
from hostile_fleet import run_with
from jinja2 import Environment

from ansible_collections.bottomup.security.plugins.plugin_utils.logs.extract import unpack
from ansible_collections.bottomup.security.plugins.plugin_utils.report import page as made
from ansible_collections.bottomup.security.plugins.plugin_utils.report.charts import trend
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run
from ansible_collections.bottomup.security.plugins.plugin_utils.report.island import details_island
from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import _unbroken, report_html
from ansible_collections.bottomup.security.plugins.plugin_utils.report.signs import cell_of, group_anchor

VOID = {"meta", "br", "hr", "img", "input", "link"}

# Everything that the page is built of. A tag or an attribute that is not here came from somewhere else.
TAGS = """html head meta title style body header p h1 h2 h3 h4 nav a main section dl dt dd svg rect ul li b span table caption thead tbody tr th td
    article div pre code details summary footer figure figcaption script br bdi"""
ATTRIBUTES = """lang dir charset http-equiv content name class id href rel aria-label aria-labelledby aria-hidden role tabindex scope colspan title
    viewbox preserveaspectratio x y width height hidden type open"""


class Page(HTMLParser):
    """The page as a reader takes it apart: tags, attributes, texts; each tag closed in its turn."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.style = ""
        self.scripts: dict[str, str] = {}
        self.feed(words)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        elif self.open and self.open[-1] == "script":
            name = self.tags[-1][1].get("id") or ""
            self.scripts[name] = self.scripts.get(name, "") + data
        else:
            self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _tag, attributes in self.tags if name in attributes]


def html(run: Run) -> str:
    return b"".join(report_html(run)).decode()


@pytest.mark.parametrize("hosts", [1, 5, 12, 50, 500])
def test_built_of_known_parts_with_every_link_inside_ending_somewhere(hosts: int) -> None:
    page = Page(html(sample_fleet.run(hosts)))
    assert {tag for tag, _attributes in page.tags} <= set(TAGS.split())
    assert {name for _tag, attributes in page.tags for name in attributes} <= set(ATTRIBUTES.split())
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {unquote(link[1:]) for link in page.values("href") if link.startswith("#")} <= set(ids)
    assert all(link.startswith(("#", "https://")) for link in page.values("href"))


def test_the_next_run_does_not_compile_the_templates_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    made._parts.cache_clear()
    first = html(sample_fleet.run(5))

    def never(*_arguments: object, **_more: object) -> None:
        raise AssertionError("compiled again")

    made._parts.cache_clear()
    monkeypatch.setattr(Environment, "compile", never)
    assert html(sample_fleet.run(5)) == first


@pytest.mark.parametrize("hosts", [5, 100])
def test_the_policy_lets_in_the_style_sheet_and_the_script_and_nothing_else(hosts: int) -> None:
    words = html(sample_fleet.run(hosts))
    page = Page(words)
    (policy,) = [attributes["content"] or "" for _tag, attributes in page.tags if attributes.get("http-equiv") == "Content-Security-Policy"]
    style, script = (base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (page.style, page.scripts[""]))
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert words.index("Content-Security-Policy") < words.index("<style>")
    assert "url(" not in page.style and "@import" not in page.style
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|XMLHttp|import\(|Function\(", page.scripts[""])
    assert words.count("<script") == (1 if hosts == 5 else 3) and " style=" not in words
    assert all(re.fullmatch(r"[A-Za-z0-9+/=\n]+", data) for name, data in page.scripts.items() if name)


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_stay_text(name: str) -> None:
    words = html(run_with([(TEXTS[name], "critical")], TEXTS[name], logs=True))
    page = Page(words)
    plain = Page(html(run_with([("plain", "critical")], logs=True)))
    assert 'id="logs"' in words and 'class="digest"' in words
    # A web address as a reference is a link, a word with a hyphen is kept in one line; nothing else may differ from the page of a plain text.
    tags, others = ([tag for tag, _attributes in made.tags if tag not in ("a", "bdi")] for made in (page, plain))
    assert tags == others
    assert {name for _tag, attributes in page.tags for name in attributes} <= set(ATTRIBUTES.split())
    assert all(link.startswith(("#", "https://")) for link in page.values("href"))
    assert page.style == plain.style
    assert not FORBIDDEN & set(words.replace("\n", ""))
    assert words.count("<script") == 1 and page.scripts == plain.scripts
    # A fingerprint may hold any digits.
    assert "49" not in re.sub(r"v1:[0-9a-f]{32}", "", "".join(page.words)).replace("{{ 7*7 }}", "")


def test_a_hostile_text_can_be_read_as_it_was() -> None:
    for name in ("script", "template", "ansible", "entity", "closing"):
        assert TEXTS[name] in "".join(Page(html(run_with([("unit", "high")], TEXTS[name]))).words)


def test_a_line_ends_between_words_and_the_words_stay_the_same() -> None:
    command = "journalctl  --no-pager -w '%{http_code} %{size}' https://a.example/x, (1184 bytes) lib++"
    kept = ["--no-pager", "-w", "'%{http_code}", "%{size}'", "https://a.example/x,"]
    made = _unbroken(command)
    assert re.findall("<bdi>(.*?)</bdi>", unescape(made)) == kept
    assert unescape(re.sub("</?bdi>", "", made)) == command
    assert _unbroken("<b>-x</b>") == "<bdi>&lt;b&gt;-x&lt;/b&gt;</bdi>"


def test_only_plain_web_addresses_are_links() -> None:
    page = Page(html(run_with([("unit", "high")], "https://security-tracker.debian.org/tracker/CVE-2026-1234")))
    assert "https://security-tracker.debian.org/tracker/CVE-2026-1234" in page.values("href")
    assert set(page.values("rel")) == {"noopener noreferrer"}
    for words in ("javascript:alert(1)", 'https://a.example/" onmouseover=x', "http://user@evil.example/", "//evil.example", "https://evil.example\\@x"):
        assert all(link.startswith("#") for link in Page(html(run_with([("unit", "high")], words))).values("href"))


def test_the_first_words_are_the_verdict_and_the_order_is_kept() -> None:
    run = sample_fleet.run(12)
    words = html(run)
    assert f"<title>Daily security check: {run.verdict}</title>" in words
    places = [words.index(part) for part in ("<h1>", 'id="coverage"', 'id="findings"', 'id="matrix"', 'id="hosts"', 'id="run"', "<footer>")]
    assert places == sorted(places)
    titles = re.findall(r"<h3><span class=\"sev (\w+)\">", words)
    assert titles == [group.severity for group in run.fleet.groups]


def test_a_finding_says_how_it_may_stay() -> None:
    run = sample_fleet.run(12)
    asked = re.findall(r"-e daily_check_accept=(v1:[0-9a-f]{32})<", html(run))
    assert sorted(asked) == sorted(group.key for group in run.fleet.groups)


def test_what_is_new_stands_ahead_and_each_finding_has_one_card(tmp_path: Path) -> None:
    run = sample_fleet.write(100, tmp_path, sample_fleet.CHECKS, 2)
    for group in run.fleet.groups[5:8]:
        group.new, group.reopened = list(group.hosts), []
    wholly = [group for group in run.fleet.groups if group.new == group.hosts]
    partly = [group for group in run.fleet.groups if group.new and group not in wholly]
    assert len(wholly) >= 3 and partly
    words = html(run)
    changes, findings = (words.split(f'id="{name}"', 1)[1].split("</section>", 1)[0] for name in ("news", "findings"))
    cards = re.findall(r'<article [^>]*id="([^"]+)"', words)
    assert len(cards) == len(set(cards)) and set(cards) >= {group_anchor(group.key) for group in wholly + partly}
    assert re.findall(r'<article [^>]*id="([^"]+)"', changes) == [group_anchor(group.key) for group in wholly]
    named = changes.split("Known findings, now on further hosts")[1]
    for group in partly[: named.count("<tr>") - 1]:
        assert f'href="#{group_anchor(group.key)}"' in named and f'id="{group_anchor(group.key)}"' in findings
    heads = [group for group in run.fleet.groups if group not in wholly]
    assert f"{len(heads)} of {len(run.fleet.groups)} different: " in findings
    assert [group_anchor(group.key) for group in heads] == re.findall(r'<article [^>]*id="([^"]+)"', findings)


def test_coverage_is_a_line_only_where_all_was_seen() -> None:
    words = html(sample_fleet.calm(3))
    assert '<section id="coverage" class="whole"' in words and 'class="bar"' not in words
    run = sample_fleet.run(12)
    words = html(run)
    assert '<section id="coverage" aria' in words and words.count('class="bar"') == 2
    part = words.split('id="coverage"')[1].split("</section>")[0]
    for told in ("ssh: connect to host db2 port 22: Connection timed out", "no answer within 60 s", "212 of 260 processes cannot be read without root"):
        assert told in part


def test_every_host_and_every_check_of_it_is_in_the_matrix() -> None:
    run = sample_fleet.run(12)
    matrix = html(run).split('id="matrix"')[1].split('id="hosts"')[0]
    assert matrix.count("<tr>") == 13
    for words in ("incomplete", "timeout", "n/a", "unreachable: ssh: connect to host db2", "1 critical +1"):
        assert words in matrix
    assert matrix.count(" ok</td>") == run.fleet.check_states()["ok"]


def test_what_was_not_looked_at_is_never_shown_as_ok() -> None:
    words = html(run_with([]))
    assert "Every host was reached" not in words and "What was not looked at" in words
    assert '<header class="head unsure">' in words


def test_a_calm_day_says_so() -> None:
    words = html(sample_fleet.calm(3))
    assert '<header class="head calm">' in words and "Nothing\N{NO-BREAK SPACE}" not in words.split("<h1>", maxsplit=1)[0]
    assert "No finding on what was looked at." in words and "Every host was reached and every check saw all that it looks at." in words


def test_a_page_of_thousands_of_hosts_stays_a_page() -> None:
    run = sample_fleet.run(2000)
    words = html(run)
    assert len(words) < 1_000_000
    assert "1,850 more hosts with less to tell, see report.json" in words


def island(page: Page, name: str) -> list[str]:
    return gzip.decompress(base64.b64decode(page.scripts[f"island-{name}"])).decode().splitlines()


def test_the_islands_of_a_large_fleet_say_what_the_run_says() -> None:
    run = sample_fleet.run(200)
    page = Page(html(run))
    head, groups, cells, *rows = map(json.loads, island(page, "rows"))
    details = [json.loads(line) for line in island(page, "details")]
    assert [row[0] for row in rows] == [host.name for host in run.fleet.hosts]
    assert head["hosts"] == len(details) == 200
    for host, row, (whole, own, facts, expected, digest) in zip(run.fleet.hosts, rows, details, strict=True):
        assert row[1:3] == [host.status, host.reason] and whole and expected is True
        assert digest == unpack(host.extract).get("digest", [])
        assert [head["families"][number] for number in row[3]] == host.groups
        assert dict(zip((name for name, _sign in head["severities"]), row[5], strict=True)) == {name: host.counts[name] for name in host.counts} | {
            name: 0 for name, _sign in head["severities"] if name not in host.counts
        }
        if host.looked_at:
            assert [cells[number][2] for number in row[4]] == [cell_of(host, check).word for check in run.fleet.checks]
            assert host.facts["kernel"] in facts
        findings = [finding for finding in host.findings() if finding["check"] != "coverage"]
        for finding, number, mine in zip(findings, row[6], own, strict=True):
            _anchor, rule, severity, title, remedy, commands, _references = groups[number]
            assert rule == finding["rule"]
            assert head["severities"][mine.get("severity", severity)][0] == finding["severity"]
            assert mine.get("title", title) == finding["title"]
            assert mine.get("remedy", remedy) == finding["remedy"]["text"]
            assert mine.get("commands", commands) == finding["remedy"]["commands"]
            assert mine["evidence"] == [[piece["source"], piece["text"]] for piece in finding["evidence"]]


def test_without_room_the_commands_of_every_host_are_still_right() -> None:
    run = sample_fleet.run(200)
    lines = gzip.decompress(base64.b64decode(details_island(run, 0))).decode().splitlines()
    full = gzip.decompress(base64.b64decode(details_island(run, 1 << 30))).decode().splitlines()
    for short, whole in zip(map(json.loads, lines), map(json.loads, full), strict=True):
        assert short[0] is False and whole[0] is True
        assert [finding.get("commands") for finding in short[1]] == [finding.get("commands") for finding in whole[1]]
        assert not any("evidence" in finding for finding in short[1])


def test_the_page_says_what_the_logs_of_the_fleet_say() -> None:
    run = sample_fleet.run(12)
    words = html(run).split('id="logs"')[1].split('id="matrix"')[0]
    assert [row.hosts for row in run.fleet.logs.clients if row.client == "203.0.113.9"][0] == ["app1", "app2", "web1", "web2", "web3"]
    for told in (
        "Failed logins by hour",
        "Accepted logins by hour",
        "Web probes by hour",
        "Denials by hour",
        "203.0.113.9",
        "5 hosts",
        "blocked",
        "semanage port <bdi>-a</bdi> <bdi>-t</bdi> http_port_t",
        "GET /.env HTTP/1.1",
    ):
        assert told in words
    assert words.count('role="img" aria-label="') == words.count("As a table") == 4


def test_the_trend_shows_every_day_and_says_it_in_words() -> None:
    days = [{"ended": f"2026-11-{day:02}T06:00:00Z", "hosts": 4, "looked_at": 4 - (day == 20), "findings": {"high": day, "info": 90}} for day in (18, 20, 22)]
    findings, coverage = trend(days)
    assert (findings.first, findings.last, findings.top) == ("2026-11-18", "2026-11-22", 22)
    assert [row[0] for row in findings.rows] == [f"2026-11-{day}" for day in range(18, 23)]
    assert [rect.height for rect in findings.rects] == [81.82, 90.91, 100.0] and {rect.kind for rect in findings.rects} == {"high"}
    assert "from 18 high on 2026-11-18 to 22 high on 2026-11-22" in findings.words
    assert coverage.words == "Hosts looked at each day; not looked at: 2026-11-20: 1"
    assert trend(days[:1]) == [] and trend([]) == []
