# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages have a newer version from a security archive, by apt-cache policy: apt's own view with its pins, without a plan.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers. To plan (C(apt-get -s)) takes apt seconds of CPU where a hundred packages wait, and
what the plan keeps back for another reason waits as well.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .software_apt_lists import LABEL, SUITE_END

# " 500 http://deb.debian.org/debian-security bookworm-security/main amd64 Packages", and below it
# "     release v=12,o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64"
_ARCHIVE = re.compile(rb"^ *-?\d+ (\S.*)\n +release (.*)$", re.M)
_FIELD = re.compile(rb"(?:\A|,)([a-z])=((?:[^,]|,(?![a-z]=))*)")

# " *** 252.38-1~deb12u1 500", "     3.0.17-1 500 (phased 20%)", and below each "        500 http://... amd64 Packages"
_VERSION = re.compile(rb" (\*\*\*|   ) (\S+) -?\d+(?: \(.*\))?\Z")
_SOURCE = re.compile(rb" {6,}-?\d+ (\S.*)\Z")


def security_archives(out):
    """Return {the line of an archive: "label:version/suite" where it is one for security, else None} of C(apt-cache policy)."""
    archives = {}
    for line, release in _ARCHIVE.findall(out):
        fields = dict(_FIELD.findall(release))
        label, suite = fields.get(b"l", b""), fields.get(b"a", b"")
        for_security = label == LABEL or suite.endswith(SUITE_END)
        archives[line] = b"%s:%s/%s" % (label, fields.get(b"v", b""), suite) if for_security else None
    return archives


def waiting(out, archives):
    """Return the (name, installed, candidate, archive) of C(apt-cache policy NAME ...) for which a security archive has something newer.

    That is the candidate, or a version between it and the installed one. Raises ValueError for an archive that is not in C(archives).
    """
    return [row for block in re.split(rb"\n(?=\S)", out) for row in _waiting(block.splitlines(), archives)]


def _waiting(lines, archives):
    said = dict(line.strip().partition(b": ")[::2] for line in lines[1:3])
    installed, candidate = said.get(b"Installed"), said.get(b"Candidate")
    if installed in (None, b"(none)") or candidate in (None, b"(none)", installed):
        return
    is_wanted, found = False, None
    for line in lines[3:]:
        version, source = _VERSION.match(line), _SOURCE.match(line)
        if version:
            if version.group(1) == b"***":
                break  # newer ones stand above it
            is_wanted = is_wanted or version.group(2) == candidate
        elif source and is_wanted and found is None:
            if source.group(1) not in archives:
                raise ValueError("apt-cache policy does not tell whose archive %r is" % source.group(1)[:200])
            found = archives[source.group(1)]
    if found is not None:
        yield lines[0].rstrip(b":"), installed, candidate, found
