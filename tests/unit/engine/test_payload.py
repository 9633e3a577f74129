# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import io
import json
import tokenize
from pathlib import Path

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
    "comment sign in a docstring": ('def f():  # why\n    """Not # a comment."""\n    return 1  # one\n', "def f():\n    pass\n    return 1\n"),
    "quotes within quotes": ('x = \'"#\' # "\ny = "\\"#"\n', 'x = \'"#\'\ny = "\\"#"\n'),
    "text over lines": ('x = """a\n# b\n"""  # c\n', 'x = """a\n# b\n"""\n'),
    "a text that is no docstring": ('x = 1\n"""Words."""\n', 'x = 1\n"""Words."""\n'),
}


@pytest.mark.parametrize("case", STRIPPED.values(), ids=list(STRIPPED))
def test_strip(case: tuple[str, str]) -> None:
    written, wanted = case
    assert payload.strip(written) == wanted


MODULES = [path for path in payload.MODULE_UTILS.rglob("*.py") if path.stem != "__init__"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_is_stripped_is_the_same_program(path: Path) -> None:
    written = path.read_text()
    stripped = payload.strip(written)
    assert len(stripped.splitlines()) == len(written.splitlines())
    assert [token for token in tokenize.generate_tokens(io.StringIO(stripped).readline) if token.type == tokenize.COMMENT] == []
    assert ast.dump(ast.parse(stripped)) == ast.dump(_without_docstrings(ast.parse(written)))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body[:1] = [] if isinstance(node, ast.Module) else [ast.Pass()]
    return tree


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_relative_import_travels(path: Path) -> None:
    name = ".".join(path.relative_to(payload.MODULE_UTILS).with_suffix("").parts)
    wanted = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = [*name.split(".")[: -node.level], *(node.module.split(".") if node.module else [])]
            module = ".".join(folder)
            wanted |= (
                {module}
                if module and (payload.MODULE_UTILS / "/".join(folder)).with_suffix(".py").exists()
                else {".".join([*folder, alias.name]) for alias in node.names}
            )
    assert set(payload.source(name).imports) == wanted


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists), max_size=4))
def test_request_is_data_in_the_program(options: dict[str, object]) -> None:
    program = payload.build([], {"options": options}).decode("ascii")
    call = ast.parse(program).body[-1]
    assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
    loads = call.value.args[1]
    assert isinstance(loads, ast.Call) and isinstance(loads.args[0], ast.Constant)
    assert json.loads(str(loads.args[0].value)) == {"options": options}
