# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock files of Python: Pipfile.lock, poetry.lock, uv.lock, and requirements.txt where it names exact versions.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

# [[package]] of poetry and uv, and what may follow it.
_TABLE = re.compile(r"\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?\Z")
_VALUE = re.compile(r"(name|version|source|category|groups|type)\s*=\s*(.*)\Z")
_QUOTED = re.compile(r"\"([^\"]*)\"|\x27([^\x27]*)\x27")

# Where poetry (type) and uv (the key of source) have a package from.
SOURCES = {
    "registry": "registry", "legacy": "registry", "git": "git", "url": "url", "directory": "path", "file": "path", "path": "path",
}
# The application itself.
OWN = ("virtual", "editable")

# docopt == 0.6.1 ; python_version < "3", requests [security]==2.8.1 --hash=sha256:123
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)\s*(?:;.*|\s-.*)?\Z")
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(@\s*\S+)?")


def normal(name):
    """Return a name as PEP 503 writes it: ruamel.yaml and Ruamel_Yaml are one package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse_pipfile(lock):
    """Return (rows, problems) of what the file's JSON holds: rows are {(name, version, source, group)}."""
    if not ("_meta" in lock or "default" in lock or not lock):
        return set(), ["it is no lock file of Pipenv"]
    rows, unreadable = set(), 0
    for part in sorted(lock):
        entries = lock[part] if part != "_meta" else {}
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            row = _of_pipfile(name, entry, "development" if part == "develop" else "")
            if row is None:
                unreadable += 1
            else:
                rows.add(row)
    return rows, ["%d packages cannot be read" % unreadable] if unreadable else []


def _of_pipfile(name, entry, group):
    if not isinstance(entry, dict):
        return None
    version = entry.get("version")
    for key, source in (("git", "git"), ("path", "path"), ("file", "url")):
        if key in entry:
            return normal(name), str(entry.get("ref") or version or ""), source, group
    if not isinstance(version, str) or not version.startswith("=="):
        return None
    return normal(name), version.lstrip("="), "registry", group


def parse_toml(words):
    """Return (rows, problems) of poetry.lock and uv.lock: of TOML only what those two write."""
    rows, unreadable = set(), 0
    table, fields, quote = "", {}, ""
    for line in words.split("\n") + ["[end]"]:
        line = line.strip()
        if quote:  # within a text over several lines
            quote = "" if quote in line else quote
            continue
        if line.startswith("[") and _TABLE.match(line):
            table = _TABLE.match(line).group(1).strip()
            if table in ("package", "end") or not table.startswith("package."):
                unreadable += _add(rows, fields)
                fields = {}
            continue
        match = _VALUE.match(line)
        if match and table in ("package", "package.source"):
            fields.setdefault(table + "." + match.group(1), match.group(2))
        for mark in ("\"\"\"", "\x27\x27\x27"):
            if line.count(mark) == 1:
                quote = mark
    problems = ["%d packages cannot be read" % unreadable] if unreadable else []
    if quote:
        problems.append("it ends within a text")
    if words.strip() and "[metadata]" not in words and "\nversion = " not in "\n" + words.partition("[[")[0]:
        problems.append("it is no whole lock file of Poetry or uv")
    return rows, problems


def _add(rows, fields):
    """Add one [[package]]; return 1 where it cannot be read."""
    if not fields:
        return 0
    name, version = _text(fields.get("package.name")), _text(fields.get("package.version"))
    key = fields.get("package.source", "").strip("{ ").partition("=")[0].strip() or _text(fields.get("package.source.type")) or "registry"
    if key in OWN:
        return 0
    if not name or not version:
        return 1
    groups = [_first(match) for match in _QUOTED.finditer(fields.get("package.groups", ""))]
    development = _text(fields.get("package.category")) == "dev" or groups and "main" not in groups
    rows.add((normal(name), version, SOURCES.get(key, "url"), "development" if development else ""))
    return 0


def _text(value):
    match = _QUOTED.match(value or "")
    return _first(match) if match else ""


def _first(match):
    return match.group(1) if match.group(1) is not None else match.group(2)


def parse_requirements(words):
    """Return (rows, problems) of requirements.txt; what names no exact version is counted as a problem."""
    rows, loose = set(), 0
    for line in re.sub(r"\\\n", " ", words).split("\n"):
        # One blank between words: many would be tried in as many ways.
        line = " ".join(re.sub(r"(?:\A|\s)#.*", "", line).split())
        if not line or line.startswith("-"):
            continue
        pinned, named = _PIN.match(line), _NAMED.match(line)
        if pinned:
            rows.add((normal(pinned.group(1)), pinned.group(2), "registry", ""))
        elif named and named.group(2):
            rows.add((normal(named.group(1)), "", "git" if "git+" in named.group(2) or ".git" in named.group(2) else "url", ""))
        else:
            loose += 1
    return rows, ["%d packages without an exact version" % loose] if loose else []
