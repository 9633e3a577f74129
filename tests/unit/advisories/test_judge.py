# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server's software means: findings, priority, remedies, ends of support, what is unknown."""

from __future__ import annotations

import calendar
import gzip
import json
import os
from pathlib import Path
from typing import Any

import advisories_mirror as mirror
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import judge

NOW = calendar.timegm((2026, 11, 22, 6, 0, 0))
ALMA = {"id": "almalinux", "version_id": "9.6"}

NGINX = "2:1.26.3-1.module_el9.6.0+1+a"
RECORDS = [
    mirror.record(
        "ALSA-2026:1",
        "Important: nginx:1.26 security update",
        [mirror.affected("AlmaLinux:9", "nginx-core", "2:1.26.3-1.module_el9.6.0+1+a")],
        related=["CVE-2026-0001"],
    ),
    mirror.record("ALSA-2026:2", "Low: curl security update", [mirror.affected("AlmaLinux:9", "curl", "7.76.1-40.el9")], related=["CVE-2026-0002"]),
    mirror.record("ALSA-2026:3", "Moderate: zlib security update", [mirror.affected("AlmaLinux:9", "zlib", "1.2.11-41.el9")], related=["CVE-2026-0003"]),
    mirror.record("ALSA-2026:4", "Low: kernel security update", [mirror.affected("AlmaLinux:9", "kernel-core", "5.14.0-570.el9")], related=["CVE-2026-0004"]),
    mirror.record("ALSA-2026:5", "later", [mirror.affected("AlmaLinux:9", "bash", None)], related=["CVE-2026-0005"]),
    mirror.record("ALSA-2026:6", "never", [mirror.affected("AlmaLinux:9", "sudo", None)], related=["CVE-2026-0006"]),
]
KEV = [
    {"cveID": "CVE-2026-0002", "dueDate": "2026-12-01", "knownRansomwareCampaignUse": "Known", "vulnerabilityName": "curl"},
    {"cveID": "CVE-2026-0006", "dueDate": "2026-12-02", "knownRansomwareCampaignUse": "Unknown", "vulnerabilityName": "sudo"},
]
EPSS = "#model_version:v2023.03.01,score_date:2026-11-21\ncve,epss,percentile\nCVE-2026-0003,0.42,0.97\nCVE-2026-0001,0.001,0.2\n"
ENDS = {
    "almalinux": [{"cycle": "9", "eol": "2032-05-31", "latest": "9.8"}, {"cycle": "8", "eol": "2026-01-01", "latest": "8.10"}],
    "ruby": [{"cycle": "3.0", "eol": "2024-04-23", "latest": "3.0.7"}, {"cycle": "3.4", "eol": "2027-01-15", "latest": "3.4.9"}],
    "ruby-on-rails": [{"cycle": "8.0", "eol": "2026-12-31", "latest": "8.0.9"}],
    "nginx": [{"cycle": "1.30", "eol": False, "latest": "1.30.4"}],
}


def make(place: Path) -> judge.Judge:
    mirror.osv(place, "AlmaLinux", RECORDS)
    mirror.osv(place, "Debian", [mirror.record("DSA-1-1", "openssl", [mirror.affected("Debian:12", "openssl", "3.0.11-1")], related=["CVE-2026-0009"])])
    mirror.osv(place, "RubyGems", [mirror.record("GHSA-aaaa-bbbb-cccc", "XSS", [mirror.affected("RubyGems", "rack", "3.0.1")], aliases=["CVE-2026-0008"])])
    (place / "kev").mkdir()
    (place / "kev" / "known_exploited_vulnerabilities.json").write_text(json.dumps({"vulnerabilities": KEV}))
    (place / "epss").mkdir()
    (place / "epss" / "epss_scores-current.csv.gz").write_bytes(gzip.compress(EPSS.encode()))
    (place / "endoflife").mkdir()
    for product, cycles in ENDS.items():
        (place / "endoflife" / f"{product}.json").write_text(json.dumps(cycles))
    for path in place.rglob("*"):
        os.utime(path, (NOW - 3600, NOW - 3600))
    return judge.Judge(mirror.built(place, place / "index.sqlite"), NOW)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> judge.Judge:
    return make(tmp_path_factory.mktemp("judge"))


