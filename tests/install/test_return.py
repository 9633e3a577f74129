# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules return against what they document, on this machine as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feeds_server
import pytest
import yaml

from ansible_collections.bottomup.security.plugins.plugin_utils import payload

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
INFO_MODULES = sorted(path.stem for path in MODULES.glob("*_info.py"))

# Actions of the controller and of the one trip, in the order in which a run takes them: an entry a task, each with its own result.
TASKS: list[tuple[str, dict[str, Any]]] = [
    ("settings", {"task_timeout": 100}),
    ("daily_check", {}),
    ("feeds", {"feeds_mirror": "MIRROR", "feeds_ecosystems": ["AlmaLinux", "RubyGems"], "pages": [{"name": "a page", "url": "http://127.0.0.1:1/"}]}),
    (
        "report",
        {
            "expected_hosts": ["web1", "web2"],
            "max_unreachable": "0",
            "tell": [{"webhook": "http://127.0.0.1:1/", "secret": "0123456789abcdef", "when": "always"}],
        },
    ),
    (
        "advisories_info",
        {"documents": [{"os": {"id": "almalinux", "version_id": "9.6"}, "packages": [{"name": "p1", "version": "1.0", "release": "1.el9", "arch": "x86_64"}]}]},
    ),
]

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


@pytest.fixture(scope="module")
def answers(controller, tmp_path_factory):
    """Return what each action and each module returned in one run, by its name."""
    folder = tmp_path_factory.mktemp("actions")
    feeds_server.whole(folder / "mirror")
    tasks: list[dict[str, Any]] = []
    for name, options in [*TASKS, *((f"{module} alone", {}) for module in INFO_MODULES)]:
        given = {key: str(folder / "mirror") if value == "MIRROR" else value for key, value in options.items()}
        tasks.append({f"bottomup.security.{name.split()[0]}": given, "register": "result", "ignore_errors": True})
        tasks.append({"ansible.builtin.set_fact": {"answers": "{{ answers | default({}) | combine({'NAME': result}) }}".replace("NAME", name)}})
    tasks.append({"ansible.builtin.copy": {"content": "{{ answers | to_json }}", "dest": str(folder / "answers.json")}})
    play = {"hosts": "web1", "gather_facts": False, "tasks": tasks}
    (folder / "play.yml").write_text(json.dumps([play]))
    done = controller.run(folder, "ansible-playbook", "-i", "web1,", "-c", "local", "play.yml")
    assert done.rc == 0, done.shown
    return json.loads((folder / "answers.json").read_text())


@pytest.mark.parametrize("module", INFO_MODULES)
def test_return_is_as_documented(answers, module):
    answer = answers[f"{module} alone"]
    assert (answer["changed"], answer["failed"]) == (False, False), answer
    returned = {name: value for name, value in answer.items() if name not in FROM_ANSIBLE}
    found = sorted(set(differences(returned, documented_returns(module), "")))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("action", [name for name, _options in TASKS])
def test_return_of_an_action_is_as_documented(answers, action):
    returned = {name: value for name, value in answers[action].items() if name not in {*FROM_ANSIBLE, "msg"}}
    found = sorted(set(differences(returned, documented_returns(action), "")))
    assert not found, "\n".join(found)


def test_every_check_is_a_module():
    assert {f"{check}_info" for check in payload.available_checks()} <= set(INFO_MODULES)


def test_the_answers_have_rows_to_compare(answers):
    rows = {
        "daily_check": ("checks", "counts"),
        "feeds": ("feeds", "fetched", "pages"),
        "report": ("failed_hosts", "marked_hosts", "told", "paths"),
        "advisories_info": ("results", "feeds"),
    }
    empty = [f"{action}.{name}" for action, names in rows.items() for name in names if not answers[action][name]]
    assert not empty and answers["advisories_info"]["results"][0]["findings"]
