# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a mirror are feeds, and who reads each. The layout is upstream's: a mirror is made by copying.

====================================================  =======================================
``osv/<Ecosystem>/all.zip``                           OSV's dump of an ecosystem
====================================================  =======================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from . import osv
from .feed import Record

Fact = tuple[str, str, str]


class Source(NamedTuple):
    """One feed of a mirror: its name, its file, and the reader of its records or of its facts (kind, key, value as JSON)."""

    name: str
    path: Path
    records: Callable[[Path], Iterator[Record]] | None = None
    facts: Callable[[Path], Iterator[Fact]] | None = None

    def stamp(self) -> str:
        """Return what changes when the file does."""
        state = self.path.stat()
        return f"{state.st_size} {state.st_mtime_ns} {state.st_ino}"

    def modified(self) -> float:
        return self.path.stat().st_mtime


def find(mirror: Path) -> list[Source]:
    """Return the feeds that a mirror holds, always in the same order."""
    return [Source(f"osv/{path.parent.name}", path, records=osv.read) for path in sorted(mirror.glob("osv/*/all.zip"))]
