# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report keeps of the data of a host's log checks: a few kilobytes, in place of all of it."""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES

from ..commands import is_given
from ..reading import at, moment, rows, texts, whole, words
from .digest import digest_of

# Of one host: the worst of its denials, its clients that sent probes, its logins, its hours, its file systems.
DENIALS_KEPT = 40
CLIENTS_KEPT = 60
SAMPLES_KEPT = 4
LOGINS_KEPT = 60
HOURS_KEPT = 48
DISKS_KEPT = 40

# What is kept of an hour: check -> (name in its data, column).
_HOURLY = (
    ("log_digest", (("accepted", 0), ("failed", 1))),
    ("web_probes", (("lines", 2), ("hits", 3))),
    ("denials", (("denials", 4),)),
)
HOUR_COLUMNS = 5

PACK_ABOVE = 8192  # bytes; less than this is kept as it is


def extract(results: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return what is kept of a host, packed: its digest, and what is told over the whole fleet."""
    kept: dict[str, Any] = {
        "digest": digest_of(results),
        "denials": [_denial(row) for row in rows(results, "denials", "data", "groups", limit=DENIALS_KEPT)],
        "clients": [_client(row) for row in rows(results, "web_probes", "data", "clients", limit=CLIENTS_KEPT)],
        "logins": [
            [words(row, "user", limit=80), words(row, "address", limit=80), whole(row, "count")]
            for row in rows(results, "log_digest", "data", "logins", "accepted", limit=LOGINS_KEPT)
        ],
        "hours": _hours(results),
        "used": {
            words(row, "mount", limit=300): whole(row, "used_bytes")
            for row in rows(results, "log_digest", "data", "disks", limit=DISKS_KEPT)
            if words(row, "mount")
        },
    }
    packed = json.dumps({name: value for name, value in kept.items() if value}, separators=(",", ":")).encode("ascii")
    return packed if len(packed) < PACK_ABOVE else zlib.compress(packed, 1)


def unpack(packed: bytes) -> dict[str, Any]:
    """Return what :func:`extract` kept; nothing of a host without results."""
    if not packed:
        return {}
    kept: dict[str, Any] = json.loads(packed if packed.startswith(b"{") else zlib.decompress(packed))
    return kept


def _denial(row: Mapping[str, Any]) -> dict[str, Any]:
    severity = words(row, "severity")
    return {
        "id": words(row, "id", limit=40),
        "severity": severity if severity in SEVERITIES else "info",
        "what": _what(row),
        "blocked": words(row, "blocked", limit=40),
        "count": whole(row, "count"),
        "last": moment(row, "last"),
        "remedy": words(row, "suggestion", "text", limit=400),
        "commands": [command for command in texts(row, "suggestion", "commands", limit=4) if is_given(command)],
    }


def _what(row: Mapping[str, Any]) -> str:
    """Return who asked for what."""
    who = words(row, "comm", limit=60) or words(row, "source_type", limit=60)
    asked = " ".join(texts(row, "perms", limit=6)) or words(row, "tclass", limit=60)
    target = words(row, "path_pattern", limit=120) or words(row, "target_type", limit=80)
    port = whole(row, "port")
    source = words(row, "source_type", limit=60)
    return f"{who}{f' ({source})' if source and source != who else ''}: {asked[:120]} on {target}{f' port {port}' if port else ''}"


def _client(row: Mapping[str, Any]) -> dict[str, Any]:
    categories = at(row, "categories")
    return {
        "client": words(row, "client", limit=80),
        "hits": whole(row, "hits"),
        "answered": whole(row, "answered"),
        "last": moment(row, "last"),
        "categories": sorted(words(name, limit=40) for name in categories if isinstance(name, str))[:20] if isinstance(categories, dict) else [],
        "probes": [
            [words(sample, "category", limit=40), words(sample, "signature", limit=60), words(sample, "request", limit=160), words(sample, "status", limit=8)]
            for sample in rows(row, "samples", limit=SAMPLES_KEPT)
        ],
    }


def _hours(results: Mapping[str, Mapping[str, Any]]) -> dict[str, list[int]]:
    """Return the last hours as hour -> [accepted logins, failed logins, web requests, probes, denials]."""
    hours: dict[str, list[int]] = {}
    for check, columns in _HOURLY:
        found = rows(results, check, "data", "hours", limit=2000)
        for row in found[-HOURS_KEPT:]:
            hour = row.get("hour")
            if isinstance(hour, str) and (named := _hour(hour)):
                counts = hours.setdefault(named, [0] * HOUR_COLUMNS)
                for name, column in columns:
                    counts[column] += whole(row.get(name))
    return hours


@functools.lru_cache(maxsize=1024)
def _hour(time: str) -> str:
    """Return a time down to its hour, nothing for what is no time: the same few for every host."""
    return (moment(time) or "")[:13]
