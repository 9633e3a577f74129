# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few facts of a server that the report and the advisories need; no facts task is run for them.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shlex
import sys

from .finding import iso, text

# os-release(5): the fields kept.
OS_FIELDS = ("id", "id_like", "version_id", "version_codename", "pretty_name", "cpe_name")

# A file that only a container has, and its kind; systemd writes the kind into the first one.
CONTAINER_MARKS = ((b"/run/systemd/container", ""), (b"/run/.containerenv", "podman"), (b"/.dockerenv", "docker"))


def facts(machine):
    """Return hostname, os {}, kernel, arch, python, uid, boot_time, container (a kind, or empty), instance and clock of the server."""
    system = os.uname()
    return {
        "hostname": text(system.nodename, 255),
        "os": os_release(machine),
        "kernel": text(system.release, 200),
        "arch": text(system.machine, 50),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "uid": os.geteuid(),
        "boot_time": iso(boot_time(machine)),
        "container": container(machine),
        "instance": instance(machine),
        "clock": iso(machine.now),
    }


def os_release(machine):
    """Return the OS_FIELDS of os-release(5) that the server has, as text."""
    raw = machine.read_or_none(b"/etc/os-release", 65536) or machine.read_or_none(b"/usr/lib/os-release", 65536) or b""
    found = {}
    for line in raw.decode("utf-8", "backslashreplace").splitlines():
        name, mark, value = line.strip().partition("=")
        if mark and name.lower() in OS_FIELDS:
            try:
                words = shlex.split(value)
            except ValueError:
                words = [value]
            found[name.lower()] = text(words[0] if words else "", 200)
    return found


def boot_time(machine):
    """Return when the kernel booted in seconds since 1970 (proc(5), btime), or None."""
    for line in (machine.read_or_none(b"/proc/stat", 4194304) or b"").splitlines():
        if line.startswith(b"btime "):
            return int(line.split()[1])
    return None


def container(machine):
    """Return the kind of container that the server is, empty where it is none.

    Marks are also left in virtual machines that were made of a container's image: who sees the kernel's threads is in no container.
    """
    if (machine.read_or_none(b"/proc/2/comm", 64) or b"").strip() == b"kthreadd":
        return ""
    for path, kind in CONTAINER_MARKS:
        if os.path.exists(machine.path(path)):
            return kind or text((machine.read_or_none(path, 100) or b"container").strip(), 50)
    for entry in (machine.read_or_none(b"/proc/1/environ", 65536) or b"").split(b"\0"):
        if entry.startswith(b"container="):
            return text(entry[10:] or b"container", 50)
    return ""


def instance(machine):
    """Return what two names of one machine have in common, and no two machines or containers: this boot and the namespace of process numbers.

    Empty where the kernel says neither (random(4), pid_namespaces(7)). A machine that was cloned has the machine-id of the other one, but not its boot.
    """
    boot = machine.read_or_none(b"/proc/sys/kernel/random/boot_id", 100)
    try:
        namespace = os.readlink(machine.path(b"/proc/self/ns/pid"))
    except OSError:
        return ""
    return text(b"%s %s" % (boot.strip(), namespace), 80) if boot else ""
