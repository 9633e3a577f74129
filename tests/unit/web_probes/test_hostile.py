# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs and configurations that were made to blind the check."""

from __future__ import annotations

import gzip
import os
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import web_probes, web_probes_known, web_probes_seen, web_signatures
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


@pytest.mark.parametrize(
    ("signature", "text"),
    [
        ("lfi_file", b"/download?file=../../x/../web-inf/web.xml"),
        ("dotdot_query", b"file=..;/%%%/admin"),
        ("dotdot_path", b"/-/../x/-/../-/etc/hosts"),
        ("dotdot_path", b"/cgi-bin/x/cgi-bin/-../"),
        ("private_key", b"/ssl/www.example.com-private-2026.pem"),
        ("credential_file", b"/my-aws-secrets-old.json"),
        ("sql_dump", b"/db.sql.2026.tar.gz"),
        ("site_archive", b"/www-backup-2026.zip"),
    ],
)
def test_what_is_bounded_is_still_found(signature: str, text: bytes) -> None:
    assert re.search(web_signatures.BY_ID[signature].pattern, text)


def test_a_configuration_beyond_the_limit_is_said(tmp_path: Path) -> None:
    put(tmp_path, "/var/log/nginx/access.log", LINE)
    put(tmp_path, "/etc/nginx/nginx.conf", b"#" * 1023 + b"\n" + (b"#" * 4095 + b"\n") * 2048 + b"access_log /data/access.log;\n")
    result = run(tmp_path)
    assert result["status"] == "incomplete"
    assert result["status_reason"] == "/etc/nginx/nginx.conf: the configuration is too large"


@pytest.mark.parametrize("main", ["/etc/nginx/nginx.conf", "/etc/apache2/apache2.conf"])
def test_a_loop_of_includes_is_said_once_and_hides_no_other_reason(tmp_path: Path, main: str) -> None:
    put(tmp_path, "/var/log/nginx/access.log", LINE)
    folder = os.path.dirname(main)
    put(tmp_path, main, b"Include conf.d/*\n" if "apache" in main else b"include conf.d/*;\n")
    one = f"Include {folder}/conf.d/*\n" if "apache" in main else f"include {folder}/conf.d/*;\n"
    put(tmp_path, f"{folder}/conf.d/a.conf", one.encode() * 50)
    os.mkfifo(tmp_path / f"{folder}/conf.d/pipe".lstrip("/"))
    reasons = run(tmp_path)["status_reason"].split("; ")
    assert len(reasons) == len(set(reasons))
    assert f"{folder}/conf.d/pipe: not a plain file" in reasons
    assert f"{folder}/conf.d/a.conf: includes go too deep or are too many" in reasons


def test_a_terabyte_of_nothing_is_passed_over(tmp_path: Path) -> None:
    log = put(tmp_path, "/var/log/nginx/access.log", LINE)
    with log.open("r+b") as file:
        file.seek(1 << 39)
        file.write(LINE.replace(b"192.0.2.7", b"192.0.2.8"))
        file.truncate(1 << 40)
    os.utime(log, (NOW, NOW))
    result = run(tmp_path)
    assert result["status"] == "findings"
    assert [client["client"] for client in result["data"]["clients"]] == ["192.0.2.7", "192.0.2.8"]


def test_members_without_text_come_to_an_end(tmp_path: Path) -> None:
    put(tmp_path, "/var/log/nginx/access.log.2.gz", gzip.compress(LINE) + gzip.compress(b"") * 20000 + gzip.compress(LINE))
    result = run(tmp_path)
    assert result["status"] == "incomplete"
    assert "more than 10000 members without text, the rest was not read" in result["status_reason"]
    assert result["data"]["totals"]["lines"] == 1


def test_there_is_no_time_after_the_last_year(tmp_path: Path) -> None:
    put(tmp_path, "/var/log/nginx/access.log", LINE + LINE.replace(b"22/Nov/2026:05:00:00 +0000", b"31/Dec/9999:23:00:00 -1200"))
    assert run(tmp_path)["data"]["totals"]["unparsed"] == 1


def test_what_users_uploaded_is_listed_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_probes_known, "PUBLIC_FILES_LIMIT", 10)
    for number in range(30):
        (tmp_path / f"srv/{number}/below").mkdir(parents=True)
    put(tmp_path, "/srv/zz.png", b"")
    known = web_probes_known.Known(Machine(os.fsencode(tmp_path), now=NOW), [], ["/srv"])
    assert known.cut
    assert not known.files


def test_a_beginning_that_nobody_can_read_does_not_hide_the_rest(tmp_path: Path) -> None:
    entry = b'{"time_iso8601":"2026-11-22T05:00:00Z","request":"GET /.env HTTP/1.1","status":200,"remote_addr":"192.0.2.7"}\n'
    put(tmp_path, "/var/log/nginx/access.log", (b"x" * 8000 + b"\n") * 60 + entry * 5000)
    totals = run(tmp_path)["data"]["totals"]
    assert totals["unparsed"] < 2500 < totals["lines"]
