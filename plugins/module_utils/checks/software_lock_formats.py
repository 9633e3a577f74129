# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of lock files, and how one is read.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import json
import re

from ..host.finding import text
from . import software_lock_gems, software_lock_npm, software_lock_pnpm, software_lock_python, software_lock_yarn

Format = collections.namedtuple("Format", "kind parse")


def _json(tool, parse):
    """Return what parses the text of a lock file that is one JSON object; C(parse) takes the object."""

    def parsed(words):
        try:
            lock = json.loads(words, parse_int=float)  # no number is needed, and int() of a million digits takes minutes
        except ValueError as error:
            return set(), ["it is no whole JSON: %s" % error]
        except RecursionError:
            return set(), ["it is nested too deep"]
        return parse(lock) if isinstance(lock, dict) else (set(), ["it is no lock file of %s" % tool])

    return parsed


_NPM = Format("npm", _json("npm", software_lock_npm.parse))
REQUIREMENTS = Format("pypi", software_lock_python.parse_requirements)

FORMATS = {
    b"Gemfile.lock": Format("gems", software_lock_gems.parse),
    b"gems.locked": Format("gems", software_lock_gems.parse),
    b"package-lock.json": _NPM,
    b"npm-shrinkwrap.json": _NPM,
    b"yarn.lock": Format("npm", software_lock_yarn.parse),
    b"pnpm-lock.yaml": Format("npm", software_lock_pnpm.parse),
    b"Pipfile.lock": Format("pypi", _json("Pipenv", software_lock_python.parse_pipfile)),
    b"poetry.lock": Format("pypi", software_lock_python.parse_toml),
    b"uv.lock": Format("pypi", software_lock_python.parse_toml),
}

# What git leaves in a file that two changed: between the first two marks is one side, up to the third the other.
_MARKS = re.compile(r"^(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)(?: .*)?$")


def format_of(name):
    """Return the Format of a lock file of this name (bytes); what is none of the others is a requirements file."""
    return FORMATS.get(name, REQUIREMENTS)


def parse(form, raw):
    """Return (rows, problems) of a lock file's content (bytes): rows [name, version, source] or [name, version, source, "development"], sorted."""
    words = raw.decode("utf-8", "backslashreplace").replace("\r\n", "\n").lstrip("\ufeff")
    rows, problems = set(), []
    sides = _sides(words)
    if len(sides) > 1:
        problems.append("it has marks of a conflict, both sides were read")
    for side in sides:
        some, wrong = form.parse(side)
        rows |= some
        problems += [words for words in wrong if words not in problems]
    # What is needed at work is no tool of development.
    rows = {row for row in rows if not row[3] or row[:3] + ("",) not in rows}
    return [[text(value, 200) for value in (row if row[3] else row[:3])] for row in sorted(rows)], [text(problem, 200) for problem in problems]


def _sides(words):
    """Return the text, or its two sides where it holds the marks of a conflict."""
    if "\n<<<<<<<" not in "\n" + words:
        return [words]
    sides = ([], [])
    at = None
    for line in words.split("\n"):
        mark = _MARKS.match(line)
        if mark:
            at = {"<": 0, "|": 2, "=": 1, ">": None}[line[0]]
            continue
        for number in (0, 1):
            if at in (None, number):
                sides[number].append(line)
    return ["\n".join(side) for side in sides]
