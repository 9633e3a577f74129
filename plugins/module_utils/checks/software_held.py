# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are kept from being updated: holds of dpkg, locks of dnf, yum and zypper.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import shlex

from ..host.finding import finding, text

LOCK_LISTS = (b"/etc/dnf/plugins/versionlock.list", b"/etc/yum/pluginconf.d/versionlock.list")
LOCK_TOML = b"/etc/dnf/versionlock.toml"
ZYPP_LOCKS = b"/etc/zypp/locks"

HELD_LIMIT = 500

_NAME = re.compile(rb"\s*(?:solvable_)?name\s*[:=]\s*[\"\x27]?([^\"\x27\s]+)")
# 1:nginx-1.26.2-1.el9.* as yum and dnf lock it; a "!" before it excludes that version.
_NEVRA = re.compile(rb"!?(?:\d+:)?(.+?)-(?:\d+:)?[^-]+-[^-]+\Z")


def of_dpkg(rows):
    """Return the names of rows whose selection is hold, sorted."""
    return sorted({row[0] for row in rows if row[5].startswith("h")})


def of_rpm(machine):
    """Return the names of locked packages, sorted."""
    found = set()
    for path in LOCK_LISTS:
        for line in (machine.read_or_none(path, 1048576) or b"").splitlines():
            line = line.strip()
            if line and not line.startswith((b"#", b"!")):
                match = _NEVRA.match(line)
                found.add(match.group(1) if match else line)
    for path in (LOCK_TOML, ZYPP_LOCKS):
        for line in (machine.read_or_none(path, 1048576) or b"").splitlines():
            match = _NAME.match(line)
            if match:
                found.add(match.group(1))
    return sorted(text(name, 200) for name in found)[:HELD_LIMIT]


def findings(manager, held, excluded, pending):
    """Return the finding of held and excluded packages; C(pending) are the names with a security update."""
    found = []
    waiting = sorted(name for name in held if name in pending)
    rest = [name for name in held if name not in waiting]
    if held:
        found.append(finding(
            "software.held", "medium" if waiting else "low",
            "%s held back%s" % (_count(held), ", security updates wait for %s" % ", ".join(waiting) if waiting else ""), "held packages",
            evidence=[("held", "%s: a security update waits" % name) for name in waiting] + [("held", name) for name in rest],
            remedy="Held packages get no updates. Release those whose reason is gone.", commands=_release(manager, waiting or held), count=len(held),
        ))
    if excluded:
        found.append(finding(
            "software.excluded", "low", "kept from automatic updates: %s" % ", ".join(excluded), "excluded packages",
            evidence=[("excluded", name) for name in excluded], remedy="They must be updated by hand. Remove those whose reason is gone from the settings.",
            count=len(excluded),
        ))
    return found


def _count(names):
    return "1 package is" if len(names) == 1 else "%d packages are" % len(names)


def _release(manager, names):
    quoted = " ".join(shlex.quote(name) for name in names[:20])
    if manager == "dpkg":
        return ["apt-mark unhold %s" % quoted]
    return ["dnf versionlock delete %s" % quoted]
