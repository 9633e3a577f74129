# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which repositories are enabled.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob

from ..host.redact import redact
from .software_text import is_on, plain, sections

REPOSITORIES_LIMIT = 300
FILE_LIMIT = 262144

REPO_FILES = (b"/etc/yum.repos.d/*.repo", b"/etc/zypp/repos.d/*.repo")
# dnf config-manager of dnf5 writes its changes here, over the files above.
OVERRIDES = b"/etc/dnf/repos.override.d/*.repo"
MAIN = (b"/etc/yum.conf", b"/etc/dnf/dnf.conf")

APT_LISTS = (b"/etc/apt/sources.list", b"/etc/apt/sources.list.d/*.list")
APT_SOURCES = b"/etc/apt/sources.list.d/*.sources"


def rpm(machine):
    """Return the enabled repositories of dnf, yum or zypper: [{id, name, url}], sorted, at most REPOSITORIES_LIMIT."""
    found = {}
    for pattern in MAIN + REPO_FILES + (OVERRIDES,):
        for _path, raw in _files(machine, pattern):
            for name, values in sections(raw):
                if name and name not in (b"main",):
                    found.setdefault(name, {}).update(values)
    enabled = [(name, values) for name, values in sorted(found.items()) if is_on(values.get(b"enabled", b"1"))]
    rows = []
    for name, values in enabled[:REPOSITORIES_LIMIT]:
        url = values.get(b"baseurl") or values.get(b"metalink") or values.get(b"mirrorlist") or b""
        ident, title, address = plain([name, values.get(b"name", b""), redact((url.split() or [b""])[0])])
        rows.append({"id": ident, "name": title, "url": address})
    return rows


def apt(machine):
    """Return the enabled sources of apt: [{id: "host/path suite", name, url}], sorted; components in the name."""
    found = set()
    for pattern in APT_LISTS:
        for _path, raw in _files(machine, pattern):
            found.update(_one_line(raw))
    for _path, raw in _files(machine, APT_SOURCES):
        found.update(_deb822(raw))
    rows = []
    for url, suite, components in sorted(found)[:REPOSITORIES_LIMIT]:
        address, suite, components = plain([redact(url), suite, components])
        rows.append({"id": "%s %s" % (address.partition("://")[2].rstrip("/") or address, suite), "name": components, "url": address})
    return rows


def _files(machine, pattern):
    skip = len(machine.root.rstrip(b"/")) if machine.root != b"/" else 0
    for path in sorted(glob.glob(machine.path(pattern))):
        raw = machine.read_or_none(path[skip:], FILE_LIMIT)
        if raw is not None:
            yield path[skip:], raw


def _one_line(raw):
    """Yield (url, suite, components) of lines like "deb [arch=amd64] http://deb.debian.org/debian bookworm main"."""
    for line in raw.split(b"\n"):
        words = line.partition(b"#")[0].split()
        if not words or words[0] != b"deb":
            continue
        words = words[1:]
        if words and words[0].startswith(b"["):
            while words and not words[0].endswith(b"]"):
                words = words[1:]
            words = words[1:]
        if len(words) >= 2:
            yield words[0], words[1], b" ".join(words[2:])


def _deb822(raw):
    """Yield (url, suite, components) of the paragraphs of a .sources file."""
    for block in raw.replace(b"\r", b"").split(b"\n\n"):
        fields, key = {}, None
        for line in block.split(b"\n"):
            if line.startswith(b"#"):
                continue
            if line[:1] in (b" ", b"\t") and key:
                fields[key] += b" " + line.strip()
            else:
                name, colon, value = line.partition(b":")
                key = name.strip().lower() if colon else None
                if colon:
                    fields[key] = value.strip()
        if b"deb" not in fields.get(b"types", b"").split() or not is_on(fields.get(b"enabled", b"yes")):
            continue
        for url in fields.get(b"uris", b"").split():
            for suite in fields.get(b"suites", b"").split():
                yield url, suite, b" ".join(fields.get(b"components", b"").split())
