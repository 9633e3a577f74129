# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a mirror are feeds, and who reads each. The layout is upstream's: a mirror is made by copying.

================================================  ==============================================
``osv/<Ecosystem>/all.zip``                       OSV's dump of an ecosystem
``ruby-advisory-db.tar.gz``                       ruby-advisory-db
``nginx/security_advisories.xml``                 nginx.org
``node/index.json``                               Node (nodejs/security-wg)
``postgresql/security.html``                      postgresql.org
``kev/known_exploited_vulnerabilities.json``      CISA KEV
``epss/epss_scores-current.csv.gz``               EPSS
``endoflife/<product>.json``                      endoflife.date (or ``.md``, as in its repository)
``redhat/repository-to-cpe.json``                 Red Hat's repositories
================================================  ==============================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..feeds import manifest
from . import endoflife, epss, kev, nginx, node, osv, postgresql, redhat, rubysec
from .feed import Record

Fact = tuple[str, str, str]


class Source(NamedTuple):
    """One feed of a mirror: its name, its file, and the reader of its records or of its facts (kind, key, value as JSON).

    C(known) is what the mirror's manifest says of the files.
    """

    name: str
    path: Path
    records: Callable[[Path], Iterator[Record]] | None = None
    facts: Callable[[Path], Iterator[Fact]] | None = None
    known: Mapping[Path, manifest.File] = MappingProxyType({})

    def stamp(self) -> str:
        """Return what changes when the file does, or one of the folder's files."""
        return " ".join(self._stamp(path) for path in self._files()[:100])

    def _stamp(self, path: Path) -> str:
        """Return the checksum that was taken when the file was fetched: its time is also that of the last look, which changes nothing in it."""
        state, file = path.stat(), self.known.get(path)
        as_fetched = file is not None and (file.size, file.mtime_ns) == (state.st_size, state.st_mtime_ns)
        return file.sha256 if file and file.sha256 and as_fetched else f"{state.st_size}:{state.st_mtime_ns}"

    def modified(self) -> float:
        """Return when the oldest of the feed's files was written, in seconds since 1970."""
        return min((path.stat().st_mtime for path in self._files()), default=0.0)

    def _files(self) -> list[Path]:
        return sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]


# (name of the feed, its file, reader of records, reader of facts)
_FILES: tuple[tuple[str, str, Callable[[Path], Iterator[Record]] | None, Callable[[Path], Iterator[Fact]] | None], ...] = (
    ("ruby-advisory-db", "ruby-advisory-db.tar.gz", rubysec.read, None),
    ("nginx", "nginx/security_advisories.xml", nginx.read, None),
    ("node", "node/index.json", node.read, None),
    ("postgresql", "postgresql/security.html", postgresql.read, None),
    ("kev", "kev/known_exploited_vulnerabilities.json", None, kev.facts),
    ("epss", "epss/epss_scores-current.csv.gz", None, epss.facts),
    ("redhat", "redhat/repository-to-cpe.json", None, redhat.facts),
)


def find(mirror: Path) -> list[Source]:
    """Return the feeds that a mirror holds, always in the same order."""
    known = {mirror / file.path: file for entry in manifest.read(mirror).values() for file in entry.files}
    found = [Source(f"osv/{path.parent.name}", path, records=osv.read) for path in sorted(mirror.glob("osv/*/all.zip"))]
    found += [Source(name, mirror / path, records, facts) for name, path, records, facts in _FILES if (mirror / path).is_file()]
    if (mirror / "endoflife").is_dir():
        found.append(Source("endoflife", mirror / "endoflife", facts=endoflife.facts))
    return [source._replace(known=known) for source in found]
