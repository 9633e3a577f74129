# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package does a file belong to, and which of two versions is newer: dpkg and rpm, each asked once for everything.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re

# name, version (as the tool prints it: dpkg 3.0.17-1~deb12u3, rpm epoch:version-release.arch) in bytes; installed: seconds since 1970 or None.
Package = collections.namedtuple("Package", "name version installed")

# Folders that merged /usr made into links: a database may know a file by either name.
MERGED = (b"/bin", b"/sbin", b"/lib", b"/lib32", b"/lib64", b"/libx32")

_SONAME = rb"^(.+\.so)(?:\.[0-9][0-9A-Za-z.]*)?$"

DPKG_FOLDER = b"/var/lib/dpkg"
LIST_LIMIT = 16 * 1048576
FEW = 8
STATUS_LIMIT = 256 * 1048576


def owners(machine, paths):
    """Return ({path: Package}, reason): paths and names are bytes. A file that belongs to no package is absent.

    C(reason) is "" or why the packages could not be asked; files are looked up by the names that merged /usr gives them, too, and a
    versioned library that is gone by its successor in the same folder.
    """
    paths = sorted(set(paths))
    if not paths:
        return {}, ""
    if machine.read_or_none(DPKG_FOLDER + b"/status", 1):
        return _dpkg_owners(machine, paths), ""
    if machine.which(b"rpm") is not None:
        return _rpm_owners(machine, paths)
    return {}, "neither dpkg nor rpm keeps the packages of this machine"


def spellings(path):
    """Return the names of a file before and after merged /usr, its own first."""
    found = [path]
    for folder in MERGED:
        if path.startswith(folder + b"/"):
            found.append(b"/usr" + path)
        elif path.startswith(b"/usr" + folder + b"/"):
            found.append(path[4:])
    return found


def dpkg_versions(machine):
    """Return {name: version} and {name:architecture: version} of what dpkg has installed, from its status file."""
    found = {}
    for block in (machine.read_or_none(DPKG_FOLDER + b"/status", STATUS_LIMIT) or b"").split(b"\n\n"):
        fields = _fields(block, (b"Package", b"Status", b"Version", b"Architecture"))
        if fields.get(b"Status", b"").endswith(b" installed") and b"Version" in fields:
            found.setdefault(fields[b"Package"], fields[b"Version"])
            found[fields[b"Package"] + b":" + fields.get(b"Architecture", b"")] = fields[b"Version"]
    return found


def _fields(block, names):
    found = {}
    for line in block.split(b"\n"):
        name, colon, value = line.partition(b": ")
        if colon and name in names:
            found[name] = value.strip()
    return found


def _dpkg_owners(machine, paths):
    """Read dpkg's own lists: no process is started, and each list is searched once for all paths."""
    wanted = {}
    for path in paths:
        for spelling in spellings(path):
            wanted.setdefault(spelling, path)
    found = {}
    lists = {}
    for name in _dpkg_lists(machine):
        text = lists[name] = machine.read_or_none(DPKG_FOLDER + b"/info/" + name, LIST_LIMIT) or b""
        # Few files are searched faster than a list is split.
        if len(wanted) > FEW or any(path in text for path in wanted):
            for line in wanted.keys() & text.split(b"\n"):
                found.setdefault(wanted[line], name[:-5])
            if len(found) == len(paths):
                break
    for path in paths:
        if path not in found:
            name = _successor(lists, path)
            if name:
                found[path] = name[:-5]
    versions = _dpkg_versions_of(machine, set(found.values()))
    folder = machine.path(DPKG_FOLDER + b"/info")
    return {
        path: Package(name.split(b":")[0], versions[name], _time(folder + b"/" + name + b".list"))
        for path, name in sorted(found.items()) if name in versions
    }


def _dpkg_lists(machine):
    """Return the names of dpkg's lists, those of libraries first: most of what is asked for is there."""
    try:
        names = [name for name in os.listdir(machine.path(DPKG_FOLDER + b"/info")) if name.endswith(b".list")]
    except OSError:
        return []
    return sorted(names, key=lambda name: (not name.startswith(b"lib"), name))


def _successor(lists, path):
    """Return the list with a library of another version in the place of one that is gone, or None."""
    stem = re.match(_SONAME, path)
    if not stem:
        return None
    needles = [b"\n" + spelling for spelling in spellings(stem.group(1))]
    for name in sorted(lists):
        for needle in needles:
            if needle + b"\n" in lists[name] or needle + b"." in lists[name]:
                return name
    return None


