# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets that listen on a server.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import socket
import struct

# proc(5): the state of a socket that listens.
LISTEN = b"0A"

TABLES = ((b"/proc/net/tcp", socket.AF_INET), (b"/proc/net/tcp6", socket.AF_INET6))

Listener = collections.namedtuple("Listener", "address port inode")


def listeners(machine):
    """Return the Listeners (address and inode as text, port) of TCP, or None where the kernel does not show its tables."""
    found = []
    seen = False
    for path, family in TABLES:
        table = machine.read_or_none(path, 8388608)
        if table is None:
            continue
        seen = True
        for row in table.splitlines()[1:]:
            columns = row.split()
            if len(columns) > 9 and columns[3] == LISTEN:
                address, _colon, port = columns[1].partition(b":")
                found.append(Listener(_address(address, family), int(port, 16), columns[9].decode("ascii", "replace")))
    return found if seen else None


def _address(words, family):
    """Return the address of the kernel's hexadecimal words, each in the byte order of the machine."""
    numbers = [int(words[start: start + 8], 16) for start in range(0, len(words), 8)]
    return socket.inet_ntop(family, struct.pack("=%dI" % len(numbers), *numbers))


def is_loopback(address):
    """Return whether only the server itself can reach the address."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def is_world(address):
    """Return whether an address, seen without any firewall, can be reached from other networks: a wildcard or one that is not private."""
    if address in ("0.0.0.0", "::"):
        return True
    packed = _packed4(address)
    if packed is None:
        return not is_loopback(address) and int(address.split(":")[0] or "0", 16) & 0xFE00 != 0xFC00 and not address.lower().startswith("fe8")
    return not any(packed >> (32 - bits) == network >> (32 - bits) for network, bits in PRIVATE)


# RFC 1918, 127/8 (RFC 1122), 169.254/16 (RFC 3927), 100.64/10 (RFC 6598)
PRIVATE = ((0x0A000000, 8), (0xAC100000, 12), (0xC0A80000, 16), (0x7F000000, 8), (0xA9FE0000, 16), (0x64400000, 10))


def _packed4(address):
    try:
        return struct.unpack("!I", socket.inet_aton(address.rpartition(":")[2]))[0] if "." in address else None
    except OSError:
        return None
