# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the whole machine need a reboot, and of which kind? Every reason with its source.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.finding import finding, text
from .restart_plan import REBOOT

# What it takes, from little to much: a restart of the user space, a new kernel without the firmware, everything.
LEVELS = ("none", "soft-reboot", "kexec", "reboot")


class Reboot:
    """The reasons found so far; C(data) and C(findings) hand them out."""

    def __init__(self):
        self.reasons = []
        self.level = "none"

    def add(self, source, words, level="reboot"):
        """Add a reason, once."""
        item = {"source": text(source, 200), "text": text(words)}
        if item not in self.reasons:
            self.reasons.append(item)
        if LEVELS.index(level) > LEVELS.index(self.level):
            self.level = level

    def data(self):
        """Return data.reboot."""
        return {"required": bool(self.reasons), "level": self.level, "reasons": self.reasons[:100]}

    def findings(self):
        """Return the finding, if there is a reason."""
        if not self.reasons:
            return []
        return [finding("restart.reboot", "medium" if self.level != "soft-reboot" else "low", "A reboot is pending", "host",
                        evidence=[(reason["source"], reason["text"]) for reason in self.reasons],
                        remedy="Reboot at the next opportunity.", commands=["systemctl reboot"])]


def reboot_of(machine, actions, stale):
    """Return the Reboot of a machine: C(actions) of the plan that only a reboot can do, C(stale) rows."""
    reboot = Reboot()
    for action in actions:
        if action.action == REBOOT:
            reboot.add(action.name, action.reason, "soft-reboot")
    content = machine.read_or_none(b"/run/reboot-required")
    if content is not None:
        names = (machine.read_or_none(b"/run/reboot-required.pkgs") or b"").split()
        reboot.add("/run/reboot-required", "requested by %s" % (", ".join(text(name, 80) for name in sorted(set(names))[:20]) or "a package"))
    return reboot
