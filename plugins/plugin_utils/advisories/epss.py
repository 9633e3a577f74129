# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EPSS (first.org/epss): how probable it is that a CVE is exploited within 30 days; a .csv.gz a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .feed import FeedError, content
from .kev import CVE

_NUMBER = re.compile(r"[01]?\.[0-9]{1,12}|[01]|[0-9](?:\.[0-9]+)?e-[0-9]{1,2}")


def facts(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield ("epss", CVE, [probability, percentile])."""
    seen = 0
    for line in content(path).decode("ascii", "replace").splitlines():
        cve, *numbers = line.split(",")
        if len(numbers) == 2 and CVE.fullmatch(cve) and all(_NUMBER.fullmatch(number) for number in numbers):
            seen += 1
            yield "epss", cve, f"[{float(numbers[0])}, {float(numbers[1])}]"
    if not seen:
        raise FeedError(f"{path.name} holds no score")
