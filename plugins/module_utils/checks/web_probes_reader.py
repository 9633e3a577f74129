# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a log in blocks of whole lines, whatever packed it.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host.machine import COMMAND_ENVIRONMENT
from ..host.plain import behind_hole

# Larger blocks leave the processor's cache, smaller ones cost more calls: measured best of 64 KiB to 4 MiB.
BLOCK = 262144
# A line longer than this is no line that a web server wrote.
LINE_LIMIT = 1048576
# Text that one log may give: a hostile archive could go on for days.
TEXT_LIMIT = 16 << 30

_MAGIC = b"\x1f\x8b"  # of gzip


def inflate(descriptor, say, limit=TEXT_LIMIT):
    """Return the blocks of a gzip file, all its members; what is damaged or cut short is said through C(say) after the text before it.

    A file that is plain text in spite of its name is read as it is.
    """
    from ..host import archives  # most logs of a day are not packed

    if os.pread(descriptor, len(_MAGIC), 0) not in (_MAGIC, b""):
        return plain(descriptor, 0, None)
    return archives.readable(descriptor, b"gz", BLOCK, limit, say)


def plain(descriptor, start, end):
    """Yield the bytes of a file from C(start) to C(end) (None: to its end), without the holes that a log has where it was emptied in use."""
    offset = start
    while end is None or offset < end:
        offset = behind_hole(descriptor, offset)
        if offset is None or (end is not None and offset >= end):
            return
        block = os.pread(descriptor, BLOCK if end is None else min(BLOCK, end - offset), offset)
        if not block:
            return
        offset += len(block)
        yield block


def whole_lines(blocks, too_long):
    """Yield the same text in blocks that end where a line ends; the last line of all gets its line break.

    C(too_long) is called for each line that is longer than C(LINE_LIMIT): it is left out, a break stands in its place.
    """
    rest, skipping = b"", False
    for block in blocks:
        if skipping:
            cut = block.find(b"\n")
            if cut < 0:
                continue
            block, skipping = block[cut:], False
        cut = block.rfind(b"\n") + 1
        if cut:
            # A view, so that the text is copied once. Zeros are what is left around a hole.
            yield b"".join((rest, memoryview(block)[:cut])).lstrip(b"\0")
            rest = block[cut:]
        else:
            rest += block
        if len(rest) > LINE_LIMIT:
            too_long(rest)
            rest, skipping = b"", True
    if rest:
        yield rest + b"\n"


def blocks(log, start, end, say):
    """Return the blocks of an opened host.logs.Log; C(say) takes what could not be read, in words."""
    if log.packed == b"gz":
        return inflate(log.descriptor, say)
    if not log.packed:
        return plain(log.descriptor, start, end)
    return log.blocks(size=BLOCK)


def zstd(machine, log, say, limit=TEXT_LIMIT):
    """Return the blocks of a .zst file, or None where neither Python nor a command can read it."""
    try:
        from compression import zstd as module  # Python 3.14
    except ImportError:
        command = machine.which(b"zstd")
        return None if command is None else _piped([command, b"-dcq", b"--no-progress", b"-M64MB"], log.descriptor, say, limit)
    return _python_zstd(module, log.descriptor, say, limit)


def _python_zstd(module, descriptor, say, limit):
    total = 0
    try:
        with os.fdopen(os.dup(descriptor), "rb") as source, module.ZstdFile(source) as reader:
            while True:
                block = reader.read(BLOCK)
                total += len(block)
                if not block:
                    return
                yield block
                if total > limit:
                    say("more than %d bytes of text, the rest was not read" % limit)
                    return
    except (module.ZstdError, EOFError, OSError) as error:
        say("the archive is damaged or cut short: %s" % error)


def _piped(argv, descriptor, say, limit):
    import subprocess  # few servers have logs that need another program to be unpacked

    # pylint: disable-next=ansible-bad-function
    child = subprocess.Popen(argv, stdin=descriptor, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=COMMAND_ENVIRONMENT, close_fds=True, cwd="/")
    total = 0
    try:
        while True:
            block = os.read(child.stdout.fileno(), BLOCK)
            if not block:
                break
            total += len(block)
            yield block
            if total > limit:
                say("more than %d bytes of text, the rest was not read" % limit)
                return
        if child.wait() != 0:
            say("the archive is damaged or cut short")
    finally:
        if child.poll() is None:
            child.kill()
        child.stdout.close()
        child.wait()
