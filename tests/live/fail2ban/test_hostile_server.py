# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens on the socket is not fail2ban: nothing of its answer may be executed, and no answer may make the check hang or swell."""

from __future__ import annotations

import io
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import needs
import pytest
import real_fail2ban

END = b"<F2B_END_COMMAND>"


class Named:
    """Pickles into a call of any function by its name."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


def named(module: str, name: str, argument: bytes = b"V1\n") -> bytes:
    """Return a pickle, protocol 0, that calls module.name with one argument inside a proper answer."""
    return b"(I0\nc" + module.encode() + b"\n" + name.encode() + b"\n(" + argument + b"tRt."


def laughs() -> bytes:
    """Return a small pickle that holds a list of 2**40 parts."""
    value: list[Any] = ["ha"]
    for _level in range(40):
        value = [value, value]
    return pickle.dumps((0, value), 4)


def deep() -> bytes:
    return b"(I0\n" + b"(" * 100000 + b"l" * 100000 + b"t."


MARK = "/tmp/never-written-by-a-pickle"

# what comes back for the first question: answer, the state of the socket
ANSWERS = {
    "os.system": pickle.dumps((0, Named(os.system, "touch " + MARK)), 2),
    "os.system-4": pickle.dumps((0, Named(os.system, "touch " + MARK)), 4),
    "subprocess": pickle.dumps((0, Named(subprocess.Popen, ["touch", MARK])), 4),
    "eval": pickle.dumps((0, Named(eval, f"open({MARK!r}, 'w')")), 4),
    "open": pickle.dumps((0, Named(io.open, MARK, "w")), 4),
    "getattr": named("builtins", "getattr"),
    "exception-with-dots": b"(I0\ncbuiltins\nobject.__class__.Error\n(V1\ntRt.",
    "exception-of-elsewhere": named("os", "OSError"),
    "instance": b"(I0\n(ios\nsystem\nt.",
    "persistent": b"(I0\nPsecret\nt.",
    "extension": b"\x80\x02(I0\n\x82\x01t.",
    "not-a-pickle": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "cut": pickle.dumps((0, "1.0.2"), 4)[:-3],
    "laughs": laughs(),
    "deep": deep(),
    "newer": b"\x80\x06" + pickle.dumps((0, "1.0.2"), 4)[2:],
    "nothing": b"",
    "text": pickle.dumps("SHUTDOWN", 4),
    "three": pickle.dumps((0, 1, 2), 4),
    "error": pickle.dumps((1, ValueError("Invalid command")), 4),
}
STATES = {"newer": "unreadable"}


@contextmanager
def listening(folder: Path, talk: Callable[[socket.socket], None]) -> Iterator[None]:
    """Serve C(talk) on the socket of the folder, one client after the other, until the block ends."""
    (folder / "conf").mkdir(exist_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(folder / "f2b.sock"))
    server.listen(1)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                client, _address = server.accept()
            except OSError:
                return
            with client:
                client.settimeout(20)
                try:
                    talk(client)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(30)
        assert not thread.is_alive()


def questions(client: socket.socket) -> Iterator[list[str]]:
    """Yield the questions of a conversation, of which several may come at once."""
    received = b""
    while block := client.recv(65536):
        *whole, received = (received + block).split(END)
        for words in whole:
            if words.startswith(b"<F2B"):
                return
            yield pickle.loads(words)


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    def talk(client: socket.socket) -> None:
        for _words in questions(client):
            client.sendall(answer + END)

    return talk


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_answer_is_refused(tmp_path: Path, name: str) -> None:
    """Never ok, never an exception, nothing executed: a finding that says so, and status incomplete."""
    with listening(tmp_path, saying(ANSWERS[name])):
        result = real_fail2ban.run(tmp_path, transport="socket", timeout=5)
    assert not Path(MARK).exists()
    assert result["status"] == "incomplete", result
    assert [finding["rule"] for finding in result["findings"]] == ["fail2ban.bad_answer"]
    assert result["data"]["socket"]["state"] == STATES.get(name, "refused")


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.11", "3.13"])
def test_answer_is_refused_by_every_python(version: str) -> None:
    """The unpickler of each Python refuses the same answers."""
    script = (
        "import sys\n"
        f"sys.path.insert(0, {str(real_fail2ban.conftest.COLLECTIONS)!r})\n"
        "from ansible_collections.bottomup.security.plugins.module_utils.checks.fail2ban_socket import SocketError, decode\n"
        "for line in sys.stdin:\n"
        "    name, answer = line.split()\n"
        "    try:\n"
        "        decode(bytes.fromhex(answer))\n"
        "        print(name)\n"
        "    except SocketError:\n"
        "        pass\n"
    )
    plain = {"text", "three", "error"}
    lines = "".join(f"{name} {answer.hex()}\n" for name, answer in ANSWERS.items() if answer)
    ran = subprocess.run([needs.python(version), "-B", "-c", script], input=lines, capture_output=True, text=True, timeout=120, check=True)
    assert set(ran.stdout.split()) == plain
    assert not Path(MARK).exists()


WELL_FORMED_NONSENSE = {
    "version-is-a-list": lambda words: [1, 2],
    "banned-is-a-number": lambda words: 7 if words[0] == "banned" else "1.0.2",
    "banned-is-text": lambda words: "abc" if words[0] == "banned" else "1.0.2",
    "status-is-text": lambda words: [{"a": []}] if words[0] == "banned" else "1.0.2",
    "counters-are-text": lambda words: {"banned": [{"a": []}], "status": [["Filter", [["Total failed", "x"]]]]}.get(words[0], "1.0.2"),
    "settings-are-lists": lambda words: {"banned": [], "get": [[1]]}.get(words[0], "1.0.2"),
}


@pytest.mark.parametrize("name", sorted(WELL_FORMED_NONSENSE))
def test_nonsense_in_the_right_form(tmp_path: Path, name: str) -> None:
    """Plain data of the wrong shape ends as incomplete with a reason."""

    def talk(client: socket.socket) -> None:
        for words in questions(client):
            client.sendall(pickle.dumps((0, WELL_FORMED_NONSENSE[name](words)), 4) + END)

    with listening(tmp_path, talk):
        result = real_fail2ban.run(tmp_path, transport="socket", timeout=5)
    assert result["status"] == "incomplete" and result["status_reason"]


def test_names_are_escaped_and_lists_are_cut(tmp_path: Path) -> None:
    """Jail names with control characters and markup, and 5,000 banned addresses, come out as plain, short text."""
    evil = "<script>alert(1)</script>\x1b[2J{{ 7*7 }}" + "x" * 5000
    answers: dict[str, Any] = {
        "version": "1.0.2",
        "banned": [{evil: []}],
        "status": [["Filter", [["Total failed", 0], ["File list", []]]], ["Actions", [["Banned IP list", []]]]],
        "--with-time": [f"10.0.{number // 256}.{number % 256} \t2026-11-22 10:00:00 + 60 = 2026-11-22 10:01:00" for number in range(5000)],
        "ignoreip": ["127.0.0.0/8"] * 3000,
        "logtarget": "/nonexistent\n\x1b]0;title\x07",
    }

    def talk(client: socket.socket) -> None:
        for words in questions(client):
            value = answers.get(words[-1], answers.get(words[0], None if words[-1] != "logpath" else []))
            client.sendall(pickle.dumps((0, value), 4) + END)

    with listening(tmp_path, talk):
        result = real_fail2ban.run(tmp_path, transport="socket", timeout=10)
    [jail] = result["data"]["jails"]
    assert len(jail["banned_ips"]) == 100 and result["data"]["cut"] == {"banned_ips": 4900, "ignoreip": 2950}
    shown = repr(result)
    assert "\x1b" not in shown and "\\x1b" not in repr(jail["name"]).replace("\\\\x1b", "") and len(jail["name"]) < 600
    assert result["status"] == "incomplete"


@pytest.mark.parametrize("how", ["silent", "dripping", "endless"])
def test_server_that_stalls(tmp_path: Path, how: str) -> None:
    """F18: given up after the time limit or at the size limit, whatever trickles in."""

    def talk(client: socket.socket) -> None:
        next(questions(client))
        while how != "silent":
            client.sendall(b"x" if how == "dripping" else b"x" * 65536)
            time.sleep(0.05 if how == "dripping" else 0)
        client.recv(1)

    with listening(tmp_path, talk):
        result = real_fail2ban.run(tmp_path, transport="socket", timeout=1 if how != "endless" else 20)
    assert result["status"] == "incomplete"
    assert result["data"]["socket"]["state"] == ("large" if how == "endless" else "timeout")
    # Hundreds of thousands of bans are no sign of somebody else: nothing of the kind is said.
    assert how != "endless" or [(one["rule"], one["severity"]) for one in result["findings"]] == [("fail2ban.bad_answer", "low")]


def test_queue_of_waiting_clients_is_full(tmp_path: Path) -> None:
    """Nobody takes the connection: given up as well."""
    (tmp_path / "conf").mkdir()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(tmp_path / "f2b.sock"))
    server.listen(0)
    waiting = []
    for _number in range(3):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.setblocking(False)
        client.connect_ex(str(tmp_path / "f2b.sock"))
        waiting.append(client)
    result = real_fail2ban.run(tmp_path, timeout=1)
    for client in [*waiting, server]:
        client.close()
    assert (result["status"], result["data"]["socket"]["state"]) == ("incomplete", "timeout")


def test_socket_of_somebody_else(tmp_path: Path) -> None:
    """A socket that any user could have put there is not talked to."""
    needs.root()
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with listening(shared, saying(pickle.dumps((0, "1.0.2"), 2))):
        result = real_fail2ban.run(shared)
    assert (result["status"], result["data"]["socket"]["state"]) == ("incomplete", "unsafe")
    shared.chmod(0o755)
    os.unlink(shared / "f2b.sock")
    (shared / "f2b.sock").write_text("")
    assert real_fail2ban.run(shared)["data"]["socket"]["state"] == "unsafe"
    os.unlink(shared / "f2b.sock")
    with listening(shared, saying(pickle.dumps((0, "1.0.2"), 2))):
        os.chown(shared / "f2b.sock", 65534, 65534)
        assert real_fail2ban.run(shared)["data"]["socket"]["state"] == "unsafe"


def test_unpickler_offers_nothing() -> None:
    """Every name of every loaded module is refused, but text and exceptions, which come back as inert words."""
    from ansible_collections.bottomup.security.plugins.module_utils.checks.fail2ban_socket import SocketError, decode

    allowed = set()
    for module in sorted(sys.modules):
        for name in ("system", "str", "eval", "exec", "__import__", "Popen", "loads", "getattr", "ValueError", "UnknownJailException", "bytes", "set"):
            try:
                decode(named(module, name))
                allowed.add((module, name))
            except SocketError:
                pass
    assert allowed == {("builtins", "str"), ("builtins", "ValueError"), ("builtins", "UnknownJailException")}
    assert decode(named("builtins", "ValueError")) == [0, "ValueError: 1"]
    assert decode(named("fail2ban.exceptions", "UnknownJailException")) == [0, "UnknownJailException: 1"]
    assert decode(named("builtins", "str", b"V192.0.2.1\n")) == [0, "192.0.2.1"]
