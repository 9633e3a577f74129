# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tracked files of the checkout, for tests that need a copy of it without what lies about in a working folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import needs

REPOSITORY = Path(__file__).resolve().parent.parent


def tracked() -> list[str]:
    """Return the names of the tracked files that are there."""
    needs.command("git")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if listed.returncode != 0:
        needs.missing("needs a git checkout")
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    return [name for name in names if os.path.lexists(REPOSITORY / name)]


def copy_tracked(target: Path) -> None:
    for name in tracked():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target / name, follow_symlinks=False)
