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
``redhat/vex/``                                   Red Hat's statements (VEX), see redhat_vex.py
================================================  ==============================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..feeds import manifest
from ..late import late
from . import redhat_vex
from .feed import Record

Fact = tuple[str, str, str]


class Source(NamedTuple):
    """One feed of a mirror: its name, its file, and the reader of its records or of its facts (kind, key, value as JSON).

    C(known) is what the mirror's manifest says of the files. C(shrinks): fewer records than before are nothing to wonder at. C(dated) is the file
    that tells the age where it is not the feed's own, C(stamped) what changes with a feed of many files.
    """

    name: str
    path: Path
    records: Callable[[Path], Iterator[Record]] | None = None
    facts: Callable[[Path], Iterator[Fact]] | None = None
    known: Mapping[Path, manifest.File] = MappingProxyType({})
    shrinks: bool = False
    dated: Path | None = None
    stamped: Callable[[Path], str] | None = None

    def stamp(self) -> str:
        """Return what changes when the file does, or one of the folder's files."""
        if self.stamped is not None:
            return self.stamped(self.path)
        return " ".join(self._stamp(path) for path in self._files()[:100])

    def _stamp(self, path: Path) -> str:
        """Return the checksum that was taken when the file was fetched: its time is also that of the last look, which changes nothing in it."""
        state, file = path.stat(), self._as_fetched(path)
        return file.sha256 if file and file.sha256 else f"{state.st_size}:{state.st_mtime_ns}"

    def may_shrink(self) -> bool:
        """Return whether fewer records than before are to be taken: where they always may, and where whoever fetched the file looked after that."""
        return self.shrinks or all(self._as_fetched(path) is not None for path in self._files())

    def _as_fetched(self, path: Path) -> manifest.File | None:
        """Return what is known of a file that is still as it was fetched."""
        state, file = path.stat(), self.known.get(path)
        return file if file is not None and (file.size, file.mtime_ns) == (state.st_size, state.st_mtime_ns) else None

    def modified(self) -> float:
        """Return when the oldest of the feed's files was written, in seconds since 1970."""
        if self.dated is not None and self.dated.is_file():
            return self.dated.stat().st_mtime
        return min((path.stat().st_mtime for path in self._files()), default=0.0)

    def _files(self) -> list[Path]:
        return sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]


# (name of the feed, its file, reader of records, reader of facts)
_FILES: tuple[tuple[str, str, Callable[[Path], Iterator[Record]] | None, Callable[[Path], Iterator[Fact]] | None], ...] = (
    ("ruby-advisory-db", "ruby-advisory-db.tar.gz", late(__package__, "rubysec", "read"), None),
    ("nginx", "nginx/security_advisories.xml", late(__package__, "nginx", "read"), None),
    ("node", "node/index.json", late(__package__, "node", "read"), None),
    ("postgresql", "postgresql/security.html", late(__package__, "postgresql", "read"), None),
    ("kev", "kev/known_exploited_vulnerabilities.json", None, late(__package__, "kev", "facts")),
    ("epss", "epss/epss_scores-current.csv.gz", None, late(__package__, "epss", "facts")),
    ("redhat", "redhat/repository-to-cpe.json", None, late(__package__, "redhat", "facts")),
)


def find(mirror: Path) -> list[Source]:
    """Return the feeds that a mirror holds, always in the same order."""
    known = {mirror / file.path: file for entry in manifest.read(mirror).values() for file in entry.files}
    found = [Source(f"osv/{path.parent.name}", path, records=late(__package__, "osv", "read")) for path in sorted(mirror.glob("osv/*/all.zip"))]
    found += [Source(name, mirror / path, records, facts) for name, path, records, facts in _FILES if (mirror / path).is_file()]
    if (mirror / "endoflife").is_dir():
        found.append(Source("endoflife", mirror / "endoflife", facts=late(__package__, "endoflife", "facts")))
    archive = redhat_vex.archive(mirror)
    if archive is not None:
        dated = archive.with_name(redhat_vex.CHANGES)
        found.append(Source(redhat_vex.ARCHIVE, archive, redhat_vex.read, dated=dated))
        changes = Source(redhat_vex.CHANGED, archive.parent, redhat_vex.read_changes, shrinks=True, dated=dated, stamped=redhat_vex.stamp)
        found.append(changes)
    return [source._replace(known=known) for source in found]
