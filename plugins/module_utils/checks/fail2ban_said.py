# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conversation with fail2ban can end in, and its own words, fit for a report.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.finding import text


class SocketError(Exception):
    """The server cannot be asked. C(state) is missing, stale, denied, timeout, unsafe, refused, unreadable or large; the text says why."""

    def __init__(self, state, reason):
        Exception.__init__(self, reason)
        self.state = state


class ServerSaysNo(Exception):
    """The server understood the question and answered with an error, such as an unknown jail."""


def shown(words):
    """Return a line of fail2ban as text for the report: it repeats the commands of actions, with the keys in them."""
    from ..host.redact import redact  # a server that is well has no such line

    return text(redact(words[:4096]), 300)
