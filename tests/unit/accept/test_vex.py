# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VEX statements as acceptances: OpenVEX and CSAF VEX, in all the ways in which they do not cover a finding."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from schemas import faults

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding
from ansible_collections.bottomup.security.plugins.plugin_utils import settings
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.file import AcceptanceError
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.vex import VexStatements
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.vex_file import read_statements
from ansible_collections.bottomup.security.plugins.plugin_utils.document import fingerprint, group_key

TODAY = datetime.date(2026, 11, 22)
CURL = "pkg:rpm/almalinux/curl@7.76.1-29.el9?distro=almalinux-9.6"


def found(*cves: str, packages: tuple[str, ...] = (CURL,), sources: tuple[str, ...] = ("curl",), rule: str = "software.advisory") -> dict[str, Any]:
    evidence = [("priority", "rated low"), *((source, "installed") for source in sources)]
    item = finding(rule, "low", "ALSA-2026:2 curl", "ALSA-2026:2", evidence, references=(*(cves or ("CVE-2026-0002",)), "ALSA-2026:2"))
    marks = {"fingerprint": fingerprint("software", rule, "web1", "ALSA-2026:2"), "group": group_key("software", rule, "ALSA-2026:2")}
    return {**item, **marks, "packages": list(packages)}


def statement(**more: Any) -> dict[str, Any]:
    own = {
        "vulnerability": {"name": "CVE-2026-0002"},
        "products": [{"@id": "pkg:rpm/almalinux/curl@7.76.1-29.el9"}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        "impact_statement": "Built without  the protocol.",
    }
    return {**own, **more}


def openvex(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    head = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/7", "author": "ops@example.com", "version": 1}
    return {**head, "timestamp": "2026-10-01T12:00:00.123456789+02:00", "statements": list(statements), **more}


def csaf(**more: Any) -> dict[str, Any]:
    product = {"product_id": "curl-9", "name": "curl", "product_identification_helper": {"purl": "pkg:rpm/almalinux/curl@7.76.1-29.el9?arch=x86_64"}}
    relation = {"category": "default_component_of", "product_reference": "curl-9", "relates_to_product_reference": "alma-9"}
    whole = {"product_id": "alma-9:curl-9", "name": "curl as part of AlmaLinux 9"}
    entry = {
        "cve": "CVE-2026-0002",
        "product_status": {"known_not_affected": ["alma-9:curl-9"]},
        "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["alma-9:curl-9"]}],
        "threats": [{"category": "impact", "details": "Not compiled in.", "product_ids": ["alma-9:curl-9"]}],
        **more,
    }
    tracking = {"id": "VEX-1", "current_release_date": "2026-10-01T10:00:00Z"}
    return {
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "publisher": {"name": "AlmaLinux"}, "tracking": tracking},
        "product_tree": {
            "branches": [{"category": "vendor", "name": "AlmaLinux", "branches": [{"category": "product_version", "name": "curl", "product": product}]}],
            "relationships": [{**relation, "full_product_name": whole}],
        },
        "vulnerabilities": [entry],
    }


def statements(folder: Path, *documents: dict[str, Any]) -> VexStatements:
    paths = []
    for number, document in enumerate(documents):
        paths.append(folder / f"vex{number}.json")
        paths[-1].write_text(json.dumps(document))
    return VexStatements((item for path in paths for item in read_statements(path)), TODAY)


def test_openvex_with_its_justification(tmp_path: Path) -> None:
    vex = statements(tmp_path, openvex(statement()))
    item = found()
    accepted = vex(item, "web1", [])
    assert accepted == {
        "line": 1,
        "reason": "VEX vex0.json, statement 1: not affected, vulnerable code not in execute path: Built without the protocol.",
        "expires": "2027-10-02",
        "owner": "ops@example.com",
        "ticket": "https://example.com/vex/7",
        "vex": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    }
    assert faults("finding-1", {**item, "accepted": accepted}) == []
    assert [(use.findings, use.expired, use.broad) for use in vex.uses] == [(1, False, False)]


def test_csaf_through_relationships_flags_and_threats(tmp_path: Path) -> None:
    accepted = statements(tmp_path, csaf())(found(), "web1", [])
    assert accepted is not None
    assert accepted["reason"] == "VEX vex0.json, statement 1: not affected, vulnerable code not present: Not compiled in."
    assert (accepted["owner"], accepted["ticket"]) == ("AlmaLinux", "VEX-1")


COVERED: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "any version": ([statement(products=["pkg:rpm/almalinux/curl"])], found()),
    "the id as an alias": ([statement(vulnerability={"name": "ALSA-1", "aliases": ["CVE-2026-0002"]})], found()),
    "a plain id of version 0.0.1": ([statement(vulnerability="cve-2026-0002")], found()),
    "the package by its identifiers": ([statement(products=[{"@id": "x", "identifiers": {"purl": "pkg:rpm/almalinux/curl"}}])], found()),
    "each of two vulnerabilities": (
        [statement(), statement(vulnerability={"name": "CVE-2026-0003"}, products=["pkg:rpm/almalinux/curl"])],
        found("CVE-2026-0002", "CVE-2026-0003"),
    ),
    "a fix of this very build": ([statement(status="fixed")], found()),
    "on this host": ([statement(products=[{"@id": "web1", "subcomponents": [{"@id": "pkg:rpm/almalinux/curl"}]}])], found()),
    "in this application": (
        [statement(products=[{"@id": "/home/deploy/apps/shop", "subcomponents": ["pkg:gem/rack"]}])],
        found(packages=("pkg:gem/rack@3.0.0",), sources=("/home/deploy/apps/shop/current/Gemfile.lock",)),
    ),
    "a later word": ([statement(status="affected", timestamp="2026-09-01T00:00:00Z"), statement(timestamp="2026-10-01T00:00:00Z")], found()),
}

