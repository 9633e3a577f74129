# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The announcements in the daily report: documents of a spool, a mirror of samples, a real ansible-playbook, every way out."""

from __future__ import annotations

import gzip
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import advisories_mirror as mirror
from advisories_hosts import DEBIAN, age, document, rpm, software
from audit import Audit, audit
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from schemas import faults

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import result
from ansible_collections.bottomup.security.plugins.plugin_utils import spool
from ansible_collections.bottomup.security.plugins.plugin_utils.playbooks import FEEDS_COMMAND

PLAYBOOK = "bottomup.security.report"
NOW = "2026-11-22T06:00:00Z"
SHOP = {"path": "/home/deploy/apps/shop/current", "file": "Gemfile.lock", "kind": "gems", "packages": [["rack", "3.0.0", ""], ["rails", "7.0.8", ""]]}
UPDATED = 1_794_550_000  # 2026-11-13
STALE = {
    "processes": [
        {
            "pid": 812,
            "comm": "nginx",
            "unit": "nginx.service",
            "started": "2026-11-02T00:00:00Z",
            "files": [{"path": "/usr/lib64/libssl.so.3", "reason": "replaced", "package": "openssl-libs", "installed": "2026-11-13T06:25:03Z"}],
        }
    ],
    "services": [{"name": "nginx.service", "pids": [812], "commands": ["nginx -t && systemctl restart nginx.service"]}],
}


def feeds(place: Path) -> Path:
    """Write a mirror: AlmaLinux, Debian and gems, what is exploited, how probable that is, and what ends."""
    curl = [mirror.affected("AlmaLinux:9", "curl", "7.76.1-40.el9")]
    openssl = [mirror.affected("AlmaLinux:9", "openssl-libs", "1:3.0.7-28.el9")]
    alma = [
        mirror.record("ALSA-2026:2", "Low: curl security update", curl, related=["CVE-2026-0002"]),
        mirror.record("ALSA-2026:7", "Important: openssl security update", openssl, related=["CVE-2026-0007"]),
    ]
    mirror.osv(place, "AlmaLinux", alma)
    debian = [mirror.affected("Debian:12", "openssl", "3.0.15-1~deb12u1")]
    mirror.osv(place, "Debian", [mirror.record("DSA-9-1", "openssl", debian, related=["CVE-2026-0007"])])
    mirror.osv(place, "RubyGems", [mirror.record("GHSA-aaaa-bbbb-cccc", "XSS", [mirror.affected("RubyGems", "rack", "3.0.1")], aliases=["CVE-2026-0008"])])
    (place / "kev").mkdir()
    entries = [{"cveID": "CVE-2026-0002", "dueDate": "2026-12-01", "knownRansomwareCampaignUse": "Known", "vulnerabilityName": "curl"}]
    (place / "kev" / "known_exploited_vulnerabilities.json").write_text(json.dumps({"vulnerabilities": entries}))
    (place / "epss").mkdir()
    (place / "epss" / "epss_scores-current.csv.gz").write_bytes(gzip.compress(b"#m\ncve,epss,percentile\nCVE-2026-0007,0.43,0.97\n"))
    (place / "endoflife").mkdir()
    (place / "endoflife" / "ruby-on-rails.json").write_text(json.dumps([{"cycle": "7.0", "eol": "2025-04-01", "latest": "7.0.10"}]))
    age(place, 3600)
    return place


def spooled(folder: Path) -> None:
    """Spool six hosts: AlmaLinux with old and with new packages, Debian, and one that is not to be judged."""
    old, new = rpm("curl", "7.76.1", "29.el9"), rpm("curl", "7.76.1", "40.el9")
    openssl = ["openssl-libs", "1", "3.0.7", "28.el9", "x86_64", "openssl-3.0.7-28.el9.src.rpm", "(none)", "AlmaLinux"]
    libssl = ["libssl3", "3.0.11-1", "amd64", "openssl", "3.0.11-1", "ii "]
    restarted = software(new, openssl, upgrades=[["openssl-libs", "1:3.0.7-27.el9", UPDATED]])
    hosts = [
        document("web1", software(old, applications=[SHOP]), restart=result()),
        document("web2", software(old), restart=result()),
        document("web3", software(new), restart=result()),
        document("tls1", restarted, restart=result([], STALE)),
        document("db1", {"packages": {"manager": "dpkg", "rows": [libssl]}}, DEBIAN, restart=result()),
        document("odd1", software(old), {"id": "centos", "version_id": "9"}, restart=result()),
    ]
    for item in hosts:
        spool.write_document(spool.new_run(folder / "state" / "bottomup-security", "run1"), {**item, "run_id": "run1"})


def report(folder: Path, **variables: Any) -> Audit:
    inventory = folder / "hosts"
    inventory.write_text("web1\nweb2\nweb3\ntls1\ndb1\nodd1\n")
    given = {"daily_check_runs": ["run1"], "daily_check_now": NOW, "daily_check_report_dir": str(folder / "out"), **variables}
    return audit(folder, inventory, "-e", json.dumps(given), playbook=PLAYBOOK, history=True)


def written(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text())
    summary = json.loads((folder / "out" / "summary.json").read_text())
    assert faults("run-1", read) == [] and faults("summary-1", summary) == []
    assert summary["announcements"] == read["announcements"]
    return read


