# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.modules import daily_check
from ansible_collections.bottomup.security.plugins.plugin_utils import payload


def test_the_module_runs_the_same_checks_as_the_payload() -> None:
    assert sorted(daily_check.RUN) == payload.available_checks()


def test_imports_come_before_what_needs_them() -> None:
    for check in payload.available_checks():
        modules = payload.order(f"checks.{check}")
        assert modules[-1] == f"checks.{check}"
        for position, name in enumerate(modules):
            assert set(payload.source(name).imports) <= set(modules[:position]), name


def test_a_check_does_not_import_another_check() -> None:
    checks = payload.available_checks()
    for check in checks:
        others = {f"checks.{other}" for other in checks if other != check}
        assert not others & set(payload.order(f"checks.{check}"))


STRIPPED = {
    "comment": ("x = 1  # why\n", "x = 1\n"),
    "comment sign in a text": ('x = "# no comment"\n', 'x = "# no comment"\n'),
    "docstring of a module": ('"""Words."""\nx = 1\n', "\nx = 1\n"),
    "docstring over lines keeps the numbers": ('def f():\n    """Words\n    more.\n    """\n    return 1\n', "def f():\n    pass\n\n\n    return 1\n"),
    "nothing but a docstring": ('class E(Exception):\n    """Words."""\n', "class E(Exception):\n    pass\n"),
    "a text that is no docstring": ('x = 1\n"""Words."""\n', 'x = 1\n"""Words."""\n'),
}


@pytest.mark.parametrize("case", STRIPPED.values(), ids=list(STRIPPED))
def test_strip(case: tuple[str, str]) -> None:
    written, wanted = case
    assert payload.strip(written, ast.parse(written)) == wanted


def test_strip_keeps_the_lines_of_every_module() -> None:
    for path in payload.MODULE_UTILS.rglob("*.py"):
        written = path.read_text()
        stripped = payload.strip(written, ast.parse(written))
        assert len(stripped.splitlines()) == len(written.splitlines()), path
        ast.parse(stripped)


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists), max_size=4))
def test_request_is_data_in_the_program(options: dict[str, object]) -> None:
    program = payload.build([], {"options": options}).decode("ascii")
    call = ast.parse(program).body[-1]
    assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
    loads = call.value.args[1]
    assert isinstance(loads, ast.Call) and isinstance(loads.args[0], ast.Constant)
    assert json.loads(str(loads.args[0].value)) == {"options": options}
