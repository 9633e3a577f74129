# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An installed rpm package: what is asked of it whoever announces its fixes."""

from __future__ import annotations

from typing import NamedTuple

from . import streams
from .ecosystem import Target
from .index import Row
from .verdict import UNKNOWN, Hit

# A public key in the rpm database is no software.
NO_SOFTWARE = ("gpg-pubkey",)

NO_LABEL = "a module's build without its label: which stream it belongs to cannot be told"


class RpmPackage(NamedTuple):
    """A package as rpm prints it; C(label) is its modularity label."""

    name: str
    epoch: str
    version: str
    release: str
    arch: str
    source: str
    label: str
    vendor: str

    @property
    def evr(self) -> str:
        """Return the version as it is shown and compared: without an epoch of 0."""
        evr = f"{self.version}-{self.release}"
        return evr if self.epoch in ("0", "", "(none)") else f"{self.epoch}:{evr}"


def settled(package: RpmPackage, target: Target) -> tuple[Hit, ...] | None:
    """Return what is said of a package that no announcement can speak of (a key, another vendor's build), None for every other."""
    if package.name in NO_SOFTWARE:
        return ()
    if not target.vendors or package.vendor in target.vendors:
        return None
    who = package.vendor if package.vendor and package.vendor != "(none)" else "nobody"
    return (Hit(UNKNOWN, 0, package.name, f"{package.version}-{package.release}", None, f"built by {who}, not by the distribution"),)


def stream_of(package: RpmPackage, rows: list[Row]) -> str | None:
    """Return the module stream of a package: of its label, or, where a rebuilt package has lost that, of announcements of the very build.

    streams.NONE for what is of no module, None for what is of one that nobody names.
    """
    if streams.of_label(package.label):
        return streams.of_label(package.label)
    if not streams.is_modular(package.release):
        return streams.SIG_CLOUD if package.release.endswith(streams.SIG_BUILD) else streams.NONE
    build = streams.build(package.release)
    named = {row.stream for row in rows if row.fixed and streams.build(row.fixed) == build} - {streams.NONE, streams.UNNAMED}
    return named.pop() if build and len(named) == 1 else None
