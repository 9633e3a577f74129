# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions in binaries that are read block by block: whole at every place of an edge, and a file that is cut meanwhile only ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_components
from ansible_collections.bottomup.security.plugins.module_utils.checks.software_components import BLOCK, BUILD_ID, COMPONENTS, OVERLAP

PHP = next(component.version for component in COMPONENTS if component.name == "php")
EDGES = [edge + shift for edge in (BLOCK, BLOCK + OVERLAP) for shift in (-200, -129, -127, -12, -9, -5, -1, 0, 1, 200)]


def versions(path: Path, pattern: bytes) -> set[bytes]:
    return software_components._in_binary(os.fsencode(path), pattern)


def written(path: Path, place: int, words: bytes) -> Path:
    content = bytearray(2 * BLOCK + 100)
    content[place : place + len(words)] = words
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("place", EDGES)
def test_a_version_at_the_edge_of_a_block_is_whole(tmp_path: Path, place: int) -> None:
    assert versions(written(tmp_path / "php", place, b"X-Powered-By: PHP/8.12.17"), PHP) == {b"8.12.17"}


@pytest.mark.parametrize("place", EDGES)
def test_the_id_of_a_build_at_the_edge_of_a_block(tmp_path: Path, place: int) -> None:
    path = written(tmp_path / "redis-server", place, b"\x0017.2.4web1-170000000000000000\x00")
    with path.open("ab") as file:
        file.write(b"\x0017.2.4\x00")
    assert versions(path, BUILD_ID) == {b"17.2.4"}


@pytest.mark.parametrize("size", [0, 1, 30, BLOCK - 1, BLOCK, BLOCK + OVERLAP])
def test_a_version_at_the_end_of_a_file_of_any_size(tmp_path: Path, size: int) -> None:
    path = tmp_path / "php"
    path.write_bytes(bytes(size) + b"PHP/8.2.7")
    assert versions(path, PHP) == {b"8.2.7"}


def test_a_file_that_is_cut_while_it_is_read_ends(tmp_path: Path) -> None:
    path = written(tmp_path / "php", BLOCK * 2, b"PHP/8.2.7")
    with path.open("r+b") as file:
        blocks = software_components._blocks(file.fileno())
        next(blocks)
        file.truncate(BLOCK + 10)
        assert [(len(block), last) for block, _first, last in blocks] == [(10, True)]
