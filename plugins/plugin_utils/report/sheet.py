# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.csv: a row for each finding of each host, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from .document import Run

COLUMNS = (
    "host",
    "inventory_groups",
    "host_status",
    "severity",
    "state",
    "check",
    "rule",
    "title",
    "subject",
    "count",
    "first",
    "last",
    "first_seen",
    "accepted_until",
    "commands",
    "references",
    "fingerprint",
    "group",
)

# What makes a spreadsheet take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four: the wide ones of East Asia


def report_csv(run: Run) -> Iterator[bytes]:
    """Yield the rows as UTF-8 with commas (RFC 4180), a host at a time."""
    yield _rows([COLUMNS])
    for host in run.fleet.hosts:
        rows = []
        for item in host.findings():
            values = {
                **item,
                "host": host.name,
                "inventory_groups": " ".join(host.groups),
                "host_status": host.status,
                "accepted_until": item.get("accepted", {}).get("expires"),
                "commands": "\n".join(item["remedy"]["commands"]),
                "references": "\n".join(item["references"]),
            }
            rows.append(tuple(_cell(values.get(column)) for column in COLUMNS))
        yield _rows(rows)


def _rows(rows: list[tuple[str, ...]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: object) -> str:
    words = "" if value is None else str(value)
    return f"'{words}" if words.startswith(_FORMULA) else words
