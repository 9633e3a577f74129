# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up fleet of any size, the same one each time, as documents of the spool: for tests and for the picture in the README.

Run it to write a report: ``python tests/browser/sample_fleet.py HOSTS DIRECTORY [DAYS OF HISTORY]``.
"""

from __future__ import annotations

import random
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import conftest  # noqa: F401  makes the checkout importable

import sample_logs

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, result
from ansible_collections.bottomup.security.plugins.plugin_utils import spool
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer, without_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import write_reports

RUN_ID = "20261122T060000Z-3fa1c2"
STARTED, ENDED = "2026-11-22T06:00:01Z", "2026-11-22T06:00:04Z"
NOW = 1795327210.0  # 2026-11-22T06:00:10Z
DAY = 86400
CHECKS = ("software", "restart", "denials", "fail2ban", "web_probes", "log_digest")

# Each: (arguments of finding(), weight in a random fleet), in the rules and the words of the checks.
CATALOGUE: dict[str, tuple[dict[str, Any], int]] = {
    "libssl": (
        {
            "rule": "restart.service",
            "severity": "high",
            "title": "nginx.service runs deleted files: libcrypto.so.3, libssl.so.3",
            "subject": "service nginx.service",
            "evidence": [
                (
                    "process 812 nginx of root since 2026-11-01T03:12:40Z, listens on 0.0.0.0:443",
                    "/usr/lib/x86_64-linux-gnu/libcrypto.so.3 deleted (libssl3 3.0.17-1~deb12u2); "
                    "/usr/lib/x86_64-linux-gnu/libssl.so.3 deleted (libssl3 3.0.17-1~deb12u2)",
                ),
            ],
            "remedy": "Runs files that are no longer the installed ones.",
            "commands": ["nginx -t && systemctl restart nginx.service"],
            "count": 3,
        },
        30,
    ),
    "puma": (
        {
            "rule": "restart.service",
            "severity": "medium",
            "title": "puma.service runs deleted files: libyaml-0.so.2.0.9",
            "subject": "service puma.service",
            "evidence": [("process 2210 ruby of deploy since 2026-11-18T21:40:02Z", "/usr/lib/x86_64-linux-gnu/libyaml-0.so.2.0.9 deleted")],
            "remedy": "Runs files that are no longer the installed ones.",
            "commands": ["systemctl restart puma.service"],
            "count": 5,
        },
        18,
    ),
    "kernel": (
        {
            "rule": "restart.kernel",
            "severity": "medium",
            "title": "A reboot is pending: kernel",
            "subject": "host",
            "evidence": [("kernel", "6.1.0-25-amd64 runs, 6.1.0-28-amd64 is installed")],
            "remedy": "Reboot at the next opportunity.",
            "commands": ["systemctl reboot"],
        },
        35,
    ),
    "session": (
        {
            "rule": "restart.session",
            "severity": "low",
            "title": "Login of deploy runs deleted files: tmux",
            "subject": "session deploy",
            "evidence": [("process 30122 tmux: server of deploy since 2026-11-03T10:00:00Z", "/usr/bin/tmux deleted (tmux 3.3a-3)")],
            "remedy": "An old login: it is replaced by logging out and in again, not by restarting the daemon.",
            "commands": ["loginctl terminate-session 7"],
            "count": 1,
        },
        15,
    ),
    "ignores": (
        {
            "rule": "fail2ban.ignores_everyone",
            "severity": "high",
            "title": "Jail sshd ignores everyone: ignoreip holds 0.0.0.0/0",
            "subject": "sshd",
            "evidence": [("fail2ban-client get sshd ignoreip", "127.0.0.0/8, 0.0.0.0/0")],
            "remedy": "fail2ban shows 0.0.0.0/0 as 0.0.0.0, which looks harmless. Name the few addresses that must never be banned.",
            "commands": ["grep -rn ignoreip /etc/fail2ban/", "systemctl reload fail2ban.service"],
        },
        1,
    ),
    "dead": (
        {
            "rule": "fail2ban.not_running",
            "severity": "high",
            "title": "fail2ban is installed and does not run: nobody is banned",
            "subject": "fail2ban",
            "evidence": [("systemd", "fail2ban.service: failed, exit code 255, since 2026-11-21T22:14:09Z")],
            "remedy": "Find out why it stopped, then start it. Where another tool does its work, remove it.",
            "commands": ["journalctl -u fail2ban.service -n 50 --no-pager", "fail2ban-client -t", "systemctl enable --now fail2ban.service"],
        },
        5,
    ),
    "paper": (
        {
            "rule": "fail2ban.ban_fails",
            "severity": "high",
            "title": "Jail nginx-http-auth bans on paper only: its action fails",
            "subject": "nginx-http-auth",
            "evidence": [("fail2ban-server", "41 bans stand in its status"), ("log", "action nftables failed to ban 192.0.2.44")],
            "remedy": "Run the action's command by hand and read its message.",
            "commands": ["fail2ban-client get nginx-http-auth action nftables actionban"],
            "count": 41,
            "first": NOW - DAY,
            "last": NOW - 600,
        },
        4,
    ),
    "absent": (
        {
            "rule": "fail2ban.not_installed",
            "severity": "info",
            "title": "No tool bans password guessers, and ssh listens to other networks",
            "subject": "ssh",
            "evidence": [("listens", "0.0.0.0:22")],
            "remedy": "Install fail2ban, or limit ssh to known networks.",
            "commands": ["apt-get install fail2ban"],
        },
        12,
    ),
    "offenders": (
        {
            "rule": "fail2ban.repeat_offenders",
            "severity": "low",
            "title": "Addresses came back after 5 bans or more",
            "subject": "repeat offenders",
            "evidence": [("fail2ban", "203.0.113.77: 12 bans by sshd"), ("fail2ban", "198.51.100.9: 7 bans by sshd, nginx-http-auth")],
            "remedy": "Let bans grow longer with each one: bantime.increment = true.",
            "count": 2,
        },
        25,
    ),
    "openssl": (
        {
            "rule": "software.advisory",
            "severity": "high",
            "title": "DSA-9021-1 libssl3, openssl, EPSS 43%: openssl - security update",
            "subject": "DSA-9021-1",
            "evidence": [
                ("priority", "CVE-2026-1234 is exploited within 30 days with a probability of 43% (EPSS); rated high"),
                ("libssl3", "installed 3.0.15-1~deb12u1, fixed in 3.0.17-1~deb12u2"),
                ("openssl", "installed 3.0.15-1~deb12u1, fixed in 3.0.17-1~deb12u2"),
            ],
            "remedy": "Update libssl3 to 3.0.17-1~deb12u2 or later, openssl to 3.0.17-1~deb12u2 or later.",
            "commands": ["apt-get update", "apt-get install --only-upgrade libssl3 openssl"],
            "references": ["https://security-tracker.debian.org/tracker/DSA-9021-1", "CVE-2026-1234", "CVE-2026-1240", "DSA-9021-1"],
        },
        40,
    ),
    "rails": (
        {
            "rule": "software.advisory",
            "severity": "critical",
            "title": "CVE-2026-1301 gem rails 7.1.3.4, KEV due 2026-12-08: A forged cookie runs commands",
            "subject": "CVE-2026-1301 rails",
            "evidence": [
                ("priority", "CVE-2026-1301 is known to be exploited (CISA KEV, due 2026-12-08); rated high"),
                ("/srv/shop/current/Gemfile.lock", "rails 7.1.3.4, fixed in 7.1.5.1"),
            ],
            "remedy": "Wanted: rails 7.1.5.1 or later. Update it where the application is developed, run its tests, and deploy.",
            "commands": ["bundle update --conservative rails"],
            "references": ["https://github.com/advisories/GHSA-9f4c-2m7q-x8vw", "CVE-2026-1301"],
        },
        3,
    ),
    "avc": (
        {
            "rule": "denials.selinux",
            "severity": "medium",
            "title": "nginx was denied name_connect on unreserved_port_t port 8443",
            "subject": "selinux nginx httpd_t -> unreserved_port_t:tcp_socket { name_connect } port 8443",
            "evidence": [("sample", 'avc: denied { name_connect } for pid=1203 comm="nginx" dest=8443'), ("blocked", "blocked")],
            "remedy": "If nginx should reach that port, give it the right type.",
            "commands": ["semanage port -a -t http_port_t -p tcp 8443"],
            "count": 218,
            "first": NOW - DAY + 900,
            "last": NOW - 240,
        },
        8,
    ),
    "env": (
        {
            "rule": "web_probes.answered",
            "severity": "critical",
            "title": "/.env answered 200 (1184 bytes) to a probe for secrets",
            "subject": "secrets /.env",
            "evidence": [("/var/log/nginx/access.log", '203.0.113.9 "GET /.env HTTP/1.1" 200 1184'), ("clients", "203.0.113.9")],
            "remedy": "Take the file out of the document root, deny it in the web server, and change every password and key that it held: it was read.",
            "commands": [
                "cat /var/log/nginx/access.log | sed -n 48211p",
                "curl -sS -o /dev/null -w '%{http_code} %{size_download}\\n' https://shop.example.com/.env",
            ],
            "count": 3,
            "first": NOW - 30000,
            "last": NOW - 9000,
        },
        1,
    ),
    "full": (
        {
            "rule": "log_digest.disk_full_soon",
            "severity": "high",
            "title": "/var will be full within 7 days",
            "subject": "/var",
            "evidence": [("statvfs", "8120 MB free, growing by 1904 MB a day since the last run")],
            "remedy": "Find what grows before it stops the service that writes it.",
            "commands": ["du -xh --max-depth=2 /var | sort -h | tail -n 20"],
        },
        2,
    ),
}

# Packages of a larger fleet that are behind: name -> (installed, fixed, weight).
BEHIND_NAMES = """curl libxml2 expat glibc perl python3.11 nginx bind9 libtiff krb5 sudo openssh systemd vim git gnutls28 libwebp imagemagick libpng1.6 zlib
    postgresql-15 redis nodejs ruby3.1 php8.2 dbus libgcrypt20 cups avahi bluez ghostscript poppler xz-utils ncurses less tar"""
BEHIND = {
    f"{name}{'-tools' if number else ''}": (
        f"{1 + number}.{place % 9}.{place}-1",
        f"{1 + number}.{place % 9}.{place}-1+deb12u{1 + place % 3}",
        max(1, 20 - place * 2 // 3 - 5 * number),
    )
    for number in range(2)
    for place, name in enumerate(BEHIND_NAMES.split())
}
CATALOGUE |= {
    name: (
        {
            "rule": "software.advisory",
            "severity": ("high", "medium", "medium", "low")[place % 4],
            "title": f"CVE-2026-{2000 + place} {name}: {name} - security update",
            "subject": f"CVE-2026-{2000 + place} {name}",
            "evidence": [("priority", "rated " + ("high", "medium", "medium", "low")[place % 4]), (name, f"installed {installed}, fixed in {fixed}")],
            "remedy": f"Update {name} to {fixed} or later.",
            "commands": ["apt-get update", f"apt-get install --only-upgrade {name}"],
            "references": [f"CVE-2026-{2000 + place}"],
        },
        weight,
    )
    for place, (name, (installed, fixed, weight)) in enumerate(BEHIND.items())
}

BY_SYSTEM = {
    "debian": ({"id": "debian", "version_id": "12", "pretty_name": "Debian GNU/Linux 12 (bookworm)"}, "6.1.0-25-amd64", "3.11.2"),
    "trixie": ({"id": "debian", "version_id": "13", "pretty_name": "Debian GNU/Linux 13 (trixie)"}, "6.12.48+deb13-amd64", "3.13.5"),
    "rocky": ({"id": "rocky", "version_id": "9.6", "pretty_name": "Rocky Linux 9.6 (Blue Onyx)"}, "5.14.0-570.12.1.el9_6.x86_64", "3.9.21"),
}

# host -> (group, system, keys of its findings): twelve servers of a Rails shop.
SHOP: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "web1": ("web", "debian", ("libssl", "kernel", "paper", "openssl", "env")),
    "web2": ("web", "debian", ("libssl", "kernel", "openssl", "offenders")),
    "web3": ("web", "debian", ("libssl", "kernel", "openssl")),
    "app1": ("app", "debian", ("puma", "kernel", "openssl", "rails")),
    "app2": ("app", "debian", ("puma", "kernel", "openssl", "rails")),
    "worker1": ("app", "trixie", ("session",)),
    "db1": ("db", "rocky", ("avc", "full")),
    "db2": ("db", "rocky", ()),
    "cache1": ("db", "trixie", ()),
    "mail1": ("mail", "debian", ("dead", "openssl")),
    "backup1": ("backup", "trixie", ()),
    "bastion": ("bastion", "debian", ("ignores", "offenders")),
}

# host of the shop -> check -> result() arguments in place of what its findings say, or the status and reason of a failure.
SHOP_STATES: dict[str, dict[str, Any]] = {
    "cache1": {"fail2ban": {"not_applicable": "CrowdSec bans on this host"}, "web_probes": {"not_applicable": "no web server is installed"}},
    "worker1": {"web_probes": {"not_applicable": "no web server is installed"}, "denials": {"not_applicable": "neither SELinux nor AppArmor is enabled"}},
    "bastion": {"restart": {"incomplete": ["212 of 260 processes cannot be read without root"]}},
    "mail1": {"log_digest": ("timeout", "no answer within 60 s"), "web_probes": {"not_applicable": "no web server is installed"}},
    "backup1": {"web_probes": {"not_applicable": "no web server is installed"}},
}


# Since how many days the shop has some of its findings.
SHOP_AGES = {("web1", "env"): 0, ("mail1", "dead"): 0, ("app1", "rails"): 3, ("app2", "rails"): 3, ("web1", "openssl"): 9, ("web2", "openssl"): 9}


def documents(hosts: int, checks: Sequence[str] = CHECKS, ago: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the documents of a fleet so many days ago: the shop for up to 12 hosts, else a larger one of the same kind."""
    if hosts <= len(SHOP):
        for name in list(SHOP)[:hosts]:
            group, system, keys = SHOP[name]
            then = _then(name, keys, ago)
            yield unreachable(name, group, ago) if name == "db2" and ago < 2 else document(name, group, system, then, checks, SHOP_STATES.get(name, {}), ago)
        return
    chance = random.Random(hosts)
    keys, weights = zip(*((key, weight) for key, (_arguments, weight) in CATALOGUE.items()), strict=True)
    for name, group in zip(names(hosts), _groups(hosts), strict=True):
        fate = chance.random()
        if fate < 0.01:
            yield unreachable(name, group, ago)
            continue
        found = {key for key, weight in zip(keys, weights, strict=True) if chance.random() < weight / 100}
        states: dict[str, Any] = {}
        if fate < 0.03:
            states["log_digest"] = ("timeout", "no answer within 60 s")
        elif fate < 0.06:
            states["restart"] = {"incomplete": ["212 of 260 processes cannot be read without root"]}
        yield document(name, group, chance.choice(list(BY_SYSTEM)), _then(name, sorted(found), ago), checks, states, ago)


