# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How full the file systems are, and which of them should be writable but are not.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shlex

from ..host.finding import finding, text

# Percent, of space as df counts it (what root keeps back is not free) and of inodes.
FULL = 95
NEARLY_FULL = 85

# At the speed since the last run it is full within that many days.
SOON_DAYS = 3

# What was written within fewer days (a backup, an upgrade) says nothing about the days to come.
LEAST_DAYS = 0.5

# Always full or without a meaning of full.
READ_ONLY_KINDS = (b"squashfs", b"iso9660", b"erofs", b"cramfs", b"udf", b"romfs")
LOCAL_KINDS = (
    b"ext2", b"ext3", b"ext4", b"xfs", b"btrfs", b"f2fs", b"zfs", b"vfat", b"exfat", b"jfs", b"reiserfs", b"nilfs2", b"bcachefs", b"ntfs3", b"overlay",
)
MEMORY_PLACES = (b"/tmp", b"/run", b"/dev/shm", b"/var/tmp")

MOUNTS_LIMIT = 200


class Disk:
    """One file system: C(mount) (bytes), C(device), C(kind), C(size), C(used), C(free) in bytes, percent of space and inodes (None: unknown)."""

    def __init__(self, mount, device, kind, status):
        self.mount, self.device, self.kind = mount, device, kind
        block = status.f_frsize or status.f_bsize
        self.size = status.f_blocks * block
        self.used = (status.f_blocks - status.f_bfree) * block
        self.free = status.f_bavail * block
        self.percent = _percent(status.f_blocks - status.f_bfree, status.f_bavail)
        self.inodes = _percent(status.f_files - status.f_ffree, status.f_favail) if status.f_files else None

    def data(self, growth):
        """Return the disk as JSON data; C(growth) is bytes a day or None."""
        return {
            "mount": text(self.mount, 300), "device": text(self.device, 200), "kind": text(self.kind, 40), "size_bytes": self.size, "used_bytes": self.used,
            "free_bytes": self.free, "used_percent": self.percent, "inodes_percent": self.inodes, "growth_bytes_per_day": growth,
        }


def _percent(used, free):
    return -(-100 * used // (used + free)) if used + free > 0 else None


def mounts(machine):
    """Yield (device, mount, kind, options) of /proc/self/mounts (bytes, unescaped)."""
    table = machine.read_or_none(b"/proc/self/mounts") or machine.read_or_none(b"/proc/mounts") or b""
    for line in table.splitlines():
        words = line.split(b" ")
        if len(words) >= 4:
            yield _plain(words[0]), _plain(words[1]), words[2], words[3].split(b",")


def _plain(word):
    for escaped, plain in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        word = word.replace(escaped, plain)
    return word


def disks(machine):
    """Return ([Disk], [problem]). Network and user-space file systems are not asked: the answer may never come."""
    found, problems, seen = [], [], set()
    for device, mount, kind, options in mounts(machine):
        if not (kind in LOCAL_KINDS or kind == b"tmpfs" and mount in MEMORY_PLACES) or b"ro" in options and kind == b"overlay" and mount != b"/":
            continue
        try:
            where = os.stat(machine.path(mount)).st_dev
            if where in seen:
                continue
            seen.add(where)
            disk = Disk(mount, device, kind, os.statvfs(machine.path(mount)))
        except OSError as error:
            problems.append("file system %s: %s" % (text(mount, 200), error.strerror))
            continue
        if disk.size:
            found.append(disk)
        if len(found) >= MOUNTS_LIMIT:
            problems.append("more than %d file systems" % MOUNTS_LIMIT)
            break
    return sorted(found, key=lambda disk: disk.mount), problems


def read_only(machine):
    """Return the mounts (bytes) that are read-only now though /etc/fstab does not say so."""
    wanted = {}
    for line in (machine.read_or_none(b"/etc/fstab") or b"").splitlines():
        words = line.split()
        if len(words) >= 4 and not words[0].startswith(b"#"):
            wanted[_plain(words[1])] = (words[2], words[3].split(b","))
    found = []
    for _device, mount, kind, options in mounts(machine):
        if mount in wanted and b"ro" in options and b"ro" not in wanted[mount][1] and kind not in READ_ONLY_KINDS:
            found.append(mount)
    return sorted(set(found))


def growth(disk, before, now):
    """Return the bytes a day by which a disk grew since C(before): C({"time": seconds since 1970, "used_bytes": {mount: bytes}}), or None."""
    try:
        used = before["used_bytes"].get(text(disk.mount, 300))
        days = (now - float(before["time"])) / 86400.0
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    if not isinstance(used, (int, float)) or days < LEAST_DAYS:
        return None
    return int((disk.used - used) / days)


def disk_findings(found, growths, locked):
    """Return the findings for full, soon full and read-only file systems. C(growths): {mount: bytes a day or None}."""
    findings = []
    for disk in found:
        name = text(disk.mount, 200)
        quoted = shlex.quote(name)
        commands = ["df -h %s" % quoted, "du -xh --max-depth=2 %s | sort -h | tail -n 20" % quoted]
        remedy = "Find what grew and let it be rotated or deleted, or make the file system larger."
        if disk.percent is not None and disk.percent >= NEARLY_FULL:
            findings.append(finding(
                "log_digest.disk_full", "high" if disk.percent >= FULL else "medium", "%s is %d %% full" % (name, disk.percent), name,
                evidence=[("statvfs", "%d of %d MB used, %d MB free" % (disk.used >> 20, disk.size >> 20, disk.free >> 20))], remedy=remedy, commands=commands))
        daily = growths.get(disk.mount)
        if daily and daily > 0 and disk.free / daily <= SOON_DAYS and (disk.percent or 0) >= 50:
            findings.append(finding(
                "log_digest.disk_full_soon", "high", "%s will be full within %d days" % (name, SOON_DAYS), name,
                evidence=[("statvfs", "%d MB free, growing by %d MB a day since the last run" % (disk.free >> 20, daily >> 20))],
                remedy=remedy, commands=commands))
        if disk.inodes is not None and disk.inodes >= NEARLY_FULL:
            findings.append(finding(
                "log_digest.inodes_full", "high" if disk.inodes >= FULL else "medium", "%s: %d %% of the inodes are used" % (name, disk.inodes), name,
                evidence=[("statvfs", "%d %% of the inodes, %s %% of the space" % (disk.inodes, disk.percent))],
                remedy="Very many small files: old sessions, mail queues, caches. Find the folder and clear it.",
                commands=["df -i %s" % quoted, "du --inodes -x --max-depth=3 %s | sort -n | tail -n 20" % quoted]))
    for mount in locked:
        name = text(mount, 200)
        findings.append(finding(
            "log_digest.mounted_readonly", "critical", "%s is read-only, but /etc/fstab says it should be writable" % name, name,
            evidence=[("/proc/self/mounts", mount)],
            remedy="A file system that met an error goes read-only to protect what is on it. Look for the error before it is made writable again.",
            commands=["dmesg -T | tail -n 100", "findmnt %s" % shlex.quote(name)]))
    return findings
