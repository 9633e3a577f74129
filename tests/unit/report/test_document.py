# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server answers becomes a document that is sound, or nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import sample_logs
from hostile import FORBIDDEN, TEXTS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from schemas import faults

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES, STATUSES, finding, result, text
from ansible_collections.bottomup.security.plugins.plugin_utils import untrusted
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer, accept_document, fingerprint, group_key, without_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.untrusted import BadAnswer, capped

# Of restart, restart.service, web1, nginx.service. Where this changes, every finding of every user turns up as new.
FINGERPRINT = "v1:d681729663c005ca1bdab606bf9452a1"

ABOUT: dict[str, Any] = {"host": "web1", "groups": ["web", "all"], "run_id": "r1", "expected_checks": ["restart", "fail2ban"]}


def good() -> dict[str, Any]:
    """Return an answer in which nothing is wrong."""
    command = ["systemctl restart nginx"]
    item = finding("restart.service", "high", "nginx is stale", "nginx.service", [("maps", "libssl")], "Restart", command, count=2, first=0, last=9)
    system = {"id": "debian", "version_id": "12", "pretty_name": "Debian 12"}
    facts = {"hostname": "web1.example.com", "os": system, "uid": 0, "clock": "2026-11-22T06:00:02Z", "boot_time": "2026-11-01T00:00:00Z"}
    return {"facts": facts, "checks": {"restart": result([item], {"processes": [{"pid": 1}]}), "fail2ban": result()}}


def accept(answer: object) -> dict[str, Any]:
    document = accept_answer(answer, **ABOUT)
    assert faults("host-1", document) == []
    assert faults("host-1", json.loads(json.dumps(document))) == []
    return document


def test_a_good_answer_is_kept_as_it_is() -> None:
    document = accept(good())
    sent = good()
    assert (document["status"], document["reason"], document["groups"]) == ("checked", "", ["all", "web"])
    assert document["facts"] == sent["facts"]
    kept = document["checks"]["restart"]["findings"][0]
    assert {key: kept[key] for key in sent["checks"]["restart"]["findings"][0]} == sent["checks"]["restart"]["findings"][0]
    assert document["checks"]["restart"]["data"] == {"processes": [{"pid": 1}]}
    assert kept["fingerprint"] == fingerprint("restart", "restart.service", "web1", "nginx.service")
    assert kept["group"] == group_key("restart", "restart.service", "nginx.service")


def change(*path: Any, to: Any) -> Any:
    """Return the good answer with one value changed."""
    answer: Any = good()
    place = answer
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return answer


RESTART = ("checks", "restart")
FIRST = (*RESTART, "findings", 0)

