# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run is worth telling, by what its channel asks for. Where the history cannot say what is new, what was found is told."""

from __future__ import annotations

from ..report.document import Run


def due(run: Run, when: str) -> bool:
    """Return whether a channel with that ``when`` is told of the run."""
    return {"always": _always, "new": _new, "change": _change, "failure": _failure}[when](run)


def why_not(run: Run, when: str) -> str:
    """Return why nothing was sent."""
    return {"new": "nothing new", "change": "nothing has changed", "failure": "no failure"}[when]


def _always(run: Run) -> bool:
    return True


def _failure(run: Run) -> bool:
    return run.exit.code != 0


def _new(run: Run) -> bool:
    return _fresh(run) or (_unsure(run) and bool(run.fleet.groups or run.fleet.coverage))


def _change(run: Run) -> bool:
    past = run.fleet.past
    return _fresh(run) or _unsure(run) or bool(past.resolved or past.back)


def _fresh(run: Run) -> bool:
    """Return whether something was found, or not looked at, that was fine at the look before."""
    return any(group.new or group.reopened for group in (*run.fleet.groups, *run.fleet.coverage))


def _unsure(run: Run) -> bool:
    """Return whether of a host or of all nobody can say what is new."""
    past = run.fleet.past
    return bool(past.off) or past.baseline is None or past.first_looks > 0
