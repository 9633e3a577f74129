# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the checks that a user gives by variable: known, and of the right type, by the documentation of each check's module.

A misspelt option that is passed over in silence would be a check that looks at something else than the user believes.
"""

from __future__ import annotations

import ast
import contextlib
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

MODULES = Path(__file__).parent.parent / "modules"

# What of an option's documentation decides whether a value fits.
_SPEC_KEYS = ("type", "elements", "choices")


class BadOption(ValueError):
    """An option that no check has, or a value that it cannot take; the text names both and what there is."""


def checked_options(given: Any, known: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the options by check, each value in its documented type (``"a,b"`` becomes a list where a list is wanted).

    An option without a value (None) is left out. ``known``: the names of all checks. Raises BadOption.
    """
    if not isinstance(given, Mapping):
        raise BadOption(f"daily_check_options is {given!r}: a mapping of check to its options is wanted")
    unknown = sorted(str(name) for name in given if name not in known)
    if unknown:
        raise BadOption(f"daily_check_options has options for {', '.join(map(repr, unknown))}: there is no such check; there are {', '.join(known)}")
    return {str(check): _checked(str(check), options) for check, options in given.items() if options}


def prepare(checks: Sequence[str]) -> None:
    """Read the documentation of these checks now, so that processes forked later need not."""
    for check in checks:
        with contextlib.suppress(BadOption):
            _spec(check)


def _checked(check: str, options: Any) -> dict[str, Any]:
    if not isinstance(options, Mapping):
        raise BadOption(f"daily_check_options.{check} is {options!r}: a mapping of options is wanted")
    spec = _spec(check)
    unknown = sorted(str(name) for name in options if name not in spec)
    if unknown:
        raise BadOption(f"daily_check_options.{check} has {', '.join(map(repr, unknown))}: there is no such option; there are {', '.join(sorted(spec))}")
    wanted = {str(name): value for name, value in options.items() if value is not None}
    result = ArgumentSpecValidator(spec).validate(wanted)
    if result.error_messages:
        raise BadOption(f"daily_check_options.{check}: {'; '.join(result.error_messages)}")
    return {name: result.validated_parameters[name] for name in wanted}


@functools.cache
def _spec(check: str) -> dict[str, dict[str, Any]]:
    """Return the argument spec that the documentation of the check's module describes; the module itself is not imported."""
    try:
        source = ast.parse((MODULES / f"{check}_info.py").read_text(encoding="utf-8"))
    except OSError as error:
        raise BadOption(f"daily_check_options.{check}: its options are described nowhere ({error.strerror})") from error
    for node in source.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            options = yaml_load(ast.literal_eval(node.value)).get("options") or {}
            return {name: {key: about[key] for key in _SPEC_KEYS if key in about} for name, about in options.items()}
    raise BadOption(f"daily_check_options.{check}: the module {check}_info has no documentation")
