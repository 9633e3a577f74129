# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.html: one file that needs nothing else, from the templates, the style sheet and the script beside this module.

Everything reaches the template as a value and is escaped there; no text of a server is ever part of a template. The script adds
comfort: copy buttons, and for a large fleet the viewer of all hosts. Without it the page says the same, in less detail there.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.bccache import Bucket
from markupsafe import Markup

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from .. import kept
from ..logs.extract import unpack
from ..reading import epoch
from .charts import hourly, trend
from .collect import COVERAGE, Host
from .document import Run
from .groups import Group, rank
from .island import details_island, in_lines, rows_island
from .reasons import reasons_of
from .signs import (
    HOST_SIGNS,
    SEVERITY_SIGNS,
    STATUS_SIGNS,
    UNSOUND,
    cell_of,
    clock,
    facts_line,
    group_anchor,
    group_link,
    host_anchor,
    host_link,
    span,
    together,
)
from .twins import told as twins_told

# A fleet of more hosts has their details in the viewer; a smaller one has them on the page.
VIEWER_ABOVE = 60

# What a page of one file can carry; what is left out is counted on the page, and report.json has it.
PAGE_BYTES = 1_000_000
PAGE_SLACK = 60_000
DETAILS_LEAST = 100_000
DETAIL_BYTES_LIMIT = 1_500_000
REASONS_LIMIT = 60
REASONS_OPEN = 4
NEWS_LIMIT = 12
SPREAD_LIMIT = 6
ROWS_LIMIT = 15

# What compiles a template: the environment, and filters, which are called on what is constant.
_MAKER = kept.stamp(Path(__file__), Path(__file__).with_name("signs.py"))


@dataclass(frozen=True, slots=True)
class Limits:
    """How many of each the page itself shows."""

    groups: int
    names: int
    matrix: int


SMALL = Limits(groups=300, names=300, matrix=400)
LARGE = Limits(groups=120, names=20, matrix=150)


def report_html(run: Run) -> Iterator[bytes]:
    """Yield the page in blocks of UTF-8."""
    template, style, script = _parts()
    hosts = run.fleet.hosts
    large = len(hosts) > VIEWER_ABOVE
    limits = LARGE if large else SMALL
    matrix = hosts[: limits.matrix]
    news, spread = _news(run.fleet.groups)
    ahead = {group.key for group in news[:NEWS_LIMIT]}
    others = [group for group in run.fleet.groups if group.key not in ahead]
    groups = others[: limits.groups]
    stream = template.stream(
        run=run,
        fleet=run.fleet,
        counts=run.counts(),
        style=Markup(style),  # our own files, and their hashes are in the policy
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
        tone=_tone(run),
        local=_local(run.created),
        severities=SEVERITIES,
        severity_signs=SEVERITY_SIGNS,
        status_signs=STATUS_SIGNS,
        host_signs=HOST_SIGNS,
        limits=limits,
        shares=_shares(run),
        reasons=reasons_of(run.fleet.hosts),
        reasons_limit=REASONS_LIMIT,
        reasons_open=REASONS_OPEN,
        groups=groups,
        others=Counter(group.severity for group in others),
        shown=ahead.union(group.key for group in groups),
        news=news[:NEWS_LIMIT],
        spread=spread[:SPREAD_LIMIT],
        more_news=len(news[NEWS_LIMIT:]) + len(spread[SPREAD_LIMIT:]),
        notes=[use for use in run.acceptances if use.notes()],
        matrix=[(host, [cell_of(host, check) for check in run.fleet.checks]) for host in matrix],
        details=() if large else _details(hosts),
        still={host.name for host in hosts if _quiet(host)},
        rows_limit=ROWS_LIMIT,
        hour_charts=hourly(run.fleet.logs.hours),
        linked={host.name for host in (matrix if large else hosts)},
        charts=trend(run.fleet.past.trend),
        islands=_islands(run, lambda: sent) if large else (),
        twins=twins_told(run.fleet.hosts),
    )
    stream.enable_buffering(50)
    sent = 0
    for block in stream:
        words = block.encode("utf-8", "backslashreplace")
        sent += len(words)
        yield words


class _Kept(BytecodeCache):
    """Keeps the templates' code: compiling them is a twentieth of a run."""

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return filename or name

    def load_bytecode(self, bucket: Bucket) -> None:
        content = kept.read(Path(bucket.key), "page", _MAKER)
        if content:
            bucket.bytecode_from_string(content)

    def dump_bytecode(self, bucket: Bucket) -> None:
        kept.write(Path(bucket.key), "page", _MAKER, bucket.bytecode_to_string())


