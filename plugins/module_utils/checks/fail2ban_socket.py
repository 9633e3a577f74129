# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket of fail2ban-server: questions out, plain data back, and nothing that the answer could execute.

A question is a pickled list of text and an end mark, the answer a pickled C((0, value)) or C((1, exception)) and the same mark
(fail2ban/protocol.py, fail2ban/server/asyncserver.py). A pickle can name any class of the reader, so this reader has none to offer.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# The C parts alone: what the modules socket and pickle put around them takes longer to load than all questions to answer.
import _pickle
import _socket
import errno
import io
import os
import stat
import struct
import sys
import time

from ..host.finding import text
from .fail2ban_said import ServerSaysNo, SocketError

END = b"<F2B_END_COMMAND>"
CLOSE = b"<F2B_CLOSE_COMMAND>"

# What the oldest server (Python 2) can read.
QUESTION_PROTOCOL = 2

# 100,000 banned addresses are an answer of about 3 MiB.
ANSWER_LIMIT = 16777216
NODES_LIMIT = 500000
DEPTH_LIMIT = 20
NUMBER_LIMIT = 1 << 63

# What a failed connect(2) says about the server.
CONNECT_STATES = {
    errno.ENOENT: "missing",
    errno.ENOTDIR: "missing",
    errno.ECONNREFUSED: "stale",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EAGAIN: "timeout",  # its queue of waiting clients is full
}

# The classes whose names may stand in an answer; none of them is ever looked up or called.
TEXT_CLASSES = frozenset([("builtins", "str"), ("__builtin__", "unicode"), ("__builtin__", "str")])
EXCEPTION_MODULES = frozenset(["builtins", "exceptions", "fail2ban.exceptions"])


class _Inert:
    """Stands where an answer names a class: can be called and given a state, and does nothing."""

    __slots__ = ("name", "words")

    def __init__(self, name, words=()):
        self.name = name
        self.words = words

    def __call__(self, *words):
        return words[0] if self.name == "str" and words and isinstance(words[0], str) else _Inert(self.name, words)

    def __setstate__(self, state):
        pass


class _PlainUnpickler(_pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) in TEXT_CLASSES:
            return _Inert("str")
        if module in EXCEPTION_MODULES and name.endswith(("Exception", "Error")) and name.isidentifier():
            return _Inert(name)
        raise SocketError("refused", "the answer names %s.%s, which no answer of fail2ban does" % (text(module, 80), text(name, 80)))


def decode(answer):
    """Return the plain data (None, bool, numbers, text, lists, dicts) of a pickled answer.

    Raises SocketError with the state refused for anything else. Protocol 5 differs from 4 only by buffers, which no answer holds:
    so a Python that knows 4 reads the answer of a newer one.
    """
    if answer[:2] == b"\x80\x05" and sys.version_info < (3, 8):
        answer = b"\x80\x04" + answer[2:]
    if answer[:1] == b"\x80" and answer[1:2] > b"\x05":
        raise SocketError("unreadable", "the answer is in a newer pickle protocol than this Python knows")
    try:
        value = _PlainUnpickler(io.BytesIO(answer), encoding="utf-8", errors="backslashreplace").load()
    except SocketError:
        raise
    except Exception as error:  # whatever a broken pickle can raise: the answer is not one
        raise SocketError("refused", "the answer cannot be read: %s" % text(error, 120)) from None
    return _plain(value, [NODES_LIMIT], 0)


