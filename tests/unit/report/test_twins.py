# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine under several names of the inventory is named, and two machines are never taken for one."""

from __future__ import annotations

import json

from schemas import faults

from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge, report_json
from ansible_collections.bottomup.security.plugins.plugin_utils.report.page import report_html
from ansible_collections.bottomup.security.plugins.plugin_utils.report.plain import report_text

BOOT = "0ffc1234-0000-4000-8000-%012d pid:[4026531836]"
SAID = "one machine under 2 names: what is found there counts for each of them"


def run(instances: dict[str, tuple[str, str]]) -> Run:
    """Return the run over hosts that say this instance and this name."""
    documents = [
        {"host": host, "status": "checked", "reason": "", "facts": {"instance": instance, "hostname": hostname}, "checks": {}}
        for host, (instance, hostname) in instances.items()
    ]
    fleet = collect(documents, run_id="r", expected_hosts=list(instances), expected_checks=[])
    return judge(fleet, fail_on="high", max_unreachable=0)


def read(made: Run) -> list[list[str]]:
    document = json.loads(b"".join(report_json(made)))
    assert faults("run-1", document) == []
    names: list[list[str]] = document["one_machine"]
    return names


def test_two_names_of_one_machine() -> None:
    made = run({"web1": (BOOT % 1, "web"), "web2": (BOOT % 2, "web"), "www": (BOOT % 1, "web")})
    assert read(made) == [["web1", "www"]]
    assert f"  ! web1, www: {SAID}\n" in report_text(made).replace("\n    ", " ")
    assert SAID in b"".join(report_html(made)).decode()


def test_who_says_nothing_or_has_another_name_is_another_machine() -> None:
    """Containers of one server share its boot; a machine that was copied as it ran has the same one under a new name."""
    made = run({"a": ("", "x"), "b": ("", "x"), "c": (BOOT % 1, "c"), "d": (BOOT % 1, "d"), "e": ((BOOT % 1).replace("836", "999"), "c")})
    assert read(made) == []
    assert "under" not in report_text(made)


def test_many_machines_under_several_names_are_counted() -> None:
    made = run({f"{place}{number}": (BOOT % number, "x") for number in range(5) for place in ("a", "b")})
    assert read(made) == [[f"a{number}", f"b{number}"] for number in range(5)]
    assert "  ! and 2 more machines under several names\n" in report_text(made)
