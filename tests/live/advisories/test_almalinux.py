# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole dump of AlmaLinux: builds of modules, and hosts that have every update."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import advisories_mirror as mirror
import needs
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import ecosystem, installed_rpm
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.index import Index
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.versions import rpm

# Announcements that the table leaves out of its stream-aware column, and why they belong there. Everything else is equal, row by row.
BEYOND_THE_TABLE = {
    ("ALSA-2020:1644", "pki-deps:10.6"): "the title names two streams, pki-core:10.6 and pki-deps:10.6; the table takes the first",
    ("ALSA-2024:3061", "pki-deps:10.6"): "the title names two streams, pki-core:10.6 and pki-deps:10.6; the table takes the first",
    ("ALSA-2024:4246", "container-tools:rhel8"): "the title names no stream, but ALSA-2024:3968 names it for the same build el8.10.0+3858+6ad51f9f",
    ("ALSA-2024:4499", "ruby:2.5"): "the title names no stream, but others name it for the same build el8.10.0+3871+342e2c2f",
}


@pytest.fixture(scope="module")
def alma(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("alma")
    (place / "osv").mkdir()
    (place / "osv" / "AlmaLinux").symlink_to(needs.shared_data("advisories/mirror/AlmaLinux"))
    return mirror.built(place, place / "index.sqlite")


def installed(alma: Index, release: str, name: str, evr: str, stream: str) -> set[str]:
    """Return the announcements that an installed build is affected by."""
    epoch, version, tail = rpm.split(evr)
    row = (name, epoch, version, tail or "", "x86_64", f"{name}-1-1.src.rpm", f"{stream}:1:c" if stream else "(none)", "AlmaLinux")
    return {alma.vuln(hit.vid).id for hit in installed_rpm.judge(row, alma, ecosystem.target({"id": "almalinux", "version_id": release}))}


def test_10_every_row_of_the_modularity_table(alma: Index) -> None:
    table = needs.shared_data("advisories/rpm-modularity/alma_stream_cases.tsv")
    more: Counter[tuple[str, str]] = Counter()
    missing = []
    count = 0
    with table.open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            count += 1
            name, module = row["name"], row["modularity_name_stream"]
            found = installed(alma, row["ecosystem"].partition(":")[2], name, row["installed_evr"], module)
            wanted = set(filter(None, row["stream_aware_advisory_ids"].split(",")))
            more.update((advisory, module) for advisory in found - wanted)
            missing += [(name, row["installed_evr"], advisory) for advisory in wanted - found]
    assert (count, missing) == (2707, [])
    assert sorted(more) == sorted(BEYOND_THE_TABLE)


def newest(alma: Index, release: str) -> dict[tuple[str, str], str]:
    """Return the newest build that the dump names of every package in every stream."""
    best: dict[tuple[str, str], str] = {}
    for name in alma.names(f"AlmaLinux:{release}"):
        for row in alma.rows(f"AlmaLinux:{release}", name):
            for stream in row.stream.split() or [""]:
                if row.fixed and stream != "?" and rpm.key(row.fixed) > rpm.key(best.get((name, stream), "")):
                    best[name, stream] = row.fixed
    return best


@pytest.mark.parametrize(("release", "least"), [("8", 7000), ("9", 3000), ("10", 1500)])
def test_a_host_with_every_update_has_no_finding(alma: Index, release: str, least: int) -> None:
    builds = newest(alma, release)
    wrong = {key: found for key, evr in builds.items() if (found := installed(alma, release, key[0], evr, key[1]))}
    assert len(builds) > least
    assert wrong == {}


def test_a_host_without_the_updates_has_findings(alma: Index) -> None:
    assert installed(alma, "9", "nginx-core", "2:1.26.2-1.module_el9.5.0+1+1", "nginx:1.26")
    assert installed(alma, "9", "openssl-libs", "1:3.0.1-1.el9", "")


def test_9_an_announcement_for_two_releases_is_one(alma: Index, tmp_path: Path) -> None:
    double = [mirror.record("ALSA-1", "x", [mirror.affected(f"AlmaLinux:{release}", "p", f"2-1.el{release}")]) for release in ("8", "9")]
    mirror.osv(tmp_path, "AlmaLinux", double)
    with mirror.built(tmp_path, tmp_path / "index") as base:
        assert [row.fixed for release in ("8", "9") for row in base.rows(f"AlmaLinux:{release}", "p")] == ["2-1.el8", "2-1.el9"]
        assert base.feeds()[0].records == 1
