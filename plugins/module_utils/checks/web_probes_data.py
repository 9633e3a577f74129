# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data that travels: clients, categories, hours, broken links; every list capped, every total exact.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools

from ..host.finding import iso, text
from ..host.redact import redact
from .web_probes_tally import Client
from .web_probes_verdict import severity
from .web_signatures import CATEGORIES

# How often something must have happened to a client in one burst before it is shown for it: a person forgets, a program repeats.
EVENTS_SHOWN = {"login_failures": 4, "rate_limited": 5, "blocked": 1, "forbidden": 5, "upstream_closed": 1, "invalid": 1, "connections": 500}
CLIENTS_SHOWN = 200
LINKS_SHOWN = 50
FILES_SHOWN = 200
HOURS_SHOWN = 24 * 8


@functools.lru_cache(maxsize=4096)
def shown(request):
    """Return a request as text that may travel: without secrets, without control characters."""
    return text(redact(request), 300)


def totals(tally, meaning):
    """Return (totals, hits by category): lines of the window, unparsed, hits, answered, clients."""
    hits, by_category = 0, {}
    for verdict, count in tally.verdicts.items():
        categories = meaning.categories(verdict)
        if categories:
            hits += count
        for category in categories:
            by_category[category] = by_category.get(category, 0) + count
    answered = sum(answer.count for key, answer in tally.answers.items() if counts_as_answered(key, meaning))
    clients = {name for name, client in tally.clients.items() if any(meaning.counted(verdict) for verdict in client.verdicts)}
    clients.update(events_by_client(tally))
    beyond = max(0, len(tally.names) - len(tally.clients))
    return {
        "lines": tally.lines,
        "unparsed": tally.unparsed,
        "outside_window": tally.outside,
        "empty_requests": tally.empty,
        "missing_pages": tally.missing,
        "bytes": tally.bytes,
        "hits": hits,
        "answered": answered,
        "clients": len(clients) + beyond,
        "broken_links": tally.links_total,
        "error_lines": tally.error_lines,
    }, {category: by_category[category] for category in CATEGORIES if category in by_category}


def counts_as_answered(key, meaning):
    """Return whether an answer is a success with a body of its own to a signature that counts."""
    names = meaning.counted(key[1])
    return bool(names) and key[3] in (b"200", b"206") and not meaning.soft.get(key) and severity(names, key[3]) != "info"


def events_by_client(tally):
    """Return {client: {kind: event}} of what happened often enough to be shown."""
    found = {}
    for (name, kind), event in tally.events.items():
        if event.burst >= EVENTS_SHOWN.get(kind, event.burst + 1):
            found.setdefault(name, {})[kind] = event
    return found


def clients(tally, meaning):
    """Return (list of clients with hits, the worst first, how many are left out)."""
    answered = {}
    for key, answer in tally.answers.items():
        if counts_as_answered(key, meaning):
            for who in answer.clients:
                answered[who] = answered.get(who, 0) + 1
    events = events_by_client(tally)
    rows = []
    for name in set(tally.clients).union(events):
        client = tally.clients.get(name) or Client()
        categories, hits = {}, 0
        for verdict, count in client.verdicts.items():
            found = meaning.categories(verdict)
            if found:
                hits += count
            for category in found:
                categories[category] = categories.get(category, 0) + count
        for kind, event in events.get(name, {}).items():
            categories[kind] = event.count
            hits += event.count
            client.seen(event.first)
            client.seen(event.last)
        if hits:
            rows.append((-answered.get(name, 0), -len(categories), -hits, name, categories, client, events.get(name, {})))
    rows.sort(key=lambda row: row[:4])
    shown_rows = [_client(row, meaning) for row in rows[:CLIENTS_SHOWN]]
    return shown_rows, max(0, len(rows) - CLIENTS_SHOWN)


def _client(row, meaning):
    answered, _kinds, hits, name, categories, client, events = row
    samples = []
    for verdict, request, status, path, number in client.samples:
        found = meaning.categories(verdict)
        if found:
            samples.append(
                {
                    "request": shown(request),
                    "status": text(status),
                    "category": found[0],
                    "signature": meaning.counted(verdict)[0],
                    "file": text(path),
                    "line": number,
                }
            )
    for kind in sorted(events):
        samples.append({"request": shown(events[kind].sample), "status": "-", "category": kind, "signature": kind, "file": "", "line": None})
    return {
        "client": text(name or "others", 100),
        "hits": -hits,
        "categories": dict(sorted(categories.items())),
        "answered": -answered,
        "first": iso(client.first),
        "last": iso(client.last),
        "statuses": {text(status): count for status, count in sorted(client.statuses.items())},
        "agents": [shown(agent) for agent in sorted(client.agents)],
        "samples": samples[:6],
    }


def hours(tally, meaning):
    """Return the histogram: lines and hits of each hour, oldest first."""
    hits = {}
    for (hour, verdict), count in tally.hit_hours.items():
        if meaning.counted(verdict):
            hits[hour] = hits.get(hour, 0) + count
    return [{"hour": iso(hour), "lines": tally.hours[hour], "hits": hits.get(hour, 0)} for hour in sorted(tally.hours)[-HOURS_SHOWN:]]


def broken_links(tally):
    """Return the own site's links that lead nowhere, the most followed first."""
    rows = sorted(tally.links.items(), key=lambda item: (-item[1][0], item[0]))
    return [{"path": shown(path), "count": count, "referer": shown(referer)} for path, (count, referer) in rows[:LINKS_SHOWN]]


def hits(tally, meaning):
    """Return every hit line: file, number, category, all categories."""
    out = []
    for name, number, verdict in tally.hits:
        categories = meaning.categories(verdict)
        if categories:
            out.append({"file": text(name, 1000), "line": number, "category": categories[0], "categories": categories})
    return out
