# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which feeds a fleet needs, where they come from, and settings that cannot be used."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import feeds_server
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import ecosystem, endoflife, installed_libraries, sources
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import catalog, manifest, needs, one, options
from ansible_collections.bottomup.security.plugins.plugin_utils.settings import SettingError

ALWAYS = {"kev", "epss", "endoflife"}
COMPONENTS = {"osv/Bitnami", "nginx", "node", "postgresql"}


def document(system: str, version: str, **software: Any) -> dict[str, Any]:
    data = {"packages": {"manager": "rpm", "rows": []}, **software}
    return {"facts": {"os": {"id": system, "version_id": version}}, "checks": {"software": {"status": "ok", "data": data}}}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param([], set(), id="no server"),
        pytest.param([{"checks": {"restart": {"data": {"x": 1}}}}], set(), id="no server with the check"),
        pytest.param([document("almalinux", "9.6")], {"AlmaLinux"}, id="AlmaLinux"),
        pytest.param([document("rocky", "8.10"), document("debian", "12")], {"Rocky Linux", "Debian"}, id="two distributions"),
        pytest.param([document("ubuntu", "22.04")], {"Ubuntu"}, id="Ubuntu, Pro is in the same dump"),
        pytest.param([document("rhel", "9.4")], {"Red Hat", "rhel"}, id="RHEL, which Red Hat's own statements are of"),
        pytest.param([document("centos", "7")], {"Red Hat"}, id="CentOS 7"),
        pytest.param([document("centos", "9")], {"centos"}, id="38 CentOS Stream has no feed, but an end"),
        pytest.param(
            [document("debian", "12", applications=[{"kind": "gems"}, {"kind": "npm"}, {"kind": "x"}])], {"Debian", "RubyGems", "npm"}, id="lock files"
        ),
        pytest.param([document("debian", "12", gems=[["rack", "3.0"]])], {"Debian", "RubyGems"}, id="gems for all"),
        pytest.param([document("debian", "12", components=[{"name": "nginx"}, {"name": "redis"}])], {"Debian", "Bitnami", "nginx"}, id="compiled"),
    ],
)
def test_what_a_fleet_needs(documents, expected):
    assert needs.of_documents(documents) == expected


_TEXT = st.text(max_size=20)
_JSON = st.recursive(st.none() | st.booleans() | st.integers() | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=8)


@given(_JSON, _JSON, _JSON)
@settings(deadline=None)
def test_no_document_makes_the_planning_fail(system, applications, whole):
    hostile = {"facts": {"os": system}, "checks": {"software": {"data": {"applications": applications, "components": applications, "gems": whole}}}}
    for found in (needs.of_documents([hostile]), needs.of_documents([whole])):
        assert all(isinstance(name, str) for name in found)
        assert all(isinstance(feed.name, str) for feed in catalog.wanted(found))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (set(), set()),
        ({"centos"}, ALWAYS),
        ({"AlmaLinux"}, ALWAYS | {"osv/AlmaLinux"}),
        ({"RubyGems"}, ALWAYS | {"osv/RubyGems", "ruby-advisory-db"}),
        ({"Red Hat"}, ALWAYS | {"osv/Red Hat", "redhat"}),
        ({"Red Hat", "rhel"}, ALWAYS | {"osv/Red Hat", "redhat", "redhat-vex"}),
        ({"Bitnami", "nginx"}, ALWAYS | COMPONENTS),
        ({"Bitnami", "ruby"}, ALWAYS | COMPONENTS | {"ruby-advisory-db"}),
    ],
)
def test_feeds_for_needs(asked, expected):
    assert {feed.name for feed in catalog.wanted(asked)} == expected


def test_every_ecosystem_that_is_matched_can_be_fetched():
    systems = [("almalinux", "9"), ("rocky", "9"), ("rhel", "9"), ("centos", "7"), ("debian", "12"), ("ubuntu", "24.04")]
    wanted = {name.partition(":")[0] for system in systems for name in ecosystem.target({"id": system[0], "version_id": system[1]}).ecosystems}
    assert wanted | set(installed_libraries.KINDS.values()) <= set(catalog.ECOSYSTEMS)
    products = {file.local for feed in catalog.FEEDS if feed.name == "endoflife" for file in feed.files}
    assert {f"endoflife/{name}.json" for name in (*endoflife.SYSTEMS.values(), *endoflife.COMPONENTS.values())} <= products