def _plain(value, left, depth):
    left[0] -= 1
    if depth > DEPTH_LIMIT:
        raise SocketError("refused", "the answer has more than %d levels" % DEPTH_LIMIT)
    if left[0] < 0:
        raise SocketError("large", "the answer has more than %d parts" % NODES_LIMIT)
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        if not abs(value) < NUMBER_LIMIT:  # not a number is not smaller either
            raise SocketError("refused", "the answer holds a number that fail2ban does not count to")
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (list, tuple, set, frozenset)):
        if all(isinstance(item, str) for item in value):  # the long lists are lists of text
            left[0] -= len(value)
            return list(value)
        return [_plain(item, left, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_key(key): _plain(item, left, depth + 1) for key, item in value.items()}
    if isinstance(value, _Inert):
        return "%s: %s" % (value.name, ", ".join(text(_plain(word, left, depth + 1)) for word in value.words))
    raise SocketError("refused", "the answer holds a %s" % type(value).__name__)


def _key(key):
    if not isinstance(key, (str, bytes, int)):
        raise SocketError("refused", "the answer holds a %s as a name" % type(key).__name__)
    return key if isinstance(key, str) else text(_plain(key, [1], 0))


class Connection:
    """A conversation with fail2ban-server over C(path) (bytes, as it can be opened); C(timeout) seconds for all of it.

    C(pid) is the server's process. Raises SocketError where the server cannot be asked.
    """

    def __init__(self, path, timeout):
        self._deadline = time.time() + timeout
        self._timeout = timeout
        _refuse_unsafe(path)
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(path)
            self.pid, uid, _gid = struct.unpack("3i", self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))
            if uid not in _trusted_owners(path):
                raise SocketError("unsafe", "a process of user id %d listens on the socket" % uid)
        except OSError as error:
            self._socket.close()
            raise _connect_error(error) from None
        except SocketError:
            self._socket.close()
            raise

    def ask_all(self, questions):
        """Return the answers' values as plain data, in the order of the questions (lists of text), which go out together.

        Raises ServerSaysNo when one of them is answered with an error, or SocketError.
        """
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(b"".join(_pickle.dumps(list(question), QUESTION_PROTOCOL) + END for question in questions))
            answers = self._receive(len(questions))
        except _socket.timeout:
            raise SocketError("timeout", "no answer within %s seconds" % self._timeout) from None
        except OSError as error:
            raise SocketError("refused", "the conversation broke off: %s" % text(error, 120)) from None
        return [_value(decode(answer)) for answer in answers]

    def close(self):
        """Tell the server that nothing more comes, as its own client does."""
        try:
            self._socket.settimeout(1)
            self._socket.sendall(CLOSE + END)
        except OSError:
            pass
        self._socket.close()

    def _left(self):
        left = self._deadline - time.time()
        if left <= 0:
            raise _socket.timeout()
        return left

    def _receive(self, count):
        """Return C(count) answers as they were pickled. A block may end within an end mark."""
        received = bytearray()
        marks = searched = 0
        while marks < count or not received.endswith(END):
            self._socket.settimeout(self._left())
            block = self._socket.recv(65536)
            if not block:
                raise SocketError("refused", "the server closed the conversation")
            received += block
            found = received.count(END, searched)
            if found:
                marks += found
                searched = received.rfind(END) + len(END)
            searched = max(searched, len(received) - len(END) + 1)
            if len(received) > ANSWER_LIMIT:
                raise SocketError("large", "the answer is longer than %d bytes" % ANSWER_LIMIT)
        answers = bytes(received).split(END)[:-1]
        if len(answers) != count:
            raise SocketError("refused", "%d answers to %d questions" % (len(answers), count))
        return answers


def _value(answer):
    """Return what an answer says. Raises ServerSaysNo for an error."""
    if not isinstance(answer, list) or len(answer) != 2 or answer[0] not in (0, 1):
        raise ServerSaysNo(text(answer))
    if answer[0] == 1:
        raise ServerSaysNo(text(answer[1]))
    return answer[1]


def _connect_error(error):
    if isinstance(error, _socket.timeout):
        return SocketError("timeout", "nobody takes the connection")
    return SocketError(CONNECT_STATES.get(error.errno, "refused"), os.strerror(error.errno) if error.errno else text(error, 120))


def _refuse_unsafe(path):
    """Raise SocketError for what is no socket, or lies where any user could have put it."""
    try:
        folder = os.stat(os.path.dirname(path))
        node = os.lstat(path)
    except OSError as error:
        raise _connect_error(error) from None
    if not stat.S_ISSOCK(node.st_mode):
        raise SocketError("unsafe", "it is not a socket")
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        raise SocketError("unsafe", "any user may write to its directory")
    if node.st_uid not in _trusted_owners(path):
        raise SocketError("unsafe", "it belongs to user id %d" % node.st_uid)


def _trusted_owners(path):
    """Return the user ids that may serve the socket: root, ourselves, and the owner of the directory it was configured into."""
    folder = os.stat(os.path.dirname(path))
    owners = {0, os.geteuid()}
    if not folder.st_mode & stat.S_IWOTH:
        owners.add(folder.st_uid)
    return owners
