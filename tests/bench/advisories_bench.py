# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Index and matching of announcements: CPU and memory, against the real dump of AlmaLinux. Prints JSON.

Each measurement is a fresh process, three times over, the longest ones once; the least CPU and the most memory are told. The fleet is made up: 40
images of 800 packages, 400 of them in the feed at any of their builds, and on each server 2 % of these at a build of its own.

Run as any user: C(.venv/bin/python tests/bench/advisories_bench.py)
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / folder) for folder in (".venv/collections", "tests")]

import redhat_mirror  # noqa: E402

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import cache, index, match  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.fleet import Announcements  # noqa: E402
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.versions import rpm  # noqa: E402

DUMP = Path(__file__).resolve().parents[3] / "shared" / "data" / "advisories" / "mirror" / "AlmaLinux" / "all.zip"
REAL_STATEMENTS = DUMP.parents[2] / "osv-samples" / "redhat" / "vex"
STATEMENTS = 600
ROUNDS = 3
ECOSYSTEM, RELEASE = "AlmaLinux:9", "9.6"
IMAGES, PACKAGES, DRIFT = 40, 400, 16
FLEETS = (100, 1000, 10000)


def build(mirror: Path, path: Path) -> dict[str, Any]:
    """Build an index once."""
    path.unlink(missing_ok=True)
    begin = time.process_time()
    feeds = index.build(mirror, path)
    return {"cpu": time.process_time() - begin, "records": feeds[0].records, "size": path.stat().st_size}


def images(base: index.Index, dice: random.Random) -> list[str]:
    """Return package lists as they come from servers, as JSON."""

    def row(name: str) -> list[str]:
        epoch, version, release = rpm.split(dice.choice([found.fixed for found in base.rows(ECOSYSTEM, name) if found.fixed]))
        return [name, epoch, version, release or "", "x86_64", f"{name}-{version}-1.src.rpm", "(none)", "AlmaLinux"]

    names = dice.sample(base.names(ECOSYSTEM), PACKAGES)
    builds = {name: [row(name) for _unused in range(4)] for name in names}
    others = [[f"own{number}", "0", f"1.{number}", "1.el9", "x86_64", "own-1-1.src.rpm", "(none)", "AlmaLinux"] for number in range(PACKAGES)]
    return [json.dumps([dice.choice(builds[name]) for name in names] + others) for _unused in range(IMAGES)]


def fleet(path: Path, hosts: int) -> dict[str, Any]:
    """Match a fleet of servers. The CPU is that of the matching; taking the JSON of a server apart is counted beside it."""
    dice = random.Random(1)
    system = {"id": "almalinux", "version_id": RELEASE}
    with index.Index(path) as base:
        lists = images(base, dice)
        matcher = match.Matcher(base)
        matching = reading = 0.0
        announcements = 0
        for number in range(hosts):
            begin = time.process_time()
            rows = json.loads(lists[number % IMAGES])
            for _unused in range(DRIFT):
                rows[dice.randrange(PACKAGES)][3] = f"{dice.randrange(40)}.el9"
            middle = time.process_time()
            found = matcher.match(system, {"packages": {"manager": "rpm", "rows": rows}})
            announcements += len(found.vids)
            matching += time.process_time() - middle
            reading += middle - begin
        return {"cpu": matching, "reading": reading, "announcements": announcements}


def report(mirror: Path, state: Path, hosts: int) -> dict[str, Any]:
    """Judge the documents of a fleet as the daily report does: findings with their titles, remedies and fingerprints, counts, records of OSV."""
    dice = random.Random(1)
    with cache.opened(mirror, state) as base:
        lists = images(base, dice)
    about = {"facts": {"os": {"id": "almalinux", "version_id": RELEASE}}, "status": "checked", "groups": []}
    taken = 0.0

    def documents() -> Iterator[dict[str, Any]]:
        nonlocal taken
        for number in range(hosts):
            begin = time.process_time()
            rows = json.loads(lists[number % IMAGES])
            for _unused in range(DRIFT):
                rows[dice.randrange(PACKAGES)][3] = f"{dice.randrange(40)}.el9"
            check = {"status": "ok", "status_reason": "", "findings": [], "data": {"packages": {"manager": "rpm", "rows": rows}}}
            document = {**about, "host": f"web{number}", "checks": {"software": check}}
            taken += time.process_time() - begin
            yield document

    begin = time.process_time()
    findings = 0
    with Announcements(mirror, state) as announcements:
        for document in announcements.judged(documents()):
            findings += len(document["checks"]["software"]["findings"])
    return {"cpu": time.process_time() - begin - taken, "findings": findings, "announcements": len(announcements.told.announced)}


