# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.txt: at most 80 columns, a screenful for a big fleet; what the terminal shows."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..history.past import Gone
from .collect import Group, Host, natural
from .document import Run
from .groups import newest_first
from .signs import together
from .twins import told as twins_told

WIDTH = 80

# What is listed before the rest is only counted.
GROUPS_SHOWN = 20
HOSTS_SHOWN = 20
NOT_CHECKED_SHOWN = 10
NAMES_SHOWN = 6
GONE_SHOWN = 10
ENTRIES_SHOWN = 20
# Of the pages that could not be looked at: mostly it is one of them, or the network.
FAILED_SHOWN = 3

STATE_WORDS = {"checked": "checked", "partial": "partly checked", "unreachable": "unreachable", "error": "error", "not_run": "not run"}

# Where a shell command may go on in the next line: at spaces outside of quotes and not behind a backslash.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""")


def report_text(run: Run, report_path: str = "") -> str:
    """Return the report as text, each line at most 80 columns wide."""
    lines = [*_sentence(run.title + ": " + run.verdict), *_sentence(run.since), ""]
    lines += _coverage(run)
    if run.fleet.groups:
        lines += ["", "FINDINGS, worst and newest first" if any(group.new or group.reopened for group in run.fleet.groups) else "FINDINGS, worst first"]
        groups = newest_first(run.fleet.groups)
        for number, group in enumerate(groups[:GROUPS_SHOWN], 1):
            lines += ["", *_group(number, group, len(run.fleet.hosts))]
        rest = groups[GROUPS_SHOWN:]
        if rest:
            lines += ["", f"   and {len(rest)} more: {_by_severity(rest)}"]
        if report_path:
            lines += [*([] if rest else [""]), "   One may stay? The page has with its evidence what is typed to accept it."]
    lines += _pages(run)
    lines += _gone("RESOLVED, no longer found", run.fleet.past.resolved)
    lines += _gone("NOT LOOKED AT AGAIN, so still open", run.fleet.past.stale)
    lines += _acceptances(run)
    lines += ["", *_hosts(run.fleet.hosts), ""]
    lines += _wrapped(f"Run {run.fleet.run_id}, written {run.created}")
    lines += _wrapped(f"Exit reason {run.exit.code}: {run.exit.as_dict()['reason']}")
    if report_path:
        lines.append(f"Page: {report_path}")
    return "\n".join(lines) + "\n"


def _coverage(run: Run) -> Iterator[str]:
    hosts = run.fleet.host_states()
    checks = run.fleet.check_states()
    yield from _wrapped("Hosts:  " + _counted(hosts, STATE_WORDS), "        ")
    named = {**{status: status.replace("_", " ") for status in checks}, "findings": "with findings"}
    yield from _wrapped("Checks: " + ": ".join(filter(None, (run.fleet.looks(), _counted(checks, named)))), "        ")
    yield from _announced(run)
    lost = run.fleet.not_checked
    for host in lost[:NOT_CHECKED_SHOWN]:
        yield from _wrapped(f"  ! {host.name}: {STATE_WORDS[host.status]}: {host.reason}", "    ", lines=2)
    if len(lost) > NOT_CHECKED_SHOWN:
        yield f"  ! and {len(lost) - NOT_CHECKED_SHOWN:,} more hosts not checked"
    for status, words in (("error", "could not run"), ("timeout", "did not end in time"), ("incomplete", "could not see all")):
        yield from _unsound(run.fleet.hosts, status, words)
    twins, rest = twins_told(run.fleet.hosts)
    for names, words in twins:
        yield from _wrapped(f"  ! {_names(names)}: {words}", "    ", lines=2)
    if rest:
        yield f"  ! {rest}"


def _announced(run: Run) -> Iterator[str]:
    """Yield what was matched against the announcements, and the feeds that are not as they should be."""
    told = run.fleet.told
    if not told.telling:
        return
    yield from _wrapped("Announced: " + told.numbers(), "        ")
    if not told.off:
        yield from _wrapped("Feeds:  " + told.sentence(), "        ", lines=6)
    if told.lacking:
        yield from _command(told.command, "        ")


