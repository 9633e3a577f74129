# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the logs do not say but the server itself does: failed units, its clock, wtmp, the files that grant access.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import struct

from ..host.finding import finding, iso, text
from ..host.systemd import is_booted

# utmp(5) on Linux with 64 bits: type, pid, line, id, user, host, exit, session, seconds, microseconds, address
_UTMP = struct.Struct("=h2xi32s4s32s256s4siii16s20x")
WTMP_LIMIT = 16777216
RUN_LEVEL, BOOT, USER_PROCESS = 1, 2, 7

# adjtimex(2): the bit that the kernel sets as long as nobody keeps its clock right.
STA_UNSYNC = 0x40

ACCESS_FILES = (
    b"/etc/sudoers", b"/etc/passwd", b"/etc/group", b"/etc/crontab", b"/etc/ssh/sshd_config", b"/root/.ssh/authorized_keys",
    b"/root/.ssh/authorized_keys2",
)
ACCESS_FOLDERS = (b"/etc/sudoers.d", b"/etc/cron.d", b"/etc/ssh/sshd_config.d", b"/var/spool/cron", b"/var/spool/cron/crontabs", b"/etc/pam.d")
ACCESS_LIMIT = 5000


def failed_units(machine):
    """Return ({unit: description}, problem): bytes; (None, None) where systemd is not the init."""
    systemctl = machine.which(b"systemctl")
    if systemctl is None or not is_booted(machine):
        return None, None
    answer = machine.run([systemctl, b"list-units", b"--state=failed", b"--all", b"--plain", b"--no-legend", b"--no-pager", b"--full"], timeout=15)
    if answer.rc != 0 or answer.timed_out:
        return None, "systemctl list-units: %s" % (text(answer.err.strip(), 200) or "no answer")
    units = {}
    for line in answer.out.splitlines():
        words = line.replace(b"\xe2\x97\x8f", b" ").replace(b"*", b" ").split(None, 4)
        if len(words) >= 4 and words[2] == b"failed":
            units[words[0]] = words[4] if len(words) > 4 else b""
    return units, None


class Wtmp:
    """The records of /var/log/wtmp in a window: C(boots), C(shutdowns) (seconds since 1970), C(logins) [(when, user, host)]."""

    def __init__(self):
        self.boots, self.shutdowns, self.logins = [], [], []

    def read(self, machine, path, since, until):
        """Read the file's last WTMP_LIMIT bytes; a missing file has no records."""
        try:
            with open(machine.path(path), "rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                if size % _UTMP.size:
                    return
                stream.seek(max(0, size - WTMP_LIMIT // _UTMP.size * _UTMP.size))
                content = stream.read(WTMP_LIMIT)
        except OSError:
            return
        for offset in range(0, len(content) - _UTMP.size + 1, _UTMP.size):
            kind, _pid, _line, _id, user, host, _exit, _session, when, _micro, _address = _UTMP.unpack_from(content, offset)
            if since is not None and when < since or until is not None and when > until:
                continue
            user = user.split(b"\0", 1)[0]
            if kind == BOOT:
                self.boots.append(when)
            elif kind == RUN_LEVEL and user == b"shutdown":
                self.shutdowns.append(when)
            elif kind == USER_PROCESS and user:
                self.logins.append((when, user, host.split(b"\0", 1)[0]))


def up_since(machine):
    """Return when the machine's (or the container's) init was started, in seconds since 1970, or None."""
    try:
        boot = next(int(line.split()[1]) for line in machine.read(b"/proc/stat", 1 << 22).splitlines() if line.startswith(b"btime "))
        ticks = int(machine.read(b"/proc/1/stat").rsplit(b")", 1)[1].split()[19])
        return boot + ticks / float(os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def installed_since(machine):
    """Return when this machine got its identity, in seconds since 1970: before that it can have no logs. None where it does not say."""
    try:
        return os.stat(machine.path(b"/etc/machine-id")).st_mtime
    except OSError:
        return None


def in_container(machine):
    """Return whether the clock belongs to somebody else."""
    return any(machine.read_or_none(path, 1) is not None for path in (b"/run/systemd/container", b"/.dockerenv", b"/run/.containerenv"))


def clock_synchronised(machine):
    """Return whether something keeps the kernel's clock right (True, False), or None where that cannot be told or is not this machine's business."""
    if machine.root != b"/" or in_container(machine):
        return None
    try:
        import ctypes  # loads libffi
    except ImportError:  # a Python built without it
        return None
    try:
        # struct timex begins with modes (int, padded to a long; zero asks and changes nothing), offset, freq, maxerror, esterror, status.
        timex = (ctypes.c_long * 64)()
        if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
            return None
        return not ctypes.c_int.from_buffer(timex, 5 * ctypes.sizeof(ctypes.c_long)).value & STA_UNSYNC
    except (OSError, AttributeError, ValueError):
        return None


def clock_finding():
    """Return the finding for a clock that nothing keeps right."""
    return finding(
        "log_digest.clock_unsynchronised", "medium", "Nothing keeps the clock right", "clock",
        evidence=[("adjtimex", "the kernel says that its clock is not synchronised")],
        remedy="Run chrony or systemd-timesyncd: with a wrong clock logs cannot be compared, certificates and one-time passwords fail.",
        commands=["timedatectl", "systemctl status chronyd chrony systemd-timesyncd ntpd"])


def uid0_accounts(machine):
    """Return the names (bytes) other than root that have uid 0 in /etc/passwd."""
    found = []
    for line in (machine.read_or_none(b"/etc/passwd") or b"").splitlines():
        fields = line.split(b":")
        if len(fields) >= 7 and fields[2].strip().lstrip(b"0") == b"" and fields[2].strip() and fields[0] not in (b"root", b"+", b"-"):
            found.append((fields[0], line))
    return sorted(found)


def access_changes(machine, since, until):
    """Return [(path, when)] of the files that grant access and were changed (ctime) in the window."""
    paths = list(ACCESS_FILES)
    for folder in ACCESS_FOLDERS:
        try:
            paths += [folder + b"/" + name for name in sorted(os.listdir(machine.path(folder)))]
        except OSError:
            continue
    for line in (machine.read_or_none(b"/etc/passwd") or b"").splitlines():
        fields = line.split(b":")
        if len(fields) >= 7 and fields[5].startswith(b"/") and fields[5] not in (b"/", b"/root"):
            paths += [fields[5] + b"/.ssh/authorized_keys", fields[5] + b"/.ssh/authorized_keys2"]
    found = []
    for path in paths[:ACCESS_LIMIT]:
        try:
            status = os.lstat(machine.path(path))
        except OSError:
            continue
        when = max(status.st_ctime, status.st_mtime)
        if (since is None or when >= since) and (until is None or when <= until):
            found.append((path, when))
    return sorted(set(found))


def access_data(changes, limit, cut):
    """Return the digest's C(access_files)."""
    if len(changes) > limit:
        cut["access_files"] = {"rows": len(changes) - limit, "events_not_kept": 0}
    return {"access_files": [{"path": text(path, 300), "time": iso(when)} for path, when in changes[:limit]]}