def test_the_day(tmp_path: Path) -> None:
    spooled(tmp_path)
    statement = {
        "vulnerability": {"name": "CVE-2026-0008"},
        "products": ["pkg:gem/rack"],
        "status": "not_affected",
        "justification": "vulnerable_code_not_present",
    }
    vex = {"@context": "https://openvex.dev/ns/v0.2.0", "author": "ops", "timestamp": "2026-11-01T00:00:00Z", "statements": [statement]}
    (tmp_path / "vex.json").write_text(json.dumps(vex))
    outputs = ["json", "html", "text", "sarif", "cyclonedx", "cyclonedx_applications"]
    done = report(tmp_path, daily_check_feeds_dir=str(feeds(tmp_path / "mirror")), daily_check_outputs=outputs, daily_check_vex=[str(tmp_path / "vex.json")])
    assert done.rc == 2, done.shown  # critical: the run fails by its threshold
    read = written(tmp_path)
    rows = {(group["rule"], group["subject"]): (group["severity"], group["hosts"], group["remedy"]["variants"]) for group in read["groups"]}
    dnf = [{"commands": ["dnf upgrade --advisory=ALSA-2026:2"], "hosts": ["web1", "web2"]}]
    assert rows["software.advisory", "ALSA-2026:2"] == ("critical", ["web1", "web2"], dnf)
    apt = [{"commands": ["apt-get update", "apt-get install --only-upgrade libssl3"], "hosts": ["db1"]}]
    assert rows["software.advisory", "DSA-9-1"] == ("high", ["db1"], apt)
    restart = [{"commands": ["nginx -t && systemctl restart nginx.service"], "hosts": ["tls1"]}]
    assert rows["software.still_running", "nginx.service openssl-libs"] == ("high", ["tls1"], restart)
    assert rows["software.end_of_life", "ruby-on-rails 7.0"][:2] == ("high", ["web1"])
    assert [(group["subject"], group["accepted"]["vex"]) for group in read["accepted"]] == [("CVE-2026-0008 rack", "not_affected")]
    statuses = {host["host"]: host["checks"]["software"]["status"] for host in read["hosts"]}
    assert statuses == {"web1": "findings", "web2": "findings", "web3": "ok", "tls1": "findings", "db1": "findings", "odd1": "incomplete"}
    assert read["announcements"]["hosts"] == {"judged": 6, "affected": 4, "unknown": 1}
    assert sorted(item["id"] for item in read["vulnerabilities"]) == ["ALSA-2026:2", "DSA-9-1", "GHSA-aaaa-bbbb-cccc"]
    page = " ".join(re.sub(r"<[^>]+>", "", (tmp_path / "out" / "report.html").read_text()).split())
    for words in ("ALSA-2026:2 curl, KEV due 2026-12-01", "nginx.service still runs openssl-libs 1:3.0.7-27.el9 with CVE-2026-0007 (EPSS 43%); "):
        assert words in page
    assert "3 announcements on 4 of 6 hosts, 1 of them exploited (CISA KEV)" in " ".join((tmp_path / "out" / "report.txt").read_text().split())
    boms = sorted(path.name for path in (tmp_path / "out" / "cyclonedx").iterdir())
    assert boms == [f"{name}.cdx.json" for name in ("db1", "odd1", "tls1", "web1", "web2", "web3")]
    (application,) = (tmp_path / "out" / "cyclonedx_applications").iterdir()
    for path in (*(tmp_path / "out" / "cyclonedx").iterdir(), application):
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text()) is None, path.name
    analysis = json.loads(application.read_text())["vulnerabilities"][0]["analysis"]
    assert (analysis["state"], analysis["justification"]) == ("not_affected", "code_not_present")


def test_without_feeds_and_again_with_them_the_report_is_whole(tmp_path: Path) -> None:
    spooled(tmp_path)
    report(tmp_path, daily_check_feeds_dir=str(tmp_path / "mirror"), daily_check_fail_on="never")
    read = written(tmp_path)
    assert [group for group in read["groups"] if group["check"] == "software"] == []
    assert {host["checks"]["software"]["status"] for host in read["hosts"]} == {"incomplete"}
    assert read["announcements"]["off_reason"].startswith("There are no announcements on the controller")
    page = html.unescape(re.sub(r"<[^>]+>", "", (tmp_path / "out" / "report.html").read_text()))
    assert f"{FEEDS_COMMAND} -i {tmp_path}/hosts -e daily_check_feeds_dir={tmp_path}/mirror" in page and page.count(FEEDS_COMMAND) == 1
    feeds(tmp_path / "mirror")
    report(tmp_path, daily_check_feeds_dir=str(tmp_path / "mirror"), daily_check_fail_on="never")
    assert [group["subject"] for group in written(tmp_path)["groups"] if group["severity"] == "critical"] == ["ALSA-2026:2"]
    # An HTML page of a proxy in the place of the dump, then no file at all: the last good state, and its age.
    (tmp_path / "mirror" / "osv" / "AlmaLinux" / "all.zip").write_text("<html>503</html>")
    shutil.rmtree(tmp_path / "mirror" / "osv" / "Debian")
    report(tmp_path, daily_check_feeds_dir=str(tmp_path / "mirror"), daily_check_fail_on="never")
    read = written(tmp_path)
    assert [group["subject"] for group in read["groups"] if group["severity"] == "critical"] == ["ALSA-2026:2"]
    assert next(feed["problem"] for feed in read["announcements"]["feeds"] if feed["name"] == "osv/AlmaLinux").startswith("all.zip is not a whole zip")
    assert next(host["checks"]["software"]["status"] for host in read["hosts"] if host["host"] == "web3") == "incomplete"