def _then(name: str, keys: Sequence[str], ago: int) -> list[str]:
    """Return the findings that a host had so many days ago: some of today's came since, some of those days are mended."""
    age = {key: SHOP_AGES.get((name, key), zlib.crc32(f"{name} {key}".encode()) % 200) for key in CATALOGUE}
    return [key for key in CATALOGUE if (key in keys and not (age[key] <= 30 and ago > age[key])) or (key not in keys and age[key] == 40 and ago)]


def _clock(ago: int) -> dict[str, str]:
    """Return run_id, started and ended of the run so many days ago."""
    day = time.strftime("%Y-%m-%d", time.gmtime(NOW - ago * DAY))
    return {"run_id": day.replace("-", "") + RUN_ID[8:], "started": day + STARTED[10:], "ended": day + ENDED[10:]}


def names(hosts: int) -> list[str]:
    """Return the names of the fleet's hosts."""
    if hosts <= len(SHOP):
        return list(SHOP)[:hosts]
    return [f"{group}{number:03}.example.com" for number, group in enumerate(_groups(hosts), 1)]


def _groups(hosts: int) -> list[str]:
    return [("web", "web", "app", "app", "db", "mail")[number % 6] for number in range(hosts)]


def unreachable(name: str, group: str, ago: int = 0) -> dict[str, Any]:
    """Return the document of a host that did not answer."""
    reason = f"ssh: connect to host {name} port 22: Connection timed out"
    return without_answer("unreachable", reason, host=name, groups=[group], **_clock(ago))


