# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing outlives a run of the tests: processes, mounts and files of a command that ends, is interrupted or is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import contained
import needs
import pytest
from fleet import groups

SCRIPT = Path(contained.__file__).resolve()

# Starts what no end of its own process ends, makes what nobody removes, tells where, and does as it is told.
LEAVES = """
setsid -f sh -c "trap '' TERM HUP INT; exec sleep 600.$$"
mkdir "$TMPDIR/mount" "/opt/$BOTTOMUP_TEST_RUN-opt"
mount -t tmpfs tmpfs "$TMPDIR/mount"
echo "$BOTTOMUP_TEST_RUN 600.$$" > {told}
{then}
"""
ENDS = {
    "ends": ("exit 0", None, 1),
    "fails": ("exit 3", None, 3),
    "is killed": ("kill -KILL $$", None, 137),
    "is interrupted": ("exec sleep 601", signal.SIGTERM, 130),
}


def _started(words: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if f"sleep {words}" in line]


@pytest.mark.parametrize("case", ENDS)
def test_nothing_is_left(case: str, tmp_path: Path) -> None:
    needs.root()
    needs.command("unshare", "setsid")
    then, number, rc = ENDS[case]
    told = tmp_path / "told"
    command = [sys.executable, str(SCRIPT), "sh", "-c", LEAVES.format(told=told, then=then)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (told.exists() and told.read_text().endswith("\n")):
            assert process.poll() is None or told.exists()
            time.sleep(0.02)
        if number:
            process.send_signal(number)
        said = process.communicate()[1]
    assert process.returncode == rc
    run, sleeper = told.read_text().split()
    assert (f"sleep {sleeper}" in said) == (case == "ends"), said
    assert _started(sleeper) == []
    assert not Path("/tmp", run).exists() and not Path(f"/opt/{run}-opt").exists()
    assert run not in Path("/proc/self/mountinfo").read_text()
    assert [path for mount, _group in groups.mounts().values() for path in mount.rglob(run)] == []


def test_what_leaves_nothing_ends_as_it_ends(tmp_path: Path) -> None:
    for code in (0, 5):
        done = subprocess.run([sys.executable, str(SCRIPT), "sh", "-c", f"echo {{tmp}}; exit {code}"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert not os.path.exists(done.stdout.strip())
