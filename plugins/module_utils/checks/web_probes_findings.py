# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an admin should do something about, from the counts of the access logs.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import shlex

from ..host.finding import finding, text
from .web_probes_data import counts_as_answered, shown
from .web_probes_verdict import is_payload, severity
from .web_signatures import BY_ID, CATEGORIES

# Findings of one kind: what is beyond goes into one more.
PATHS_SHOWN = 100
CLIENTS_SHOWN = 10
# Categories that make a client a scanner of everything.
MANY_CATEGORIES = 4
# Lines that must have come from one private address before it is believed to be a proxy.
PROXY_LINES = 100
TLS_FLOOD = 1000
LOGIN_BURST = 20
FORBIDDEN_BURST = 1000

_ORDER = ("critical", "high", "medium", "low", "info")

# What to type about an answered probe, by category.
_REMEDIES = {
    "secrets": "Take the file out of the document root, deny it in the web server, and change every password and key that it held: it was read.",
    "vcs_backup": "Take the files out of the document root and change the secrets in them: whoever asked has a copy.",
    "rails": "Deny the path in the web server or remove the route in production, and change the secrets that it shows.",
    "webshell": "Treat the server as broken into: find out who put the file there, keep a copy for that, and rebuild from a clean release.",
    "open_proxy": "Deny absolute requests and CONNECT in the web server: it fetches pages for strangers.",
    "cms_admin": "Put the panel behind a login of the web server or a VPN, or remove it.",
}
# What a probe of the category is after, for the title: the path alone does not say how bad an answer is. None for what any path can be asked with.
_AFTER = {
    "secrets": "secrets",
    "vcs_backup": "backups and version control",
    "rails": "the inside of Rails",
    "webshell": "a web shell",
    "cve": "a known hole",
    "cms_admin": "an admin panel",
    "open_proxy": "an open proxy",
}
_REMEDY = "Look at what was answered; remove or deny the path, or update the component that it belongs to."
_PAYLOAD_REMEDY = (
    "The page was answered as usual, which says nothing about the attack's success: look at the application's log of that time for errors "
    "and for data that it should not have given out."
)


def _path(target):
    return target.partition(b"?")[0] or b"/"


def _grep(place):
    name, number, _request = place
    path = shlex.quote(text(name, 400))
    reader = "zcat -f" if text(name).endswith(".gz") else "cat"
    return "%s %s | sed -n %dp" % (reader, path, number) if number else "%s %s | tail" % (reader, path)


class _Group:
    """Answers of one kind that make one finding."""

    def __init__(self):
        self.rows, self.count, self.clients = [], 0, set()
        self.first = self.last = None
        self.severity = "info"
        self.users = 0

    def add(self, key, answer, level):
        self.rows.append((key, answer))
        self.count += answer.count
        self.users += answer.users
        self.clients.update(answer.clients)
        self.first = answer.first if self.first is None else min(self.first, answer.first)
        self.last = answer.last if self.last is None else max(self.last, answer.last)
        if _ORDER.index(level) < _ORDER.index(self.severity):
            self.severity = level


def _groups(tally, meaning, wanted):
    groups = {}
    for key, answer in tally.answers.items():
        names = meaning.counted(key[1])
        if not names or not wanted(key):
            continue
        name = min(names, key=lambda one: _ORDER.index(BY_ID[one].answered)) if key[3][:1] == b"2" else names[0]
        path = _path(key[2])
        group = groups.setdefault((BY_ID[name].category, path, is_payload(names)), _Group())
        group.add(key, answer, severity(names, key[3]))
    rows = sorted(groups.items(), key=lambda item: (_ORDER.index(item[1].severity), item[0]))
    return rows


