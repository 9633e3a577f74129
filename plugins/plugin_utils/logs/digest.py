# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened on a host since the last look, in a dozen lines: (label, words), the same for the page, the viewer and report.json.

Only what happened is said; how much was read always is. The numbers are the check's own totals, the names the most frequent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..reading import at, rows, texts, whole, words

Line = tuple[str, str]

NAMED = 3
LINE_LIMIT = 400

# What is said where a check saw all and there was nothing; of one that did not, it would be too much.
NO_DENIALS = "none"
NO_BANS = "nobody is banned"
NO_REQUESTS = "no requests"
NOTHING = (NO_DENIALS, NO_BANS, NO_REQUESTS)

# From this share of a file system on it is said how full it is.
FULL_PERCENT = 70


def digest_of(results: Mapping[str, Mapping[str, Any]]) -> list[Line]:
    """Return the lines of a host from the results of its checks."""
    lines: list[Line] = []
    for check, said in _CHECKS:
        result = results.get(check)
        data, status = at(result, "data"), at(result, "status")
        if isinstance(data, dict) and data and status != "not_applicable":
            seen = said(data)
            if status == "incomplete":  # its numbers alone would read as if nothing had happened
                seen = [line for line in seen if line[1] not in NOTHING]
                seen.append(("Not wholly seen", f"{check.replace('_', ' ')}: {words(result, 'status_reason')}"))
            lines += [(label, text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1] + "…") for label, text in seen if text]
    return lines


def _log_digest(data: Mapping[str, Any]) -> list[Line]:
    return [
        ("Logins", _logins(data)),
        ("Failed logins", _failed(data)),
        ("sudo and su", _privilege(data)),
        ("Accounts", _some(_account(row) for row in rows(data, "accounts"))),
        ("Access changed", _some(words(row, "path") for row in rows(data, "access_files"))),
        ("Packages", _packages(data)),
        ("Units failed", _some([*texts(data, "units", "failed_now"), *_counted(rows(data, "units", "failures"), "unit")])),
        ("Restarting", _some(_counted(rows(data, "units", "restarts"), "unit"))),
        ("Kernel", _some(_counted(rows(data, "kernel"), "what", "subject"))),
        ("cron", _cron(data)),
        ("Disks", _disks(data)),
        ("Boots", _boots(data)),
        ("Clock", _clock(data)),
        ("Errors", _some(_counted(rows(data, "errors"), "program"))),
        ("Logwatch", _some(_counted(rows(data, "logwatch", "sections"), "name"))),
        ("Not understood", _unknown(data)),
        ("Read", _read(data)),
    ]


def _some(parts: Iterable[str], named: int = NAMED) -> str:
    """Return the first few parts, each once, and how many there are more."""
    found = list(dict.fromkeys(part for part in parts if part))
    more = len(found) - named
    return ", ".join(found[:named]) + (f" and {more:,} more" if more > 0 else "")


def _counted(table: Sequence[Mapping[str, Any]], *names: str) -> list[str]:
    """Return each row's names with how often it was seen."""
    return [_times(" ".join(filter(None, (words(row, name, limit=80) for name in names))), whole(row, "count")) for row in table]


def _times(what: str, count: int) -> str:
    return f"{what} ×{count:,}" if what and count > 1 else what


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count else ""


def _said(head: Iterable[str], tail: str) -> str:
    """Return the numbers and, after a colon, the names."""
    numbers = ", ".join(filter(None, head))
    return f"{numbers}: {tail}" if numbers and tail else numbers or tail


def _logins(data: Mapping[str, Any]) -> str:
    who = (
        _times(f"{words(row, 'user', limit=60)} from {words(row, 'address', limit=60) or 'here'} ({words(row, 'method', limit=30)})", whole(row, "count"))
        for row in rows(data, "logins", "accepted")
    )
    return _said([_number(whole(data, "logins", "accepted_total"), "accepted")], _some(who))


def _failed(data: Mapping[str, Any]) -> str:
    total, unknown = whole(data, "logins", "failed_total"), whole(data, "logins", "invalid_user_total")
    found = rows(data, "logins", "failed_by_address")
    places = (_times(words(row, "address", limit=60), whole(row, "failed") + whole(row, "invalid_user")) for row in found)
    return _said([_number(total, "failed"), _number(unknown, "for unknown users")], _some(places))


def _privilege(data: Mapping[str, Any]) -> str:
    done = (
        _times(f"{words(row, 'user', limit=40)} as {words(row, 'target', limit=40) or 'root'}: {words(row, 'command', limit=80)}", whole(row, "count"))
        for row in rows(data, "sudo", "commands")
    )
    head = [
        _number(whole(data, "sudo", "total"), "by sudo"),
        _number(whole(data, "sudo", "refused_total"), "refused"),
        _number(whole(data, "su", "total"), "by su"),
        _number(whole(data, "su", "failed_total"), "su failed"),
    ]
    return _said(head, _some(done, 2))


def _account(row: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (words(row, "what", limit=60), words(row, "name", limit=60), words(row, "detail", limit=60))))


