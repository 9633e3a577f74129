# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report keeps of the data of log checks, and what it says over the fleet; no data makes it fail."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sample_logs
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils.logs.digest import LINE_LIMIT, digest_of
from ansible_collections.bottomup.security.plugins.plugin_utils.logs.extract import extract, unpack
from ansible_collections.bottomup.security.plugins.plugin_utils.logs.fleet import CLIENT, HOSTS_NAMED, LOGIN, logs_of, seen_on

UNTIL = "2026-11-22T06:00:03Z"


def results(**data: dict[str, Any]) -> dict[str, Any]:
    return {check: {"status": "ok", "data": value} for check, value in data.items()}


# data of log_digest -> the line of the digest that it makes
LINES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "logins": (
        {"logins": {"accepted_total": 7, "accepted": [{"user": "deploy", "address": "198.51.100.7", "method": "publickey", "count": 7}]}},
        ("Logins", "7 accepted: deploy from 198.51.100.7 (publickey) ×7"),
    ),
    "failed": (
        {
            "logins": {
                "failed_total": 1200,
                "invalid_user_total": 34,
                "failed_by_address": [{"address": f"203.0.113.{n}", "failed": 100 - n, "invalid_user": n} for n in range(5)],
            }
        },
        ("Failed logins", "1,200 failed, 34 for unknown users: 203.0.113.0 ×100, 203.0.113.1 ×100, 203.0.113.2 ×100 and 2 more"),
    ),
    "sudo": (
        {"sudo": {"total": 2, "refused_total": 1, "commands": [{"user": "bob", "target": "root", "command": "/bin/ls", "count": 2}]}},
        ("sudo and su", "2 by sudo, 1 refused: bob as root: /bin/ls ×2"),
    ),
    "accounts": ({"accounts": [{"what": "user added", "name": "eve", "detail": "uid 0"}]}, ("Accounts", "user added eve uid 0")),
    "packages": (
        {"packages": {"upgraded_total": 1, "upgraded": [{"name": "nginx", "version": "1.24"}], "removed_total": 2}},
        ("Packages", "1 upgraded, 2 removed: nginx 1.24"),
    ),
    "kernel": ({"kernel": [{"what": "oom", "subject": "puma", "count": 2}]}, ("Kernel", "oom puma ×2")),
    "full disk": (
        {"disks": [{"mount": "/", "used_percent": 40}, {"mount": "/var", "used_percent": 91}, {"mount": "/tmp", "inodes_percent": 99}]},
        ("Disks", "/tmp 99 %, /var 91 %"),
    ),
    "disks with room": ({"disks": [{"mount": "/", "used_percent": 40}, {"mount": "/var", "used_percent": 12}]}, ("Disks", "fullest / 40 %")),
    "boots": ({"boots": [{"clean": True}, {"clean": False}]}, ("Boots", "2 boots, 1 without a shutdown before")),
    "clock": ({"clock_synchronised": False}, ("Clock", "not synchronised")),
    "chrony": ({"clock_without_source": [{"count": 3}]}, ("Clock", "3 times without a time server")),
    "read": (
        {"lines": 48211, "source": "journal", "window": {"since": "2026-11-21T06:00:00Z"}},
        ("Read", "48,211 lines of the journal, since 2026-11-21 06:00 UTC"),
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_of_the_digest(case: str) -> None:
    data, line = LINES[case]
    assert line in digest_of(results(log_digest=data))


def test_nothing_is_said_of_what_did_not_happen() -> None:
    assert digest_of(results(log_digest={"lines": 3, "source": "files", "logins": {"accepted_total": 0}})) == [("Read", "3 lines of the files, all of them")]
    assert digest_of(results(log_digest={})) == []
    assert digest_of({}) == []


def test_other_checks() -> None:
    said = dict(
        digest_of(
            results(
                denials={"mode": {"enabled": True, "runtime": "enforcing"}, "totals": {"denied": 218, "blocked": 200, "allowed": 18}},
                fail2ban={"jails": [{"name": "sshd", "banned": 12, "new_bans": 40}, {"name": "web", "banned": 0}]},
                web_probes={"totals": {"lines": 650000, "hits": 312, "clients": 41, "answered": 2}, "hits_by_category": {"secrets": 300, "vcs": 12}},
            )
        )
    )
    assert said == {
        "Denials": "218 denied, 200 blocked, 18 let pass",
        "SELinux": "enforcing",
        "Bans": "12 now, 40 since the last look: sshd 12",
        "Web probes": "312 of 650,000 requests, from 41 clients, 2 answered: secrets ×300, vcs ×12",
    }


QUIET = {
    "web_probes": ({"totals": {"lines": 0, "hits": 0}}, ("Web probes", "no requests")),
    "denials": ({"totals": {"denied": 0}}, ("Denials", "none")),
    "fail2ban": ({"jails": [{"name": "sshd", "banned": 0}]}, ("Bans", "nobody is banned")),
}


@pytest.mark.parametrize("check", QUIET)
def test_nothing_is_said_only_of_what_was_wholly_seen(check: str) -> None:
    data, nothing = QUIET[check]
    assert digest_of({check: {"status": "not_applicable", "status_reason": "there is none", "data": data}}) == []
    assert digest_of({check: {"status": "ok", "status_reason": "", "data": data}}) == [nothing]
    unseen = ("Not wholly seen", f"{check.replace('_', ' ')}: the log is empty")
    assert digest_of({check: {"status": "incomplete", "status_reason": "the log is empty", "data": data}}) == [unseen]


def test_lines_not_understood_are_no_requests() -> None:
    said = {"status": "incomplete", "status_reason": "what format is it?", "data": {"totals": {"lines": 0, "hits": 0, "unparsed": 5}}}
    assert digest_of({"web_probes": said}) == [("Web probes", "5 lines not understood"), ("Not wholly seen", "web probes: what format is it?")]


NAMES = [
    "log_digest",
    "denials",
    "web_probes",
    "fail2ban",
    "data",
    "logins",
    "accepted",
    "groups",
    "clients",
    "samples",
    "hours",
    "count",
    "totals",
    "categories",
]
NAMES += ["perms", "hour", "user", "address", "disks", "used_percent", "boots", "sudo", "commands", "suggestion", "packages", "jails", "hits_by_category", "id"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just("2026-11-22T05:00:00Z"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["log_digest", "denials", "web_probes", "fail2ban"]), st.fixed_dictionaries({"data": JSON})))
def test_whatever_a_server_sends_as_data_it_is_kept_small_and_told(said: dict[str, Any]) -> None:
    packed = extract(said)
    kept = unpack(packed)
    assert all(isinstance(label, str) and isinstance(words, str) and 0 < len(words) <= LINE_LIMIT for label, words in kept.get("digest", []))
    logs_of([("web1", packed), ("web2", packed)], {seen[:2] for seen in seen_on(packed)}, UNTIL)


