# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which signatures a text may have, by their literals: for many texts at once, with as few looks at each as possible.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools

from ..host.pattern import Pattern
from .web_probes_text import ends_of, rows_with, skeleton, spaced, words

# What requests consist of; every other byte is a sign of its own.
_COMMON = b"abcdefghijklmnopqrstuvwxyz0123456789_/ ?=&-\n,"
_SIGNS = frozenset(chr(code) for code in range(256)) - frozenset(_COMMON.decode("latin-1"))
_WORD = Pattern(rb"(?=[0-9]*[a-z_])[a-z0-9_]+\Z")
_RUN = Pattern(r"[a-z_]+")
# So few skeletons are looked at one by one.
_FEW = 8
# Bounded: full memories are cleared, which costs speed and never correctness.
WORDS_LIMIT = 20000


class Index:
    """Finds the signatures that a skeleton may hold, by their literals.

    A literal of letters only is looked for as a whole word, any other as a piece of the text: one set operation stands for
    hundreds of words.
    """

    def __init__(self, signatures):
        self._by_word = {}
        by_piece = {}
        for rank, signature in enumerate(signatures):
            for literal in signature.literals:
                word, plus, also = literal.partition(b"+")
                if not plus:
                    word, also = literal, b""
                bones = skeleton(word.lstrip(b"*"))
                if _WORD.match(word):
                    self._by_word.setdefault(bones, []).append((skeleton(also).decode("latin-1"), rank, signature))
                else:
                    by_piece.setdefault(bones.decode("latin-1"), []).append((rank, signature))
        self._words = frozenset(self._by_word)
        # A piece with a sign that requests seldom have is looked for only where the sign is, one with letters only where
        # some word holds them.
        self._by_sign, self._plain = {}, []
        for piece, entries in sorted(by_piece.items()):
            run = max(_RUN.findall(piece) or [""], key=len)
            signs = [sign for sign in piece if sign in _SIGNS]
            (self._by_sign.setdefault(signs[0], []) if signs else self._plain).append((run, piece, entries))
        self._runs = sorted({run for run, _piece, _entries in itertools.chain(self._plain, *self._by_sign.values()) if run})
        # Words that came again and again: those that hold nothing of the table, those that do, and the words of the call before.
        self._dull, self._bright, self._last = set(), set(), set()

    def present(self, bones):
        """Return ({word: entries}, [(piece, entries)]) of the table that one skeleton, or many of them, hold: what C(candidates) looks for."""
        # Text, since "in" of bytes first tries its argument as a number and throws the error away: five times the cost.
        text = bones.decode("latin-1")
        known = set(words(bones)).difference(self._dull)
        some = {}
        for word in self._words.intersection(known):
            entries = [entry for entry in self._by_word[word] if entry[0] in text]
            if entries:
                some[word] = entries
        vocabulary = b" ".join(known).decode("latin-1")
        runs = {run for run in self._runs if run in vocabulary}
        runs.add("")
        self._learn(known)
        asked = itertools.chain(self._plain, *[self._by_sign.get(sign, ()) for sign in set(bones.translate(None, _COMMON).decode("latin-1"))])
        return some, [(piece, entries) for run, piece, entries in asked if run in runs and piece in text]

    def _learn(self, known):
        """Remember which of the words that came twice in a row need no look the next time."""
        again = known.intersection(self._last)
        self._last = known
        again.difference_update(self._words, self._bright)
        if len(self._dull) + len(self._bright) > WORDS_LIMIT:
            self._dull.clear()
            self._bright.clear()
        for word in again:
            text = word.decode("latin-1")
            (self._bright if any(run in text for run in self._runs) else self._dull).add(word)

    @staticmethod
    def candidates(bones, present):
        """Return the signatures that a skeleton may hold, in the order of the table."""
        some_words, some_pieces = present
        found, text = set(), bones.decode("latin-1")
        if some_words:
            for word in some_words.keys() & words(bones):
                for also, rank, signature in some_words[word]:
                    if also in text:
                        found.add((rank, signature))
        for piece, signatures in some_pieces:
            if piece in text:
                found.update(signatures)
        return tuple([signature for _rank, signature in sorted(found)]) if found else ()

    def sorted_out(self, skeletons):
        """Return {skeleton: candidates} of those of many skeletons that have any."""
        skeletons = list(skeletons)
        blob = b"\n".join(skeletons)
        present = self.present(blob)
        if not present[0] and not present[1]:
            return {}
        found = {}
        for bones in skeletons if len(skeletons) <= _FEW else self._suspects(skeletons, blob, present):
            candidates = self.candidates(bones, present)
            if candidates:
                found[bones] = candidates
        return found

    @staticmethod
    def _suspects(skeletons, blob, present):
        """Return those of many skeletons where something of what is present stands: each thing is searched for in all of them at once."""
        some_words, some_pieces = present
        pieces = {piece for piece, _entries in some_pieces}
        lone = []
        for word, entries in some_words.items():
            also = {entry[0] for entry in entries}
            if "" in also:
                lone.append(b" " + word + b" ")
            else:
                pieces.update(also)
        ends = ends_of(skeletons)
        rows = set()
        if lone:
            # One space more at the front: where " word " begins here, the word itself begins there.
            rows_with(b" " + spaced(blob) + b" ", lone, ends, rows)
        rows_with(blob, [piece.encode("latin-1") for piece in pieces], ends, rows)
        return [skeletons[row] for row in rows]
