# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's own statements: its documents read, and RHEL hosts judged by them from the document of the host to the finding."""

from __future__ import annotations

import io
import json
import lzma
import shutil
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import advisories_mirror as mirrors
import needs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redhat_mirror import APPSTREAM, BASEOS, EUS, NINE, Statement, archive, changed, deleted, repositories, zstd

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import csaf, ecosystem, packed, redhat_vex
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.feed import FeedError
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.index import Index, build
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.judge import Judge

WONT_FIX = {"category": "no_fix_planned", "details": "Will not fix"}
DEFERRED = {"category": "none_available", "details": "Fix deferred"}
HELP = {"category": "workaround", "details": "Do not listen on port 80."}

STATEMENTS = [
    Statement("CVE-2026-0001", "openssl: a hole", "Critical", 9.8).fixed(BASEOS, "openssl", "1:3.0.7-28.el9_4", "RHSA-2026:0001"),
    Statement("CVE-2026-0002", "openssl: another", "Low", 3.1).fixed(BASEOS, "openssl", "1:3.0.7-28.el9_4", "RHSA-2026:0001"),
    Statement("CVE-2026-0003", "nginx: in a module").fixed(
        APPSTREAM, "nginx", "1:1.22.1-5.module+el9.4.0+100+abc", "RHSA-2026:0003", "nginx:1.22", nested=True
    ),
    Statement("CVE-2026-0004", "nginx: in the base").fixed(APPSTREAM, "nginx", "2:1.20.1-16.el9_4.1", "RHSA-2026:0004"),
    Statement("CVE-2026-0005", "less: not fixed", "Moderate")
    .says("known_affected", NINE, "less.src", "pkg:rpm/redhat/less?arch=src", WONT_FIX)
    .says("known_affected", NINE, "less", "pkg:rpm/redhat/less", HELP),
    Statement("CVE-2026-0006", "bash: looked into").says("under_investigation", NINE, "bash.src", "pkg:rpm/redhat/bash?arch=src"),
    Statement("CVE-2026-0007", "git: only the window")
    .says("known_affected", NINE, "git.src", "pkg:rpm/redhat/git?arch=src", DEFERRED)
    .says("known_not_affected", NINE, "git-core", "pkg:rpm/redhat/git-core"),
    Statement("CVE-2026-0008", "podman: of EUS").fixed(EUS, "podman", "2:4.4.1-21.el9_2", "RHSA-2026:0008"),
    Statement("CVE-2026-0009", "ruby: not fixed in a stream").says(
        "known_affected", NINE, "ruby:3.1/ruby.src", "pkg:rpm/redhat/ruby?arch=src&rpmmod=ruby:3.1", WONT_FIX
    ),
    Statement("CVE-2026-0010", "curl: fixed after it was not")
    .says("known_affected", NINE, "curl.src", "pkg:rpm/redhat/curl?arch=src", DEFERRED)
    .fixed(BASEOS, "curl", "7.76.1-29.el9_4.1", "RHSA-2026:0010"),
    Statement("CVE-2026-0011", "a container").says("known_affected", NINE, "ubi9", "pkg:oci/ubi9?repository_url=x", WONT_FIX),
]

REPOSITORIES = [{"id": f"rhel-9-for-x86_64-{name}-rpms", "name": "", "url": ""} for name in ("appstream", "baseos")]
EUS_REPOSITORIES = [{"id": "rhel-9-for-x86_64-baseos-eus-rpms", "name": "", "url": ""}]


def row(name: str, evr: str, source: str = "", label: str = "(none)", vendor: str = "Red Hat, Inc.") -> list[str]:
    epoch, _colon, rest = evr.rpartition(":")
    version, _dash, release = rest.partition("-")
    return [name, epoch or "0", version, release, "x86_64", source or f"{name}-{version}-{release}.src.rpm", label, vendor]


def document(rows: list[list[str]], repositories: Any = REPOSITORIES, version: str = "9.4") -> dict[str, Any]:
    data = {"packages": {"manager": "rpm", "rows": rows}, "repositories": repositories}
    return {"facts": {"os": {"id": "rhel", "version_id": version}}, "checks": {"software": {"status": "ok", "data": data}}}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("redhat")
    archive(place, STATEMENTS)
    repositories(place)
    return place


