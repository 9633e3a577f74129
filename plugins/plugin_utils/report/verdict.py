# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict: one sentence about the fleet, and the exit reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from ..document import FAILED
from .collect import LOOKED, Fleet

FAIL_ON = ("never", "low", "medium", "high", "critical")
FAIL_ON_DEFAULT = "high"

# Exit codes of a run, in summary.json and in what the action returns.
OK = 0
FINDINGS = 10
NOT_REACHED = 11
NOT_RUN = 12

_COUNT_OR_SHARE = re.compile(r"(\d{1,9})(%?)")


@dataclass(frozen=True, slots=True)
class Exit:
    """Why a run is good or not: the code of the first reason that holds, and all reasons in words. A good run has words as well."""

    code: int
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "reason": "; ".join(self.reasons)}


def allowed_unreachable(value: object, expected: int) -> int:
    """Return how many of the expected hosts may be not reached, for a count or a share such as ``5%``, rounded down.

    Raises ValueError.
    """
    match = _COUNT_OR_SHARE.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if not match or (match[2] and int(match[1]) > 100):
        raise ValueError(f"max_unreachable is {value!r}: a count of hosts or a share such as 5% is wanted")
    return int(match[1]) * expected // 100 if match[2] else int(match[1])


def exit_of(fleet: Fleet, *, fail_on: str, allowed: int) -> Exit:
    """Return the exit reason: findings before hosts that were not reached before checks that could not run.

    ``allowed`` is how many hosts may be not reached or not run.
    """
    states = fleet.host_states()
    found: list[tuple[int, str]] = []
    counted = {severity: count for severity, count in fleet.severities().items() if fails(severity, fail_on) and count}
    if counted:
        reach = "reaches" if sum(counted.values()) == 1 else "reach"
        found.append((FINDINGS, f"{_listed(counted)} {reach} fail_on={fail_on}"))
    lost = states["unreachable"] + states["not_run"]
    if not fleet.hosts:
        found.append((NOT_REACHED, "no host was expected and none has a document"))
    elif lost > allowed:
        found.append((NOT_REACHED, f"{_number(lost, 'host')} not reached, {allowed} allowed"))
    failed = sum(fleet.check_states()[status] for status in FAILED)
    if states["error"]:
        found.append((NOT_RUN, f"{_number(states['error'], 'host')} without a usable answer"))
    if failed:
        found.append((NOT_RUN, f"{_number(failed, 'check')} could not run"))
    if fleet.hosts and not found and not _looked(fleet):
        found.append((NOT_RUN, "no check looked at anything"))
    return Exit(found[0][0], tuple(words for _code, words in found)) if found else Exit(OK, (_good(fleet, fail_on, lost, allowed),))


def _good(fleet: Fleet, fail_on: str, lost: int, allowed: int) -> str:
    """Return why a run is good."""
    looked = f"{_number(lost, 'host')} not reached, {allowed} allowed" if lost else "every host was checked"
    if fail_on == "never":
        return f"{looked}; findings do not fail this run (fail_on=never)" if any(fleet.severities().values()) else looked
    return f"{looked} and no finding reaches fail_on={fail_on}"


def fails(severity: str, fail_on: str) -> bool:
    """Return whether a finding of that severity makes a run fail."""
    return fail_on != "never" and SEVERITIES.index(severity) <= SEVERITIES.index(fail_on)


def sentence(fleet: Fleet) -> str:
    """Return the verdict in one sentence. It says ok only of what was looked at."""
    states, statuses = fleet.host_states(), fleet.check_states()
    total = len(fleet.hosts)
    looked_at = states["checked"] + states["partial"]
    severities = {severity: count for severity, count in fleet.severities().items() if count}
    parts = []
    if not total:
        return "Nothing was looked at: no host was expected and none has a document"
    if severities:
        concerned = sum(1 for host in fleet.hosts if host.counts)
        where = fleet.hosts[0].name if total == 1 else f"{concerned:,} of {total:,} hosts"
        parts.append(f"{_listed(severities)} on {where}")
    elif not _looked(fleet):
        parts.append(f"Nothing was looked at on {_number(total, 'host')}")
    elif looked_at < total or any(statuses[status] for status in (*FAILED, "incomplete")):
        parts.append(f"Nothing found on {looked_at:,} of {_number(total, 'host')}")
    else:
        parts.append(_nothing_to_do(fleet, statuses))
    if looked_at < total:
        parts.append(f"{_number(total - looked_at, 'host')} not checked")
    failed = sum(statuses[status] for status in FAILED)
    if failed:
        parts.append(f"{_number(failed, 'check')} could not run")
    accepted = sum(host.accepted for host in fleet.hosts)
    if accepted:
        parts.append(f"{accepted:,} accepted")
    if statuses["incomplete"]:
        parts.append(f"{_number(statuses['incomplete'], 'check')} incomplete")
    return "; ".join(parts)


def _nothing_to_do(fleet: Fleet, statuses: Mapping[str, int]) -> str:
    hosts = len(fleet.hosts)
    each = len(fleet.checks)
    who = fleet.hosts[0].name if hosts == 1 else f"{hosts:,} of {hosts:,} hosts"
    words = f"Nothing to do: {who} checked, {'1 check' if each == 1 else f'all {each} checks'}{' each' if hosts > 1 else ''}"
    aside = [f"{statuses[status]} {status.replace('_', ' ')}" for status in ("not_applicable", "skipped") if statuses[status]]
    return f"{words} ({', '.join(aside)})" if aside else words


def _looked(fleet: Fleet) -> int:
    statuses = fleet.check_states()
    return sum(statuses[status] for status in LOOKED)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {severity}" for severity, count in counts.items())


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
