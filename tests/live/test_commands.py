# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the checks start commands: real ones, each bounded, none left behind."""

from __future__ import annotations

import os

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.host.machine import COMMAND_ENVIRONMENT, Command, Machine

MACHINE = Machine()


def sh(script: str, **more: object) -> Command:
    answer: Command = MACHINE.run([b"/bin/sh", b"-c", script.encode()], **more)
    return answer


def test_answer() -> None:
    assert sh("echo out; echo err >&2; exit 3") == Command(3, b"out\n", b"err\n", False, False)


def test_sees_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    foreign = os.open("/etc/passwd", os.O_RDONLY)
    os.set_inheritable(foreign, True)
    try:
        answer = sh("env; pwd; ls /proc/self/fd | wc -l")
    finally:
        os.close(foreign)
    words = answer.out.decode().splitlines()
    assert words[-2:] == ["/", "4"]  # its own three, and the folder that ls reads
    assert {line.partition("=")[0] for line in words[:-2]} - {"PWD", "SHLVL", "_", "OLDPWD"} == set(COMMAND_ENVIRONMENT)


@pytest.mark.parametrize("argv", [[b"/bin/there-is-none"], [b"/etc/passwd"], [b"/bin/echo", b"a\0b"]], ids=["missing", "no program", "null byte"])
def test_not_started(argv: list[bytes]) -> None:
    answer = MACHINE.run(argv)
    assert answer.rc == 127 and answer.err and not answer.out


def test_fed_more_than_a_pipe_holds() -> None:
    much = b"0123456789abcdef" * 200000
    assert MACHINE.run([b"/bin/cat"], stdin=much).out == much


def test_does_not_want_to_be_fed() -> None:
    assert MACHINE.run([b"/bin/true"], stdin=b"x" * 3000000).rc == 0


def test_too_slow() -> None:
    answer = sh("echo first; exec sleep 60", timeout=0.3)
    assert answer == Command(-9, b"first\n", b"", True, False)


def test_closes_its_streams_and_stays() -> None:
    assert sh("exec sleep 60 >&- 2>&-", timeout=0.3).rc == -9


def test_says_too_much() -> None:
    answer = sh("yes", limit=100000)
    assert (answer.rc, len(answer.out), answer.truncated) == (-9, 100000, True)


def test_killed() -> None:
    assert sh("kill -TERM $$").rc == -15


def test_broken_pipe_ends_it() -> None:
    assert sh("yes | head -n 1") == Command(0, b"y\n", b"", False, False)


def test_stream_to_the_end() -> None:
    with MACHINE.stream([b"/usr/bin/seq", b"300000"]) as stream:
        assert b"".join(stream).endswith(b"\n300000\n")
    assert (stream.rc, stream.timed_out, stream.truncated) == (0, False, False)


def test_stream_left_early() -> None:
    with MACHINE.stream([b"/usr/bin/yes"]) as stream:
        next(iter(stream))
    assert stream.rc == -9


def test_stream_limits() -> None:
    with MACHINE.stream([b"/bin/sleep", b"60"], timeout=0.2) as stream:
        assert not list(stream)
    assert stream.timed_out
    with MACHINE.stream([b"/usr/bin/yes"], limit=100000) as stream:
        assert sum(map(len, stream)) > 100000
    assert stream.truncated


def test_stream_of_a_descriptor_within_a_memory_limit() -> None:
    source = os.open("/etc/passwd", os.O_RDONLY)
    try:
        with MACHINE.stream([b"/bin/sh", b"-c", b"ulimit -v; cat"], source=source, memory=100 << 20) as stream:
            said = b"".join(stream)
    finally:
        os.close(source)
    assert said.startswith(b"102400\n") and b"root:" in said


def test_nothing_is_left() -> None:
    MACHINE.run([b"/bin/true"])
    before = os.listdir("/proc/self/fd")
    for argv in ([b"/bin/true"], [b"/bin/there-is-none"]):
        for _time in range(20):
            MACHINE.run(argv)
    assert os.listdir("/proc/self/fd") == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
