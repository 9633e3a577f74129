# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Python script loads, read from its text with a pattern. Nothing is imported: the file belongs to a stranger.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.plain import open_plain

# import a.b, c  |  from a.b import c
_STATEMENT = rb"(?m)^[ \t]*(?:import[ \t]+([A-Za-z0-9_., \t]{1,300})|from[ \t]+([A-Za-z0-9_.]{1,200})[ \t]+import\b)"

# sys.path.insert(0, "/opt/app/lib") with the folder written out.
_FOLDER = rb"sys\.path\.(?:insert|append)\([^\n]{0,40}?[\"'](/[^\"'\n\\]{1,300})[\"']"

TEXT_LIMIT = 1048576
FILES_LIMIT = 200


def imported(view, script):
    """Return the paths of the files that a script and its own modules load, from the script's folder and from those it names."""
    text = _read(view, script)
    folders = [os.path.dirname(script)] + [match.rstrip(b"/") for match in re.findall(_FOLDER, text)][:10]
    folders = [folder for folder in folders if not view.leaves_out(folder)]
    found = []
    todo = [text]
    while todo and len(found) < FILES_LIMIT:
        for name in _modules(todo.pop()):
            path = _find(view, folders, name)
            if path is not None and path not in found and path != script:
                found.append(path)
                todo.append(_read(view, path))
    return sorted(found[:FILES_LIMIT])


def _modules(text):
    names = set()
    for plain, origin in re.findall(_STATEMENT, text):
        if origin:
            names.add(origin)
        for part in plain.split(b","):
            words = part.split()
            if words:
                names.add(words[0])
    return sorted(name for name in names if not name.startswith(b"."))[:FILES_LIMIT]


def _find(view, folders, name):
    relative = name.replace(b".", b"/")
    for folder in folders:
        for tail in (b".py", b"/__init__.py"):
            path = folder + b"/" + relative + tail
            try:
                view.stat(path)
                return path
            except (OSError, ValueError):
                continue
    return None


def _read(view, path):
    try:
        descriptor = open_plain(view.open_path(path))
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, TEXT_LIMIT)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
