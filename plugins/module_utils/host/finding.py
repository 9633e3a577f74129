# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check hands back: findings and a result, every field capped.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import time

SEVERITIES = ("critical", "high", "medium", "low", "info")

STATUSES = ("ok", "findings", "not_applicable", "skipped", "incomplete", "error", "timeout")

TEXT_LIMIT = 500
EVIDENCE_LIMIT = 20
COMMANDS_LIMIT = 20
FINDINGS_LIMIT = 500

# C0 and C1 controls, the Unicode line and bidirectional controls, what has no width (joiners, soft hyphen, tags): none may reach a terminal
# or a page as they are.
# Compiled where the first one is found: most hosts have none, and it takes half a millisecond.
_CONTROL = (
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def _escape(match):
    code = ord(match.group())
    # Six characters at most: the controller reckons with that.
    return "\\x%02x" % code if code < 0x100 else "\\u%04x" % code if code < 0x10000 else "\\%05x" % code


def text(value, limit=TEXT_LIMIT):
    """Return any value from a server as printable text of at most C(limit) characters.

    Bytes are decoded as UTF-8, what does not decode and every control character is written as an escape.
    What was cut is said at the end of the text.
    """
    if value.__class__ is str and len(value) <= limit and value.isprintable():
        return value  # most are, and there are thousands
    if isinstance(value, bytes):
        cut = max(0, len(value) - 4 * limit)
        value = value[: 4 * limit].decode("utf-8", "backslashreplace")
    else:
        cut = 0
        value = "%s" % (value,)
    if len(value) > limit or cut:
        cut += max(0, len(value) - limit)
        value = "%s...[%d cut]" % (value[:limit], cut)
    # None of those controls is printable in Python's sense, and most texts are.
    return value if value.isprintable() else re.sub(_CONTROL, _escape, value)


def iso(epoch):
    """Return seconds since 1970 as C(2026-11-22T06:00:00Z), or None for None."""
    if epoch is None:
        return None
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % time.gmtime(epoch)[:6]


# They open a pager on a terminal, which would eat the commands that were copied along with them.
PAGED = ("systemctl status", "systemctl list-timers", "systemctl list-units", "journalctl", "machinectl status")


def command(line):
    """Return a command as an admin types it. The controller shows only those whose form it knows, see C(plugin_utils/commands.py)."""
    for start in PAGED:
        if line.startswith(start) and "--no-pager" not in line:
            line = start + " --no-pager" + line[len(start):]
    return text(line, 500)


def finding(rule, severity, title, subject, evidence=(), remedy="", commands=(), references=(), count=None, first=None, last=None):
    """Return one finding as a plain dict.

    C(rule) is the stable id C(<check>.<what>), C(subject) what it is about (component, jail, unit, path class):
    both go into the fingerprint, so neither may hold a time, a count, a version or an address.
    C(evidence) is a list of (source, text) pairs; C(commands) are typed as they stand.
    C(first) and C(last) are seconds since 1970 of what was seen in the logs.
    """
    if severity not in SEVERITIES:
        raise ValueError("severity %r is not one of %s" % (severity, ", ".join(SEVERITIES)))
    evidence = list(evidence)
    return {
        "check": rule.split(".", 1)[0],
        "rule": rule,
        "severity": severity,
        "title": text(title, 200),
        "subject": text(subject, 200),
        "evidence": [{"source": text(source, 200), "text": text(words)} for source, words in evidence[:EVIDENCE_LIMIT]],
        "evidence_cut": max(0, len(evidence) - EVIDENCE_LIMIT),
        "remedy": {"text": text(remedy, 1000), "commands": [command(line) for line in list(commands)[:COMMANDS_LIMIT]]},
        "references": [text(line, 300) for line in list(references)[:EVIDENCE_LIMIT]],
        "count": count,
        "first": iso(first),
        "last": iso(last),
    }


def _rank(item):
    return (SEVERITIES.index(item["severity"]), item["rule"], item["subject"], item["title"])


def result(findings=(), data=None, incomplete=(), not_applicable=None, machine=None):
    """Return a check's result: status, status_reason, findings (worst first, always in the same order) and data.

    C(incomplete) lists what could not be looked at: with one entry the status is never C(ok).
    C(not_applicable) is the reason why there is nothing to look at on this host; it wins only when there are no findings.
    C(machine) is where the commands are to be typed; without it they stay as they are.
    """
    findings = sorted(findings, key=_rank)
    if findings and machine is not None:
        from .no_systemd import typed_here  # most hosts have no finding

        typed_here(machine, findings)
    reasons = [text(reason) for reason in incomplete]
    if len(findings) > FINDINGS_LIMIT:
        reasons.append("%d findings more than the %d shown" % (len(findings) - FINDINGS_LIMIT, FINDINGS_LIMIT))
    if reasons:
        status, reason = "incomplete", "; ".join(reasons[:10])
    elif findings:
        status, reason = "findings", ""
    elif not_applicable:
        status, reason = "not_applicable", text(not_applicable)
    else:
        status, reason = "ok", ""
    return {"status": status, "status_reason": reason, "findings": findings[:FINDINGS_LIMIT], "data": data or {}}
