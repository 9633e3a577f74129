# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is typed for the other playbooks of the collection, so that they find the folders and the variables of this run."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping

FEEDS_COMMAND = "ansible-playbook bottomup.security.feeds"
REPORT_COMMAND = "ansible-playbook bottomup.security.report"


def with_folders(command: str, folders: Mapping[str, str], inventories: Iterable[str] = ()) -> str:
    """Return a command with the ``inventories`` of this run that are files, and with the ``folders`` (variable -> path) that are not the default ones."""
    words = [command]
    words += [f"-i {shlex.quote(path)}" for path in inventories if os.path.isabs(path) and "," not in path]
    words += [f"-e {_given(name, os.path.abspath(os.path.expanduser(path)))}" for name, path in folders.items() if path]
    return " ".join(words)


def _given(name: str, path: str) -> str:
    """Return a variable as a word of a shell; Ansible has quotes of its own in all but JSON."""
    return f"{name}={path}" if shlex.quote(path) == path else shlex.quote(json.dumps({name: path}))