def _packages(data: Mapping[str, Any]) -> str:
    deeds = ("upgraded", "installed", "removed")
    named = (f"{words(row, 'name', limit=60)} {words(row, 'version', limit=40)}".strip() for deed in deeds for row in rows(data, "packages", deed))
    return _said([_number(whole(data, "packages", f"{deed}_total"), deed) for deed in deeds], _some(named))


def _cron(data: Mapping[str, Any]) -> str:
    failed = [*_counted(rows(data, "cron", "failures"), "what"), *_counted(rows(data, "cron", "not_run"), "user", "what")]
    lost = whole(data, "cron", "output_lost")
    return _said([_number(whole(data, "cron", "jobs_started"), "jobs"), _number(lost, "outputs lost")], f"failed {_some(failed)}" if failed else "")


def _disks(data: Mapping[str, Any]) -> str:
    used = sorted(((max(whole(row, "used_percent"), whole(row, "inodes_percent")), words(row, "mount", limit=80)) for row in rows(data, "disks")), reverse=True)
    shown = [f"{mount} {percent} %" for percent, mount in used if percent >= FULL_PERCENT]
    return _some(shown, 4) or (f"fullest {used[0][1]} {used[0][0]} %" if used else "")


def _boots(data: Mapping[str, Any]) -> str:
    found = rows(data, "boots")
    unclean = sum(row.get("clean") is False for row in found)
    return ", ".join(filter(None, (_number(len(found), "boot" if len(found) == 1 else "boots"), _number(unclean, "without a shutdown before"))))


def _clock(data: Mapping[str, Any]) -> str:
    jumps = sum(whole(row, "count") for row in rows(data, "clock_jumps"))
    lost = sum(whole(row, "count") for row in rows(data, "clock_without_source"))
    state = "not synchronised" if at(data, "clock_synchronised") is False else ""
    return ", ".join(filter(None, (state, _number(jumps, "jumps"), _number(lost, "times without a time server"))))


def _unknown(data: Mapping[str, Any]) -> str:
    programs = (words(row, "program", limit=40) for row in rows(data, "unmatched", "samples"))
    return _said([_number(whole(data, "unmatched", "total"), "messages"), _number(whole(data, "unparsed", "total"), "lines without a time")], _some(programs))


def _read(data: Mapping[str, Any]) -> str:
    return f"{whole(data, 'lines'):,} lines of the {words(data, 'source', limit=40) or 'logs'}, {_window(data)}"


def _window(data: Mapping[str, Any]) -> str:
    since, until = (words(data, "window", name, limit=30) for name in ("since", "until"))
    return f"since {since[:10]} {since[11:16]} UTC" if since else f"until {until[:10]} {until[11:16]} UTC" if until else "all of them"


def _denials(data: Mapping[str, Any]) -> list[Line]:
    totals = at(data, "totals")
    denied = whole(totals, "denied") + whole(totals, "apparmor_denied") + whole(totals, "selinux_err") + whole(totals, "seccomp")
    let = whole(totals, "allowed_permissive") + whole(totals, "allowed")
    head = [_number(denied, "denied"), _number(whole(totals, "blocked"), "blocked"), _number(let, "let pass"), _number(whole(totals, "malformed"), "malformed")]
    mode = words(data, "mode", "runtime", limit=20) if at(data, "mode", "enabled") else ""
    return [("Denials", ", ".join(filter(None, head)) or NO_DENIALS), ("SELinux", mode)]


def _web_probes(data: Mapping[str, Any]) -> list[Line]:
    totals = at(data, "totals")
    hits, lines, unparsed = (whole(totals, name) for name in ("hits", "lines", "unparsed"))
    if not hits and not lines:
        return [("Web probes", _number(unparsed, "lines not understood") or NO_REQUESTS)]
    head = [
        f"{hits:,} of {lines:,} requests" if lines else f"{hits:,} in the error logs",
        f"from {whole(totals, 'clients'):,} {'client' if whole(totals, 'clients') == 1 else 'clients'}" if whole(totals, "clients") else "",
        f"{whole(totals, 'answered'):,} answered",
        _number(unparsed, "lines not understood"),
    ]
    by_category = at(data, "hits_by_category")
    kinds = sorted(by_category.items(), key=lambda item: (-whole(item[1]), item[0])) if isinstance(by_category, dict) else []
    return [("Web probes", _said(head, _some(_times(words(name, limit=40), whole(count)) for name, count in kinds)))]


def _fail2ban(data: Mapping[str, Any]) -> list[Line]:
    jails = rows(data, "jails")
    banned = (f"{words(row, 'name', limit=60)} {whole(row, 'banned'):,}" for row in jails if whole(row, "banned"))
    head = [_number(sum(whole(row, "banned") for row in jails), "now"), _number(sum(whole(row, "new_bans") for row in jails), "since the last look")]
    return [("Bans", _said(head, _some(banned)) or (NO_BANS if jails else ""))]


# In the order in which they are told.
_CHECKS: tuple[tuple[str, Callable[[Mapping[str, Any]], list[Line]]], ...] = (
    ("log_digest", _log_digest),
    ("denials", _denials),
    ("fail2ban", _fail2ban),
    ("web_probes", _web_probes),
)
