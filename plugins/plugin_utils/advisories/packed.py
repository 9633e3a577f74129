# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives packed by gzip (.tar.gz) or zstd (.tar.zst), read as a stream: nothing is unpacked to a disk, and nothing grows beyond its limits.

Python has zstd in its standard library from 3.14 on. Before that it is the package C(backports.zstd), which is the same code, or the program C(zstd).
"""

from __future__ import annotations

import contextlib
import gzip
import importlib
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from .feed import MEMBERS_LIMIT, RECORD_LIMIT, FeedError

TOTAL_LIMIT = 64 * 1024 * 1024 * 1024  # bytes of all members: Red Hat's statements repeat each package for every architecture
RATIO_LIMIT = 500  # how much larger than the archive its members may be
RATIO_FROM = 256 * 1024 * 1024  # bytes that may come before that is asked

HEADERS_LIMIT = 1024 * 1024  # bytes between two members: tarfile takes long names and extended headers into memory before it tells of a member

ZSTD, GZIP = ".tar.zst", ".tar.gz"

WINDOW_LOG = 27  # 128 MB: what an archive may make the reader keep; the program's own limit as well

MODULES = ("compression.zstd", "backports.zstd")
NEEDED = "reading .tar.zst needs Python 3.14, or the package backports.zstd (pip install backports.zstd), or the program zstd"


def tar_members(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the regular files of a .tar.zst whose names end in C(suffix), at most a byte more than RECORD_LIMIT of each."""
    return _members(path, suffix, ZSTD, _opened)


def gzip_members(path: Path, suffix: str) -> Iterator[tuple[str, bytes]]:
    """Yield the same of a .tar.gz."""
    return _members(path, suffix, GZIP, lambda path: cast(Any, gzip.open(path)))


def _members(path: Path, suffix: str, kind: str, opened: Callable[[Path], contextlib.AbstractContextManager[BinaryIO]]) -> Iterator[tuple[str, bytes]]:
    total = 0
    try:
        size = path.stat().st_size
        with opened(path) as stream, tarfile.open(fileobj=cast(Any, limited := _Limited(stream, size, path.name)), mode="r|") as archive:
            for count, member in enumerate(archive):
                if count > MEMBERS_LIMIT:
                    raise FeedError(f"{path.name} holds more than {MEMBERS_LIMIT} files")
                # Names are never paths here; GitHub's archives may hold links that say anything.
                if kind == ZSTD and (member.name.startswith("/") or ".." in member.name.split("/") or "\\" in member.name):
                    raise FeedError(f"{path.name} holds a file with the name {text(member.name, 100)}, which no real one does")
                total += member.size
                # Where the next header is: a folder's size, or that of a file with holes, is only a claim.
                limited.expect(cast(Any, archive).offset)
                if total > TOTAL_LIMIT:
                    raise FeedError(f"{path.name} unpacks to more than {TOTAL_LIMIT >> 30} GB")
                found = archive.extractfile(member) if member.isreg() and member.name.endswith(suffix) else None
                if found is not None:
                    yield member.name, found.read(RECORD_LIMIT + 1)
                # A stream of a tar file keeps every header it saw.
                cast(Any, archive).members.clear()
    except (OSError, tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise FeedError(f"{path.name} is not a whole {kind} archive: {text(error, 200)}") from None


def _opened(path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    """Return what opens what a file packed by zstd holds, and raises OSError where it is damaged. FeedError where nothing can read it."""
    module = _module()
    if module is not None:
        return _by_module(module, path)
    program = shutil.which("zstd")
    if program is None:
        raise FeedError(NEEDED)
    return _unpacking(program, path)


@contextlib.contextmanager
def _by_module(module: Any, path: Path) -> Iterator[BinaryIO]:
    options = {module.DecompressionParameter.window_log_max: WINDOW_LOG}
    try:
        with module.ZstdFile(path, "rb", options=options) as stream:
            yield stream
    except module.ZstdError as error:
        raise OSError(str(error)) from None


def _module() -> Any:
    """Return the module that unpacks, None where there is none. It is looked for late: only fleets with RHEL need it."""
    for name in MODULES:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None


@contextlib.contextmanager
def _unpacking(program: str, path: Path) -> Iterator[BinaryIO]:
    command = [program, "-dcq", f"--memory={1 << (WINDOW_LOG - 20)}MB", "--", str(path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            stream = cast(BinaryIO, process.stdout)
            yield stream
            # What comes behind the end of the tar file is only padding; the program's verdict is over the whole file.
            while stream.read(1 << 20):
                pass
            words = process.stderr.read(1000) if process.stderr else b""
            if process.wait():
                raise OSError(text(words.strip() or b"zstd failed", 200))
        finally:
            process.kill()


class _Limited:
    """A stream that ends with FeedError where more comes than an honest archive holds."""

    def __init__(self, stream: BinaryIO, packed: int, name: str) -> None:
        self._stream, self._packed, self._name = stream, packed, name
        self._had = 0
        self._due = HEADERS_LIMIT

    def expect(self, offset: int) -> None:
        """The next header begins there."""
        self._due = offset + HEADERS_LIMIT

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._had += len(data)
        if self._had > max(RATIO_FROM, self._packed * RATIO_LIMIT):
            raise FeedError(f"{self._name} has {self._packed} bytes and unpacks to more than {self._had}: it is made to fill memory")
        if self._had > self._due:
            raise FeedError(f"{self._name} holds a header of more than {HEADERS_LIMIT >> 20} MB, which no real one does")
        return data
