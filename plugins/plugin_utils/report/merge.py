# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which runs a report is made of: that of this ansible-playbook, the newest one, or any number of directories."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from .. import spool


@dataclass(frozen=True, slots=True)
class Source:
    """Directories of the spool that are read as one run."""

    run_id: str
    directories: list[Path]

    def documents(self, hosts: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the documents of all directories. Raises SpoolError."""
        return chain.from_iterable(spool.read_documents(directory, hosts) for directory in self.directories)


def merged(given: Sequence[str], state_dir: Path) -> Source:
    """Return the runs that are named by path or by run id, without any the newest one. Raises SpoolError.

    Several runs get a name made of theirs: the same runs are the same run again, in whatever order they are named.
    """
    wanted = [str(name) for name in given] or [str(state_dir / "latest")]
    directories = sorted({_directory(name, state_dir) for name in wanted})
    names = sorted({path.name for path in directories})
    if len(names) == 1:
        return Source(names[0], directories)
    return Source("merged-" + hashlib.sha256("\0".join(names).encode("utf-8", "backslashreplace")).hexdigest()[:16], directories)


def _directory(name: str, state_dir: Path) -> Path:
    path = Path(name).expanduser()
    if not path.is_dir() and "/" not in name:
        path = spool.run_dir(state_dir, name)
    if not path.is_dir():
        raise spool.SpoolError(f"there is no run {name}: a directory, or the name of a run in {state_dir / 'runs'}, is wanted")
    return path.resolve()
