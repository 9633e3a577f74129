# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One title for a finding that many hosts have, each in its own words: what they say alike, with an ellipsis where they differ."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, field

CUT = "…"

# Hosts that say the same thing in words of their own; what is said in still other words is only counted.
WORDINGS = 4


def common(one: str, other: str) -> str | None:
    """Return what two titles say alike, None where that is less than half of the shorter one, and no list of other things.

    C(openssl 3.0.15 has known holes, 3.0.17 is out) and the same with 3.0.16 are C(openssl … has known holes, 3.0.17 is out).
    """
    if one == other:
        return one
    here, there = one.split(" "), other.split(" ")
    head = os.path.commonprefix([here, there])
    if len(here) == len(there):
        words = [_word(*pair) for pair in zip(here, there, strict=True)]
    else:
        tail = min(len(os.path.commonprefix([here[::-1], there[::-1]])), min(len(here), len(there)) - len(head))
        words = [*head, CUT, *(here[len(here) - tail :])]
    if 2 * sum(CUT not in word for word in words) < min(len(here), len(there)):
        # Lists of other things: "nginx runs deleted files: …".
        return " ".join([*head, CUT]) if head and head[-1].endswith(":") else None
    return " ".join(word for number, word in enumerate(words) if word != CUT or number == 0 or words[number - 1] != CUT)


def _word(one: str, other: str) -> str:
    """Return a word that both have, else an ellipsis in the brackets that both have: C((1184) and C((920) are C((…)."""
    if one == other:
        return one
    return _around(one, other, 1) + CUT + _around(one[::-1], other[::-1], 1)


def _around(one: str, other: str, most: int) -> str:
    shared = os.path.commonprefix([one, other])[:most]
    return "" if shared.isalnum() or shared == CUT else shared


@dataclass(slots=True)
class Titles:
    """The titles of one finding: each wording with its hosts, in the order in which they came."""

    wordings: dict[str, list[str]] = field(default_factory=dict)
    # Hosts with a title that is like none of those.
    more: int = 0

    def add(self, title: str, host: str) -> None:
        """Take in what a host says, one title of each."""
        known = self.wordings.get(title)
        if known is not None:
            known.append(host)
            return
        for wording, hosts in self.wordings.items():
            shared = common(wording, title)
            if shared is not None:
                hosts.append(host)
                if shared != wording:
                    self._reword(wording, shared)
                return
        if len(self.wordings) < WORDINGS:
            self.wordings[title] = [host]
        else:
            self.more += 1

    def _reword(self, wording: str, shared: str) -> None:
        reworded: dict[str, list[str]] = {}
        for key, hosts in self.wordings.items():
            reworded.setdefault(shared if key == wording else key, []).extend(hosts)
        self.wordings = reworded

    @property
    def usual(self) -> str:
        """Return the wording of most hosts."""
        return max(self.wordings, key=lambda wording: len(self.wordings[wording]), default="")

    @property
    def others(self) -> list[tuple[str, list[str]]]:
        """Return what the other hosts say."""
        return [(wording, hosts) for wording, hosts in self.wordings.items() if wording != self.usual]
