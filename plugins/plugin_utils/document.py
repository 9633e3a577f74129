# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a host: what a server answered, checked and capped before anything else sees it.

A server may be in an attacker's hands. Nothing it says reaches the disk, a page or a terminal of the controller
before it went through here: every field has a type and a limit, unknown keys are dropped, control characters are
written as escapes, and what contradicts itself makes the whole answer a :class:`BadAnswer`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import (
    COMMANDS_LIMIT,
    EVIDENCE_LIMIT,
    FINDINGS_LIMIT,
    SEVERITIES,
    STATUSES,
    text,
)

from .commands import is_given
from .untrusted import INTEGER_LIMIT, BadAnswer, Purse, data, items, mapping, moment, texts, whole

SCHEMA = "bottomup.security/host/1"
HOST_STATUSES = ("checked", "partial", "unreachable", "error")

# Statuses of a check that mean: it could not say what there is to see.
FAILED = ("error", "timeout")

# What a remedy says to type, and no check of this collection would.
ODD_COMMAND = "a command that this collection does not give: read it well"

CHECKS_LIMIT = 50

_CHECK_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RULE = re.compile(r"[a-z][a-z0-9_]{0,39}\.[a-z0-9][a-z0-9_.-]{0,79}")

# (key, limit in characters) of the facts that are text.
_FACT_TEXTS = (("hostname", 255), ("kernel", 200), ("arch", 50), ("python", 50), ("container", 200), ("instance", 80))
_OS_TEXTS = (("id", 50), ("version_id", 50), ("pretty_name", 200))
_FACT_TIMES = ("boot_time", "clock")

_MEASURES = ("duration_ms", "cpu_ms", "max_rss_kb")


def accept_answer(
    answer: object,
    *,
    host: str,
    groups: Iterable[str],
    run_id: str,
    expected_checks: Iterable[str],
    started: str | None = None,
    ended: str | None = None,
) -> dict[str, Any]:
    """Return the full document of ``host`` for what its server answered (decoded JSON: ``facts`` and ``checks``).

    ``expected_checks`` are those that were asked for: one that is missing gets status ``error``, one that nobody asked
    for is refused. ``started`` and ``ended`` are the controller's times (ISO, UTC); without them now is used.
    Raises BadAnswer.
    """
    expected = list(expected_checks)
    body = mapping(answer, "the answer")
    if body.get("host") not in (None, host):
        raise BadAnswer("the answer names another host than the one that was asked")
    purse = Purse()
    checks = _checks(mapping(body.get("checks"), "checks"), expected, host, purse)
    status, reason = _host_status(checks)
    document = _bare(host, groups, run_id, status, reason, started, ended)
    document["facts"] = _facts(body.get("facts", {}), purse)
    document["checks"] = checks
    return document


def without_answer(
    status: str,
    reason: str,
    *,
    host: str,
    groups: Iterable[str],
    run_id: str,
    started: str | None = None,
    ended: str | None = None,
) -> dict[str, Any]:
    """Return the document of a host that is ``unreachable`` or whose answer cannot be used (``error``)."""
    if status not in ("unreachable", "error"):
        raise ValueError(f"status {status!r} is not one of a host without an answer")
    return _bare(host, groups, run_id, status, text(reason, 1000) or "no reason given", started, ended)


def accept_document(value: object) -> dict[str, Any]:
    """Return a document that was read from a spool, checked and capped like an answer.

    A spool file may come from another controller or from a host itself. Raises BadAnswer.
    """
    body = mapping(value, "the file")
    schema = body.get("schema")
    if schema != SCHEMA:
        raise BadAnswer(f"the schema is {text(schema, 80)}, this version reads {SCHEMA}")
    purse = Purse()
    host = purse.text(body.get("host"), "host", 1000)
    if host != body.get("host") or not host:
        raise BadAnswer("the name of the host is empty, too long or not printable")
    status = body.get("status")
    if status not in HOST_STATUSES:
        raise BadAnswer(f"the status of the host is {text(status, 80)}")
    document = {
        "schema": SCHEMA,
        "run_id": purse.text(body.get("run_id"), "run_id", 100),
        "host": host,
        "groups": texts(body.get("groups", []), "groups", 200, 255, purse),
        "status": status,
        "reason": purse.text(body.get("reason", ""), "reason", 1000),
        "started": moment(body.get("started"), "started"),
        "ended": moment(body.get("ended"), "ended"),
        "facts": _facts(body.get("facts", {}), purse),
        "checks": {},
    }
    results = mapping(body.get("checks", {}), "checks")
    if status in ("checked", "partial"):
        document["checks"] = _checks(results, list(results), host, purse)
        document["status"], document["reason"] = _host_status(document["checks"])
    elif results:
        raise BadAnswer(f"a host that is {status} has results of checks")
    return document


def fingerprint(check: str, rule: str, host: str, subject: str) -> str:
    """Return the identity of a finding over time: ``v1:`` and 32 hexadecimal digits."""
    return _digest(check, rule, host, subject)


@functools.lru_cache(maxsize=4096)
def group_key(check: str, rule: str, subject: str) -> str:
    """Return the identity of a finding over hosts: the same finding on another host has the same key."""
    return _digest(check, rule, subject)


def _digest(*parts: str) -> str:
    # JSON, not a joining character: no part can end early and forge the next one.
    return "v1:" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _bare(host: str, groups: Iterable[str], run_id: str, status: str, reason: str, started: str | None, ended: str | None) -> dict[str, Any]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {
        "schema": SCHEMA,
        "run_id": str(run_id),
        "host": str(host),
        "groups": sorted(str(group) for group in groups),
        "status": status,
        "reason": reason,
        "started": started or now,
        "ended": ended or now,
        "facts": {},
        "checks": {},
    }


