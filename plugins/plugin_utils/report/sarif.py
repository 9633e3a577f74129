# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.sarif: SARIF 2.1.0 for code scanning, a result for each group of findings.

A result for each host would be refused: GitHub takes 25,000 results and shows 5,000, with 100 locations each.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

from .document import VERSION, Run
from .groups import Group

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/bottomup-security/bottomup.security"
RESULTS_LIMIT = 5000
LOCATIONS_LIMIT = 100
NOTIFICATIONS_LIMIT = 100

# severity -> (level of SARIF, the number by which GitHub ranks)
LEVELS = {"critical": ("error", "9.5"), "high": ("error", "8.0"), "medium": ("warning", "5.5"), "low": ("note", "3.0"), "info": ("note", "0.1")}


def report_sarif(run: Run) -> Iterator[bytes]:
    """Yield the report. Hosts are files below ``hosts/``, so that a result keeps its place from run to run."""
    groups = [*run.fleet.groups, *run.fleet.accepted]
    shown = groups[:RESULTS_LIMIT]
    rules = sorted({group.rule for group in shown})
    notes = [_note(f"{host.name}: {host.status}: {host.reason}") for host in run.fleet.not_checked[:NOTIFICATIONS_LIMIT]]
    if len(groups) > len(shown):
        notes.append(_note(f"{len(groups) - len(shown)} groups of findings are left out, see report.json"))
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "bottomup.security", "version": VERSION, "informationUri": HOME, "rules": [_rule(rule, shown) for rule in rules]}},
                "automationDetails": {"id": f"daily-check/{run.fleet.run_id}"},
                "invocations": [{"executionSuccessful": run.exit.code in (0, 10), "toolExecutionNotifications": notes}],
                "results": [_result(group, rules.index(group.rule), not run.fleet.past.off and bool(run.fleet.past.baseline)) for group in shown],
            }
        ],
    }
    yield json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"


def _rule(rule: str, groups: list[Group]) -> dict[str, Any]:
    worst = next(group for group in groups if group.rule == rule)
    level, number = LEVELS[worst.severity]
    return {
        "id": rule,
        "shortDescription": {"text": rule.replace(".", ": ").replace("_", " ")},
        "helpUri": f"{HOME}/blob/main/docs/{worst.check}.md",
        "defaultConfiguration": {"level": level},
        "properties": {"security-severity": number, "tags": ["security"]},
    }


def _result(group: Group, rule: int, compared: bool) -> dict[str, Any]:
    hosts = f"on {len(group.hosts)} hosts" if len(group.hosts) > 1 else f"on {group.hosts[0]}"
    commands = [line for lines, _hosts in group.commands[:1] for line in lines]
    words = "\n".join([f"{group.title} ({hosts}).", *([group.remedy] if group.remedy else []), *commands])
    result: dict[str, Any] = {
        "ruleId": group.rule,
        "ruleIndex": rule,
        "level": LEVELS[group.severity][0],
        "message": {"text": words},
        "locations": [_location(host) for host in group.hosts[:LOCATIONS_LIMIT]],
        "partialFingerprints": {"bottomupSecurityGroup/v1": group.key},
        "properties": {"severity": group.severity, "hosts": len(group.hosts), "newHosts": len(group.new), "security-severity": LEVELS[group.severity][1]},
    }
    if compared:
        result["baselineState"] = "new" if len(group.new) == len(group.hosts) else "updated" if group.new or group.reopened else "unchanged"
    if group.accepted:
        words = f"{group.accepted['reason']} (until {group.accepted['expires']})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": words}]
    return result


def _location(host: str) -> dict[str, Any]:
    path = "hosts/" + urllib.parse.quote(host, safe="", errors="backslashreplace")
    return {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": 1}}}


def _note(words: str) -> dict[str, Any]:
    return {"level": "warning", "message": {"text": words}}
