# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are there whole or not at all, whoever reads or writes them at the same time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

TEMPORARY = ".partial-"


def temporary_beside(path: Path) -> Path:
    """Return a name in the same folder that nobody else has."""
    return path.with_name(TEMPORARY + secrets.token_hex(8))


def write(path: Path, content: bytes | Iterable[bytes], *, mode: int = 0o600, sync: bool = False) -> None:
    """Write a file under a temporary name, C(sync) it, and give it its name; on failure nothing is left. Raises OSError."""
    temporary = temporary_beside(path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            for block in (content,) if isinstance(content, bytes) else content:
                file.write(block)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
