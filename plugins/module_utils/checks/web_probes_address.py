# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked: addresses as logged, the client behind trusted proxies, the group that is shown.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.pattern import Pattern

_V4 = Pattern(rb"(?:\d{1,3}\.){3}\d{1,3}\Z")
# The longest IPv6 address has 45 characters, with an IPv4 address at its end. A word of megabytes must not be looked at twice.
_V6 = Pattern(rb"(?=[^:]{0,4}:)[0-9a-fA-F:.]{2,45}\Z")
_PORT = Pattern(rb"((?:\d{1,3}\.){3}\d{1,3}):\d{1,5}\Z|\[([0-9a-fA-F:.]+)\](?::\d{1,5})?\Z")

UNKNOWN = b"-"
_LOCAL = (b"unix:", b"-", b"")

KNOWN_LIMIT = 20000
REMOTE_LIMIT = 100
# The end of X-Forwarded-For is what the proxies wrote, ten of them have room there; the client wrote what stands before it, at any length.
FORWARDED_LIMIT = 500


def address(word):
    """Return one address object of a logged word (with or without a port), or None."""
    match = _PORT.match(word)
    if match:
        word = match.group(1) or match.group(2)
    if not (_V4.match(word) or _V6.match(word)):
        return None
    import ipaddress  # large, and most clients are seen to be IPv4 without it

    try:
        found = ipaddress.ip_address(word.decode("ascii"))
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def looks_like_one(word):
    """Return whether a word of a log line stands where the client's address stands."""
    if _V4.match(word) or word in _LOCAL[:2]:
        return True
    # A virtual host with a port may look like IPv6: only the exact question tells.
    return b":" in word and address(word) is not None


def networks(words):
    """Return (networks, problems) of a list of addresses and networks given by the user."""
    found, problems = [], []
    if words:
        import ipaddress
    for word in words:
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            problems.append("%s is neither an address nor a network" % word)
    return found, problems


class Clients:
    """Turns what is logged into the client: the address behind trusted proxies, IPv6 by /64."""

    def __init__(self, trusted=()):
        self._trusted = trusted
        self._known = {}

    def _trusts(self, found):
        if self._trusted:
            return any(found.version == network.version and found in network for network in self._trusted)
        # Without a list: a private or local address can only be one's own proxy.
        return found.is_private or found.is_loopback

    def client(self, remote, forwarded=b""):
        """Return the client as text, of the logged address and X-Forwarded-For."""
        if len(forwarded) < 2 and _V4.match(remote):
            return remote.decode("ascii")
        key = (remote[:REMOTE_LIMIT], forwarded[-FORWARDED_LIMIT:])
        known = self._known.get(key)
        if known is None:
            if len(self._known) > KNOWN_LIMIT:
                self._known.clear()
            known = self._known[key] = self._client(*key)
        return known

    def _client(self, remote, forwarded):
        found = address(remote)
        if forwarded and forwarded != b"-" and (found is None or self._trusts(found)):
            for word in reversed(forwarded.split(b",")):
                behind = address(word.strip())
                if behind is None:
                    break
                found = behind
                if not self._trusts(behind):
                    break
        if found is None:
            return remote.decode("utf-8", "backslashreplace")[:REMOTE_LIMIT] or "-"
        if found.version == 6 and not found.is_loopback:
            import ipaddress

            return "%s/64" % ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address
        return "%s" % found


def is_local(word):
    """Return whether a logged address is one's own or none at all: private, loopback, link-local, a socket."""
    found = address(word)
    return word in _LOCAL if found is None else found.is_private or found.is_loopback or found.is_link_local
