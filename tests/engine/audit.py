# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook as a user would, in an environment of its own, and read what it left in the state folder."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

from conftest_engine import place_misbehaving

from ansible_collections.bottomup.security.plugins.plugin_utils.spool import read_documents

# No test fetches anything from the network; those of the feeds have servers of their own.
NO_REFRESH = "daily_check_feeds_refresh=false"
# SQLAlchemy alone takes a quarter of a run's start; what the history does with a run has tests of its own.
NO_HISTORY = "daily_check_database=off"
# Where apt keeps no cache, as in a container, each question to it takes two seconds. That it is asked, tests/engine/test_engine.py shows for every Python.
NO_PENDING = '{"daily_check_options": {"software": {"pending": false}}}'

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Audit:
    """One run: exit code, what the terminal showed, and the state folder."""

    rc: int
    shown: str
    state: Path

    @property
    def runs(self) -> list[Path]:
        return sorted((self.state / "runs").iterdir()) if (self.state / "runs").is_dir() else []

    @property
    def report(self) -> dict[str, t.Any]:
        return json.loads((self.state / "latest" / "report.json").read_text())

    @property
    def summary(self) -> dict[str, t.Any]:
        return json.loads((self.state / "latest" / "summary.json").read_text())

    @property
    def documents(self) -> dict[str, dict[str, t.Any]]:
        return {document["host"]: document for run in self.runs for document in read_documents(run)}

    def recap(self, host: str) -> dict[str, int]:
        """Return the numbers of the play recap for a host."""
        line = re.search(rf"^{re.escape(host)} +: (.*)$", self.shown, re.MULTILINE)
        assert line is not None, f"{host} is not in the recap of:\n{self.shown}"
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line.group(1))}


def ansible(folder: Path, command: t.Sequence[str], collections: str | None = None, **environment: str) -> Audit:
    """Run an ansible command of this interpreter's environment; folder keeps its home and state."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    (folder / "ansible.cfg").touch()
    variables = {
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": str(folder / "state"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": collections or os.environ["ANSIBLE_COLLECTIONS_PATH"],
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_TIMEOUT": "10",
        # No master connection that outlives the run, and no socket path that is too long.
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=no -o ControlPath=none",
        **environment,
    }
    done = subprocess.run(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280, check=False)
    return Audit(done.returncode, done.stdout + done.stderr, folder / "state" / "bottomup-security")


def audit(
    folder: Path, inventory: Path | str, *arguments: str, playbook: str = "bottomup.security.daily_check", history: bool = False, **keywords: str
) -> Audit:
    quick = ["-e", NO_REFRESH] if history else ["-e", NO_REFRESH, "-e", NO_HISTORY]
    return ansible(folder, ["ansible-playbook", "-i", str(inventory), playbook, *quick, *arguments], **keywords)


def workshop(folder: Path) -> str:
    """Make a copy of the collection whose checks are those of tests/engine/misbehaving; returns its collections path."""
    copy = folder / "collections" / "ansible_collections" / "bottomup" / "security"
    for name in ("plugins", "roles", "playbooks", "meta"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "checks"))
    shutil.copy(REPOSITORY / "galaxy.yml", copy)
    place_misbehaving(copy / "plugins" / "module_utils" / "checks")
    (copy / "roles" / "daily_check" / "vars" / "main.yml").write_text("daily_check_named_options: {}\n")  # no variable belongs to these checks
    return str(folder / "collections")
