# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that start automatic updates: enabled or not, when they ran, how it ended.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import glob
import os

from ..host.finding import text
from ..host.systemd import is_booted, show

# Where an enabled unit is linked from: by the administrator, by the distribution.
WANTS = (b"/etc/systemd/system/*.wants/", b"/usr/lib/systemd/system/*.wants/", b"/lib/systemd/system/*.wants/")
MASKS = (b"/etc/systemd/system/", b"/run/systemd/system/")
UNITS = (b"/etc/systemd/system/", b"/usr/lib/systemd/system/", b"/lib/systemd/system/", b"/run/systemd/system/")
# Touched by systemd at every run of a timer with Persistent=yes; outlives a reboot.
STAMPS = b"/var/lib/systemd/timers/stamp-"

SHOWN = ("Id", "LoadState", "ActiveState", "Result", "ExecMainStatus", "ExecMainStartTimestampMonotonic", "ExecMainExitTimestampMonotonic")

# exists, enabled, masked: as on disk. active: of a timer, None where systemd does not run. started, ended: seconds since 1970 or None.
# result: systemd's word for how the service ended ("success", "exit-code", "timeout"), "" where it has not run since the boot.
Job = collections.namedtuple("Job", "exists enabled masked active stamp started ended result status")


def mtime(machine, path):
    """Return when a file was last written in seconds since 1970, or None."""
    try:
        return os.stat(machine.path(path)).st_mtime
    except OSError:
        return None


def jobs(machine, pairs):
    """Return ({timer: Job}, problems) for pairs of a timer and its service (bytes), by one call of systemctl."""
    present = [pair for pair in pairs if _exists(machine, pair[0])]
    shown, reason = {}, ""
    if present and is_booted(machine):
        shown, reason = show(machine, [unit for pair in present for unit in pair if unit], SHOWN)
    found = {timer: _job(machine, timer, service, shown) for timer, service in present}
    return found, ["automatic updates: %s" % reason] if reason else []


def _exists(machine, unit):
    return any(os.path.lexists(machine.path(folder + unit)) for folder in UNITS)


def _job(machine, timer, service, shown):
    masked = any(_is_mask(machine, folder + timer) for folder in MASKS)
    links = [path for folder in WANTS for path in glob.glob(machine.path(folder) + glob.escape(timer))]
    own, run = shown.get(text(timer)), shown.get(text(service), {})
    ended = _since_boot(machine, run.get("ExecMainExitTimestampMonotonic"))
    return Job(
        exists=True, enabled=bool(links) and not masked, masked=masked, active=None if own is None else own.get("ActiveState") in ("active", "activating"),
        stamp=mtime(machine, STAMPS + timer), started=_since_boot(machine, run.get("ExecMainStartTimestampMonotonic")), ended=ended,
        result=text(run.get("Result", ""), 50) if ended else "", status=text(run.get("ExecMainStatus", ""), 10),
    )


def _is_mask(machine, path):
    try:
        return os.readlink(machine.path(path)) == b"/dev/null"
    except OSError:
        return False


def _since_boot(machine, microseconds):
    """Return a time that systemd counts from the boot in seconds since 1970; None for 0, its word for never."""
    uptime = (machine.read_or_none(b"/proc/uptime", 100) or b"").split()
    if not microseconds or not microseconds.isdigit() or int(microseconds) == 0 or not uptime:
        return None
    return machine.now - float(uptime[0]) + int(microseconds) / 1e6
