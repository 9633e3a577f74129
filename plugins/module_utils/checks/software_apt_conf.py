# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of apt, read from its files as apt.conf(5) tells; apt-config is asked only where they hold what is not followed here.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

# In the order in which apt reads them: the parts, each sorted, then the file.
PARTS = b"/etc/apt/apt.conf.d"
MAIN = b"/etc/apt/apt.conf"
FILE_LIMIT = 1048576
FILES_LIMIT = 500

# Other files are left out by apt: of those that a package manager leaves behind, and backups.
_PART = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.conf\Z|[A-Za-z0-9_-]+\Z")
_TOKEN = re.compile(rb"\s+|/\*.*?\*/|//[^\n]*|(#[^\n]*)|\"([^\"\n]*)\"|([{};])|([^\s{};\"]+)|(.)", re.S)
_DUMPED = re.compile(rb"([\w:/.-]+?)(?:::)? \"(.*)\";\Z")

# Directives, and names that say that other files are read, or how.
_DIRECTIVES = (b"#clear", b"#include", b"#x-apt")
_ELSEWHERE = (b"dir", b"dir::etc", b"dir::etc::parts", b"dir::etc::main", b"rootdir")


class _NotFollowed(Exception):
    """The files hold what only apt itself puts together."""


def settings(machine):
    """Return {name in lower case: [values]} of apt's settings, as apt puts them together; empty where it does not say."""
    try:
        return _read(machine)
    except (OSError, _NotFollowed):
        return _asked(machine)


def _asked(machine):
    program = machine.which(b"apt-config")
    if program is None:
        return {}
    found = {}
    for line in machine.run([program, b"dump"], timeout=10).out.split(b"\n"):
        match = _DUMPED.match(line)
        if match:
            found.setdefault(match.group(1).lower(), []).append(match.group(2))
    return found


def _read(machine):
    names = sorted(name for name in os.listdir(machine.path(PARTS)) if _PART.match(name))
    if len(names) > FILES_LIMIT:
        raise _NotFollowed()
    single, lists = {}, {}
    for path in [PARTS + b"/" + name for name in names] + [MAIN]:
        try:
            _take(machine.read(path, FILE_LIMIT), single, lists)
        except FileNotFoundError:
            if path != MAIN:
                raise
    return {name: single.get(name, []) + lists.get(name, []) for name in set(single) | set(lists)}


def _take(raw, single, lists):
    """Add the statements of a file: C(name "value";), C(name { ... };), C(name:: "another";) and C("another";) within the braces of a name."""
    scopes, words = [b""], []
    for match in _TOKEN.finditer(raw):
        comment, quoted, mark, word, odd = match.groups()
        if odd or comment and comment.startswith(_DIRECTIVES) or word and (b"#" in word or b"//" in word or b"/*" in word):
            raise _NotFollowed()
        if quoted is not None or word:
            words.append((word or quoted, quoted is not None))
        elif mark == b"{":
            if len(words) != 1:
                raise _NotFollowed()
            scopes.append(_joined(scopes[-1], words[0][0]))
            words = []
        elif mark:
            _state(scopes[-1], words, single, lists)
            words = []
            if mark == b"}":
                scopes.pop()
                if not scopes:
                    raise _NotFollowed()
    if words or len(scopes) != 1:
        raise _NotFollowed()


def _state(scope, words, single, lists):
    """Take one statement: nothing, an entry of a list, or a name with its value."""
    if not words:
        return
    if len(words) > 2 or words[0][1] and len(words) == 2 or len(words) == 1 and not scope:
        raise _NotFollowed()
    name = scope if len(words) == 1 else _joined(scope, words[0][0])
    if name.rstrip(b":") in _ELSEWHERE:
        raise _NotFollowed()
    if len(words) == 1 or name.endswith(b"::"):
        lists.setdefault(name[:-2] if name.endswith(b"::") else name, []).append(words[-1][0])
    else:
        single[name] = [words[1][0]]


def _joined(scope, name):
    return (scope.rstrip(b":") + b"::" + name if scope else name).lower()