def test_every_feed_lies_where_the_index_looks_for_it(tmp_path):
    for feed in catalog.FEEDS:
        for file in feed.files:
            (tmp_path / file.local).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file.local).touch()
    (tmp_path / "redhat/vex/archive_latest.txt").write_text("csaf_vex_2026-11-20.tar.zst\n")
    (tmp_path / "redhat/vex/csaf_vex_2026-11-20.tar.zst").touch()
    assert {source.name for source in sources.find(tmp_path)} == {feed.name for feed in catalog.FEEDS} | {"redhat-vex-changes"}


def test_somebody_who_names_red_hat_gets_its_statements_too():
    assert {feed.name for feed in catalog.wanted({"Red Hat"}, named=True)} == ALWAYS | {"osv/Red Hat", "redhat", "redhat-vex"}


def test_every_check_takes_what_the_reader_takes(tmp_path):
    """Small good files of every kind pass, and an HTML page passes none."""
    feeds_server.whole(tmp_path)
    for feed in catalog.wanted({"AlmaLinux", "RubyGems", "Bitnami"}):
        path = tmp_path / feed.files[0].local
        if feed.name == "endoflife":
            for other in feed.files[1:]:
                (tmp_path / other.local).unlink()
        assert feed.records(path) > 0, feed.name
        path.write_text("<html><title>Login</title></html>")
        with pytest.raises(catalog.shape.FeedError, match="an HTML page|no table of vulnerabilities"):
            feed.records(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("kev", b"[]", "no list of vulnerabilities", id="kev without a list"),
        pytest.param("kev", b'{"vulnerabilities": ' + b"[" * 100_000, "is no JSON", id="37 kev nested deeply"),
        pytest.param("epss", b"no gz", "cannot be read", id="epss that is no gz"),
        pytest.param("epss", gzip.compress(b"0" * 10_000_000, mtime=0) * 30, "has more than", id="37 epss that unpacks to 300 MB"),
        pytest.param("epss", gzip.compress(b"a,b,c\n", mtime=0), "holds no score", id="36 epss without a score"),
        pytest.param("nginx", b'<!DOCTYPE x [<!ENTITY a "b">]><security/>', "entities", id="37 nginx with entities"),
        pytest.param("nginx", b"<security/>", "holds no vulnerability", id="36 nginx without a record"),
        pytest.param("ruby-advisory-db", gzip.compress(b"no tar", mtime=0), "is not a whole .tar.gz", id="ruby-advisory-db that is no tar"),
        pytest.param("endoflife", b"{}", "names no release", id="36 endoflife without a release"),
    ],
)
def test_what_is_no_feed_is_refused(name, content, words, tmp_path):
    feed = next(feed for feed in catalog.FEEDS if feed.name == name)
    path = tmp_path / feed.files[0].local
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(catalog.shape.FeedError, match=words):
        feed.records(path)


