# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's own list of vulnerabilities (postgresql.org/support/security), a page with a table: the first witness for a server that no package owns."""

from __future__ import annotations

import html.parser
import re
from collections.abc import Iterator
from pathlib import Path

from . import branches, cvss
from .feed import FeedError, Package, Record, content, words
from .markup import tags_only

ECOSYSTEM, NAME = "postgresql.org", "postgresql"

# Reference, affected branches, fixed versions, component and score, description.
_COLUMNS = 5
_ROWS_LIMIT = 5000

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,7}")
_SCORE = re.compile(r"\b(10\.0|[0-9]\.[0-9])\b")

# The installer of Windows, which no server here runs.
_NOT_HERE = "packaging"


def read(path: Path) -> Iterator[Record]:
    """Yield the vulnerabilities of the table."""
    table = _Table()
    table.feed(tags_only(content(path).decode("utf-8", "replace")))
    table.close()
    seen = 0
    for row in table.rows[:_ROWS_LIMIT]:
        found = _record(row) if len(row) == _COLUMNS else None
        if found:
            seen += 1
            yield found
    if not seen:
        raise FeedError(f"{path.name} holds no table of vulnerabilities")


def _record(row: list[str]) -> Record | None:
    reference, affected, fixed, component, description = row
    cve = _CVE.search(reference)
    if not cve or component.strip().startswith(_NOT_HERE):
        return None
    width = {version: 2 if int(version.partition(".")[0]) < 10 else 1 for version in branches.NUMBER.findall(f"{affected} {fixed}")}
    pairs = {}
    for wanted in (1, 2):
        names = [version for version in branches.NUMBER.findall(affected) if width[version] == wanted]
        pairs.update(branches.pair(names, [version for version in branches.NUMBER.findall(fixed) if width[version] == wanted], wanted))
    name = cve.group()
    number = _SCORE.search(component)
    score = float(number.group()) if number else None
    severity = cvss.rating(score) if score is not None else ""
    package = Package(ECOSYSTEM, NAME, "", None, branches.spec(pairs))
    title = words(description.partition("more details")[0], 200)
    return Record(name, True, severity, score, title, "", f"https://www.postgresql.org/support/security/{name}/", (name,), (), [package])


class _Table(html.parser.HTMLParser):
    """Collects the texts of the cells of all tables, row by row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
            self._in_cell = False
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._in_cell = True
        elif self._in_cell:
            self.rows[-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell and len(self.rows[-1][-1]) < 2000:
            self.rows[-1][-1] += data
