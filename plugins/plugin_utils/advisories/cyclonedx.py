# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CycloneDX 1.6 with vulnerabilities (VDR): what a host or an application is made of, and which announcements touch it.

The same documents, feeds and time give the same bytes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..reading import mapping, package_rows
from . import purl
from .judge import Judge, Judgement, Named
from .match import MANAGERS
from .verdict import UNKNOWN

SPEC = "1.6"
TOOL = "bottomup.security"
TEXT_LIMIT = 500

# Justifications of CycloneDX 1.6 by those of OpenVEX and CSAF.
JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}


@dataclass(slots=True)
class Part:
    """What belongs together: the packages of the system, or one application. C(whole) is the component around them, None for the host itself."""

    whole: dict[str, Any] | None
    components: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, version: str, url: str, kind: str = "library", group: str = "") -> None:
        """Take in a package; the same one of two architectures is one."""
        reference = f"{self.whole['bom-ref']}#{url}" if self.whole else url
        # The schema allows 1,024 characters for a version; nothing real comes near.
        component: dict[str, Any] = {"type": kind, "bom-ref": reference, "name": name[:TEXT_LIMIT], "version": version[:TEXT_LIMIT], "purl": url}
        if group:
            component["scope"] = "excluded"  # what is not meant to run here
        self.components.setdefault(reference, component)


@dataclass(frozen=True, slots=True)
class Run:
    """What all boms of a report share."""

    run_id: str
    created: str
    version: str


