# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was judged already: each distinct request, User-Agent and Referer costs its judgement once.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .web_probes_text import ODD, normalise_all, raw_skeletons, shapes_of, skeleton

# Bounded: a full one is cleared, which costs speed and never correctness.
REQUESTS_LIMIT = 130000
SKELETONS_LIMIT = 40000
SHAPES_LIMIT = 20000
HEADERS_LIMIT = 10000

# Whoever sends requests says how long they are: of 8 KB each, so many as that would be a gigabyte.
BYTES_LIMIT = 24 << 20


class Headers:
    """The User-Agents and Referers that were seen; C(verdicts) of those that have a signature."""

    def __init__(self, judge):
        self._judge = judge
        self._seen, self._hot, self.verdicts = set(), set(), {}
        self._bytes = 0

    def fresh(self, distinct):
        """Return those of a set of values that were not judged yet."""
        if len(self._seen) > HEADERS_LIMIT or self._bytes > BYTES_LIMIT:
            self._bytes = 0
            self._seen.clear()
            self._hot.clear()
            self.verdicts.clear()
        return distinct.difference(self._seen)

    def judge(self, fresh):
        self._seen.update(fresh)
        self._bytes += sum(map(len, fresh))
        for value in fresh:
            verdict = self._judge.header(value)
            if verdict:
                self.verdicts[value] = verdict
                self._hot.add(value)

    def hot(self, distinct):
        """Return those of a set of judged values that have a signature."""
        return distinct.intersection(self._hot)

    def verdict(self, value):
        """Return the verdict on one value."""
        if value not in self._seen:
            self.judge(self.fresh({value}))
        return self.verdicts.get(value, ())


class Requests:
    """The requests that were seen; C(verdicts) of those that have a signature.

    Three steps spare work, none may change a verdict: requests that differ in digits have one skeleton, and a skeleton without any
    literal of the table is dull; requests with the same shape share a verdict where no signature asks for a certain digit; what
    remains is judged one by one.
    """

    def __init__(self, judge):
        self._judge = judge
        self._seen, self._hot, self.verdicts = set(), set(), {}
        self._dull = set()  # skeletons without a literal
        self._shapes = {}  # plain request with zeros for digits -> verdict
        self._bytes = 0  # of the requests that all of these came from

    def fresh(self, distinct):
        """Return those of a set of requests that were not judged yet."""
        long = self._bytes > BYTES_LIMIT
        if long:
            self._bytes = 0
            self._dull.clear()
            self._shapes.clear()
        if long or len(self._seen) > REQUESTS_LIMIT:
            self._seen.clear()
            self._hot.clear()
            self.verdicts.clear()
        return distinct.difference(self._seen)

    def hot(self, distinct):
        """Return those of a set of judged requests that have a signature."""
        return distinct.intersection(self._hot)

    def verdict(self, request):
        """Return the verdict on one request."""
        if request not in self._seen:
            self.judge(self.fresh({request}))
        return self.verdicts.get(request, ())

    def judge(self, fresh):
        """Judge a set of requests that were not seen before."""
        for memory, limit in ((self._dull, SKELETONS_LIMIT), (self._shapes, SHAPES_LIMIT)):
            if len(memory) > limit:
                memory.clear()
        self._seen.update(fresh)
        self._bytes += sum(map(len, fresh))
        requests = list(fresh)
        bones = raw_skeletons(requests)
        unknown = set(bones)
        unknown.difference_update(self._dull)
        marked = {bone for bone in unknown if bone.find(ODD) >= 0}
        odd = [request for request, bone in zip(requests, bones) if bone in marked] if marked else []
        texts = normalise_all(odd) if odd else []
        odd_bones = skeleton(b"\n".join(texts)).split(b"\n") if odd else []
        unknown.difference_update(marked)
        unknown.update(set(odd_bones).difference(self._dull))
        if not unknown:
            return
        candidates = self._judge.sorted_out(unknown)
        self._dull.update(unknown.difference(candidates) if candidates else unknown)
        if not candidates:
            return
        some = [(request, candidates[bone]) for request, bone in zip(requests, bones) if bone in candidates]
        for (request, found), text in zip(some, normalise_all([request for request, _found in some]) if some else ()):
            self._judge_text(request, text, found, True)
        for request, bone, text in zip(odd, odd_bones, texts):
            if bone in candidates:
                self._judge_text(request, text, candidates[bone], False)

    def _judge_text(self, request, text, candidates, plain):
        # The shape of a plain request is all that its verdict depends on, unless a signature asks for a certain digit.
        shape = shapes_of((request,))[0] if plain and not self._judge.digits_matter(candidates) else None
        verdict = self._shapes.get(shape)
        if verdict is None:
            verdict = self._judge.verdict(text, candidates)
            if shape is not None:
                self._shapes[shape] = verdict
        if verdict:
            self.verdicts[request] = verdict
            self._hot.add(request)
