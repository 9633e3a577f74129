# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gems that were installed for all, beside the packages: what C(gem install) put where Ruby looks.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re

from ..host.packages import owners
from .software_text import plain

GEMS_LIMIT = 5000

# Folders with the specifications of gems. Those of packages (/usr/share/gems, /usr/share/rubygems-integration, /usr/lib/ruby) are left to the packages.
FOLDERS = (
    b"/var/lib/gems/*/specifications",  # Debian: gem install
    b"/usr/local/share/gems/specifications", b"/usr/local/lib/ruby/gems/*/specifications", b"/usr/local/lib64/gems/*/specifications",
    b"/usr/local/*/lib/ruby/gems/*/specifications", b"/usr/local/rbenv/versions/*/lib/ruby/gems/*/specifications", b"/usr/local/rvm/gems/*/specifications",
    b"/opt/*/lib/ruby/gems/*/specifications", b"/opt/*/*/lib/ruby/gems/*/specifications",
    b"/home/*/.rbenv/versions/*/lib/ruby/gems/*/specifications", b"/home/*/.rvm/gems/*/specifications",
    b"/home/*/.asdf/installs/ruby/*/lib/ruby/gems/*/specifications",
    b"/home/*/.local/share/mise/installs/ruby/*/lib/ruby/gems/*/specifications", b"/home/*/.rubies/*/lib/ruby/gems/*/specifications",
    b"/home/*/.gem/ruby/*/specifications", b"/home/*/.local/share/gem/ruby/*/specifications",
    b"/root/.gem/ruby/*/specifications", b"/root/.local/share/gem/ruby/*/specifications", b"/root/.rbenv/versions/*/lib/ruby/gems/*/specifications",
)
# Those that come with a Ruby lie below.
DEFAULT = b"default"

# nokogiri-1.16.2-x86_64-linux.gemspec: the version begins at the first number that follows a "-".
_NAME = re.compile(rb"(.+?)-(\d+(?:\.[0-9A-Za-z]+)*)(?:-[^/]*)?\.gemspec\Z")

_SPLITS = re.compile(rb"-(?=\d)")
# # stub: rack-oauth-2-client 1.0.0 ruby lib
_STUB = re.compile(rb"^# stub: (\S+) (\S+) ", re.MULTILINE)


def look(machine, cut):
    """Return (gems, problems): [[name, version]], sorted."""
    skip = len(machine.root.rstrip(b"/")) if machine.root != b"/" else 0
    folders = sorted({os.path.realpath(path)[skip:] for pattern in FOLDERS for path in glob.iglob(machine.path(pattern))})
    owned, problem = _of_packages(machine, folders)
    found = set()
    for folder in folders:
        for place in () if folder in owned else (folder, folder + b"/" + DEFAULT):
            found.update(gem for gem in (_gem(machine, place, name) for name in _names(machine, place)) if gem)
    rows = [plain(list(pair)) for pair in sorted(found)]
    problems = ["gems: %s" % problem] if problem else []
    if len(rows) > GEMS_LIMIT:
        cut["gems"] = len(rows) - GEMS_LIMIT
        problems.append("%d gems were not taken" % cut["gems"])
    return rows[:GEMS_LIMIT], problems


def _gem(machine, folder, file):
    """Return (name, version) of a specification, or None; where its name can be split in two ways its second line says which."""
    match = _NAME.match(file)
    if match and len(_SPLITS.findall(file)) > 1:
        stub = _STUB.search(machine.read_or_none(folder + b"/" + file, 4096) or b"")
        match = stub or match
    return match.groups() if match else None


def _names(machine, folder):
    try:
        return os.listdir(machine.path(folder))
    except OSError:
        return []


def _of_packages(machine, folders):
    """Return (folders whose gems a package brought, why that cannot be told): of those in /opt one gem of each is asked for."""
    samples = {}
    for folder in folders:
        if folder.startswith(b"/opt/"):
            for place in (folder, folder + b"/" + DEFAULT):
                names = sorted(name for name in _names(machine, place) if name.endswith(b".gemspec"))
                if names:
                    samples.setdefault(place + b"/" + names[0], folder)
    if not samples:
        return set(), ""
    found, reason = owners(machine, list(samples))
    return {samples[path] for path in (samples if reason else found)}, reason
