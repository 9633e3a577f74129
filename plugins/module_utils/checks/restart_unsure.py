# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings an incomplete look could not rule out: those that a process which must not be read might carry.

Whose a process is, its control group says to everybody, what it runs is told to few. A service that was restarted is done with,
although process 1 can never be read.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host import systemd
from ..host.finding import text

# More names than these are no longer told one by one.
LIMIT = 500

# Whatever it is, it may be in a container (its namespaces cannot be read either), or one of those that only a reboot replaces.
OF_ANY = ("restart.container", "restart.reboot")

# kind of host.systemd.Owner: rules of which it may carry any finding, since neither its user's name nor its program is known for sure
OF_KIND = {
    b"": ("restart.process",),
    b"container": (),
    b"session": ("restart.session",),
    b"user": ("restart.session",),
    b"user_unit": ("restart.session", "restart.user_service"),
}


def unsure(proc, pids):
    """Return the rules and subjects of findings that processes which cannot be read may carry, sorted; None where they are too many."""
    found = set(OF_ANY)
    for pid in pids:
        found.update(_carried(proc, pid))
        if len(found) > LIMIT:
            return None
    return sorted(found)


def _carried(proc, pid):
    if pid == 1:
        stat = proc.stat(pid)
        return ("service systemd", "service init", "process %s" % text(stat.comm, 64) if stat else "restart.process")
    owner = systemd.owner(proc.read(pid, b"cgroup", 65536) or b"")
    if owner.kind != b"unit":
        return OF_KIND[owner.kind]
    unit = owner.name.decode("utf-8", "backslashreplace")
    # What serves one connection is told as a session.
    return text("service %s" % unit, 200), text("session %s@" % unit.split("@")[0], 200)