def _pages(run: Run) -> Iterator[str]:
    """Yield what is new on the announcement pages, each with its link on a line of its own."""
    if not run.fleet.told.news:
        return
    yield ""
    yield "ANNOUNCEMENT PAGES, new since the look before"
    shown = 0
    failed = [page for page in run.fleet.told.news if page["status"] == "failed"]
    for page in failed[: FAILED_SHOWN if len(failed) > FAILED_SHOWN + 1 else None]:
        yield from _wrapped(f"  ! {page['page']}: {page['reason']}", "    ", lines=2)
    if len(failed) > FAILED_SHOWN + 1:
        yield f"  ! and {len(failed) - FAILED_SHOWN} more pages that could not be looked at: see the page"
    for page in run.fleet.told.news:
        for entry in page["new"][: max(0, ENTRIES_SHOWN - shown)]:
            shown += 1
            yield from _wrapped(f"  {page['page']}: {entry['title']}{_on(entry)}", "    ", lines=2)
            yield f"    {entry['link']}" if columns(entry["link"]) <= WIDTH - 4 else f"    (a link of {len(entry['link']):,} characters: see the page)"
    total = sum(len(page["new"]) + page["more"] for page in run.fleet.told.news)
    if total > shown:
        yield f"  and {total - shown:,} more: see the page"


def _on(entry: Mapping[str, Any]) -> str:
    return f" ({entry['published'][:10]})" if entry["published"] else ""


def _unsound(hosts: Iterable[Host], status: str, words: str) -> Iterator[str]:
    """Yield a line for each check of that status, over all hosts."""
    found: dict[str, list[Host]] = {}
    for host in hosts:
        for check, cell in host.cells.items():
            if cell.status == status:
                found.setdefault(check, []).append(host)
    for check, concerned in sorted(found.items()):
        names = sorted((host.name for host in concerned), key=natural)
        yield from _wrapped(f"  ! {check} {words} on {_names(names)}: {concerned[0].cells[check].reason}", "    ", lines=3)


def _group(number: int, group: Group, total: int) -> Iterator[str]:
    indent = "      "
    head = f"{number:3}. {group.severity.upper()}  {_news(group)}{group.title}"
    yield from _wrapped(head, indent, lines=3)
    where = f"{_names(group.hosts)}" + (f" ({len(group.hosts):,} of {total:,} hosts)" if total > 1 else "")
    yield from _wrapped(f"{indent}on {where}", indent, lines=2)
    if group.remedy:
        yield from _wrapped(indent + group.remedy, indent, lines=3)
    for commands, hosts in group.commands[:2]:
        if len(group.commands) > 1 and commands:
            yield from _wrapped(f"{indent}on {_names(hosts)}:", indent, lines=2)
        for command in commands[:5]:
            yield from _command(command, indent)
        if len(commands) > 5:
            yield f"{indent}and {len(commands) - 5} more commands: see the page"
    if len(group.commands) > 2:
        yield f"{indent}other commands on other hosts: see the page"


def _news(group: Group) -> str:
    """Return the word for a group that is new or has returned, with the number of hosts where it is not all of them."""
    for word, hosts in (("NEW", group.new), ("RETURNED", group.reopened)):
        if hosts:
            return f"{word}: " if len(hosts) == len(group.hosts) else f"{word} on {_names(hosts) if len(hosts) < 3 else f'{len(hosts):,} hosts'}: "
    return ""


def _gone(title: str, groups: list[Gone]) -> Iterator[str]:
    if groups:
        yield ""
        yield title
    for group in groups[:GONE_SHOWN]:
        yield from _wrapped(f"  {group.severity} {group.title}, on {_names(group.hosts)}", "    ", lines=2)
    if len(groups) > GONE_SHOWN:
        yield f"  and {len(groups) - GONE_SHOWN:,} more"


