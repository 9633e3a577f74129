# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the linters share: a copy of the tracked files, and a home of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import needs
import pytest
from tree import copy_tracked

REPOSITORY = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

Tool = Callable[..., None]


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tracked files as ansible_collections/bottomup/security, as ansible-test and ansible-lint want them."""
    root = tmp_path_factory.mktemp("collections") / "ansible_collections" / "bottomup" / "security"
    copy_tracked(root)
    return root


@pytest.fixture(scope="session")
def private_home() -> Path:
    """Return the home of ansible-test and ansible-lint: kept from run to run, since its virtual environments take minutes."""
    return needs.cache("sanity-home")


@pytest.fixture(scope="session")
def tool(private_home: Path, tree: Path) -> Tool:
    """Return a function that runs a program of .venv and shows its output where it fails."""

    def run(*argv: str, cwd: Path = REPOSITORY, timeout: int = 280, **environment: str) -> None:
        env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(private_home), **environment}
        done = subprocess.run(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False
        )
        if done.returncode != 0:
            print(done.stdout[-12000:])
            pytest.fail(f"{' '.join(argv[:4])} ended with {done.returncode}", pytrace=False)

    return run
