# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ruff, mypy, ansible-lint, and what the servers' oldest Python makes of our code."""

from __future__ import annotations

from pathlib import Path

import needs
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CHECKOUT_AS_COLLECTION = ".venv/collections/ansible_collections/bottomup/security"

# The controller's code; the servers' is for Python 3.6, which mypy no longer reads.
TYPED = [f"{CHECKOUT_AS_COLLECTION}/plugins/{folder}" for folder in ("plugin_utils", "action", "filter")]


def test_ruff(tool, tree):
    tool("ruff", "check", "--no-cache", ".", cwd=tree)


def test_mypy_plugins(tool):
    needs.venv()
    present = [folder for folder in TYPED if any((REPOSITORY / folder).rglob("*.py"))]
    tool("mypy", "--cache-dir", str(needs.cache("mypy/plugins")), *present, "scripts/bench.py")


def test_mypy_tests(tool):
    """Helpers that a folder finds through pytest's pythonpath are unknown to mypy: what it cannot find is found out by running."""
    needs.venv()
    tool("mypy", "--cache-dir", str(needs.cache("mypy/tests")), "--disable-error-code", "import-not-found", "tests")


@pytest.mark.timeout(600)
def test_ansible_lint(tool, tree):
    tool("ansible-lint", "--profile", "production", "--offline", "--strict", "--nocolor", cwd=tree, timeout=580)


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8"])
def test_server_code_compiles(tool, tree, version):
    """The versions that ansible-test no longer knows; 3.9 and up are its compile test."""
    tool(needs.python(version), "-m", "compileall", "-q", "plugins/module_utils", "plugins/modules", cwd=tree)


@pytest.mark.parametrize("script", sorted(path.name for path in (REPOSITORY / "scripts").glob("*.sh")))
def test_shell_scripts_parse(tool, script):
    tool("sh", "-n", f"scripts/{script}")
