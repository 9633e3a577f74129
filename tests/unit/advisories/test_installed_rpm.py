# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rpm packages against announcements: streams, epochs, vendors, releases."""

from __future__ import annotations

from pathlib import Path

import advisories_mirror as mirror
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import ecosystem, installed_rpm, streams
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.index import Index
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.versions import rpm

ALMA = [
    mirror.record(
        "ALSA-2026:0001",
        "Important: nginx:1.26 security update",
        [mirror.affected("AlmaLinux:9", "nginx-core", "2:1.26.3-1.module_el9.6.0+140+aaaa1111"), mirror.affected("AlmaLinux:9", "nginx-all", "1.0-1.el9")],
        related=["CVE-2026-0001"],
    ),
    mirror.record("ALSA-2026:0002", "Moderate: nginx security update", [mirror.affected("AlmaLinux:9", "nginx-core", "2:1.20.1-28.el9_8.4.alma.1")]),
    mirror.record("ALSA-2026:0003", "Low: ruby security update", [mirror.affected("AlmaLinux:9", "ruby", "3.1.7-146.module_el9.6.0+150+bbbb2222")]),
    mirror.record(
        "ALSA-2026:0004", "Low: ruby:3.1 and rubies:1 security update", [mirror.affected("AlmaLinux:9", "ruby-libs", "3.1.7-146.module_el9.6.0+150+bbbb2222")]
    ),
    mirror.record("ALSA-2026:0005", "Low: ruby:3.1 security update", [mirror.affected("AlmaLinux:9", "rake", "13.0-1.module_el9.6.0+150+bbbb2222")]),
    mirror.record("ALSA-2026:0006", "Low: pki security update", [mirror.affected("AlmaLinux:9", "pki", "11.5.1-2.module_el9.6.0+170+dddd4444")]),
    mirror.record(
        "ALSA-2026:0007",
        "Low: glibc security update",
        [mirror.affected("AlmaLinux:9", "glibc", "2.34-100.el9_4.2"), mirror.affected("AlmaLinux:8", "glibc", "2.28-251.el8_10.2")],
    ),
    mirror.record("ALSA-2026:0008", "Important: openssh security update", [mirror.affected("AlmaLinux:9", "openssh", "8.7p1-38.el9_4.1")]),
    mirror.record(
        "ALSA-2026:0009",
        "Low: tools:1 security update",
        [
            mirror.affected("AlmaLinux:9", "tool", "1.5-1.module_el9.5.0+160+cccc3333"),
            mirror.affected("AlmaLinux:9", "tool", "1.5-1.module_el9.6.0+165+cccc5555"),
        ],
    ),
    mirror.record("ALBA-2026:0010", "zlib bug fix update", [mirror.affected("AlmaLinux:9", "zlib", "1.2.11-41.el9")]),
    mirror.record("ALBA-2026:0014", "httpd bug fix update", [mirror.affected("AlmaLinux:9", "httpd", "2.4.57-9.el9")], related=["CVE-2026-0014"]),
    mirror.record("ALSA-2026:0011", "Low: epoch security update", [mirror.affected("AlmaLinux:9", "epoch", "1:1.0-1.el9")]),
    mirror.record("ALSA-2026:0012", "Low: gone security update", [mirror.affected("AlmaLinux:9", "gone", "9-1")], withdrawn="2026-01-03T00:00:00Z"),
    mirror.record("ALSA-2026:0013", "Low: waiting", [mirror.affected("AlmaLinux:9", "waiting", None)]),
]


