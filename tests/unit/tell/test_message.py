# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said: a mail that every reader shows whole, a chat line in which nothing of a server acts, and when anything is said at all."""

from __future__ import annotations

import email
import email.policy
import functools
import html.parser
import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import hostile_fleet
import pytest
import sample_fleet
from history.fleets import DAY, FIRST, morning, recorder
from hostile import FORBIDDEN, TEXTS
from schemas import faults

from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.channels import Mail, channels
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.due import due
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.mail import MORE, cut, mail_of
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.message import SHORT_LIMIT, Message, document, short, subject

PAGE = "controller:/srv/state/runs/r1/report.html"


def hostile_run(name: str) -> Run:
    subjects = [(f"{number} {TEXTS[name]}", severity) for number in range(40) for severity in ("critical", "low")]
    return hostile_fleet.run_with(subjects, TEXTS[name], [TEXTS[name]] * 20)


RUNS: dict[str, Callable[[], Run]] = {
    "one": lambda: sample_fleet.run(1),
    "shop": lambda: sample_fleet.run(12),
    "five hundred": lambda: sample_fleet.run(500),
    "calm": lambda: sample_fleet.calm(3),
    **{f"hostile {name}": lambda name=name: hostile_run(name) for name in TEXTS},  # type: ignore[misc]
}


@functools.cache
def made(case: str) -> Run:
    """Return a run that nobody changes."""
    return RUNS[case]()


def mail(run: Run, link: str = "") -> EmailMessage:
    """Return the mail of a run as its reader gets it: written to bytes and parsed again."""
    (channel,) = channels([{"mail": ["ops@example.com", "dba@example.com"], "from": "check@example.com", "link": link}])
    assert isinstance(channel, Mail)
    written = mail_of(channel, Message(run, PAGE)).as_bytes()
    assert len(written) < 90_000
    assert max(map(len, written.split(b"\r\n"))) <= 998
    read = email.message_from_bytes(written, policy=email.policy.SMTP)
    assert isinstance(read, EmailMessage) and read.defects == []
    return read


