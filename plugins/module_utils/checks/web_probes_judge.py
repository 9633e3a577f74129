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

from .web_probes_text import normalise, skeleton, split, words
from .web_signatures import SIGNATURES

# Longer requests are judged by their beginning: nginx takes 8 KB by default, and every byte costs each pattern time.
REQUEST_LIMIT = 8192
# The categories of one request: more than this adds nothing for the reader.
VERDICT_LIMIT = 4

_ABSOLUTE = re.compile(br"^[a-z]{3,20}://[^/]{0,255}")
_WORD = re.compile(br"[a-z0-9_]*[a-z_][a-z0-9_]*\Z")


class _Index:
    """Finds the signatures that a text may have, by their literals.

    A literal of letters only is looked for as a whole word, any other as a piece of the text: one set operation stands for
    hundreds of words.
    """

    def __init__(self, signatures):
        self._by_word = {}
        by_piece = {}
        for rank, signature in enumerate(signatures):
            for literal in signature.literals:
                bones = skeleton(literal.lstrip(b"*"))
                if _WORD.match(literal) and not literal.startswith(b"*"):
                    self._by_word.setdefault(bones, []).append((rank, signature))
                else:
                    by_piece.setdefault(bones.decode("latin-1"), []).append((rank, signature))
        self._words = frozenset(self._by_word)
        self._by_piece = sorted(by_piece.items())
        # A piece that holds a shorter one adds nothing to the question whether there is any.
        self._pieces = []
        for piece in sorted(by_piece, key=lambda piece: (len(piece), piece)):
            if not any(shorter in piece for shorter in self._pieces):
                self._pieces.append(piece)

    def any(self, bones):
        """Return whether one skeleton, or many of them, may hold a signature."""
        if not self._words.isdisjoint(words(bones)):
            return True
        # Text, since "in" of bytes first tries its argument as a number and throws the error away: five times the cost.
        bones = bones.decode("latin-1")
        for piece in self._pieces:
            if piece in bones:
                return True
        return False

    def candidates(self, bones):
        """Return the signatures that a skeleton may hold, in the order of the table."""
        found = set()
        for word in self._words.intersection(words(bones)):
            found.update(self._by_word[word])
        bones = bones.decode("latin-1")
        for piece, signatures in self._by_piece:
            if piece in bones:
                found.update(signatures)
        return [signature for _rank, signature in sorted(found)]


class Judge:
    """Judges requests and headers against the table of signatures.

    C(suspicious) is the cheap question asked of every distinct skeleton, C(request) and C(header) the exact one asked of what
    remains. Patterns are compiled when they are first needed: most runs need few of them.
    """

    def __init__(self, signatures=SIGNATURES):
        self._compiled = {}
        self._request = _Index([signature for signature in signatures if signature.where not in ("agent", "refused")])
        self._refused = [signature for signature in signatures if signature.where == "refused"]
        self._header = _Index([signature for signature in signatures if signature.where in ("agent", "any")])
        self.suspicious = self._request.any

    def _match(self, signature, text):
        pattern = self._compiled.get(signature.id)
        if pattern is None:
            pattern = self._compiled[signature.id] = re.compile(signature.pattern)
        return pattern.search(text) is not None

    def _verdict(self, candidates, fields):
        found = []
        for signature in candidates:
            if self._match(signature, fields[signature.where]):
                found.append(signature.id)
                if len(found) == VERDICT_LIMIT:
                    break
        return tuple(found)

    def request(self, text):
        """Return the ids of the signatures that one normalised request line has, in the order of the table."""
        text = text[:REQUEST_LIMIT]
        candidates = self._request.candidates(skeleton(text))
        if not candidates:
            return ()
        method, path, query = split(text)
        if method and not path.startswith(b"/"):
            path = _ABSOLUTE.sub(b"", path) or b"/"
        target = path + b"?" + query if query else path
        return self._verdict(candidates, {"line": text, "path": path, "query": query, "target": target, "any": target})

    def refused(self, text):
        """Return the verdict on a request that the server answered with 400: also on what is no HTTP at all."""
        verdict = self.request(text)
        if len(verdict) < VERDICT_LIMIT:
            verdict += self._verdict(self._refused, {"refused": text[:REQUEST_LIMIT]})[:VERDICT_LIMIT - len(verdict)]
        return verdict

    def header(self, value):
        """Return the ids of the signatures that a User-Agent or a Referer has (as logged)."""
        text = normalise(value[:REQUEST_LIMIT])
        candidates = self._header.candidates(skeleton(text))
        return self._verdict(candidates, {"agent": text, "any": text}) if candidates else ()