def of_host(document: Mapping[str, Any], judged: Judgement | None, judge: Judge | None, run: Run, accepted: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the bom of a host. C(judged) is None where nothing could be matched; C(accepted): subject of a finding -> its acceptance."""
    name = document["host"]
    own = {"type": "device", "bom-ref": "host", "name": name}
    return _bom(own, f"{run.run_id}/{name}", list(_parts(document)), document, judged, judge, run, accepted)


def of_applications(
    document: Mapping[str, Any], judged: Judgement | None, judge: Judge | None, run: Run, accepted: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place (folder and lock file) and the bom of each application of a host."""
    for part in _parts(document):
        if part.whole is not None:
            place = part.whole["name"]
            alone = Part(None, {})
            for component in part.components.values():
                alone.components[component["purl"]] = {**component, "bom-ref": component["purl"]}
            own = {"type": "application", "bom-ref": "application", "name": place}
            yield place, _bom(own, f"{run.run_id}/{document['host']}/{place}", [alone], document, judged, judge, run, accepted)


def _parts(document: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the system with its packages, components and gems, then each application."""
    software, system = document["checks"]["software"]["data"], document.get("facts", {}).get("os") or {}
    host = Part(None)
    manager = str(mapping(software, "packages").get("manager", ""))
    for row in package_rows(software, "packages", "rows"):
        version = _version(manager, row)
        if version and manager in MANAGERS:
            host.add(row[0], version, purl.of_package(manager, system, row[0], version))
    for component in software.get("components") or ():
        if isinstance(component, dict) and component.get("name"):
            name, version = str(component["name"]), str(component.get("version") or "")
            host.add(name, version, purl.of_library("component", name, version), "application")
    for row in package_rows(software, "gems"):
        host.add(row[0], row[1], purl.of_library("gems", row[0], row[1]))
    yield host
    for application in software.get("applications") or ():
        if isinstance(application, dict) and application.get("kind") in ("gems", "npm", "pypi"):
            place = f"{str(application.get('path') or '').rstrip('/')}/{application.get('file') or ''}"
            part = Part({"type": "application", "bom-ref": place, "name": place})
            for row in package_rows(application, "packages"):
                part.add(row[0], row[1], purl.of_library(application["kind"], row[0], row[1]), group=row[3] if len(row) > 3 else "")
            yield part


def _version(manager: str, row: list[str]) -> str:
    """Return the version of an installed package with epoch and release, empty where it has no files on the disk."""
    if manager == "rpm" and len(row) == 8:
        return f"{row[2]}-{row[3]}" if row[1] in ("0", "", "(none)") else f"{row[1]}:{row[2]}-{row[3]}"
    if manager == "dpkg" and len(row) == 6 and row[5][1:2] not in ("c", "n"):
        return row[1]
    return ""


def _bom(
    own: dict[str, Any],
    name: str,
    parts: list[Part],
    document: Mapping[str, Any],
    judged: Judgement | None,
    judge: Judge | None,
    run: Run,
    accepted: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    references: dict[str, list[str]] = {}
    for part in parts:
        for reference, component in part.components.items():
            references.setdefault(component["purl"], []).append(reference)
    unknown = _unknown(judged, document)
    components = []
    for part in parts:
        rows = [_with_unknown(component, unknown) for _reference, component in sorted(part.components.items())]
        components += rows if part.whole is None else [{**part.whole, "components": rows}]
    system = document.get("facts", {}).get("os") or {}
    if own["type"] == "device" and system.get("id"):
        about = {"type": "operating-system", "bom-ref": "os", "name": str(system["id"]), "version": str(system.get("version_id") or "")}
        components.insert(0, {**about, "description": str(system.get("pretty_name") or "")})
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, f"{TOOL}/{name}").urn,
        "version": 1,
        "metadata": {
            "timestamp": run.created,
            "tools": {"components": [{"type": "application", "name": TOOL, "version": run.version}]},
            "component": own,
            "properties": _properties(document, judged),
        },
        "components": components,
        "vulnerabilities": list(_vulnerabilities(judged, judge, references, accepted)),
    }
    if _not_seen(document, judged):
        bom["compositions"] = [{"aggregate": "incomplete", "assemblies": [own["bom-ref"]]}]
    return bom


def _not_seen(document: Mapping[str, Any], judged: Judgement | None) -> list[str]:
    """Return what the bom does not know, in words."""
    check = document["checks"]["software"]
    reasons = [check["status_reason"]] if check["status"] == "incomplete" else []
    return [*reasons, *(("not matched against the announcements",) if judged is None else (*judged.incomplete, *judged.lacking.values()))]


def _properties(document: Mapping[str, Any], judged: Judgement | None) -> list[dict[str, str]]:
    return [{"name": f"{TOOL}:not_known", "value": words} for words in _not_seen(document, judged)]


def _unknown(judged: Judgement | None, document: Mapping[str, Any]) -> dict[str, str]:
    """Return why it cannot be told whether a package is vulnerable, by its package URL."""
    if judged is None:
        return {}
    system = document.get("facts", {}).get("os") or {}
    found = {
        purl.of_package(judged.match.manager, system, hit.name, hit.installed): hit.note
        for item in judged.match.judged
        for hit in item.hits
        if hit.verdict == UNKNOWN
    }
    for item in judged.match.located:
        found.update({purl.of_library(item.place.kind, hit.name, hit.installed): hit.note for hit in item.hits if hit.verdict == UNKNOWN})
    return found


def _with_unknown(component: dict[str, Any], unknown: Mapping[str, str]) -> dict[str, Any]:
    why = unknown.get(component["purl"])
    return {**component, "properties": [{"name": f"{TOOL}:unknown", "value": why}]} if why else component


def _vulnerabilities(
    judged: Judgement | None, judge: Judge | None, references: Mapping[str, list[str]], accepted: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    if judged is None or judge is None:
        return
    remedies = {item["subject"]: item["remedy"] for item in judged.findings}
    for subject, named in sorted(judged.announced.items()):
        affects = [
            {"ref": reference, "versions": [{"version": _plain_version(name), "status": "affected"}]}
            for name, _fixed in named.packages
            for reference in references.get(name, ())
        ]
        if affects:
            yield _vulnerability(subject, named, judge, affects, remedies.get(subject, {}), accepted.get(subject))


def _plain_version(name: str) -> str:
    parts = purl.parse(name)
    return parts.version if parts else ""


def _vulnerability(
    subject: str, named: Named, judge: Judge, affects: list[dict[str, Any]], remedy: Mapping[str, Any], accepted: Mapping[str, Any] | None
) -> dict[str, Any]:
    vulns, priority = [judge.index.vuln(vid) for vid in named.vids], judge.priorities.of(named.vids)
    first = vulns[0]
    names = [(vuln.feed, name) for vuln in vulns for name in (*vuln.cves, vuln.id, *vuln.aliases) if name != first.id]
    ratings: list[dict[str, Any]] = [{"source": {"name": first.feed}, "severity": priority.severity, "method": "other", "justification": priority.why}]
    score = max((vuln.score for vuln in vulns if vuln.score is not None), default=None)
    if score is not None:
        ratings.append({"source": {"name": first.feed}, "score": score, "method": "other"})
    if priority.chance:
        ratings.append({"source": {"name": "EPSS", "url": "https://www.first.org/epss/"}, "score": priority.chance, "method": "other"})
    found: dict[str, Any] = {
        "bom-ref": f"vulnerability:{subject}",
        "id": first.id,
        "source": {"name": first.feed, **({"url": first.url} if first.url else {})},
        "references": [{"id": name, "source": {"name": feed}} for name, feed in {name: feed for feed, name in reversed(names)}.items()],
        "ratings": ratings,
        "description": next((vuln.title for vuln in vulns if vuln.title), ""),
        "recommendation": "; ".join([str(remedy.get("text") or ""), *remedy.get("commands", [])]).strip("; "),
        "advisories": [{"url": url} for url in dict.fromkeys(vuln.url for vuln in vulns if vuln.url)],
        "affects": sorted(affects, key=lambda item: item["ref"]),
        "properties": [{"name": f"{TOOL}:known_exploited", "value": str(priority.exploited).lower()}],
    }
    if first.published:
        found["published"] = f"{first.published}T00:00:00Z"
    if accepted:
        found["analysis"] = _analysis(accepted)
    return found


def _analysis(accepted: Mapping[str, Any]) -> dict[str, Any]:
    """Return an acceptance in the words of CycloneDX: a VEX statement says that it is not affected, ours that nothing is to be done."""
    detail = f"{accepted['reason']} (until {accepted['expires']})"
    if not accepted.get("vex"):
        return {"state": "exploitable", "response": ["will_not_fix"], "detail": detail}
    justification = JUSTIFICATIONS.get(str(accepted.get("justification") or ""))
    return {"state": "not_affected", **({"justification": justification} if justification else {}), "detail": detail}


def accepted_of(findings: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the acceptances of a host's announcements, by the subject of their findings."""
    return {item["subject"]: item["accepted"] for item in findings if item.get("accepted") and item["rule"] == "software.advisory"}
