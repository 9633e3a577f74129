# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed packages of Red Hat Enterprise Linux against Red Hat's own statements (VEX), which also know what is not fixed.

A row is that of installed_rpm. A statement is made of sources, and is compared with the version of the package's source: a subpackage may have
another one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from . import csaf, streams
from .ecosystem import Target
from .index import Index, Row
from .installed_rpm import NO_SOFTWARE, of_other_vendor, stream_of
from .verdict import AFFECTED, UNFIXED, UNKNOWN, Hit
from .versions import rpm

NO_LABEL = "a module's build without its label: which stream it belongs to cannot be told"
INVESTIGATED = "Red Hat is still looking into it"


class _Build(NamedTuple):
    name: str
    evr: str  # as it is shown
    source: str
    version: str  # of the source, without an epoch: rpm does not tell it
    stream: str | None  # None: of a module, but of which stream is not known


def judge(row: tuple[str, ...], index: Index, target: Target) -> tuple[Hit, ...]:
    """Return what Red Hat says of one installed package in the products of C(target)."""
    name, epoch, version, release, _arch, source, label, _vendor = row
    if name in NO_SOFTWARE:
        return ()
    other = of_other_vendor(row, target)
    if other:
        return (other,)
    base, of_source = _source(name, version, release, source)
    rows = [found for ecosystem in target.ecosystems for wanted in (base + ".src", name) for found in index.rows(ecosystem, wanted)]
    if not rows:
        return ()
    evr = f"{version}-{release}" if epoch in ("0", "", "(none)") else f"{epoch}:{version}-{release}"
    build = _Build(name, evr, base, of_source, stream_of(release, label, rows))
    by_vid: dict[int, list[Row]] = {}
    for found in rows:
        by_vid.setdefault(found.vid, []).append(found)
    return tuple(hit for vid, own in by_vid.items() for hit in _hits(build, vid, own))


def _source(name: str, version: str, release: str, source: str) -> tuple[str, str]:
    """Return name and version-release of the source: "nginx-1.22.1-4.el9.src.rpm" is nginx 1.22.1-4.el9."""
    parts = source.removesuffix(".rpm").removesuffix(".src").removesuffix(".nosrc").rsplit("-", 2)
    return (parts[0], f"{parts[1]}-{parts[2]}") if len(parts) == 3 else (name, f"{version}-{release}")


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
