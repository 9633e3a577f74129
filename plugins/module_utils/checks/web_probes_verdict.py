# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the counts mean: which weak signatures count, which answers are real, how bad they are.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .web_signatures import BY_ID

# A weak signature stands for something that the server really has when this many clients got it.
SERVED = 3
# Panels behind a login are no finding; these are.
_RANK = ("critical", "high", "medium", "low", "info")
# Looked for in what the client sends along: that a page answered says little.
_PAYLOADS = ("query", "any", "target", "agent")


class Meaning:
    """Judges a whole Tally: C(counted) of a verdict, C(soft) of an answer."""

    def __init__(self, tally):
        self._tally = tally
        self.soft = {}
        self.served = self._find_served()
        self._memo = {}

    def _find_served(self):
        """Return the ids of the weak signatures that the server serves to several clients."""
        clients = {}
        for key, answer in self._tally.answers.items():
            server, verdict, path, status, size = key
            if status[:1] != b"2":
                continue
            sizes = self._tally.sizes.get(server) or self._tally.sizes.get(b"")
            why = self.soft[key] = sizes.catch_all(path, size) if sizes is not None else ""
            if why:
                continue
            for name in verdict:
                if BY_ID[name].weak:
                    clients.setdefault(name, set()).update(answer.clients)
        return frozenset(name for name, who in clients.items() if len(who) >= SERVED)

    def counted(self, verdict):
        """Return the signatures of a verdict that count: all but the weak ones that the server really serves."""
        names = self._memo.get(verdict)
        if names is None:
            names = self._memo[verdict] = tuple(name for name in verdict if name not in self.served)
        return names

    def categories(self, verdict):
        """Return the categories of a verdict, each once, in its order."""
        found = []
        for name in self.counted(verdict):
            category = BY_ID[name].category
            if category not in found:
                found.append(category)
        return found


def severity(names, status):
    """Return how bad it is that a request with these signatures got this status; info where it means nothing."""
    if status[:1] == b"5":
        exploits = [
            name for name in names if BY_ID[name].category not in ("cms_admin", "scanner", "malformed", "secrets", "vcs_backup", "open_proxy", "webshell")
        ]
        return "high" if exploits and status in (b"500",) else "info"
    if status not in (b"200", b"206"):
        return "info"
    return min((BY_ID[name].answered for name in names), key=_RANK.index)


def is_payload(names):
    """Return whether the signatures are in what was sent along, not in the path itself."""
    return all(BY_ID[name].where in _PAYLOADS for name in names)
