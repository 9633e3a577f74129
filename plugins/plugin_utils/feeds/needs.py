# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which feeds a fleet needs: read from what its servers said of their software."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import spool
from ..advisories import ecosystem, installed_libraries
from ..reading import mapping, rows
from ..untrusted import BadAnswer
from . import catalog

# Components that have a feed of their own beside Bitnami's.
_OWN = ("nginx", "ruby", "node", "postgresql")


def of_runs(runs: Iterable[Path]) -> frozenset[str]:
    """Return the ecosystems and components of the first of these runs that knows of any software."""
    return next((found for found in map(of_documents, map(documents, runs)) if found), frozenset())


def of_documents(documents: Iterable[object]) -> frozenset[str]:
    """Return the ecosystems and components that the servers have, by their documents. Servers without a list of software need none."""
    found: set[str] = set()
    for document in documents:
        found |= _of_document(document)
    return frozenset(found)


def _of_document(document: object) -> set[str]:
    software = mapping(document, "checks", "software", "data")
    if not software:
        return set()
    system = mapping(document, "facts", "os")
    found = {name.partition(":")[0] for name in ecosystem.target(system).ecosystems}
    found |= {catalog.RHEL} if system.get("id") == catalog.RHEL else set()
    kinds = [str(item.get("kind")) for item in rows(software, "applications", limit=None)]
    kinds += ["gems"] if software.get("gems") else []
    found |= {installed_libraries.KINDS[kind] for kind in kinds if kind in installed_libraries.KINDS}
    components = {str(item.get("name")) for item in rows(software, "components", limit=None)}
    found |= ({catalog.BITNAMI} if components else set()) | (components & set(_OWN))
    # Of a system that no feed speaks of it is still to be known when its support ends.
    return found or {str(system.get("id") or "unknown")}


def documents(run: Path) -> Iterator[object]:
    """Yield what the files of a run hold. The report checks them in full; here only a few words are looked up, and what cannot be read is left out."""
    try:
        paths = sorted(path for path in run.iterdir() if path.name.endswith(spool.SUFFIX) and not path.name.startswith("."))
    except OSError:
        return
    for path in paths:
        try:
            yield spool.unpack(path)
        except (BadAnswer, OSError, EOFError, ValueError, RecursionError, zlib.error):
            continue
