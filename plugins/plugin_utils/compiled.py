# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as this controller's Python compiles them, for servers whose Python is of the same version: compiling is half of what a check costs there."""

from __future__ import annotations

import importlib.util
import marshal
import re
import sys

# What a server whose Python has another magic number compiles itself.
MAGIC = importlib.util.MAGIC_NUMBER


def fits(python: str) -> bool:
    """Return whether a Python (``3.13.5``) is likely to have our magic number; whoever runs the code asks for certain."""
    found = re.match(r"(\d+)\.(\d+)\.", python)
    return found is not None and tuple(map(int, found.groups())) == sys.version_info[:2]


def code(written: bytes, shown: str) -> bytes:
    """Return the code of a module without docstrings and assertions, marshalled; C(shown) is its file's name in a traceback. Raises SyntaxError."""
    # The folders of its controller are nothing that a server need know.
    return marshal.dumps(compile(written, shown, "exec", 0, True, 2))
