# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CycloneDX 1.6 of hosts and applications, judged by the official schema."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import advisories_mirror as mirror
import pytest
from advisories_hosts import ALMA, DEBIAN, NOW, age, document, rpm, software
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hostile import TEXTS
from packageurl import PackageURL

from ansible_collections.bottomup.security.plugins.plugin_utils import spool
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import cyclonedx, purl
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.fleet import Announcements
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import judge
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import write_reports

RUN = cyclonedx.Run("r1", "2026-11-22T06:00:00Z", "0.1.0")
GEMS = {
    "path": "/home/deploy/apps/shop/current",
    "file": "Gemfile.lock",
    "kind": "gems",
    "packages": [["rack", "3.0.0", ""], ["rake", "13.0", "", "development"]],
}
NPM = {"path": "/srv/front", "file": "package-lock.json", "kind": "npm", "packages": [["@babel/core", "7.0.0", ""]]}


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    place = tmp_path / "feeds"
    curl = [mirror.affected("AlmaLinux:9", "curl", "7.76.1-40.el9")]
    mirror.osv(place, "AlmaLinux", [mirror.record("ALSA-2026:2", "Low: curl security update", curl, related=["CVE-2026-0002"])])
    rack = [mirror.affected("RubyGems", "rack", "3.0.1")]
    mirror.osv(place, "RubyGems", [mirror.record("GHSA-aaaa-bbbb-cccc", "XSS", rack, aliases=["CVE-2026-0008"])])
    mirror.osv(place, "npm", [mirror.record("GHSA-dddd-eeee-ffff", "RCE", [mirror.affected("npm", "@babel/core", None)])])
    age(place, 3600)
    return place


def made(place: Path, state: Path, documents: list[dict[str, Any]], applications: bool = False, accept: Any = None) -> dict[str, dict[str, Any]]:
    """Return the boms of documents that were in the spool, each valid."""
    for item in documents:
        spool.write_document(spool.new_run(state, "r1"), item)

    def read() -> Iterator[dict[str, Any]]:
        return spool.read_documents(spool.run_dir(state, "r1"))

    with Announcements(place, state, NOW) as announcements:
        fleet = collect(announcements.judged(read()), run_id="r1", expected_hosts=[], expected_checks=["software"], accept=accept, told=announcements.told)
        files: Iterable[tuple[str, bytes]] = announcements.boms(read(), RUN, {host.name: host for host in fleet.hosts}, applications)
        found = dict(files)
    for name, content in found.items():
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode()) is None, name
    return {name: json.loads(content) for name, content in found.items()}


def test_a_host_with_its_packages_applications_and_what_touches_them(feeds: Path, tmp_path: Path) -> None:
    data = software(rpm("curl", "7.76.1", "29.el9"), rpm("tree", "1.8", "1.el9"), applications=[GEMS, NPM], gems=[["rack", "3.0.0"]])
    (bom,) = made(feeds, tmp_path / "state", [document("web1", data)]).values()
    assert bom["metadata"]["component"] == {"type": "device", "bom-ref": "host", "name": "web1"}
    assert [(item["type"], item["name"]) for item in bom["components"]] == [
        ("operating-system", "almalinux"),
        ("library", "rack"),
        ("library", "curl"),
        ("library", "tree"),
        ("application", "/home/deploy/apps/shop/current/Gemfile.lock"),
        ("application", "/srv/front/package-lock.json"),
    ]
    assert [(item["name"], item.get("scope")) for item in bom["components"][4]["components"]] == [("rack", None), ("rake", "excluded")]
    touched = {item["id"]: [affect["ref"] for affect in item["affects"]] for item in bom["vulnerabilities"]}
    assert touched == {
        "ALSA-2026:2": ["pkg:rpm/almalinux/curl@7.76.1-29.el9?distro=almalinux-9.6"],
        "GHSA-aaaa-bbbb-cccc": ["/home/deploy/apps/shop/current/Gemfile.lock#pkg:gem/rack@3.0.0", "pkg:gem/rack@3.0.0"],
        "GHSA-dddd-eeee-ffff": ["/srv/front/package-lock.json#pkg:npm/%40babel/core@7.0.0"],
    }
    curl = next(item for item in bom["vulnerabilities"] if item["id"] == "ALSA-2026:2")
    assert curl["affects"][0]["versions"] == [{"version": "7.76.1-29.el9", "status": "affected"}]
    assert (curl["ratings"][0]["severity"], curl["references"][0]["id"]) == ("low", "CVE-2026-0002")
    assert curl["recommendation"] == "Update curl to 7.76.1-40.el9 or later.; dnf upgrade --advisory=ALSA-2026:2"
    # Without KEV and endoflife.date not everything is known of it.
    assert bom["compositions"] == [{"aggregate": "incomplete", "assemblies": ["host"]}]


