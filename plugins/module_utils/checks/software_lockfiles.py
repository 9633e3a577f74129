# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock files of deployed applications: found, read as text with a limit, each by the parser of its format.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re
import stat

from ..host.finding import text

# Where the applications of the users are, as Capistrano and its like deploy them.
APPLICATIONS = ("/home/*/apps/*/current/",)

# A lock file of 20,000 packages has 8 MB.
FILE_LIMIT = 8 * 1048576
# All of them together, each content once: a hostile one takes nearly a second for each megabyte.
BYTES_LIMIT = 4 * FILE_LIMIT
FOLDERS_LIMIT = 500
FILES_LIMIT = 300
ROWS_LIMIT = 40000

# Formats of these are in software_lock_formats, and those of requirements.txt and its like.
NAMES = frozenset((
    b"Gemfile.lock", b"gems.locked", b"package-lock.json", b"npm-shrinkwrap.json", b"yarn.lock", b"pnpm-lock.yaml", b"Pipfile.lock", b"poetry.lock", b"uv.lock",
))
_REQUIREMENTS = re.compile(rb"requirements[\w.-]{0,60}\.txt\Z")

# Folders of an application with the lock files of others in them, or with none.
SKIPPED = (b"node_modules", b"vendor", b"tmp", b"log", b"logs", b"public", b"storage", b"cache", b"spec", b"test", b"tests", b"coverage")


def look(machine, patterns, cut):
    """Return (applications, problems); what is beyond the limits is counted in C(cut)."""
    found = {}
    problems = []
    left, bytes_left = ROWS_LIMIT, BYTES_LIMIT
    for place in _files(machine, patterns or APPLICATIONS, cut):
        if bytes_left < 0:
            cut["applications"] = cut.get("applications", 0) + 1
            continue
        folder, name = os.path.split(place)
        raw, problem = _read(machine, place)
        if raw is None:
            problems.append("%s: %s" % (text(place, 300), problem))
            continue
        import hashlib  # most servers have no application

        from . import software_lock_formats

        key = name, hashlib.sha256(raw).digest()
        if key in found:
            found[key]["same"].append(text(folder, 400))
            continue
        bytes_left -= len(raw)
        form = software_lock_formats.format_of(name)
        try:
            rows, wrong = software_lock_formats.parse(form, raw)
        except (MemoryError, SystemError):  # a user may have made it so, the rest is read all the same; json makes the second of the first
            rows, wrong = [], ["it needs more memory than there is"]
        if len(rows) > left:
            cut["lock_packages"] = cut.get("lock_packages", 0) + len(rows) - left
            del rows[left:]
        left -= len(rows)
        found[key] = {
            "path": text(folder, 400), "kind": form.kind, "file": text(name, 100), "packages": rows, "same": [], "problem": "; ".join(wrong),
        }
        if wrong:
            problems.append("%s: %s" % (text(place, 300), "; ".join(wrong)))
    applications = sorted(found.values(), key=lambda entry: (entry["path"], entry["file"]))
    for what, words in (("folders", "folders of applications"), ("applications", "lock files"), ("lock_packages", "packages of lock files")):
        if what in cut:
            problems.append("%d %s were not looked at" % (cut[what], words))
    return applications, problems


def _files(machine, patterns, cut):
    """Return the lock files in the folders and one level below, by their real places."""
    skip = len(machine.root.rstrip(b"/")) if machine.root != b"/" else 0
    folders = set()
    for pattern in patterns:
        if pattern.startswith("/"):
            folders.update(os.path.realpath(path)[skip:] for path in glob.iglob(machine.path(os.fsencode(pattern))))
    if len(folders) > FOLDERS_LIMIT:
        cut["folders"] = len(folders) - FOLDERS_LIMIT
    places = set()
    for folder in sorted(folders)[:FOLDERS_LIMIT]:
        files, below = _entries(machine, folder)
        for name in below:
            inner = folder.rstrip(b"/") + b"/" + name
            files += [name + b"/" + file for file in _entries(machine, inner)[0]]
        places.update(folder.rstrip(b"/") + b"/" + file for file in files)
    if len(places) > FILES_LIMIT:
        cut["applications"] = len(places) - FILES_LIMIT
    return sorted(places)[:FILES_LIMIT]


def _entries(machine, folder):
    """Return the names of the lock files and of the folders to look into."""
    try:
        with os.scandir(machine.path(folder)) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:
        return [], []
    files = sorted(name for name, is_folder in found if not is_folder and (name in NAMES or _REQUIREMENTS.match(name)))
    return files, sorted(name for name, is_folder in found if is_folder and name not in SKIPPED and not name.startswith(b"."))[:FOLDERS_LIMIT]


def _read(machine, place):
    """Return (content, "") or (None, why not): of a regular file only, and not of one beyond the limit."""
    try:
        kind = os.stat(machine.path(place))
        if not stat.S_ISREG(kind.st_mode):
            return None, "it is no file"
        if kind.st_size > FILE_LIMIT:
            return None, "it has %d MB, no more than %d MB are read" % (kind.st_size // 1048576, FILE_LIMIT // 1048576)
        raw = machine.read(place, FILE_LIMIT + 1)
    except (OSError, ValueError) as error:
        return None, getattr(error, "strerror", None) or "%s" % error
    if len(raw) > FILE_LIMIT:
        return None, "it is growing"
    return raw, ""
