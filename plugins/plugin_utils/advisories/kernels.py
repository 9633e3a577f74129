# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels: several are installed, one runs, and only that one can be attacked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .installed_dpkg import KERNEL_IMAGE
from .verdict import Hit
from .versions import dpkg, rpm

# Packages of which rpm keeps several versions beside each other: those that belong to one kernel. kernel-tools, perf and headers are not among them.
_RPM_KERNEL = re.compile(r"kernel(-(rt|64k|uek|debug))*(-(core|modules|modules-core|modules-extra|modules-internal|matched|devel|devel-matched))?")


class Kernel(NamedTuple):
    """One package of a kernel: C(release) as uname -r writes it."""

    release: str
    hits: tuple[Hit, ...]


def of_rpm(name: str, version: str, release: str, arch: str) -> str:
    """Return the kernel's release that a package belongs to, empty for any other package."""
    return f"{version}-{release}.{arch}" if _RPM_KERNEL.fullmatch(name) else ""


def of_dpkg(name: str) -> str:
    """Return the kernel's release that a package belongs to, empty for any other package."""
    image = KERNEL_IMAGE.fullmatch(name)
    return image.group(1) if image else ""


class Verdict(NamedTuple):
    """What counts: the hits of the running kernel; C(others) is how many hits of others do not. C(newest) is set where a newer one only waits
    for a reboot, C(unknown) where the running one is not to be found."""

    hits: list[Hit]
    others: int
    newest: str
    unknown: str


def judge(kernels: Iterable[Kernel], running: str, manager: str) -> Verdict:
    """Return what the running kernel is affected by; where it is not known which one runs, of the newest that is installed."""
    kernels = list(kernels)
    key = rpm.key if manager == "rpm" else dpkg.key
    newest = max((kernel.release for kernel in kernels), key=key, default="")
    # el9 writes a variant behind a plus: 5.14.0-427.el9.x86_64+rt
    wanted = running.partition("+")[0] if manager == "rpm" else running
    own = [kernel for kernel in kernels if kernel.release == (wanted or newest)]
    hits = [hit for kernel in own for hit in kernel.hits]
    others = sum(len(kernel.hits) for kernel in kernels) - len(hits)
    unknown = "" if own or not kernels else f"the running kernel {running} belongs to no installed package"
    return Verdict(hits, others, newest if own and newest != own[0].release else "", unknown)
