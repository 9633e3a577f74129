# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the table: its example is found, its near miss is not, its literals lose nothing, no text makes it slow."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks import web_probes_index, web_probes_seen, web_signatures
from ansible_collections.bottomup.security.plugins.module_utils.checks.web_probes_judge import Judge
from ansible_collections.bottomup.security.plugins.module_utils.checks.web_probes_scan import Scan
from ansible_collections.bottomup.security.plugins.module_utils.checks.web_probes_tally import Tally
from ansible_collections.bottomup.security.plugins.module_utils.checks.web_probes_text import normalise, skeleton

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "evaluate"))

import probes
import rails_day

JUDGE = Judge()
ROWS = pytest.mark.parametrize("row", web_signatures.SIGNATURES, ids=[row.id for row in web_signatures.SIGNATURES])


def verdict(row: web_signatures.Signature, example: str) -> tuple[str, ...]:
    words = example.encode("utf-8")
    if row.where == "agent":
        return JUDGE.header(words)
    if row.where == "refused":
        return JUDGE.refused(normalise(words), JUDGE.request(normalise(words)))
    if " HTTP/" not in example:
        words += b" HTTP/1.1"
    return JUDGE.request(normalise(words))


@ROWS
def test_the_example_is_found(row: web_signatures.Signature) -> None:
    assert row.id in verdict(row, row.example)


@ROWS
def test_the_near_miss_is_not(row: web_signatures.Signature) -> None:
    assert row.id not in verdict(row, row.near_miss)


@ROWS
def test_the_row_is_complete(row: web_signatures.Signature) -> None:
    assert row.category in web_signatures.CATEGORIES
    assert row.answered in ("critical", "high", "medium", "low", "info")
    assert row.where in ("path", "target", "query", "line", "any", "agent", "refused")
    assert len(row.why) > 3
    assert row.literals


def test_ids_are_unique() -> None:
    assert len(web_signatures.BY_ID) == len(web_signatures.SIGNATURES)


@pytest.mark.parametrize("row", [row for row in web_signatures.SIGNATURES if row.where != "refused"], ids=lambda row: row.id)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_case_28_what_a_pattern_matches_has_one_of_its_literals(row: web_signatures.Signature, data: st.DataObject) -> None:
    """The search for literals is a superset of the search for patterns."""
    made = data.draw(st.from_regex(re.compile(row.pattern), fullmatch=False))
    text = normalise(made.replace(b"\n", b" ").replace(b"?", b"-"))
    if not re.search(row.pattern, text):
        return
    index = JUDGE._header if row.where == "agent" else JUDGE._index
    bones = skeleton(text)
    assert row.id in [one.id for one in index.candidates(bones, index.present(bones))]


@pytest.mark.parametrize("limit", [100000, 300], ids=["remembered", "forgotten again and again"])
def test_case_28_the_fast_path_finds_what_judging_each_line_finds(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skeletons, shapes and caches may save work and may not change a verdict."""
    for name in ("REQUESTS_LIMIT", "SKELETONS_LIMIT", "SHAPES_LIMIT", "HEADERS_LIMIT"):
        monkeypatch.setattr(web_probes_seen, name, limit)
    monkeypatch.setattr(web_probes_index, "WORDS_LIMIT", limit)
    lines = [line.encode() for line in rails_day.lines(3, 6000, probes.probes(), 1794700800, [])]
    # A verb, a path, and not even a version; a slash too many; digits that hide one.
    for place, request in enumerate(("GET /console", "GET /a//../.git/config HTTP/1.1", "GET /1/2/.env HTTP/1.1", "GET /x?f=/.1./etc/passwd HTTP/1.0")):
        lines[place * 1000] = lines[place * 1000].split(b'"', 1)[0] + b'"%s" 404 153 "-" "-"\n' % request.encode()
    tally = Tally(True)
    Scan(JUDGE, tally).file(b"access.log", b"", [b"".join(lines[place : place + 700]) for place in range(0, len(lines), 700)])
    slow = {}
    for number, line in enumerate(lines, 1):
        fields = line.split(b'"')
        text = normalise(fields[1])
        found = JUDGE.request(text)
        if fields[2].startswith(b" 400"):
            found = JUDGE.refused(text, found)
        for value in (fields[5], fields[3]):
            found += tuple(one for one in JUDGE.header(value) if one not in found)
        if found:
            slow[number] = found
    assert {number: found for _name, number, found in tally.hits} == slow
    assert len(slow) > 30


ADVERSARIAL = [
    b"a" * 8000,
    b"/" * 8000,
    b"../" * 2600,
    b"a." * 4000,
    b"-" * 8000,
    b"select " * 1100,
    b"(" * 8000,
    b"'" * 8000,
    b"or 1" * 2000,
    b"<" * 8000,
    b"<a " * 2600,
    b"${" * 4000,
    b"{{" * 4000,
    b"= " * 4000,
    b" " * 8000,
    b"1" * 8000,
    b"a=b&" * 2000,
    b"union " * 1300,
    b"http://" * 1100,
    b".env" * 2000,
    b"\x0b" * 8000,
    b"a/" * 4000,
    b"a-b_c." * 1300,
    b"on" * 4000,
    b"--" * 4000,
    b"or '" * 2000,
    b"and(" * 2000,
    b"wget -a " * 1000,
    b"() {" * 2000,
    b"case when " * 800,
    b"order by 1" * 800,
    b"/config." * 1000,
    b"\x00" * 8000,
    b"like 'a' " * 900,
    b"%{" * 4000,
    b";" * 8000,
    b"|" * 8000,
    # A dump with many endings, and not one at its end: without a bound this takes the age of the universe.
    b"/a.sql" + b".gz" * 60 + b"/x",
    b"/a.zip" + b".bak" * 60 + b"/x",
    b"/a.php" + b"-old.tar" * 60 + b"~/x",
]


@ROWS
def test_no_text_makes_a_pattern_slow(row: web_signatures.Signature) -> None:
    """Quadratic is bearable at 8 KB, exponential is not: the limit is far above the one and far below the other."""
    pattern = re.compile(row.pattern)
    for words in ADVERSARIAL:
        for text in (words, b"/" + words, b"get /?x=" + words + b"!"):
            begin = time.process_time()
            pattern.search(text[:8192])
            assert time.process_time() - begin < 1.0, (row.id, words[:20])
