# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a jail never bans, and whether that is everybody.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import _socket  # the module socket takes longer to load than the rest of the check

# A network wider than this holds more than any one site has: a /8 is the largest that was ever given to one, a /32 what a provider gets.
WIDEST = {_socket.AF_INET: 8, _socket.AF_INET6: 32}

# fail2ban drops the length 0 when it prints a network (server/ipdns.py, ntoa): 0.0.0.0/0 is shown as 0.0.0.0.
SHOWN_WITHOUT_LENGTH = ("0.0.0.0", "::")


def parse(words):
    """Return (family, number, length) of C(192.0.2.0/24) or C(2001:db8::1), None for what is no address."""
    address, slash, length = words.strip().partition("/")
    family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
    try:
        number = int.from_bytes(_socket.inet_pton(family, address), "big")
        bits = 32 if family == _socket.AF_INET else 128
        width = int(length) if length.isdigit() else (_mask_length(family, length) if slash else bits)
    except (OSError, ValueError):
        return None
    return (family, number, width) if 0 <= width <= bits else None


def _mask_length(family, mask):
    return bin(int.from_bytes(_socket.inet_pton(family, mask), "big")).count("1")


def contains(network, words):
    """Return whether the parsed network holds the address."""
    address = parse(words)
    if address is None or address[0] != network[0]:
        return False
    shift = (32 if network[0] == _socket.AF_INET else 128) - network[2]
    return network[1] >> shift == address[1] >> shift


def wide(shown, written):
    """Return the entries that let everyone in, or a part of the world too large for one site.

    C(shown) is what the server lists, C(written) the raw text of the configuration or None where it is not known.
    C(0.0.0.0) as the server lists it counts unless the configuration names just that one address.
    """
    found = []
    words = written.replace(",", " ").split() if written is not None else None
    for entry in shown:
        network = parse(entry)
        if network is None:
            continue
        if entry in SHOWN_WITHOUT_LENGTH:
            meant = [word for word in words or () if parse(word) is not None and parse(word)[:2] == network[:2]]
            if not meant or any(parse(word)[2] == 0 for word in meant):
                found.append(entry + "/0")
        elif network[2] < WIDEST[network[0]]:
            found.append(entry)
    return found
