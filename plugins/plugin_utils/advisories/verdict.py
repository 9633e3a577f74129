# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of one installed package."""

from __future__ import annotations

from typing import NamedTuple

AFFECTED, UNFIXED, UNKNOWN = "affected", "unfixed", "unknown"


class Hit(NamedTuple):
    """One announcement and one package.

    C(verdict): AFFECTED (C(fixed) is the version that ends it), UNFIXED (there is none yet) or UNKNOWN (C(note) says why). What is not affected
    makes no hit. C(vid) is the number of the announcement in the index, 0 where none is meant: the package as a whole cannot be judged. C(others)
    are announcements of the same thing elsewhere. C(advisory) brings the fix of an announcement that is of a single vulnerability; C(workaround) is
    what its vendor says that helps meanwhile.
    """

    verdict: str
    vid: int
    name: str
    installed: str
    fixed: str | None
    note: str = ""
    others: tuple[int, ...] = ()
    advisory: str = ""
    workaround: str = ""
