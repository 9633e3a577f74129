# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of packed logs: gzip, bzip2, xz and zstd, as far as this Python or this host has them.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from .machine import TIME_WAS_UP
from .plain import behind_hole

try:
    import zlib
except ImportError:  # a Python built without zlib
    zlib = None
try:
    import bz2
except ImportError:
    bz2 = None
try:
    import lzma
except ImportError:
    lzma = None
try:
    from compression import zstd  # Python 3.14
except ImportError:
    zstd = None

# xz -9 needs 65 MB to unpack, the default 9 MB; a check has 64 MB in all.
XZ_MEMORY = 24 << 20
# zstd, the program: its default levels need 8 MB. In Python it is our memory: two to the power of this.
ZSTD_MEMORY = b"-M64MB"
ZSTD_WINDOW = 24

# An archive gives at most this much text: a hostile one could go on for days.
TEXT_LIMIT = 16 << 30

# So much of an archive is taken at once: what is left of it when a block is full is copied each time.
PIECE = 65536
# After a member the first piece is this long: what an engine has not used is copied, and a log may have a hundred thousand members.
FIRST_PIECE = 4096
# Members without any text, one after the other.
EMPTY_LIMIT = 10000

# What reading a damaged archive raises.
DAMAGED = (OSError, EOFError, ValueError, MemoryError)
DAMAGED += ((zlib.error,) if zlib else ()) + ((lzma.LZMAError,) if lzma else ()) + ((zstd.ZstdError,) if zstd else ())

_GZIP = 31  # zlib: a gzip header and checksum around the data
# What a member begins with; one of zstd may hold nothing but a note of who packed it (RFC 8878, 3.1.2).
_MAGIC = {
    b"gz": (b"\x1f\x8b",),
    b"bz2": (b"BZh",),
    b"xz": (b"\xfd7zXZ\0",),
    b"zst": (b"\x28\xb5\x2f\xfd",) + tuple(b"%c\x2a\x4d\x18" % number for number in range(0x50, 0x60)),
}
MAGIC_LENGTH = 6
# So much of a file shows whether it is an archive; a text has none of these.
HEAD = 512
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\x1b"))


class _Inflate:
    """zlib's engine with the names of the others."""

    def __init__(self):
        self._engine = zlib.decompressobj(_GZIP)

    def decompress(self, data, size):
        return self._engine.decompress(self._engine.unconsumed_tail + data, size)

    @property
    def needs_input(self):
        return not self._engine.unconsumed_tail

    @property
    def eof(self):
        return self._engine.eof

    @property
    def unused_data(self):
        return self._engine.unused_data


def _engine_of(packed):
    """Return what makes a fresh engine for one member."""
    if packed == b"gz" and zlib:
        return _Inflate
    if packed == b"bz2" and bz2:
        return bz2.BZ2Decompressor
    if packed == b"xz" and lzma:
        return lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY)
    if packed == b"zst" and zstd:
        return lambda: zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW})
    return None


def obstacle(machine, packed):
    """Return why this host cannot unpack archives with that ending (bytes), in words; nothing where it can."""
    if _engine_of(packed) or (packed == b"zst" and machine.which(b"zstd")):
        return ""
    if packed == b"zst":
        return "neither zstd nor a Python that reads it is installed"
    return "this Python cannot unpack .%s" % packed.decode("ascii")


def is_archive(head, packed):
    """Return whether a file with the ending of an archive is one, from its first bytes: a log that was only renamed is plain text."""
    return not head or head.startswith(_MAGIC[packed]) or len(head.translate(None, _NO_TEXT)) < len(head)


def readable(machine, descriptor, packed, size, say):
    """Yield the text of an archive as far as it can be read; what is behind that is said through C(say)."""
    words, total = obstacle(machine, packed), 0
    if words:
        say("not read: %s" % words)
        return
    blocks = unpack(descriptor, packed, size) if _engine_of(packed) else _by_zstd(machine, descriptor, say)
    try:
        for text in blocks:
            total += len(text)
            yield text
            if total > TEXT_LIMIT:
                say("more than %d bytes of text, the rest was not read" % TEXT_LIMIT)
                return
    except DAMAGED as error:
        say("the archive is damaged or cut short: %s" % ("%s" % error or type(error).__name__))


def _by_zstd(machine, descriptor, say):
    os.lseek(descriptor, 0, os.SEEK_SET)
    command = [machine.which(b"zstd"), b"-dcq", b"--no-progress", ZSTD_MEMORY]
    with machine.stream(command, source=descriptor) as stream:
        yield from stream
    if stream.timed_out:
        say(TIME_WAS_UP)
    elif stream.rc:
        raise ValueError("zstd ended with %d" % stream.rc)


def unpack(descriptor, packed, size):
    """Yield the text of an archive, all its members, in blocks of about C(size) bytes; C(packed) is its ending (bytes).

    Raises what DAMAGED lists, after all the text before the damage: the library's own readers keep that to themselves.
    """
    small, held = [], 0
    try:
        for text in _texts(descriptor, packed, size):
            small.append(text)
            held += len(text)
            if held >= size // 2:
                yield b"".join(small)
                small, held = [], 0
    except DAMAGED:
        if small:
            yield b"".join(small)
        raise
    if small:
        yield b"".join(small)


def _texts(descriptor, packed, size):
    make, magic, empty = _engine_of(packed), _MAGIC[packed], 0
    data = os.pread(descriptor, FIRST_PIECE, 0)
    offset = len(data)
    while data:
        engine, piece, has_text, ended = make(), FIRST_PIECE, False, False
        while not engine.eof:
            text = engine.decompress(data, size)
            if text:
                has_text = True
                yield text
            elif ended and not engine.eof:
                raise EOFError("its end is missing")
            if not engine.eof:
                data = os.pread(descriptor, piece, offset) if engine.needs_input else b""
                ended = engine.needs_input and not data
                offset += len(data)
                piece = min(PIECE, 2 * piece)
        data, offset = _behind_zeros(descriptor, engine.unused_data, offset)
        if data and not data.startswith(magic):
            raise ValueError("there is garbage behind it")
        empty = 0 if has_text else empty + 1
        if empty > EMPTY_LIMIT:
            raise ValueError("more than %d members without text, the rest was not read" % EMPTY_LIMIT)


def _behind_zeros(descriptor, data, offset):
    """Return (first piece of the next member, where the file goes on behind it): tapes and file systems leave zeros behind an archive.

    C(data) was read already, up to C(offset).
    """
    rest = data.lstrip(b"\0")
    while len(rest) < MAGIC_LENGTH:
        place = behind_hole(descriptor, offset)
        data = os.pread(descriptor, PIECE, place) if place is not None else b""
        if not data:
            break
        offset = place + len(data)
        rest = (rest + data).lstrip(b"\0")
    return rest[:FIRST_PIECE], offset - max(0, len(rest) - FIRST_PIECE)
