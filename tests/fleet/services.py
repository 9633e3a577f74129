# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs beside the machines, in the network of the controller: each in a control group of its own, so that all of it is ended."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from fleet import groups


def start(fleet_folder: Path, digest: str, name: str, command: Sequence[str]) -> None:
    """Start a program that stays in the foreground; what it says goes to service.log in its folder below the fleet's."""
    folder = fleet_folder / name
    folder.mkdir(exist_ok=True)
    cgroups = groups.make(f"fleet-{digest}-{name}")
    (folder / "service.json").write_text(json.dumps([str(group) for group in cgroups]), encoding="ascii")
    with (folder / "service.log").open("ab") as log:
        subprocess.Popen(
            ["nsenter", f"--net={fleet_folder / 'net'}", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            preexec_fn=lambda: groups.join(cgroups),
        )


def end(fleet_folder: Path) -> None:
    """End all programs of a fleet."""
    for state in fleet_folder.glob("*/service.json"):
        groups.remove([Path(group) for group in json.loads(state.read_text(encoding="ascii")) if Path(group).exists()])
        state.unlink()
