# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run makes of a file of this collection, kept as Python keeps what it imports (PEP 3147): beside the file, where that may be written.

The next run takes it from there, until the file or the code that made it changes. Whatever cannot be read is made anew, and whatever
cannot be written is made by every run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

from . import whole

_CHECK = struct.Struct("<I")


def stamp(*files: Path) -> bytes:
    """Return the time and the size of each file, as what is kept names them. Raises OSError."""
    abouts = [path.stat() for path in files]
    return b"".join(struct.pack("<QQ", about.st_mtime_ns, about.st_size) for about in abouts)


def kept(path: Path, kind: str, maker: bytes, make: Callable[[], bytes]) -> bytes:
    """Return what C(make) makes of the file, or what it made last time; C(maker) is the stamp of its own code. Raises what it raises, OSError."""
    head = _head(path, maker)
    content = _read(_beside(path, kind), head)
    if content is None:
        content = make()
        _write(path, kind, head, content)
    return content


def read(path: Path, kind: str, maker: bytes) -> bytes | None:
    """Return what is kept of the file, None where that is nothing, or not of this file and this code. Raises OSError where there is no file."""
    return _read(_beside(path, kind), _head(path, maker))


def write(path: Path, kind: str, maker: bytes, content: bytes) -> None:
    """Keep what was made of the file, where that may be done. Raises OSError where there is no file."""
    _write(path, kind, _head(path, maker), content)


def _beside(path: Path, kind: str) -> Path:
    return Path(importlib.util.cache_from_source(str(path), optimization=kind))


def _head(path: Path, maker: bytes) -> bytes:
    return importlib.util.MAGIC_NUMBER + stamp(path) + maker


def _read(beside: Path, head: bytes) -> bytes | None:
    try:
        found = beside.read_bytes()
    except OSError:
        return None
    content = found[len(head) + _CHECK.size :]
    # The sum is for a file whose end was lost: nobody waits for the disk here.
    return content if found.startswith(head + _CHECK.pack(zlib.crc32(content))) else None


def _write(path: Path, kind: str, head: bytes, content: bytes) -> None:
    if sys.dont_write_bytecode:
        return
    beside = _beside(path, kind)
    with contextlib.suppress(OSError):
        beside.parent.mkdir(parents=True, exist_ok=True)
        # Whoever may read the file may read what was made of it.
        whole.write(beside, head + _CHECK.pack(zlib.crc32(content)) + content, mode=path.stat().st_mode & 0o666 | 0o200)