@pytest.fixture(scope="module")
def index(mirror: Path) -> Iterator[Index]:
    with mirrors.built(mirror, mirror / "index.sqlite") as base:
        yield base


def told(index: Index, rows: list[list[str]], **more: Any) -> dict[str, Any]:
    return Judge(index, time.time()).document(document(rows, **more))


def of(found: dict[str, Any], rule: str = "software.advisory") -> list[dict[str, Any]]:
    return [item for item in found["findings"] if item["rule"] == rule]


def test_an_older_package_is_affected_and_the_advisory_is_what_to_type(index):
    """One advisory for two vulnerabilities is one finding, as urgent as the worse one."""
    (item,) = of(told(index, [row("openssl-libs", "1:3.0.7-27.el9", "openssl-3.0.7-27.el9.src.rpm")]))
    assert item["subject"] == "RHSA-2026:0001"
    assert item["severity"] == "critical"
    assert item["title"] == "RHSA-2026:0001 openssl-libs: openssl: a hole"
    assert item["remedy"]["commands"] == ["dnf upgrade --advisory=RHSA-2026:0001"]
    assert {"CVE-2026-0001", "CVE-2026-0002"} <= set(item["references"])
    assert [piece["text"] for piece in item["evidence"] if piece["source"] == "openssl-libs"] == ["installed 1:3.0.7-27.el9, fixed in 1:3.0.7-28.el9_4"]


@pytest.mark.parametrize(
    ("case", "packages"),
    [
        ("fixed", [row("openssl-libs", "1:3.0.7-28.el9_4", "openssl-3.0.7-28.el9_4.src.rpm")]),
        ("newer", [row("openssl-libs", "1:3.2.2-6.el9_5", "openssl-3.2.2-6.el9_5.src.rpm")]),
        ("10 base system, the fix is a module's", [row("nginx-core", "2:1.20.1-16.el9_4.1", "nginx-1.20.1-16.el9_4.1.src.rpm")]),
        ("10 a stream without that fix", [row("nginx-core", "1:1.24.0-4.module+el9.4.0+50+abc", "", "nginx:1.24:9:x")]),
        ("10 a stream that nobody enabled", [row("ruby-libs", "3.0.4-160.el9_0", "ruby-3.0.4-160.el9_0.src.rpm")]),
        ("13 EUS of another minor release", [row("podman", "2:4.4.0-1.el9")]),
        ("not affected, as a part of what is", [row("git-core", "2.43.0-1.el9", "git-2.43.0-1.el9.src.rpm")]),
        ("a fix counts more than the word before it", [row("curl", "7.76.1-29.el9_4.1")]),
        ("a package that nobody speaks of", [row("zsh", "5.8-9.el9")]),
    ],
)
def test_not_affected(case, packages, index):
    found = told(index, packages)
    assert [item["rule"] for item in found["findings"]] == [], case


@pytest.mark.parametrize(
    ("case", "package", "version", "repositories", "advisory", "fixed"),
    [
        (
            "10 the module's own fix",
            row("nginx-core", "1:1.22.1-4.module+el9.2.0+90+abc", "nginx-1.22.1-4.module+el9.2.0+90+abc.src.rpm", "nginx:1.22:9020020230101:rhel9"),
            "9.4",
            REPOSITORIES,
            "RHSA-2026:0003",
            "1:1.22.1-5.module+el9.4.0+100+abc",
        ),
        (
            "10 the base system's own",
            row("nginx-core", "2:1.20.1-14.el9", "nginx-1.20.1-14.el9.src.rpm"),
            "9.4",
            REPOSITORIES,
            "RHSA-2026:0004",
            "2:1.20.1-16.el9_4.1",
        ),
        (
            "13 EUS of its minor release",
            row("podman", "2:4.4.0-1.el9"),
            "9.2",
            [{"id": "rhel-9-for-x86_64-baseos-eus-rpms"}],
            "RHSA-2026:0008",
            "2:4.4.1-21.el9_2",
        ),
        ("a fix that came after the word", row("curl", "7.76.1-29.el9_4"), "9.4", REPOSITORIES, "RHSA-2026:0010", "7.76.1-29.el9_4.1"),
    ],
)
def test_affected(case, package, version, repositories, advisory, fixed, index):
    (item,) = of(told(index, [package], version=version, repositories=repositories))
    assert item["subject"] == advisory, case
    assert f"fixed in {fixed}" in json.dumps(item["evidence"])