def test_the_same_on_several_hosts_is_one_row_in_any_order() -> None:
    packed = [(f"web{number}", extract(sample_logs.results(f"web{number}"))) for number in range(1, 6)]
    logs = logs_of(packed, {(CLIENT, "203.0.113.9"), (LOGIN, "deploy 198.51.100.7")}, UNTIL)
    assert [row.hosts for row in logs.clients if row.client == "203.0.113.9"] == [["web1", "web2", "web3", "web4", "web5"]]
    assert [row.first_seen for row in logs.clients if row.client == "203.0.113.9"] == [True]
    assert sum(row.first_seen for row in logs.clients) == 1
    assert [(row.user, row.address, row.hosts) for row in logs.logins] == [("deploy", "198.51.100.7", ["web1", "web2", "web3", "web4", "web5"])]
    (denial,) = (row for row in logs.denials if "name_connect" in row.what)
    assert denial.hosts == ["web1", "web2", "web3", "web4", "web5"] and denial.blocked == "blocked" and denial.count == 5 * 218
    assert {row.signature for row in logs.probes} >= {"dotenv", "git"}
    assert len(logs.hours) == 25 and list(logs.hours)[-1] == "2026-11-22T06"
    shuffled = list(packed)
    random.Random(3).shuffle(shuffled)
    again = logs_of(shuffled, {(CLIENT, "203.0.113.9")}, UNTIL)
    assert [row.client for row in again.clients] == [row.client for row in logs.clients]
    assert [row.id for row in again.denials] == [row.id for row in logs.denials]
    assert again.hours == logs.hours


def test_hosts_that_are_not_named_any_more_are_counted() -> None:
    kept = extract(sample_logs.results("web1"))
    logs = logs_of([(f"web{number}", kept) for number in range(HOSTS_NAMED + 200)], {(LOGIN, "deploy 198.51.100.7")}, UNTIL)
    for rows in (logs.denials, logs.clients, logs.probes, logs.logins):
        assert {(len(row.hosts), row.host_count) for row in rows} == {(HOSTS_NAMED, HOSTS_NAMED + 200)}


def test_blocked_somewhere_is_blocked() -> None:
    row = {
        "id": "a1",
        "severity": "info",
        "comm": "nginx",
        "perms": ["read"],
        "target_type": "t",
        "blocked": "allowed (permissive)",
        "count": 1,
        "suggestion": {"text": "x"},
    }
    hosts = [("a", row), ("b", {**row, "severity": "medium", "blocked": "blocked", "suggestion": {"text": "y"}}), ("c", row)]
    logs = logs_of([(name, extract(results(denials={"groups": [group]}))) for name, group in hosts], set(), UNTIL)
    assert [(row.severity, row.blocked, row.remedy, row.hosts) for row in logs.denials] == [("medium", "blocked", "y", ["a", "b", "c"])]


def test_a_clock_that_is_ahead_moves_no_hour() -> None:
    data = {"hours": [{"hour": "2026-11-22T05:00:00Z", "accepted": 1, "failed": 2}, {"hour": "2031-01-01T00:00:00Z", "accepted": 9, "failed": 9}]}
    denied = {"hours": [{"hour": "2026-11-22T05:00:00Z", "denials": 7}]}
    logs = logs_of([("web1", extract(results(log_digest=data, denials=denied)))], set(), UNTIL)
    assert [sum(column) for column in zip(*logs.hours.values(), strict=True)] == [1, 2, 0, 0, 7]


def test_what_is_kept_of_a_host_stays_small() -> None:
    rows = [{"client": f"2001:db8::{n:x}", "hits": n, "samples": [{"request": "A" * 300, "signature": "x", "category": "y"}] * 6} for n in range(5000)]
    groups = [{"id": f"{n:012x}", "comm": "c" * 100, "suggestion": {"text": "t" * 5000}} for n in range(5000)]
    assert len(extract(results(web_probes={"clients": rows}, denials={"groups": groups}))) < 64_000
