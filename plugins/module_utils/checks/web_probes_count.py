# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line that is worth a look, judged and counted.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .web_probes_address import Clients
from .web_probes_text import normalise

CLOSED_LIMIT = 1000

# The answers that are looked at even where the request has no signature.
REFUSED = frozenset((b"400", b"401", b"403", b"404"))
ROOTS = frozenset((b"GET / HTTP/1.0", b"GET / HTTP/1.1", b"GET / HTTP/2.0", b"GET / HTTP/3.0"))


class Count:
    """Counts records and events into a Tally; C(roots): answers to C(/) so far."""

    def __init__(self, judge, tally, requests, headers, trusted, own, known):
        self._judge, self._tally = judge, tally
        self._requests, self._headers = requests, headers
        self._clients = Clients(trusted)
        self._own = frozenset(own)
        self._regular = known or (lambda path: False)
        self.roots = 0

    def record(self, record, name, number, server):
        """Judge and count one line of an access log; C(number) is None where the lines are not numbered."""
        request, status = record.request, record.status
        verdict = self._requests.verdict(request)
        if status == b"400" and request:
            verdict = self._judge.refused(normalise(request), verdict)
        for value in (record.agent, record.referer):
            found = self._headers.verdict(value)
            if found:
                verdict = verdict + tuple(one for one in found if one not in verdict)
        who = self._clients.client(record.remote, record.forwarded)
        server = record.host or server
        if verdict:
            self._tally.hit(verdict, record, who, name, number, server)
        elif request in ROOTS and status in (b"200", b"206"):
            self.roots += 1
            self._tally.server(server).root(record.size)
        elif status == b"401" and request:
            self._tally.event(who, "login_failures", record.when, request)
        elif status in REFUSED:
            self.refused(status, request, record.referer, lambda: record.host)

    def refused(self, status, request, referer, host_of):
        """Count a refusal of a request without a signature; C(host_of) gives the name of the site, which is seldom asked for."""
        if not request:
            self._tally.empty += 1
        elif status == b"404":
            self._missing(request, referer, host_of)

    def _missing(self, request, referer, host_of):
        path = request.split(b" ", 2)[1] if b" " in request else request
        site = referer.split(b"/", 3)[2].lower() if referer.count(b"/") > 2 else b""
        if site and (site in self._own or site == host_of().lower()):
            self._tally.link(path, referer)
        elif not self._regular(path.partition(b"?")[0]):
            self._tally.missing += 1

    def event(self, event):
        """Count what an error log says of a client; some kinds mean something only about a request with a signature."""
        who = self._clients.client(event.client)
        verdict = ()
        if event.request:
            text = normalise(event.request)
            verdict = self._judge.request(text)
            if event.kind == "invalid":
                verdict = self._judge.refused(text, verdict)
        if event.kind == "upstream_closed" and verdict:
            key = (verdict, event.request.split(b" ", 2)[1].partition(b"?")[0] if event.request.count(b" ") else event.request)
            if key in self._tally.closed or len(self._tally.closed) < CLOSED_LIMIT:
                self._tally.closed[key] = self._tally.closed.get(key, 0) + 1
        if verdict or event.kind not in ("upstream_closed", "invalid"):
            self._tally.event(who, event.kind, event.when, event.request or event.message)