def once(*arguments: str, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure in fresh processes and return the least CPU and the most memory."""
    runs = [json.loads(subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True).stdout) for _unused in range(rounds)]
    return {**runs[0], "cpu": min(run["cpu"] for run in runs), "memory": max(run["memory"] for run in runs)}


def tenfold(target: Path) -> None:
    """Write a dump with ten times the records, each under a name of its own."""
    target.parent.mkdir(parents=True)
    with zipfile.ZipFile(DUMP) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member in source.namelist():
            record = source.read(member)
            name = json.loads(record)["id"]
            for number in range(10):
                archive.writestr(f"{number}-{member}", record.replace(f'"{name}"'.encode(), f'"{name}-{number}"'.encode(), 1))


def statements(mirror: Path) -> int:
    """Write an archive of Red Hat's statements, made of real ones under many names; return how large it is unpacked."""
    real = [path.read_bytes() for path in sorted(REAL_STATEMENTS.glob("*.json")) if b"enterprise_linux" in path.read_bytes()]
    members = []
    for number in range(STATEMENTS):
        cve = re.search(rb"CVE-\d{4}-\d+", real[number % len(real)])
        assert cve is not None
        members.append((f"2026/cve-2026-{number:05}.json", real[number % len(real)].replace(cve.group(), f"CVE-2026-{number:05}".encode())))
    redhat_mirror.archive(mirror, members)
    return sum(len(data) for _path, data in members)


def main() -> None:
    """Measure and print."""
    if not DUMP.exists():
        print(json.dumps({"title": "Announcements", "text": "Not measured: the dump of AlmaLinux is not on this machine.", "tables": []}))
        return
    with tempfile.TemporaryDirectory(prefix="advisories-bench-") as name:
        one, ten = Path(name, "one"), Path(name, "ten")
        (one / "osv").mkdir(parents=True)
        (one / "osv" / "AlmaLinux").symlink_to(DUMP.parent)
        tenfold(ten / "osv" / "AlmaLinux" / "all.zip")
        vex = Path(name, "vex")
        size = statements(vex)
        feeds = (
            ("the dump of AlmaLinux", one, ROUNDS),
            ("ten times its records", ten, 1),
            (f"{STATEMENTS} statements of Red Hat, {size >> 20} MB", vex, ROUNDS),
        )
        built = [(words, once("build", str(mirror), f"{mirror}.sqlite", rounds=rounds)) for words, mirror, rounds in feeds]
        told = [(hosts, once("report", str(one), f"{name}/state", str(hosts), rounds=ROUNDS if hosts < 1000 else 1)) for hosts in FLEETS[:2]]
        matched = [(hosts, once("fleet", f"{one}.sqlite", str(hosts), rounds=ROUNDS if hosts < 10000 else 1)) for hosts in FLEETS]
    tables = [
        {
            "title": "Building the index",
            "columns": ["feed", "records", "CPU s", "memory MB", "index MB"],
            "rows": [[words, run["records"], run["cpu"], run["memory"], run["size"] / 1e6] for words, run in built],
            "note": "Must reach: 1.5 s and 64 MB for the dump, 120 MB for ten times the records. Red Hat has some 50,000 statements, of which one archive is "
            "taken in seldom, and of all others only those that changed.",
        },
        {
            "title": "Matching a fleet, 800 packages on each server",
            "columns": ["servers", "CPU s", "CPU ms per server", "memory MB", "reading the lists, CPU s", "announcements found"],
            "rows": [[hosts, run["cpu"], run["cpu"] * 1000 / hosts, run["memory"], run["reading"], run["announcements"]] for hosts, run in matched],
            "note": "Must reach: 1.5 s and 100 MB for 1,000 servers after the index, and linear or better beyond.",
        },
    ]
    tables.append(
        {
            "title": "The daily report's part: findings of a fleet, the index being there",
            "columns": ["servers", "CPU s", "memory MB", "findings", "announcements found"],
            "rows": [[hosts, run["cpu"], run["memory"], run["findings"], run["announcements"]] for hosts, run in told],
            "note": "The made-up servers are far behind: half of their packages are at any of their old builds.",
        }
    )
    print(json.dumps({"title": "Announcements: index and matching", "tables": tables}, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["build"]:
        answer = build(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["report"]:
        answer = report(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1:2] == ["fleet"]:
        answer = fleet(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
        sys.exit()
    # The high-water mark of this process alone: ru_maxrss begins with that of the one that started it.
    status = Path("/proc/self/status").read_text()
    print(json.dumps({**answer, "memory": int(status.partition("VmHWM:")[2].split()[0]) / 1024}))
