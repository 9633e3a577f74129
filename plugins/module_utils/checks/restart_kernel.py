# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a newer kernel installed than the one that runs? Asked of the images in /boot, so that no package tool is needed.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import os
import re
import struct

from ..host.plain import open_plain

# Where distributions put a kernel: (folder, pattern of the name below it; the first group is the release, as uname -r says it).
PLACES = (
    (b"/boot", rb"^(?:vmlinuz|vmlinux|Image|image|linux)-([0-9].*)$"),
    (b"/lib/modules", rb"^([0-9].*)$"),
)

# Not a kernel to boot every day, or a copy that a tool put aside.
OTHER = rb"rescue|\.(?:old|bak|dpkg-[a-z]+|rpmsave|sig|hmac)$|~$"

# Words in a release that name where it was built, not which kind of kernel it is: bookworm's amd64 is trixie's +deb13-amd64.
ORIGIN_WORDS = frozenset((b"deb", b"bpo", b"rc", b"fc", b"el"))


class Kernel:
    """What is known of the kernels of a machine. C(running) and C(newest) are releases in bytes; C(newest) None: none found."""

    def __init__(self, machine):
        self.machine = machine
        self.running = _line(machine, b"/proc/sys/kernel/osrelease")
        self.build = _line(machine, b"/proc/sys/kernel/version")
        self.installed = installed(machine)
        akin = [release for release in self.installed if flavour(release) == flavour(self.running)]
        self.newest = max(akin, key=functools.cmp_to_key(compare_releases)) if akin else None

    def reasons(self):
        """Return [(source, words)]: why this machine should boot another kernel; empty where it runs the newest, or none is installed."""
        if not self.running or self.newest is None:
            return []
        order = compare_releases(self.newest, self.running)
        if order > 0:
            return [(b"kernel", b"running %s, installed %s%s" % (self.running, self.newest, self._default_entry()))]
        if order == 0:
            rebuilt = self._rebuilt()
            if rebuilt:
                return [(b"kernel", b"running %s %s, on disk the same release built as %s" % (self.running, self.build, rebuilt))]
        return []

    def _rebuilt(self):
        """Return how the installed image of the running release names its build, where that differs from the running one; else b""."""
        names = image_names(self.machine, self.running)
        if names:
            return b"" if any(self.build in name for name in names) else names[0].partition(b") ")[2] or names[0]
        from ..host.packages import dpkg_versions

        package = dpkg_versions(self.machine).get(b"linux-image-" + self.running)
        match = re.search(rb"Debian ([0-9][^ ]*)", self.build)
        if package and match and package != match.group(1) and not package.startswith(match.group(1) + b"+b"):
            return b"Debian " + package
        return b""

    def _default_entry(self):
        """Return what the boot loader is told to start, where it says so and it is not the newest (Boot Loader Specification)."""
        for path in (b"/boot/grub2/grubenv", b"/boot/efi/EFI/redhat/grubenv"):
            match = re.search(rb"^saved_entry=(.+)$", self.machine.read_or_none(path, 4096) or b"", re.MULTILINE)
            if match and re.search(rb"-[0-9]", match.group(1)) and not match.group(1).endswith(self.newest):
                return b"; but the boot loader's default entry is %s" % match.group(1)[:120]
        return b""


def _line(machine, path):
    return (machine.read_or_none(path, 4096) or b"").strip()


def installed(machine):
    """Return the sorted releases of the kernels that can be booted: those with an image, in /boot or with their modules."""
    found = set()
    for folder, pattern in PLACES:
        try:
            names = os.listdir(machine.path(folder))
        except OSError:
            continue
        for name in names:
            match = re.match(pattern, name)
            if not match or re.search(OTHER, name):
                continue
            if folder == b"/lib/modules" and not os.path.exists(machine.path(b"%s/%s/vmlinuz" % (folder, name))):
                continue
            found.add(match.group(1))
    return sorted(found)


def flavour(release):
    """Return the kind of a kernel: the words of its release without numbers and without where it was built.

    C(6.1.0-25-amd64) and C(6.1.0-26-amd64) are of a kind, C(6.1.0-26-cloud-amd64), C(...el9uek.x86_64) and C(...elrepo...) are others.
    """
    words = []
    for word in re.split(rb"[-+._]", release):
        letters = re.sub(rb"[0-9]+", b"", word)
        if letters and letters not in ORIGIN_WORDS:
            words.append(letters)
    return tuple(words)


def compare_releases(first, second):
    """Return -1, 0 or 1: the numbers decide, never the text. A release is ordered as rpm orders, which fits Debian's names, too."""
    from ..host.packages import compare_rpm  # a machine without a kernel of its own has nothing to compare

    return compare_rpm(first, second)


def image_names(machine, release):
    """Return what the images of a release say of themselves (x86: C(6.1.0-25-amd64 (build@host) #1 SMP ...)); empty where they do not."""
    found = []
    for path in (b"/boot/vmlinuz-" + release, b"/lib/modules/" + release + b"/vmlinuz"):
        name = image_name(machine.path(path))
        if name:
            found.append(name)
    return found


def image_name(path):
    """Return the version string of an x86 boot image (Linux/x86 boot protocol: pointer at 0x20e, less 0x200), b"" where there is none."""
    try:
        descriptor = open_plain(path)
    except OSError:
        return b""
    try:
        head = os.pread(descriptor, 0x210, 0)
        if head[0x202:0x206] != b"HdrS":
            return b""
        pointer = struct.unpack_from("<H", head, 0x20e)[0]
        return os.pread(descriptor, 512, pointer + 0x200).split(b"\0", 1)[0] if pointer else b""
    except (OSError, struct.error):
        return b""
    finally:
        os.close(descriptor)


def live_patches(machine):
    """Return the names of the live patches that are loaded and enabled."""
    folder = b"/sys/kernel/livepatch"
    try:
        names = sorted(os.listdir(machine.path(folder)))
    except OSError:
        return []
    return [name for name in names if _line(machine, b"%s/%s/enabled" % (folder, name)) == b"1"]
