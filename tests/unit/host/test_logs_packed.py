# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs under the endings of archives: what is in them, who can unpack them, and when the time is up."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import time
from collections.abc import Callable
from pathlib import Path

import needs
import pytest
from backports import zstd

from ansible_collections.bottomup.security.plugins.module_utils.host import archives, logs
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import COMMAND_LEAST, Machine

LINES = b"one line of a log\n" * 100
PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd.compress}

each_ending = pytest.mark.parametrize("ending", PACKERS)


def look(machine: Machine, path: Path, content: bytes) -> tuple[bytes, list[str]]:
    """Return the text of a log and what is said of it, without its path."""
    path.write_bytes(content)
    (log,), problems = logs.open_logs(machine, logs.described(machine, [os.fsencode(path)]))
    with log:
        text = b"".join(log.blocks())
    return text, problems + [problem.removeprefix(f"{path}: ") for problem in log.problems]


@each_ending
def test_an_archive_is_unpacked_by_python_or_by_the_program(tmp_path: Path, ending: str) -> None:
    if ending == "zst":
        needs.command("zstd")
    assert look(Machine(), tmp_path / f"log.{ending}", PACKERS[ending](LINES) * 2) == (LINES * 2, [])


@each_ending
@pytest.mark.parametrize("text", [LINES, b"", b"B", b"\x1b[1mcolours\x1b[0m\n"], ids=["lines", "empty", "one letter", "colours"])
def test_a_log_that_was_only_renamed_is_read(tmp_path: Path, ending: str, text: bytes) -> None:
    assert look(Machine(), tmp_path / f"log.{ending}", text)[0] == text


@each_ending
def test_garbage_is_said_to_be_damaged(tmp_path: Path, ending: str) -> None:
    if ending == "zst":
        needs.command("zstd")
    text, problems = look(Machine(), tmp_path / f"log.{ending}", b"\0\1garbage" * 10)
    assert text == b"" and "the archive is damaged" in problems[0]


def test_what_this_host_cannot_unpack_is_said_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "bz2", None)
    monkeypatch.setattr(Machine, "which", lambda *_name: None)
    assert look(Machine(), tmp_path / "log.bz2", bz2.compress(LINES)) == (b"", ["not read: this Python cannot unpack .bz2"])
    assert look(Machine(), tmp_path / "log.zst", zstd.compress(LINES)) == (b"", ["not read: neither zstd nor a Python that reads it is installed"])


def test_a_damaged_zst_gives_the_text_before_the_damage(tmp_path: Path) -> None:
    needs.command("zstd")
    text, problems = look(Machine(), tmp_path / "log.zst", zstd.compress(LINES) + zstd.compress(LINES)[:-9])
    assert text.startswith(LINES) and problems == ["the archive is damaged or cut short: zstd ended with 1"]


@pytest.mark.parametrize("ending", ["log", *PACKERS])
def test_where_the_time_is_up_the_rest_is_not_read_and_that_is_said(tmp_path: Path, ending: str) -> None:
    machine = Machine()
    machine.deadline = time.time() - 1
    content = LINES if ending == "log" else PACKERS[ending](LINES)
    assert look(machine, tmp_path / f"log.{ending}", content) == (b"", ["the time was up, the rest was not read"])


def test_frames_without_text_end_with_the_time(tmp_path: Path) -> None:
    needs.command("zstd")
    machine = Machine()
    machine.deadline = time.time() + 0.1
    # What little zstd holds back until there is more is lost with it.
    assert look(machine, tmp_path / "log.zst", zstd.compress(b"") * 12_000_000)[1] == ["the time was up, the rest was not read"]


def test_a_command_that_does_not_answer_is_stopped_in_time() -> None:
    machine = Machine()
    machine.deadline = time.time() - 1
    started = time.time()
    assert machine.run([b"/bin/sleep", b"60"], timeout=60).timed_out
    with machine.stream([b"/bin/sleep", b"60"], timeout=60) as stream:
        assert list(stream) == []
    assert stream.timed_out
    assert time.time() - started >= 2 * COMMAND_LEAST


def test_a_late_check_can_still_ask_what_answers_at_once() -> None:
    machine = Machine()
    machine.deadline = time.time() - 1
    assert machine.run([b"/bin/echo", b"yes"]).out == b"yes\n"