REFUSED = {
    "not a mapping": [],
    "no checks": {"facts": {}},
    "checks a list": change("checks", to=[]),
    "facts a list": change("facts", to=[1]),
    "fact not text": change("facts", "hostname", to={"a": 1}),
    "fact uid negative": change("facts", "uid", to=-1),
    "fact time": change("facts", "clock", to="yesterday"),
    "fact time of no calendar": change("facts", "clock", to="2026-02-30T06:00:00Z"),
    "fact time of hour 99": change("facts", "clock", to="2026-11-22T99:00:00Z"),
    "fact time in other digits": change("facts", "clock", to="\u0662\u0660\u0662\u0666-11-22T06:00:00Z"),
    "os a text": change("facts", "os", to="debian"),
    "another host": change("host", to="db1"),
    "check not asked for": change("checks", "software", to=result()),
    "check with an odd name": change("checks", "../../etc", to=result()),
    "result a text": change(*RESTART, to="ok"),
    "status unknown": change(*RESTART, "status", to="fine"),
    "status a list": change(*RESTART, "status", to=["ok"]),
    "ok with findings": change(*RESTART, "status", to="ok"),
    "not applicable with findings": change(*RESTART, "status", to="not_applicable"),
    "findings without any": change("checks", "fail2ban", "status", to="findings"),
    "findings a mapping": change(*RESTART, "findings", to={}),
    "reason a number": change(*RESTART, "status_reason", to=1),
    "duration negative": change(*RESTART, "duration_ms", to=-1),
    "duration huge": change(*RESTART, "duration_ms", to=2**80),
    "duration not a number": change(*RESTART, "duration_ms", to=float("nan")),
    "duration infinite": change(*RESTART, "duration_ms", to=float("inf")),
    "duration a truth value": change(*RESTART, "duration_ms", to=True),
    "finding a text": change(*FIRST, to="x"),
    "finding of another check": change(*FIRST, "check", to="fail2ban"),
    "rule of another check": change(*FIRST, "rule", to="fail2ban.dead"),
    "rule with markup": change(*FIRST, "rule", to="restart.<b>"),
    "rule a number": change(*FIRST, "rule", to=7),
    "severity unknown": change(*FIRST, "severity", to="urgent"),
    "severity a mapping": change(*FIRST, "severity", to={}),
    "title a list": change(*FIRST, "title", to=["x"]),
    "title missing type": change(*FIRST, "title", to=None),
    "evidence a text": change(*FIRST, "evidence", to="x"),
    "evidence of texts": change(*FIRST, "evidence", to=["x"]),
    "remedy a text": change(*FIRST, "remedy", to="x"),
    "commands a text": change(*FIRST, "remedy", "commands", to="rm -rf /"),
    "command a list": change(*FIRST, "remedy", "commands", to=[["rm"]]),
    "references a mapping": change(*FIRST, "references", to={}),
    "count negative": change(*FIRST, "count", to=-3),
    "count of a thousand digits": change(*FIRST, "count", to=10**1000),
    "duration of a thousand digits": change(*RESTART, "duration_ms", to=10**1000),
    "first a number": change(*FIRST, "first", to=0),
    "data a list": change(*RESTART, "data", to=[]),
    "data not finite": change(*RESTART, "data", to={"x": float("inf")}),
    "data with a huge number": change(*RESTART, "data", to={"x": 10**400}),
    "data of too many values": change(*RESTART, "data", to={"x": [0] * 400_001}),
    "data of too many characters": change(*RESTART, "data", to={"x": ["A" * 100_000] * 200}),
    "sixty checks": {"checks": {f"check{number}": result() for number in range(60)}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        accept_answer(REFUSED[case], **ABOUT)
    assert str(caught.value) == text(str(caught.value), 1000)


def test_data_nested_too_deep_is_refused() -> None:
    nested: Any = "leaf"
    for _level in range(5000):
        nested = [nested]
    with pytest.raises(BadAnswer, match="nested deeper"):
        accept_answer(change(*RESTART, "data", to={"x": nested}), **ABOUT)


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_in_every_field(name: str) -> None:
    words = TEXTS[name]
    answer = good()
    item = answer["checks"]["restart"]["findings"][0]
    item.update(title=words, subject=words, references=[words] * 50, evidence=[{"source": words, "text": words}] * 50)
    item["remedy"] = {"text": words, "commands": [words] * 50}
    answer["facts"]["hostname"] = words
    answer["checks"]["fail2ban"].update(status="incomplete", status_reason=words, data={words: [words, {words: words}]})
    document = accept(answer)
    kept = document["checks"]["restart"]["findings"][0]
    assert (len(kept["evidence"]), kept["evidence_cut"], len(kept["remedy"]["commands"]), len(kept["references"])) == (20, 30, 20, 20)
    assert not FORBIDDEN & set(json.dumps(document, ensure_ascii=False))
    assert kept["title"] == capped(words, 200) and len(kept["title"]) <= 200 * 6 + 40
    assert accept_document(json.loads(json.dumps(document))) == document


@pytest.mark.parametrize("code", [0xAD, 0x61C, 0x180E, 0x200B, 0x202E, 0x2060, 0x2064, 0x206F, 0xFEFF, 0xFFF9, 0xE0001, 0xE0041, 0xE007F], ids=hex)
def test_nothing_without_a_width_hides_in_what_is_typed(code: int) -> None:
    answer = good()
    answer["checks"]["restart"]["findings"][0]["remedy"] = {"text": "x", "commands": [f"systemctl restart ng{chr(code)}inx"] * 2}
    (command, _same) = accept(answer)["checks"]["restart"]["findings"][0]["remedy"]["commands"]
    assert command.isprintable() and command == capped(command, 500)
    assert 0 < len(command) - len("systemctl restart nginx") <= 6


def test_what_was_cut_stays_a_number_that_is_taken_back() -> None:
    document = accept(change(*FIRST, to={**finding("restart.service", "high", "t", "s", [("a", "b")]), "evidence": [{}] * 40, "evidence_cut": 2**63 - 1}))
    assert accept_document(json.loads(json.dumps(document))) == document


def test_a_text_that_was_cut_on_the_server_keeps_its_true_count() -> None:
    item = finding("restart.service", "high", "x" * 5000, "\u202e" * 5000)
    kept = accept(change(*FIRST, to=item))["checks"]["restart"]["findings"][0]
    assert kept["title"] == "x" * 200 + "...[4800 cut]"
    assert kept["subject"] == "\\u202e" * 200 + "...[4800 cut]"


def test_unknown_keys_are_dropped() -> None:
    answer = good()
    answer["evil"] = answer["facts"]["evil"] = answer["checks"]["restart"]["evil"] = answer["checks"]["restart"]["findings"][0]["evil"] = 1
    answer["checks"]["restart"]["findings"][0]["fingerprint"] = "v1:" + "0" * 32
    assert accept(answer)["checks"] == accept(good())["checks"]


def test_a_check_without_a_result_is_an_error_and_the_host_is_partial() -> None:
    answer = good()
    del answer["checks"]["fail2ban"]
    document = accept(answer)
    assert (document["status"], document["checks"]["fail2ban"]["status"]) == ("partial", "error")
    assert "fail2ban" in document["reason"]


@pytest.mark.parametrize("status", STATUSES)
def test_host_status_by_check_status(status: str) -> None:
    answer = good()
    answer["checks"]["fail2ban"] = {"status": status, "status_reason": "", "findings": [], "data": {}}
    if status == "findings":
        answer["checks"]["fail2ban"]["findings"] = [finding("fail2ban.dead", "low", "x", "y")]
    document = accept(answer)
    assert document["status"] == ("partial" if status in ("error", "timeout") else "checked")
    assert bool(document["checks"]["fail2ban"]["status_reason"]) == (status not in ("ok", "findings"))


def test_too_many_findings_are_capped_and_the_check_is_incomplete() -> None:
    items = [finding("restart.service", "low", "x", f"unit{number}") for number in range(700)]
    check = accept(change(*RESTART, "findings", to=items))["checks"]["restart"]
    assert (len(check["findings"]), check["status"]) == (500, "incomplete")
    assert "200 findings more" in check["status_reason"]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_fingerprint_is_of_what_is_stable(severity: str) -> None:
    item = finding("restart.service", severity, f"title {severity}", "nginx.service", [("a", severity)], "r", ["c"], count=9, first=1, last=2)
    kept = accept(change(*FIRST, to=item))["checks"]["restart"]["findings"][0]
    assert kept["fingerprint"] == FINGERPRINT


def test_no_field_can_forge_the_next_one_in_a_fingerprint() -> None:
    parts = [("a", "a.b", "h", "s"), ("a", "a.b", "hs", ""), ("a", "a.b", "", "hs"), ("aa", ".b", "h", "s"), ("a", 'a.b","h', "", "s")]
    assert len({fingerprint(*part) for part in parts}) == len(parts)
    assert group_key("a", "a.b", "s") != fingerprint("a", "a.b", "", "s")


def test_a_host_without_an_answer() -> None:
    document = without_answer("unreachable", "\x1b[31mno route\n", host="db1", groups=["db"], run_id="r1")
    assert faults("host-1", document) == []
    assert document["reason"] == "\\x1b[31mno route\\x0a"
    with pytest.raises(ValueError, match="checked"):
        without_answer("checked", "", host="db1", groups=[], run_id="r1")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("schema",), "bottomup.security/host/2", "schema"),
        (("host",), "", "host"),
        (("host",), "a\nb", "host"),
        (("host",), None, "host"),
        (("status",), "perfect", "status"),
        (("status",), "unreachable", "has results"),
        (("groups",), "web", "groups"),
        (("groups",), [1], "groups"),
        (("started",), "soon", "started"),
        (("run_id",), 5, "run_id"),
        (("checks",), None, "checks"),
        (("checks", "restart", "findings", 0, "check"), "fail2ban", "fail2ban"),
    ],
)
def test_a_document_from_elsewhere_is_refused(path: tuple[Any, ...], value: Any, words: str) -> None:
    document: Any = accept(good())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(BadAnswer, match=words):
        accept_document(document)