def test_23_what_is_not_fixed_is_listed_with_red_hats_word(index):
    found = told(index, [row("less", "590-2.el9_2"), row("git-gui", "2.43.0-1.el9", "git-2.43.0-1.el9.src.rpm")])
    (item,) = of(found, "software.unfixed")
    assert found["data"]["unfixed"] == 2
    assert {piece["source"]: piece["text"].partition(":")[0] for piece in item["evidence"]} == {
        "CVE-2026-0005": "less (Will not fix)",
        "CVE-2026-0007": "git-gui (Fix deferred)",
    }


def test_23_in_the_stream_of_a_module(index):
    label = "ruby:3.1:9020020230101:rhel9"
    found = told(index, [row("ruby-libs", "3.1.4-143.module+el9.3.0+10+abc", "ruby-3.1.4-143.module+el9.3.0+10+abc.src.rpm", label)])
    assert found["data"]["unfixed"] == 1


def test_10_a_lost_label_is_unknown_and_not_ok(index):
    found = told(index, [row("nginx-core", "1:1.22.1-4.module+el9.2.0+90+abc", "nginx-1.22.1-4.module+el9.2.0+90+abc.src.rpm")])
    (item,) = of(found, "software.unknown")
    assert "without its label" in json.dumps(item["evidence"])


def test_what_is_looked_into_is_unknown(index):
    (item,) = of(told(index, [row("bash", "5.1.8-9.el9")]), "software.unknown")
    assert item["evidence"] == [{"source": "bash 5.1.8-9.el9", "text": "CVE-2026-0006: Red Hat is still looking into it"}]


def test_what_is_exploited_and_not_fixed_is_a_finding_with_what_helps(mirror, tmp_path):
    help_ = {"category": "workaround", "details": "Do not listen on port 80."}
    shutil.copytree(mirror / "redhat", tmp_path / "redhat")
    holed = Statement("CVE-2026-0005", "less: not fixed").says("known_affected", NINE, "less.src", "pkg:rpm/redhat/less?arch=src", WONT_FIX)
    holed._remedies.append({**help_, "product_ids": ["red_hat_enterprise_linux_9:less.src"]})
    archive(tmp_path, [holed])
    (tmp_path / "kev").mkdir()
    (tmp_path / "kev/known_exploited_vulnerabilities.json").write_text(json.dumps({"vulnerabilities": [{"cveID": "CVE-2026-0005", "dueDate": "2026-12-01"}]}))
    with mirrors.built(tmp_path, tmp_path / "index") as base:
        (item,) = of(told(base, [row("less", "590-2.el9_2")]))
        assert (item["subject"], item["severity"]) == ("CVE-2026-0005", "critical")
        assert item["remedy"] == {"text": "Do not listen on port 80.", "commands": []}


def test_repositories_that_red_hat_does_not_know_are_unknown(index):
    found = told(index, [row("openssl-libs", "1:3.0.7-27.el9", "openssl-3.0.7-27.el9.src.rpm")], repositories=[{"id": "our-own-baseos"}])
    assert found["status"] == "incomplete"
    assert "Red Hat knows none of its repositories (our-own-baseos)" in found["status_reason"]
    assert of(found) == []


def test_a_list_without_repositories_is_taken_to_have_those_of_every_subscription(index):
    assert [item["subject"] for item in of(told(index, [row("openssl-libs", "1:3.0.7-27.el9", "openssl-3.0.7-27.el9.src.rpm")], repositories=[]))] == [
        "RHSA-2026:0001"
    ]


def test_34_another_vendors_package_is_unknown(index):
    found = told(index, [row("openssl-libs", "1:1.0-1.el9", "openssl-1.0-1.el9.src.rpm", vendor="EPEL")])
    assert of(found) == []
    assert found["data"]["unknown"] == [{"reason": "built by EPEL, not by the distribution", "packages": 1}]


