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
import struct

# proc(5): the state of a socket that listens.
LISTEN = b"0A"

TABLES = (b"/proc/net/tcp", b"/proc/net/tcp6")

Listener = collections.namedtuple("Listener", "address port inode")


def listeners(machine):
    """Return the Listeners (address and inode as text, port) of TCP, or None where the kernel does not show its tables."""
    found = []
    seen = False
    for path in TABLES:
        table = machine.read_or_none(path, 8388608)
        if table is None:
            continue
        seen = True
        for row in table.splitlines()[1:]:
            columns = row.split()
            if len(columns) > 9 and columns[3] == LISTEN:
                digits, _colon, port = columns[1].partition(b":")
                found.append(Listener(address(digits), int(port, 16), columns[9].decode("ascii", "replace")))
    return found if seen else None


def address(digits):
    """Return the text of an address as the kernel's tables have it: hexadecimal words, each in the byte order of the machine.

    Written as inet_ntop(3) does, without the library's socket, which loads more than the rest of a check.
    """
    numbers = [int(digits[start: start + 8], 16) for start in range(0, len(digits), 8)]
    packed = struct.pack("=%dI" % len(numbers), *numbers)
    return _dotted(packed) if len(numbers) == 1 else _colons(packed)


def _dotted(packed):
    return "%d.%d.%d.%d" % struct.unpack("4B", packed)


def _colons(packed):
    groups = struct.unpack("!8H", packed)
    length, start = max((_zeros(groups, start), -start) for start in range(8))
    start = -start
    if start == 0 and (length == 6 or length == 5 and groups[5] == 0xFFFF):
        return ("::" if length == 6 else "::ffff:") + _dotted(packed[12:])
    if length < 2:
        return ":".join("%x" % group for group in groups)
    return ":".join("%x" % group for group in groups[:start]) + "::" + ":".join("%x" % group for group in groups[start + length:])


def _zeros(groups, start):
    """Return how many groups from C(start) on are zero."""
    end = start
    while end < 8 and not groups[end]:
        end += 1
    return end - start


def is_loopback(words):
    """Return whether only the server itself can reach the address."""
    return words.startswith(("127.", "::ffff:127.")) or words == "::1"


def is_world(words):
    """Return whether an address, seen without any firewall, can be reached from other networks: a wildcard or one that is not private."""
    if words in ("0.0.0.0", "::"):
        return True
    packed = _packed4(words)
    if packed is None:
        return not is_loopback(words) and int(words.split(":")[0] or "0", 16) & 0xFE00 != 0xFC00 and not words.lower().startswith("fe8")
    return not any(packed >> (32 - bits) == network >> (32 - bits) for network, bits in PRIVATE)


# RFC 1918, 127/8 (RFC 1122), 169.254/16 (RFC 3927), 100.64/10 (RFC 6598)
PRIVATE = ((0x0A000000, 8), (0xAC100000, 12), (0xC0A80000, 16), (0x7F000000, 8), (0xA9FE0000, 16), (0x64400000, 10))


def _packed4(words):
    parts = words.rpartition(":")[2].split(".")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        return None
    return int.from_bytes([int(part) & 0xFF for part in parts], "big")
