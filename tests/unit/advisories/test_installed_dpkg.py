# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages: source names and versions, statuses, Ubuntu Pro, kernels, packages of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import advisories_mirror as mirror
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import ecosystem, installed_dpkg, kernels
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.index import Index
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.verdict import Hit

DEBIAN = [
    mirror.record("DSA-1-1", "openssl - security update", [mirror.affected("Debian:12", "openssl", "3.0.11-1~deb12u2")], related=["CVE-2026-1"]),
    mirror.record("DEBIAN-CVE-2026-1", "", [mirror.affected("Debian:12", "openssl", "3.0.11-1~deb12u2"), mirror.affected("Debian:11", "openssl", "1.1.1w-1")]),
    mirror.record("DEBIAN-CVE-2026-2", "", [mirror.affected("Debian:12", "curl", None)]),
    mirror.record("DEBIAN-CVE-2026-3", "", [mirror.affected("Debian:12", "linux", "6.1.106-3")]),
    mirror.record("DEBIAN-CVE-2026-4", "", [mirror.affected("Debian:12", "nginx", "1.22.1-9+deb12u1")]),
    mirror.record("DEBIAN-CVE-2026-5", "", [mirror.affected("Debian:12", "zlib", "1:1.2.13.dfsg-1")]),
]
UBUNTU = [
    mirror.record(
        "UBUNTU-CVE-2026-1",
        "",
        [mirror.affected("Ubuntu:22.04:LTS", "rabbitmq-server", None), mirror.affected("Ubuntu:Pro:22.04:LTS", "rabbitmq-server", "3.9.27-0ubuntu0.1+esm1")],
    ),
    mirror.record("UBUNTU-CVE-2026-2", "", [mirror.affected("Ubuntu:22.04:LTS", "linux-hwe-6.8", "6.8.0-47.47~22.04.1")]),
    {"id": "UBUNTU-CVE-2023-4004", "upstream": ["CVE-2023-4004"], "affected": []},
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("dpkg")
    mirror.osv(place, "Debian", DEBIAN)
    mirror.osv(place, "Ubuntu", UBUNTU)
    return mirror.built(place, place / "index.sqlite")


BOOKWORM = ecosystem.target({"id": "debian", "version_id": "12"})
JAMMY = ecosystem.target({"id": "ubuntu", "version_id": "22.04"})

# (case, target, row, what the announcements say)
CASES: list[tuple[str, ecosystem.Target, tuple[str, ...], str]] = [
    ("15 binary of a source", BOOKWORM, ("libssl3", "3.0.11-1~deb12u1", "amd64", "openssl", "3.0.11-1~deb12u1", "ii "), "affected affected"),
    ("15 a rebuild has its source's version", BOOKWORM, ("zlib1g", "1:1.2.13.dfsg-1+b1", "amd64", "zlib", "1:1.2.13.dfsg-1", "ii "), ""),
    ("16 the update itself", BOOKWORM, ("libssl3", "3.0.11-1~deb12u2", "amd64", "openssl", "3.0.11-1~deb12u2", "ii "), ""),
    ("17 removed, configuration kept", BOOKWORM, ("libssl3", "3.0.1-1", "amd64", "openssl", "3.0.1-1", "rc "), ""),
    ("17 half configured is on the disk", BOOKWORM, ("libssl3", "3.0.1-1", "amd64", "openssl", "3.0.1-1", "iF "), "affected affected"),
    ("23 no fix", BOOKWORM, ("curl", "7.88.1-10", "amd64", "curl", "7.88.1-10", "ii "), "unfixed"),
    ("18 signed kernel of Debian", BOOKWORM, ("linux-image-6.1.0-23-amd64", "6.1.99-1", "amd64", "linux-signed-amd64", "6.1.99+1", "ii "), "affected"),
    ("18 and its fix", BOOKWORM, ("linux-image-6.1.0-25-amd64", "6.1.106-3", "amd64", "linux-signed-amd64", "6.1.106+3", "ii "), ""),
    ("18 headers do not run", BOOKWORM, ("linux-headers-6.1.0-23-amd64", "6.1.99-1", "amd64", "linux", "6.1.99-1", "ii "), ""),
    ("18 nor does the meta package", BOOKWORM, ("linux-image-amd64", "6.1.99-1", "amd64", "linux-signed-amd64", "6.1.99+1", "ii "), ""),
    ("18 HWE", JAMMY, ("linux-image-6.8.0-40-generic", "6.8.0-40.40~22.04.3", "amd64", "linux-signed-hwe-6.8", "6.8.0-40.40~22.04.3", "ii "), "affected"),
    (
        "19 Ubuntu Pro",
        JAMMY,
        ("rabbitmq-server", "3.9.27-0ubuntu0.1", "all", "rabbitmq-server", "3.9.27-0ubuntu0.1", "ii "),
        "affected the fix needs Ubuntu Pro",
    ),
    ("19 with Pro's build", JAMMY, ("rabbitmq-server", "3.9.27-0ubuntu0.1+esm1", "all", "rabbitmq-server", "3.9.27-0ubuntu0.1+esm1", "ii "), "unfixed"),
    (
        "34 nginx.org",
        BOOKWORM,
        ("nginx", "1.26.1-1~bookworm", "amd64", "nginx", "1.26.1-1~bookworm", "ii "),
        "unknown built by its own",
    ),
    (
        "34 PGDG",
        BOOKWORM,
        ("postgresql-16", "16.4-1.pgdg120+1", "amd64", "postgresql-16", "16.4-1.pgdg120+1", "ii "),
        "unknown built by the Post",
    ),
    ("34 a backport", BOOKWORM, ("curl", "8.9.1-2~bpo12+1", "amd64", "curl", "8.9.1-2~bpo12+1", "ii "), "unknown a backport"),
]


@pytest.mark.parametrize(("target", "row", "said"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_cases(base: Index, target: ecosystem.Target, row: tuple[str, ...], said: str) -> None:
    hits = installed_dpkg.judge(row, base, target)
    assert " ".join(" ".join(filter(None, (hit.verdict, hit.note))) for hit in hits).startswith(said)
    assert bool(hits) == bool(said)


def test_25_a_record_without_packages_is_no_error(base: Index) -> None:
    assert {feed.name: feed.records for feed in base.feeds()} == {"osv/Debian": 6, "osv/Ubuntu": 3}


def hits(count: int) -> tuple[Hit, ...]:
    return tuple(Hit("affected", number, "kernel-core", "1", "2") for number in range(count))


OLD = kernels.Kernel("5.14.0-362.el9.x86_64", hits(3))
MIDDLE = kernels.Kernel("5.14.0-427.el9.x86_64", hits(1))
NEW = kernels.Kernel("5.14.0-570.el9.x86_64", ())

# (case, installed, running, hits that count, hits that do not, newest, words of what is unknown)
KERNELS: list[tuple[Any, ...]] = [
    ("14 the running one counts", [OLD, MIDDLE, NEW], "5.14.0-427.el9.x86_64", 1, 3, NEW.release, ""),
    ("14 the newest one runs", [OLD, MIDDLE, NEW], "5.14.0-570.el9.x86_64", 0, 4, "", ""),
    ("14 a variant", [OLD, MIDDLE], "5.14.0-427.el9.x86_64+rt", 1, 3, "", ""),
    ("14 not known which runs", [OLD, MIDDLE], "", 1, 3, "", ""),
    ("14 a kernel of nobody", [OLD], "6.9.0-custom", 0, 3, "", "belongs to no installed package"),
    ("14 no kernel at all (container)", [], "6.1.0-25-amd64", 0, 0, "", ""),
]


@pytest.mark.parametrize(("installed", "running", "count", "others", "newest", "unknown"), [pytest.param(*case[1:], id=case[0]) for case in KERNELS])
def test_kernels(installed: list[kernels.Kernel], running: str, count: int, others: int, newest: str, unknown: str) -> None:
    verdict = kernels.judge(installed, running, "rpm")
    assert (len(verdict.hits), verdict.others, verdict.newest) == (count, others, newest)
    assert unknown in verdict.unknown
    assert bool(unknown) == bool(verdict.unknown)


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("kernel-core", "5.14.0-570.el9.x86_64"),
        ("kernel-modules-core", "5.14.0-570.el9.x86_64"),
        ("kernel-rt-core", "5.14.0-570.el9.x86_64"),
        ("kernel-devel", "5.14.0-570.el9.x86_64"),
        ("kernel-tools", ""),
        ("kernel-headers", ""),
        ("kernelshark", ""),
    ],
)
def test_packages_of_a_kernel(name: str, release: str) -> None:
    assert kernels.of_rpm(name, "5.14.0", "570.el9", "x86_64") == release


def test_debian_kernels_sort_by_version(tmp_path: Path) -> None:
    old, new = kernels.Kernel("6.1.0-9-amd64", hits(2)), kernels.Kernel("6.1.0-25-amd64", ())
    assert kernels.judge([old, new], "6.1.0-9-amd64", "dpkg").newest == "6.1.0-25-amd64"
