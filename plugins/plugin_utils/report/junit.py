# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.xml: JUnit, a suite for each host and a case for each check. A check that did not see all is never a passed case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .collect import COVERAGE, Cell, Host
from .document import Run
from .verdict import fails

# What XML 1.0 has no way to write.
_NEVER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

FINDINGS_SHOWN = 50


def report_junit(run: Run) -> Iterator[bytes]:
    """Yield the report, a host at a time."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites name={_attribute(run.title)}>\n".encode()
    for host in run.fleet.hosts:
        yield "".join(_suite(host, run.fail_on)).encode("utf-8", "backslashreplace")
    yield b"</testsuites>\n"


def _suite(host: Host, fail_on: str) -> Iterator[str]:
    found = host.findings() if host.counts else []
    cases = [_case(host, check, cell, fail_on, found) for check, cell in host.cells.items()]
    if not host.looked_at:
        cases = [_element(host.name, "reached", "", "error", f"{host.status}: {host.reason}")]
    counted = {kind: sum(f"<{tag} " in case for case in cases) for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))}
    numbers = " ".join(f'{kind}="{number}"' for kind, number in counted.items())
    when = f" timestamp={_attribute(host.started[:19])}" if host.started else ""
    yield f'<testsuite name={_attribute(host.name)} tests="{len(cases)}" {numbers}{when}>\n'
    yield from cases
    yield "</testsuite>\n"


def _case(host: Host, check: str, cell: Cell, fail_on: str, findings: list[dict[str, Any]]) -> str:
    time = f' time="{(cell.duration_ms or 0) / 1000:.3f}"'
    failing = {severity: count for severity, count in cell.counts.items() if fails(severity, fail_on)}
    told = _told(findings, check) if cell.counts else ""
    if failing:
        words = ", ".join(f"{count} {severity}" for severity, count in failing.items())
        words += f"; incomplete: {cell.reason}" if cell.status == "incomplete" else ""
        return _element(host.name, check, time, "failure", words, told)
    if cell.failed:
        return _element(host.name, check, time, "error", f"{cell.status}: {cell.reason}", told)
    if cell.status in ("not_applicable", "skipped", "incomplete"):
        return _element(host.name, check, time, "skipped", f"{cell.status.replace('_', ' ')}: {cell.reason}", told)
    return _element(host.name, check, time, "", "", told)


def _element(host: str, check: str, time: str, tag: str, words: str, told: str = "") -> str:
    inner = f"<{tag} message={_attribute(words)}/>" if tag else ""
    inner += f"<system-out>{escape(_NEVER.sub('?', told))}</system-out>" if told else ""
    return f"<testcase classname={_attribute(host)} name={_attribute(f'{host}: {check}')}{time}>{inner}</testcase>\n"


def _told(findings: list[dict[str, Any]], check: str) -> str:
    """Return the findings of a check as text, worst first, with their commands."""
    found = [item for item in findings if item["check"] == check and check != COVERAGE and "accepted" not in item]
    lines = []
    for item in found[:FINDINGS_SHOWN]:
        lines += [f"{item['severity']}: {item['title']}", *(f"  $ {words}" for words in item["remedy"]["commands"])]
    if len(found) > FINDINGS_SHOWN:
        lines.append(f"and {len(found) - FINDINGS_SHOWN} more")
    return "\n".join(lines)


def _attribute(words: str) -> str:
    return quoteattr(_NEVER.sub("?", words), {"\n": " "})
