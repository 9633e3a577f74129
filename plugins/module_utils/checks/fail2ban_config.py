# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fail2ban was told to do: its configuration files, read as fail2ban reads them, without starting Python code of it.

The order of the files, the includes and the substitution of %(name)s follow fail2ban/client/configreader.py and configparserinc.py (1.0.2
and 1.1.0). What this reader cannot follow is unknown (UNKNOWN), never guessed.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.pattern import Pattern

# No file of a distribution has more than 40 kB.
FILE_LIMIT = 1048576
FILES_LIMIT = 200
SUBSTITUTIONS_LIMIT = 20

TRUE_WORDS = frozenset(["1", "on", "true", "yes"])  # fail2ban/helpers.py, _as_bool

_SECTION = Pattern(r"\[(?P<name>[^\]]+)\]")
_OPTION = Pattern(r"(?P<name>.*?)\s*[=:]\s*(?P<value>.*)$")
_REFERENCE = Pattern(r"%\(([^)]+)\)s")


class _Unknown:
    def __repr__(self):
        return "UNKNOWN"


UNKNOWN = _Unknown()


def parse(words):
    """Return [(section, option, value)] of one file's text, in order, as configparser understands it; continued lines are joined."""
    rows = []
    section = None
    indent = 0
    open_value = None
    for line in words.split("\n"):
        stripped = "" if line[:1] == "#" else line.strip()  # nine lines of ten are comments
        if not stripped or stripped[0] in "#;":
            continue
        if ";" in stripped:
            stripped = _without_comment(stripped)
        depth = len(line) - len(line.lstrip()) if line[0].isspace() else 0
        if open_value is not None and depth > indent:
            open_value.append(stripped)
            continue
        indent = depth
        header = _SECTION.match(stripped)
        if header:
            section, open_value = header.group("name"), None
            continue
        option = _OPTION.match(stripped)
        if section is None or option is None:
            open_value = None
            continue
        open_value = [option.group("value")]
        rows.append((section, option.group("name").lower(), open_value))
    return [(section, name, "\n".join(value)) for section, name, value in rows]


def _without_comment(line):
    position = line.find(";")
    while position > 0:
        if line[position - 1] in " \t":
            return line[:position].rstrip()
        position = line.find(";", position + 1)
    return line


class Config:
    """The merged files of one name (C(jail) or C(fail2ban)) under a directory (bytes).

    C(sections) holds the options of each section without DEFAULT, C(files) what was read, C(problems) what could not be.
    """

    def __init__(self, machine, directory, name):
        self._machine = machine
        self._directory = directory
        self._known = {}
        self.sections = {}
        self.defaults = {}
        self.files = []
        self.problems = []
        for path in self._main_files(name):
            self._load_with_includes(path, ())

    def _main_files(self, name):
        """Return the paths fail2ban reads: name.conf, name.d/*.conf, name.local, name.d/*.local, each followed by its own .local."""
        base = self._directory + b"/" + name
        paths = []
        for ending in (b".conf", b".local"):
            paths += [base + ending] + self._list(base + b".d", ending)
        paths = [path for path in paths if self._exists(path)]
        return self._with_local(paths)

    def _with_local(self, paths):
        expanded = []
        for path in paths:
            expanded.append(path)
            local = os.path.splitext(path)[0] + b".local"
            if local not in paths and self._exists(local):
                expanded.append(local)
        return expanded

    def _list(self, folder, ending):
        try:
            names = os.listdir(self._machine.path(folder))
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self.problems.append((folder, error.strerror))
            return []
        return [folder + b"/" + name for name in sorted(names) if name.endswith(ending) and not name.startswith(b".")]

    def _exists(self, path):
        return os.path.isfile(self._machine.path(path))

    def _load_with_includes(self, path, seen):
        rows = self._read(path)
        if rows is None:
            return
        includes = {option: value for section, option, value in rows if section == "INCLUDES"}
        self._load_includes(path, includes.get("before", ""), seen)
        self._merge(rows)
        self._load_includes(path, includes.get("after", ""), seen)

    def _load_includes(self, path, words, seen):
        for name in words.split("\n"):
            target = os.path.join(os.path.dirname(path), name.strip().encode("utf-8", "surrogateescape"))
            if name.strip() and target not in seen:
                for part in self._with_local([target]):
                    if self._exists(part):
                        self._load_with_includes(part, seen + (path,))

    def _read(self, path):
        if len(self.files) >= FILES_LIMIT:
            self.problems.append((path, "more than %d files" % FILES_LIMIT))
            return None
        try:
            content = self._machine.read(path, FILE_LIMIT)
        except OSError as error:
            self.problems.append((path, error.strerror))
            return None
        self.files.append(path)
        return parse(content.decode("utf-8", "surrogateescape"))

    def _merge(self, rows):
        for section, option, value in rows:
            if section == "DEFAULT":
                self.defaults[option] = value
                continue
            options = self.sections.setdefault(section, {})
            if option in options:
                self._known[(section, option)] = options[option]
            options[option] = value

    def raw(self, section, option):
        """Return the option's text as it is written, DEFAULT included, or None."""
        return self.sections.get(section, {}).get(option, self.defaults.get(option))

    def get(self, section, option):
        """Return the option's text with every %(name)s replaced, None where it is not set, UNKNOWN where that cannot be followed."""
        value = self.raw(section, option)
        for _round in range(SUBSTITUTIONS_LIMIT):
            if value is None or "%" not in value:
                return value
            reference = _REFERENCE.search(value)
            if reference is None:
                return value.replace("%%", "%")
            target = self._reference(section, option, reference.group(1))
            if target is None or len(target) > FILE_LIMIT:
                return UNKNOWN
            value = value[: reference.start()] + target + value[reference.end():]
        return UNKNOWN

    def _reference(self, section, option, name):
        name = name.lower()
        if "/" not in name:
            return section if name == "__name__" else self.raw(section, name)
        where, name = name.split("/", 1)
        if where == "known":
            return self._known.get((section, name), self.defaults.get(name) if name != option else None)
        if where == "default":
            return self.defaults.get(name)
        return self.raw(where, name)

    def matches(self, pattern):
        """Return whether a file matches a logpath with its wildcards."""
        import glob  # only where the server is down

        return bool(glob.glob(self._machine.path(pattern.encode("utf-8", "surrogateescape"))))

    def jails(self):
        """Return (enabled, unknown): the sorted names of the jails switched on, and of those whose switch cannot be followed."""
        enabled, unknown = [], []
        for section in self.sections:
            if section == "INCLUDES" or re.match(r"\w+\?", section):
                continue
            value = self.get(section, "enabled")
            if value is UNKNOWN:
                unknown.append(section)
            elif value is not None and value.strip().lower() in TRUE_WORDS:
                enabled.append(section)
        return sorted(enabled), sorted(unknown)