@pytest.mark.parametrize(
    ("name", "urls", "mirror", "expected"),
    [
        ("osv/Rocky Linux", {}, "", "https://storage.googleapis.com/osv-vulnerabilities/Rocky%20Linux/all.zip"),
        ("osv/Rocky Linux", {}, "https://m.example/f/", "https://m.example/f/osv/Rocky%20Linux/all.zip"),
        ("osv/Rocky Linux", {}, "/srv/feeds", "/srv/feeds/osv/Rocky Linux/all.zip"),
        ("osv/Rocky Linux", {"osv": "https://o.example"}, "/srv/feeds", "https://o.example/Rocky%20Linux/all.zip"),
        ("osv/Rocky Linux", {"osv": "/srv/bucket/"}, "", "/srv/bucket/Rocky Linux/all.zip"),
        ("osv/npm", {"osv": "https://o.example", "osv/npm": "https://n.example"}, "", "https://n.example/npm/all.zip"),
        ("kev", {"osv": "https://o.example"}, "", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"),
    ],
)
def test_where_a_feed_is_fetched_from(name, urls, mirror, expected):
    feed = next(feed for feed in catalog.FEEDS if feed.name == name)
    assert catalog.address(feed, feed.files[0], urls, mirror) == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"feeds_urls": {"osw": "https://x"}}, "daily_check_feeds_urls names 'osw'"),
        ({"feeds_urls": []}, "daily_check_feeds_urls is"),
        ({"feeds_urls": {"kev": "ftp://x"}}, "daily_check_feeds_urls.kev is no URL"),
        ({"feeds_mirror": "feeds"}, "daily_check_feeds_mirror is no URL"),
        ({"feeds_mirror": "https://x\ny"}, "daily_check_feeds_mirror is no URL"),
        ({"feeds_ecosystems": ["Alma"]}, "names 'Alma'"),
        ({"feeds_ecosystems": {"a": 1}}, "daily_check_feeds_ecosystems is"),
        ({"feeds_accept_shrink": ["osv"]}, "daily_check_feeds_accept_shrink names 'osv': there is no such feed"),
        ({"feeds_accept_shrink": 1}, "daily_check_feeds_accept_shrink is 1"),
        ({"feeds_ca": "/nowhere/ca.pem"}, "daily_check_feeds_ca is"),
        ({"feeds_max_age": "a day"}, "daily_check_feeds_max_age is"),
        ({"feeds_timeout": 0}, "daily_check_feeds_timeout is"),
        ({"pages": "https://x"}, "daily_check_pages is no list"),
        ({"pages": [{"name": "x"}]}, r"daily_check_pages\[0\].url is no URL"),
        ({"pages": [{"name": "", "url": "https://x"}]}, r"daily_check_pages\[0\] has no name"),
        ({"pages": [{"name": "x", "url": "https://x", "every": 1}]}, r"daily_check_pages\[0\] is no mapping"),
        ({"pages": [{"name": "x", "url": "javascript:alert(1)"}]}, r"daily_check_pages\[0\].url is no URL"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(given, words):
    with pytest.raises(SettingError, match=words):
        options.checked(given)


def test_no_message_holds_a_password():
    with pytest.raises(SettingError) as error:
        options.checked({"feeds_mirror": "ftp://user:secret@x"})
    assert "secret" not in str(error.value)


def test_settings_as_they_are_by_default():
    found = options.checked({})
    assert (found.max_age, found.timeout, found.ecosystems, found.pages) == (20 * 3600, 600, (), ())
    assert options.checked({"feeds_ecosystems": "AlmaLinux, npm"}).ecosystems == ("AlmaLinux", "npm")


@pytest.mark.parametrize(
    ("age", "status", "expected"),
    [(3600, "ok", False), (21 * 3600, "ok", True), (3600, "failed", True), (3600, "refused", True), (-7200, "ok", True), (None, "ok", True)],
    ids=["young", "old", "failed", "refused", "dated in the future", "not there"],
)
def test_what_is_due(age, status, expected, tmp_path):
    feed = next(feed for feed in catalog.FEEDS if feed.name == "kev")
    now = time.time()
    path = tmp_path / feed.files[0].local
    if age is not None:
        path.parent.mkdir()
        path.write_text("{}")
        os.utime(path, (now - age, now - age))
    entry = manifest.Entry("kev", "", status, "", now, now, None, 1, "", ())
    assert one.due(tmp_path, feed, entry, now, 20 * 3600) is expected


def test_documents_of_a_run_that_cannot_be_read_are_left_out(tmp_path):
    (tmp_path / "web1.json.gz").write_bytes(gzip.compress(json.dumps(document("almalinux", "9")).encode()))
    (tmp_path / "web2.json.gz").write_bytes(b"no gz")
    (tmp_path / "web3.json.gz").symlink_to(Path("/dev/zero"))
    (tmp_path / "web4.json.gz").write_bytes(gzip.compress(b"[" * 100_000))
    assert needs.of_documents(needs.documents(tmp_path)) == {"AlmaLinux"}
    assert list(needs.documents(tmp_path / "none")) == []


def test_the_newest_run_that_knows_of_software_is_asked(tmp_path):
    for name, system in (("3", None), ("2", "almalinux"), ("1", "debian")):
        (tmp_path / name).mkdir()
        content = document(system, "9") if system else {"checks": {"restart": {"data": {}}}}
        (tmp_path / name / "web1.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))
    assert needs.of_runs([tmp_path / name for name in "4321"]) == {"AlmaLinux"}
    assert needs.of_runs([tmp_path / "3"]) == frozenset()