def test_a_file_for_each_application(feeds: Path, tmp_path: Path) -> None:
    boms = made(feeds, tmp_path / "state", [document("web1", software(applications=[GEMS, NPM]))], applications=True)
    assert sorted(boms) == ["web1%3A%2Fhome%2Fdeploy%2Fapps%2Fshop%2Fcurrent%2FGemfile.lock.cdx.json", "web1%3A%2Fsrv%2Ffront%2Fpackage-lock.json.cdx.json"]
    first = boms["web1%3A%2Fhome%2Fdeploy%2Fapps%2Fshop%2Fcurrent%2FGemfile.lock.cdx.json"]
    assert [item["bom-ref"] for item in first["components"]] == ["pkg:gem/rack@3.0.0", "pkg:gem/rake@13.0"]
    assert [(item["id"], item["affects"][0]["ref"]) for item in first["vulnerabilities"]] == [("GHSA-aaaa-bbbb-cccc", "pkg:gem/rack@3.0.0")]


def test_what_cannot_be_told_is_said_at_the_component(feeds: Path, tmp_path: Path) -> None:
    strange = [*rpm("nginx", "1.30", "1.el9")[:7], "nginx.org"]
    (bom,) = made(feeds, tmp_path / "state", [document("web1", software(strange))]).values()
    nginx = next(item for item in bom["components"] if item["name"] == "nginx")
    assert nginx["properties"] == [{"name": "bottomup.security:unknown", "value": "built by nginx.org, not by the distribution"}]


def test_without_feeds_the_components_are_there_and_the_gap_is_said(tmp_path: Path) -> None:
    (bom,) = made(tmp_path / "none", tmp_path / "state", [document("web1", software(rpm("curl", "7.76.1", "29.el9")))]).values()
    assert ([item["name"] for item in bom["components"]], bom["vulnerabilities"]) == (["almalinux", "curl"], [])
    assert bom["metadata"]["properties"] == [{"name": "bottomup.security:not_known", "value": "not matched against the announcements"}]


def test_an_acceptance_is_an_analysis(feeds: Path, tmp_path: Path) -> None:
    own = {"line": 1, "reason": "shielded", "expires": "2027-01-01", "owner": "", "ticket": ""}
    data = software(rpm("curl", "7.76.1", "29.el9"))
    (bom,) = made(feeds, tmp_path / "state", [document("web1", data)], accept=lambda *_finding: own).values()
    assert bom["vulnerabilities"][0]["analysis"] == {"state": "exploitable", "response": ["will_not_fix"], "detail": "shielded (until 2027-01-01)"}


def test_the_same_again_byte_for_byte(feeds: Path, tmp_path: Path) -> None:
    data = software(rpm("curl", "7.76.1", "29.el9"), applications=[GEMS])
    assert json.dumps(made(feeds, tmp_path / "a", [document("web1", data)])) == json.dumps(made(feeds, tmp_path / "b", [document("web1", data)]))


