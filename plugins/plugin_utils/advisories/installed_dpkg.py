# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed Debian packages against the announcements of their distribution, which name source packages.

A row is [name, version, architecture, source, source version, status], as dpkg-query prints them.
"""

from __future__ import annotations

import re

from .ecosystem import Target
from .evaluate import NOT_AFFECTED, Outcome, evaluate
from .index import Index, Row
from .verdict import AFFECTED, UNFIXED, UNKNOWN, Hit
from .versions import dpkg

# Second letter of dpkg's status: what has files on the disk. "rc" is a removed package whose configuration was kept, "un" was never there.
ON_DISK = "iUFHWt"

# Versions that no distribution gives to its own packages, and who does: the distribution's fixes say nothing of them.
THIRD_PARTY = (
    (re.compile(r"\.pgdg\d"), "built by the PostgreSQL project (PGDG), not by the distribution"),
    (re.compile(r"~bpo\d"), "a backport: the announcements follow the stable release only"),
    (re.compile(r"\+deb\.sury\.org"), "built by deb.sury.org, not by the distribution"),
    (re.compile(r"nodesource"), "built by NodeSource, not by the distribution"),
    (
        re.compile(r"[~.+](bookworm|bullseye|buster|stretch|trixie|forky|xenial|bionic|focal|jammy|noble)\d*$"),
        "built by its own project, not by the distribution",
    ),
    (re.compile(r"~ubuntu\d\d\.\d\d\.\d+"), "built in a PPA, not by the distribution"),
)

# Parts of a kernel's source that are no running kernel: headers, tools, meta packages and modules of the same build.
_KERNEL_SOURCE = re.compile(r"linux(-signed|-meta)?(-.*)?")
_KERNEL_PARTS = re.compile(
    r"linux-(headers|modules|image|tools|cloud-tools|libc-dev|kbuild|compiler|perf|doc|source|config|cpupower|bpf-dev|generic|virtual)\b.*"
)
KERNEL_IMAGE = re.compile(r"linux-image-(?:unsigned-)?(\d.*)")
_SIGNED = re.compile(r"linux-signed(?:-(?:amd64|arm64|armhf|i386|ppc64el|s390x|riscv64))?(-.*)?")

NEEDS_PRO = "the fix needs Ubuntu Pro"


def judge(row: tuple[str, ...], index: Index, target: Target) -> tuple[Hit, ...]:
    """Return what the announcements of C(target) say of one installed package."""
    name, version, _arch, source, source_version, status = row
    if len(status) > 1 and status[1] not in ON_DISK:
        return ()
    source, source_version = _source(name, version, source or name, source_version or version)
    if not source:
        return ()
    for pattern, why in THIRD_PARTY:
        if pattern.search(version):
            return (Hit(UNKNOWN, 0, name, version, None, why),)
    own = _announcements([row for ecosystem in target.ecosystems for row in index.rows(ecosystem, source)])
    paid = _announcements(index.rows(target.pro, source)) if target.pro else {}
    hits = []
    for vid in dict.fromkeys((*own, *paid)):
        outcome = _outcome(source_version, own.get(vid), paid.get(vid))
        if outcome.affected is None:
            hits.append(Hit(UNKNOWN, vid, name, version, None, outcome.note))
        elif outcome.affected:
            hits.append(Hit(AFFECTED if outcome.fixed else UNFIXED, vid, name, version, outcome.fixed, outcome.note))
    return tuple(hits)


def _source(name: str, version: str, source: str, source_version: str) -> tuple[str, str]:
    """Return source and version as the announcements have them; empty for parts of a kernel that do not run.

    Signed kernels have a source of their own (linux-signed-amd64 6.1.106+3, linux-signed-hwe-6.8), but are announced as what was signed:
    linux 6.1.106-3, which is the version of the binary package.
    """
    if KERNEL_IMAGE.fullmatch(name):
        signed = _SIGNED.fullmatch(source)
        return (f"linux{signed.group(1) or ''}", version) if signed else (source, source_version)
    if _KERNEL_PARTS.fullmatch(name) and _KERNEL_SOURCE.fullmatch(source):
        return "", ""
    return source, source_version


def _announcements(rows: list[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        if row.security:
            found.setdefault(row.vid, []).append(row)
    return found


def _outcome(version: str, own: list[Row] | None, paid: list[Row] | None) -> Outcome:
    """Return the outcome for the distribution's own fix, and where there is none, for the one that is sold."""
    first = _first(version, own)
    if own and (first.affected is not True or first.fixed):
        return first
    sold = _first(version, paid)
    if sold.affected and sold.fixed:
        return sold._replace(note=NEEDS_PRO)
    return first if own else sold


def _first(version: str, rows: list[Row] | None) -> Outcome:
    """Return the first outcome that is not "not affected" of the rows of one announcement."""
    outcomes = (evaluate(version, row, dpkg.key) for row in rows or ())
    return next((outcome for outcome in outcomes if outcome.affected is not False), NOT_AFFECTED)
