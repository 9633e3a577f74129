# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which worker of pytest-xdist runs what, and when: a file at a time, the longest first, and nothing large behind what takes minutes.

A worker is always handed its next tests before it begins with the last ones that it has. xdist's own ways would so put some of what is
long behind the fleet; and its loadgroup, up to 3.8, does not group at all with pytest 9.2 (pytest-dev/pytest-xdist#1386).
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# Single tests that take minutes, and then what takes long: files and folders below tests/. The rest comes after them.
MINUTES = ("fleet/test_molecule.py", "sanity/test_ansible_test.py")
ORDER = (*MINUTES, "install", "engine", "sanity", "live", "browser", "fleet", "unit")

# Folders that are one unit: all their files want what is made once for a worker.
WHOLE = ("install",)


def unit(nodeid: str) -> str:
    """Return what a test is run together with: its file or its folder, below tests/."""
    path = nodeid.partition("::")[0].removeprefix("tests/")
    folder = path.partition("/")[0]
    return folder if folder in WHOLE else path


def rank(nodeid: str) -> int:
    """Return the place of a test's unit in the order of everything."""
    name = unit(nodeid)
    return next((place for place, entry in enumerate(ORDER) if name == entry or name.startswith(f"{entry}/")), len(ORDER))


class Schedule(LoadScopeScheduling):
    """Hands the units out in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if any(name in MINUTES and not all(tests.values()) for name, tests in self.assigned_work[node].items()):
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)  # what waits behind it is the shortest
        super()._assign_work_unit(node)