def _host_status(checks: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    failed = [f"{name}: {check['status_reason']}" for name, check in checks.items() if check["status"] in FAILED]
    return ("partial", text("; ".join(failed), 1000)) if failed else ("checked", "")


def _facts(value: object, purse: Purse) -> dict[str, Any]:
    body = mapping(value, "facts")
    facts: dict[str, Any] = {}
    for key, limit in _FACT_TEXTS:
        if body.get(key) is not None:
            facts[key] = purse.text(body[key], f"fact {key}", limit)
    for key in _FACT_TIMES:
        if body.get(key) is not None:
            facts[key] = moment(body[key], f"fact {key}")
    if body.get("uid") is not None:
        facts["uid"] = whole(body["uid"], "fact uid")
    if body.get("os") is not None:
        system = mapping(body["os"], "fact os")
        facts["os"] = {key: purse.text(system[key], f"fact os.{key}", limit) for key, limit in _OS_TEXTS if system.get(key) is not None}
    return facts


def _checks(results: Mapping[str, Any], expected: Sequence[str], host: str, purse: Purse) -> dict[str, dict[str, Any]]:
    if len(results) > CHECKS_LIMIT:
        raise BadAnswer(f"results of {len(results)} checks")
    for name in results:
        if not _CHECK_NAME.fullmatch(name):
            raise BadAnswer(f"a check is named {text(name, 80)}")
        if name not in expected:
            raise BadAnswer(f"a result of check {name}, which was not asked for")
    missing = {"status": "error", "status_reason": "the server's answer has no result of this check", "findings": [], "data": {}}
    return {name: _check(name, results.get(name, missing), host, purse) for name in sorted(expected)}


def _check(name: str, value: object, host: str, purse: Purse) -> dict[str, Any]:
    body = mapping(value, f"the result of check {name}")
    status = body.get("status")
    if status not in STATUSES:
        raise BadAnswer(f"check {name}: the status is {text(status, 80)}")
    reason = purse.text(body.get("status_reason", ""), f"check {name}: status_reason", 5000)
    raw = items(body.get("findings", []), f"check {name}: findings")
    if (status == "ok" and raw) or (status == "findings" and not raw) or (status in ("not_applicable", "skipped") and raw):
        raise BadAnswer(f"check {name}: status {status} with {len(raw)} findings")
    if len(raw) > FINDINGS_LIMIT:
        status = "incomplete"
        reason = "; ".join(part for part in (reason, f"{len(raw) - FINDINGS_LIMIT} findings more than the {FINDINGS_LIMIT} taken") if part)
    if status not in ("ok", "findings") and not reason:
        reason = "no reason given"
    check: dict[str, Any] = {"status": status, "status_reason": reason}
    for key in _MEASURES:
        if body.get(key) is not None:
            check[key] = whole(body[key], f"check {name}: {key}")
    check["findings"] = [_finding(name, item, host, purse) for item in raw[:FINDINGS_LIMIT]]
    check["data"] = data(mapping(body.get("data", {}), f"check {name}: data"), f"check {name}: data", purse)
    return check


def _finding(check: str, value: object, host: str, purse: Purse) -> dict[str, Any]:
    body = mapping(value, f"check {check}: a finding")
    rule = body.get("rule")
    if not isinstance(rule, str) or not _RULE.fullmatch(rule):
        raise BadAnswer(f"check {check}: a finding's rule is {text(rule, 80)}")
    if body.get("check", check) != check or rule.split(".", 1)[0] != check:
        raise BadAnswer(f"check {check} returned a finding of {text(body.get('check'), 80)}, rule {rule}")
    severity = body.get("severity")
    if severity not in SEVERITIES:
        raise BadAnswer(f"{rule}: the severity is {text(severity, 80)}")
    subject = purse.text(body.get("subject", ""), f"{rule}: subject", 200)
    evidence = items(body.get("evidence", []), f"{rule}: evidence")
    remedy = mapping(body.get("remedy", {}), f"{rule}: remedy")
    commands = texts(remedy.get("commands", []), f"{rule}: commands", COMMANDS_LIMIT, 500, purse)
    more = whole(body.get("evidence_cut", 0), f"{rule}: evidence_cut")
    odd = [{"source": ODD_COMMAND, "text": command} for command in commands if not is_given(command)]
    return {
        "check": check,
        "rule": rule,
        "severity": severity,
        "title": purse.text(body.get("title", ""), f"{rule}: title", 200),
        "subject": subject,
        "evidence": [*odd, *(_evidence(item, rule, purse) for item in evidence[: EVIDENCE_LIMIT - len(odd)])],
        "evidence_cut": min(more + max(0, len(evidence) + len(odd) - EVIDENCE_LIMIT), INTEGER_LIMIT - 1),
        "remedy": {
            "text": purse.text(remedy.get("text", ""), f"{rule}: remedy", 1000),
            "commands": [command for command in commands if is_given(command)],
        },
        "references": texts(body.get("references", []), f"{rule}: references", EVIDENCE_LIMIT, 300, purse),
        "count": None if body.get("count") is None else whole(body["count"], f"{rule}: count"),
        "first": None if body.get("first") is None else moment(body["first"], f"{rule}: first"),
        "last": None if body.get("last") is None else moment(body["last"], f"{rule}: last"),
        "fingerprint": fingerprint(check, rule, host, subject),
        "group": group_key(check, rule, subject),
    }


def _evidence(value: object, rule: str, purse: Purse) -> dict[str, str]:
    body = mapping(value, f"{rule}: a piece of evidence")
    return {
        "source": purse.text(body.get("source", ""), f"{rule}: source of evidence", 200),
        "text": purse.text(body.get("text", ""), f"{rule}: text of evidence", 500),
    }