def document(name: str, group: str, system: str, keys: Sequence[str], checks: Sequence[str], states: dict[str, Any], ago: int = 0) -> dict[str, Any]:
    """Return the document of a host with the findings of those keys; ``states`` as in SHOP_STATES."""
    release, kernel, python = BY_SYSTEM[system]
    results: dict[str, Any] = {}
    for check in checks:
        found = [finding(**CATALOGUE[key][0]) for key in keys if CATALOGUE[key][0]["rule"].startswith(check + ".")]
        state = states.get(check, {})
        if isinstance(state, tuple):
            results[check] = {"status": state[0], "status_reason": state[1], "findings": [], "data": {}}
        else:
            results[check] = result(found, **state)
        results[check].update(duration_ms=84, cpu_ms=61, max_rss_kb=21000)
    for check, said in sample_logs.results(name, group in ("web", "app"), ago).items():
        if results.get(check, {}).get("status") in ("ok", "findings", "incomplete"):
            results[check]["data"] = said["data"]
    facts = {
        "hostname": f"{name.split('.')[0]}.example.com",
        "os": release,
        "kernel": kernel,
        "arch": "x86_64",
        "python": python,
        "uid": 0,
        "boot_time": "2026-11-01T03:12:00Z",
        "container": "",
        "clock": STARTED,
    }
    answer = {"facts": facts, "checks": results}
    return accept_answer(answer, host=name, groups=[group], expected_checks=checks, **_clock(ago))