@pytest.fixture(scope="module")
def alma(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("alma")
    mirror.osv(place, "AlmaLinux", ALMA)
    return mirror.built(place, place / "index.sqlite")


NINE = ecosystem.target({"id": "almalinux", "version_id": "9.6"})

# (case, name, EVR, label, what the announcements say)
CASES = [
    ("1 an epoch wins", "epoch", "2.0-1.el9", "", "affected 1:1.0-1.el9"),
    ("1 epoch (none) is 0", "epoch", "(none):2.0-1.el9", "", "affected 1:1.0-1.el9"),
    ("6 a backport is a fix", "nginx-core", "2:1.20.1-28.el9_8.4.alma.1", "", ""),
    ("7 the dist suffix counts", "openssh", "8.7p1-38.el9", "", "affected 8.7p1-38.el9_4.1"),
    ("8 the other release's fix is not compared", "glibc", "2.34-100.el9_4.2", "", ""),
    ("10 base system, not the module's fix", "nginx-core", "2:1.20.1-27.el9", "", "affected 2:1.20.1-28.el9_8.4.alma.1"),
    ("10 the module's own fix", "nginx-core", "2:1.26.2-1.module_el9.5.0+120+eeee", "nginx:1.26:9:x", "affected 2:1.26.3-1.module_el9.6.0+140+aaaa1111"),
    ("10 another stream", "nginx-core", "2:1.24.0-4.module_el9.5.0+90+ffff", "nginx:1.24:9:x", ""),
    (
        "10 the stream of an unnamed fix is that of its build",
        "ruby",
        "3.1.2-1.module_el9.1.0+1+1",
        "ruby:3.1:9:x",
        "affected 3.1.7-146.module_el9.6.0+150+bbbb2222",
    ),
    ("10 and of no other", "ruby", "3.0.1-1.module_el9.1.0+1+1", "ruby:3.0:9:x", ""),
    ("10 two streams in one title", "ruby-libs", "3.1.2-1.module_el9.1.0+1+1", "rubies:1:9:x", "affected 3.1.7-146.module_el9.6.0+150+bbbb2222"),
    (
        "10 a stream that nobody names: only the same upstream version",
        "pki",
        "11.5.0-1.module_el9.1.0+1+1",
        "pki:1:9:x",
        "affected 11.5.1-2.module_el9.6.0+170+dddd4444",
    ),
    ("10 not another upstream version", "pki", "10.6.0-1.module_el9.1.0+1+1", "pki:1:9:x", ""),
    ("10 label lost, build known", "rake", "13.0-1.module_el9.6.0+150+bbbb2222", "", ""),
    ("10 label lost, build not known", "ruby-libs", "3.1.2-1.module_el9.1.0+1+1", "", "unknown 3.1.7-146.module_el9.6.0+150+bbbb2222"),
    ("10 label lost, newer than every fix", "ruby-libs", "3.1.8-1.module_el9.7.0+200+1", "", ""),
    ("12 one hit, with the newest build", "tool", "1.5-1.module_el9.4.0+100+1", "tools:1:9:x", "affected 1.5-1.module_el9.6.0+165+cccc5555"),
    ("12 the newest build itself", "tool", "1.5-1.module_el9.6.0+165+cccc5555", "tools:1:9:x", ""),
    ("23 no fix yet", "waiting", "1-1", "", "unfixed None"),
    ("24 withdrawn", "gone", "1-1", "", ""),
    ("33 a bug fix is no vulnerability", "zlib", "1.2.11-1.el9", "", ""),
    ("33 unless it names one", "httpd", "2.4.57-8.el9", "", "affected 2.4.57-9.el9"),
    ("a key in the rpm database", "gpg-pubkey", "1-1", "", ""),
]


@pytest.mark.parametrize(("name", "evr", "label", "said"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_cases(alma: Index, name: str, evr: str, label: str, said: str) -> None:
    epoch, version, release = rpm.split(evr)
    row = (name, epoch, version, release or "", "x86_64", f"{name}-{version}-{release}.src.rpm", label or "(none)", "AlmaLinux")
    assert "; ".join(f"{hit.verdict} {hit.fixed}" for hit in installed_rpm.judge(row, alma, NINE)) == said


def test_34_another_vendors_package_is_unknown_and_said(alma: Index) -> None:
    row = ("nginx-core", "2", "1.20.1", "1.el9.ngx", "x86_64", "nginx-1.20.1-1.src.rpm", "(none)", "NGINX Packaging")
    (hit,) = installed_rpm.judge(row, alma, NINE)
    assert (hit.verdict, hit.note) == ("unknown", "built by NGINX Packaging, not by the distribution")


ROCKY = mirror.record(
    "RLSA-2026:0001",
    "Important: openssl security update",
    [mirror.affected("Rocky Linux:9", "openssl", "1:3.0.7-27.el9")],
    upstream=["CVE-2026-0001"],
    severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
)


def test_rocky_names_source_packages(tmp_path: Path) -> None:
    mirror.osv(tmp_path, "Rocky Linux", [ROCKY])
    with mirror.built(tmp_path, tmp_path / "index") as base:
        target = ecosystem.target({"id": "rocky", "version_id": "9.4"})
        row = ("openssl-libs", "1", "3.0.7", "16.el9", "x86_64", "openssl-3.0.7-16.el9.src.rpm", "(none)", "Rocky Enterprise Software Foundation")
        (hit,) = installed_rpm.judge(row, base, target)
        assert (hit.verdict, hit.fixed) == ("affected", "1:3.0.7-27.el9")
        assert base.vuln(hit.vid).cves == ("CVE-2026-0001",)
        assert (base.vuln(hit.vid).severity, base.vuln(hit.vid).score) == ("high", 9.8)


def test_rockys_cloud_kernels_are_no_update_of_the_distributions(tmp_path: Path) -> None:
    affected = [mirror.affected("Rocky Linux:8", "kernel", "0:4.18.0-425.10.1.el8_7.cloud")]
    mirror.osv(tmp_path, "Rocky Linux", [mirror.record("RXSA-2023:0101", "Important: kernel security update", affected)])
    with mirror.built(tmp_path, tmp_path / "index") as base:
        target = ecosystem.target({"id": "rocky", "version_id": "8.10"})
        for release, count in (("425.10.1.el8_7", 0), ("425.3.1.el8_7", 0), ("425.3.1.el8_7.cloud", 1)):
            source = f"kernel-4.18.0-{release}.src.rpm"
            row = ("kernel-core", "0", "4.18.0", release, "x86_64", source, "(none)", "Rocky Enterprise Software Foundation")
            assert len(installed_rpm.judge(row, base, target)) == count


RED_HAT = [
    mirror.record("RHSA-2026:1", "podman", [mirror.affected("Red Hat:rhel_eus:9.2::appstream", "podman", "2:4.4.1-21.el9_2")]),
    mirror.record(
        "RHSA-2026:2",
        "Red Hat Security Advisory: podman security update",
        [mirror.affected("Red Hat:enterprise_linux:9::appstream", "podman", "2:4.9.4-18.el9_4")],
    ),
]


@pytest.mark.parametrize(
    ("case", "version", "cpes", "said"),
    [
        ("13 plain 9.6", "9.6", (), ["RHSA-2026:2"]),
        ("13 EUS of 9.2", "9.2", ("cpe:/a:redhat:rhel_eus:9.2::appstream", "cpe:/a:redhat:rhel_eus:9.4::appstream"), ["RHSA-2026:1"]),
        ("13 EUS of another minor release", "9.4", ("cpe:/a:redhat:rhel_eus:9.2::appstream", "cpe:/a:redhat:rhel_eus:9.4::appstream"), []),
    ],
)
def test_red_hat(tmp_path: Path, case: str, version: str, cpes: tuple[str, ...], said: list[str]) -> None:
    mirror.osv(tmp_path, "Red Hat", RED_HAT)
    with mirror.built(tmp_path, tmp_path / "index") as base:
        row = ("podman", "2", "4.4.0", "1.el9", "x86_64", "podman-4.4.0-1.el9.src.rpm", "(none)", "Red Hat, Inc.")
        hits = installed_rpm.judge(row, base, ecosystem.target({"id": "rhel", "version_id": version}, cpes))
        assert [base.vuln(hit.vid).id for hit in hits] == said, case


@pytest.mark.parametrize(
    ("case", "system", "words"),
    [
        ("2, 38 CentOS Stream", {"id": "centos", "version_id": "9"}, "CentOS Stream has no announcements"),
        ("Debian testing", {"id": "debian"}, "without a release number"),
        ("no os-release", {}, "cannot be told"),
        ("a distribution without a feed", {"id": "gentoo", "version_id": "2.17"}, "no feed covers gentoo 2.17"),
    ],
)
def test_unknown_systems(case: str, system: dict[str, str], words: str) -> None:
    assert words in ecosystem.target(system).unknown, case


@pytest.mark.parametrize(
    ("system", "ecosystems"),
    [
        ({"id": "almalinux", "version_id": "10.0"}, ("AlmaLinux:10",)),
        ({"id": "centos", "version_id": "7"}, tuple(f"Red Hat:enterprise_linux:7::{kind}" for kind in ("server", "client", "workstation", "computenode"))),
        ({"id": "debian", "version_id": "12"}, ("Debian:12",)),
        ({"id": "ubuntu", "version_id": "22.04"}, ("Ubuntu:22.04:LTS",)),
        ({"id": "ubuntu", "version_id": "24.10"}, ("Ubuntu:24.10",)),
    ],
)
def test_known_systems(system: dict[str, str], ecosystems: tuple[str, ...]) -> None:
    assert ecosystem.target(system).ecosystems == ecosystems


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Important: nginx:1.26 security update", "nginx:1.26"),
        ("Low: 389-ds:1.4 security and bug fix update", "389-ds:1.4"),
        ("Important: virt:rhel and virt-devel:rhel security update", "virt:rhel virt-devel:rhel"),
        ("Moderate: ruby security update", "?"),
        ("Red Hat Security Advisory: podman security update", "?"),
    ],
)
def test_streams_of_a_title(title: str, named: str) -> None:
    assert streams.named(title) == named


def test_11_builds_of_a_module_are_not_compared_across_distributions(tmp_path: Path) -> None:
    """Red Hat writes .module+el8.10.0+23140+, AlmaLinux .module_el8.10.0+4006+: which of two is newer says nothing."""
    for distribution, build in (("Rocky Linux", "9.module+el8.10.0+9999+abcd1234"), ("Red Hat", "9.module+el8.10.0+23140+abcd1234")):
        affected = [mirror.affected(f"{distribution}:8", "nginx-core", f"1:1.26.9-{build}"), mirror.affected(f"{distribution}:8", "nginx", f"1:1.26.9-{build}")]
        mirror.osv(tmp_path, distribution, [mirror.record(f"X-{distribution[0]}", "Important: nginx:1.26 security update", affected)])
    mirror.osv(tmp_path, "AlmaLinux", [mirror.record("ALSA-1", "Low: other update", [mirror.affected("AlmaLinux:8", "other", "2-1")])])
    with mirror.built(tmp_path, tmp_path / "index") as base:
        row = ("nginx-core", "1", "1.26.2", "1.module_el8.10.0+4006+be12ce0c", "x86_64", "nginx-1.26.2-1.src.rpm", "nginx:1.26:8:x", "AlmaLinux")
        assert installed_rpm.judge(row, base, ecosystem.target({"id": "almalinux", "version_id": "8.10"})) == ()