def test_without_the_statements_osv_is_used_and_what_is_missing_is_said(tmp_path):
    affected = [mirrors.affected("Red Hat:enterprise_linux:9::baseos", "openssl", "1:3.0.7-28.el9_4")]
    mirrors.osv(tmp_path, "Red Hat", [mirrors.record("RHSA-2026:0001", "Red Hat Security Advisory: openssl security update", affected)])
    repositories(tmp_path)
    with mirrors.built(tmp_path, tmp_path / "index") as base:
        found = told(base, [row("openssl-libs", "1:3.0.7-27.el9", "openssl-3.0.7-27.el9.src.rpm")])
        assert [item["subject"] for item in of(found)] == ["RHSA-2026:0001"]
        assert found["status"] == "incomplete"
        assert "Red Hat's statements (VEX) are not at hand" in found["status_reason"]


def test_what_changed_since_the_archive_counts_and_what_was_taken_back_does_not(mirror, tmp_path):
    shutil.copytree(mirror / "redhat", tmp_path / "redhat")
    old = [row("openssl-libs", "1:3.0.7-27.el9", "openssl-3.0.7-27.el9.src.rpm"), row("less", "590-2.el9_2"), row("curl", "7.76.1-29.el9_4")]
    path = tmp_path / "index"
    with mirrors.built(tmp_path, path) as base:
        assert [item["subject"] for item in of(told(base, old))] == ["RHSA-2026:0001", "RHSA-2026:0010"]
    changed(tmp_path, Statement("CVE-2026-0005", "less: fixed by now").fixed(BASEOS, "less", "590-5.el9_4", "RHSA-2026:0055"), "2026-11-21T01:00:00+00:00")
    deleted(tmp_path, "CVE-2026-0010", "2026-11-21T02:00:00+00:00")
    before = [feed for feed in build(tmp_path, path) if feed.name == redhat_vex.ARCHIVE]
    with mirrors.built(tmp_path, path) as base:
        found = told(base, old)
        assert [item["subject"] for item in of(found)] == ["RHSA-2026:0001", "RHSA-2026:0055"]
        assert found["data"]["unfixed"] == 0
        assert [feed for feed in base.feeds() if feed.name == redhat_vex.ARCHIVE] == before
    # What changed is in the next archive: there are fewer single statements then, and nobody wonders.
    shutil.rmtree(tmp_path / "redhat/vex/2026")
    (tmp_path / "redhat/vex/deletions.csv").write_text("")
    with mirrors.built(tmp_path, path) as base:
        assert [item["subject"] for item in of(told(base, old))] == ["RHSA-2026:0001", "RHSA-2026:0010"]


def test_an_advisory_of_csaf_is_read_the_same_way():
    document = Statement("CVE-2026-0001").fixed(BASEOS, "openssl", "1:3.0.7-28.el9_4", "RHSA-2026:0001").document()
    document["document"]["tracking"]["id"] = "RHSA-2026:0001"
    document["vulnerabilities"].append({**document["vulnerabilities"][0], "cve": "CVE-2026-0002", "remediations": []})
    found = list(csaf.records(document))
    assert [record.id for record in found] == ["CVE-2026-0001", "CVE-2026-0002"]
    assert {package.spec for record in found for package in record.packages} == {'{"advisory":"RHSA-2026:0001"}'}


def _product(name: str, **helper: str) -> dict[str, Any]:
    return {"category": "product_name", "name": name, "product": {"name": name, "product_id": name, "product_identification_helper": helper}}


