# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on one request: which signatures it has.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.pattern import Pattern
from .web_probes_index import Index
from .web_probes_text import normalise, skeleton, split
from .web_signatures import SIGNATURES

# Longer requests are judged by their beginning: nginx takes 8 KB by default, and every byte costs each pattern time.
REQUEST_LIMIT = 8192
# The categories of one request: more than this adds nothing for the reader.
VERDICT_LIMIT = 4

_ABSOLUTE = Pattern(rb"^[a-z]{3,20}://[^/]{0,255}")


class Judge:
    """Judges requests and headers against the table of signatures.

    Three steps, each for what the one before left over: which literals do many skeletons hold (C(present)), which signatures may
    one skeleton have (C(candidates)), which has the request (C(verdict)). Patterns are compiled when they are first needed.
    """

    def __init__(self, signatures=SIGNATURES):
        self._compiled = {}
        self._index = Index([signature for signature in signatures if signature.where not in ("agent", "refused")])
        self._header = Index([signature for signature in signatures if signature.where in ("agent", "any")])
        self._refused = [signature for signature in signatures if signature.where == "refused"]
        self.present = self._index.present
        self.candidates = self._index.candidates
        self.sorted_out = self._index.sorted_out

    def _match(self, signature, text):
        pattern = self._compiled.get(signature.id)
        if pattern is None:
            pattern = self._compiled[signature.id] = re.compile(signature.pattern)
        return pattern.search(text) is not None

    def _found(self, candidates, fields):
        found = []
        for signature in candidates:
            if self._match(signature, fields[signature.where]):
                found.append(signature.id)
                if len(found) == VERDICT_LIMIT:
                    break
        return tuple(found)

    def verdict(self, text, candidates):
        """Return the ids of those candidates that one normalised request line has, in the order of the table."""
        text = text[:REQUEST_LIMIT]
        method, path, query = split(text)
        if method and not path.startswith(b"/"):
            path = _ABSOLUTE.sub(b"", path) or b"/"
        target = path + b"?" + query if query else path
        return self._found(candidates, {"line": text, "path": path, "query": query, "target": target, "any": target})

    @staticmethod
    def digits_matter(candidates):
        """Return whether a signature asks for a certain digit: then requests that differ in digits only may differ in their verdict."""
        return any(signature.digits for signature in candidates)

    def request(self, text):
        """Return the verdict on one normalised request line."""
        bones = skeleton(text)
        candidates = self.candidates(bones, self.present(bones))
        return self.verdict(text, candidates) if candidates else ()

    def refused(self, text, verdict):
        """Return the verdict on a request that the server answered with 400, C(verdict) being that on a request: also on what is no HTTP at all."""
        if len(verdict) < VERDICT_LIMIT:
            verdict += self._found(self._refused, {"refused": text[:REQUEST_LIMIT]})[: VERDICT_LIMIT - len(verdict)]
        return verdict

    def header(self, value):
        """Return the ids of the signatures that a User-Agent or a Referer has (as logged)."""
        text = normalise(value[:REQUEST_LIMIT])
        bones = skeleton(text)
        candidates = self._header.candidates(bones, self._header.present(bones))
        return self._found(candidates, {"agent": text, "any": text}) if candidates else ()
