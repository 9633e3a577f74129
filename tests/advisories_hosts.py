# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of servers with a list of software, as the check sends them, for tests of what is made of them."""

from __future__ import annotations

import calendar
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import result
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer

NOW = calendar.timegm((2026, 11, 22, 6, 0, 0))
ALMA = {"id": "almalinux", "version_id": "9.6"}
DEBIAN = {"id": "debian", "version_id": "12"}


def rpm(name: str, version: str, release: str) -> list[str]:
    """Return a package of AlmaLinux as rpm prints it."""
    return [name, "0", version, release, "x86_64", f"{name}-{version}-{release}.src.rpm", "(none)", "AlmaLinux"]


def software(*rows: list[str], **more: Any) -> dict[str, Any]:
    """Return the data of the check."""
    return {"packages": {"manager": "rpm", "rows": list(rows)}, "kernel_running": "", **more}


def document(host: str, data: dict[str, Any], system: dict[str, str] | None = None, findings: Iterable[dict[str, Any]] = (), **checks: Any) -> dict[str, Any]:
    """Return the document of a host as the spool has it."""
    given = {"software": result(list(findings), data), **checks}
    answer = {"facts": {"os": system or ALMA}, "checks": given}
    return accept_answer(answer, host=host, groups=[], run_id="r1", expected_checks=list(given), started="2026-11-22T05:59:00Z", ended="2026-11-22T05:59:03Z")


def age(place: Path, seconds: float) -> None:
    """Let all files of a mirror be that old at NOW."""
    for path in place.rglob("*"):
        os.utime(path, (NOW - seconds, NOW - seconds))
