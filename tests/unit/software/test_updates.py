# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic updates: set up, installing, succeeding; and which security updates wait."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from software_server import DAY, MAIN, NOW, SECURITY, Server, answer, policy, rules, stanza

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_pending, software_updates_apt
from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso

HOUR = 3600

APT = """APT "";
APT::Periodic "";
APT::Periodic::Enable "1";
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Origins-Pattern "";
Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";
"""


def log(age: float, *lines: str) -> str:
    """Return a run of unattended-upgrades as it logs it, in the time of the server."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(NOW - age))
    return "".join(f"{when},123 {line}\n" for line in ("INFO Starting unattended upgrades script", *lines))


GOOD = "INFO No packages found that can be upgraded unattended and no pending auto-removals"


def debian(tmp_path: Path, config: str = APT) -> Server:
    """Return a server whose unattended-upgrades worked six hours ago."""
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("bash"))
    for name in ("apt-config", "unattended-upgrade", "apt-get"):
        server.program(name)
    server.says[b"apt-config"] = answer(config)
    server.boot_systemd()
    server.says[b"systemctl"] = answer("\n\n".join(4 * ["ActiveState=active"]))
    for name in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        server.timer(name, stamp=6 * HOUR)
    server.write("/var/lib/apt/periodic/update-stamp", age=7 * HOUR)
    server.write("/var/lib/apt/periodic/upgrade-stamp", age=6 * HOUR)
    server.write("/var/log/unattended-upgrades/unattended-upgrades.log", log(6 * HOUR, GOOD))
    return server


def test_that_work_are_no_finding(tmp_path: Path) -> None:
    result = debian(tmp_path).check()
    assert result["status"] == "ok", result["findings"]
    updates = result["data"]["updates"]
    assert (updates["tool"], updates["enabled"], updates["applies"], updates["scope"]) == ("unattended-upgrades", True, True, "security")
    assert updates["last_success"] == iso(NOW - 7 * HOUR)


def without(server: Server, name: str) -> None:
    (server.folder / name.lstrip("/")).unlink()


NOT_SET_UP: dict[str, tuple[Any, str]] = {
    "not installed": (lambda server: without(server, "/usr/bin/unattended-upgrade"), "not installed"),
    "Enable 0": (lambda server: server.says.update({b"apt-config": answer(APT.replace('Enable "1"', 'Enable "0"'))}), "Enable is off"),
    "lists never refreshed": (lambda server: server.says.update({b"apt-config": answer(APT.replace('Lists "1"', 'Lists "0"'))}), "Update-Package-Lists is 0"),
    "Unattended-Upgrade 0": (lambda server: server.says.update({b"apt-config": answer(APT.replace('Upgrade "1"', 'Upgrade "0"'))}), "Unattended-Upgrade is 0"),
    "no origins": (lambda server: server.says.update({b"apt-config": answer(APT[:APT.index("Unattended-Upgrade::Or")])}), "allows nothing"),
    "timer disabled": (
        lambda server: without(server, "/etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer"), "apt-daily-upgrade.timer is disabled"),
    "timer masked": (lambda server: server.link("/etc/systemd/system/apt-daily.timer", "/dev/null"), "apt-daily.timer is masked"),
}


@pytest.mark.parametrize(("change", "words"), NOT_SET_UP.values(), ids=list(NOT_SET_UP))
def test_not_set_up(tmp_path: Path, change: Any, words: str) -> None:
    server = debian(tmp_path)
    change(server)
    result = server.check()
    assert rules(result) == ["software.updates_not_set_up"]
    assert words in result["findings"][0]["title"] and result["findings"][0]["remedy"]["commands"]
    assert rules(server.check(automatic_updates=False)) == []


def test_a_timer_that_was_stopped_is_not_set_up(tmp_path: Path) -> None:
    server = debian(tmp_path)
    # In the order of the names: apt-daily-upgrade.service and .timer, apt-daily.service and .timer.
    server.says[b"systemctl"] = answer("\n\n".join(f"ActiveState={state}" for state in ("inactive", "inactive", "inactive", "active")))
    assert "apt-daily-upgrade.timer is stopped" in server.check()["findings"][0]["title"]


def without_systemd(tmp_path: Path, *running: str) -> Server:
    """Return that server with its timers on the disk, as apt brings them, and with another init that runs these."""
    server = debian(tmp_path)
    (server.folder / "run/systemd/system").rmdir()
    server.write("/etc/cron.daily/apt-compat", "#!/bin/sh\n", mode=0o755)
    for pid, name in enumerate(("init", *running), 1):
        server.write(f"/proc/{pid}/comm", f"{name}\n")
    return server


@pytest.mark.parametrize("cron", ["cron", "crond"])
def test_cron_installs_updates_where_systemd_does_not_run(tmp_path: Path, cron: str) -> None:
    assert without_systemd(tmp_path, "sshd", cron).check()["status"] == "ok"


def test_timers_are_nothing_where_neither_systemd_nor_cron_runs(tmp_path: Path) -> None:
    result = without_systemd(tmp_path, "sshd").check()
    assert rules(result) == ["software.updates_not_set_up"] and "neither systemd nor cron runs" in result["findings"][0]["title"]
    assert result["findings"][0]["remedy"]["commands"] == ["apt-get install cron", "service cron start"]


def test_cron_that_has_no_job_of_apt_installs_nothing(tmp_path: Path) -> None:
    server = without_systemd(tmp_path, "cron")
    (server.folder / "etc/cron.daily/apt-compat").chmod(0o644)
    assert "cron has no /etc/cron.daily/apt-compat" in server.check()["findings"][0]["title"]


def test_cron_that_may_be_hidden_is_incomplete(tmp_path: Path) -> None:
    server = without_systemd(tmp_path)
    without(server, "/proc/1/comm")
    result = server.check()
    assert result["status"] == "incomplete" and "whether cron runs is hidden" in result["status_reason"] and not result["findings"]


def test_systemctl_that_hangs_is_said_and_the_disk_believed(tmp_path: Path) -> None:
    server = debian(tmp_path)
    server.says[b"systemctl"] = answer("", timed_out=True)
    result = server.check()
    assert result["status"] == "incomplete" and "systemctl show did not answer" in result["status_reason"] and not result["findings"]


FAILING = {
    "dpkg": (
        log(6 * HOUR, "INFO Packages that will be upgraded: nginx", "ERROR Installing the upgrades failed!", "ERROR error message: x"),
        "Installing the upgrades"),
    "after a good one": (log(30 * HOUR, GOOD) + log(6 * HOUR, "ERROR Cache has broken packages, exiting"), "broken packages"),
}


@pytest.mark.parametrize(("lines", "words"), FAILING.values(), ids=list(FAILING))
def test_that_fail(tmp_path: Path, lines: str, words: str) -> None:
    server = debian(tmp_path)
    server.write("/var/log/unattended-upgrades/unattended-upgrades.log", lines)
    result = server.check()
    assert rules(result) == ["software.updates_failing"]
    assert words in result["findings"][0]["title"] and result["data"]["updates"]["last_error"]["time"] == iso(NOW - 6 * HOUR)


def test_an_error_of_an_earlier_run_is_over(tmp_path: Path) -> None:
    server = debian(tmp_path)
    server.write("/var/log/unattended-upgrades/unattended-upgrades.log", log(30 * HOUR, "ERROR Cache lock can not be acquired, exiting") + log(6 * HOUR, GOOD))
    assert rules(server.check()) == []


SILENT = {
    # age of the lists, of the last success, days since the boot, options; silent?
    "3 days are not more than 3": (2.9, 2.9, 30, {}, False),
    "4 days": (4, 4, 30, {}, True),
    "lists of 4 days, nothing found in them": (4, 0.2, 30, {}, True),
    "off for a week, on since an hour": (7, 7, 0.04, {}, False),
    "off for a week, on since two days": (7, 7, 2, {}, True),
    "5 days where 7 are allowed": (5, 5, 30, {"silent_days": 7}, False),
}


@pytest.mark.parametrize(("lists", "success", "boot", "options", "silent"), SILENT.values(), ids=list(SILENT))
def test_silent(tmp_path: Path, lists: float, success: float, boot: float, options: dict[str, Any], silent: bool) -> None:
    server = debian(tmp_path)
    server.write("/proc/stat", f"btime {int(NOW - boot * DAY)}\n")
    server.write("/var/lib/apt/periodic/update-stamp", age=lists * DAY)
    server.write("/var/lib/apt/periodic/upgrade-stamp", age=success * DAY)
    server.write("/var/log/unattended-upgrades/unattended-upgrades.log", log(success * DAY, GOOD))
    assert rules(server.check(**options)) == (["software.updates_silent"] if silent else [])


def test_never_ran_at_all(tmp_path: Path) -> None:
    server = debian(tmp_path)
    for name in ("/var/lib/apt/periodic/upgrade-stamp", "/var/log/unattended-upgrades/unattended-upgrades.log"):
        without(server, name)
    assert "never ran" in server.check()["findings"][0]["title"]
    server.write("/proc/stat", f"btime {int(NOW - 2 * DAY)}\n")
    assert rules(server.check()) == []  # a new machine has three days


def test_excluded_packages(tmp_path: Path) -> None:
    server = debian(tmp_path, APT + 'Unattended-Upgrade::Package-Blacklist:: "linux-";\n')
    result = server.check()
    assert rules(result) == ["software.excluded"] and result["data"]["updates"]["excluded"] == ["linux-"]


def test_an_image_is_not_judged(tmp_path: Path) -> None:
    server = without_systemd(tmp_path)
    without(server, "/usr/bin/unattended-upgrade")
    without(server, "/proc/2/comm")
    server.write("/.dockerenv")
    result = server.check()
    assert rules(result) == [] and result["data"]["updates"]["judged"] is False


def alma(tmp_path: Path, conf: str | None = "[commands]\nupgrade_type = security\napply_updates = yes\n", timer: str = "dnf-automatic.timer") -> Server:
    server = Server(tmp_path, "almalinux")
    server.write("/var/lib/rpm/rpmdb.sqlite", "SQLite")
    for name in ("rpm", "dnf"):
        server.program(name)
    server.says[b"-qa"] = answer("bash\t0\t5\t1\tx86_64\tbash-5-1.src.rpm\t(none)\tAlmaLinux\n")
    if conf is not None:
        server.write("/etc/dnf/automatic.conf", conf)
        server.timer(timer, stamp=6 * HOUR)
    return server


def test_dnf_automatic_that_works(tmp_path: Path) -> None:
    result = alma(tmp_path).check()
    assert rules(result) == []
    updates = result["data"]["updates"]
    assert (updates["tool"], updates["applies"], updates["scope"], updates["last_run"]) == ("dnf-automatic", True, "security", iso(NOW - 6 * HOUR))


DNF: dict[str, tuple[str | None, str, list[str]]] = {
    "nothing installed": (None, "", ["software.updates_not_set_up"]),
    "only downloads": ("[commands]\napply_updates = no\n", "dnf-automatic.timer", ["software.updates_not_applied"]),
    "the timer that only notifies, whatever the settings say": (
        "[commands]\napply_updates = yes\n", "dnf-automatic-notifyonly.timer", ["software.updates_not_applied"]),
    "the timer that installs, whatever the settings say": ("[commands]\napply_updates = no\n", "dnf-automatic-install.timer", []),
}


@pytest.mark.parametrize(("conf", "timer", "expected"), DNF.values(), ids=list(DNF))
def test_dnf_automatic(tmp_path: Path, conf: str | None, timer: str, expected: list[str]) -> None:
    assert rules(alma(tmp_path, conf, timer).check()) == expected


def test_dnf_automatic_disabled(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.boot_systemd()
    without(server, "/etc/systemd/system/timers.target.wants/dnf-automatic.timer")
    found = server.check()["findings"][0]
    assert found["rule"] == "software.updates_not_set_up" and found["remedy"]["commands"] == ["systemctl enable --now dnf-automatic.timer"]


def test_dnf_automatic_that_fails_with_the_words_of_its_journal(tmp_path: Path) -> None:
    server = alma(tmp_path)
    (server.folder / "run/systemd/system").mkdir(parents=True)
    for name in ("systemctl", "journalctl"):
        server.program(name)
    ended = (30 * DAY - 6 * HOUR) * 1_000_000
    server.says[b"systemctl"] = answer(f"Result=exit-code\nExecMainStatus=1\nExecMainExitTimestampMonotonic={ended}\n\nActiveState=active\n")
    server.says[b"journalctl"] = answer("Error: Failed to download https://joe:secret@r.example/x\n")
    found = server.check()["findings"][0]
    assert found["rule"] == "software.updates_failing" and found["last"] == iso(NOW - 6 * HOUR)
    assert "joe:[redacted]@r.example" in found["evidence"][1]["text"]


def test_yum_cron(tmp_path: Path) -> None:
    server = Server(tmp_path, "centos7")
    server.write("/var/lib/rpm/Packages", "db")
    server.program("rpm")
    server.says[b"-qa"] = answer("bash\t0\t4\t1\tx86_64\tbash-4-1.src.rpm\t(none)\tCentOS\n")
    server.write("/etc/yum/yum-cron.conf", "[commands]\nupdate_cmd = default\napply_updates = no\n")
    server.link("/etc/systemd/system/multi-user.target.wants/yum-cron.service", "/usr/lib/systemd/system/yum-cron.service")
    server.write("/var/spool/anacron/cron.daily", "20261122", age=10 * HOUR)
    assert rules(server.check()) == ["software.updates_not_applied"]
    server.write("/etc/yum/yum-cron.conf", "[commands]\nupdate_cmd = default\napply_updates = yes\n[base]\nexclude = kernel*\n")
    result = server.check()
    assert rules(result) == ["software.excluded"] and result["data"]["updates"]["tool"] == "yum-cron"


def test_zypper(tmp_path: Path) -> None:
    server = Server(tmp_path, "suse")
    server.write("/usr/lib/sysimage/rpm/Packages.db", "db")
    for name in ("rpm", "zypper"):
        server.program(name)
    server.says[b"-qa"] = answer("bash\t0\t4\t1\tx86_64\tbash-4-1.src.rpm\t(none)\tSUSE LLC\n")
    result = server.check()
    assert rules(result) == ["software.updates_not_set_up"] and result["findings"][0]["remedy"]["commands"][0] == "zypper install os-update"
    server.write("/etc/sysconfig/automatic_online_update", 'AOU_ENABLE_CRONJOB="true"\n')
    server.link("/etc/cron.daily/opensuse.org-online_update", "/usr/lib/YaST2/bin/online_update")
    server.write("/var/spool/cron/lastrun/cron.daily", age=HOUR)
    assert rules(server.check()) == []


STATUS = "/var/lib/dpkg/status"
ESM = "https://esm.ubuntu.com/apps/ubuntu jammy-apps-security/main amd64 Packages"
POCKET = "http://archive.ubuntu.com/ubuntu jammy-security/main amd64 Packages"
OLD = "http://security.debian.org buster/updates/main amd64 Packages"
BACKPORTS = "http://deb.debian.org/debian bookworm-backports/main amd64 Packages"

# (case, whether it waits, what apt-cache policy says of the package)
POLICY = (
    ("security", True, policy("libssl3", "3.0.16-1", "3.0.17-1", ("3.0.17-1", SECURITY), ("3.0.16-1", MAIN))),
    ("in both archives", True, policy("both", "1", "2", ("2", f"{MAIN}\n        500 {SECURITY}"), ("1", STATUS))),
    ("in between", True, policy("passed", "1", "3", ("3", MAIN), ("2", SECURITY), ("1", STATUS))),
    ("esm", True, policy("esm", "1", "2", ("2", ESM), ("1", STATUS))),
    ("pocket", True, policy("pocket", "1", "2", ("2", POCKET), ("1", STATUS))),
    ("label only", True, policy("old", "1", "2", ("2", OLD), ("1", STATUS))),
    ("another architecture", True, policy("libssl3:i386", "1", "2", ("2", SECURITY), ("1", STATUS))),
    ("phased", True, policy("phased", "1", "2", ("2", SECURITY), ("1", STATUS)).replace(" 2 500", " 2 500 (phased 20%)")),
    ("no security", False, policy("base-files", "12.4", "12.5", ("12.5", MAIN), ("12.4", STATUS))),
    ("backport", False, policy("backport", "1", "2", ("2", BACKPORTS), ("1", STATUS))),
    ("not installed", False, policy("linux-image-6.1.0-40-amd64", "(none)", "6.1.153-1", ("6.1.153-1", SECURITY))),
    ("pinned away", False, policy("pinned", "1", "1", ("2", SECURITY), ("1", MAIN))),
    ("pinned to nothing", False, policy("never", "1", "(none)", ("2", SECURITY), ("1", MAIN))),
    ("pinned between", False, policy("low", "1", "2", ("3", SECURITY), ("2", MAIN), ("1", STATUS))),
    ("older candidate", False, policy("back", "3", "1", ("3", STATUS), ("2", SECURITY), ("1", SECURITY))),
    ("what is installed is from security", False, policy("done", "2", "3", ("3", MAIN), ("2", SECURITY))),
    ("nothing else known", False, policy("own", "1", "1", ("1", STATUS))),
)


@pytest.mark.parametrize(("waits", "said"), [pytest.param(*case[1:], id=case[0]) for case in POLICY])
def test_what_waits_on_debian(tmp_path: Path, waits: bool, said: str) -> None:
    server = debian(tmp_path)
    server.policy(said)
    result = server.check(pending=True)
    assert result["data"]["pending"]["complete"], result["status_reason"]
    assert [row["name"] for row in result["data"]["pending"]["security"]] == ([said.partition(":\n")[0]] if waits else [])
    assert rules(result) == (["software.security_updates"] if waits else [])


def test_everything_that_waits_is_one_finding(tmp_path: Path) -> None:
    server = debian(tmp_path)
    server.policy("".join(said for _case, _waits, said in POLICY))
    result = server.check(pending=True)
    assert [row["name"] for row in result["data"]["pending"]["security"]] == [
        "both", "esm", "libssl3", "libssl3:i386", "old", "passed", "phased", "pocket"]
    assert {row["from"] for row in result["data"]["pending"]["security"]} == {
        "Debian-Security:12/stable-security", "Debian-Security:10/oldoldstable", "Ubuntu:22.04/jammy-security", "UbuntuESMApps:22.04/jammy-apps-security"}
    assert result["findings"][0]["count"] == 8
    assert result["findings"][0]["remedy"]["commands"] == ["apt-get update", "apt-get upgrade --with-new-pkgs"]


def test_a_held_package_with_a_security_update(tmp_path: Path) -> None:
    server = debian(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("libssl3", status="hold ok installed"))
    server.policy(POLICY[0][2])
    found = next(item for item in server.check(pending=True)["findings"] if item["rule"] == "software.held")
    assert found["severity"] == "medium" and "libssl3" in found["title"]


UNTOLD = {
    "error": (answer("", 100, "E: The list of sources could not be read."), "apt-cache policy ended with 100"),
    "time": (answer(POLICY[0][2], -9, timed_out=True), "apt-cache policy did not answer in time"),
    "an archive that is not listed": (answer(POLICY[0][2].replace("deb.debian.org", "else.where")), "does not tell whose archive"),
}


@pytest.mark.parametrize("case", UNTOLD)
def test_what_waits_cannot_be_told(tmp_path: Path, case: str) -> None:
    said, words = UNTOLD[case]
    server = debian(tmp_path)
    server.policy("")
    server.says[b"apt-cache policy "] = said
    result = server.check(pending=True)
    assert result["status"] == "incomplete" and words in result["status_reason"] and not result["data"]["pending"]["complete"]


def test_old_lists_are_not_believed(tmp_path: Path) -> None:
    server = debian(tmp_path)
    server.policy("")
    server.write("/var/lib/apt/periodic/update-stamp", age=12 * DAY)
    result = server.check(pending=True, automatic_updates=False)
    assert result["status"] == "incomplete" and f"are from {iso(NOW - 12 * DAY)}" in result["status_reason"]


LISTED = """ALSA-2026:0001 Important/Sec. nginx-2:1.26.2-1.module_el9.4.0+1+abc.x86_64
ALSA-2026:0002 Moderate/Sec.  openssl-libs-1:3.0.7-28.el9_4.x86_64
FEDORA-2026-1 Unknown/Sec. a-b-1-1.fc40.noarch
RHSA-1 security x-1-1.el7.x86_64
"""


def test_what_waits_on_alma(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.write("/var/cache/dnf/appstream-0123456789abcdef/repodata/repomd.xml", age=HOUR)
    server.says[b"updateinfo"] = answer(LISTED)
    result = server.check(pending=True)
    rows = result["data"]["pending"]["security"]
    assert [(row["name"], row["candidate"], row["advisory"], row["severity"]) for row in rows] == [
        ("a-b", "1-1.fc40", "FEDORA-2026-1", ""), ("nginx", "2:1.26.2-1.module_el9.4.0+1+abc", "ALSA-2026:0001", "Important"),
        ("openssl-libs", "1:3.0.7-28.el9_4", "ALSA-2026:0002", "Moderate"), ("x", "1-1.el7", "RHSA-1", "")]
    assert result["findings"][0]["severity"] == "high" and result["findings"][0]["remedy"]["commands"] == ["dnf upgrade --security"]
    assert b" -C " in next(line for line in server.asked if b"updateinfo" in line)


def test_dnf_without_lists_is_incomplete(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.says[b"updateinfo"] = answer("", 1, "Error: Cache-only enabled but no cache for 'appstream'")
    result = server.check(pending=True)
    assert result["status"] == "incomplete" and "no cache for" in result["status_reason"] and result["data"]["pending"]["security"] == []


def test_dnf5_and_zypper_are_read() -> None:
    raw = b'[{"name": "FEDORA-1", "type": "security", "severity": "Critical", "nevra": "curl-8.9-1.fc41.x86_64"}]'
    assert software_pending._json(raw) == [
        {"name": "curl", "installed": "", "candidate": "8.9-1.fc41", "advisory": "FEDORA-1", "severity": "Critical", "from": ""}]
    table = b"Update | SUSE-SLE-1 | security | important | --- | needed | - | x\nUpdate | SUSE-SLE-2 | security | low | --- | not needed | - | x\n"
    assert [row["name"] for row in software_pending._zypper(table)] == ["SUSE-SLE-1"]


def test_settings_of_apt(tmp_path: Path) -> None:
    found = software_updates_apt.settings(debian(tmp_path).machine())
    assert found[b"apt::periodic::update-package-lists"] == [b"1"] and len(found[b"unattended-upgrade::origins-pattern"]) == 2
