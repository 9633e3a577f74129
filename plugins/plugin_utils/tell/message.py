# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a run, in the words that mail, chat and webhook share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..report.document import TITLE, Run
from ..report.groups import Group, newest_first

SCHEMA = "bottomup.security/message/1"

SUBJECT_LIMIT = 180

# Teams takes 1,000 characters of a message, the least of all services.
SHORT_LIMIT = 900
SHORT_GROUPS = 5

# What the document of a webhook names before the rest is only counted.
GROUPS_SHOWN = 20
HOSTS_SHOWN = 100
NAMES_SHOWN = 10

# What chats take for a mention, a link or a layout: a server has a say in titles, and none in who is called or where a click leads.
_INERT = str.maketrans({"@": "＠", "<": "‹", ">": "›", "[": "［", "]": "］", "`": "'", "*": "∗", "_": "＿", "~": "∼", "|": "/", "#": "＃", "\\": "＼"})


@dataclass(frozen=True, slots=True)
class Message:
    """A run, where its page is, and what could not be told of the run before."""

    run: Run
    page: str = ""
    untold: Sequence[str] = field(default_factory=tuple)


def subject(run: Run) -> str:
    """Return the verdict in one line without anything that could end a header."""
    title = "daily check" if run.title == TITLE else run.title
    new = run.fleet.states()["new"]
    words = f"[{title}] {f'{new:,} new: ' if new else ''}{run.verdict}"
    line = " ".join(_printable(words).split())
    return line if len(line) <= SUBJECT_LIMIT else line[: SUBJECT_LIMIT - 4] + " ..."


def short(message: Message, link: str) -> str:
    """Return the message for a chat, at most SHORT_LIMIT characters; the verdict is its title and not part of it."""
    run = message.run
    end = f"\n{link}" if link else f"\nPage: {inert(message.page)}" if message.page else ""
    end = end if len(end) <= SHORT_LIMIT // 2 else ""
    lines, room = [], SHORT_LIMIT - len(end) - len("\nand 9,999,999 more")
    told = list(_short_lines(message))
    for line in told:
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    if len(lines) < len(told):
        lines.append(f"and {len(told) - len(lines):,} more lines")
    rest = len(run.fleet.groups) - SHORT_GROUPS
    if rest > 0 and len(lines) == len(told):
        lines.append(f"and {rest:,} more")
    return "\n".join(lines) + end


def _short_lines(message: Message) -> Iterator[str]:
    run = message.run
    yield inert(run.since)
    lost = run.fleet.not_checked
    if lost:
        names = ", ".join(host.name[:60] for host in lost[:3])
        yield inert(f"! not checked: {names}" + (f" and {len(lost) - 3:,} more" if len(lost) > 3 else ""))
    for words in message.untold:
        yield inert(f"! {words}")
    for group in newest_first(run.fleet.groups)[:SHORT_GROUPS]:
        hosts = group.hosts[0][:60] if len(group.hosts) == 1 else f"{len(group.hosts):,} hosts"
        yield inert(f"{group.severity}{news(group)}: {group.title[:120]} ({hosts})")


def news(group: Group) -> str:
    """Return ", new" or ", returned", with the number of hosts where it is not all of them."""
    for word, hosts in (("new", group.new), ("returned", group.reopened)):
        if hosts:
            some = f" on {len(hosts):,} host{'s' if len(hosts) > 1 else ''}" if len(hosts) < len(group.hosts) else ""
            return f", {word}{some}"
    return ""


def inert(words: str) -> str:
    """Return words that a chat shows as they are: no mention, no link, no layout."""
    return _printable(words).translate(_INERT).replace("://", ": //")


def _printable(words: str) -> str:
    """Return words without controls, directions and what has no width: a blank stands in the place of each."""
    return words if words.isprintable() else "".join(sign if sign.isprintable() else " " for sign in words)


def document(message: Message, link: str) -> dict[str, Any]:
    """Return what a webhook is sent: the run as a whole, hosts that were not checked, and the worst groups of findings."""
    run = message.run
    groups, lost = newest_first(run.fleet.groups), run.failed_hosts()
    return {
        "schema": SCHEMA,
        "subject": subject(run),
        **run.head(),
        "page": link or message.page,
        "untold": list(message.untold),
        "failed_hosts": lost[:HOSTS_SHOWN],
        "findings": [_row(group) for group in groups[:GROUPS_SHOWN]],
        "cut": {"failed_hosts": max(0, len(lost) - HOSTS_SHOWN), "findings": max(0, len(groups) - GROUPS_SHOWN)},
    }


def _row(group: Group) -> dict[str, Any]:
    return {
        "group": group.key,
        "rule": group.rule,
        "severity": group.severity,
        "title": group.title,
        "subject": group.subject,
        "hosts": group.hosts[:NAMES_SHOWN],
        "host_count": len(group.hosts),
        "new_hosts": len(group.new),
        "returned_hosts": len(group.reopened),
        "first_seen": group.first_seen,
        "remedy": group.remedy,
        "commands": list(group.commands[0][0]) if group.commands else [],
    }
