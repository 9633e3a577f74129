# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is affected: OSV's evaluation, cases 20 to 25 and what real records hold beside."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import cvss, evaluate, osv
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.index import Row


def row(affected: dict[str, Any], ecosystem: str = "npm") -> Row:
    """Return the row that the index keeps of one affected package."""
    record = osv.parse({"id": "X-1", "affected": [{"package": {"ecosystem": ecosystem, "name": "p"}, **affected}]})
    assert record is not None
    (package,) = record.packages
    return Row(1, True, package.stream, package.fixed, package.spec)


def events(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "SEMVER", "events": [{kind: version} for kind, version in pairs]}]}


TWO = events(("fixed", "3.5.0"), ("introduced", "3.0.0"), ("introduced", "1.0.0"), ("fixed", "1.9.0"))

CASES = [
    ("20 introduced 0 is before every version", events(("introduced", "0"), ("fixed", "1.0.0")), "0.0.0-alpha", (True, "1.0.0")),
    ("21 fixed is exclusive", events(("introduced", "0"), ("fixed", "1.0.0")), "1.0.0", (False, None)),
    ("21 last_affected is inclusive", events(("introduced", "0"), ("last_affected", "1.0.0")), "1.0.0", (True, None)),
    ("21 and ends there", events(("introduced", "0"), ("last_affected", "1.0.0")), "1.0.1", (False, None)),
    ("21 several pairs, unsorted: the first", TWO, "1.2.0", (True, "1.9.0")),
    ("21 between them", TWO, "2.0.0", (False, None)),
    ("21 the second", TWO, "3.4.9", (True, "3.5.0")),
    ("21 before all", TWO, "0.9.0", (False, None)),
    ("21 limit", events(("introduced", "1.0.0"), ("limit", "2.0.0")), "2.0.0", (False, None)),
    ("22 a listed version", {"versions": ["7.7.7"], **events(("introduced", "1.0.0"), ("fixed", "2.0.0"))}, "7.7.7", (True, None)),
    ("22 or in a range", {"versions": ["7.7.7"], **events(("introduced", "1.0.0"), ("fixed", "2.0.0"))}, "1.5.0", (True, "2.0.0")),
    ("22 or neither", {"versions": ["7.7.7"], **events(("introduced", "1.0.0"), ("fixed", "2.0.0"))}, "7.7.8", (False, None)),
    ("22 only listed (malicious packages)", {"versions": ["6.0.1"]}, "6.0.1", (True, None)),
    ("22 only commits, and a list", {"versions": ["9.1.0"], "ranges": [{"type": "GIT", "events": [{"introduced": "ab12"}]}]}, "9.2.0", (False, None)),
    ("23 no fix", events(("introduced", "0")), "5.0.0", (True, None)),
    ("25 no version at all", {}, "6.6.6", (None, None)),
    ("a version that is none", events(("introduced", "0"), ("fixed", "1.0.0")), "git+https://x", (None, None)),
    ("a bound that is none", events(("introduced", "x"), ("fixed", "1.0.0")), "0.1.0", (None, None)),
]


@pytest.mark.parametrize(("affected", "version", "said"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_evaluate(affected: dict[str, Any], version: str, said: tuple[bool | None, str | None]) -> None:
    outcome = evaluate.evaluate(version, row(affected), evaluate.order("npm"))
    assert (outcome.affected, outcome.fixed) == said
    assert (outcome.affected is None) == bool(outcome.note)


HOSTILE = [
    ("25 no affected", {"id": "UBUNTU-CVE-2023-4004", "upstream": ["CVE-2023-4004"]}, 0),
    ("affected is no list", {"id": "A-1", "affected": "all"}, 0),
    ("a package without a name", {"id": "A-1", "affected": [{"package": {"ecosystem": "npm"}}]}, 0),
    ("a name of a megabyte", {"id": "A-1", "affected": [{"package": {"ecosystem": "npm", "name": "x" * 1_000_000}}]}, 0),
    ("a version of a megabyte", {"id": "A-1", "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1" * 1_000_000]}]}, 1),
    ("events are no list", {"id": "A-1", "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "ranges": [{"events": {"a": 1}}]}]}, 1),
    ("markup in the title", {"id": "A-1", "summary": "<script>\x1b[31m\u202e", "affected": []}, 0),
]


@pytest.mark.parametrize(("raw", "count"), [pytest.param(*case[1:], id=case[0]) for case in HOSTILE])
def test_37_hostile_records(raw: dict[str, Any], count: int) -> None:
    record = osv.parse(raw)
    assert record is not None
    assert len(record.packages) == count
    assert len(json.dumps(dataclasses.asdict(record))) < 2000
    assert not any(ord(sign) < 32 or sign == "\u202e" for sign in record.title)


@pytest.mark.parametrize("raw", [None, [], {"id": 5}, {"id": "../../etc"}, {"id": "x" * 200}, {"id": "<b>"}])
def test_what_is_no_record(raw: Any) -> None:
    assert osv.parse(raw) is None


@pytest.mark.parametrize(
    ("vector", "score"),
    [  # the examples of first.org/cvss
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None),
        ("CVSS:3.1/AV:N", None),
        ("nonsense", None),
    ],
)
def test_cvss(vector: str, score: float | None) -> None:
    assert cvss.score(vector) == score


def test_identifiers() -> None:
    record = osv.parse(
        {"id": "UBUNTU-CVE-2024-51988", "aliases": ["GHSA-aaaa-bbbb-cccc", "bad id\n"], "upstream": ["CVE-2024-51988"], "related": ["CVE-2024-1", "X-CVE"]}
    )
    assert record is not None
    assert (record.cves, record.aliases) == (("CVE-2024-51988", "CVE-2024-1"), ("GHSA-aaaa-bbbb-cccc",))
