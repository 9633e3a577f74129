# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real records of every ecosystem, and what servers with the packages they name are told."""

from __future__ import annotations

import json
from pathlib import Path

import advisories_mirror as mirror
import needs
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import (
    ecosystem,
    endoflife,
    installed_dpkg,
    installed_libraries,
    installed_rpm,
)
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.index import Index

# Folder of the samples -> name of the dump.
SAMPLES = {"redhat": "Red Hat", "rocky": "Rocky Linux", "debian": "Debian", "ubuntu": "Ubuntu", "rubygems": "RubyGems", "npm": "npm", "pip": "PyPI"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("samples")
    for folder, name in SAMPLES.items():
        samples = needs.shared_data(f"advisories/osv-samples/{folder}/osv")
        mirror.osv(place, name, [path.read_bytes() for path in sorted(samples.glob("*.json"))])
    (place / "ruby-advisory-db.tar.gz").symlink_to(needs.shared_data("advisories/ruby-advisory-db.tar.gz"))
    for folder, inside in (("nginx", "nginx.org"), ("kev", "kev"), ("endoflife", "endoflife")):
        (place / folder).symlink_to(needs.shared_data(f"advisories/{inside}"))
    (place / "osv" / "Bitnami").symlink_to(needs.shared_data("advisories/mirror/Bitnami"))
    (place / "epss").mkdir()
    (place / "epss" / "epss_scores-current.csv.gz").symlink_to(needs.shared_data("advisories/osv-samples/epss/epss_scores-2023-03-07.csv.gz"))
    return mirror.built(place, place / "index.sqlite")


# (os-release, row, the announcements)
ROCKY = "Rocky Enterprise Software Foundation"
INSTALLED = [
    ({"id": "rhel", "version_id": "9.4"}, ("podman", "2", "4.4.0", "1.el9", "x86_64", "podman-4.4.0-1.el9.src.rpm", "(none)", "Red Hat, Inc."), []),
    ({"id": "rocky", "version_id": "9.5"}, ("bcel", "0", "6.4.1", "8.el9", "noarch", "bcel-6.4.1-8.el9.src.rpm", "(none)", ROCKY), ["RLSA-2023:0005"]),
    ({"id": "rocky", "version_id": "9.5"}, ("bcel", "0", "6.4.1", "9.el9_1", "noarch", "bcel-6.4.1-9.el9_1.src.rpm", "(none)", ROCKY), []),
    (
        {"id": "rocky", "version_id": "8.10"},
        ("ant", "0", "1.10.5", "1.module+el8.3.0+74+855e3f5d", "noarch", "ant-1.10.5-1.src.rpm", "javapackages-tools:201801:8:x", ROCKY),
        ["RLSA-2025:9318"],
    ),
    (
        {"id": "rocky", "version_id": "8.10"},
        ("ant", "0", "1.10.5", "1.module+el8.10.0+2003+8aeac9cb", "noarch", "ant-1.10.5-1.src.rpm", "javapackages-tools:201801:8:x", ROCKY),
        [],
    ),
    ({"id": "ubuntu", "version_id": "22.04"}, ("rabbitmq-server", "3.9.13-1", "all", "rabbitmq-server", "3.9.13-1", "ii "), ["UBUNTU-CVE-2024-51988"]),
    ({"id": "ubuntu", "version_id": "22.04"}, ("rabbitmq-server", "3.9.27-0ubuntu0.1", "all", "rabbitmq-server", "3.9.27-0ubuntu0.1", "ii "), []),
    ({"id": "debian", "version_id": "6.0"}, ("libgnutls26", "2.8.6-1", "amd64", "gnutls26", "2.8.6-1", "ii "), []),
]


@pytest.mark.parametrize(("system", "row", "said"), INSTALLED)
def test_packages_of_a_distribution(base: Index, system: dict[str, str], row: tuple[str, ...], said: list[str]) -> None:
    judge = installed_rpm.judge if len(row) == 8 else installed_dpkg.judge
    assert [base.vuln(hit.vid).id for hit in judge(row, base, ecosystem.target(system))] == said


def test_13_an_eus_server(base: Index) -> None:
    row = ("podman", "2", "4.4.0", "1.el9", "x86_64", "podman-4.4.0-1.el9.src.rpm", "(none)", "Red Hat, Inc.")
    target = ecosystem.target({"id": "rhel", "version_id": "9.2"}, ("cpe:/a:redhat:rhel_eus:9.2::appstream",))
    assert [base.vuln(hit.vid).id for hit in installed_rpm.judge(row, base, target)] == ["RHSA-2024:8709"]


LIBRARIES = [
    ("gems", "ffi", "1.9.23", "CVE-2018-1000201 1.9.24"),
    ("gems", "ffi", "1.9.24", ""),
    ("gems", "microsoft_kiota_http", "6.0.1", "MAL-2023-11 None"),
    ("npm", "jsrsasign", "8.0.17", "GHSA-xxxq-chmp-67g4 8.0.18"),
    ("npm", "@hyperion-util/cookies", "77.77.79", "MAL-2023-1 None"),
    ("npm", "faker.js", "5.0.0", "GSD-2022-1000008 None"),
    ("pypi", "Plone", "5.2.2", "GHSA-2c8c-84w2-j38j 5.2.3"),
    ("pypi", "plone.app.event", "3.2.9", "GHSA-2c8c-84w2-j38j 3.2.10"),
    ("pypi", "adyen", "7.0.0", "PYSEC-2023-1 7.1.0"),
    ("pypi", "adyen", "7.1.0", ""),
    ("pypi", "pillow", "9.1.0", "OSV-2022-1074 None"),
    ("gems", "activesupport", "3.2.21", "withdrawn"),
]


@pytest.mark.parametrize(("kind", "name", "version", "said"), LIBRARIES)
def test_libraries(base: Index, kind: str, name: str, version: str, said: str) -> None:
    hits = installed_libraries.judge_package(kind, name, version, "", base)
    words = [f"{base.vuln(hit.vid).id} {hit.fixed}" for hit in hits]
    if said == "withdrawn":
        assert "GHSA-35c4-f3rq-f9g3" not in " ".join(words)
    else:
        assert words == ([said] if said else [])


def test_nginx_and_bitnami_disagree_where_the_measurement_says_so(base: Index) -> None:
    """CVE-2026-9256 and CVE-2026-42055: nginx.org calls 1.24 to 1.29 vulnerable, Bitnami does not."""
    for version in ("1.24.0", "1.26.3", "1.28.0"):
        hits = {base.vuln(hit.vid).id: hit for hit in installed_libraries.judge_component("nginx", version, base)}
        for cve in ("CVE-2026-9256", "CVE-2026-42055"):
            assert (hits[cve].verdict, hits[cve].note) == ("affected", "nginx.org: affected; Bitnami: not affected")


def test_a_current_nginx_has_no_announcement(base: Index) -> None:
    assert [hit for hit in installed_libraries.judge_component("nginx", "1.31.4", base) if hit.verdict != "unknown"] == []


def test_facts(base: Index) -> None:
    assert base.facts("kev", "CVE-2025-48384") == [
        {"due": "2025-09-15", "ransomware": False, "name": "Git Link Following Vulnerability"},
    ]
    assert base.facts("epss", "CVE-2020-5902") == [[0.97567, 0.99995]]
    assert set(endoflife.COMPONENTS.values()) <= {path.stem for path in needs.shared_data("advisories/endoflife").glob("*.md")}
    for product in (*endoflife.COMPONENTS.values(), *endoflife.SYSTEMS.values()):
        assert base.facts("eol", product), product


def test_repositories_of_red_hat(tmp_path: Path) -> None:
    import lzma

    packed = needs.shared_data("advisories/osv-samples/redhat/repository2cpe/repository-to-cpe.json.xz")
    (tmp_path / "redhat").mkdir()
    (tmp_path / "redhat" / "repository-to-cpe.json").write_bytes(lzma.decompress(packed.read_bytes()))
    with mirror.built(tmp_path, tmp_path / "index") as found:
        (cpes,) = found.facts("repository", "rhel-9-for-x86_64-appstream-rpms")
        assert "cpe:/a:redhat:enterprise_linux:9::appstream" in json.dumps(cpes)