def test_dpkg_leaves_out_what_was_removed(tmp_path: Path) -> None:
    rows = [["libssl3", "3.0.15-1", "amd64", "openssl", "3.0.15-1", "ii "], ["old", "1", "amd64", "", "", "rc "]]
    (bom,) = made(tmp_path / "none", tmp_path / "state", [document("db1", {"packages": {"manager": "dpkg", "rows": rows}}, DEBIAN)]).values()
    assert [item["bom-ref"] for item in bom["components"]] == ["os", "pkg:deb/debian/libssl3@3.0.15-1?distro=debian-12"]


@pytest.mark.parametrize("case", TEXTS)
def test_hostile_names(case: str, feeds: Path, tmp_path: Path) -> None:
    word = TEXTS[case]
    data = software(
        rpm(word, word, word), applications=[{"path": word, "file": word, "kind": "npm", "packages": [[word, word, ""]]}], components=[{"name": word}]
    )
    assert made(feeds, tmp_path / "state", [document("web1", data)])
    made(feeds, tmp_path / "state", [document("web1", data)], applications=True)


URLS = {
    "rpm": (purl.of_package("rpm", ALMA, "nginx-core", "2:1.26.3-1.el9+7"), ("rpm", "almalinux", "nginx-core", "1.26.3-1.el9+7")),
    "deb": (purl.of_package("dpkg", DEBIAN, "libc++1", "1:14.0-12~deb12u1"), ("deb", "debian", "libc++1", "1:14.0-12~deb12u1")),
    "npm": (purl.of_library("npm", "@babel/core", "7.0.0"), ("npm", "@babel", "core", "7.0.0")),
    "pypi": (purl.of_library("pypi", "Zope_Interface", "6.0"), ("pypi", None, "zope-interface", "6.0")),
}


@pytest.mark.parametrize("case", URLS)
def test_package_urls_are_those_of_the_specification(case: str) -> None:
    url, parts = URLS[case]
    read = PackageURL.from_string(url)
    assert (read.type, read.namespace, read.name, read.version) == parts
    assert read.to_string() == url
    own = purl.parse(url)
    assert own is not None and (own.type, own.name) == (parts[0], parts[2])
    assert own.version == ("2:" if case == "rpm" else "") + parts[3]


@pytest.mark.parametrize("stranger", ["", "notes.odt"])
def test_old_runs_go_with_their_folders_unless_somebody_keeps_something_there(stranger: str, tmp_path: Path) -> None:
    old, newest = spool.new_run(tmp_path, "r1"), spool.new_run(tmp_path, "r2")
    for name in spool.FOLDERS:
        (old / name).mkdir()
        (old / name / "web1.cdx.json").write_text("{}")
    if stranger:
        (old / "cyclonedx" / stranger).write_text("mine")
    for path in (*old.rglob("*"), old):
        os.utime(path, (NOW - 10 * 86400, NOW - 10 * 86400))
    assert spool.forget_runs(tmp_path, 5, keep=newest, now=NOW) == ([] if stranger else ["r1"])
    assert old.exists() is bool(stranger) and newest.exists()


def test_a_folder_that_is_written_again_has_no_file_of_a_host_that_is_gone(feeds: Path, tmp_path: Path) -> None:
    fleet = collect([document("web1", software())], run_id="r1", expected_hosts=[], expected_checks=["software"])
    run = judge(fleet, fail_on="high", max_unreachable=0, now=NOW)

    def written(*names: str) -> list[str]:
        paths, _words = write_reports(run, tmp_path, None, ["cyclonedx"], folders={"cyclonedx": lambda: [(f"{name}.cdx.json", b"{}") for name in names]})
        return sorted(path.name for path in Path(paths["cyclonedx"]).iterdir())

    assert written("web1", "web2") == ["web1.cdx.json", "web2.cdx.json"]
    assert written("web2") == ["web2.cdx.json"]
