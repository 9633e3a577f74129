# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and expressions that ask for more than there is: told in a line, at once. Without the limits these would not end, or end the process."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.accept.expression import BUDGET, LENGTH, BadExpression, compiled
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.file import FILE_LIMIT, AcceptanceError, read_acceptances
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.match import with_host

TODAY = datetime.date(2026, 11, 22)

LAUGHS = "- &a [x, x, x, x, x, x, x, x, x]\n" + "".join(f"- &{chr(code)} [{', '.join([f'*{chr(code - 1)}'] * 9)}]\n" for code in range(98, 122))

# content -> words
FILES = {
    "10,000 brackets": ("[" * 10_000 + "]" * 10_000, ":1: nested more than 10 deep"),
    "a million brackets": ("[" * 1_000_000, ":1: nested more than 10 deep"),
    "braces": ("{a: " * 5_000, ":1: nested more than 10 deep"),
    "dashes": ("- " * 100_000 + "a", ":1: nested more than 10 deep"),
    "questions": ("? " * 5_000, ":1: nested more than 10 deep"),
    "steps": ("".join(" " * depth + "a:\n" for depth in range(2_000)), ":10: nested more than 10 deep"),
    "billion laughs": (LAUGHS, ":2: no alias (*name) is taken here: write it out"),
    "itself": ("- &a [*a]\n", ":1: no alias (*name) is taken here: write it out"),
    "a long text": (f"- match: {{host: {'a' * 100_000}}}\n  reason: a\n  expires: 2026-12-01\n", ":1: host: a text of 1000 characters"),
    "a long expression": (f"- match: {{expression: {'a' * 100_000}}}\n  reason: a\n  expires: 2026-12-01\n", ":1: expression: a text of 1000 characters"),
    "many entries": ("- a\n" * 2_001, "2001 acceptances, 2000 at most"),
}


@pytest.mark.parametrize(("content", "words"), FILES.values(), ids=list(FILES))
def test_a_file_is_refused_with_its_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "accepted.yml"
    path.write_text(content)
    with pytest.raises(AcceptanceError) as refused:
        read_acceptances(path, TODAY)
    assert words in str(refused.value) and len(str(refused.value)) < 10_000


def test_of_a_file_of_50_mb_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "accepted.yml"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    with pytest.raises(AcceptanceError, match=f"larger than {FILE_LIMIT >> 20} MiB"):
        read_acceptances(path, TODAY)


FINDING: dict[str, Any] = {
    "severity": "low",
    "title": "libssl3 is old",
    "evidence": [{"source": "log", "text": f"line {number}"} for number in range(20)],
    "count": 3,
}

UNREADABLE = {
    "parentheses": "(" * (LENGTH // 2) + "a" + ")" * (LENGTH // 2 - 1),
    "brackets": "[" * LENGTH,
    "a megabyte": "a." * 500_000 + "c",
    "200,000 selected": f"[{','.join('a' * 200_000)}]",
    "negated": "!" * 3_000 + "a",
}


@pytest.mark.parametrize("expression", UNREADABLE.values(), ids=list(UNREADABLE))
def test_an_expression_is_refused(expression: str) -> None:
    with pytest.raises(BadExpression):
        compiled(expression)(with_host(FINDING, "web1", []))


GROWING = {
    "doubled and written out": "to_string(" + "[@,@]|" * 40 + "@)",
    "doubled and compared": "[@,@]|" * 40 + "[@ == @]",
    "doubled and flattened": "[@,@][]|" * 60 + "length(@) > `1`",
    "doubled by name": "{a:@,b:@}|" * 40 + "to_string(@)",
    "joined": "join(" * 30 + "title" + ",evidence[].text)" * 30,
    "for each of each": "evidence[*].[" + "text," * 500 + "text] | [@,@][].[@,@][].[@,@][] | length(@) > `1`",
    "sorted by what grows": "sort_by(evidence,&to_string(" + "[@,@]|" * 30 + "@))",
}


@pytest.mark.parametrize("expression", GROWING.values(), ids=list(GROWING))
def test_an_expression_that_grows_is_stopped(expression: str) -> None:
    search = compiled(expression)
    for _again in range(2):
        with pytest.raises(BadExpression, match=f"the expression failed: it takes more than {BUDGET:,} steps and values"):
            search(with_host(FINDING, "web1", []))


@pytest.mark.parametrize(
    "expression",
    [
        "severity == 'low' && contains(title, 'libssl3')",
        "sort_by(evidence, &text)[0].text == 'line 0'",
        "length(evidence[?contains(text, 'line 1')]) > `5`",
        "contains(['web1', 'web2'], host.name) && count < `10`",
        "join(', ', evidence[].text) != ''",
        " || ".join(["severity == 'low'"] * 150),
    ],
)
def test_what_people_write_has_room(expression: str) -> None:
    search = compiled(expression)
    assert [search(with_host(FINDING, "web1", [])) for _again in range(3)] == [True] * 3
