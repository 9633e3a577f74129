# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.md: for the job summary of a CI, which shows no more than 1 MiB and lets HTML through."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .document import Run
from .groups import Group

GROUPS_SHOWN = 50
NAMES_SHOWN = 10
COMMANDS_SHOWN = 5

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+.!|~&@:-])")


def report_markdown(run: Run) -> Iterator[bytes]:
    """Yield the report as Markdown of GitHub's and GitLab's kind; no text of a server can be more than text."""
    for line in _lines(run):
        yield line.encode("utf-8", "backslashreplace") + b"\n"


def _lines(run: Run) -> Iterator[str]:
    counts = run.counts()
    yield f"## {plain(run.title)}"
    yield ""
    yield f"**{plain(run.verdict)}**"
    yield ""
    yield plain(run.since)
    yield ""
    yield "| hosts | " + " | ".join(state.replace("_", " ") for state in run.fleet.host_states()) + " |"
    yield "|" + "---|" * (len(run.fleet.host_states()) + 1)
    yield f"| {counts['hosts']['shown']} | " + " | ".join(str(count) for count in run.fleet.host_states().values()) + " |"
    if run.fleet.not_checked:
        yield ""
    for host in run.fleet.not_checked[:NAMES_SHOWN]:
        yield f"- {plain(host.name)}: {plain(host.status.replace('_', ' '))}: {plain(host.reason[:300])}"
    if len(run.fleet.not_checked) > NAMES_SHOWN:
        yield f"- and {len(run.fleet.not_checked) - NAMES_SHOWN:,} more hosts not checked"
    if run.fleet.groups:
        yield ""
        yield "### Findings"
    for group in run.fleet.groups[:GROUPS_SHOWN]:
        yield from _group(group, len(run.fleet.hosts))
    if len(run.fleet.groups) > GROUPS_SHOWN:
        yield ""
        yield f"and {len(run.fleet.groups) - GROUPS_SHOWN:,} more, see report.json"
    yield ""
    yield f"Exit reason {run.exit.code}: {plain(run.exit.as_dict()['reason'])}. Run {plain(run.fleet.run_id)}, {run.created}."


def _group(group: Group, total: int) -> Iterator[str]:
    news = "".join(f"**{word}** " for word, hosts in (("new", group.new), ("returned", group.reopened)) if hosts)
    yield ""
    yield f"#### {group.severity}: {news}{plain(group.title)}"
    yield ""
    more = f" and {len(group.hosts) - NAMES_SHOWN:,} more" if len(group.hosts) > NAMES_SHOWN else ""
    yield f"On {', '.join(plain(name) for name in group.hosts[:NAMES_SHOWN])}{more} ({len(group.hosts):,} of {total:,}). {plain(group.remedy)}"
    for commands, _hosts in group.commands[:1]:
        if commands:
            fence = "`" * max(3, 1 + max((len(run) for line in commands for run in re.findall("`+", line)), default=0))
            yield ""
            yield fence + "sh"
            yield from commands[:COMMANDS_SHOWN]
            yield fence


def plain(words: str) -> str:
    """Return a text with everything escaped that Markdown or HTML could take for its own."""
    return _SPECIAL.sub(r"\\\1", words)
