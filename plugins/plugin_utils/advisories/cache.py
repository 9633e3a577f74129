# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of a mirror, kept below the state folder: each mirror has its own, rebuilt for the feeds that changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from pathlib import Path

from ..feeds.states import FeedState, feed_states
from . import index


def place(mirror: Path, state_dir: Path) -> Path:
    """Return where the index of a mirror is kept."""
    name = hashlib.sha256(os.fsencode(mirror.resolve())).hexdigest()[:16]
    return state_dir / "advisories" / f"{name}.sqlite"


def opened(mirror: Path, state_dir: Path) -> index.Index:
    """Return the index of a mirror, brought up to date; one that is damaged is made anew. Raises OSError and sqlite3.Error."""
    path = place(mirror, state_dir)
    try:
        index.build(mirror, path)
        return index.Index(path)
    except sqlite3.DatabaseError:
        return renewed(mirror, state_dir)


def renewed(mirror: Path, state_dir: Path) -> index.Index:
    """Return the index of a mirror, made anew. Raises OSError and sqlite3.Error."""
    path = place(mirror, state_dir)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    index.build(mirror, path)
    return index.Index(path)


def feeds_of(base: index.Index, mirror: Path, now: float, max_age: float) -> tuple[dict[str, index.Feed], dict[str, FeedState]]:
    """Return what the index took of each feed, with the time when it was last had, and what became of the last try to fetch each.

    When a feed was last found unchanged is not in the index, which is only made anew for what changed.
    """
    states = {state.name: state for state in feed_states(mirror, now, max_age)}
    known = {feed.name: feed for feed in base.feeds()}
    return {name: feed._replace(modified=states[name].fetched or 0.0) if name in states else feed for name, feed in known.items()}, states
