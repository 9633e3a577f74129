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

OF_SYSTEMD = ("systemctl ", "journalctl ", "timedatectl", "loginctl ", "machinectl ", "systemd-run ")

# What is typed where systemd runs -> what does the same where it does not. Any other command of systemd is left out there.
INSTEAD = {
    "journalctl -u fail2ban.service -n 50 --no-pager": "tail -n 50 /var/log/fail2ban.log",
    "journalctl --no-pager -k -g denied -n 50": "dmesg -T | grep -i denied",
    "systemctl enable --now fail2ban.service": "service fail2ban start",
    "systemctl restart fail2ban.service": "service fail2ban restart",
    "systemctl reload fail2ban.service": "fail2ban-client reload",
    "fail2ban-client -t && systemctl reload fail2ban.service": "fail2ban-client -t && fail2ban-client reload",
    "fail2ban-client -t && systemctl restart fail2ban.service": "fail2ban-client -t && service fail2ban restart",
    "journalctl --no-pager -k --since -2d | grep -i segfault": "dmesg -T | grep -i segfault",
    "systemctl reboot": "reboot",
    "systemctl kexec": "reboot",
    "systemctl soft-reboot": "reboot",
}


def typed_here(machine, findings):
    """Change the commands of findings, in place, to such as work on this machine."""
    if is_booted(machine):
        return
    for item in findings:
        remedy = item["remedy"]
        here = [INSTEAD.get(command, command) for command in remedy["commands"]]
        kept = [command for command in here if not any(part.startswith(OF_SYSTEMD) for part in command.split(" && "))]
        item["remedy"] = dict(remedy, commands=kept)