def _acceptances(run: Run) -> Iterator[str]:
    """Yield what is accepted, and the acceptances that somebody should look at."""
    telling = [use for use in run.acceptances if use.notes()]
    if not run.fleet.accepted and not telling:
        return
    yield ""
    yield "ACCEPTED, counted in no other number"
    for group in run.fleet.accepted[:GONE_SHOWN]:
        why = group.accepted or {}
        yield from _wrapped(f"  {group.severity} {group.title}, on {_names(group.hosts)}: {why.get('reason')}, until {why.get('expires')}", "    ", lines=3)
    if len(run.fleet.accepted) > GONE_SHOWN:
        yield f"  and {len(run.fleet.accepted) - GONE_SHOWN:,} more"
    for use in telling[:GONE_SHOWN]:
        yield from _wrapped(f"  ! line {use.acceptance.line} ({use.acceptance.reason[:60]}): {'; '.join(use.notes())}", "    ", lines=3)
    if len(telling) > GONE_SHOWN:
        yield f"  ! and {len(telling) - GONE_SHOWN:,} more acceptances to look at"


def _command(command: str, indent: str) -> Iterator[str]:
    """Yield a command that can be pasted as it stands, or the word that it is too long for that."""
    room = WIDTH - len(indent) - 4
    words = _WORD.findall(command)
    if " ".join(words) != command or any(columns(word) > room for word in words):
        if columns(command) <= room:
            yield f"{indent}$ {command}"
        else:
            yield f"{indent}(a command of {len(command):,} characters: see the page)"
        return
    line = ""
    first = True
    for word in words:
        if line and columns(line) + 1 + columns(word) > room:
            yield f"{indent}{'$ ' if first else '    '}{line} \\"
            line, first = word, False
            room = WIDTH - len(indent) - 6
        else:
            line = f"{line} {word}" if line else word
    yield f"{indent}{'$ ' if first else '    '}{line}"


def _hosts(hosts: list[Host]) -> Iterator[str]:
    yield "HOSTS"
    telling = [host for host in hosts if not _quiet(host)]
    shown = hosts if len(hosts) <= HOSTS_SHOWN else telling[:HOSTS_SHOWN]
    width = min(32, max((columns(host.name) for host in shown), default=0))
    for host in shown:
        yield from _wrapped(f"  {host.name:<{width}}  {_host(host)}", " " * (width + 4), lines=2)
    rest = len(hosts) - len(shown)
    if rest:
        quiet = len(hosts) - len(telling)
        yield f"  and {rest:,} more hosts, {quiet:,} of them checked without a finding"


def _host(host: Host) -> str:
    if not host.looked_at:
        return f"{STATE_WORDS[host.status]}, not checked"
    found = ", ".join(f"{count} {severity}" for severity, count in _severities(host).items())
    aside = {status: [check for check, cell in host.cells.items() if cell.status == status] for status in ("error", "timeout", "incomplete")}
    parts = [found or "no finding", *(f"{status}: {', '.join(checks)}" for status, checks in aside.items() if checks)]
    if not host.expected:
        parts.append("not in this inventory")
    return "; ".join(parts)


def _quiet(host: Host) -> bool:
    return host.status == "checked" and not host.counts and all(cell.status != "incomplete" for cell in host.cells.values())


def _severities(host: Host) -> dict[str, int]:
    return {severity: host.counts[severity] for severity in ("critical", "high", "medium", "low", "info") if host.counts[severity]}


def _by_severity(groups: Iterable[Group]) -> str:
    counted: dict[str, int] = {}
    for group in groups:
        counted[group.severity] = counted.get(group.severity, 0) + 1
    return ", ".join(f"{count} {severity}" for severity, count in counted.items())


def _counted(counts: dict[str, int], words: dict[str, str]) -> str:
    return ", ".join(f"{count:,} {words[key]}" for key, count in counts.items() if count) or "none"


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else shown


def columns(words: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if words.isascii():
        return len(words)
    return sum(0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in words)


def _sentence(words: str) -> list[str]:
    """Return a sentence in lines none of which ends between a number and its word."""
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in _wrapped(together(words))]


def _wrapped(words: str, indent: str = "", lines: int = 0) -> list[str]:
    """Return a text in lines of at most 80 columns, those after the first indented; ``lines`` caps them and says so."""
    start = re.match(" *", words)[0]  # type: ignore[index]
    wide = columns(words) != len(words)
    rows = textwrap.wrap(words[len(start) :], WIDTH // 2 if wide else WIDTH, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False) or [""]
    if lines and len(rows) > lines:
        rows = rows[:lines]
        rows[-1] = rows[-1][: (WIDTH // 2 if wide else WIDTH) - 4] + " ..."
    return rows
