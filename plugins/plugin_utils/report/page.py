# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html: one file that needs nothing else, from the template and the style sheet beside this module.

Everything reaches the template as a value and is escaped there; no text of a server is ever part of a template.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from .collect import COVERAGE, Group, Host
from .document import Run

# What a page of one file can carry; what is left out is counted on the page, and report.json has it.
GROUPS_LIMIT = 300
NAMES_LIMIT = 300
MATRIX_LIMIT = 400
DETAIL_HOSTS_LIMIT = 300
DETAIL_BYTES_LIMIT = 1_500_000
REASONS_LIMIT = 60

# A shape and a word for each: colour is never the only sign.
SEVERITY_SIGNS = {"critical": "◆", "high": "▲", "medium": "●", "low": "▪", "info": "○"}

# status of a check -> (sign, word, what it means)
STATUS_SIGNS = {
    "ok": ("✓", "ok", "looked at, nothing found"),
    "findings": ("!", "with findings", "looked at, something found"),
    "not_applicable": ("–", "n/a", "nothing of this kind on the host"),
    "skipped": ("–", "skipped", "left out by request"),
    "incomplete": ("◐", "incomplete", "looked at, but could not see all"),
    "error": ("✕", "error", "could not run"),
    "timeout": ("✕", "timeout", "did not end in time"),
}

# state of a host -> (sign, word)
HOST_SIGNS = {
    "checked": ("✓", "checked"),
    "partial": ("◐", "partly checked"),
    "unreachable": ("✕", "unreachable"),
    "error": ("✕", "error"),
    "not_run": ("✕", "not run"),
}

# Statuses of a check that did not see all.
UNSOUND = ("error", "timeout", "incomplete")

_FOLDER = Path(__file__).parent
_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")


@dataclass(frozen=True, slots=True)
class Reason:
    """Hosts of which something was not looked at, for the same reason."""

    sign: str
    word: str
    what: str
    reason: str
    hosts: list[str]


def report_html(run: Run) -> Iterator[bytes]:
    """Yield the page in blocks of UTF-8."""
    template, style = _template()
    telling = [host for host in run.fleet.hosts if not _quiet(host)]
    still = [host for host in run.fleet.hosts if _quiet(host)][:NAMES_LIMIT]
    stream = template.stream(
        run=run,
        fleet=run.fleet,
        counts=run.counts(),
        style=Markup(style),  # our own file, and its hash is in the policy
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        tone=_tone(run),
        severities=SEVERITIES,
        severity_signs=SEVERITY_SIGNS,
        status_signs=STATUS_SIGNS,
        host_signs=HOST_SIGNS,
        shares=_shares(run),
        reasons=_reasons(run),
        reasons_limit=REASONS_LIMIT,
        groups=run.fleet.groups[:GROUPS_LIMIT],
        groups_limit=GROUPS_LIMIT,
        notes=[use for use in run.acceptances if use.notes()],
        names_limit=NAMES_LIMIT,
        matrix=[(host, [_cell(host, check) for check in run.fleet.checks]) for host in run.fleet.hosts[:MATRIX_LIMIT]],
        details=_details(telling[:DETAIL_HOSTS_LIMIT]),
        telling=len(telling),
        still=still,
        linked={host.name for host in (*telling[:DETAIL_HOSTS_LIMIT], *still)},
    )
    stream.enable_buffering(50)
    for block in stream:
        yield block.encode("utf-8", "backslashreplace")


@functools.cache
def _template() -> tuple[Template, str]:
    """Return the template and the style sheet, read once."""
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(thousands=_thousands, link=_link, anchor=_anchor, clock=_clock, together=_together)
    return environment.get_template("page.html.j2"), (_FOLDER / "page.css").read_text(encoding="utf-8")


def _tone(run: Run) -> str:
    """Return how the head of the page looks: the worst severity, ``unsure`` where not all was looked at, or ``calm``."""
    worst = next((severity for severity, count in run.fleet.severities().items() if count), None)
    if worst in ("critical", "high"):
        return worst
    if run.fleet.not_checked or run.exit.code or run.fleet.check_states()["incomplete"]:
        return "unsure"
    return worst or "calm"


