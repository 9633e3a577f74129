# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML of a mail: styles in each element and tables only, since that is all that every mail program shows; no link of a server."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..report.coverage import FEED
from ..report.groups import Group, newest_first
from ..report.reasons import reasons_of
from .message import Message, news

GROUPS_SHOWN = 20
NAMES_SHOWN = 6
REASONS_SHOWN = 10
GONE_SHOWN = 10
COMMANDS_SHOWN = 3

# A sign and a word with each colour, which alone says nothing.
SIGNS = {"critical": ("◆", "#b00020"), "high": ("▲", "#b3401a"), "medium": ("●", "#8a6100"), "low": ("▪", "#3c5a78"), "info": ("○", "#5a6068")}

FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:15px;line-height:1.45"
CELL = "padding:10px 0;border-bottom:1px solid #c8ccd2;vertical-align:top"
QUIET = "color:#5a6068;font-size:13px"
COMMAND = (
    "margin:6px 0 0;padding:6px 8px;border:1px solid #c8ccd2;font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;word-break:break-word"
)
HEADING = "font-size:16px;margin:22px 0 4px"

HEAD = '<!DOCTYPE html>\n<html lang="en" dir="ltr"><head><meta charset="utf-8"><meta name="color-scheme" content="light"><title>{title}</title></head>\n'
END = "</td></tr></table>\n</body></html>\n"


def letter(message: Message, link: str, limit: int) -> str:
    """Return the page of a mail in at most ``limit`` bytes of UTF-8; what did not fit is counted."""
    blocks = [HEAD.format(title=_safe(message.run.title)), f'<body style="margin:0;padding:16px;background:#ffffff;color:#1b1e23;{FONT}">\n']
    blocks += ['<table role="presentation" cellpadding="0" cellspacing="0" style="max-width:720px;width:100%"><tr><td>\n', *_head(message, link)]
    end = "".join(_foot(message))
    room = limit - sum(_size(block) for block in (*blocks, end, END))
    findings, _room = _findings(message, room)
    return "".join([*blocks, *findings, end, END])


def _head(message: Message, link: str) -> Iterator[str]:
    run = message.run
    yield f'<h1 style="font-size:20px;line-height:1.3;margin:0 0 6px">{_safe(run.verdict)}</h1>\n'
    yield f'<p style="margin:0 0 10px">{_safe(run.since)}</p>\n'
    for words in message.untold:
        yield f'<p style="margin:0 0 10px"><strong>!</strong> {_safe(words)}</p>\n'
    if link:
        yield f'<p style="margin:0 0 10px"><a href="{_safe(link)}">The whole report</a></p>\n'
    elif message.page:
        yield f'<p style="margin:0 0 10px;{QUIET}">The whole report: {_safe(message.page)}</p>\n'
    lacks = [(f"{reason.word}: {reason.what.replace('_', ' ')}", reason.reason, reason.hosts) for reason in reasons_of(run.fleet.hosts)]
    feeds = [("announcements", group.title, group.hosts) for group in run.fleet.coverage if group.rule == FEED]
    lacks += feeds if len(feeds) == 1 else []  # several are one of the reasons already
    if lacks:
        yield f'<h2 style="{HEADING}">Not looked at, or not wholly</h2>\n<ul style="margin:0;padding-left:20px">\n'
        for what, why, hosts in lacks[:REASONS_SHOWN]:
            more = f" and {len(hosts) - NAMES_SHOWN:,} more" if len(hosts) > NAMES_SHOWN else ""
            names = ", ".join(_safe(name, 80) for name in hosts[:NAMES_SHOWN])
            yield f"<li><strong>{_safe(what, 100)}</strong> on {names}{more}: {_safe(why, 200)}</li>\n"
        yield (f"<li>and {len(lacks) - REASONS_SHOWN:,} more reasons</li>\n" if len(lacks) > REASONS_SHOWN else "") + "</ul>\n"


def _findings(message: Message, room: int) -> tuple[list[str], int]:
    groups = newest_first(message.run.fleet.groups)
    if not groups:
        return [], room
    start, last = f'<h2 style="{HEADING}">Findings, worst first</h2>\n<table role="presentation" width="100%" cellpadding="0" cellspacing="0">\n', "</table>\n"
    rest = f'<p style="{QUIET}">and {len(groups):,} more in the report</p>\n'
    room -= _size(start) + _size(last) + _size(rest)
    rows: list[str] = []
    for group in groups[:GROUPS_SHOWN]:
        row = _row(group, len(message.run.fleet.hosts))
        if _size(row) > room:
            break
        room -= _size(row)
        rows.append(row)
    more = f'<p style="{QUIET}">and {len(groups) - len(rows):,} more in the report</p>\n' if len(rows) < len(groups) else ""
    return [start, *rows, last, more], room


def _row(group: Group, total: int) -> str:
    sign, colour = SIGNS[group.severity]
    names = ", ".join(_safe(name, 80) for name in group.hosts[:NAMES_SHOWN])
    names += f" and {len(group.hosts) - NAMES_SHOWN:,} more" if len(group.hosts) > NAMES_SHOWN else ""
    share = f" ({len(group.hosts):,} of {total:,} hosts)" if total > 1 else ""
    row = f'<tr><td style="{CELL}"><strong style="color:{colour}">{sign} {group.severity}{news(group)}</strong> <strong>{_safe(group.title)}</strong><br>\n'
    row += f'<span style="{QUIET}">on {names}{share}. {_safe(group.remedy, 300)}</span>\n'
    commands = group.commands[0][0] if group.commands else ()
    if commands:
        shown = "\n".join(_safe(line, 500) for line in commands[:COMMANDS_SHOWN])
        row += f'<pre style="{COMMAND}">{shown}</pre>\n'
        if len(group.commands) > 1 or len(commands) > COMMANDS_SHOWN:
            row += f'<span style="{QUIET}">further commands are in the report</span>\n'
    return row + "</td></tr>\n"


def _foot(message: Message) -> Iterator[str]:
    run, past = message.run, message.run.fleet.past
    for title, groups in (("Resolved, no longer found", past.resolved), ("Not looked at again, so still open", past.stale)):
        if groups:
            yield f'<h2 style="{HEADING}">{title}</h2>\n<ul style="margin:0;padding-left:20px">\n'
            for gone in groups[:GONE_SHOWN]:
                yield f"<li>{gone.severity}: {_safe(gone.title)}, on {_safe(', '.join(gone.hosts[:3]), 200)}{' and more' if len(gone.hosts) > 3 else ''}</li>\n"
            yield (f"<li>and {len(groups) - GONE_SHOWN:,} more</li>\n" if len(groups) > GONE_SHOWN else "") + "</ul>\n"
    yield f'<p style="margin:22px 0 0;{QUIET}">Run {_safe(run.fleet.run_id)}, written {run.created} (UTC). '
    yield f"Exit reason {run.exit.code}: {_safe(run.exit.as_dict()['reason'])}.</p>\n"


def _safe(words: str, limit: int = 1000) -> str:
    return escape(words if len(words) <= limit else words[:limit] + " ...").encode("utf-8", "backslashreplace").decode()


def _size(words: str) -> int:
    return len(words.encode())