class Reader(html.parser.HTMLParser):
    """Collects what could act in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("case", RUNS)
def test_mail(case: str) -> None:
    run = made(case)
    read = mail(run)
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert (read["To"], read["From"], read["Auto-Submitted"]) == ("ops@example.com, dba@example.com", "check@example.com", "auto-generated")
    assert re.fullmatch(r"<[^<>@\s]+@example\.com>", read["Message-ID"]) and parsedate_to_datetime(read["Date"]).tzinfo
    assert len(read.items()) == 10 and str(read["Subject"]) == subject(run)
    text, page = (part.get_content() for part in read.iter_parts())
    assert run.verdict in " ".join(text.split()) and run.since in " ".join(text.split())
    assert not FORBIDDEN - set("\n") & set(text.replace("\r\n", "\n")) and not FORBIDDEN - set("\n") & set(page.replace("\r\n", "\n"))
    seen = Reader()
    seen.feed(page)
    assert seen.tags <= {"html", "head", "meta", "title", "body", "table", "tr", "td", "h1", "h2", "p", "br", "strong", "span", "pre", "ul", "li"}
    assert {name for name, _value in seen.attributes} <= {"lang", "dir", "charset", "name", "content", "style", "role", "cellpadding", "cellspacing", "width"}
    assert run.verdict in "".join(seen.words) and run.since in "".join(seen.words)


def test_the_worst_of_a_big_fleet_is_in_the_mail_and_the_rest_is_counted() -> None:
    run = hostile_run("wide")
    _text, page = (part.get_content() for part in mail(run).iter_parts())
    shown = page.count("<tr><td style")
    assert 3 <= shown <= 20 and f"and {len(run.fleet.groups) - shown} more in the report" in page


def test_a_long_text_ends_at_a_line_and_says_so() -> None:
    words = "".join(f"{number} \u5168\u89d2\n" for number in range(1000))
    kept = cut(words, 500)
    assert len(kept.encode()) <= 500 and kept.endswith(MORE)
    assert words.startswith(kept.removesuffix(MORE)) and kept.removesuffix(MORE).endswith("\n")
    assert cut(words, 100_000) == words


def test_an_empty_day_says_so() -> None:
    read = mail(sample_fleet.calm(3))
    assert read["Subject"] == "[daily check] Nothing to do: 3 of 3 hosts checked, all 6 checks each"
    assert all("Nothing to do: 3 of 3 hosts checked" in " ".join(part.get_content().split()) for part in read.iter_parts())


def test_the_link_is_the_only_link_of_a_mail() -> None:
    seen = Reader()
    seen.feed(list(mail(hostile_run("link"), "https://reports.example.com/a?b&c").iter_parts())[1].get_content())
    assert [value for name, value in seen.attributes if name == "href"] == ["https://reports.example.com/a?b&c"]


@pytest.mark.parametrize("name", TEXTS)
def test_no_title_and_no_host_ends_a_header(name: str) -> None:
    run = hostile_fleet.run_with([("x", "high")])
    run.title, run.verdict = TEXTS[name] + "\r\nBcc: all@example.com", TEXTS[name] + "\n\nbody"
    read = mail(run)
    assert read["Bcc"] is None and len(read.items()) == 10
    assert not FORBIDDEN & set(str(read["Subject"])) and len(str(read["Subject"])) <= 180


@pytest.mark.parametrize("case", RUNS)
def test_chat(case: str) -> None:
    run = made(case)
    for link in ("", "https://reports.example.com/today"):
        words = short(Message(run, PAGE, ["Run r0 could not be told to mail @ops: " + TEXTS["script"]]), link)
        assert len(words) <= SHORT_LIMIT
        assert words.endswith(link or "/report.html")
        assert not set("@<>[]`*_~|#\\") & set(words.removesuffix(link)) and "://" not in words.removesuffix(link)
        assert not FORBIDDEN - set("\n") & set(words)


@pytest.mark.parametrize("case", RUNS)
def test_webhook_document(case: str) -> None:
    run = made(case)
    read = json.loads(json.dumps(document(Message(run, PAGE), "")))
    assert faults("message-1", read) == []
    assert (read["verdict"], read["exit"], read["page"]) == (run.verdict, run.exit.as_dict(), PAGE)
    assert len(read["findings"]) + read["cut"]["findings"] == len(run.fleet.groups) and len(read["findings"]) <= 20
    assert len(read["failed_hosts"]) + read["cut"]["failed_hosts"] == len(run.fleet.not_checked)


# mornings of web1 and web2, then what is due in the last one: new, change, failure
MORNINGS: dict[str, tuple[list[tuple[str | None, str | None]], set[str]]] = {
    "first run, nothing found": ([("", "")], {"change"}),
    "first run, found": ([("nginx", "")], {"new", "change", "failure"}),
    "nothing changes, nothing found": ([("", ""), ("", "")], set()),
    "nothing changes, still found": ([("nginx", ""), ("nginx", "")], {"failure"}),
    "new": ([("", ""), ("nginx", "")], {"new", "change", "failure"}),
    "resolved": ([("nginx", ""), ("", "")], {"change"}),
    "returned": ([("nginx", ""), ("", ""), ("nginx", "")], {"new", "change", "failure"}),
    "on one more host": ([("nginx", ""), ("nginx", "nginx")], {"new", "change", "failure"}),
    "a host is lost": ([("", ""), ("", None)], {"new", "change", "failure"}),
    "a host stays lost": ([("", None), ("", None)], {"failure"}),
    "a host is back": ([("", ""), ("", None), ("", "")], {"change"}),
    "a check cannot run": ([("", ""), ("", "!timeout")], {"new", "change", "failure"}),
}


@pytest.mark.parametrize("case", MORNINGS)
def test_when(case: str, tmp_path: Path) -> None:
    mornings, wanted = MORNINGS[case]
    for day, (web1, web2) in enumerate(mornings):
        fleet = morning(recorder(tmp_path), day, {"web1": web1, "web2": web2})
    run = judge(fleet, fail_on="high", max_unreachable=0, now=FIRST + day * DAY)
    assert {when for when in ("new", "change", "failure") if due(run, when)} == wanted
    assert due(run, "always")


def test_without_a_history_what_was_found_is_told() -> None:
    found, calm = sample_fleet.run(12), sample_fleet.calm(3)
    assert [due(found, when) for when in ("new", "change", "failure")] == [True, True, True]
    assert [due(calm, when) for when in ("new", "change", "failure")] == [False, True, False]


def test_a_mail_says_on_how_many_hosts_a_known_finding_is_new() -> None:
    run = sample_fleet.run(12)
    many = next(group for group in run.fleet.groups if len(group.hosts) > 2)
    many.new = many.hosts[:2]
    assert f"{many.severity}, new on 2 hosts: " in short(Message(run, PAGE), "")
    many.new, many.reopened = [], many.hosts[:1]
    assert f"{many.severity}, returned on 1 host: " in short(Message(run, PAGE), "")
    many.reopened = list(many.hosts)
    assert f"{many.severity}, returned: " in short(Message(run, PAGE), "")


def test_a_mail_names_all_that_was_not_wholly_looked_at() -> None:
    _text, page = (part.get_content() for part in mail(sample_fleet.run(12)).iter_parts())
    for told in (
        "<strong>unreachable: host</strong> on db2: ssh: connect to host db2 port 22: Connection timed out",
        "<strong>timeout: log digest</strong> on mail1: no answer within 60 s",
        "<strong>incomplete: restart</strong> on bastion: 212 of 260 processes cannot be read without root",
    ):
        assert told in page
    _text, page = (part.get_content() for part in mail(sample_fleet.calm(3)).iter_parts())
    assert "Not looked at" not in page
