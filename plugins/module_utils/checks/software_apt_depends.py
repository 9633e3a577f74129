# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what is installed has what it depends on. Where not, apt refuses to install anything, security updates too.

It is a first look, which spares most servers apt's own: what it finds is apt's to confirm. Conflicts and architectures are not looked at.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.packages import compare_dpkg

# Third word of the field Status of what is set up.
SET_UP = (b" installed", b" triggers-awaited", b" triggers-pending")

# Depends: libc6 (>= 2.34), default-mta | mail-transport-agent, python3:any
_RELATION = re.compile(rb"\s*([A-Za-z0-9][A-Za-z0-9.+-]*)(?::\w+)?\s*(?:\(\s*([<>=]+)\s*([^\s)]+)\s*\))?")
_FIELD = re.compile(rb"\n(Status|Version|Provides|Depends|Pre-Depends): ([^\n]*(?:\n[ \t][^\n]*)*)")

# Policy 7.1, with the old forms < and >, which mean <= and >=.
_HOLDS = {
    b">=": lambda order: order >= 0, b"<=": lambda order: order <= 0, b"=": lambda order: order == 0,
    b">>": lambda order: order > 0, b"<<": lambda order: order < 0, b">": lambda order: order >= 0, b"<": lambda order: order <= 0,
}


def unmet(status):
    """Return the names of the installed packages (bytes, sorted) that lack something they depend on; C(status) is dpkg's status file."""
    here, wants = {}, []
    for block in status.split(b"\n\n"):
        if not block.startswith(b"Package: "):
            block = block.lstrip(b"\n")
        fields = dict(_FIELD.findall(block))
        if not fields.get(b"Status", b"").endswith(SET_UP):
            continue
        name = block[9:block.find(b"\n")]
        here.setdefault(name, set()).add(fields.get(b"Version", b""))
        for match in filter(None, map(_RELATION.match, fields.get(b"Provides", b"").split(b","))):
            other, relation, version = match.groups()
            # What is provided without a version meets no dependency that wants one.
            here.setdefault(other, set()).add(version if relation else None)
        wants.append((name, [fields[field] for field in (b"Pre-Depends", b"Depends") if field in fields]))
    known = {}
    return sorted({name for name, lines in wants for line in lines for group in line.split(b",") if not _met(group, here, known)})


def _met(group, here, known):
    """Return whether one of the alternatives is there; C(known) keeps the answers, of which most are asked for often."""
    answer = known.get(group)
    if answer is None:
        answer = known[group] = any(_is_there(match, here) for match in map(_RELATION.match, group.split(b"|")))
    return answer


def _is_there(match, here):
    if match is None:
        return True  # nothing that we can read: apt's to say
    name, relation, version = match.groups()
    found = here.get(name, ())
    if not relation:
        return bool(found)
    holds = _HOLDS.get(relation)
    return holds is None or any(own is not None and holds(compare_dpkg(own, version)) for own in found)