def answered(tally, meaning):
    """Findings for probes that the server answered with 200 or 206 and a body of its own."""
    rows = _groups(tally, meaning, lambda key: counts_as_answered(key, meaning))
    out = []
    for (category, path, payload), group in rows[:PATHS_SHOWN]:
        level = group.severity
        login = group.users >= group.count
        if login:
            level = "low"
        (server, _verdict, target, status, size), answer = max(group.rows, key=lambda row: (row[1].count, row[0]))
        sizes = sorted({row[0][4] for row in group.rows})
        size = "%d bytes" % sizes[-1] if sizes[-1] >= 0 else "HEAD"
        what = CATEGORIES[category]
        if payload:
            title = "%s sent to %s: answered %s" % (what[:1].upper() + what[1:], shown(path), text(status))
        else:
            after = _AFTER.get(category)
            title = "%s answered %s (%s)%s" % (shown(path), text(status), size, " to a probe for %s" % after if after else "")
        evidence = [(text(answer.place[0]), _evidence(row_key, row)) for row_key, row in _first(group.rows)]
        evidence.append(("clients", ", ".join(sorted(group.clients)[:CLIENTS_SHOWN])))
        remedy = _PAYLOAD_REMEDY if payload else _REMEDIES.get(category, _REMEDY)
        out.append(
            finding(
                "web_probes.answered",
                level,
                title,
                "%s %s" % (category, shown(path)),
                evidence,
                ("Every request had a user's name: it is behind a login. " if login else "") + remedy,
                [_grep(answer.place)] + _curl(server, target, payload),
                count=group.count,
                first=group.first,
                last=group.last,
            )
        )
    rest = rows[PATHS_SHOWN:]
    if rest:
        out.append(
            finding(
                "web_probes.answered",
                rest[0][1].severity,
                "%d more paths answered probes" % len(rest),
                "more paths",
                [("path", shown(key[1])) for key, _group in rest],
                "Most servers answer few probes: look whether a catch-all page answers everything with changing sizes.",
                count=sum(group.count for _key, group in rest),
            )
        )
    return out


def _first(rows):
    return sorted(rows, key=lambda row: (-row[1].count, row[0]))[:5]


def _evidence(key, answer):
    size = "%d bytes" % key[4] if key[4] >= 0 else "-"
    return "%s -> %s, %s, %d times, line %s" % (shown(answer.place[2]), text(key[3]), size, answer.count, answer.place[1] or "?")


def _curl(server, target, payload):
    host = text(server, 200)
    if payload or not host or "/" in host or "\\" in host:
        return []
    return ["curl -sS -o /dev/null -w '%%{http_code} %%{size_download}\\n' %s" % shlex.quote("https://%s%s" % (host, text(_path(target), 200)))]


def errors(tally, meaning):
    """Findings for exploits that made the application fail: they reached code."""
    rows = _groups(tally, meaning, lambda key: key[3][:1] == b"5" and severity(meaning.counted(key[1]), key[3]) == "high")
    out = []
    for (category, path, _payload), group in rows[:PATHS_SHOWN]:
        place = _first(group.rows)[0][1].place
        out.append(
            finding(
                "web_probes.server_error",
                "high",
                "%s made %s fail (%s)" % (CATEGORIES[category], shown(path), text(group.rows[0][0][3])),
                "%s %s" % (category, shown(path)),
                [(text(place[0]), _evidence(key, answer)) for key, answer in _first(group.rows)],
                "An error means that the attack reached code. Read the application's log of that moment, repair the check of that parameter.",
                [_grep(place)],
                count=group.count,
                first=group.first,
                last=group.last,
            )
        )
    return out


def soft(tally, meaning):
    """One finding for probes of secrets whose 200 is the catch-all answer."""
    rows = []
    for key, answer in tally.answers.items():
        names = meaning.counted(key[1])
        if meaning.soft.get(key) and names and severity(names, key[3]) == "critical" and not is_payload(names):
            rows.append((key, answer))
    if not rows:
        return []
    evidence = ["%s %s: %s" % (shown(_path(key[2])), text(key[3]), meaning.soft[key]) for key, _answer in sorted(rows, key=lambda row: row[0])]
    return [
        finding(
            "web_probes.soft_404",
            "info",
            "%d probes got 200 with the catch-all page" % sum(answer.count for _key, answer in rows),
            "catch-all answers",
            [("path", words) for words in sorted(set(evidence))],
            "Nothing leaked as far as sizes tell. Let unknown paths answer 404: robots stop sooner, and a real leak stands out.",
            count=sum(answer.count for _key, answer in rows),
        )
    ]


