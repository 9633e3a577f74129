# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server's software means: findings, counts, and what could not be judged. The same for the daily check and for a single question."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import EVIDENCE_LIMIT, finding, result

from ..playbooks import FEEDS_COMMAND
from . import ends, purl, redhat_vex, remedy, still_running, witnesses, words
from .index import Feed, Index
from .match import HostMatch, Matcher, Place, feed_of
from .priority import Priorities
from .verdict import AFFECTED, UNFIXED, UNKNOWN, Hit

STALE_AFTER = 3 * 86400  # seconds: a feed that was not had for longer says nothing of today

# Announcements of one CVE each; an advisory that fixes it says more.
_SINGLE = re.compile(r"(DEBIAN-|UBUNTU-)CVE-")

REASONS_LIMIT = 20
PACKAGES_LIMIT = 50  # package URLs of a finding
MADE_KEPT = 10_000  # findings that are kept, for the next server with the same packages

NO_LIST = "there is no list of this server's software: the check software did not report"

# Kinds of an application's packages, for people.
_KINDS = {"gems": "gem", "npm": "npm package", "pypi": "Python package", "component": "component"}

# Feeds that every server needs, and what is not known without them.
_ALWAYS = {
    "kev": "without CISA's catalogue it is not known what is being exploited",
    "endoflife": "without endoflife.date it is not known what has reached its end of life",
}

_FEEDS_OF_KIND = {
    "gems": ("osv/RubyGems", "ruby-advisory-db"),
    "npm": ("osv/npm",),
    "pypi": ("osv/PyPI",),
    "component": ("nginx", "node", "postgresql", "osv/Bitnami"),
}


class Named(NamedTuple):
    """An announcement on a server: its numbers in the index, and the packages that it touches, each as (package URL, the version that ends it)."""

    vids: tuple[int, ...]
    packages: tuple[tuple[str, str | None], ...]


class Judgement(NamedTuple):
    """What is said of one server.

    C(incomplete): what could not be judged at all; C(lacking): the same where a feed would help, by the feed's name. C(announced): the announcements
    behind the findings, by their subject.
    """

    findings: list[dict[str, Any]]
    data: dict[str, Any]
    incomplete: list[str]
    lacking: dict[str, str]
    match: HostMatch
    announced: dict[str, Named]

    def result(self) -> dict[str, Any]:
        """Return it as a check does, with the command that fetches the feeds."""
        return result(self.findings, self.data, incomplete=[*self.incomplete, *(f"{why}: {FEEDS_COMMAND}" for why in self.lacking.values())])


