# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of a fleet: the same denial, the same client or the same probe on several hosts is one row, and hours are added up."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from .extract import HOUR_COLUMNS, unpack

# Rows of each table in report.json, and names of hosts in a row, which counts the others; the page shows fewer.
ROWS_LIMIT = 1000
HOSTS_NAMED = 1000
HOURS_SHOWN = 24

# Kinds of what the history remembers, to say what the fleet sees for the first time.
CLIENT, LOGIN = "client", "login"

# How bad each outcome of a denial is, the worst first.
OUTCOMES = ("blocked", "unknown", "allowed or not needed", "allowed (permissive)")

COLUMNS = ("accepted", "failed", "requests", "probes")


@dataclass(slots=True)
class Denial:
    """The same denial on one or more hosts."""

    id: str
    severity: str
    what: str
    blocked: str
    remedy: str
    commands: list[str]
    count: int = 0
    last: str | None = None
    hosts: list[str] = field(default_factory=list)
    host_count: int = 0


@dataclass(slots=True)
class Client:
    """An address that sent probes to one or more hosts."""

    client: str
    hits: int = 0
    answered: int = 0
    last: str | None = None
    first_seen: bool = False
    categories: list[str] = field(default_factory=list)
    sample: str = ""
    hosts: list[str] = field(default_factory=list)
    host_count: int = 0


@dataclass(slots=True)
class Probe:
    """The same probe on one or more hosts: one signature, with an example of a request."""

    category: str
    signature: str
    sample: str
    statuses: list[str] = field(default_factory=list)
    clients: int = 0
    hosts: list[str] = field(default_factory=list)
    host_count: int = 0


@dataclass(slots=True)
class Login:
    """A user and an address from which nobody of the fleet has seen a login before."""

    user: str
    address: str
    count: int = 0
    hosts: list[str] = field(default_factory=list)
    host_count: int = 0


@dataclass(slots=True)
class Logs:
    """What the logs of the fleet say, each list in the order in which it deserves a look."""

    denials: list[Denial] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)
    # Hour -> accepted logins, failed logins, web requests, probes, denials.
    hours: dict[str, list[int]] = field(default_factory=dict)
    # What there is more of than the lists hold.
    cut: dict[str, int] = field(default_factory=dict)


def logs_of(hosts: Iterable[tuple[str, bytes]], new: Set[tuple[str, str]], until: str) -> Logs:
    """Return the logs of hosts, (name, what was kept of it) in the order in which they are to be named.

    ``new`` holds (kind, name) of what the history has never seen; ``until`` is the time of the report: the clock of a server that
    is ahead of it does not move the hours.
    """
    denials: dict[str, Denial] = {}
    clients: dict[str, Client] = {}
    probes: dict[tuple[str, str], Probe] = {}
    senders: dict[tuple[str, str], set[str]] = {}
    logins: dict[tuple[str, str], Login] = {}
    sums = {hour: [0] * HOUR_COLUMNS for hour in _hours_before(until)}
    for host, packed in hosts:
        kept = unpack(packed)
        named = _Named(host)
        for row in kept.get("denials", ()):
            _add_denial(denials, row, named)
        for row in kept.get("clients", ()):
            _add_client(clients, row, named, new)
            _add_probes(probes, senders, row, named)
        for user, address, count in kept.get("logins", ()):
            if (LOGIN, login_name(user, address)) in new:
                login = logins.setdefault((user, address), Login(user, address))
                login.count += count
                named.on(login)
        for hour, counts in kept.get("hours", {}).items():
            if hour in sums:
                sums[hour] = [before + count for before, count in zip(sums[hour], counts, strict=True)]
    for key, names in senders.items():
        probes[key].clients = len(names)
    logs = Logs(
        denials=sorted(denials.values(), key=lambda row: (SEVERITIES.index(row.severity), -row.host_count, -row.count, row.id)),
        clients=sorted(clients.values(), key=lambda row: (-row.answered, -row.host_count, -row.hits, row.client)),
        probes=sorted(probes.values(), key=lambda row: (-row.host_count, -row.clients, row.category, row.signature)),
        logins=sorted(logins.values(), key=lambda row: (row.user, row.address)),
        hours=sums if any(map(any, sums.values())) else {},
    )
    for name in ("denials", "clients", "probes", "logins"):
        found = getattr(logs, name)
        if len(found) > ROWS_LIMIT:
            logs.cut[name] = len(found) - ROWS_LIMIT
            del found[ROWS_LIMIT:]
    return logs


def _hours_before(until: str) -> list[str]:
    end = datetime.datetime.strptime(until[:13], "%Y-%m-%dT%H")
    return [(end - datetime.timedelta(hours=ago)).strftime("%Y-%m-%dT%H") for ago in range(HOURS_SHOWN, -1, -1)]


class _Named:
    """A host, and the rows that name it already."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._rows: set[int] = set()

    def on(self, row: Denial | Client | Probe | Login) -> None:
        if id(row) in self._rows:
            return
        self._rows.add(id(row))
        row.host_count += 1
        if len(row.hosts) < HOSTS_NAMED:
            row.hosts.append(self.host)


def _add_denial(denials: dict[str, Denial], row: Mapping[str, Any], named: _Named) -> None:
    known = denials.get(row["id"])
    if known is None:
        known = denials[row["id"]] = Denial(row["id"], row["severity"], row["what"], row["blocked"], row["remedy"], row["commands"])
    elif SEVERITIES.index(row["severity"]) < SEVERITIES.index(known.severity):
        known.severity = row["severity"]
    if _outcome(row["blocked"]) < _outcome(known.blocked):
        known.blocked, known.remedy, known.commands = row["blocked"], row["remedy"], row["commands"]
    known.count += row["count"]
    known.last = max(filter(None, (known.last, row["last"])), default=None)
    named.on(known)


def _outcome(words: str) -> int:
    return OUTCOMES.index(words) if words in OUTCOMES else len(OUTCOMES)


def _add_client(clients: dict[str, Client], row: Mapping[str, Any], named: _Named, new: Set[tuple[str, str]]) -> None:
    known = clients.get(row["client"])
    if known is None:
        known = clients[row["client"]] = Client(row["client"], first_seen=(CLIENT, row["client"]) in new)
    if row["probes"] and (not known.sample or row["answered"] > known.answered):
        known.sample = row["probes"][0][2]
    known.hits += row["hits"]
    known.answered += row["answered"]
    known.last = max(filter(None, (known.last, row["last"])), default=None)
    known.categories = sorted({*known.categories, *row["categories"]})
    named.on(known)


def _add_probes(probes: dict[tuple[str, str], Probe], senders: dict[tuple[str, str], set[str]], row: Mapping[str, Any], named: _Named) -> None:
    for category, signature, request, status in row["probes"]:
        key = (category, signature)
        known = probes.setdefault(key, Probe(category, signature, request))
        if status not in known.statuses and len(known.statuses) < 8:
            known.statuses = sorted([*known.statuses, status])
        senders.setdefault(key, set()).add(row["client"])
        named.on(known)


def login_name(user: str, address: str) -> str:
    """Return the name by which the history remembers a login."""
    return f"{user} {address}"


def seen_on(packed: bytes) -> list[tuple[str, str, int]]:
    """Return (kind, name, weight) of what the history is to remember of a host; where there is too much, the heaviest is kept."""
    kept = unpack(packed)
    found = [(CLIENT, row["client"], row["hits"] + 1000 * row["answered"]) for row in kept.get("clients", ())]
    return found + [(LOGIN, login_name(user, address), 1) for user, address, _count in kept.get("logins", ())]
