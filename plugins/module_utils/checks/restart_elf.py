# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ELF file says of itself: its build id and its soname. The file may be hostile: every read is bounded.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import struct

from ..host.plain import open_plain

MAGIC = b"\x7fELF"
PT_DYNAMIC, PT_NOTE, PT_LOAD = 2, 4, 1
DT_STRTAB, DT_SONAME = 5, 14
NT_GNU_BUILD_ID = 3
SEGMENT_LIMIT = 65536
COMPARE_LIMIT = 256 * 1048576
COMPARE_BLOCK = 262144


class NoElf(Exception):
    """The file is readable and is no ELF file."""


def is_elf(path):
    """Return True or False, or None where the file cannot be read."""
    try:
        descriptor = open_plain(path)
    except OSError:
        return None
    try:
        return os.pread(descriptor, 4, 0) == MAGIC
    except OSError:
        return None
    finally:
        os.close(descriptor)


def build_id(path):
    """Return the GNU build id of an ELF file (bytes), b"" where it has none.

    Raises OSError where the file cannot be read, NoElf where it is none.
    """
    descriptor = open_plain(path)
    try:
        layout, segments = _segments(descriptor)
        for kind, offset, _address, size in segments:
            if kind == PT_NOTE:
                found = _note(os.pread(descriptor, min(size, SEGMENT_LIMIT), offset), layout)
                if found:
                    return found
        return b""
    finally:
        os.close(descriptor)


def soname(path):
    """Return the soname of a shared library (bytes), b"" where it has none. Raises as C(build_id)."""
    descriptor = open_plain(path)
    try:
        layout, segments = _segments(descriptor)
        for kind, offset, _address, size in segments:
            if kind == PT_DYNAMIC:
                return _dynamic_soname(descriptor, os.pread(descriptor, min(size, SEGMENT_LIMIT), offset), layout, segments)
        return b""
    finally:
        os.close(descriptor)


def same_content(first, second):
    """Return whether two plain files hold the same bytes; None where that cannot be read or is too much to read."""
    try:
        one = open_plain(first)
        try:
            two = open_plain(second)
            try:
                return _same(one, two)
            finally:
                os.close(two)
        finally:
            os.close(one)
    except OSError:
        return None


def _same(one, two):
    size = os.fstat(one).st_size
    if size != os.fstat(two).st_size:
        return False
    if size > COMPARE_LIMIT:
        return None
    place = 0
    while place < size:
        left, right = os.pread(one, COMPARE_BLOCK, place), os.pread(two, COMPARE_BLOCK, place)
        if left != right or not left:
            return False
        place += len(left)
    return True


def _segments(descriptor):
    """Return ((byte order, 64 bit), [(type, offset, address, size)])."""
    head = os.pread(descriptor, 64, 0)
    if head[:4] != MAGIC or len(head) < 52:
        raise NoElf()
    wide = head[4:5] == b"\x02"
    order = ">" if head[5:6] == b"\x02" else "<"
    try:
        if wide:
            offset, size, count = struct.unpack_from(order + "Q", head, 32) + struct.unpack_from(order + "HH", head, 54)
        else:
            offset, size, count = struct.unpack_from(order + "I", head, 28) + struct.unpack_from(order + "HH", head, 42)
        table = os.pread(descriptor, min(size * count, SEGMENT_LIMIT), min(offset, 1 << 62))
        return (order, wide), [_segment(table, place * size, order, wide) for place in range(len(table) // size if size else 0)]
    except (struct.error, OverflowError, OSError) as error:
        raise NoElf() from error


def _segment(table, place, order, wide):
    if wide:
        kind, _flags, offset, address, _physical, size = struct.unpack_from(order + "IIQQQQ", table, place)
    else:
        kind, offset, address, _physical, size = struct.unpack_from(order + "IIIII", table, place)
    return kind, min(offset, 1 << 62), address, size


def _note(notes, layout):
    place = 0
    while place + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from(layout[0] + "III", notes, place)
        name_at = place + 12
        content_at = name_at + (name_size + 3 & ~3)
        if kind == NT_GNU_BUILD_ID and notes[name_at:name_at + 4] == b"GNU\0" and 0 < size <= 64:
            return notes[content_at:content_at + size]
        place = content_at + (size + 3 & ~3)
    return b""


def _dynamic_soname(descriptor, table, layout, segments):
    form = struct.Struct(layout[0] + ("QQ" if layout[1] else "II"))
    entries = {}
    for place in range(0, len(table) - form.size + 1, form.size):
        tag, value = form.unpack_from(table, place)
        if tag == 0:
            break
        entries.setdefault(tag, value)
    if DT_SONAME not in entries or DT_STRTAB not in entries:
        return b""
    for kind, offset, address, size in segments:
        if kind == PT_LOAD and address <= entries[DT_STRTAB] < address + size:
            place = offset + entries[DT_STRTAB] - address + entries[DT_SONAME]
            try:
                return os.pread(descriptor, 256, min(place, 1 << 62)).split(b"\0", 1)[0]
            except OSError:
                return b""
    return b""
