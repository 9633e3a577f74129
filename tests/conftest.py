# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout importable as ansible_collections.bottomup.security, wherever it lies; say at the end what was not run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_ansible.units import acf_inject

if TYPE_CHECKING:
    from schedule import Schedule
    from xdist.remote import Producer

REPOSITORY = Path(__file__).resolve().parent.parent


def _collections_path() -> Path:
    """Return a folder below which ansible_collections/bottomup/security is this checkout."""
    if REPOSITORY.parts[-3:] == ("ansible_collections", "bottomup", "security"):
        return REPOSITORY.parents[2]
    base = REPOSITORY / ".venv" / "collections"
    if not (REPOSITORY / ".venv").is_dir():
        digest = hashlib.sha256(os.fsencode(REPOSITORY)).hexdigest()[:12]
        base = Path(tempfile.gettempdir()) / f"bottomup-security-{os.getuid()}-{digest}"
    link = base / "ansible_collections" / "bottomup" / "security"
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.resolve() != REPOSITORY:
        link.unlink()  # the checkout was moved
    with contextlib.suppress(FileExistsError):  # another worker was quicker
        link.symlink_to(REPOSITORY)
    return base


COLLECTIONS = _collections_path()
sys.path.insert(0, str(COLLECTIONS))
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)

# Before any conftest imports the collection: what is imported without Ansible's finder, the finder cannot go on with later.
acf_inject([str(COLLECTIONS)])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from schedule import rank  # not for those who only want the collection importable

    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Schedule:
    from schedule import Schedule

    return Schedule(config, log)


@pytest.fixture(autouse=True)
def commands_have_a_known_form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the test of a check makes it tell to type, the controller takes for a command."""
    from ansible_collections.bottomup.security.plugins.module_utils.host import finding  # found only now
    from ansible_collections.bottomup.security.plugins.plugin_utils import commands

    folder = request.path.parent
    if folder.parent.name != "unit" or not (REPOSITORY / "plugins" / "module_utils" / "checks" / f"{folder.name}.py").is_file():
        return  # of real servers some lie
    as_it_is = finding.command

    def command(line: object) -> str:
        shown: str = as_it_is(line)
        assert commands.is_given(shown), f"plugin_utils/commands.py has no form for {shown!r}"
        return shown

    monkeypatch.setattr(finding, "command", command)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not run: one line for each reason, above the line that counts the tests."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.getreports("skipped"):
        words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[words.removeprefix("Skipped: ").removeprefix("not run: ")] += 1
    if reasons:
        terminalreporter.section("not run", sep="-")
        for words, count in sorted(reasons.items()):
            terminalreporter.write_line(f"not run: {words} ({count} test{'s' if count > 1 else ''})")
