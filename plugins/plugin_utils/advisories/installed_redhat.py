# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed packages of Red Hat Enterprise Linux against Red Hat's own statements (VEX), which also know what is not fixed.

A statement is made of sources, and is compared with the version of the package's source: a subpackage may have another one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from . import csaf, streams
from .ecosystem import Target
from .index import Index, Row
from .rpm_package import NO_LABEL, RpmPackage, settled, stream_of
from .verdict import AFFECTED, UNFIXED, UNKNOWN, Hit
from .versions import rpm

INVESTIGATED = "Red Hat is still looking into it"


class _Build(NamedTuple):
    name: str
    evr: str  # as it is shown
    version: str  # of the source, without an epoch: rpm does not tell it
    stream: str | None  # None: of a module, but of which stream is not known


def judge(row: tuple[str, ...], index: Index, target: Target) -> tuple[Hit, ...]:
    """Return what Red Hat says of one installed package in the products of C(target)."""
    package = RpmPackage(*row)
    beforehand = settled(package, target)
    if beforehand is not None:
        return beforehand
    source, version = _source(package)
    rows = [found for ecosystem in target.ecosystems for name in (source + ".src", package.name) for found in index.rows(ecosystem, name)]
    if not rows:
        return ()
    build = _Build(package.name, package.evr, version, stream_of(package, rows))
    by_vid: dict[int, list[Row]] = {}
    for found in rows:
        by_vid.setdefault(found.vid, []).append(found)
    return tuple(hit for vid, own in by_vid.items() for hit in _hits(build, vid, own))


def _source(package: RpmPackage) -> tuple[str, str]:
    """Return name and version-release of the source: "nginx-1.22.1-4.el9.src.rpm" is nginx 1.22.1-4.el9."""
    parts = package.source.removesuffix(".rpm").removesuffix(".src").removesuffix(".nosrc").rsplit("-", 2)
    return (parts[0], f"{parts[1]}-{parts[2]}") if len(parts) == 3 else (package.name, f"{package.version}-{package.release}")


def _hits(build: _Build, vid: int, rows: list[Row]) -> Iterable[Hit]:
    """Yield what one statement means for a build: its newest fix first, then what is not fixed, then what is not known yet."""
    said = [(row, json.loads(row.spec or "{}")) for row in rows if _of_stream(build, row)]
    if any(csaf.UNTOUCHED in spec for _row, spec in said):
        return
    fixes = [(rpm.key(_plain(row.fixed)), row.fixed, spec) for row, spec in said if row.fixed]
    if fixes:
        newest, fixed, spec = max(fixes, key=lambda item: item[0])
        if rpm.key(build.version) < newest:
            if build.stream is None:
                yield Hit(UNKNOWN, vid, build.name, build.evr, fixed, NO_LABEL)
            else:
                yield Hit(AFFECTED, vid, build.name, build.evr, fixed, advisory=_text(spec, csaf.ADVISORY))
        return
    for _row, spec in said:
        if build.stream is None:
            yield Hit(UNKNOWN, vid, build.name, build.evr, None, NO_LABEL)
        elif csaf.INVESTIGATED in spec:
            yield Hit(UNKNOWN, vid, build.name, build.evr, None, INVESTIGATED)
        else:
            yield Hit(UNFIXED, vid, build.name, build.evr, None, _text(spec, csaf.STATUS), workaround=_text(spec, csaf.WORKAROUND))
        return


def _of_stream(build: _Build, row: Row) -> bool:
    """Return whether a statement may speak of this build: what it says of one stream says nothing of another, nor of the base system."""
    if build.stream is not None:
        return build.stream == row.stream
    if row.stream == streams.NONE:
        return False
    return row.fixed is None or streams.same_upstream(build.version, _plain(row.fixed))


def _plain(evr: str | None) -> str:
    """Return a version without its epoch: a source keeps it as long as a release of the system lives."""
    return (evr or "").partition(":")[2] if ":" in (evr or "") else evr or ""


def _text(spec: Any, key: str) -> str:
    found = spec.get(key) if isinstance(spec, dict) else None
    return found if isinstance(found, str) else ""
