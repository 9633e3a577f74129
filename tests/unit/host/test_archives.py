# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packed logs as they are found, and as somebody makes them who wants to blind the check."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.host import archives

Pack = Callable[[bytes], bytes]
PACKERS: list[tuple[bytes, Pack]] = [(b"gz", gzip.compress), (b"bz2", bz2.compress), (b"xz", lzma.compress), (b"zst", zstd.compress)]
NOISE = hashlib.shake_128(b"noise").digest(5000)
LINES = b"one line of a log\n" * 100

packed_by = pytest.mark.parametrize(("ending", "pack"), PACKERS)


@pytest.fixture(autouse=True)
def _zstd_of_python_3_14(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.14 has the same module as C(compression.zstd)."""
    monkeypatch.setattr(archives, "zstd", zstd)
    monkeypatch.setattr(archives, "DAMAGED", (*archives.DAMAGED, zstd.ZstdError))


def read(stream: IO[bytes], ending: bytes, size: int = 65536) -> tuple[bytes, str]:
    """Return the text of an archive and what is wrong with it."""
    text = b""
    try:
        for block in archives.unpack(stream.fileno(), ending, size):
            text += block
    except archives.DAMAGED as error:
        return text, str(error)
    return text, ""


def unpacked(path: Path, ending: bytes) -> tuple[bytes, str]:
    with path.open("rb") as stream:
        return read(stream, ending)


def put(folder: Path, content: bytes) -> Path:
    path = folder / "log"
    path.write_bytes(content)
    return path


@packed_by
def test_the_text_before_the_garbage_is_kept_and_the_garbage_said(tmp_path: Path, ending: bytes, pack: Pack) -> None:
    assert unpacked(put(tmp_path, pack(LINES) + b"garbage"), ending) == (LINES, "there is garbage behind it")


@packed_by
def test_the_text_before_the_cut_is_kept_and_the_cut_said(tmp_path: Path, ending: bytes, pack: Pack) -> None:
    whole = pack(LINES)
    text, problem = unpacked(put(tmp_path, whole + whole[:-9]), ending)
    # Of zstd, whose frame is cut here within its one block, there is nothing to be had.
    assert text == (LINES if ending == b"zst" else LINES * 2) and problem == "its end is missing"


@packed_by
def test_members_behind_zeros_are_read(tmp_path: Path, ending: bytes, pack: Pack) -> None:
    assert unpacked(put(tmp_path, pack(LINES) + bytes(600_000) + pack(LINES) + bytes(8)), ending) == (LINES * 2, "")


@packed_by
def test_a_hole_behind_an_archive_is_no_work(tmp_path: Path, ending: bytes, pack: Pack) -> None:
    path = put(tmp_path, pack(LINES))
    os.truncate(path, 1 << 40)
    assert unpacked(path, ending) == (LINES, "")


@packed_by
def test_members_without_text_come_to_an_end(tmp_path: Path, ending: bytes, pack: Pack) -> None:
    text, problem = unpacked(put(tmp_path, pack(LINES) + pack(b"") * (archives.EMPTY_LIMIT + 1) + pack(LINES)), ending)
    assert text == LINES and "members without text" in problem


@packed_by
def test_a_log_of_many_small_members_is_read_whole_in_large_blocks(tmp_path: Path, ending: bytes, pack: Pack) -> None:
    path = put(tmp_path, pack(b"a line\n") * 20_000)
    with path.open("rb") as stream:
        blocks = list(archives.unpack(stream.fileno(), ending, 65536))
    assert b"".join(blocks) == b"a line\n" * 20_000 and len(blocks) < 10


def test_a_name_in_the_header_without_end_is_said(tmp_path: Path) -> None:
    header = b"\x1f\x8b\x08\x08\0\0\0\0\0\3"
    assert unpacked(put(tmp_path, gzip.compress(LINES) + header + b"n" * 300_000), b"gz") == (LINES, "its end is missing")


def test_a_dictionary_that_is_too_large_is_said_after_the_text_before_it(tmp_path: Path) -> None:
    large = lzma.compress(LINES, filters=[{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 256 << 20}])
    text, problem = unpacked(put(tmp_path, lzma.compress(LINES) + large), b"xz")
    assert text == LINES and "limit" in problem


@given(
    st.sampled_from(PACKERS),
    st.lists(st.tuples(st.sampled_from([b"", b"\n", LINES, NOISE, LINES * 40]), st.sampled_from([0, 4, 5000])), max_size=4),
    st.sampled_from([1000, 65536]),
    st.integers(0, 100_000),
)
def test_what_a_cut_archive_gives_is_the_beginning_of_the_text(packer: tuple[bytes, Pack], members: list[tuple[bytes, int]], size: int, cut: int) -> None:
    ending, pack = packer
    text = b"".join(member for member, _zeros in members)
    with tempfile.TemporaryFile() as stream:
        stream.write(b"".join(pack(member) + bytes(zeros) for member, zeros in members))
        stream.flush()
        assert read(stream, ending, size) == (text, "")
        os.truncate(stream.fileno(), min(cut, os.fstat(stream.fileno()).st_size))
        assert text.startswith(read(stream, ending, size)[0])
