# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is AppArmor on, which profiles only complain, and which service listens without the profile that lies there for it.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fnmatch
import os
import re
import shlex

from ..host.finding import finding, text
from ..host.pattern import Pattern

_ENABLED = b"/sys/module/apparmor/parameters/enabled"
_LOADED = b"/sys/kernel/security/apparmor/profiles"
_FOLDER = b"/etc/apparmor.d"
_PROFILE = Pattern(rb"(.{1,1000}) \((enforce|complain|kill|prompt|unconfined|mixed)\)\Z")

# profile NAME /path flags=(...) {   |   /path {   |   "/path with blanks" {   |   profile NAME @{bin}/name {
_HEAD = Pattern(
    rb"^[ \t]*(?:profile[ \t]+)?(?:(?:\"[^\"/\n]*\"|[^\s\"{#/@][^\s{]*)[ \t]+)?"
    rb"(\"/[^\"\n]+\"|(?:/|@\{[a-z_]+\})(?:[^\s{}#]|\{[^{}\s]*\})*)[^\n#{]*\{", re.M,
)
# Variables of tunables/global that stand before the name of a program; an attachment with another one is not known, and left alone.
_VARIABLES = ((b"@{bin}", b"*bin"), (b"@{sbin}", b"*bin"), (b"@{lib}", b"*lib*"))

# states of a socket that waits for peers, in /proc/net: TCP LISTEN, UDP unconnected
_LISTENING = ((b"tcp", b"0A"), (b"tcp6", b"0A"), (b"udp", b"07"), (b"udp6", b"07"))

_FILES_LIMIT = 2000
_LIST_LIMIT = 200
_PROCESSES_LIMIT = 20000


def state_of(machine):
    """Return (data["apparmor"], problems): enabled, the counts of loaded profiles by mode, the ones that complain, and services without theirs."""
    enabled = (machine.read_or_none(_ENABLED, 8) or b"").strip() == b"Y"
    state = {"built_in": machine.read_or_none(_ENABLED, 8) is not None, "enabled": enabled, "profiles": {}, "complain": [], "unconfined_services": []}
    if not enabled:
        return state, []
    listing = machine.read_or_none(_LOADED, 4194304)
    if listing is None:
        return state, ["the AppArmor profiles that are loaded cannot be read"]
    for line in listing.split(b"\n"):
        match = _PROFILE.match(line)
        if match:
            mode = match.group(2).decode("ascii")
            state["profiles"][mode] = state["profiles"].get(mode, 0) + 1
            if mode == "complain" and len(state["complain"]) < _LIST_LIMIT:
                state["complain"].append(text(match.group(1), 200))
    state["complain"].sort()
    state["unconfined_services"] = _unconfined(machine)
    return state, []


def apparmor_findings(state):
    """Return the findings about AppArmor's state on a host that has it."""
    found = []
    for profile in state["complain"]:
        found.append(finding(
            "denials.apparmor_complain", "low", "The AppArmor profile %s only complains" % profile, "AppArmor profile %s" % profile,
            [("/sys/kernel/security/apparmor/profiles", "%s (complain)" % profile)], "Enforce it once its log is quiet.",
            ["aa-enforce %s" % shlex.quote(profile)],
        ))
    for service in state["unconfined_services"]:
        words = "Load the profile, then restart the service."
        if service["disabled"]:
            words = "An administrator disabled it; enable it unless that is still meant."
        load = "apparmor_parser -r %s" % shlex.quote(service["profile_file"])
        found.append(finding(
            "denials.apparmor_unconfined", "low" if service["disabled"] else "medium",
            "%s listens unconfined although a profile lies there for it" % service["exe"], "unconfined %s" % service["exe"],
            [("/proc/PID/attr/current", "unconfined"), ("profile", service["profile_file"])], words,
            ["aa-enforce %s" % shlex.quote(service["exe"])] if service["disabled"] else [load],
        ))
    return found


def _unconfined(machine):
    """Return the listening programs that run unconfined while a file in /etc/apparmor.d attaches to them."""
    attached = _attachments(machine)
    if not attached:
        return []
    found, sockets = {}, None
    for pid in _processes(machine):
        try:
            exe = os.readlink(machine.path(b"/proc/" + pid + b"/exe"))
        except OSError:
            continue
        if exe in found:
            continue
        profile = next((name for pattern, name in attached if fnmatch.fnmatchcase(exe, pattern)), None)
        if profile is None or _confinement(machine, pid) != b"unconfined":
            continue
        if sockets is None:
            sockets = _listening(machine)
        if _holds(machine, pid, sockets):
            disabled = os.path.lexists(machine.path(_FOLDER + b"/disable/" + os.path.basename(profile)))
            found[exe] = {"exe": text(exe, 200), "profile_file": text(profile, 200), "disabled": disabled}
    return [found[exe] for exe in sorted(found)][:_LIST_LIMIT]


def _attachments(machine):
    """Return [(pattern of executables, profile file)] of the files in /etc/apparmor.d."""
    try:
        names = sorted(os.listdir(machine.path(_FOLDER)))[:_FILES_LIMIT]
    except OSError:
        return []
    found = []
    for name in names:
        if name.startswith(b".") or name.endswith((b"~", b".rpmnew", b".dpkg-dist", b".dpkg-new", b".dpkg-old")):
            continue
        for path in _HEAD.findall(machine.read_or_none(_FOLDER + b"/" + name, 262144) or b""):
            path = path.strip(b'"')
            for variable, stands in _VARIABLES:
                path = path.replace(variable, stands)
            if b"@" not in path:
                # AppArmor's ** and {a,b} become fnmatch's *, which crosses slashes; [abc] and ? are the same.
                found.append((re.sub(rb"\{[^{}]*\}|\*\*", b"*", path), _FOLDER + b"/" + name))
    return found


def _processes(machine):
    try:
        return sorted((name for name in os.listdir(machine.path(b"/proc")) if name.isdigit()), key=int)[:_PROCESSES_LIMIT]
    except OSError:
        return []


def _confinement(machine, pid):
    for name in (b"apparmor/current", b"current"):
        current = machine.read_or_none(b"/proc/" + pid + b"/attr/" + name, 512)
        if current:
            return current.strip(b"\n\0")
    return b""


def _listening(machine):
    inodes = set()
    for name, state in _LISTENING:
        for line in (machine.read_or_none(b"/proc/net/" + name, 4194304) or b"").split(b"\n")[1:]:
            words = line.split()
            if len(words) > 9 and words[3] == state:
                inodes.add(b"socket:[%s]" % words[9])
    return inodes


def _holds(machine, pid, sockets):
    folder = machine.path(b"/proc/" + pid + b"/fd")
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(folder + b"/" + name) in sockets:
                return True
        except OSError:
            continue
    return False
