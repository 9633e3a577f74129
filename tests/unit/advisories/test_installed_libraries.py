# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gems, npm and Python packages, components: aliases, witnesses, requirements, what is no release."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import advisories_mirror as mirror
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import evaluate, installed_libraries, nginx
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.index import Index, Row
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.verdict import Hit

GEMS = [
    mirror.record("GHSA-aaaa-bbbb-cccc", "XSS in sanitizer", [mirror.affected("RubyGems", "rails-html-sanitizer", "1.6.1", "1.6.0")], aliases=["CVE-2026-10"]),
    mirror.record("GHSA-dddd-eeee-ffff", "Split", [mirror.affected("RubyGems", "rack", "3.0.1", "3.0.0")], aliases=["CVE-2026-11"]),
    mirror.record("GHSA-jjjj-kkkk-llll", "Rake", [mirror.affected("RubyGems", "rake", "13.0.3")], aliases=["CVE-2026-13"]),
    mirror.record("MAL-2026-1", "Malicious code", [{"package": {"ecosystem": "RubyGems", "name": "rails-evil"}, "versions": ["6.0.1"]}]),
]
RUBYSEC = {
    "ruby-advisory-db/gems/rails-html-sanitizer/CVE-2026-10.yml": (
        "gem: rails-html-sanitizer\ncve: 2026-10\nghsa: aaaa-bbbb-cccc\ntitle: XSS\ndate: 2026-01-01\ncvss_v3: 9.1\n"
        'unaffected_versions: ["< 1.6.0"]\npatched_versions: [">= 1.6.1"]\n'
    ),
    "ruby-advisory-db/gems/activestorage/CVE-2026-12.yml": (
        'gem: activestorage\ncve: 2026-12\ntitle: Read\ndate: 2026-01-01\npatched_versions: ["~> 7.2.3, >= 7.2.3.2", "~> 8.0.5, >= 8.0.5.1", ">= 8.1.3.1"]\n'
    ),
    "ruby-advisory-db/gems/abandoned/OSV-1.yml": "gem: abandoned\nghsa: gggg-hhhh-iiii\ntitle: Nobody repairs it\ndate: 2026-01-01\n",
    "ruby-advisory-db/gems/rack/CVE-2026-11.yml": 'gem: rack\ncve: 2026-11\ntitle: Split\ndate: 2026-01-01\npatched_versions: [">= 3.0.3"]\n',
    "ruby-advisory-db/gems/rake/CVE-2026-13.yml": 'gem: rake\ncve: 2026-13\ntitle: R\ndate: 2026-01-01\npatched_versions: [">= 13.0.2"]\n',
    "ruby-advisory-db/rubies/ruby/CVE-2013-1.yml": 'engine: ruby\ncve: 2013-1\ndate: 2013-11-22\npatched_versions: ["~> 1.9.3.484", ">= 2.0.0.353"]\n',
}
NGINX = """<!DOCTYPE article SYSTEM "../../dtd/article.dtd"><article><security>
<item name="Overflow" severity="major" advisory="https://x.example/1" cve="2026-20" good="1.31.1+, 1.30.2+" vulnerable="0.1.17-1.31.0"></item>
<item name="Slice" severity="low" cve="2026-21" good="1.31.3+, 1.30.4+" vulnerable="1.15.8-1.31.2"></item>
<item name="Windows" severity="major" cve="2026-22" good="1.3.1+" vulnerable="nginx/Windows 0.7.52-1.3.0"></item>
<item name="Log" severity="none" cve="2009-4487" good="none" vulnerable="all"></item></security></article>"""
BITNAMI = [
    mirror.record("BIT-nginx-2026-20", "", [mirror.affected("Bitnami", "nginx", "1.30.2", "1.30.0")], aliases=["CVE-2026-20"]),
    mirror.record("BIT-nginx-2026-29", "", [mirror.affected("Bitnami", "nginx", "1.28.1")], aliases=["CVE-2026-29"]),
]


