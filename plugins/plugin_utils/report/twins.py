# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that the inventory has under several names: what is found on one counts for each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .groups import natural

if TYPE_CHECKING:
    from .collect import Host

# How many such machines are listed before the rest is only counted.
SHOWN = 3


def one_machine(hosts: Iterable[Host]) -> list[list[str]]:
    """Return the names of each machine that has several, told by the boot and the process namespace that it says it is in, and by its own name."""
    names = defaultdict(list)
    for host in hosts:
        instance = host.facts.get("instance")
        if instance:
            names[instance, host.facts.get("hostname")].append(host.name)
    return sorted((sorted(several, key=natural) for several in names.values() if len(several) > 1), key=lambda several: natural(several[0]))


def told(hosts: Iterable[Host]) -> tuple[list[tuple[list[str], str]], str]:
    """Return the names of the first such machines, each with what that means, and what is left of them in words."""
    machines = one_machine(hosts)
    rest = len(machines) - SHOWN
    shown = [(names, f"one machine under {len(names):,} names: what is found there counts for each of them") for names in machines[:SHOWN]]
    return shown, f"and {rest:,} more machines under several names" if rest > 0 else ""
