# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remedies for a machine on which systemd does not run: no systemctl, no journalctl, and what does the same there.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .systemd import is_booted

OF_SYSTEMD = ("systemctl ", "journalctl ", "timedatectl")


def typed_here(machine, findings, instead=()):
    """Change the commands of findings, in place, to such as work on this machine.

    C(instead) has (command, command or "") pairs: what to type where systemd does not run. Any other command of systemd is left out there.
    """
    if is_booted(machine):
        return
    other = dict(instead)
    for item in findings:
        remedy = item["remedy"]
        here = [other.get(command, command) for command in remedy["commands"]]
        kept = [command for command in here if command and not any(part.startswith(OF_SYSTEMD) for part in command.split(" && "))]
        item["remedy"] = dict(remedy, commands=kept)
