# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not looked at, or not wholly: each reason once, with its hosts. The page and the mail list them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..advisories.told import lacking_words
from .collect import Host
from .signs import HOST_SIGNS, STATUS_SIGNS, UNSOUND


@dataclass(frozen=True, slots=True)
class Reason:
    """Hosts of which something was not looked at, for the same reason."""

    sign: str
    word: str
    what: str
    reason: str
    hosts: list[str]


def reasons_of(hosts: Iterable[Host]) -> list[Reason]:
    """Return what was not looked at: hosts before checks before what is only incomplete, then the most hosts first.

    A reason that names its host is the same reason on another host.
    """
    found: dict[tuple[int, str, str, str], list[tuple[str, str]]] = {}
    hosts = list(hosts)
    feeds = {name: why for host in hosts for cell in host.cells.values() for name, why in cell.feeds.items()}
    for host in hosts:
        lost = [] if host.looked_at else [(0, host.status, "host", host.reason)]
        for check, cell in host.cells.items():
            if cell.status in UNSOUND:
                order = 2 if cell.status == "incomplete" else 1
                # Hosts need different feeds: those that are not as they should be are one row, whatever else is wrong.
                why = [lacking_words(feeds), cell.besides] if cell.feeds else [cell.reason]
                lost += [(order, cell.status, check, reason) for reason in why if reason]
        for order, status, what, reason in lost:
            found.setdefault((order, status, what, reason.replace(host.name, "…")), []).append((host.name, reason))
    rows = sorted(found.items(), key=lambda item: (item[0][0], -len(item[1]), item[0]))
    signs = {**HOST_SIGNS, **{status: STATUS_SIGNS[status][:2] for status in UNSOUND}}
    return [Reason(*signs[key[1]], key[2], key[3] if len(on) > 1 else on[0][1], [name for name, _reason in on]) for key, on in rows]
