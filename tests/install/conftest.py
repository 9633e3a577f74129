# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a user gets it: a tarball, installed beside the pinned ansible-core in an environment that holds nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import needs
import pytest
from audit import NO_HISTORY, NO_REFRESH, Audit, ansible
from tree import copy_tracked

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = REPOSITORY / "requirements" / "run.txt"

# What a working checkout holds beside the tracked files, none of which may be shipped.
FOLDERS = (".venv", ".ansible", ".cache", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "collections", "tests/output")
DEBRIS = [*(f"{folder}/debris" for folder in FOLDERS), "old.tar.gz"]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the tracked files with the debris of a checkout that is worked in."""
    root = tmp_path_factory.mktemp("checkout") / "any folder"
    copy_tracked(root)
    for name in DEBRIS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("debris\n")
    return root


@pytest.fixture(scope="session")
def tarball(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("tarball")
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run([galaxy, "collection", "build", "--output-path", output, checkout], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    (built,) = output.iterdir()
    return built


def _environment(interpreter: str) -> Path:
    """Return a virtual environment with what requirements/run.txt pins and nothing else; kept while neither changes."""
    version = subprocess.run([interpreter, "--version"], capture_output=True, check=True).stdout
    interpreter = os.path.realpath(interpreter)
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + version + os.fsencode(interpreter)).hexdigest()[:16]
    home = needs.cache("controllers") / key
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([interpreter, "-m", "venv", home], check=True)
        install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "-r", str(REQUIREMENTS)]
        subprocess.run(install, stdin=subprocess.DEVNULL, check=True)
        (home / "complete").touch()
    return home


@dataclasses.dataclass
class Controller:
    """An ansible-core with the collection installed from the tarball."""

    environment: Path
    collections: Path

    def run(self, folder: Path, command: str, *arguments: str) -> Audit:
        binaries = self.environment / "bin"
        return ansible(folder, [str(binaries / command), *arguments], collections=str(self.collections), PATH=f"{binaries}:/usr/sbin:/usr/bin:/sbin:/bin")

    def daily_check(self, folder: Path, *arguments: str, history: bool = False) -> Audit:
        quick = ["-e", NO_REFRESH] if history else ["-e", NO_REFRESH, "-e", NO_HISTORY]
        return self.run(folder, "ansible-playbook", *quick, *arguments, "bottomup.security.daily_check")


MakeController = Callable[[str], Controller]


@pytest.fixture(scope="session")
def make_controller(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeController:
    """Return a function that gives the controller for an interpreter, each made once."""
    made: dict[str, Controller] = {}

    def make(interpreter: str) -> Controller:
        if interpreter not in made:
            controller = Controller(_environment(interpreter), tmp_path_factory.mktemp("collections"))
            # --force: galaxy takes a copy that it finds in any other place for installed.
            arguments = ["install", "--offline", "--force", "-p", str(controller.collections), str(tarball)]
            done = controller.run(tmp_path_factory.mktemp("galaxy"), "ansible-galaxy", "collection", *arguments)
            assert done.rc == 0, done.shown
            assert (controller.collections / "ansible_collections" / "bottomup" / "security" / "MANIFEST.json").exists(), done.shown
            made[interpreter] = controller
        return made[interpreter]

    return make


@pytest.fixture(scope="session")
def controller(make_controller: MakeController) -> Controller:
    """Return the controller on the Python that runs the tests."""
    return make_controller(str(Path(sys.executable).resolve()))
