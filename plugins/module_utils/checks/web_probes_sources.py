# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the access logs are: what the user names, else what the web server's configuration and the usual places say.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from . import web_probes_config as config_of
from . import web_probes_files as files
from .web_probes_format import Quoted, of_format

USUAL = (
    "/var/log/nginx/*access*",
    "/var/log/apache2/*access*",
    "/var/log/httpd/*access*",
    "/home/*/apps/*/current/log/nginx.access.log*",
    "/home/*/apps/*/shared/log/nginx.access.log*",
)
USUAL_ERRORS = ("/var/log/nginx/*error*", "/var/log/apache2/*error*", "/var/log/httpd/*error*")

# nginx's own format and those of Apache are told by the lines themselves.
_BUILT_IN = ("combined", "vhost", "common", "json", "")


class Sources:
    """Where to read.

    C(found), C(errors): access and error logs; C(running): web servers that run; C(configured): those with a configuration;
    C(names): host names of the own sites; C(public): document roots; C(not_read): (what, why) of logs that are no files.
    """

    def __init__(self):
        self.found, self.errors = files.Found(), files.Found()
        self.running, self.configured = [], []
        self.names, self.public, self.problems, self.not_read = set(), [], [], []
        self._layouts = []
        self._given = None

    def give(self, words, formats):
        """Take the format that the user gives: a log_format or the name of one."""
        if words in _BUILT_IN:
            return
        self._given = of_format(formats.get(words, words))
        if self._given is None:
            raise ValueError("format: %r tells no request, status and time" % words)

    def know(self, pattern, words):
        layout = of_format(words) if words else None
        if layout is not None and not isinstance(layout, Quoted):
            self._layouts.append((pattern.split(b"*")[0], layout))

    def layout(self, path):
        """Return the layout that is known of a file, or None: then its lines tell."""
        if self._given is not None:
            return self._given
        for beginning, layout in self._layouts:
            if path.startswith(beginning):
                return layout
        return None


def sources(machine, options, since):
    """Return the Sources of this host, or those of the user's C(logs)."""
    place = Sources()
    place.running = config_of.running(machine)
    formats, access, errors = {}, [], []
    for name, config in config_of.read(machine):
        place.configured.append(name)
        formats.update(config.formats)
        place.names.update(config.names)
        place.public.extend(config.roots)
        if not options.get("logs"):
            place.problems.extend(config.problems)
            place.not_read.extend(config.not_read)
            access.extend(config.access)
            errors.extend(config.errors)
    if options.get("format"):
        place.give(options["format"], formats)
    if options.get("logs"):
        place.found = files.find(machine, options["logs"], since)
        place.problems.extend(_missing(machine, options["logs"]) if not place.found.is_empty() else _unmatched(options["logs"]))
        return place
    more = list(options.get("more_logs") or ())
    place.problems.extend(_missing(machine, more))
    for pattern, name in access:
        place.know(pattern, formats.get(name, ""))
    patterns = list(USUAL) + more + [pattern + b"*" for pattern, _name in access]
    place.found = files.find(machine, patterns, since)
    place.errors = files.find(machine, list(USUAL_ERRORS) + [path + b"*" for path in errors], since)
    return place


def _missing(machine, patterns):
    """Return a sentence for each file that the user names, and that is not there; a glob may match nothing."""
    named = [pattern for pattern in patterns if not any(mark in pattern for mark in "*?[")]
    return ["there is no file %s" % pattern for pattern in named if not os.path.lexists(machine.path(os.fsencode(pattern)))]


def _unmatched(patterns):
    """Return a sentence for each file or glob that the user names, where there is none of them."""
    return ["no file matches %s" % pattern for pattern in patterns]