class Judge:
    """Judges servers; C(now) is the controller's time in seconds since 1970, C(feeds) the states of the feeds where they are better known than to the index."""

    def __init__(self, index: Index, now: float, stale_after: float = STALE_AFTER, feeds: Mapping[str, Feed] | None = None) -> None:
        self.index, self.now, self.stale_after = index, now, stale_after
        self.matcher = Matcher(index)
        self.priorities = Priorities(index)
        self.today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).date()
        self._feeds = feeds if feeds is not None else {feed.name: feed for feed in index.feeds()}
        # Of an installed package and the version before it: what the update has ended.
        self.ended: dict[tuple[object, ...], list[Hit]] = {}
        self._made: dict[tuple[object, ...], tuple[dict[str, Any], Named]] = {}

    def document(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return findings, data and status, as a check does, for the document of a server that has a result of the check C(software)."""
        check = document.get("checks", {}).get("software")
        if not isinstance(check, dict) or not check.get("data"):
            return result([], {}, incomplete=[NO_LIST])
        return self.judged(document).result()

    def judged(self, document: Mapping[str, Any]) -> Judgement:
        """Return the judgement of the document of a server that has a result of the check C(software)."""
        facts, checks = document.get("facts", {}), document["checks"]
        restart = checks["restart"].get("data") if isinstance(checks.get("restart"), dict) else None
        return self.judge(facts.get("os") or {}, checks["software"]["data"], bool(facts.get("container")), restart)

    def software(self, system: Mapping[str, Any], software: Mapping[str, Any], container: bool = False) -> dict[str, Any]:
        """Return findings, data and status for C(system) (os-release) and C(software) (the data of the check)."""
        return self.judge(system, software, container).result()

    def judge(self, system: Mapping[str, Any], software: Mapping[str, Any], container: bool = False, restart: object = None) -> Judgement:
        """Return the judgement of C(system) (os-release), C(software) and C(restart) (the data of the checks)."""
        match = self.matcher.match(system, software, container)
        announced: dict[str, Named] = {}
        findings = self._of_packages(match, system, announced) + self._of_located(match, announced)
        findings += ends.findings(self.index, match, system, software, self.today) + still_running.findings(self, match, system, software, restart)
        unfixed = [hit for hit in match.hits() if hit.verdict == UNFIXED]
        findings += self._unfixed(match, unfixed, system, announced) + self._unknown(match) + witnesses.findings(match, software.get("pending"))
        data = {
            "packages": match.packages,
            "announcements": sum(item["rule"] == "software.advisory" for item in findings),
            "unfixed": len({hit.vid for hit in unfixed}),
            "unknown": [{"reason": why, "packages": count} for why, count in match.unknown.most_common(REASONS_LIMIT)],
            "not_running": match.kernel.others,
        }
        return Judgement(findings, data, match.incomplete, {**match.missing, **self._lacking(match)}, match, announced)

    def _kept(self, key: tuple[object, ...], make: Any) -> tuple[dict[str, Any], Named]:
        """Return the finding that C(make) makes, or made for another server: a copy, since each server's gets marks of its own."""
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= MADE_KEPT:
                self._made.clear()
            known = self._made[key] = make()
        return dict(known[0]), known[1]

    def _of_packages(self, match: HostMatch, system: Mapping[str, Any], announced: dict[str, Named]) -> list[dict[str, Any]]:
        by_vid: dict[int, list[Hit]] = {}
        for hit in match.hits():
            if hit.verdict == AFFECTED:
                by_vid.setdefault(hit.vid, []).append(hit)
        running = {id(hit) for hit in match.kernel.hits}
        findings = []
        for name, hits in self._by_advisory(self.without_single(by_vid)).items():
            newest = match.kernel.newest if all(id(hit) in running for hit in hits) else ""
            key = ("package", system.get("id"), system.get("version_id"), newest, *hits)
            item, named = self._kept(key, lambda name=name, hits=hits, newest=newest: self._of_package(match, system, name, hits, newest))
            announced[item["subject"]] = named
            findings.append(item)
        return findings

    def _by_advisory(self, by_vid: Mapping[int, list[Hit]]) -> dict[str, list[Hit]]:
        """Return the hits by what brings the fix: the announcement itself, or the advisory that it names for a single vulnerability."""
        found: dict[str, list[Hit]] = {}
        for vid, hits in by_vid.items():
            for hit in hits:
                found.setdefault(hit.advisory or self.index.vuln(vid).id, []).append(hit)
        return found

    def _of_package(self, match: HostMatch, system: Mapping[str, Any], name: str, hits: list[Hit], newest: str) -> tuple[dict[str, Any], Named]:
        vids = tuple(sorted(dict.fromkeys(hit.vid for hit in hits), key=lambda vid: self.priorities.of((vid,)).order))
        vulns, priority = [self.index.vuln(vid) for vid in vids], self.priorities.of(vids)
        # An advisory for ten vulnerabilities brings one update of each package.
        hits = list({(hit.name, hit.installed, hit.fixed): hit for hit in hits}.values())
        text, commands = remedy.of_system(system, name, hits, newest)
        if not any(hit.fixed for hit in hits):
            helps = next((hit.workaround for hit in hits if hit.workaround), "")
            text, commands = helps or "There is no fix: stop or shield what uses it, and watch the announcement.", []
        ends_it = [f"fixed in {hit.fixed}" if hit.fixed else "no fix yet" for hit in hits]
        evidence = sorted((hit.name, f"installed {hit.installed}, {words_}{words.note(hit)}") for hit, words_ in zip(hits, ends_it, strict=True))
        named = Named(vids, _sorted((purl.of_package(match.manager, system, hit.name, hit.installed), hit.fixed) for hit in hits))
        title = words.title(sorted({hit.name for hit in hits}), vulns, priority, name)
        return _with_packages(words.advisory(name, title, priority, evidence, text, commands, vulns), named), named

    def without_single(self, by_vid: dict[int, list[Hit]]) -> dict[int, list[Hit]]:
        """Return the announcements less those of single CVEs that an advisory for the same packages fixes."""
        covered: set[tuple[str, str]] = set()
        single = {vid for vid in by_vid if _SINGLE.match(self.index.vuln(vid).id)}
        for vid, hits in by_vid.items():
            if vid not in single:
                covered.update((cve, hit.name) for cve in self.index.vuln(vid).cves for hit in hits)
        kept = {}
        for vid, hits in by_vid.items():
            rest = [hit for hit in hits if not any((cve, hit.name) in covered for cve in self.index.vuln(vid).cves)] if vid in single else hits
            if rest:
                kept[vid] = rest
        return kept

    def _of_located(self, match: HostMatch, announced: dict[str, Named]) -> list[dict[str, Any]]:
        """Return one finding for each announcement and package, whichever applications have it.

        Also without a fix: an application can be changed, where a distribution can only be waited for.
        """
        groups: dict[tuple[str, str], list[tuple[Place, Hit]]] = {}
        for item in match.located:
            for hit in item.hits:
                if hit.verdict != UNKNOWN:
                    groups.setdefault((self._name(hit), hit.name), []).append((item.place, hit))
        findings = []
        for (advisory, name), items in groups.items():
            found, named = self._kept(("located", advisory, *items), lambda advisory=advisory, name=name, items=items: self._of_place(advisory, name, items))
            announced[found["subject"]] = named
            findings.append(found)
        return findings

    def _of_place(self, advisory: str, name: str, items: list[tuple[Place, Hit]]) -> tuple[dict[str, Any], Named]:
        vids = tuple(dict.fromkeys(vid for _place, hit in items for vid in (hit.vid, *hit.others)))
        vulns, priority = [self.index.vuln(vid) for vid in vids], self.priorities.of(vids)
        text, commands = remedy.of_located(items)
        evidence = [
            (words.where(place), f"{name} {hit.installed}, {f'fixed in {hit.fixed}' if hit.fixed else 'no fix'}{words.note(hit)}") for place, hit in items
        ]
        title = words.title([f"{_KINDS[items[0][0].kind]} {name} {items[0][1].installed}"], vulns, priority)
        named = Named(vids, _sorted((purl.of_library(place.kind, name, hit.installed), hit.fixed) for place, hit in items))
        return _with_packages(words.advisory(f"{advisory} {name}", title, priority, sorted(evidence), text, commands, vulns), named), named

    def _name(self, hit: Hit) -> str:
        """Return the name that stays when more sources take an announcement up: its CVE, else its oldest identifier."""
        vulns = [self.index.vuln(vid) for vid in (hit.vid, *hit.others)]
        return min((cve for vuln in vulns for cve in vuln.cves), default=min(vuln.id for vuln in vulns))

    def _unfixed(self, match: HostMatch, hits: list[Hit], system: Mapping[str, Any], announced: dict[str, Named]) -> list[dict[str, Any]]:
        """Return one row for what has no fix, and a finding of its own for each that is known to be exploited."""
        by_vid: dict[int, list[Hit]] = {}
        for hit in hits:
            by_vid.setdefault(hit.vid, []).append(hit)
        ranked = sorted(((self.priorities.of((vid,)), vid) for vid in by_vid), key=lambda item: item[0].order)
        findings = []
        for priority, vid in ranked:
            if priority.exploited:
                item, named = self._of_package(match, system, self.index.vuln(vid).id, by_vid[vid], "")
                announced[item["subject"]] = named
                findings.append(item)
        rest = [(priority, vid) for priority, vid in ranked if not priority.exploited]
        if rest:
            evidence = [
                (self.index.vuln(vid).id, f"{', '.join(sorted({hit.name + words.note(hit) for hit in by_vid[vid]}))}: {priority.why}")
                for priority, vid in rest[:EVIDENCE_LIMIT]
            ]
            title = f"{len(rest)} announced vulnerabilities have no fix yet"
            row = finding("software.unfixed", "info", title, "without a fix", evidence, "Nothing can be installed; they are listed so that they are known.")
            findings.append({**row, "evidence_cut": len(rest) - len(evidence)})
        return findings

    def _unknown(self, match: HostMatch) -> list[dict[str, Any]]:
        """Return one row for what could not be judged package by package; what a whole feed lacks is said by the status."""
        told = {*match.incomplete, *match.missing.values()}
        reasons = Counter({why: count for why, count in match.unknown.items() if why not in told})
        unsure = [hit for hit in (*match.hits(), *(hit for item in match.located for hit in item.hits)) if hit.verdict == UNKNOWN and hit.vid]
        evidence = [(f"{count} package{'s' if count > 1 else ''}", why) for why, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]
        evidence += [(f"{hit.name} {hit.installed}", f"{self.index.vuln(hit.vid).id}: {hit.note}") for hit in sorted(set(unsure))]
        if not evidence:
            return []
        count = sum(reasons.values()) + len({hit.name for hit in unsure})
        title = f"Of {count} packages it cannot be told whether they are vulnerable"
        if count == 1:
            title = "Of one package it cannot be told whether it is vulnerable"
        text = "Follow the announcements of those who built them."
        return [finding("software.unknown", "info", title, "not to be judged", evidence, text)]

    def _lacking(self, match: HostMatch) -> dict[str, str]:
        """Return which of the feeds that this server needs are not there, too old, or were refused, and why that matters."""
        needed = {feed_of(name) for name in match.target.ecosystems if match.packages}
        if match.red_hat:
            needed |= {"redhat", redhat_vex.CHANGED}
        needed |= {feed for item in match.located for feed in _FEEDS_OF_KIND.get(item.place.kind, ())}
        why = {name: what for name, what in _ALWAYS.items() if name not in self._feeds}
        for name in sorted({*needed, *_ALWAYS} & set(self._feeds)):
            feed = self._feeds[name]
            days = (self.now - feed.modified) / 86400
            parts = [f"feed {name} was refused ({feed.problem}); its last good state is used"] if feed.problem else []
            if days * 86400 > self.stale_after:
                parts.append(f"feed {name} is {days:.0f} days old")
            if parts:
                why[name] = "; ".join(parts)
        return why


def _with_packages(item: dict[str, Any], named: Named) -> dict[str, Any]:
    """Return a finding with the package URLs of what it is about: all of them, or none where they are too many."""
    names = [name for name, _fixed in named.packages]
    return {**item, "packages": names} if len(names) <= PACKAGES_LIMIT else item


def _sorted(packages: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(set(packages), key=lambda pair: (pair[0], pair[1] or "")))