def test_a_statement_in_the_newer_form_is_read_too():
    """Flat branches, minor releases without channels, components without architectures (docs of the guidelines: vex-ga-details)."""
    whole = Statement("CVE-2026-0861", "Integer overflow in memalign").document()
    branches = [
        _product("rhel-8.10.z", cpe="cpe:/a:redhat:enterprise_linux:8"),
        _product("rhel-8.8.0.z", cpe="cpe:/a:redhat:rhel_eus:8.8"),
        _product("glibc-0:2.28-251.el8_10.31.src", purl="pkg:rpm/redhat/glibc@2.28-251.el8_10.31?arch=src&epoch=0"),
        _product("glibc", purl="pkg:rpm/redhat/glibc?arch=src"),
    ]
    pairs = [("rhel-8.10.z", "glibc-0:2.28-251.el8_10.31.src"), ("rhel-8.8.0.z", "glibc")]
    names = [f"{product}:{component}" for product, component in pairs]
    joins = [
        {"full_product_name": {"product_id": name}, "product_reference": component, "relates_to_product_reference": product}
        for name, (product, component) in zip(names, pairs, strict=True)
    ]
    whole["product_tree"] = {"branches": [{"category": "vendor", "name": "Red Hat", "branches": branches}], "relationships": joins}
    fix = {"category": "vendor_fix", "url": "https://access.redhat.com/errata/RHSA-2026:2786", "product_ids": names[:1]}
    none = {"category": "none_available", "details": "Affected", "product_ids": names[1:]}
    status = {"fixed": names[:1], "known_affected": names[1:]}
    whole["vulnerabilities"][0].update(product_status=status, remediations=[fix, none])
    (record,) = csaf.records(whole)
    assert [(package.ecosystem, package.name, package.fixed, package.spec) for package in record.packages] == [
        ("Red Hat VEX:enterprise_linux:8", "glibc.src", "2.28-251.el8_10.31", '{"advisory":"RHSA-2026:2786"}'),
        ("Red Hat VEX:rhel_eus:8.8", "glibc.src", None, '{"status":"Affected"}'),
    ]


SAMPLES: dict[str, list[tuple[str | None, ...]]] = {
    "CVE-2022-24834": [
        ("enterprise_linux:8::appstream", "redis.src", "redis:6", "6.2.17-1.module+el8.10.0+22680+748527fd", "RHSA-2025:0595"),
        ("enterprise_linux:9::appstream", "redis.src", "", "6.2.17-1.el9_5", "RHSA-2025:0693"),
        ("rhel_software_collections:3", "rh-redis6-redis.src", "", None, "Will not fix"),
    ],
    "CVE-2023-28484": [
        ("enterprise_linux:6", "libxml2.src", "", None, "Out of support scope"),
        ("enterprise_linux:7", "libxml2.src", "", None, "Out of support scope"),
        ("enterprise_linux:8::appstream", "libxml2-devel", "", "2.9.7-16.el8_8.1", "RHSA-2023:4529"),
        ("enterprise_linux:8::baseos", "libxml2.src", "", "2.9.7-16.el8_8.1", "RHSA-2023:4529"),
        ("enterprise_linux:9::appstream", "libxml2-devel", "", "2.9.13-3.el9_2.1", "RHSA-2023:4349"),
        ("enterprise_linux:9::baseos", "libxml2.src", "", "2.9.13-3.el9_2.1", "RHSA-2023:4349"),
        ("rhel_eus:8.6::appstream", "libxml2-devel", "", "2.9.7-13.el8_6.4", "RHSA-2024:0413"),
        ("rhel_eus:8.6::baseos", "libxml2.src", "", "2.9.7-13.el8_6.4", "RHSA-2024:0413"),
    ],
    "CVE-2023-6238": [],  # only what is not affected
    "CVE-2016-7066": [],  # a product that is no package
    "CVE-2026-7323": [("enterprise_linux:10::appstream", "firefox", "", None, "Affected")],  # a flatpak and a container are none
}


@pytest.mark.parametrize("cve", SAMPLES)
def test_red_hats_own_documents(cve):
    path = needs.shared_data("advisories/osv-samples/redhat/vex") / f"{cve}.json"
    (record,) = csaf.records(json.loads(path.read_bytes()))
    found = []
    for package in record.packages:
        spec = json.loads(package.spec or "{}")
        found.append((package.ecosystem.removeprefix(csaf.ECOSYSTEM), package.name, package.stream, package.fixed, spec.get("advisory") or spec.get("status")))
    assert sorted(found, key=str) == sorted(SAMPLES[cve], key=str)
    assert record.severity and record.title and record.published


_TEXT = st.text(max_size=20)
_JSON = st.recursive(st.none() | st.booleans() | st.integers() | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=8)


