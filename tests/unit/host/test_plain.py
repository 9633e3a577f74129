# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies where users may write is opened only where it is a plain file: to open a device is to use it."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban_log_read, fail2ban_silent, restart_elf, software_components
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.module_utils.host.plain import open_plain

IN_OPEN = 0x20
NOW = 1_767_351_600


def fails(look: Callable[[], object]) -> None:
    with pytest.raises(OSError):
        look()


LOOKS: dict[str, Callable[[bytes], object]] = {
    "open_plain": lambda path: fails(lambda: open_plain(path)),
    "Machine.read": lambda path: fails(lambda: Machine(now=NOW).read(path)),
    "Machine.read in another root": lambda path: fails(lambda: Machine(os.path.dirname(path), now=NOW).read(b"/" + os.path.basename(path))),
    "version in a binary": lambda path: software_components._in_binary(path, rb"(1)") and None,
    "is_elf": lambda path: restart_elf.is_elf(path) is None,
    "build_id": lambda path: fails(lambda: restart_elf.build_id(path)),
    "soname": lambda path: fails(lambda: restart_elf.soname(path)),
    "same_content": lambda path: restart_elf.same_content(path, path) is None,
    "log of a jail": lambda path: fail2ban_silent.look(
        Machine(now=NOW), {"backend": "files", "files": [os.fsdecode(path)], "ignoreip": []}, "sshd", NOW
    ),
    "log of fail2ban": lambda path: fail2ban_log_read.read(Machine(now=NOW), os.fsdecode(path), NOW - 60, NOW).gaps,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_a_link_to_what_is_no_plain_file_is_never_opened(look: Callable[[bytes], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert watch >= 0 and libc.inotify_add_watch(watch, os.fsencode(tmp_path / "pipe"), IN_OPEN) >= 0
    try:
        look(os.fsencode(tmp_path / "link"))
        with contextlib.suppress(BlockingIOError):
            assert not os.read(watch, 4096), "it was opened"
        os.close(os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK))
        assert os.read(watch, 4096), "the watch does not see what is opened"
    finally:
        os.close(watch)


def test_a_plain_file_is_the_one_that_was_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    before = len(os.listdir("/proc/self/fd"))
    descriptor = open_plain(os.fsencode(tmp_path / "link"))
    assert os.read(descriptor, 100) == b"content"
    os.close(descriptor)
    for odd in ("/dev/null", "/dev/tty", os.fsdecode(tmp_path), "/nonexistent"):
        fails(lambda odd=odd: open_plain(os.fsencode(odd)))  # type: ignore[misc]
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", ["pipe", "folder", "gone"])
def test_a_jail_whose_log_is_no_file_is_judged_by_its_other_logs(kind: str, tmp_path: Path) -> None:
    odd = tmp_path / "odd.log"
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    (tmp_path / "good.log").write_text("2026-01-02T11:00:00Z h sshd[1]: Invalid user x from 192.0.2.1 port 22\n" * 3)
    jail = {"backend": "files", "files": [str(odd), str(tmp_path / "good.log")], "ignoreip": []}
    found = fail2ban_silent.look(Machine(now=NOW), jail, "sshd", NOW - 60)
    assert found is not None and found.count == 3
