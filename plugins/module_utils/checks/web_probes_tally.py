# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was counted: hits by client, signature and hour, answers, broken links; mergeable, bounded, totals exact.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .web_probes_soft404 import HEAD, Sizes

CLIENTS_LIMIT = 10000
NAMES_LIMIT = 100000
EVENTS_LIMIT = 20000
# Events of one client that follow each other within this time are one burst.
BURST_SECONDS = 60
SAMPLES = 5
AGENTS = 3
ANSWERS_LIMIT = 5000
LINKS_LIMIT = 1000
HITS_LIMIT = 1000000
SAMPLE_LENGTH = 300
UNPARSED_SAMPLES = 3


class Client:
    """One client: how often it had which verdict, from when to when, with what statuses and samples."""

    __slots__ = ("verdicts", "statuses", "first", "last", "samples", "agents")

    def __init__(self):
        self.verdicts, self.statuses, self.samples, self.agents = {}, {}, [], []
        self.first = self.last = None

    def seen(self, when):
        if self.first is None or when < self.first:
            self.first = when
        if self.last is None or when > self.last:
            self.last = when

    def sample(self, verdict, request, status, name, number):
        """Keep up to five samples, of different signatures first."""
        if len(self.samples) < SAMPLES and (len(self.samples) < 2 or all(verdict[0] != kept[0][0] for kept in self.samples)):
            self.samples.append((verdict, request[:SAMPLE_LENGTH], status, name, number))

    def agent(self, agent):
        if len(self.agents) < AGENTS and agent not in self.agents:
            self.agents.append(agent[:200])

    def merge(self, other):
        for mine, theirs in ((self.verdicts, other.verdicts), (self.statuses, other.statuses)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        if other.first is not None:
            self.seen(other.first)
            self.seen(other.last)
        for sample in other.samples:
            self.sample(*sample)
        for agent in other.agents:
            self.agent(agent)


class Answer:
    """A hit that was answered with 2xx or 5xx: how often, to whom, where in the logs."""

    __slots__ = ("count", "clients", "first", "last", "agent", "place", "users")

    def __init__(self, when, agent, place):
        self.count, self.clients, self.users = 0, set(), 0
        self.first = self.last = when
        self.agent, self.place = agent, place

    def add(self, client, when, user):
        self.count += 1
        self.first, self.last = min(self.first, when), max(self.last, when)
        if len(self.clients) < 20:
            self.clients.add(client)
        if user not in (b"-", b""):
            self.users += 1

    def merge(self, other):
        self.count += other.count
        self.users += other.users
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        for client in sorted(other.clients):
            if len(self.clients) < 20:
                self.clients.add(client)


class Event:
    """Something that happened to one client: how often, how often in one burst."""

    __slots__ = ("count", "first", "last", "sample", "burst", "_run", "_when")

    def __init__(self, when, sample):
        self.count, self.first, self.last, self.sample = 1, when, when, sample
        self.burst, self._run, self._when = 1, 1, when

    def add(self, when):
        self.count += 1
        self.first, self.last = min(self.first, when), max(self.last, when)
        self._run = self._run + 1 if abs(when - self._when) <= BURST_SECONDS else 1
        self._when = when
        self.burst = max(self.burst, self._run)

    def merge(self, other):
        self.count += other.count
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.burst = max(self.burst, other.burst)


class Tally:
    """Everything that one worker counted."""

    def __init__(self, list_hits=False):
        self.list_hits = list_hits
        self.lines = self.unparsed = self.outside = self.empty = self.missing = self.bytes = 0
        self.hours = {}
        self.hit_hours = {}
        self.verdicts = {}
        self.clients = {}
        self.names = set()
        self.answers = {}
        self.answers_cut = 0
        self.sizes = {}
        self.links = {}
        self.links_total = 0
        self.samples = []
        self.hits = []
        self.first = self.last = None
        self.sources = {}
        self.events = {}
        self.closed = {}
        self.error_lines = 0

    def client(self, name):
        """Return the Client of that name; beyond the limit all share one."""
        client = self.clients.get(name)
        if client is None:
            if len(self.names) < NAMES_LIMIT:
                self.names.add(name)
            if len(self.clients) >= CLIENTS_LIMIT:
                name = ""
                client = self.clients.get(name)
                if client is not None:
                    return client
            client = self.clients[name] = Client()
        return client

    def hit(self, verdict, record, who, name, number, server):
        """Count one line that has a signature."""
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        when, status = record.when, record.status
        key = (when - when % 3600, verdict)
        self.hit_hours[key] = self.hit_hours.get(key, 0) + 1
        client = self.client(who)
        client.verdicts[verdict] = client.verdicts.get(verdict, 0) + 1
        client.statuses[status] = client.statuses.get(status, 0) + 1
        client.seen(when)
        client.sample(verdict, record.request, status, name, number)
        client.agent(record.agent)
        if self.list_hits and len(self.hits) < HITS_LIMIT:
            self.hits.append((name, number, verdict))
        if status[:1] in (b"2", b"5"):
            self._answer(verdict, record, who, name, number, server)

    def _answer(self, verdict, record, who, name, number, server):
        path = record.request.split(b" ", 2)[1] if record.request.count(b" ") else record.request
        size = HEAD if record.request.startswith(b"HEAD ") else record.size
        if record.status in (b"200", b"206"):
            self.server(server).probe(path, size)
        key = (server, verdict, path[:SAMPLE_LENGTH], record.status, size)
        answer = self.answers.get(key)
        if answer is None:
            if len(self.answers) >= ANSWERS_LIMIT:
                self.answers_cut += 1
                return
            answer = self.answers[key] = Answer(record.when, record.agent[:200], (name, number, record.request[:SAMPLE_LENGTH]))
        answer.add(who, record.when, record.user)

    def server(self, name):
        sizes = self.sizes.get(name)
        if sizes is None:
            sizes = self.sizes[name if len(self.sizes) < 500 else b""] = Sizes()
        return sizes

    def link(self, path, referer):
        """Count a broken link of the own site."""
        self.links_total += 1
        link = self.links.get(path)
        if link is not None:
            link[0] += 1
        elif len(self.links) < LINKS_LIMIT:
            self.links[path[:SAMPLE_LENGTH]] = [1, referer[:SAMPLE_LENGTH]]

    def event(self, who, kind, when, sample=b""):
        """Count something else that happened to a client: an answer 401, a line of an error log."""
        event = self.events.get((who, kind))
        if event is not None:
            event.add(when)
        elif len(self.events) < EVENTS_LIMIT:
            self.events[(who, kind)] = Event(when, sample[:SAMPLE_LENGTH])

    def hour(self, hour, count):
        self.hours[hour] = self.hours.get(hour, 0) + count

    def unread(self, line):
        self.unparsed += 1
        if len(self.samples) < UNPARSED_SAMPLES:
            self.samples.append(line[:SAMPLE_LENGTH])

    def seen(self, when):
        if self.first is None or when < self.first:
            self.first = when
        if self.last is None or when > self.last:
            self.last = when

    def merge(self, other):
        """Add what another worker counted."""
        for name in ("lines", "unparsed", "outside", "empty", "missing", "bytes", "answers_cut", "links_total", "error_lines"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in (
            (self.hours, other.hours),
            (self.hit_hours, other.hit_hours),
            (self.verdicts, other.verdicts),
            (self.sources, other.sources),
            (self.closed, other.closed),
        ):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        self.names.update(sorted(other.names)[: max(0, NAMES_LIMIT - len(self.names))])
        for name, client in other.clients.items():
            self.client(name).merge(client)
        for key, answer in other.answers.items():
            if key in self.answers:
                self.answers[key].merge(answer)
            elif len(self.answers) < ANSWERS_LIMIT:
                self.answers[key] = answer
            else:
                self.answers_cut += answer.count
        for key, theirs in other.events.items():
            mine = self.events.get(key)
            if mine is not None:
                mine.merge(theirs)
            elif len(self.events) < EVENTS_LIMIT:
                self.events[key] = theirs
        for name, sizes in other.sizes.items():
            self.server(name).merge(sizes)
        for path, link in other.links.items():
            if path in self.links:
                self.links[path][0] += link[0]
            elif len(self.links) < LINKS_LIMIT:
                self.links[path] = link
        self.samples = (self.samples + other.samples)[:UNPARSED_SAMPLES]
        self.hits = (self.hits + other.hits)[:HITS_LIMIT]
        for when in (other.first, other.last):
            if when is not None:
                self.seen(when)
