# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed rpm packages against the announcements of their distribution."""

from __future__ import annotations

from typing import NamedTuple

from . import streams
from .ecosystem import Target
from .evaluate import NOT_AFFECTED, Outcome, evaluate
from .index import Index, Row
from .rpm_package import NO_LABEL, RpmPackage, settled, stream_of
from .verdict import AFFECTED, UNFIXED, UNKNOWN, Hit
from .versions import rpm


class _Build(NamedTuple):
    name: str
    evr: str
    stream: str | None  # None: of a module, but of which stream is not known


def judge(row: tuple[str, ...], index: Index, target: Target) -> tuple[Hit, ...]:
    """Return what the announcements of C(target) say of one installed package, worst words for what cannot be told."""
    package = RpmPackage(*row)
    beforehand = settled(package, target)
    if beforehand is not None:
        return beforehand
    names = _names(package.name, package.source, target.by)
    rows = [found for ecosystem in target.ecosystems for name in names for found in index.rows(ecosystem, name)]
    return tuple(_hits(_Build(package.name, package.evr, stream_of(package, rows)), rows)) if rows else ()


def _names(name: str, source: str, by: str) -> tuple[str, ...]:
    """Return the names that the feed may use: "nginx-1.26.2-1.el9.src.rpm" is built from nginx."""
    base = source.rsplit("-", 2)[0] if source.count("-") >= 2 else name
    if by == "binary":
        return (name,)
    if by == "source":
        return (base,)
    return tuple(dict.fromkeys((name, base)))


def _hits(build: _Build, rows: list[Row]) -> list[Hit]:
    mine = rpm.key(build.evr)
    own: dict[int, list[Row]] = {}
    for row in rows:
        # Most announcements are older than what is installed: they are out before anything else is asked.
        if row.security and (row.fixed is None or mine < rpm.key(row.fixed)) and _same_stream(build, row):
            own.setdefault(row.vid, []).append(row)
    hits = []
    for vid, relevant in own.items():
        outcome = _outcome(build, relevant)
        if outcome.affected is None:
            hits.append(Hit(UNKNOWN, vid, build.name, build.evr, outcome.fixed, outcome.note))
        elif outcome.affected:
            hits.append(Hit(AFFECTED if outcome.fixed else UNFIXED, vid, build.name, build.evr, outcome.fixed, outcome.note))
    return hits


def _same_stream(build: _Build, row: Row) -> bool:
    """Return whether an announcement may speak of this build: a fix in one stream says nothing of another, nor of the base system."""
    if row.fixed is None:
        return True
    if build.stream == streams.NONE or row.stream == streams.NONE:
        return build.stream == row.stream
    if build.stream is None or row.stream == streams.UNNAMED:
        return streams.same_upstream(_version(build.evr), _version(row.fixed))
    return not set(build.stream.split()).isdisjoint(row.stream.split())


def _version(evr: str) -> str:
    return rpm.split(evr)[1]


def _outcome(build: _Build, rows: list[Row]) -> Outcome:
    """Return the outcome of one announcement.

    It may name the package several times, once for each build of the module that it brought along: the newest is what dnf would install.
    """
    outcomes = [outcome for outcome in (evaluate(build.evr, row, rpm.key) for row in rows) if outcome.affected is not False]
    if not outcomes:
        return NOT_AFFECTED
    worst = max(outcomes, key=lambda outcome: rpm.key(outcome.fixed or "")) if len(outcomes) > 1 else outcomes[0]
    if build.stream is None:
        return Outcome(None, worst.fixed, NO_LABEL)
    return worst
