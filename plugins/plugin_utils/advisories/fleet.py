# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The announcements in the daily report: each server's document gets what is known of its software, as it goes by.

Nothing that is wrong with a feed, the index or one server's list of software hinders the report: it is said there.
"""

from __future__ import annotations

import copy
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import FINDINGS_LIMIT, iso, result, text

from ..document import fingerprint, group_key
from ..feeds import pages, states
from ..spool import SUFFIX, file_name
from . import cache, cyclonedx, still_running
from .index import Feed, Index
from .judge import NO_LIST, STALE_AFTER, Judge, Judgement
from .osv_export import Announced, record
from .told import FeedState, Told, lacking_words

if TYPE_CHECKING:
    from ..report.collect import Host

CHECK = "software"

# Statuses of the check after which there may be a list of software.
LOOKED = ("ok", "findings", "incomplete", "not_applicable")

# Rules of the findings that are made here. What only a feed can tell is not ruled out by a look without it.
RULES = ("software.advisory", "software.end_of_life", "software.unfixed", "software.unknown", "software.witnesses", "software.still_running")

ADVISORY = "software.advisory"

NO_FEEDS = "There are no announcements on the controller: only what the servers' own package managers know was looked at"
# What is said of the pages where nobody can tell what was found.
_NO_PAGES: dict[str, Any] = {"page": "all pages", "url": "", "status": "failed", "looked": "", "new": [], "more": 0}

NOT_MATCHED = "not matched against the announcements"


class Announcements:
    """Judges the documents of a run. Use it in C(with), and read C(told) when all documents went by."""

    def __init__(self, mirror: Path, state_dir: Path, now: float | None = None, stale_after: float = STALE_AFTER) -> None:
        self.mirror, self.state_dir = mirror, state_dir
        self.now = time.time() if now is None else now
        self.stale_after = stale_after
        self.told = Told()
        self._index: Index | None = None
        self._judge: Judge | None = None
        self._opened = self._renewed = False
        self._groups: dict[tuple[str, str], str] = {}

    def __enter__(self) -> Announcements:
        try:
            self.told.pages = pages.read(self.mirror)
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.told.pages = [{**_NO_PAGES, "reason": f"pages.json cannot be read: {text(error, 200)}"}]
        return self

    def __exit__(self, *_problem: object) -> None:
        if self._index is not None:
            self._index.close()

    def _ready(self) -> None:
        """Open the index, brought up to date, once there is something to look up: a run without the check needs none."""
        if self._opened:
            return
        self._opened = True
        try:
            self._open(cache.opened(self.mirror, self.state_dir))
        except (OSError, sqlite3.Error) as error:
            self.told.off = f"The index of the announcements cannot be made: {text(error, 200)}"

    def _open(self, base: Index) -> None:
        self._index = base
        known, fetched = cache.feeds_of(base, self.mirror, self.now, self.stale_after)
        wanted = sorted(name for name in {*known, *fetched} if name not in fetched or fetched[name].status != states.UNNEEDED)
        self.told.feeds = [_state(name, known.get(name), fetched.get(name), self.now, self.stale_after) for name in wanted]
        if known:
            self.told.off = ""
            self._judge = Judge(base, self.now, self.stale_after, known)
        else:
            self.told.off = NO_FEEDS

    def beside(self) -> Announcements:
        """Return the same with counts of its own: for documents that are not of this run. Valid as long as this one is open."""
        self._ready()
        other = copy.copy(self)
        other.told = Told(off=self.told.off, feeds=self.told.feeds)
        return other

    def judged(self, documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the documents, those with a list of software with what is known of it."""
        for document in documents:
            check = document.get("checks", {}).get(CHECK)
            if isinstance(check, dict) and check.get("status") in LOOKED:
                if check.get("data"):
                    self._add(document, check)
                elif check["status"] != "not_applicable":
                    _merge(check, [], [NO_LIST])
            yield document

    def judgement(self, document: dict[str, Any]) -> Judgement | None:
        """Return what is known of a server's software, None where it cannot be told. Raises what the index raises."""
        self._ready()
        if self._judge is None:
            return None
        return self._judge.judged(document)

    def boms(self, documents: Iterable[dict[str, Any]], run: cyclonedx.Run, hosts: Mapping[str, Host], applications: bool) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of the CycloneDX file of each host, or of each application; C(hosts) are those of the report.

        Of several documents of a host the one counts that the report is made of.
        """
        for document in documents:
            host = hosts.get(document["host"])
            check = document.get("checks", {}).get(CHECK)
            if host is None or host.ended != document.get("ended") or not isinstance(check, dict) or not check.get("data"):
                continue
            try:
                judged = self._retried(document)
            except Exception:  # told in the report already
                judged = None
            accepted = cyclonedx.accepted_of(host.findings())
            if applications:
                for place, bom in cyclonedx.of_applications(document, judged, self._judge, run, accepted):
                    yield _bom_file(f"{host.name}:{place}"), json.dumps(bom, separators=(",", ":")).encode("ascii")
            else:
                bom = cyclonedx.of_host(document, judged, self._judge, run, accepted)
                yield _bom_file(host.name), json.dumps(bom, separators=(",", ":")).encode("ascii")

    def _add(self, document: dict[str, Any], check: dict[str, Any]) -> None:
        host = document["host"]
        try:
            judgement = self._retried(document)
        except Exception as error:  # a server's list that our code stumbles over must not take the report with it
            reason = f"{NOT_MATCHED}: {type(error).__name__}: {text(error, 200)}"
            self.told.failures.append(host)
            self.told.lack("software", reason, host)
            _merge(check, [], [reason])
            return
        if judgement is None:
            self.told.lack("feeds", self.told.off, host)
            _merge(check, [], [NOT_MATCHED])
            return
        own = result(judgement.findings)["findings"]
        cut = [f"{len(judgement.findings) - len(own)} announcements more than the {FINDINGS_LIMIT} shown"] if len(own) < len(judgement.findings) else []
        self._count(host, judgement)
        _merge(check, [self._identified(host, item) for item in own], [*judgement.incomplete, *cut], judgement.lacking)

    def _retried(self, document: dict[str, Any]) -> Judgement | None:
        try:
            return self.judgement(document)
        except sqlite3.DatabaseError:
            if self._renewed:
                raise
            # Damaged while nobody looked: once per run it is made anew.
            self._renewed = True
            if self._index is not None:
                self._index.close()
            self._open(cache.renewed(self.mirror, self.state_dir))
            return self.judgement(document)

    def _identified(self, host: str, item: dict[str, Any]) -> dict[str, Any]:
        rule, subject = item["rule"], item["subject"]
        group = self._groups.get((rule, subject))
        if group is None:
            group = self._groups[rule, subject] = group_key(CHECK, rule, subject)
        return {**item, "fingerprint": fingerprint(CHECK, rule, host, subject), "group": group}

    def _count(self, host: str, judgement: Judgement) -> None:
        told = self.told
        told.hosts += 1
        told.packages += judgement.match.packages
        told.affected += any(item["rule"] in (ADVISORY, still_running.RULE) for item in judgement.findings)
        told.unsure += bool(judgement.match.unknown)
        told.unknown.update(judgement.match.unknown)
        for feed, why in judgement.lacking.items():
            told.lack(feed, why, host)
        for subject, named in judgement.announced.items():
            if self._judge is None:
                continue
            if subject not in told.announced:
                priority = self._judge.priorities.of(named.vids)
                told.exploited += priority.exploited
                told.announced[subject] = Announced(record(self._judge.index, named.vids, priority))
            told.announced[subject].add(named.packages)


def _bom_file(name: str) -> str:
    return file_name(name).removesuffix(SUFFIX) + ".cdx.json"


def _state(name: str, feed: Feed | None, state: states.FeedState | None, now: float, stale_after: float) -> FeedState:
    """Return what the report says of a feed, from what the index took of it and from what became of the last try to fetch it."""
    had = state.fetched if state else feed.modified if feed else None
    age = max(0.0, now - had) if had else None
    problem = feed.problem if feed else "nothing of it is in the index"
    if state and state.status in (states.FAILED, states.REFUSED):
        problem = "; ".join(part for part in (f"the last try to fetch it failed: {state.reason}", problem) if part)
    return FeedState(
        name=name,
        records=feed.records if feed else 0,
        newest=feed.newest if feed else "",
        had=iso(had) if had else None,
        age_hours=round(age / 3600, 1) if age is not None else None,
        stale=age is None or age > stale_after or bool(state and state.stale),
        problem=problem,
    )


def _merge(check: dict[str, Any], findings: list[dict[str, Any]], reasons: list[str], lacking: Mapping[str, str] | None = None) -> None:
    """Put findings and reasons for what was not judged into the server's own result of the check."""
    # What the server itself saw wholly is ruled out by it, whatever the feeds lack.
    check["unsure"] = None if check["status"] == "incomplete" else RULES
    check["findings"] = [*check["findings"], *findings]
    whole = [check["status_reason"]] if check["status"] == "incomplete" else []
    whole += [text(reason) for reason in reasons]
    if lacking:
        # Said once for the fleet, by the names of all the feeds: which of them a server needs differs.
        check["lacking"] = {"feeds": dict(lacking), "besides": "; ".join(whole[:9])}
        whole = [*whole[:9], lacking_words(lacking)]
    if whole:
        check["status"], check["status_reason"] = "incomplete", "; ".join(whole[:10])
    elif check["findings"]:
        check["status"], check["status_reason"] = "findings", ""