def rpm(name: str, version: str, release: str, label: str = "(none)", vendor: str = "AlmaLinux", epoch: str = "0") -> list[str]:
    return [name, epoch, version, release, "x86_64", f"{name}-{version}-{release}.src.rpm", label, vendor]


def software(*rows: list[str], **more: Any) -> dict[str, Any]:
    return {"packages": {"manager": "rpm", "rows": list(rows)}, "kernel_running": "", **more}


OLD = [rpm("nginx-core", "1.26.2", "1.module_el9.5.0+1+b", "nginx:1.26:9:x", epoch="2"), rpm("curl", "7.76.1", "29.el9"), rpm("zlib", "1.2.11", "40.el9")]


def test_priority(base: judge.Judge) -> None:
    """KEV before EPSS before the vendor's word: a "Low" that is exploited is critical, a "Moderate" that probably will be is high."""
    found = base.software(ALMA, software(*OLD))
    rows = {item["subject"]: (item["severity"], item["evidence"][0]["text"]) for item in found["findings"]}
    assert rows == {
        "ALSA-2026:2": ("critical", "CVE-2026-0002 is known to be exploited (CISA KEV, due 2026-12-01, used by ransomware); rated low"),
        "ALSA-2026:1": ("high", "rated high"),
        "ALSA-2026:3": ("high", "CVE-2026-0003 is exploited within 30 days with a probability of 42% (EPSS); rated medium"),
    }
    assert found["status"] == "findings"
    assert [item["severity"] for item in found["findings"]] == ["critical", "high", "high"]


def test_a_finding(base: judge.Judge) -> None:
    found = next(item for item in base.software(ALMA, software(*OLD))["findings"] if item["subject"] == "ALSA-2026:1")
    assert found["rule"] == "software.advisory"
    assert found["title"] == "ALSA-2026:1 nginx-core: Important: nginx:1.26 security update"
    assert found["evidence"][1] == {"source": "nginx-core", "text": "installed 2:1.26.2-1.module_el9.5.0+1+b, fixed in 2:1.26.3-1.module_el9.6.0+1+a"}
    assert found["remedy"]["commands"] == ["dnf upgrade --advisory=ALSA-2026:1"]
    assert found["references"] == ["CVE-2026-0001", "ALSA-2026:1"]


def test_everything_updated_is_ok(base: judge.Judge) -> None:
    rows = [rpm("curl", "7.76.1", "40.el9"), rpm("zlib", "1.2.11", "41.el9"), rpm("tree", "1.8", "1.el9")]
    found = base.software(ALMA, software(*rows))
    assert (found["status"], found["findings"], found["data"]["packages"]) == ("ok", [], 3)


def test_23_without_a_fix_is_counted_and_an_exploited_one_is_told(base: judge.Judge) -> None:
    found = base.software(ALMA, software(rpm("bash", "5.1", "1.el9"), rpm("sudo", "1.9", "1.el9")))
    assert [(item["rule"], item["severity"], item["subject"]) for item in found["findings"]] == [
        ("software.advisory", "critical", "ALSA-2026:6"),
        ("software.unfixed", "info", "without a fix"),
    ]
    assert found["data"]["unfixed"] == 2


def test_14_a_kernel_that_waits_for_a_reboot(base: judge.Judge) -> None:
    rows = [rpm("kernel-core", "5.14.0", "427.el9"), rpm("kernel-core", "5.14.0", "570.el9")]
    (found,) = base.software(ALMA, software(*rows, kernel_running="5.14.0-427.el9.x86_64"))["findings"]
    assert found["remedy"]["commands"] == ["systemctl reboot"]
    assert "5.14.0-570.el9.x86_64 is installed" in found["remedy"]["text"]
    after = base.software(ALMA, software(*rows, kernel_running="5.14.0-570.el9.x86_64"))
    assert (after["status"], after["data"]["not_running"]) == ("ok", 1)
    assert base.software(ALMA, software(*rows, kernel_running="5.14.0-427.el9.x86_64"), container=True)["status"] == "ok"