NOT_COVERED: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "another vulnerability": ([statement(vulnerability={"name": "CVE-2026-0009"})], found()),
    "another version": ([statement(products=["pkg:rpm/almalinux/curl@7.76.1-28.el9"])], found()),
    "another distribution": ([statement(products=["pkg:rpm/redhat/curl"])], found()),
    "another type": ([statement(products=["pkg:deb/almalinux/curl"])], found()),
    "one of two vulnerabilities": ([statement()], found("CVE-2026-0002", "CVE-2026-0003")),
    "one of two packages": ([statement()], found(packages=(CURL, CURL.replace("curl@", "libcurl@")))),
    "affected": ([statement(status="affected")], found()),
    "still looked into": ([statement(status="under_investigation")], found()),
    "a fix of no named version": ([statement(status="fixed", products=["pkg:rpm/almalinux/curl"])], found()),
    "on another host": ([statement(products=[{"@id": "web2", "subcomponents": [{"@id": "pkg:rpm/almalinux/curl"}]}])], found()),
    "a later word against it": ([statement(), statement(status="affected", timestamp="2026-11-01T00:00:00Z")], found()),
    "one of two applications": (
        [statement(products=[{"@id": "/home/deploy/apps/shop", "subcomponents": ["pkg:gem/rack"]}])],
        found(packages=("pkg:gem/rack@3.0.0",), sources=("/home/deploy/apps/shop/current/Gemfile.lock", "/home/deploy/apps/blog/current/Gemfile.lock")),
    ),
    "a finding of another kind": ([statement()], found(rule="software.end_of_life")),
    "packages that are too many to be named": ([statement()], {key: value for key, value in found().items() if key != "packages"}),
    "a part of an image": ([statement(products=[{"@id": "pkg:oci/shop", "subcomponents": [{"@id": "pkg:rpm/almalinux/curl"}]}])], found()),
}


@pytest.mark.parametrize("case", COVERED)
def test_covered_by(case: str, tmp_path: Path) -> None:
    given, item = COVERED[case]
    assert statements(tmp_path, openvex(*given))(item, "web1", ["web"]) is not None


@pytest.mark.parametrize("case", NOT_COVERED)
def test_not_covered_by(case: str, tmp_path: Path) -> None:
    given, item = NOT_COVERED[case]
    assert statements(tmp_path, openvex(*given))(item, "web1", ["web"]) is None


def test_a_year_after_its_date_the_finding_returns_and_says_why(tmp_path: Path) -> None:
    vex = statements(tmp_path, openvex(statement(), timestamp="2025-11-20T00:00:00Z"))
    item = found()
    assert vex(item, "web1", []) is None
    assert item["evidence"][-1]["text"].startswith("expired on 2026-11-21: VEX vex0.json, statement 1: not affected")
    assert [use.notes() for use in vex.uses] == [["expired on 2026-11-21, 1 finding has returned"]]


BAD: dict[str, tuple[Any, str]] = {
    "no json": (b"<html>", "not JSON"),
    "deep": (b"[" * 100_000, "not JSON"),
    "another format": ({"bomFormat": "CycloneDX"}, "neither OpenVEX"),
    "no reason": (openvex(statement(justification="", impact_statement="")), "statement 1: not_affected without justification"),
    "no status": (openvex(statement(status="fine")), "statement 1: its status is fine"),
    "no time": (openvex(statement(), timestamp=None), "is no time"),
    "no vulnerability": (openvex(statement(vulnerability={})), "names no vulnerability"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_said_before_the_first_connection(case: str, tmp_path: Path) -> None:
    content, words = BAD[case]
    path = tmp_path / "vex.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(AcceptanceError, match=words):
        read_statements(path)
    with pytest.raises(settings.SettingError, match=words):
        settings.vex([str(path)])


def test_the_setting() -> None:
    assert not settings.vex(None) and not settings.vex("") and not settings.vex([])
    with pytest.raises(settings.SettingError, match="No such file"):
        settings.vex("/nonexistent/vex.json")
    with pytest.raises(settings.SettingError, match="a list of paths is wanted"):
        settings.vex({"a": 1})