def archive(path: Path, files: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as target:
        for name, content in files.items():
            data = content.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            target.addfile(entry, io.BytesIO(data))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("libraries")
    mirror.osv(place, "RubyGems", GEMS)
    mirror.osv(place, "npm", [mirror.record("GHSA-1111-2222-3333", "npm", [mirror.affected("npm", "@scope/left", "8.0.18")])])
    mirror.osv(place, "PyPI", [mirror.record("PYSEC-2026-1", "py", [mirror.affected("PyPI", "some-thing", "7.1.0", "2.2.0")])])
    mirror.osv(place, "Bitnami", BITNAMI)
    archive(place / "ruby-advisory-db.tar.gz", RUBYSEC)
    (place / "nginx").mkdir()
    (place / "nginx" / "security_advisories.xml").write_text(NGINX)
    return mirror.built(place, place / "index.sqlite")


def said(hits: tuple[Hit, ...], base: Index) -> str:
    return "; ".join(f"{hit.verdict} {base.vuln(hit.vid).id if hit.vid else '-'} {hit.fixed}" for hit in hits)


PACKAGES = [
    ("27 one thing of two sources", "gems", "rails-html-sanitizer", "1.6.0", "", "affected CVE-2026-10 1.6.1"),
    ("29 not affected before", "gems", "rails-html-sanitizer", "1.5.9", "", ""),
    ("29 platform", "gems", "rails-html-sanitizer", "1.6.0-x86_64-linux", "", "affected CVE-2026-10 1.6.1"),
    ("29 the fix of the own branch", "gems", "activestorage", "8.0.5", "", "affected CVE-2026-12 8.0.5.1"),
    ("29 an old branch goes to the next", "gems", "activestorage", "7.1.0", "", "affected CVE-2026-12 7.2.3.2"),
    ("29 fixed in its branch", "gems", "activestorage", "7.2.3.2", "", ""),
    ("29 four numbers are not enough", "gems", "activestorage", "7.2.3.1", "", "affected CVE-2026-12 7.2.3.2"),
    ("29 nobody repairs it", "gems", "abandoned", "9.9", "", "unfixed GHSA-gggg-hhhh-iiii None"),
    ("22 a malicious release", "gems", "rails-evil", "6.0.1", "", "unfixed MAL-2026-1 None"),
    ("30 from git", "gems", "rack", "3.0.0", "git", "unknown - None"),
    ("30 from the application", "gems", "rack", "3.0.0", "path", "unknown - None"),
    ("a version that is none", "gems", "rack", "latest", "", "unknown CVE-2026-11 None"),
    ("31 npm with a scope", "npm", "@scope/left", "8.0.17", "", "affected GHSA-1111-2222-3333 8.0.18"),
    ("31 npm, the fix", "npm", "@scope/left", "8.0.18", "", ""),
    ("31 PEP 503", "pypi", "Some_Thing", "2.2.0", "", "affected PYSEC-2026-1 7.1.0"),
    ("31 PEP 440 prerelease", "pypi", "some.thing", "7.1.0rc1", "", "affected PYSEC-2026-1 7.1.0"),
]


@pytest.mark.parametrize(("kind", "name", "version", "source", "words"), [pytest.param(*case[1:], id=case[0]) for case in PACKAGES])
def test_packages(base: Index, kind: str, name: str, version: str, source: str, words: str) -> None:
    hits = installed_libraries.judge_package(kind, name, version, source, base)
    first = said(hits, base).replace("GHSA-aaaa-bbbb-cccc", "CVE-2026-10").replace("GHSA-dddd-eeee-ffff", "CVE-2026-11")
    assert first == words


def test_27_every_name_is_kept(base: Index) -> None:
    (hit,) = installed_libraries.judge_package("gems", "rails-html-sanitizer", "1.6.0", "", base)
    assert {base.vuln(vid).feed for vid in (hit.vid, *hit.others)} == {"osv/RubyGems", "ruby-advisory-db"}


COMPONENTS = [
    ("32 the own branch has no fix", "nginx", "1.28.0", "affected BIT-nginx-2026-29 1.28.1; affected CVE-2026-20 1.30.2; affected CVE-2026-21 1.30.4"),
    ("32 fixed in its branch", "nginx", "1.30.4", ""),
    ("32 the next branch begins vulnerable", "nginx", "1.31.0", "affected CVE-2026-20 1.31.1; affected CVE-2026-21 1.31.3"),
    ("29 patch level of an old Ruby", "ruby", "1.9.3p448", "affected CVE-2013-1 1.9.3.484"),
    ("29 and its fix", "ruby", "1.9.3-p484", ""),
    ("no feed", "openssl", "1.1.1", "unknown - None"),
]


@pytest.mark.parametrize(("name", "version", "words"), [pytest.param(*case[1:], id=case[0]) for case in COMPONENTS])
def test_components(base: Index, name: str, version: str, words: str) -> None:
    assert said(installed_libraries.judge_component(name, version, base), base) == words


def test_witnesses_that_disagree_are_both_named(base: Index) -> None:
    hits = {base.vuln(hit.vid).id: hit for hit in installed_libraries.judge_component("nginx", "1.28.0", base)}
    assert hits["CVE-2026-20"].note == "nginx.org: affected; Bitnami: not affected"
    assert hits["BIT-nginx-2026-29"].note == ""


@pytest.mark.parametrize(
    ("name", "version", "verdict", "note"),
    [
        ("rack", "3.0.2", "affected", "ruby-advisory-db: affected; osv/RubyGems: not affected"),
        ("rake", "13.0.2", "unknown", "osv/RubyGems: affected; ruby-advisory-db: not affected"),
    ],
)
def test_the_first_witness_decides_and_the_other_is_heard(base: Index, name: str, version: str, verdict: str, note: str) -> None:
    (hit,) = installed_libraries.judge_package("gems", name, version, "", base)
    assert (hit.verdict, hit.note) == (verdict, note)


BRANCHES = [
    ("1.31.1+, 1.30.2+", "0.1.17-1.31.0", {"0.1.16": None, "1.29.9": "1.30.2", "1.30.1": "1.30.2", "1.30.2": None, "1.31.0": "1.31.1", "1.31.1": None}),
    ("1.5.11+", "1.5.10", {"1.5.9": None, "1.5.10": "1.5.11", "1.5.11": None}),
    (
        "1.15.6+, 1.14.1+",
        "1.1.3-1.15.5, 1.0.7-1.0.15",
        {"1.0.6": None, "1.0.15": "1.14.1", "1.1.2": None, "1.14.0": "1.14.1", "1.14.1": None, "1.15.5": "1.15.6"},
    ),
    ("1.31.2+", "1.31.0-1.31.1", {"1.30.9": None, "1.31.1": "1.31.2", "1.31.2": None}),
]


@pytest.mark.parametrize(("good", "vulnerable", "versions"), BRANCHES)
def test_32_branches(good: str, vulnerable: str, versions: dict[str, str | None]) -> None:
    row = Row(1, True, "", None, json.dumps({"ranges": nginx.ranges(vulnerable, good)}))
    outcomes = {version: evaluate.evaluate(version, row, evaluate.order("Bitnami")) for version in versions}
    assert {version: outcome.fixed for version, outcome in outcomes.items()} == versions
    assert {version for version, outcome in outcomes.items() if outcome.affected} == {version for version, fixed in versions.items() if fixed}