@given(_JSON, st.sampled_from(["product_tree", "vulnerabilities", "branches", "relationships", "product_status", "remediations", "threats", "scores"]))
@settings(deadline=None)
def test_37_no_document_makes_the_reading_fail(hostile, where):
    whole = Statement("CVE-2026-0001").fixed(BASEOS, "openssl", "1:3.0.7-28.el9_4", "RHSA-2026:0001").document()
    for holder in (whole, whole["product_tree"], whole["vulnerabilities"][0]):
        if where in holder:
            holder[where] = hostile
    try:
        found = list(csaf.records(whole))
    except ValueError:
        return
    assert all(record.id == "CVE-2026-0001" for record in found)


def test_37_branches_without_end_are_left():
    whole = Statement("CVE-2026-0001").fixed(BASEOS, "openssl", "1:3.0.7-28.el9_4", "RHSA-2026:0001").document()
    deep: dict[str, Any] = {}
    for _number in range(500):
        deep = {"branches": [deep]}
    whole["product_tree"]["branches"].append(deep)
    whole["product_tree"]["relationships"] += [
        {"full_product_name": {"product_id": "a"}, "product_reference": "x", "relates_to_product_reference": "b"},
        {"full_product_name": {"product_id": "b"}, "product_reference": "x", "relates_to_product_reference": "a"},
    ]
    (record,) = csaf.records(whole)
    assert len(record.packages) == 1


def _bomb(path: Path) -> None:
    archive(path, [("2026/cve-2026-0001.json", b" " * 400_000_000)])


def _long_header(path: Path, form: int) -> None:
    packed_ = archive(path, STATEMENTS)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=form, pax_headers={"comment": "x" * 3_000_000}) as made:
        made.addfile(tarfile.TarInfo("x" * 3_000_000 if form == tarfile.GNU_FORMAT else "a.json"))
    zstd(plain.getvalue(), packed_)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda path: _long_header(path, tarfile.PAX_FORMAT), "a header of more than 1 MB", id="37 extended header of 3 MB"),
        pytest.param(lambda path: _long_header(path, tarfile.GNU_FORMAT), "a header of more than 1 MB", id="37 name of 3 MB"),
        pytest.param(_bomb, "it is made to fill memory", id="37 400 MB of nothing"),
        pytest.param(lambda path: archive(path, [("../../etc/cron.d/x.json", b"{}")]), "holds a file with the name ../../etc", id="37 path in a member"),
        pytest.param(lambda path: archive(path, [("2026/README", b"x")]), "holds no statement", id="36 zero records"),
        pytest.param(lambda path: archive(path, [(f"2026/cve-2026-000{n}.json", b"[" * 100_000) for n in range(3)]), "cannot be read", id="37 deep nesting"),
        pytest.param(lambda path: archive(path, STATEMENTS).write_bytes(b"<html>"), "is not a whole .tar.zst archive", id="36 HTML in its place"),
    ],
)
@pytest.mark.parametrize("module", [True, False], ids=["by the package", "by the program"])
def test_a_hostile_or_broken_archive_is_refused(make, words, module, tmp_path, monkeypatch):
    _by(module, monkeypatch)
    make(tmp_path)
    made = redhat_vex.archive(tmp_path)
    assert made
    with pytest.raises(FeedError, match=words):
        redhat_vex.count(made)


@pytest.mark.parametrize("module", [True, False], ids=["by the package", "by the program"])
def test_an_archive_is_read_by_either_and_one_that_was_cut_by_none(module, tmp_path, monkeypatch):
    _by(module, monkeypatch)
    path = archive(tmp_path, STATEMENTS)
    assert redhat_vex.count(path) == len(STATEMENTS)
    assert len(list(redhat_vex.read(path))) == len(STATEMENTS) - 1  # a container is nothing for a server
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FeedError, match="is not a whole"):
        redhat_vex.count(path)


def _by(module: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if module and packed._module() is None:
        pytest.skip("not run: needs Python 3.14 or backports.zstd")
    if not module:
        needs.command("zstd")
        monkeypatch.setattr(packed, "MODULES", ())


def test_without_anything_that_unpacks_it_says_what_is_wanted(tmp_path, monkeypatch):
    path = archive(tmp_path, STATEMENTS)
    monkeypatch.setattr(packed, "MODULES", ("not_there",))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FeedError, match="pip install backports.zstd"):
        redhat_vex.count(path)