def test_34_third_party_packages_are_counted_as_unknown(base: judge.Judge) -> None:
    found = base.software(ALMA, software(rpm("htop", "3", "1.el9", vendor="Fedora Project"), rpm("jq", "1", "1.el9", vendor="Fedora Project")))
    (row,) = found["findings"]
    assert (row["rule"], row["severity"]) == ("software.unknown", "info")
    assert row["evidence"] == [{"source": "2 packages", "text": "built by Fedora Project, not by the distribution"}]
    assert found["data"]["unknown"] == [{"reason": "built by Fedora Project, not by the distribution", "packages": 2}]


# (case, os-release, words of the reason)
UNKNOWN = [
    ("38 CentOS Stream", {"id": "centos", "version_id": "9"}, "CentOS Stream has no announcements"),
    ("no feed for it", {"id": "rocky", "version_id": "9.4"}, "no feed at hand for Rocky Linux:9: ansible-playbook bottomup.security.feeds"),
    ("35 end of life", {"id": "almalinux", "version_id": "8.10"}, "no feed at hand for AlmaLinux:8"),
]


@pytest.mark.parametrize(("system", "words"), [pytest.param(*case[1:], id=case[0]) for case in UNKNOWN])
def test_unknown_is_never_ok(base: judge.Judge, system: dict[str, str], words: str) -> None:
    found = base.software(system, software(rpm("openssh", "8.7p1", "41.el9", vendor="CentOS")))
    assert found["status"] == "incomplete"
    assert words in found["status_reason"]
    assert found["data"]["unknown"][0]["packages"] == 1


def test_35_end_of_life(base: judge.Judge) -> None:
    components = [
        {"name": name, "version": version, "path": f"/opt/{name}/{version}", "how": ""}
        for name, version in (("ruby", "3.0.6"), ("ruby", "3.4.1"), ("nginx", "1.30.1"))
    ]
    rails = {"path": "/home/shop/apps/shop/current", "file": "Gemfile.lock", "kind": "gems", "packages": [["rails", "8.0.5", ""]]}
    found = base.software({"id": "almalinux", "version_id": "8.10"}, software(components=components, applications=[rails]))
    ends = [(item["severity"], item["subject"], item["title"]) for item in found["findings"] if item["rule"] == "software.end_of_life"]
    assert ends == [
        ("high", "almalinux 8", "Support of almalinux 8 ended on 2026-01-01"),
        ("high", "ruby 3.0", "Support of ruby 3.0 ended on 2024-04-23"),
        ("medium", "ruby 3.4", "Support of ruby 3.4 ends on 2027-01-15"),
        ("medium", "ruby-on-rails 8.0", "Support of ruby-on-rails 8.0 ends on 2026-12-31"),
    ]
    assert "almalinux 8 gets no security fixes any more" in found["status_reason"]


def test_gems_of_two_applications_are_one_finding(base: judge.Judge) -> None:
    places = [{"path": f"/home/{name}/current", "file": "Gemfile.lock", "kind": "gems", "packages": [["rack", "3.0.0", ""]]} for name in ("blog", "shop")]
    (found,) = base.software(ALMA, {"applications": places, "gems": [["rack", "2.0.0"]]})["findings"]
    assert found["subject"] == "CVE-2026-0008 rack"
    assert [item["source"] for item in found["evidence"]] == ["priority", "/home/blog/current/Gemfile.lock", "/home/shop/current/Gemfile.lock", "gem list"]
    assert found["remedy"]["commands"] == ["bundle update --conservative rack", "gem update rack"]


PENDING = {"source": "dnf updateinfo", "complete": True, "security": [{"name": "curl"}, {"name": "vim"}]}

