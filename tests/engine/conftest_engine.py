# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine's tests share: the server side with checks that misbehave, and a run of a payload as a server would run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import payload, trip

MISBEHAVING = Path(__file__).parent / "misbehaving"


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[list[str]]:
    """Put the checks of tests/engine/misbehaving in the place of the real ones; yields their names."""
    server_side = tmp_path / "module_utils"
    shutil.copytree(payload.MODULE_UTILS, server_side, ignore=shutil.ignore_patterns("checks", "__pycache__"))
    place_misbehaving(server_side / "checks")
    monkeypatch.setattr(payload, "MODULE_UTILS", server_side)
    _forget()
    yield payload.available_checks()
    _forget()


def place_misbehaving(folder: Path) -> None:
    """Copy the checks; the processes that they start have the id of this one in their command lines."""
    shutil.copytree(MISBEHAVING, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.glob("*.py"):
        path.write_text(path.read_text().replace("MARK", str(os.getpid())))


def _forget() -> None:
    for cached in (payload._available_checks, payload.source, payload.order, payload._program):
        cached.cache_clear()


def run_payload(checks: t.Sequence[str], interpreter: str = "/usr/bin/python3", **request: t.Any) -> t.Any:
    """Run the checks by the very command and payload that travel to a server; returns the decoded answer."""
    asked = {"checks": list(checks), "options": {}, "timeout": 60, "memory": 256 * 1048576, "token": trip.new_token(), **request}
    done = subprocess.run(["/bin/sh", "-c", trip.command(interpreter)], input=payload.build(list(checks), asked), capture_output=True, timeout=300, check=False)
    return trip.read_answer(asked["token"], done.returncode, done.stdout.decode(), done.stderr.decode())