@pytest.mark.parametrize("name", ["", "../x.tar.zst", "csaf_vex_2026-11-20.tar.zst/../../x", "csaf_vex_2026-11-20.tar.gz", "x" * 10_000])
def test_37_the_name_of_the_archive_is_no_path(name):
    with pytest.raises(FeedError, match="names no archive"):
        redhat_vex.archive_name(name.encode())


def test_37_lines_that_name_no_statement_are_left_out(tmp_path):
    path = tmp_path / "changes.csv"
    good = [f'"2026/cve-2026-{number:04}.json","2026-11-21T00:00:00+00:00"' for number in range(100)]
    path.write_text("\n".join(['"../../etc/passwd","2026-11-21T00:00:00+00:00"', *good]))
    assert [line.path for line in redhat_vex.lines(path)] == [f"2026/cve-2026-{number:04}.json" for number in range(100)]
    path.write_text("<html>\n<body>we are down\n</html>\n")
    with pytest.raises(FeedError, match="3 of 3 lines"):
        redhat_vex.lines(path)


TEN_REPOSITORY = ("cpe:/o:redhat:enterprise_linux:10.0::baseos", "cpe:/o:redhat:enterprise_linux:10.1::baseos")


@pytest.mark.parametrize(
    ("case", "version", "cpes", "inside", "outside"),
    [
        ("9", "9.4", ("cpe:/o:redhat:enterprise_linux:9::baseos",), ["enterprise_linux:9::baseos", "enterprise_linux:9"], ["enterprise_linux:9::appstream"]),
        (
            "10 has the fixes of all its minor releases",
            "10.1",
            TEN_REPOSITORY,
            ["enterprise_linux:10.0::baseos", "enterprise_linux:10.1", "enterprise_linux:10"],
            [],
        ),
        (
            "10 and its extended repository stay with their own",
            "10.0",
            (*TEN_REPOSITORY, "cpe:/o:redhat:enterprise_linux_e2s:10.0::baseos"),
            ["enterprise_linux:10.0", "enterprise_linux_e2s:10.0::baseos"],
            ["enterprise_linux:10.1"],
        ),
        ("10 without repositories", "10.1", (), ["enterprise_linux:10.0::baseos", "enterprise_linux:10.2", "enterprise_linux:10"], ["enterprise_linux:9"]),
        (
            "13 EUS",
            "9.2",
            ("cpe:/o:redhat:rhel_eus:9.2::baseos", "cpe:/o:redhat:rhel_eus:9.4::baseos"),
            ["rhel_eus:9.2::baseos", "rhel_eus:9.2"],
            ["rhel_eus:9.4", "enterprise_linux:9"],
        ),
    ],
)
@pytest.mark.parametrize("vex", [True, False], ids=["by its statements", "by OSV"])
def test_products_of_repositories(case, version, cpes, inside, outside, vex):
    start = csaf.ECOSYSTEM if vex else "Red Hat:"
    found = ecosystem.target({"id": "rhel", "version_id": version}, cpes, vex).ecosystems
    assert {f"{start}{name}" for name in inside} <= set(found), case
    assert not {f"{start}{name}" for name in outside} & set(found), case


def test_red_hats_own_repositories():
    packed_ = needs.shared_data("advisories/osv-samples/redhat/repository2cpe") / "repository-to-cpe.json.xz"
    data = json.loads(lzma.decompress(packed_.read_bytes()))["data"]
    for release, version in (("8", "8.10"), ("9", "9.4"), ("10", "10.1")):
        cpes = tuple(cpe for name in ("baseos", "appstream") for cpe in data[f"rhel-{release}-for-x86_64-{name}-rpms"]["cpes"])
        found = ecosystem.target({"id": "rhel", "version_id": version}, cpes, True).ecosystems
        assert f"{csaf.ECOSYSTEM}enterprise_linux:{release}" in found
        assert {f"{csaf.ECOSYSTEM}{cpe.partition(':redhat:')[2]}" for cpe in cpes} <= set(found)
