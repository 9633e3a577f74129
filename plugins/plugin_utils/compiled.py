# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as this controller's Python compiles them, for servers whose Python is of the same version: compiling is half of what a check costs there.

Kept as Python keeps what it imports (PEP 3147), beside the source, where that may be written: not every run compiles anew.
"""

from __future__ import annotations

import contextlib
import importlib.util
import marshal
import re
import struct
import sys
from pathlib import Path

# Not Python's own optimization 2, which keeps the path of the source: a server need not know the folders of its controller.
KIND = "bottomup"

# PEP 552: the magic number, flags, and of the source the time and the size.
HEAD_SIZE = 16

# What a server whose Python has another magic number compiles itself.
MAGIC = importlib.util.MAGIC_NUMBER


def fits(python: str) -> bool:
    """Return whether a Python (``3.13.5``) is likely to have our magic number; whoever runs the code asks for certain."""
    found = re.match(r"(\d+)\.(\d+)\.", python)
    return found is not None and tuple(map(int, found.groups())) == sys.version_info[:2]


def code(path: Path, shown: str) -> bytes:
    """Return the code of a module without docstrings and assertions, marshalled; C(shown) is its file's name in a traceback. Raises OSError, SyntaxError."""
    about = path.stat()
    head = MAGIC + struct.pack("<III", 0, int(about.st_mtime) & 0xFFFFFFFF, about.st_size & 0xFFFFFFFF)
    cached = Path(importlib.util.cache_from_source(str(path), optimization=KIND))
    with contextlib.suppress(OSError):
        kept = cached.read_bytes()
        if kept.startswith(head):
            return kept[HEAD_SIZE:]
    if not sys.dont_write_bytecode:
        import py_compile  # in the first run alone

        with contextlib.suppress(OSError):
            mode = py_compile.PycInvalidationMode.TIMESTAMP
            py_compile.compile(str(path), cfile=str(cached), dfile=shown, doraise=True, optimize=2, invalidation_mode=mode)
            return cached.read_bytes()[HEAD_SIZE:]
    return marshal.dumps(compile(path.read_bytes(), shown, "exec", 0, True, 2))
