# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fail2ban-client instead of the socket: the same questions, its printed answers read back into the same shapes.

Each question starts a Python and costs some hundred times what it costs over the socket: only for what the socket cannot do.
Forms of the answers: fail2ban/client/beautifier.py of 0.10.6 and 1.0.2.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import time

from ..host.finding import text
from .fail2ban_said import ServerSaysNo, SocketError

# Each of the many questions may take this long on a busy machine, but all of them together no longer than the factor times the limit.
PATIENCE = 4

_ROW = r"^[|` ]+- (?P<key>[^:\n]+):\t?(?P<value>.*)$"
_ITEM = r"^[|`]- (.*)$"


class Client:
    """Asks through fail2ban-client. C(socket) is the server's socket (text), C(timeout) seconds for one answer."""

    def __init__(self, machine, socket, timeout):
        self._machine = machine
        self._socket = socket
        self._timeout = timeout
        self._deadline = time.time() + PATIENCE * timeout
        self._command = machine.which(b"fail2ban-client")
        if self._command is None:
            raise SocketError("unreadable", "the answer is in a newer pickle protocol than this Python knows, and there is no fail2ban-client")

    def ask_all(self, questions):
        """Return the answers in the shape that the socket gives, in the order of the questions. Raises ServerSaysNo, or SocketError."""
        return [self._ask(*question) for question in questions]

    def _ask(self, *question):
        words = [word.encode("utf-8", "surrogateescape") for word in (self._socket,) + question]
        left = min(self._timeout, self._deadline - time.time())
        if left <= 0:
            raise SocketError("timeout", "fail2ban-client needed more than %d seconds" % (PATIENCE * self._timeout))
        answer = self._machine.run([self._command, b"-s"] + words, timeout=left, limit=16777216)
        if answer.timed_out or answer.truncated:
            raise SocketError("timeout", "fail2ban-client gave no whole answer within %d seconds" % self._timeout)
        words = answer.out.decode("utf-8", "surrogateescape")
        if answer.rc != 0:
            raise ServerSaysNo(text(words.strip() or answer.err))
        return _read(question, words)


def _read(question, words):
    """Return the printed answer of a question as the server's value."""
    if question[0] == "status":
        rows = [match.group("key", "value") for match in (re.match(_ROW, line) for line in words.split("\n")) if match]
        return _jail_status(rows) if len(question) > 1 else [(key, int(value) if key == "Number of jail" else value) for key, value in rows]
    if question[0] == "banned":
        return _literal(words)
    if question[0] == "get":
        return _setting(question[-1], words)
    return words.strip()


def _jail_status(rows):
    """Return the rows of a jail's status; its files, which blanks hold together and apart, are asked for by themselves."""
    return [("Filter", [(key, value.strip()) for key, value in rows if key not in ("Filter", "Actions")])]


def _literal(words):
    import ast  # only for the client's answer to one question

    try:
        return ast.literal_eval(words.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ServerSaysNo("the answer of fail2ban-client banned cannot be read") from None


def _setting(name, words):
    lines = words.rstrip("\n").split("\n")
    if name in ("logpath", "ignoreip"):
        return _items(lines)
    if name in ("dbfile", "logtarget"):
        items = _items(lines)
        return items[0] if items else None
    if name == "journalmatch":
        return [line for line in lines[1:] if line]
    if name == "dbpurgeage":
        return int(re.sub(r"\D", "", "".join(_items(lines))) or 0)
    if name == "loglevel":
        return lines[0].split("'")[1] if "'" in lines[0] else lines[0]
    if name == "actions":
        return [action for action in ", ".join(lines[1:]).split(", ") if action]
    if name == "--with-time":
        return [line for line in lines if line.strip()]
    return words.strip()


def _items(lines):
    return [match.group(1) for match in (re.match(_ITEM, line) for line in lines) if match]
