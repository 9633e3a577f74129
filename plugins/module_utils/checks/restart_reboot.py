# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the whole machine need a reboot, and of which kind? Every reason with its source.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.facts import container
from ..host.finding import finding, text
from . import restart_image as image
from . import restart_microcode as microcode
from .restart_kernel import Kernel, live_patches

# What it takes, from little to much: a restart of the user space, a new kernel without the firmware, everything.
LEVELS = ("none", "soft-reboot", "kexec", "reboot")

COMMANDS = {
    "soft-reboot": ["systemctl soft-reboot"],
    "kexec": ["systemctl kexec"],
    "reboot": ["systemctl reboot"],
}

REMEDIES = {
    "soft-reboot": "The kernel is current: only the processes must be replaced. With systemd 254 or newer a soft-reboot does that, else a reboot.",
    "kexec": "Start the new kernel with kexec, or reboot.",
    "reboot": "Reboot at the next opportunity.",
}

# The C library stale in so many units, process 1 among them, is done sooner and safer by a reboot than unit by unit.
LIBC_UNITS = 10
LIBC = r"^(?:libc\.so\.6|libc-2\.[0-9]+\.so|ld-linux[-a-z0-9_]*\.so\.[0-9]+|ld-2\.[0-9]+\.so|libc\.musl-.*)$"

REASONS_LIMIT = 100

# Installed with a systemd that knows soft-reboot.
SOFT_REBOOT_UNITS = (b"/usr/lib/systemd/system/soft-reboot.target", b"/lib/systemd/system/soft-reboot.target")


class Reboot:
    """The reasons found so far; C(data) and C(findings) hand them out."""

    def __init__(self, soft_reboot=False):
        self._soft_reboot = soft_reboot
        self.reasons = []
        self.level = "none"
        self.kernel = None

    def add(self, source, words, level="reboot"):
        """Add a reason, once."""
        item = {"source": text(source, 200), "text": text(words)}
        if item not in self.reasons:
            self.reasons.append(item)
        if LEVELS.index(level) > LEVELS.index(self.level):
            self.level = level

    def data(self):
        """Return data.reboot."""
        return {"required": bool(self.reasons), "level": self.level, "reasons": self.reasons[:REASONS_LIMIT], "kernel": self.kernel}

    def findings(self):
        """Return the finding, if there is a reason: one for the kernel, since that one has its own remedy, or one for the rest."""
        if not self.reasons:
            return []
        kernel = any(reason["source"] == "kernel" for reason in self.reasons)
        return [finding(
            "restart.kernel" if kernel else "restart.reboot",
            "low" if self.level == "soft-reboot" else "medium",
            "A reboot is pending: %s" % ", ".join(sorted({reason["source"] for reason in self.reasons})),
            "host",
            evidence=[(reason["source"], reason["text"]) for reason in self.reasons],
            remedy=REMEDIES[self.level],
            commands=COMMANDS["reboot" if self.level == "soft-reboot" and not self._soft_reboot else self.level],
        )]


def reboot_of(machine, actions, stale):
    """Return the Reboot of a machine: C(actions) of the plan are those that only a reboot can do, C(stale) rows."""
    reboot = Reboot(soft_reboot=any(os.path.exists(machine.path(unit)) for unit in SOFT_REBOOT_UNITS))
    for action in actions:
        names = sorted({os.path.basename(item["path"]) for row in action.rows for item in row["files"]})
        reboot.add(action.name, "runs replaced %s; %s" % (", ".join(names[:5]), action.reason), "soft-reboot")
    _libc(reboot, stale)
    _requested(reboot, machine)
    # A container shares the kernel of another machine: neither kernel nor microcode is its affair.
    if not container(machine):
        _kernel(reboot, machine)
        revision = microcode.reason(machine)
        if revision:
            reboot.add(b"microcode", revision)
    for source, words in image.reasons(machine):
        reboot.add(source, words)
    return reboot


def _libc(reboot, stale):
    units = set()
    first = False
    for row in stale:
        if any(re.match(LIBC, os.path.basename(item["path"])) for item in row["files"]):
            units.add(row["unit"] or row["session"] or row["exe"])
            first = first or row["pid"] == 1
    if first and len(units) > LIBC_UNITS:
        reboot.add("libc", "the C library was replaced under process 1 and more than %d units" % LIBC_UNITS, "soft-reboot")


def _kernel(reboot, machine):
    kernel = Kernel(machine)
    patches = live_patches(machine)
    reboot.kernel = {
        "running": text(kernel.running),
        "newest": text(kernel.newest) if kernel.newest is not None else None,
        "live_patches": [text(name, 80) for name in patches[:20]],
    }
    for source, words in kernel.reasons():
        if patches:
            words += b"; live patches are loaded (%s): the holes may be closed already" % b", ".join(patches[:5])
        reboot.add(source, words)


def _requested(reboot, machine):
    """What packages asked for. Other tools write these files, too: a reason with its source, not a proof."""
    if machine.read_or_none(b"/run/reboot-required") is not None:
        names = (machine.read_or_none(b"/run/reboot-required.pkgs") or b"").split()
        wanted = ", ".join(text(name, 80) for name in sorted(set(names))[:20])
        reboot.add("/run/reboot-required", "asked for by %s" % wanted if wanted else "exists")
    needed = machine.read_or_none(b"/run/reboot-needed")
    if needed is not None:
        # SUSE writes the level as a word; anything else means an ordinary reboot.
        word = needed.split()[0].decode("ascii", "replace") if needed.split() else "reboot"
        reboot.add("/run/reboot-needed", "asks for: %s" % word, word if word in LEVELS[1:] else "reboot")