def test_a_document_from_elsewhere_is_read_back_unchanged_and_cannot_forge_identities() -> None:
    document = accept(good())
    assert accept_document(copy.deepcopy(document)) == document
    forged = copy.deepcopy(document)
    forged["checks"]["restart"]["findings"][0]["fingerprint"] = "v1:" + "f" * 32
    assert accept_document(forged) == document


KEYS = st.text(max_size=10) | st.sampled_from(["status", "findings", "check", "data"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from([*STATUSES, *SEVERITIES, "restart.x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
PATHS = st.sampled_from([("facts",), ("facts", "os"), RESTART, (*RESTART, "findings"), (*RESTART, "data"), FIRST, (*FIRST, "evidence"), (*FIRST, "remedy")])


@settings(deadline=None, max_examples=150)
@given(path=PATHS, value=JSON)
def test_whatever_is_answered_the_document_is_sound_or_refused(path: tuple[Any, ...], value: Any) -> None:
    answer = change(*path, to=value)
    try:
        document = accept_answer(answer, **ABOUT)
    except BadAnswer:
        return
    assert faults("host-1", document) == []
    assert accept_document(json.loads(json.dumps(document))) == document


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else "end"


@settings(deadline=None, max_examples=150)
@given(value=st.dictionaries(KEYS, JSON, max_size=5))
@example(value=nested(untrusted.DEPTH_LIMIT))
@example(value=nested(untrusted.DEPTH_LIMIT + 1))
@example(value={"k" * (untrusted.KEY_LIMIT + 1): 1})
@example(value={"a": "x" * (untrusted.DATA_TEXT_LIMIT + 1)})
@example(value={"a": [2**63 - 1, -(2**63), 1e300, 1e301, "\u202e", {"\n": 0}]})
def test_data_that_is_taken_as_it_is_would_not_be_changed_and_costs_the_same(value: dict[str, Any]) -> None:
    cost = untrusted._cost(value)
    purse = untrusted.Purse()
    try:
        kept = untrusted._plain(value, "data", purse, untrusted.DEPTH_LIMIT)
    except BadAnswer:
        assert cost is None
        return
    spent = (untrusted.CHARACTERS_LIMIT - purse.characters, untrusted.VALUES_LIMIT - purse.values)
    assert cost is None or (cost, json.dumps(kept)) == (spent, json.dumps(value))


def test_the_data_of_the_checks_is_taken_as_it_is() -> None:
    results = sample_logs.results("web1")
    assert [check for check, result in results.items() if untrusted._cost(result["data"]) is None] == []


@pytest.mark.parametrize("data", [{"a": ["x" * 99_000] * 200}, {"a": [[]] * untrusted.VALUES_LIMIT}], ids=["characters", "values"])
def test_data_that_is_too_much_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match="more than"):
        accept_answer(change(*RESTART, "data", to=data), **ABOUT)
