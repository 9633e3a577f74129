# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two witnesses: the announcements, and the server's own package manager. Where they disagree, both are heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding

from .match import HostMatch
from .verdict import AFFECTED


def findings(match: HostMatch, pending: object) -> list[dict[str, Any]]:
    """Return one row for the packages of which only one of the two says that a security update waits; C(pending) is the check's.

    Nothing is said where one of them could not look: where the package manager's lists are old or broken, or no feed covers the system.
    """
    if (
        not isinstance(pending, Mapping)
        or not pending.get("complete")
        or not pending.get("source")
        or match.target.unknown
        or match.incomplete
        or match.missing
    ):
        return []
    rows = pending.get("security")
    own = {str(row.get("name")) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    kernels = {hit.name for hit in match.kernel.hits}  # installed, and wait for a reboot: the package manager has nothing left to do
    ours = {hit.name: hit for hit in match.hits() if hit.verdict == AFFECTED and not hit.note and hit.name not in kernels}
    source = str(pending["source"])
    evidence = [(name, f"{source} has a security update, the announcements do not name it") for name in sorted(own - set(ours))]
    evidence += [(name, f"announced as fixed in {ours[name].fixed}, {source} has no security update") for name in sorted(set(ours) - own)]
    return [_row(evidence)] if evidence else []


def _row(evidence: Iterable[tuple[str, str]]) -> dict[str, Any]:
    evidence = list(evidence)
    plural = "s" if len(evidence) > 1 else ""
    title = f"The announcements and the server's package manager disagree over {len(evidence)} package{plural}"
    text = "Look whether its repositories are complete and current, and whether the package is held back."
    return finding("software.witnesses", "info", title, "two witnesses", evidence, text, count=len(evidence))
