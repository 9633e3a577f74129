# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells one machine from another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import laid_out
import needs

from ansible_collections.bottomup.security.plugins.module_utils.host import facts
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

SAYS = f"""{laid_out.UTIL}from util.host import facts
from util.host.machine import Machine
print(facts.instance(Machine()))
"""


def says(*before: str) -> str:
    program = [sys.executable, "-c", SAYS, str(needs.REPOSITORY / "plugins" / "module_utils")]
    return subprocess.run([*before, *program], capture_output=True, text=True, check=True).stdout.strip()


def test_the_same_in_every_process_and_another_in_a_container() -> None:
    needs.root()
    here = facts.instance(Machine())
    assert here == says() and len(here.split()) == 2
    contained = says("unshare", "--pid", "--fork")
    assert contained.split()[0] == here.split()[0] and contained != here


def test_nothing_where_the_kernel_says_nothing(tmp_path: Path) -> None:
    assert facts.instance(Machine(os.fsencode(tmp_path))) == ""
