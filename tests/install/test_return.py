# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules return against what they document, on this machine as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
INFO_MODULES = sorted(path.stem for path in MODULES.glob("*_info.py"))

# The types of ansible-core's documentation, as JSON gives them back. raw is anything.
TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "dict": (dict,),
    "float": (float, int),
    "int": (int,),
    "list": (list,),
    "str": (str,),
    "raw": (object,),
}

# Of Ansible, not of the module.
FROM_ANSIBLE = {"ansible_facts", "changed", "failed", "warnings", "deprecations"}


def documented_returns(module: str) -> dict[str, Any]:
    source = (MODULES / f"{module}.py").read_text()
    return yaml.safe_load(source.partition('RETURN = r"""')[2].partition('"""')[0]) or {}


def differences(value: Any, documented: dict[str, Any], where: str) -> Iterator[str]:
    """Yield what of a returned dict is not as documented."""
    for name in sorted(set(value) - set(documented)):
        yield f"{where}{name} is returned, and not documented"
    for name, entry in documented.items():
        if name not in value:
            if entry.get("returned") in ("always", "success"):
                yield f"{where}{name} is documented as returned always, and is not there"
            continue
        yield from _type_differences(value[name], entry, where + name)


def _type_differences(value: Any, entry: dict[str, Any], where: str) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, TYPES[entry["type"]]) or (entry["type"] == "int" and isinstance(value, bool)):
        yield f"{where} is documented as {entry['type']}, and is {type(value).__name__}: {value!r:.80}"
        return
    rows = value if isinstance(value, list) else [value]
    if "elements" in entry:
        for row in rows:
            if not isinstance(row, TYPES[entry["elements"]]):
                yield f"{where} has documented elements {entry['elements']}, and one is {type(row).__name__}: {row!r:.80}"
    if "contains" in entry:
        for row in rows:
            if isinstance(row, dict):
                yield from differences(row, entry["contains"], f"{where}.")


@pytest.mark.parametrize("module", INFO_MODULES)
def test_return_is_as_documented(controller, module, tmp_path):
    done = controller.run(tmp_path, "ansible", "all", "-i", "web1,", "-c", "local", "-m", f"bottomup.security.{module}")
    assert done.rc == 0, done.shown
    answer, _end = json.JSONDecoder().raw_decode(done.shown.partition(" | SUCCESS => ")[2])
    assert answer["changed"] is False
    returned = {name: value for name, value in answer.items() if name not in FROM_ANSIBLE}
    found = sorted(set(differences(returned, documented_returns(module), "")))
    assert not found, "\n".join(found)