def run(hosts: int, checks: Sequence[str] = CHECKS, **keywords: Any) -> Run:
    """Return the run of the fleet, without a spool."""
    fleet = collect(documents(hosts, checks), run_id=RUN_ID, expected_hosts=names(hosts), expected_checks=checks, **keywords)
    return judge(fleet, fail_on="high", max_unreachable="0", now=NOW)


def calm(hosts: int) -> Run:
    """Return the run of a fleet on which there is nothing to do."""
    return alike(names(hosts), ())


def alike(hosts: Sequence[str], keys: Sequence[str]) -> Run:
    """Return the run of hosts of these names that all have these findings."""
    documents_of = (document(name, "web", "debian", keys, CHECKS, {}) for name in hosts)
    fleet = collect(documents_of, run_id=RUN_ID, expected_hosts=hosts, expected_checks=CHECKS)
    return judge(fleet, fail_on="high", max_unreachable="0", now=NOW)


def write(hosts: int, state_dir: Path, checks: Sequence[str] = CHECKS, days: int = 0) -> Run:
    """Spool the fleet below ``state_dir`` and write its report as the action does, after a history of so many days."""
    directory = spool.new_run(state_dir, RUN_ID)
    recorder = Recorder("" if days else "off", state_dir)
    for ago in range(days, 0, -1):
        run_id = _clock(ago)["run_id"]
        recorder.record(
            collect(documents(hosts, checks, ago), run_id=run_id, expected_hosts=names(hosts), expected_checks=checks).hosts, run_id, NOW - ago * DAY
        )
    for host in documents(hosts, checks):
        spool.write_document(directory, host)
    fleet = collect(
        spool.read_documents(directory),
        run_id=RUN_ID,
        expected_hosts=names(hosts),
        expected_checks=checks,
        remember=lambda rows, run_id: recorder.record(rows, run_id, NOW),
    )
    made = judge(fleet, fail_on="high", max_unreachable="0", now=NOW)
    write_reports(made, directory, state_dir)
    return made


if __name__ == "__main__":
    print(write(int(sys.argv[1]), Path(sys.argv[2]), CHECKS, int(sys.argv[3]) if len(sys.argv) > 3 else 0).verdict)
