# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test needs of the machine. Missing: skipped by name, or failed where CI=true promises a full run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"
REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"

# The name of this run: part of the name of whatever a test makes outside of TMPDIR, see contained.py.
RUN = os.environ.get("BOTTOMUP_TEST_RUN", "alone")


def missing(reason: str) -> NoReturn:
    """Skip the calling test or module with the reason, or fail it in CI."""
    if IN_CI:
        pytest.fail(f"CI must run everything, but: {reason}", pytrace=False)
    pytest.skip(f"not run: {reason}", allow_module_level=True)


def root() -> None:
    if os.geteuid() != 0:
        missing("needs root")


def command(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None and not any(Path(folder, name).exists() for folder in ("/usr/sbin", "/sbin")):
            missing(f"needs the command {name}")


def python(version: str) -> str:
    """Return the path of an interpreter of that version (``3.6``)."""
    return find_python(version) or missing(f"needs Python {version}")


def find_python(version: str) -> str:
    """Return the path of an interpreter of that version, empty where there is none."""
    return next(iter(_pythons(version)), "")


def python_folders() -> list[str]:
    """Return the folders of every interpreter there is, for programs that look on PATH (ansible-test)."""
    found = [_pythons(f"3.{minor}") for minor in range(9, 15)]
    return [str(Path(places[0]).parent) for places in found if places]


def _pythons(version: str) -> list[str]:
    places = [*Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))).glob(f"versions/{version}.*/bin/python{version}")]
    places += [Path("/usr/bin") / f"python{version}", Path("/usr/local/bin") / f"python{version}"]
    return [str(place) for place in places if place.exists()]


def venv() -> Path:
    """Return .venv of this checkout, which `make` makes."""
    path = REPOSITORY / ".venv"
    if not (path / "bin" / "python").exists():
        missing("needs .venv: make unit")
    return path


def cache(name: str) -> Path:
    """Return a folder that is kept from run to run, outside the checkout; a test passes with it empty, too."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(base) / "bottomup-security" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def shared_data(name: str) -> Path:
    """Return a path below the shared real data; absent outside the project's own workshop, so only ever a skip."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"not run: the shared real data {name} is not on this machine")
    return path
