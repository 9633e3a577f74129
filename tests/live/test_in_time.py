# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that are too much for the time of a check: it ends its reading, tells what it has, and what was not read."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.module_utils import engine
from ansible_collections.bottomup.security.plugins.module_utils.checks import denials, log_digest, web_probes
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

NOW = int(time.time())
DAY = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(NOW - 600))
SYSLOG = time.strftime("%b %e %H:%M:%S", time.gmtime(NOW - 600))

PROBE = f'203.0.113.9 - - [{DAY}] "GET /.env HTTP/1.1" 200 512 "-" "curl/8"\n'
DENIAL = (
    f'type=AVC msg=audit({NOW - 600}.123:456): avc:  denied  {{ write }} for  pid=1 comm="nginx" name="x" dev="vda1" ino=7 '
    "scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:var_t:s0 tclass=file permissive=0\n"
)
FAILURE = f"{SYSLOG} web sshd[77]: Failed password for root from 203.0.113.9 port 4711 ssh2\n"

# a check, its log, the first line, what the result has of it
CHECKS = [
    pytest.param(web_probes.run, "/var/log/nginx/access.log", PROBE, lambda data: data["totals"]["hits"], id="web_probes"),
    pytest.param(denials.run, "/var/log/audit/audit.log", DENIAL, lambda data: len(data["groups"]), id="denials"),
    pytest.param(log_digest.run, "/var/log/auth.log", FAILURE, lambda data: data["logins"]["failed_total"], id="log_digest"),
]


@pytest.fixture(scope="module")
def zeros() -> bytes:
    """Return a gzip member of 64 MB."""
    return gzip.compress(bytes(64 << 20), 1)


@pytest.mark.parametrize(("run", "path", "line", "count"), CHECKS)
def test_what_was_read_before_the_time_was_up_is_told(tmp_path: Path, zeros: bytes, run: Any, path: str, line: str, count: Any) -> None:
    log = tmp_path / path[1:]
    log.parent.mkdir(parents=True)
    log.touch()
    # More than can be unpacked in the time, less than the limit of what is unpacked at all.
    with Path(f"{log}.1.gz").open("wb") as stream:
        stream.write(gzip.compress(line.encode()))
        stream.writelines([zeros] * 240)
    os.utime(f"{log}.1.gz", (NOW - 60, NOW - 60))
    machine = Machine(os.fsencode(tmp_path), NOW)
    machine.deadline = time.time() + 0.5
    answer = run({"timezone": "UTC"}, machine)
    assert answer["status"] == "incomplete", answer["status_reason"]
    assert "the time was up" in answer["status_reason"]
    assert count(answer["data"]) == 1


def test_the_engine_says_when_reading_is_to_end() -> None:
    def run(_options: dict[str, Any], machine: Machine) -> dict[str, Any]:
        assert machine.deadline is not None
        return {"status": "ok", "status_reason": "", "findings": [], "data": {"left": machine.deadline - time.time()}}

    limits = {"timeout": 100, "memory": 2 << 30, "options": {}}
    machine = Machine()
    answer = json.loads(engine.run_checks([("one", run)], limits, machine)["one"])
    assert 65 < answer["data"]["left"] <= 75 and machine.deadline is None
