# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""package-lock.json and npm-shrinkwrap.json of npm, versions 1 to 3 of the format.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# What the address of a package begins with when it is a git repository, or a folder.
GIT = ("git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:")
PATH = ("file:", "link:", "portal:", "workspace:", ".", "/")
# Archives of a commit.
ARCHIVES = ("codeload.github.com/", "/archive/", "/-/archive/", "api.github.com/")

DEPTH_LIMIT = 200


def source_of(address):
    """Return "registry", "git", "path" or "url" for the address that a package is from; empty is a registry."""
    address = address.strip()
    if address.startswith(GIT):
        return "git"
    if address.startswith(PATH):
        return "path"
    if address.startswith(("http:", "https:")):
        plain = address.partition("#")[0]
        if plain.endswith(".git") or any(mark in plain for mark in ARCHIVES):
            return "git"
        # Every registry, mirrors too, keeps packages below /-/; GitHub's own below /download/.
        return "registry" if "/-/" in plain or "//npm.pkg.github.com/download/" in plain else "url"
    return "registry"


def parse(lock):
    """Return (rows, problems) of what the file's JSON holds: rows are {(name, version, source, group)}."""
    rows, unreadable = set(), 0
    if isinstance(lock.get("packages"), dict):
        for place, entry in lock["packages"].items():
            unreadable += _add_place(rows, place, entry)
    elif isinstance(lock.get("dependencies"), dict):
        unreadable = _add_tree(rows, lock["dependencies"])
    elif "lockfileVersion" not in lock:
        return set(), ["it is no lock file of npm"]
    return rows, ["%d packages cannot be read" % unreadable] if unreadable else []


def _add_place(rows, place, entry):
    """Add what versions 2 and 3 keep by its place: "node_modules/a/node_modules/@b/c". Return 1 where it cannot be read."""
    if not isinstance(entry, dict):
        return 1
    # The application itself, its own workspaces, and links to those.
    if not place or entry.get("link") or "node_modules/" not in place:
        return 0
    name = entry.get("name") or place.rpartition("node_modules/")[2]
    version, resolved = entry.get("version"), entry.get("resolved")
    source = source_of(resolved) if isinstance(resolved, str) else "registry"
    if isinstance(name, str) and source == "git" and not version:
        version = resolved.rpartition("#")[2]
    if not isinstance(name, str) or not isinstance(version, str):
        return 1
    rows.add((name, version, source, "development" if entry.get("dev") is True else ""))
    return 0


def _add_tree(rows, dependencies):
    """Add what version 1 keeps as a tree. Return how many cannot be read."""
    unreadable = 0
    waiting = [(dependencies, 0)]
    while waiting:
        level, depth = waiting.pop()
        for name, entry in level.items():
            version = entry.get("version") if isinstance(entry, dict) else None
            if not isinstance(version, str):
                unreadable += 1
                continue
            rows.add(_of_tree(name, version, entry))
            if isinstance(entry.get("dependencies"), dict) and depth < DEPTH_LIMIT:
                waiting.append((entry["dependencies"], depth + 1))
    return unreadable


def _of_tree(name, version, entry):
    group = "development" if entry.get("dev") is True else ""
    if version.startswith("npm:"):  # an alias: npm:@babel/code-frame@7.0.0
        name, _at, version = version[4:].rpartition("@")
        return name, version, "registry", group
    source = source_of(version) if not version[:1].isdigit() else source_of(entry["resolved"]) if isinstance(entry.get("resolved"), str) else "registry"
    return name, version.rpartition("#")[2] if source == "git" else version, source, group
