# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems that are updated as a whole (ostree, bootc, transactional-update): files are never replaced, the next boot is another system.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.proc import Proc

_OSTREE = rb"(?:^|\s)ostree=(\S+)"
_SNAPSHOT = rb"/\.snapshots/([0-9]+)/snapshot$"


def reasons(machine):
    """Return [(source, words)] where another deployment or snapshot than the running one is set for the next boot."""
    return _ostree(machine) + _snapshots(machine)


def _ostree(machine):
    if machine.read_or_none(b"/run/ostree-booted", 1) is None:
        return []
    if _exists(machine, b"/run/ostree/staged-deployment"):
        return [(b"ostree", b"a new deployment is staged and becomes the system at the next boot")]
    running = re.search(_OSTREE, machine.read_or_none(b"/proc/cmdline", 65536) or b"")
    newest = _default_entry(machine)
    if running and newest and running.group(1) != newest:
        return [(b"ostree", b"running deployment %s, the next boot starts %s" % (running.group(1)[-80:], newest[-80:]))]
    return []


def _default_entry(machine):
    """Return the ostree= argument of the entry that the boot loader takes: the one with the highest version."""
    folder = b"/boot/loader/entries"
    try:
        names = sorted(name for name in os.listdir(machine.path(folder)) if name.startswith(b"ostree-") and name.endswith(b".conf"))
    except OSError:
        return b""
    from ..host import packages  # few machines have such a loader

    best = (b"", b"")
    for name in names:
        text = machine.read_or_none(folder + b"/" + name, 65536) or b""
        version = re.search(rb"^version[ \t]+(\S+)", text, re.MULTILINE)
        options = re.search(rb"^options[ \t]+(.*)$", text, re.MULTILINE)
        target = re.search(_OSTREE, options.group(1)) if options else None
        if target and version and (not best[1] or packages.compare_rpm(version.group(1), best[0]) > 0):
            best = (version.group(1), target.group(1))
    return best[1]


def _snapshots(machine):
    """transactional-update of openSUSE: the root file system is a snapshot, the next boot takes the default subvolume."""
    tool, btrfs = machine.which(b"transactional-update"), machine.which(b"btrfs")
    if tool is None or btrfs is None:
        return []
    running = None
    for mount in Proc(machine).mounts():
        if mount.point == b"/":
            running = re.search(_SNAPSHOT, mount.root)
    answer = machine.run([btrfs, b"subvolume", b"get-default", b"/"], timeout=10)
    following = re.search(_SNAPSHOT, answer.out.strip())
    if running and following and running.group(1) != following.group(1):
        return [(b"transactional-update", b"running snapshot %s, the next boot starts snapshot %s" % (running.group(1), following.group(1)))]
    return []


def _exists(machine, path):
    return os.path.exists(machine.path(path))
