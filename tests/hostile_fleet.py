# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run with made-up findings that say what a test wants them to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unittest import mock

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, result
from ansible_collections.bottomup.security.plugins.plugin_utils import document
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer, without_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge

NOW = 1795327210.0  # 2026-11-22T06:00:10Z
TIMES = {"started": "2026-11-22T06:00:01Z", "ended": "2026-11-22T06:00:03Z"}


def run_with(subjects: Iterable[tuple[str, str]], words: str = "plain", commands: Iterable[str] = (), hosts: int = 1, logs: bool = False) -> Run:
    """Return the run of hosts with a finding per (subject, severity), and of one that is unreachable; ``words`` are in every field.

    With ``logs`` there are log checks too, and ``words`` in every text of their data.
    """
    commands = list(commands) or [words]
    found = [
        finding("restart.service", severity, f"{words} {subject}", subject, [(words, words)] * 30, words, commands, [words] * 5, count=3)
        for subject, severity in subjects
    ]
    facts = {"hostname": words, "kernel": words, "arch": words, "python": words, "os": {"pretty_name": words}}
    answer = {"facts": facts, "checks": {"restart": result(found, incomplete=[words]), "fail2ban": result(not_applicable=words)}}
    checks = ["restart", "fail2ban"]
    if logs:
        answer["checks"] |= {check: result([], data) for check, data in _log_data(words[:10_000]).items()}
        checks += _log_data("")
    names = [f"web{number}" for number in range(1, hosts + 1)]
    # The ways out are tested with any text for a command: they rely on nobody before them.
    with mock.patch.object(document, "is_given", return_value=True):
        documents = [accept_answer(answer, host=name, groups=["web"], run_id="r1", expected_checks=checks, **TIMES) for name in names]
    documents.append(without_answer("unreachable", words, host="db1", groups=[], run_id="r1", **TIMES))
    fleet = collect(documents, run_id="r1", expected_hosts=[*names, "db1"], expected_checks=checks)
    return judge(fleet, fail_on="high", max_unreachable=0, now=NOW)


def _log_data(words: str) -> dict[str, dict[str, Any]]:
    row = {"count": 2, "what": words, "name": words, "detail": words, "user": words, "address": words, "method": words, "unit": words, "program": words}
    sample = {"request": words, "status": words, "category": words, "signature": words}
    client = {"client": words, "hits": 3, "answered": 1, "categories": {words: 3}, "samples": [sample]}
    suggestion = {"text": words, "commands": [words]}
    denial = {"id": words, "severity": "high", "comm": words, "perms": [words], "target_type": words, "blocked": words, "count": 2, "suggestion": suggestion}
    return {
        "log_digest": {
            "source": words,
            "logins": {"accepted_total": 2, "accepted": [row]},
            "accounts": [row],
            "units": {"failed_now": [words], "restarts": [row]},
            "errors": [row],
            "hours": [{"hour": "2026-11-22T05:00:00Z", "accepted": 2, "failed": 3}],
        },
        "denials": {"mode": {"enabled": True, "runtime": words}, "totals": {"denied": 2}, "groups": [denial]},
        "web_probes": {"totals": {"hits": 3, "lines": 9}, "hits_by_category": {words: 3}, "clients": [client]},
    }