def _cell(host: Host, check: str) -> tuple[str, str, str, str]:
    """Return (class, sign, word, explanation) of one check on one host."""
    cell = host.cells.get(check)
    if cell is None:
        return ("lost", "·", "not checked", host.reason)
    sign, word, meaning = STATUS_SIGNS[cell.status]
    if cell.accepted and not cell.counts and cell.status == "findings":
        return ("ok", sign, f"{cell.accepted} accepted", meaning)
    if cell.worst and cell.status in ("findings", "incomplete"):
        shown = f"{cell.counts[cell.worst]} {cell.worst}"
        more = sum(cell.counts.values()) - cell.counts[cell.worst]
        shown += f" +{more}" if more else ""
        shown += ", incomplete" if cell.status == "incomplete" else ""
        return (cell.worst, SEVERITY_SIGNS[cell.worst], shown, cell.reason or meaning)
    return (cell.status, sign, word, cell.reason or meaning)


def _reasons(run: Run) -> list[Reason]:
    """Return what was not looked at: hosts before checks before what is only incomplete, then the most hosts first.

    A reason that names its host is the same reason on another host.
    """
    found: dict[tuple[int, str, str, str], list[tuple[str, str]]] = {}
    for host in run.fleet.hosts:
        lost = [] if host.looked_at else [(0, host.status, "host", host.reason)]
        for check, cell in host.cells.items():
            if cell.status in UNSOUND:
                lost.append((2 if cell.status == "incomplete" else 1, cell.status, check, cell.reason))
        for rank, status, what, reason in lost:
            found.setdefault((rank, status, what, reason.replace(host.name, "…")), []).append((host.name, reason))
    rows = sorted(found.items(), key=lambda item: (item[0][0], -len(item[1]), item[0]))
    signs = {**HOST_SIGNS, **{status: STATUS_SIGNS[status][:2] for status in UNSOUND}}
    return [Reason(*signs[key[1]], key[2], key[3] if len(hosts) > 1 else hosts[0][1], [name for name, _reason in hosts]) for key, hosts in rows]


def _shares(run: Run) -> list[tuple[str, list[tuple[str, str, int, str]]]]:
    """Return the two bars of the coverage: (label, [(class, sign, number, word)])."""
    hosts, checks = run.fleet.host_states(), run.fleet.check_states()
    return [
        ("Hosts", [(state, sign, hosts[state], word) for state, (sign, word) in HOST_SIGNS.items()]),
        ("Checks", [(status, sign, checks[status], word) for status, (sign, word, _meaning) in STATUS_SIGNS.items()]),
    ]


def _details(hosts: list[Host]) -> Iterator[tuple[Host, list[dict[str, Any]], bool]]:
    """Yield each host, its findings, and whether there was room on the page for them."""
    room = DETAIL_BYTES_LIMIT
    for host in hosts:
        room -= len(host.findings_json())
        yield (host, [finding for finding in host.findings() if finding["check"] != COVERAGE] if room > 0 else [], room > 0)


def _quiet(host: Host) -> bool:
    return host.status == "checked" and not host.counts and all(cell.status not in UNSOUND for cell in host.cells.values())


def _thousands(number: int) -> str:
    return f"{number:,}"


def _link(words: str) -> str | Markup:
    """Return a reference as a link where it is a plain web address, else as text."""
    return Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(words) if _LINK.fullmatch(words) else words


def _anchor(value: Group | Host | str) -> str:
    """Return an id for a link inside of the page that no name of a host can break out of."""
    if isinstance(value, Group):
        return "g-" + value.key.removeprefix("v1:")[:16]
    name = value.name if isinstance(value, Host) else value
    return "h-" + hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _clock(time: str | None) -> str:
    """Return ``2026-11-22T06:00:01Z`` as people read it."""
    return f"{time[:10]} {time[11:16]} UTC" if time else "unknown"


def _together(sentence: str) -> str:
    """Return a sentence in which no line ends between a number and its word."""
    return re.sub(r"(\d) ", "\\1\N{NO-BREAK SPACE}", sentence)
