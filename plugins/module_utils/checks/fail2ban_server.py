# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fail2ban-server says of itself and its jails, asked in the words that its version knows.

An unknown command would write an ERROR into the server's own log, so every question stands in a table with the version that brought it.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ..host.pattern import Pattern
from .fail2ban_clock import LocalClock
from .fail2ban_said import ServerSaysNo

JAILS_LIMIT = 200

# Tells each ban with its time; the status need not list them as well.
BAN_TIMES_SINCE = (0, 11)

# (first version, words after "get JAIL", key of the answer). Read in fail2ban/server/transmitter.py of 0.9.7, 0.10.6, 0.11.2, 1.0.2 and 1.1.0.
JAIL_QUESTIONS = (
    ((0, 9), ("logpath",), "files"),
    ((0, 9), ("ignoreip",), "ignoreip"),
    ((0, 9), ("bantime",), "bantime"),
    ((0, 9), ("findtime",), "findtime"),
    ((0, 9), ("maxretry",), "maxretry"),
    ((0, 9), ("actions",), "actions"),
    ((0, 11), ("bantime.increment",), "bantime_increment"),
    (BAN_TIMES_SINCE, ("banip", "--with-time"), "ban_times"),
)

SERVER_QUESTIONS = (
    ((0, 9), "loglevel"),
    ((0, 9), "logtarget"),
    ((0, 9), "dbfile"),
    ((0, 9), "dbpurgeage"),
)

# Lists all jails with their bans by name; before it there is only a text that joins the names with commas.
BANNED_SINCE = (0, 10)

OLDEST = (0, 9)

COUNTERS = {
    "Currently failed": ("failed", "current"),
    "Total failed": ("failed", "total"),
    "Currently banned": ("banned", "current"),
    "Total banned": ("banned", "total"),
}

# Which of the two rows stands in a jail's status says what the jail reads.
BACKENDS = {"File list": "files", "Journal matches": "journal"}

_BAN_TIME = Pattern(r"^(.*?) ?\t(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \+ (-?\d+) = ")


def version_of(words):
    """Return C(1.0.2) or C(1.1.1.dev1) as a tuple of its leading numbers."""
    numbers = re.match(r"\d+(?:\.\d+)*", "%s" % (words,))
    return tuple(int(number) for number in numbers.group().split(".")[:4]) if numbers else ()


def settings(ask_all, version):
    """Return the server's own settings as a dict; None for what it does not tell."""
    names = [name for since, name in SERVER_QUESTIONS if version >= since]
    found = dict.fromkeys(name for _since, name in SERVER_QUESTIONS)
    for name, answer in zip(names, ask_all([("get", name) for name in names])):
        found[name] = answer if answer is None or isinstance(answer, int) else "%s" % (answer,)
    return found


def _texts(answer):
    """Return a list of text of an answer that should be one. Raises TypeError for anything else than a list."""
    if not isinstance(answer, list):
        raise TypeError("a %s where a list is due" % type(answer).__name__)
    return ["%s" % (item,) for item in answer]


def jail_names(ask_all, version):
    """Return (names, complete): the sorted names of the running jails, and whether they are told apart for sure.

    Before 0.10 the names come joined with comma and blank, which a name may hold as well.
    """
    if version >= BANNED_SINCE:
        [jails] = ask_all([("banned",)])
        return sorted(name for jail in jails for name in jail), True
    [rows] = ask_all([("status",)])
    status = dict(rows)
    names = [name for name in status.get("Jail list", "").split(", ") if name]
    return sorted(names), len(names) == status.get("Number of jail")


def jail(ask_all, version, name):
    """Return what the server says of one jail as a dict; raises ServerSaysNo when it stopped since it was listed."""
    asked = [(words, key) for since, words, key in JAIL_QUESTIONS if version >= since]
    status = ("status", name, "short") if version >= BAN_TIMES_SINCE else ("status", name)
    answers = ask_all([status] + [("get", name) + words for words, _key in asked])
    found = _status(answers[0])
    found["name"] = name
    found.update(dict.fromkeys(key for _since, _words, key in JAIL_QUESTIONS))
    found.update((key, answer) for (_words, key), answer in zip(asked, answers[1:]))
    for key in ("files", "ignoreip", "actions", "ban_times"):
        found[key] = _texts(found[key]) if found[key] is not None else None
    for key in ("bantime", "findtime", "maxretry"):
        found[key] = int(found[key]) if found[key] is not None else None
    found["bantime_increment"] = found["bantime_increment"] in (True, "True")
    return found


def _status(parts):
    """Return counters, bans and source of a jail from the rows of its status."""
    found = {"backend": None, "journal_match": "", "failed": {"current": None, "total": None}, "banned": {"current": None, "total": None}}
    found["banned_ids"] = []
    for _part, rows in parts:
        for key, value in rows:
            if key in COUNTERS:
                group, counter = COUNTERS[key]
                found[group][counter] = int(value)
            elif key == "Banned IP list":
                found["banned_ids"] = value.split() if isinstance(value, str) else _texts(value)
            elif key in BACKENDS:
                found["backend"] = BACKENDS[key]
                if found["backend"] == "journal":
                    found["journal_match"] = value if isinstance(value, str) else " ".join(_texts(value))
    return found


def banned(jail_facts, limit):
    """Return [{id, since, until, permanent}] of a jail's first C(limit) bans, in seconds since 1970.

    C(until) is None for a ban without end; what the server does not tell is None.
    """
    if jail_facts["ban_times"] is None:
        return [{"id": name, "since": None, "until": None, "permanent": None} for name in jail_facts["banned_ids"][:limit]]
    clock = LocalClock()
    bans = []
    for line in jail_facts["ban_times"][:limit]:
        match = _BAN_TIME.match(line)
        if match is None:
            bans.append({"id": line.strip(), "since": None, "until": None, "permanent": None})
            continue
        name, local, lasts = match.groups()
        since, lasts = clock.seconds(local), int(lasts)
        bans.append({"id": name, "since": since, "until": None if lasts < 0 or since is None else since + lasts, "permanent": lasts < 0})
    return bans


def server(ask_all):
    """Return (facts, jails, reasons): the server, its jails, and what could not be asked."""
    [words] = ask_all([("version",)])
    facts = {"version": "%s" % (words,)}
    version = version_of(facts["version"])
    reasons = []
    if version < OLDEST:
        return facts, [], ["fail2ban %s is older than 0.9: its jails are not asked" % facts["version"]]
    facts.update(settings(ask_all, version))
    names, complete = jail_names(ask_all, version)
    if not complete:
        reasons.append("the names of the jails hold commas, which fail2ban %s does not tell apart" % facts["version"])
    if len(names) > JAILS_LIMIT:
        reasons.append("only the first %d of %d jails were asked" % (JAILS_LIMIT, len(names)))
    jails = []
    for name in names[:JAILS_LIMIT]:
        try:
            jails.append(jail(ask_all, version, name))
        except ServerSaysNo as error:
            reasons.append("jail %s: %s" % (name, error))
    return facts, jails, reasons
