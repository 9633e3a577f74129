# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which packages does apt's list of a security archive name something newer than what is installed? Only for them apt need be asked.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers. On most of them on most days nothing waits. What becomes of a newer version (pins)
only apt knows.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.packages import compare_dpkg

FOLDER = b"/var/lib/apt/lists"
LIST_LIMIT = 256 * 1048576
RELEASE_LIMIT = 65536

# As the archives of Debian, Ubuntu and its paid services call themselves: Label and the end of Suite of a Release file.
LABEL = b"Debian-Security"
SUITE_END = b"-security"
_SECURITY = re.compile(rb"^(?:Suite: *\S*%s|Label: *%s) *\r?$" % (SUITE_END, LABEL), re.M)
_RELEASE = re.compile(rb"(?:In)?Release\Z")
_PACKAGES = re.compile(rb"_Packages(\.\w+)?\Z")


def newer(machine, rows):
    """Return the names of the packages of which a security archive has a newer version; None where there is no list, or one cannot be read.

    C(rows) are those of data.packages: name and version first.
    """
    try:
        lists = _security_lists(machine)
        found = [_newer(machine.read(FOLDER + b"/" + name, LIST_LIMIT), rows) for name in lists]
    except (OSError, ValueError):
        return None
    return set().union(*found) if found else None


def _security_lists(machine):
    """Return the names of the lists of packages of security archives. Raises ValueError where one is packed, or nobody says whose it is."""
    names = sorted(os.listdir(machine.path(FOLDER)))
    archives = {_RELEASE.sub(b"", name): name for name in names if name.endswith((b"_InRelease", b"_Release"))}
    found = []
    for name in names:
        match = _PACKAGES.search(name)
        if match is None:
            continue
        owner = max((archive for archive in archives if name.startswith(archive)), key=len, default=None)
        if owner is None:
            raise ValueError("no Release file beside %r" % name)
        if _SECURITY.search(machine.read(FOLDER + b"/" + archives[owner], RELEASE_LIMIT)):
            if match.group(1):
                raise ValueError("%r is packed" % name)
            found.append(name)
    return found


def _newer(listed, rows):
    """Return the names of the rows of which a list of packages has a newer version, whatever its architecture."""
    if len(listed) >= LIST_LIMIT:
        raise ValueError("a list of %d bytes" % len(listed))
    installed, found = {}, set()
    for row in rows:
        installed.setdefault(row[0].encode("utf-8"), set()).add(row[1].encode("utf-8"))
    for block in listed.split(b"\n\n"):
        name = block[9:block.find(b"\n")] if block.startswith(b"Package: ") else b""
        if name in installed:
            version = re.search(rb"^Version: (\S+)", block, re.M)
            if version is None or any(own != version.group(1) and compare_dpkg(own, version.group(1)) < 0 for own in installed[name]):
                found.add(name.decode("utf-8"))
        elif not name and block.strip():
            raise ValueError("a paragraph that does not begin with its package")
    return found
