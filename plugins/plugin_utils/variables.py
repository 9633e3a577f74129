# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role, known by its argument spec: a misspelt one is otherwise passed over in silence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from ansible.module_utils.common.yaml import yaml_load

PREFIX = "daily_check_"
SPEC = Path(__file__).resolve().parents[2] / "roles" / "daily_check" / "meta" / "argument_specs.yml"

# Of the playbook, and what the role sets itself.
OTHERS = frozenset(PREFIX + name for name in ("hosts", "serial", "meant", "limited", "nobody", "named_options", "report", "refreshed"))

SHOWN = 5


def misspelt(names: Iterable[str]) -> list[str]:
    """Return a warning for each of the first few names that begin as the role's variables do and are none, with the likeliest that is."""
    spec = yaml_load(SPEC.read_text(encoding="utf-8"))["argument_specs"].values()
    known = {str(name) for entry in spec for name in entry.get("options") or ()}
    unknown = sorted(str(name) for name in names if str(name).startswith(PREFIX) and name not in known | OTHERS)
    return [f"{name} is no variable of the daily check and changes nothing{_likeliest(name, known)}" for name in unknown[:SHOWN]]


def _likeliest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.removeprefix(PREFIX), sorted(word.removeprefix(PREFIX) for word in known), 1)
    return f": is {PREFIX}{close[0]} meant?" if close else ""