def _dpkg_versions_of(machine, names):
    """Return {name: version} for names as the lists bear them (C(libc6:amd64), C(tar)), from dpkg's status file."""
    status = b"\n\n" + (machine.read_or_none(DPKG_FOLDER + b"/status", STATUS_LIMIT) or b"")
    found = {}
    for name in names:
        package, _colon, architecture = name.partition(b":")
        begin = status.find(b"\nPackage: " + package + b"\n")
        while begin >= 0:
            fields = _fields(status[begin:status.find(b"\n\n", begin + 1)], (b"Version", b"Architecture", b"Status"))
            if architecture in (b"", fields.get(b"Architecture")) and fields.get(b"Status", b"").endswith(b" installed") and b"Version" in fields:
                found[name] = fields[b"Version"]
                break
            begin = status.find(b"\nPackage: " + package + b"\n", begin + 1)
    return found


def _time(path):
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


def _rpm_owners(machine, paths):
    """One call of rpm: each owner tells all its files, so that no answer can be taken for another's."""
    asked = sorted({spelling for path in paths for spelling in spellings(path)})
    form = b"[%{FILENAMES}\\t%{=NAME}\\t%|EPOCH?{%{=EPOCH}:}:{}|%{=VERSION}-%{=RELEASE}.%{=ARCH}\\t%{=INSTALLTIME}\\n]"
    answer = machine.run([machine.which(b"rpm"), b"-qf", b"--queryformat", form, b"--"] + asked, timeout=30, limit=64 * 1048576)
    if answer.timed_out:
        return {}, "rpm did not answer in time"
    files = {}
    folders = {}
    for line in answer.out.split(b"\n"):
        fields = line.split(b"\t")
        if len(fields) == 4 and fields[0].startswith(b"/"):
            package = Package(fields[1], fields[2], float(fields[3]) if fields[3].isdigit() else None)
            files.setdefault(fields[0], package)
            stem = re.match(_SONAME, fields[0])
            if stem:
                folders.setdefault(stem.group(1), package)
    found = {}
    for path in paths:
        stem = re.match(_SONAME, path)
        for spelling in spellings(path):
            if spelling in files:
                found.setdefault(path, files[spelling])
        if path not in found and stem and stem.group(1) in folders:
            found[path] = folders[stem.group(1)]
    return found, ""


def compare_dpkg(first, second):
    """Return -1, 0 or 1 as Debian policy 5.6.12 orders two versions (bytes)."""
    epochs = []
    rests = []
    for version in (first, second):
        epoch, colon, rest = version.partition(b":")
        epochs.append(int(epoch) if colon and epoch.isdigit() else 0)
        rests.append(rest if colon else version)
    if epochs[0] != epochs[1]:
        return -1 if epochs[0] < epochs[1] else 1
    halves = [rest.rpartition(b"-") if b"-" in rest else (rest, b"-", b"") for rest in rests]
    return _dpkg_part(halves[0][0], halves[1][0]) or _dpkg_part(halves[0][2], halves[1][2])


def _dpkg_part(first, second):
    one, two = _dpkg_tokens(first), _dpkg_tokens(second)
    for left, right in zip(one, two):
        if left != right:
            return -1 if left < right else 1
    if len(one) == len(two):
        return 0
    # The longer one goes on: with a tilde it is the older.
    longer, sign = (one, 1) if len(one) > len(two) else (two, -1)
    rest = longer[min(len(one), len(two)):]
    empty = ((0,), 0)
    for pair in rest:
        if pair != empty:
            return sign if pair > empty else -sign
    return 0


def _dpkg_tokens(part):
    """Return [(text, number)]: the text as a tuple that sorts as dpkg does (tilde, end, letters, the rest)."""
    found = []
    for text, number in re.findall(rb"([^0-9]*)([0-9]*)", part):
        if text or number:
            order = tuple(-1 if code == 126 else code if chr(code).isalpha() else code + 256 for code in bytearray(text)) + (0,)
            found.append((order, int(number or b"0")))
    return found


def compare_rpm(first, second):
    """Return -1, 0 or 1 as rpmvercmp orders two versions or releases (bytes), without epoch."""
    pattern = re.compile(rb"[0-9]+|[A-Za-z]+|~|\^")
    one, two = pattern.findall(first), pattern.findall(second)
    for left, right in zip(one, two):
        if left == right:
            continue
        for mark, sign in ((b"~", -1), (b"^", -1)):
            if mark in (left, right):
                return sign if left == mark else -sign
        if left.isdigit() != right.isdigit():
            return 1 if left.isdigit() else -1
        if left.isdigit():
            if int(left) != int(right):
                return -1 if int(left) < int(right) else 1
            continue
        return -1 if left < right else 1
    if len(one) == len(two):
        return 0
    longer, sign = (one, 1) if len(one) > len(two) else (two, -1)
    return -sign if longer[min(len(one), len(two))] == b"~" else sign
