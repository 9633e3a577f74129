# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of many mornings: what hosts answered on a day, recorded in a history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, iso, result
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer, without_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet, collect

CHECKS = ("restart", "fail2ban")
DAY = 86400
FIRST = 1795327200  # 2026-11-22T06:00:00Z

# A host's answer in short: None for unreachable, else the subjects that restart finds, with a last word for its status.
Answer = str | None


def when(day: float) -> float:
    return FIRST + day * DAY


def document(host: str, answer: Answer, day: float, run_id: str = "") -> dict[str, Any]:
    """Return the document of a host: "nginx puma", "nginx!incomplete", "!timeout", "" (nothing found) or None (unreachable).

    "!incomplete:puma" is a look that can rule out all but puma.
    """
    about: dict[str, Any] = {"host": host, "groups": ["web"], "run_id": run_id or run(day), "started": iso(when(day) - 3), "ended": iso(when(day))}
    if answer is None:
        return without_answer("unreachable", "no route", **about)
    subjects, _mark, status = answer.partition("!")
    status, colon, unsure = status.partition(":")
    items = [finding("restart.service", "high", f"{name} is stale", name, commands=[f"systemctl restart {name}"]) for name in subjects.split()]
    said = result(items, incomplete=["needs root"] if status == "incomplete" else [], not_applicable="nothing here" if status == "not_applicable" else None)
    if colon:
        said["data"] = {"unsure": unsure.split()}
    if status in ("timeout", "error", "skipped"):
        said = {"status": status, "status_reason": "because", "findings": items, "data": {}}
    return accept_answer({"checks": {"restart": said, "fail2ban": result()}}, expected_checks=CHECKS, **about)


def run(day: float) -> str:
    return f"r{day:g}"


def recorder(folder: Path, **keywords: Any) -> Recorder:
    return Recorder(keywords.pop("url", ""), folder, **keywords)


def morning(history: Recorder, day: float, answers: Mapping[str, Answer], expected: Iterable[str] = (), run_id: str = "") -> Fleet:
    """Record one run and return its fleet."""
    documents = [document(host, answer, day, run_id) for host, answer in answers.items()]
    return told(history, day, documents, [*answers, *expected], run_id or run(day))


def told(history: Recorder, day: float, documents: list[dict[str, Any]], expected: list[str], run_id: str) -> Fleet:
    return collect(
        documents,
        run_id=run_id,
        expected_hosts=expected,
        expected_checks=CHECKS,
        remember=lambda hosts, run_id: history.record(hosts, run_id, when(day) + 5),
    )


def states(fleet: Fleet) -> dict[str, str]:
    """Return "host subject" -> state of all findings but the coverage; resolved and stale ones too."""
    seen = {f"{host.name} {item['subject']}": item["state"] for host in fleet.hosts for item in host.findings() if item["check"] != "coverage"}
    for word, groups in (("resolved", fleet.past.resolved), ("stale", fleet.past.stale)):
        seen |= {f"{host} {group.subject}": word for group in groups for host in group.hosts}
    return seen
