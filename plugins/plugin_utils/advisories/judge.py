# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server's software means: findings, counts, and what could not be judged. The same for the daily check and for a single question."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, result

from . import endoflife, remedy, witnesses
from .index import Index, Vuln
from .match import FEEDS_COMMAND, HostMatch, Matcher, Place
from .priority import Priorities, Priority
from .verdict import AFFECTED, UNFIXED, UNKNOWN, Hit

STALE_AFTER = 3 * 86400  # seconds: a feed that was not had for longer says nothing of today

# Announcements of one CVE each; an advisory that fixes it says more.
_SINGLE = re.compile(r"(DEBIAN-|UBUNTU-)CVE-")

REASONS_LIMIT = 20

# Kinds of an application's packages, for people.
_KINDS = {"gems": "gem", "npm": "npm package", "pypi": "Python package", "component": "component"}


class Judge:
    """Judges servers; C(now) is the controller's time in seconds since 1970."""

    def __init__(self, index: Index, now: float, stale_after: float = STALE_AFTER) -> None:
        self.index, self.now, self.stale_after = index, now, stale_after
        self.matcher = Matcher(index)
        self.priorities = Priorities(index)
        self.today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).date()
        self._feeds = {feed.name: feed for feed in index.feeds()}

    def document(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return findings, data and status, as a check does, for the document of a server that has a result of the check C(software)."""
        check = document.get("checks", {}).get("software")
        if not isinstance(check, dict) or not check.get("data"):
            return result([], {}, incomplete=["there is no list of this server's software: the check software did not report"])
        facts = document.get("facts", {})
        return self.software(facts.get("os") or {}, check["data"], container=bool(facts.get("container")))

    def software(self, system: Mapping[str, Any], software: Mapping[str, Any], container: bool = False) -> dict[str, Any]:
        """Return findings, data and status for C(system) (os-release) and C(software) (the data of the check)."""
        match = self.matcher.match(system, software, container)
        findings = self._of_packages(match, system) + self._of_located(match) + self._ends(match, system, software)
        unfixed = [hit for hit in match.hits() if hit.verdict == UNFIXED]
        findings += self._unfixed(unfixed) + self._unknown(match) + witnesses.findings(match, software.get("pending"))
        data = {
            "packages": match.packages,
            "announcements": sum(item["rule"] == "software.advisory" for item in findings),
            "unfixed": len({hit.vid for hit in unfixed}),
            "unknown": [{"reason": why, "packages": count} for why, count in match.unknown.most_common(REASONS_LIMIT)],
            "not_running": match.kernel.others,
        }
        return result(findings, data, incomplete=[*match.incomplete, *self._stale(match)])

    def _of_packages(self, match: HostMatch, system: Mapping[str, Any]) -> list[dict[str, Any]]:
        by_vid: dict[int, list[Hit]] = {}
        for hit in match.hits():
            if hit.verdict == AFFECTED:
                by_vid.setdefault(hit.vid, []).append(hit)
        running = {id(hit) for hit in match.kernel.hits}
        findings = []
        for vid, hits in self._without_single(by_vid).items():
            vuln, priority = self.index.vuln(vid), self.priorities.of((vid,))
            newest = match.kernel.newest if all(id(hit) in running for hit in hits) else ""
            words, commands = remedy.of_system(system, vuln.id, hits, newest)
            evidence = [(hit.name, f"installed {hit.installed}, fixed in {hit.fixed}{_note(hit)}") for hit in sorted(hits)]
            names = sorted({hit.name for hit in hits})
            findings.append(_advisory(vuln.id, _title(names, [vuln]), priority, evidence, words, commands, [vuln]))
        return findings

    def _without_single(self, by_vid: dict[int, list[Hit]]) -> dict[int, list[Hit]]:
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

    def _of_located(self, match: HostMatch) -> list[dict[str, Any]]:
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
            vids = tuple(dict.fromkeys(vid for _place, hit in items for vid in (hit.vid, *hit.others)))
            vulns = [self.index.vuln(vid) for vid in vids]
            words, commands = remedy.of_located(items)
            evidence = [(_where(place), f"{name} {hit.installed}, {f'fixed in {hit.fixed}' if hit.fixed else 'no fix'}{_note(hit)}") for place, hit in items]
            title = _title([f"{_KINDS[items[0][0].kind]} {name} {items[0][1].installed}"], vulns)
            findings.append(_advisory(f"{advisory} {name}", title, self.priorities.of(vids), sorted(evidence), words, commands, vulns))
        return findings

    def _name(self, hit: Hit) -> str:
        """Return the name that stays when more sources take an announcement up: its CVE, else its oldest identifier."""
        vulns = [self.index.vuln(vid) for vid in (hit.vid, *hit.others)]
        return min((cve for vuln in vulns for cve in vuln.cves), default=min(vuln.id for vuln in vulns))

    def _unfixed(self, hits: list[Hit]) -> list[dict[str, Any]]:
        """Return one row for what has no fix, and a finding of its own for each that is known to be exploited."""
        by_vid: dict[int, list[Hit]] = {}
        for hit in hits:
            by_vid.setdefault(hit.vid, []).append(hit)
        ranked = sorted(((self.priorities.of((vid,)), vid) for vid in by_vid), key=lambda item: item[0].order)
        findings = []
        for priority, vid in ranked:
            if priority.exploited:
                vuln = self.index.vuln(vid)
                evidence = [(hit.name, f"installed {hit.installed}, no fix yet{_note(hit)}") for hit in sorted(by_vid[vid])]
                text = "There is no fix: stop or shield what uses it, and watch the announcement."
                findings.append(_advisory(vuln.id, _title(sorted({hit.name for hit in by_vid[vid]}), [vuln]), priority, evidence, text, [], [vuln]))
        rest = [(priority, vid) for priority, vid in ranked if not priority.exploited]
        if rest:
            evidence = [(self.index.vuln(vid).id, f"{', '.join(sorted({hit.name for hit in by_vid[vid]}))}: {priority.why}") for priority, vid in rest]
            title = f"{len(rest)} announced vulnerabilities have no fix yet"
            findings.append(
                finding("software.unfixed", "info", title, "without a fix", evidence, "Nothing can be installed; they are listed so that they are known.")
            )
        return findings

    def _unknown(self, match: HostMatch) -> list[dict[str, Any]]:
        """Return one row for what could not be judged package by package; what a whole feed lacks is said by the status."""
        reasons = Counter({why: count for why, count in match.unknown.items() if why not in match.incomplete})
        unsure = [hit for hit in (*match.hits(), *(hit for item in match.located for hit in item.hits)) if hit.verdict == UNKNOWN and hit.vid]
        evidence = [(f"{count} package{'s' if count > 1 else ''}", why) for why, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]
        evidence += [(f"{hit.name} {hit.installed}", f"{self.index.vuln(hit.vid).id}: {hit.note}") for hit in sorted(set(unsure))]
        if not evidence:
            return []
        title = f"Of {sum(reasons.values()) + len({hit.name for hit in unsure})} packages it cannot be told whether they are vulnerable"
        text = "Follow the announcements of those who built them."
        return [finding("software.unknown", "info", title, "not to be judged", evidence, text)]

    def _ends(self, match: HostMatch, system: Mapping[str, Any], software: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the ends of support that are past or near: of the system, of components, of Rails."""
        name, version = str(system.get("id") or ""), str(system.get("version_id") or "")
        product = "centos" if name == "centos" and version.startswith(("5", "6", "7")) else endoflife.SYSTEMS.get(name, "")
        things = {(product, version, f"{name} {version}")} if product else set()
        for component in software.get("components") or ():
            if isinstance(component, dict) and component.get("name") in endoflife.COMPONENTS:
                things.add((endoflife.COMPONENTS[component["name"]], str(component.get("version")), str(component.get("path") or component["name"])))
        for application in software.get("applications") or ():
            if isinstance(application, dict) and application.get("kind") == "gems":
                rows = [row for row in application.get("packages") or () if isinstance(row, list) and len(row) > 1 and row[0] == "rails"]
                things.update((endoflife.COMPONENTS["rails"], str(row[1]), str(application.get("path") or "")) for row in rows)
        groups: dict[endoflife.End, list[tuple[str, str]]] = {}
        for thing, version, where in sorted(things):
            end = endoflife.end(thing, version, next(iter(self.index.facts("eol", thing)), None), self.today)
            if end:
                groups.setdefault(end, []).append((where, f"version {version}"))
                if thing == product and end.over:
                    match.incomplete.append(f"{thing} {end.cycle} gets no security fixes any more: what its feed does not announce is not known")
        return [_end_of_life(end, evidence) for end, evidence in groups.items()]

    def _stale(self, match: HostMatch) -> list[str]:
        """Return which of the feeds that this server needs are too old, or were refused."""
        needed = {f"osv/{name.partition(':')[0]}" for name in match.target.ecosystems if match.packages}
        needed |= {feed for item in match.located for feed in _FEEDS_OF_KIND.get(item.place.kind, ())}
        words = [f"{what}: {FEEDS_COMMAND}" for name, what in _ALWAYS.items() if name not in self._feeds]
        for name in sorted({*needed, *_ALWAYS} & set(self._feeds)):
            feed = self._feeds[name]
            days = (self.now - feed.modified) / 86400
            if feed.problem:
                words.append(f"feed {name} was refused ({feed.problem}); its last good state is used: {FEEDS_COMMAND}")
            if days * 86400 > self.stale_after:
                words.append(f"feed {name} is {days:.0f} days old: {FEEDS_COMMAND}")
        return words


# Feeds that every server needs, and what is not known without them.
_ALWAYS = {
    "kev": "without CISA's catalogue it is not known what is being exploited",
    "endoflife": "without endoflife.date it is not known what has reached its end of life",
}

_FEEDS_OF_KIND = {"gems": ("osv/RubyGems", "ruby-advisory-db"), "npm": ("osv/npm",), "pypi": ("osv/PyPI",), "component": ("nginx", "osv/Bitnami")}


def _where(place: Place) -> str:
    where = f"{place.path.rstrip('/')}/{place.file}" if place.file else place.path or "gem list"
    more = [f"and {place.same} more with the same file"] if place.same else []
    more += [f"group {place.group}"] if place.group else []
    return f"{where} ({', '.join(more)})" if more else where


def _note(hit: Hit) -> str:
    return f" ({hit.note})" if hit.note else ""


def _title(names: list[str], vulns: list[Vuln]) -> str:
    what = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    words = next((vuln.title for vuln in vulns if vuln.title), "")
    ids = ", ".join(dict.fromkeys(vuln.id for vuln in vulns[:2]))
    return f"{what}: {words} ({ids})" if words else f"{what}: {ids}"


def _advisory(
    subject: str, title: str, priority: Priority, evidence: Iterable[tuple[str, str]], words: str, commands: list[str], vulns: list[Vuln]
) -> dict[str, Any]:
    names = dict.fromkeys(name for vuln in vulns for name in (vuln.url, *vuln.cves, vuln.id, *vuln.aliases) if name)
    return finding("software.advisory", priority.severity, title, subject, [("priority", priority.why), *evidence], words, commands, names)


def _end_of_life(end: endoflife.End, evidence: list[tuple[str, str]]) -> dict[str, Any]:
    when = f"{'ended' if end.over else 'ends'} on {end.date}" if end.date else "has ended"
    text = f"Move to a branch that is maintained{f'; {end.latest} is the last version of this one' if end.latest else ''}."
    link = f"https://endoflife.date/{end.product}"
    title = f"Support of {end.product} {end.cycle} {when}"
    return finding("software.end_of_life", "high" if end.over else "medium", title, f"{end.product} {end.cycle}", evidence, text, (), [link])
