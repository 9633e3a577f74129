# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On what does a process listen: its sockets joined with the tables of its network namespace.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host.net import address

# table, state in which a socket waits for others: TCP_LISTEN, or TCP_CLOSE of a datagram socket without a peer.
TABLES = ((b"tcp", b"0A"), (b"tcp6", b"0A"), (b"udp", b"07"), (b"udp6", b"07"))

TABLE_LIMIT = 16 * 1048576
DESCRIPTORS_LIMIT = 65536
LISTENS_LIMIT = 20


class Listeners:
    """Answers for single processes; the tables of a network namespace are read once."""

    def __init__(self, proc):
        self.proc = proc
        self._tables = {}

    def of(self, pid):
        """Return the sorted addresses that a process listens on, as C(tcp 0.0.0.0:22); empty where it may not be read."""
        try:
            names = os.listdir(self.proc.path(pid, b"fd"))[:DESCRIPTORS_LIMIT]
        except OSError:
            return []
        sockets = set()
        for name in names:
            target = self.proc.link(pid, b"fd/" + name) or b""
            if target.startswith(b"socket:["):
                sockets.add(target[8:-1])
        if not sockets:
            return []
        table = self._table(pid)
        return sorted({table[inode] for inode in sockets if inode in table})[:LISTENS_LIMIT]

    def _table(self, pid):
        space = self.proc.link(pid, b"ns/net")
        if space not in self._tables:
            found = {}
            for name, state in TABLES:
                for line in (self.proc.read(pid, b"net/" + name, TABLE_LIMIT) or b"").split(b"\n")[1:]:
                    fields = line.split()
                    if len(fields) > 9 and fields[3] == state and fields[2].endswith(b":0000"):
                        found[fields[9]] = "%s %s" % (name.decode("ascii"), _place(fields[1]))
            self._tables[space] = found
        return self._tables[space]


def _place(words):
    """Return C(0100007F:0016) as C(127.0.0.1:22)."""
    digits, _colon, port = words.partition(b":")
    return ("%s:%d" if len(digits) == 8 else "[%s]:%d") % (address(digits), int(port, 16))


def is_public(listens):
    """Return whether one of the addresses can be reached from another machine."""
    local = (" 127.", " [::1]:", " [::ffff:127.")
    return any(not any(mark in place for mark in local) for place in listens)
