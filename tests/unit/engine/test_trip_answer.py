# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server may send back: only one whole answer with the right token, length and checksum is taken."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils import trip
from ansible_collections.bottomup.security.plugins.plugin_utils.untrusted import BadAnswer

TOKEN = "0123456789abcdef01234567"


def framed(body: str, form: str = "json", token: str = TOKEN, length: int | None = None, digest: str | None = None, tail: str | None = None) -> str:
    head = f"\n==bottomup.security {token} {form} {len(body) if length is None else length} {digest or f'{zlib.crc32(body.encode()):08x}'}==\n"
    return head + body + (f"\n==end {token}==\n" if tail is None else tail)


def packed(document: object) -> str:
    return base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()


WHOLE = {
    "json": framed('{"a": 1}'),
    "zlib": framed(packed({"a": 1}), "zlib"),
    "noise before": "Welcome\x1b[1m\n== {}" + framed('{"a": 1}'),
    "noise behind": framed('{"a": 1}') + "logout\n",
    "an answer to somebody else before": framed('{"a": 2}', token="f" * 24) + framed('{"a": 1}'),
}


@pytest.mark.parametrize("stdout", WHOLE.values(), ids=list(WHOLE))
def test_whole_answer(stdout: str) -> None:
    assert trip.read_answer(TOKEN, 0, stdout, "") == {"a": 1}


BOMB = base64.b64encode(zlib.compress(b"[" + b" " * (trip.DOCUMENT_LIMIT + 10) + b"]", 1)).decode()
BROKEN = {
    "nothing": ("", "nothing was said"),
    "another token": (framed("{}", token="f" * 24), "no answer from the checks"),
    "cut in the body": (framed('{"a": 1}')[:-40], "was cut off after"),
    "no end": (framed('{"a": 1}', tail=""), "was cut off after"),
    "shorter than it says": (framed("{}", length=500), "was cut off after"),
    "longer than it says": (framed('{"a": 1}', length=3), "was cut off after"),
    "checksum": (framed("{}", digest="0" * 8), "checksum differs"),
    "no json": (framed("{"), "not what the payload sends"),
    "no base64": (framed("!!!!", "zlib"), "not what the payload sends"),
    "no zlib": (framed("AAAA", "zlib"), "not what the payload sends"),
    "zlib cut": (framed(packed({"a": 1})[:8], "zlib"), "cut, or larger"),
    "bomb": (framed(BOMB, "zlib"), "cut, or larger"),
    "too large": (framed("{}", length=trip.WIRE_LIMIT + 1), "larger than 16 MiB"),
    "deep nesting": (framed("[" * 200000), "not what the payload sends"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=list(BROKEN))
def test_broken_answer_is_told(case: tuple[str, str]) -> None:
    stdout, words = case
    with pytest.raises(trip.TripError, match=words):
        trip.read_answer(TOKEN, 0, stdout, "")


def test_an_answer_that_is_made_to_fill_memory_is_not_decoded() -> None:
    """13 million empty lists are a few kilobytes on the wire and 800 MiB in memory."""
    body = base64.b64encode(zlib.compress(b"[" + b"[]," * 13_000_000 + b"[]]", 1)).decode()
    with pytest.raises(BadAnswer, match="made to fill memory"):
        trip.read_answer(TOKEN, 0, framed(body, "zlib"), "")


@given(st.text(), st.text(), st.integers(0, 255))
def test_any_other_text_is_an_error_and_nothing_else(stdout: str, stderr: str, rc: int) -> None:
    with pytest.raises(trip.TripError):
        trip.read_answer(TOKEN, rc, stdout, stderr)


SAID = {
    "sudo wants a password": ("sudo: a password is required", "become needs a password"),
    "not in sudoers": ("web is not in the sudoers file.", "may not become"),
    "tty": ("sudo: sorry, you must have a tty to run sudo", "requiretty"),
    "disk full": ("sh: write error: No space left on device", "disk is full"),
    "something else": ("Traceback\nValueError: x", "ValueError: x"),
    "only what ssh says of itself": ("Warning: Permanently added '[::1]:22' (ED25519) to the list of known hosts.", "nothing was said"),
}


@pytest.mark.parametrize("case", SAID.values(), ids=list(SAID))
def test_the_reason_is_what_the_server_said(case: tuple[str, str]) -> None:
    stderr, words = case
    with pytest.raises(trip.TripError, match=words):
        trip.read_answer(TOKEN, 1, "", stderr)


def test_command_is_one_line_that_any_shell_passes_on() -> None:
    for interpreter in (None, "/opt/my python/bin/python3", "python3.11"):
        line = trip.command(interpreter)
        assert "\n" not in line and "!" not in line
    assert "'" not in trip.command(None)


OF_ANSIBLE = {
    "refused": (
        'Data could not be sent to remote host "127.0.0.1". Make sure this host can be reached over ssh: '
        "ssh: connect to host 127.0.0.1 port 22: Connection refused\r\n",
        "no sshd at this address and port: does it run, is ansible_port right? (ssh: connect to host 127.0.0.1 port 22: Connection refused)",
    ),
    "screenful": (
        "Failed to connect to the host via ssh: @@@@@@@@\r\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!  @\r\nHost key verification failed.",
        "the host key is another one than before: find out why, then forget the old one with ssh-keygen -R (Host key verification failed.)",
    ),
    "become": ("Missing sudo password", "become needs a password: run with -K, or allow sudo without one (Missing sudo password)"),
    "other": ("Failed to connect to the host via ssh: Something else\n  went wrong", "Something else went wrong"),
}


@pytest.mark.parametrize("case", OF_ANSIBLE.values(), ids=list(OF_ANSIBLE))
def test_words_of_ansible(case: tuple[str, str]) -> None:
    assert trip.of_ansible(case[0]) == case[1]
