# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath expressions over a finding, with a limit of what one may take: a few characters are enough to ask for more memory than there is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

# Characters of an expression: one that nobody can read accepts nothing.
LENGTH = 4000

# Steps of an evaluation and what it makes anew (rows, values, characters), together. An expression over a finding takes a few dozen.
BUDGET = 100_000


class BadExpression(Exception):
    """An expression that cannot be used; the text says why."""


def compiled(words: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return a function that evaluates a JMESPath expression; both raise BadExpression."""
    if len(words) > LENGTH:
        raise BadExpression(f"not a JMESPath expression: {len(words):,} characters, {LENGTH:,} at most")
    try:
        import jmespath
    except ImportError as error:
        raise BadExpression("an expression needs the Python package jmespath on the controller") from error
    mistakes = (jmespath.exceptions.JMESPathError, ValueError, TypeError, RecursionError)
    try:
        program = jmespath.compile(words)
    except mistakes as error:
        raise BadExpression(f"not a JMESPath expression: {_said(error)}") from error
    interpreter = _interpreter()

    def search(value: Mapping[str, Any]) -> Any:
        try:
            return interpreter().visit(program.parsed, value)
        except mistakes as error:
            raise BadExpression(f"the expression failed: {_said(error)}") from error

    return search


@functools.cache
def _interpreter() -> Callable[[], Any]:
    """Return the class that evaluates: jmespath's own, which counts. The package is optional, and imported late."""
    from jmespath import Options, exceptions, functions, visitor

    class Spent(exceptions.JMESPathError):
        def __str__(self) -> str:
            return f"it takes more than {BUDGET:,} steps and values"

    class Functions(functions.Functions):
        @functions.signature({"types": ["string"]}, {"types": ["array-string"]})
        def _func_join(self, separator: str, array: list[str]) -> str:
            # The only one whose answer is larger than what it is given, times what it is given.
            if len(separator) * len(array) > BUDGET:
                raise Spent
            return separator.join(array)

    class Counting(visitor.TreeInterpreter):
        def __init__(self) -> None:
            super().__init__(Options(custom_functions=Functions()))
            self._left = BUDGET

        def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
            self._spend(1)
            return super().visit(node, *args, **kwargs)

        def visit_multi_select_list(self, node: Any, value: Any) -> Any:
            return self._counted(super().visit_multi_select_list(node, value))

        def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
            return self._counted(super().visit_multi_select_dict(node, value))

        def visit_function_expression(self, node: Any, value: Any) -> Any:
            return self._counted(super().visit_function_expression(node, value))

        def _counted(self, made: Any) -> Any:
            """Return a value, its whole size spent: the same row may be in it many times over."""
            rows = [made]
            while rows:
                row = rows.pop()
                self._spend(len(row) if isinstance(row, (str, list, dict)) else 1)
                if isinstance(row, (list, dict)):
                    rows += row.values() if isinstance(row, dict) else row
            return made

        def _spend(self, much: int) -> None:
            self._left -= much
            if self._left < 0:
                raise Spent

    return Counting


def _said(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return said[0][:200] if said else type(error).__name__