def scanners(rows):
    """One finding for the clients that tried many kinds of attacks; C(rows) is data["clients"]."""
    many = [row for row in rows if len([name for name in row["categories"] if name not in ("scanner", "malformed")]) >= MANY_CATEGORIES]
    if not many:
        return []
    evidence = [("client", "%s: %d hits, %s" % (row["client"], row["hits"], ", ".join(row["categories"]))) for row in many]
    return [
        finding(
            "web_probes.scanner",
            "medium",
            "%d %s tried %d or more kinds of attacks" % (len(many), "client" if len(many) == 1 else "clients", MANY_CATEGORIES),
            "clients with many kinds of probes",
            evidence,
            "Ban them at the firewall or with fail2ban, unless it is your own scanner.",
            ["fail2ban-client status"],
            count=sum(row["hits"] for row in many),
        )
    ]


def one_address(tally, private):
    """A finding where all traffic has one private address: the client's own is not logged."""
    if len(tally.sources) != 1 or "many" in tally.sources:
        return []
    address, count = list(tally.sources.items())[0]
    if count < PROXY_LINES or not private:
        return []
    return [
        finding(
            "web_probes.real_ip",
            "medium",
            "Every request comes from one private address: the clients' own are not logged",
            "client addresses",
            [("address", "%s: %d lines" % (text(address), count))],
            "Tell the web server which proxy to trust (nginx: set_real_ip_from and real_ip_header): bans and reports need the client's address.",
            ["nginx -T | grep -n real_ip"],
            count=count,
        )
    ]


def floods(tally):
    """Findings about what is no HTTP."""
    count = sum(number for verdict, number in tally.verdicts.items() if "tls_bytes" in verdict)
    if count < TLS_FLOOD:
        return []
    return [
        finding(
            "web_probes.tls_flood",
            "info",
            "%d TLS handshakes came to a port that speaks plain HTTP" % count,
            "TLS handshakes",
            [],
            "Somebody links to https on a port without TLS, or robots try: a redirect from that port costs nothing.",
            count=count,
        )
    ]


def closed(tally, meaning):
    """Findings for exploits after which the application closed its connection: a worker may have died of it."""
    rows = sorted((key, count) for key, count in tally.closed.items() if meaning.counted(key[0]))
    out = []
    for (verdict, path), count in rows[:PATHS_SHOWN]:
        category = BY_ID[meaning.counted(verdict)[0]].category
        out.append(
            finding(
                "web_probes.upstream_closed",
                "high",
                "%s to %s: the application closed the connection" % (CATEGORIES[category], shown(path)),
                "%s %s" % (category, shown(path)),
                [("error log", "upstream prematurely closed connection, %d times" % count)],
                "A worker that dies of a request was reached by it. Read the application's log and the kernel's of that moment.",
                ["journalctl -k --since -2d | grep -i segfault"],
                count=count,
            )
        )
    return out


def logins(rows):
    """One finding for clients that failed to log in again and again; C(rows) is data["clients"]."""
    many = [row for row in rows if row["categories"].get("login_failures", 0) >= LOGIN_BURST]
    if not many:
        return []
    return [
        finding(
            "web_probes.logins",
            "low",
            "%d clients failed to log in %d times or more" % (len(many), LOGIN_BURST),
            "failed logins",
            [("client", "%s: %d times, %s to %s" % (row["client"], row["categories"]["login_failures"], row["first"], row["last"])) for row in many],
            "A program with an old password, or one that guesses: limit the rate of logins.",
            ["fail2ban-client status"],
            count=sum(row["categories"]["login_failures"] for row in many),
        )
    ]


def forbidden(tally):
    """One finding where the web server's own rules refused very often."""
    count = sum(event.count for (_name, kind), event in tally.events.items() if kind == "forbidden")
    if count < FORBIDDEN_BURST:
        return []
    return [
        finding(
            "web_probes.forbidden",
            "info",
            "The web server's rules refused %d requests" % count,
            "forbidden by rule",
            [
                ("client", "%s: %d times" % (name, event.count))
                for (name, kind), event in sorted(tally.events.items(), key=lambda item: (-item[1].count, item[0]))
                if kind == "forbidden"
            ][:CLIENTS_SHOWN],
            "The rules work. Ban the clients to spare the log.",
            count=count,
        )
    ]
