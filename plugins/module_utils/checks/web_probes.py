# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check C(web_probes): what robots tried on the web servers, and whether anything answered.

Options: C(logs) (globs; default: found), C(format), C(since), C(until), C(known_paths), C(public_dirs), C(trusted_proxies),
C(more_logs) (globs, besides those found), C(list_hits), C(workers).

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shlex

from ..host.finding import finding, iso, result, text
from ..host.window import window
from . import web_probes_data as data_of
from . import web_probes_findings as findings_of
from .web_probes_address import is_local, networks
from .web_probes_known import KNOWN_PATHS, Known
from .web_probes_sources import sources
from .web_probes_verdict import Meaning
from .web_probes_work import read_all


def run(options, machine):
    """Return the result of the check; data is described in docs/web_probes.md. Raises ValueError for an option that makes no sense."""
    since, until = window(options, machine.now)
    trusted, problems = networks(options.get("trusted_proxies") or ())
    if problems:
        raise ValueError("; ".join(problems))
    place = sources(machine, options, since)
    if not place.found.rotations and not place.found.denied and not (place.running or options.get("logs") or place.configured):
        return result((), {}, (), "there is no web server and no access log on this host")
    known = Known(machine, options.get("known_paths") or KNOWN_PATHS, list(options.get("public_dirs") or ()) + place.public)
    work = read_all(machine, place, options, (since, until), trusted, known)
    if not (work.tally.lines or work.tally.unparsed or place.running or options.get("logs") or place.found.denied or work.problems):
        return result((), {}, (), "no web server runs, and no line of any access log lies in the window")
    return _result(machine, place, work, (since, until), options)


def _result(machine, place, work, span, options):
    tally = work.tally
    meaning = Meaning(tally)
    totals, by_category = data_of.totals(tally, meaning)
    clients, clients_cut = data_of.clients(tally, meaning)
    skipped = place.found.skipped + place.errors.skipped + place.not_read + work.skipped
    data = {
        "window": {"since": iso(span[0]), "until": iso(span[1]), "first": iso(tally.first), "last": iso(tally.last)},
        "totals": totals,
        "hits_by_category": by_category,
        "clients": clients,
        "hours": data_of.hours(tally, meaning),
        "broken_links": data_of.broken_links(tally),
        "unparsed_samples": [data_of.shown(line) for line in tally.samples],
        "files_read": work.files[: data_of.FILES_SHOWN],
        "files_skipped": [{"path": text(path), "why": text(why)} for path, why in skipped[: data_of.FILES_SHOWN]],
        "served": sorted(meaning.served),
        "cut": {
            "clients": clients_cut,
            "answers": tally.answers_cut,
            "files_read": max(0, len(work.files) - data_of.FILES_SHOWN),
            "files_skipped": max(0, len(skipped) - data_of.FILES_SHOWN),
            "broken_links": max(0, len(tally.links) - data_of.LINKS_SHOWN),
        },
    }
    if options.get("list_hits"):
        data["hits"] = data_of.hits(tally, meaning)
    out = findings_of.answered(tally, meaning) + findings_of.errors(tally, meaning) + findings_of.soft(tally, meaning)
    out += findings_of.scanners(clients) + findings_of.floods(tally)
    out += findings_of.closed(tally, meaning) + findings_of.logins(clients) + findings_of.forbidden(tally)
    out += findings_of.one_address(tally, all(is_local(address) for address in tally.sources if isinstance(address, bytes)))
    out += _unreadable(place.found.denied + place.errors.denied)
    return result(out, data, _incomplete(place, work, tally, options), machine=machine)


def _unreadable(denied):
    if not denied:
        return []
    return [
        finding(
            "web_probes.unreadable",
            "medium",
            "%d logs or folders of the web server cannot be read" % len(denied),
            "unreadable logs",
            [(text(path), why) for path, why in denied],
            "Run the check as root (become), or let its user read the logs.",
            ["ls -ldZ %s" % " ".join(sorted({shlex.quote(text(os.path.dirname(path) or path, 200)) for path, _why in denied})[:5])],
        )
    ]


def _incomplete(place, work, tally, options):
    reasons = ["%s: %s" % (text(path), why) for path, why in place.found.denied + place.errors.denied] + list(place.problems) + list(work.problems)
    if place.not_read and not tally.lines:
        reasons.extend("%s: %s" % (text(what), why) for what, why in place.not_read)
    if not tally.lines:
        if tally.unparsed:
            reasons.append("none of the %d lines could be understood" % tally.unparsed)
        elif (not tally.error_lines or place.running) and not (options.get("logs") and place.found.is_empty()):
            reasons.append("no line of any access log lies in the window: log empty or rotation stopped")
    elif tally.unparsed > max(100, tally.lines // 10):
        reasons.append("%d of %d lines could not be understood" % (tally.unparsed, tally.unparsed + tally.lines))
    return reasons
