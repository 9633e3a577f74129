# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""endoflife.date: until when the branches of an operating system, a language or a server get security fixes.

Read as its API gives it (``<product>.json``, a list of cycles) or as its repository has it (``<product>.md``, YAML before the text).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .feed import FeedError, content, identifier, parse_json, words
from .plain_yaml import parse_yaml

WARN_DAYS = 90
_CYCLES_LIMIT = 500

# id of os-release -> product of endoflife.date.
SYSTEMS = {
    "almalinux": "almalinux",
    "rocky": "rocky-linux",
    "rhel": "rhel",
    "debian": "debian",
    "ubuntu": "ubuntu",
    "centos": "centos-stream",
}

# Our name of a component -> product of endoflife.date.
COMPONENTS = {
    "nginx": "nginx",
    "ruby": "ruby",
    "rails": "ruby-on-rails",
    "node": "nodejs",
    "postgresql": "postgresql",
    "redis": "redis",
    "valkey": "valkey",
    "mariadb": "mariadb",
    "mysql": "mysql",
    "haproxy": "haproxy",
    "openssl": "openssl",
}


class End(NamedTuple):
    """The end of a branch: C(date) as 2026-11-22, empty where it is only known that it C(over). C(latest) is the branch's newest version."""

    product: str
    cycle: str
    date: str
    over: bool
    latest: str


def facts(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield ("eol", product, [[cycle, date or true or false, latest], ...]) of every product in the folder."""
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".md") and identifier(path.stem):
            cycles = _cycles(path)
            if not cycles:
                raise FeedError(f"endoflife/{path.name} names no release")
            yield "eol", path.stem, json.dumps(cycles)


def _cycles(path: Path) -> list[list[Any]]:
    data = content(path)
    try:
        if path.suffix == ".json":
            raw = parse_json(data)
        else:
            raw = parse_yaml(data.split(b"\n---", 1)[0])
            raw = raw.get("releases") if isinstance(raw, dict) else None
    except ValueError:
        raise FeedError(f"endoflife/{path.name} cannot be read") from None
    found = []
    for entry in raw[:_CYCLES_LIMIT] if isinstance(raw, list) else []:
        if isinstance(entry, dict):
            # Where the community goes on for longer (Debian LTS, Node's maintenance), its end is the one that counts.
            end = max((_date(entry.get(key)) for key in ("eol", "eoes") if not _paid(path.stem, key)), key=_late)
            cycle = entry.get("cycle", entry.get("releaseCycle"))
            found.append([_scalar(cycle), end, _scalar(entry.get("latest") or "")])
    return found


def _scalar(value: object) -> str:
    """Return a version, which YAML may have taken for a number."""
    return words(str(value), 50) if isinstance(value, (str, int, float)) else ""


def _paid(product: str, key: str) -> bool:
    """Return whether an extended support is only sold: all but Debian's LTS."""
    return key == "eoes" and product != "debian"


def _date(value: object) -> str | bool | None:
    if isinstance(value, bool):
        return value
    text = value.isoformat()[:10] if isinstance(value, (datetime.date, datetime.datetime)) else value
    try:
        return datetime.date.fromisoformat(text).isoformat() if isinstance(text, str) else None
    except ValueError:
        return None


def _late(value: str | bool | None) -> str:
    """Return a text that sorts by how late the end is: over, unknown, dates, not in sight."""
    return {True: "0", None: "00", False: "9999"}[value] if not isinstance(value, str) else value


def end(product: str, version: str, cycles: object, today: datetime.date) -> End | None:
    """Return the end of the branch that C(version) belongs to where it is past or within WARN_DAYS, else None."""
    branch = _branch(version, cycles)
    if branch is None:
        return None
    cycle, date, latest = branch
    if date is True:
        return End(product, cycle, "", True, latest)
    if not isinstance(date, str) or datetime.date.fromisoformat(date) > today + datetime.timedelta(days=WARN_DAYS):
        return None
    return End(product, cycle, date, datetime.date.fromisoformat(date) < today, latest)


def _branch(version: str, cycles: object) -> tuple[str, str | bool | None, str] | None:
    """Return the longest cycle that the version begins with: 1.26 for 1.26.2, 22.04 for 22.04, 9 for 9.4."""
    found: tuple[str, str | bool | None, str] | None = None
    for cycle, date, latest in cycles if isinstance(cycles, list) else []:
        if (version == cycle or version.startswith(f"{cycle}.")) and (found is None or len(cycle) > len(found[0])):
            found = (cycle, date, latest)
    return found
