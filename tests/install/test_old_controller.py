# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that is too old says so, and what to do: Python 3.9 with the last ansible-core that it runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import needs
import pytest
from audit import ansible

ANSIBLE = "ansible-core==2.15.13"
ACTIONS = ("advisories_info", "daily_check", "feeds", "report", "settings")


@pytest.fixture(scope="module")
def binaries() -> Path:
    """Return the folder of the old Ansible's commands; kept."""
    home = needs.cache("controllers") / ANSIBLE
    if not (home / "complete").exists():
        interpreter = needs.python("3.9")
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([interpreter, "-m", "venv", home], check=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input", ANSIBLE], stdin=subprocess.DEVNULL, check=True)
        (home / "complete").touch()
    return home / "bin"


@pytest.mark.parametrize("action", ACTIONS)
def test_python_that_is_too_old_is_named(action: str, binaries: Path, tmp_path: Path) -> None:
    command = [str(binaries / "ansible"), "-i", "localhost,", "-c", "local", "localhost", "-m", f"bottomup.security.{action}"]
    done = ansible(tmp_path, command, PATH=f"{binaries}:/usr/sbin:/usr/bin:/sbin:/bin")
    assert done.rc != 0
    assert "needs Python 3.10 or newer on the controller, this one is 3.9: install ansible-core 2.16" in done.shown
    assert "probably a bug" not in done.shown
