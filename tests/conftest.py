# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout importable as ansible_collections.bottomup.security, wherever it lies."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))


def _collections_path() -> Path:
    """Return a folder below which ansible_collections/bottomup/security is this checkout."""
    if REPOSITORY.parts[-3:] == ("ansible_collections", "bottomup", "security"):
        return REPOSITORY.parents[2]
    base = REPOSITORY / ".venv" / "collections"
    if not (REPOSITORY / ".venv").is_dir():
        base = Path(tempfile.gettempdir()) / f"bottomup-security-{os.getuid()}-{abs(hash(str(REPOSITORY)))}"
    link = base / "ansible_collections" / "bottomup" / "security"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(REPOSITORY)
    return base


COLLECTIONS = _collections_path()
sys.path.insert(0, str(COLLECTIONS))
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
