# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the access logs are: what the user names, else what the web server's configuration and the usual places say.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from . import web_probes_files as files
from .web_probes_format import of_format

USUAL = (
    "/var/log/nginx/*access*",
    "/var/log/apache2/*access*",
    "/var/log/httpd/*access*",
    "/home/*/apps/*/current/log/nginx.access.log*",
    "/home/*/apps/*/shared/log/nginx.access.log*",
)


class Sources:
    """C(found): the files; C(servers): names of installed web servers; C(names): host names served; C(public): document roots."""

    def __init__(self):
        self.found, self.servers, self.names, self.public, self.problems = None, [], set(), [], []
        self._layouts = {}
        self.given = None

    def layout(self, path):
        """Return the layout that the configuration gives a file, or None: then its lines tell."""
        if self.given is not None:
            return self.given
        for log, layout in self._layouts.items():
            if path == log or (path.startswith(log) and path[len(log):len(log) + 1] in (b".", b"-", b"_")):
                return layout
        return None


def sources(machine, options, since):
    """Return the Sources of this host."""
    place = Sources()
    if options.get("format") and options["format"] not in ("combined", "vhost", "common", "json"):
        place.given = of_format(options["format"])
        if place.given is None:
            raise ValueError("format: %r tells no request, status and time" % options["format"])
    place.found = files.find(machine, options.get("logs") or USUAL, since)
    return place
