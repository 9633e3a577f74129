# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mornings of a large fleet for the measurements: findings of some 90 groups, of which a few come and go each day."""

from __future__ import annotations

import dataclasses
import gzip
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sample_fleet
import sample_logs

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import finding, iso, result
from ansible_collections.bottomup.security.plugins.plugin_utils import spool
from ansible_collections.bottomup.security.plugins.plugin_utils.document import SCHEMA, accept_document
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Host

DAY = 86400
CHECKS = sample_fleet.CHECKS
SEVERITIES = ("critical", *("high",) * 3, *("medium",) * 4, *("low",) * 4)
PACKAGES = tuple(
    f"lib{first}{second}"
    for first in ("ssl", "xml", "curl", "tiff", "png", "krb", "ldap", "expat")
    for second in ("core", "tools", "dev", "utils", "2", "3", "4", "ng", "compat")
)

# Of a hundred findings, so many are not there on a given day.
COMING_AND_GOING = 2


def _package(number: int, host: str) -> dict[str, Any]:
    name = PACKAGES[number]
    return finding(
        "software.fixable",
        SEVERITIES[number % len(SEVERITIES)],
        f"{name} 3.0.{number}-1~deb12u1 has known holes, 3.0.{number}-1~deb12u2 is out",
        name,
        [("dpkg", f"{name} 3.0.{number}-1~deb12u1 on {host}, installed 2026-09-{number % 28 + 1:02}")],
        "Upgrade, then restart what still runs the old library.",
        ["apt-get update", f"apt-get install --only-upgrade {name}"],
        [f"https://security-tracker.debian.org/tracker/CVE-2026-{1000 + number}", f"CVE-2026-{1000 + number}"],
    )


def later(hosts: Sequence[Host], day: int) -> Iterator[Host]:
    """Yield the hosts of a report as they are on a later day: a few of their findings come and go."""
    ended = sample_fleet.NOW + day * DAY
    for number, host in enumerate(hosts):
        changing = random.Random(number * 1000 + day)
        row = dataclasses.replace(host, started=iso(ended - 3), ended=iso(ended), run_id=f"day{day:02}")
        there = [day == 0 or changing.random() * 100 >= COMING_AND_GOING for _finding in range(sum(host.counts.values()))]
        if not all(there):
            row.pack([item for item, is_there in zip(host.findings(), there, strict=True) if is_there])
        yield row


def answers(hosts: int, findings: float, day: int = 0) -> Iterator[tuple[str, dict[str, list[dict[str, Any]]]]]:
    """Yield (host, check -> findings) of a morning; on each the same hosts have nearly the same findings."""
    named = [key for key, (arguments, _weight) in sample_fleet.CATALOGUE.items() if not arguments["rule"].startswith("software.")]
    for number, name in enumerate(sample_fleet.names(hosts)):
        chance = random.Random(number)
        count = int(findings) + (chance.random() < findings % 1)
        keys = chance.sample(named, min(2, count))
        found = [finding(**sample_fleet.CATALOGUE[key][0]) for key in keys] + [
            _package(item, name) for item in chance.sample(range(len(PACKAGES)), count - len(keys))
        ]
        changing = random.Random(number * 1000 + day)
        found = [item for item in found if day == 0 or changing.random() * 100 >= COMING_AND_GOING]
        by_check: dict[str, list[dict[str, Any]]] = {check: [] for check in CHECKS}
        for item in found:
            by_check[item["check"]].append(item)
        yield name, by_check


def plain(hosts: int, findings: float, day: int = 0, logs: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the documents of a morning as they lie in the spool; one host in a hundred does not answer. With ``logs``, what the log checks tell."""
    ended = sample_fleet.NOW + day * DAY
    about: dict[str, Any] = {"run_id": f"day{day:02}", "started": iso(ended - 3), "ended": iso(ended)}
    for number, (name, found) in enumerate(answers(hosts, findings, day)):
        if number % 100 == 99:
            yield {**sample_fleet.unreachable(name, "web"), **about}
            continue
        facts = {"hostname": name, "os": sample_fleet.BY_SYSTEM["debian"][0], "kernel": "6.1.0-25-amd64", "arch": "x86_64", "python": "3.11.2", "uid": 0}
        results = {check: {**result(items), "duration_ms": 84, "cpu_ms": 61, "max_rss_kb": 21000} for check, items in found.items()}
        if logs:
            for check, said in sample_logs.results(name).items():
                results[check]["data"] = said["data"]
        yield {"schema": SCHEMA, "host": name, "groups": ["web"], "status": "checked", "reason": "", "facts": facts, "checks": results, **about}


def documents(hosts: int, findings: float, day: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the documents of a morning as they are read back."""
    return map(accept_document, plain(hosts, findings, day))


def write(directory: Path, rows: Iterable[dict[str, Any]]) -> float:
    """Write documents into a spool, without the sync of each that a run has; returns their KB."""
    size = 0
    for row in rows:
        packed = gzip.compress(json.dumps(row, separators=(",", ":")).encode(), compresslevel=1, mtime=0)
        size += (directory / spool.file_name(row["host"])).write_bytes(packed)
    return size / 1024
