# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of packed logs: gzip, bzip2 and xz, as far as this Python has them.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

try:
    import gzip
    import zlib
except ImportError:  # a Python built without zlib
    gzip = zlib = None
try:
    import bz2
except ImportError:
    bz2 = None
try:
    import lzma
except ImportError:
    lzma = None

# xz -9 needs 65 MB to unpack, the default 9 MB; a check has 64 MB in all.
XZ_MEMORY = 24 << 20

# What reading a damaged archive raises.
DAMAGED = (OSError, EOFError, ValueError, MemoryError)
DAMAGED += ((zlib.error,) if zlib else ()) + ((lzma.LZMAError,) if lzma else ())


def unpack(descriptor, packed, size):
    """Yield the text of an archive in blocks of about C(size) bytes; C(packed) is its ending (bytes). Raises what DAMAGED lists."""
    with os.fdopen(os.dup(descriptor), "rb") as source:
        source.seek(0)
        if packed == b"gz" and gzip:
            reader = gzip.GzipFile(fileobj=source)
        elif packed == b"bz2" and bz2:
            reader = bz2.BZ2File(source)
        elif packed == b"xz" and lzma:
            reader = _XzReader(source)
        else:
            raise ValueError("this Python cannot unpack .%s" % packed.decode("ascii"))
        while True:
            block = reader.read(size)
            if not block:
                return
            yield block


class _XzReader:
    """lzma.LZMAFile has no limit of memory; this has. Streams that follow one another are read as one."""

    def __init__(self, source):
        self._source, self._reader = source, None

    def read(self, size):
        while True:
            if self._reader is None or self._reader.eof:
                rest = self._reader.unused_data.lstrip(b"\0") if self._reader else b""
                rest = rest or self._source.read(65536)
                if not rest:
                    return b""
                self._reader = lzma.LZMADecompressor(memlimit=XZ_MEMORY)
            elif self._reader.needs_input:  # pylint: disable=using-constant-test
                rest = self._source.read(65536)
                if not rest:
                    raise EOFError("the end of the archive is missing")
            else:
                rest = b""
            block = self._reader.decompress(rest, size)
            if block:
                return block
