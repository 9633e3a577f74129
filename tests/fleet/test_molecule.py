# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The molecule scenario: booted Debian 12 and 13, an AlmaLinux 9 by its packages, to which something happens, and a host that does not answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import needs
import pytest
from fleet import roots
from fleet.machines import Fleet

REPOSITORY = Path(__file__).resolve().parent.parent.parent
TAIL = 120


@pytest.fixture
def fleet_folder() -> Iterator[Path]:
    """Return a folder for a fleet of this run alone; what a broken run leaves in it is removed."""
    folder = roots.cache_folder().parent / "fleets" / f"{needs.RUN}-{os.getpid()}"
    yield folder
    Fleet(folder).destroy()


@pytest.mark.timeout(1800)  # the first run builds four root file systems
def test_the_fleet(fleet_folder: Path, tmp_path: Path) -> None:
    needs.root()
    needs.command("systemd-nspawn", "mmdebstrap", "nsenter", "ip", "ssh", "gcc", "dpkg-deb", "nginx")
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{scripts}:{os.environ['PATH']}",
        "BOTTOMUP_FLEET": str(fleet_folder),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path / "molecule"),
        "NO_COLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
    }
    command = [str(scripts / "molecule"), "test", "--scenario-name=default"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        pytest.fail("\n".join([f"molecule test: rc {done.returncode}", *done.stdout.splitlines()[-TAIL:]]), pytrace=False)
    assert not fleet_folder.exists(), "molecule destroy left the fleet"
