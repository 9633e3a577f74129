# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What audit2why, where it is installed, says of one record of each group: one run for all of them, for it loads the policy each time.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


from ..host.pattern import Pattern

_ASKED_LIMIT = 100
_SECONDS = 30

_IDENT = Pattern(rb"audit\([0-9.]+:[0-9]+\)")
_BOOLEAN = Pattern(rb"setsebool -P ([A-Za-z0-9_]{1,100}) (?:1|on)\b")


def ask(machine, groups):
    """Return {ident of a group's sample: (boolean, [names]) or (constraint, [])}; nothing where audit2why is not installed or fails."""
    command = machine.which(b"audit2why")
    samples = {group.ident: group.sample for group in groups if group.shape.kind in ("selinux", "user_avc")}
    if not command or not samples:
        return {}
    lines = [samples[ident] for ident in sorted(samples)[:_ASKED_LIMIT]]
    answer = machine.run([command], timeout=_SECONDS, stdin=b"\n".join(lines) + b"\n")
    return {} if answer.rc or answer.timed_out or answer.truncated else said(answer.out)


def said(answer):
    """Return the same of the words of audit2why: each record is repeated, what is told of it follows, indented."""
    found, ident, told = {}, None, []
    for line in answer.split(b"\n") + [b"audit(0:0)"]:
        if line[:1] in (b"\t", b" ", b""):
            told.append(line)
            continue
        match = _IDENT.search(line)
        if not match:
            continue
        words = b"\n".join(told)
        booleans = [name.decode("ascii") for name in _BOOLEAN.findall(words)]
        if ident and booleans:
            found[ident] = ("boolean", booleans[:5])
        elif ident and b"onstraint violation" in words:
            found[ident] = ("constraint", [])
        ident, told = match.group(), []
    return found
