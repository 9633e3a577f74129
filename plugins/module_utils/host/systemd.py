# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: whose process is it (by its control group), and what does systemd say about a unit (one call for all).

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

# kind: "unit", "user_unit", "session", "user" (the manager of a user), "container" or "" (no unit at all).
# name: unit, number of the session, uid of the user, or the container's name or id. within: for a container the engine (docker,
# podman, kubernetes, machine, lxc), for a user unit the uid. unit: the host's unit around it, "" where there is none. All bytes.
Owner = collections.namedtuple("Owner", "kind name within unit")

NOBODY = Owner(b"", b"", b"", b"")

# How each engine names the control group of a container. Tried on the whole path, in this order.
CONTAINERS = (
    (b"kubernetes", rb"/(?:cri-containerd-|crio-)([0-9a-f]{12,64})\.scope"),
    (b"kubernetes", rb"/kubepods.*/docker-([0-9a-f]{12,64})\.scope"),
    (b"docker", rb"/docker-([0-9a-f]{12,64})\.scope"),
    (b"docker", rb"/docker/([0-9a-f]{12,64})(?:/|$)"),
    (b"podman", rb"/libpod-(?:payload-)?([0-9a-f]{12,64})(?:\.scope)?(?:/|$)"),
    (b"kubernetes", rb"/kubepods[^/]*/.*/([0-9a-f]{12,64})(?:/|$)"),
    (b"lxc", rb"/lxc\.payload\.([^/]+)"),
    (b"lxc", rb"/lxc/([^/]+)/"),
    (b"machine", rb"/machine\.slice/machine-([^/]+)\.scope/"),
    (b"machine", rb"/machine\.slice/systemd-nspawn@([^/]+)\.service/payload"),
    (b"machine", rb"/machine\.slice/machine-([^/]+)\.scope$"),
)

_UNIT = rb"^.+\.(?:service|scope|socket|mount|swap)$"
_SESSION = rb"^session-([^/]+)\.scope$"
_USER = rb"^user@([0-9]+)\.service$"
_ESCAPE = rb"\\x([0-9a-f]{2})"

SHOW_PROPERTIES = (
    "Id", "Names", "LoadState", "ActiveState", "MainPID", "Type", "KillMode", "Delegate", "RefuseManualStop", "RefuseManualStart",
    "TriggeredBy", "CanReload", "RemainAfterExit", "SourcePath",
)


def cgroup_path(text):
    """Return the path (bytes) of the control group that systemd keeps, from the content of /proc/PID/cgroup.

    Version 2 writes one line C(0::/path); version 1 has a line C(name=systemd); a hybrid has both, and the first may be empty.
    """
    unified = named = b""
    for line in text.split(b"\n"):
        fields = line.split(b":", 2)
        if len(fields) == 3:
            if fields[0] == b"0" and not fields[1]:
                unified = fields[2]
            elif fields[1] == b"name=systemd":
                named = fields[2]
    return named if len(named) > 1 else unified


def owner(text):
    """Return the Owner of a process from the content of its /proc/PID/cgroup."""
    path = cgroup_path(text)
    if path.endswith(b" (deleted)"):
        path = path[:-10]
    # In a cgroup namespace of another the path begins above our own root.
    while path.startswith(b"/.."):
        path = path[3:]
    parts = [part for part in path.split(b"/") if part]
    for engine, pattern in CONTAINERS:
        match = re.search(pattern, path)
        if match and not (engine == b"podman" and b"libpod-conmon-" in path):
            return Owner(b"container", unescape(match.group(1)), engine, _host_unit(parts))
    for number, part in enumerate(parts):
        match = re.match(_USER, part)
        if match:
            return _of_user(match.group(1), parts[number + 1:])
        match = re.match(_SESSION, part)
        if match:
            return Owner(b"session", match.group(1), b"", part)
    unit = _host_unit(parts)
    if unit:
        return Owner(b"unit", unit, b"", unit)
    return NOBODY


def _host_unit(parts):
    """Return the outermost unit: what lies below it is its own affair (delegated groups such as udev's, supervisor)."""
    for part in parts:
        if re.match(_UNIT, part) and part != b"init.scope":
            return part
    return b"init.scope" if b"init.scope" in parts[:1] else b""


def _of_user(uid, below):
    service = b"user@" + uid + b".service"
    for part in below:
        if part == b"init.scope":
            return Owner(b"user", uid, uid, service)
        if re.match(_UNIT, part):
            return Owner(b"user_unit", part, uid, service)
    return Owner(b"user", uid, uid, service)


def unescape(name):
    """Return a unit's name with C(\\x2d) and the like as they are meant, for reading; commands take the name as it is."""
    return re.sub(_ESCAPE, lambda match: bytes(bytearray([int(match.group(1), 16)])), name)


def is_booted(machine):
    """Return whether systemd is the init of this machine, as sd_booted(3) does."""
    try:
        machine.read(b"/run/systemd/system/.", 1)
    except IsADirectoryError:
        return True
    except OSError:
        return False
    return True


def show(machine, units, properties=SHOW_PROPERTIES, timeout=15):
    """Return ({unit: {property: value}}, reason) for many units by one C(systemctl show); text, not bytes.

    A unit that systemd does not know has LoadState C(not-found). C(reason) is "" or why nothing is known.
    """
    units = sorted({unit for unit in units if unit and not unit.startswith(b"-")})
    if not units:
        return {}, ""
    systemctl = machine.which(b"systemctl")
    if systemctl is None:
        return {}, "systemctl is not installed"
    answer = machine.run([systemctl, b"show", b"--no-pager", b"--property=" + ",".join(properties).encode(), b"--"] + units, timeout=timeout)
    if answer.timed_out:
        return {}, "systemctl show did not answer in time"
    if answer.rc != 0 and not answer.out:
        return {}, "systemctl show failed: %s" % answer.err.decode("utf-8", "backslashreplace").strip()[:200]
    found = {}
    for unit, block in zip(units, answer.out.decode("utf-8", "backslashreplace").split("\n\n")):
        values = {}
        for line in block.strip().split("\n"):
            name, equals, value = line.partition("=")
            if equals:
                values[name] = value
        found[unit.decode("utf-8", "backslashreplace")] = values
    return found, ""