# (case, pending, what is said of which package)
WITNESSES: list[tuple[str, Any, dict[str, str]]] = [
    ("they disagree", PENDING, {"vim": "dnf updateinfo has a security update", "zlib": "announced as fixed in 1.2.11-41.el9"}),
    ("they agree", {**PENDING, "security": [{"name": "curl"}, {"name": "zlib"}]}, {}),
    ("its lists are old", {**PENDING, "complete": False}, {}),
    ("it was not asked", {}, {}),
    ("it says nonsense", {**PENDING, "security": "all"}, {"curl": "announced as fixed", "zlib": "announced as fixed"}),
]


@pytest.mark.parametrize(("pending", "said"), [pytest.param(*case[1:], id=case[0]) for case in WITNESSES])
def test_two_witnesses(base: judge.Judge, pending: Any, said: dict[str, str]) -> None:
    found = base.software(ALMA, software(*OLD[1:], pending=pending))
    evidence = {part["source"]: part["text"] for item in found["findings"] if item["rule"] == "software.witnesses" for part in item["evidence"]}
    assert set(evidence) == set(said)
    assert all(evidence[name].startswith(words) for name, words in said.items())


def test_debian_commands(base: judge.Judge) -> None:
    rows = [["libssl3", "3.0.1-1", "amd64", "openssl", "3.0.1-1", "ii "], ["openssl", "3.0.1-1", "amd64", "openssl", "3.0.1-1", "ii "]]
    (found,) = base.software({"id": "debian", "version_id": "12"}, {"packages": {"manager": "dpkg", "rows": rows}})["findings"]
    assert found["remedy"]["commands"] == ["apt-get update", "apt-get install --only-upgrade libssl3 openssl"]


def test_a_stale_feed_is_said(tmp_path: Path) -> None:
    base = make(tmp_path)
    later = judge.Judge(base.index, NOW + 5 * 86400)
    found = later.software(ALMA, software(rpm("curl", "7.76.1", "40.el9")))
    assert found["status"] == "incomplete"
    assert "feed osv/AlmaLinux is 5 days old" in found["status_reason"]


# What a server may send instead of a list of software.
HOSTILE: list[Any] = [
    {"packages": {"manager": "rpm", "rows": [[1, 2], None, "x", rpm("curl", "7.76.1", "29.el9"), ["curl", {}, [], "", "", "", "", ""]]}},
    {"packages": {"manager": "rpm", "rows": "everything"}, "applications": {"a": 1}, "components": [1], "gems": ["x", [1, 2]]},
    {"packages": {"manager": "pacman", "rows": []}, "applications": [{"kind": "gems", "packages": [["rack"], None]}]},
    {
        "packages": [],
        "components": [{"name": None, "version": {}}],
        "applications": [{"kind": "gems", "path": 5, "packages": [["rack", "3; rm -rf /", ""]]}],
    },
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_list_harms_nobody(base: judge.Judge, number: int) -> None:
    found = base.software(ALMA, HOSTILE[number])
    assert found["status"] in ("incomplete", "findings", "ok")
    if number == 0:
        assert "4 packages of the list cannot be read" in found["status_reason"]
        assert [item["subject"] for item in found["findings"]] == ["ALSA-2026:2"]
    assert base.software(ALMA, software(rpm("curl", "7.76.1", "40.el9")))["status"] == "ok"


def test_no_command_has_what_is_no_name_of_a_package(base: judge.Judge, tmp_path: Path) -> None:
    mirror.osv(tmp_path, "Debian", [mirror.record("DSA-1-1", "x", [mirror.affected("Debian:12", "x;reboot", "2")])])
    other = judge.Judge(mirror.built(tmp_path, tmp_path / "index"), NOW)
    found = other.software({"id": "debian", "version_id": "12"}, {"packages": {"manager": "dpkg", "rows": [["a;b", "1", "all", "x;reboot", "1", "ii "]]}})
    assert found["findings"][0]["remedy"]["commands"][1] == "apt-get upgrade"
    assert "not known what is being exploited" in found["status_reason"]


def test_a_document_without_software_is_incomplete(base: judge.Judge) -> None:
    assert base.document({"checks": {}})["status"] == "incomplete"
    document = {"facts": {"os": ALMA}, "checks": {"software": {"status": "ok", "data": software(*OLD)}}}
    assert len(base.document(document)["findings"]) == 3