@functools.cache
def _parts() -> tuple[Template, str, str]:
    """Return the template, the style sheet and the script, read once."""
    folder = Path(__file__).parent
    loader = FileSystemLoader(folder)
    environment = Environment(
        loader=loader, bytecode_cache=_Kept(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        thousands=_thousands,
        link=_link,
        group_anchor=group_anchor,
        group_link=group_link,
        host_anchor=host_anchor,
        host_link=host_link,
        clock=clock,
        together=together,
        facts=facts_line,
        span=span,
        unbroken=_unbroken,
    )
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return environment.get_template("page.html.j2"), style, script


def _hash(words: str) -> str:
    """Return the hash of a style sheet or a script as the policy names it."""
    return base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()


def _islands(run: Run, sent: Callable[[], int]) -> Iterator[tuple[str, str]]:
    """Yield the id and the text of each data island; the second fills what a page that is ``sent`` so far may still grow."""
    rows = rows_island(run)
    room = PAGE_BYTES - PAGE_SLACK - sent() - len(rows)
    yield "rows", in_lines(rows)
    yield "details", in_lines(details_island(run, max(DETAILS_LEAST, room * 3 // 4)))


def _tone(run: Run) -> str:
    """Return how the head of the page looks: the worst severity, ``unsure`` where not all was looked at, or ``calm``."""
    worst = next((severity for severity, count in run.fleet.severities().items() if count), None)
    if worst in ("critical", "high"):
        return worst
    if run.fleet.not_checked or run.exit.code or run.fleet.check_states()["incomplete"]:
        return "unsure"
    return worst or "calm"


def _local(created: str) -> str:
    """Return the time of the report by the controller's clock, empty where that is UTC."""
    here = time.localtime(epoch(created))
    return time.strftime("%Y-%m-%d %H:%M %Z", here) if here.tm_gmtoff else ""


def _shares(run: Run) -> list[tuple[str, str, list[tuple[str, str, int, str]]]]:
    """Return the two bars of the coverage: (label, over what, [(class, sign, number, word)])."""
    hosts, checks = run.fleet.host_states(), run.fleet.check_states()
    return [
        ("Hosts", "", [(state, sign, hosts[state], word) for state, (sign, word) in HOST_SIGNS.items()]),
        ("Checks", run.fleet.looks(), [(status, sign, checks[status], word) for status, (sign, word, _meaning) in STATUS_SIGNS.items()]),
    ]


def _details(hosts: list[Host]) -> Iterator[tuple[Host, list[dict[str, Any]], list[list[str]], bool]]:
    """Yield each host, its findings, the digest of its logs, and whether there was room on the page for them."""
    room = DETAIL_BYTES_LIMIT
    for host in hosts:
        room -= len(host.findings_json())
        digest = unpack(host.extract).get("digest", [])
        yield (host, [finding for finding in host.findings() if finding["check"] != COVERAGE] if room > 0 else [], digest if room > 0 else [], room > 0)


def _quiet(host: Host) -> bool:
    return host.status == "checked" and not host.counts and all(cell.status not in UNSOUND for cell in host.cells.values())


def _news(groups: list[Group]) -> tuple[list[Group], list[Group]]:
    """Return what is new on all its hosts, and what is new on some: worst first, then on the most.

    The first is shown ahead of all others, the second stands with them and is only named ahead: its other hosts have it since long.
    """
    found = sorted((group for group in groups if group.new or group.reopened), key=lambda group: (rank(group.severity), -_fresh(group)))
    return [group for group in found if _fresh(group) == len(group.hosts)], [group for group in found if _fresh(group) < len(group.hosts)]


def _fresh(group: Group) -> int:
    return len(group.new) + len(group.reopened)


def _thousands(number: int) -> str:
    return f"{number:,}"


_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")


def _link(words: str) -> str | Markup:
    """Return a reference as a link where it is a plain web address, else as text."""
    return Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(words) if _LINK.fullmatch(words) else words


# A word in which a browser would end a line: --no-pager, 3.0.15-1~deb12u1, %{http_code}.
_BREAKABLE = re.compile(r"^-|[^\s'\"(][^\w\s]\w")


def _unbroken(words: str) -> Markup:
    """Return a text in which a line ends between words where it can: not behind the hyphens of an option or of a version."""
    return Markup(" ").join(Markup("<bdi>{}</bdi>").format(word) if _BREAKABLE.search(word) else word for word in words.split(" "))
