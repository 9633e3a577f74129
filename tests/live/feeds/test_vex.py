# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Red Hat's statements from a real nginx: the archive once, then what changed, and a newer archive when that is too much."""

from __future__ import annotations

import json
import time
from pathlib import Path

import needs
import pytest
from feeds_server import Server
from redhat_mirror import ARCHIVE, BASEOS, Statement, archive, changed, deleted, path_of

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import index, packed, redhat_vex
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import catalog, manifest, refresh, states, vex, web
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds.one import Upstream

needs.command("nginx", "openssl")
if packed._module() is None:
    needs.command("zstd")

FEED = next(feed for feed in catalog.FEEDS if feed.name == redhat_vex.ARCHIVE)
BEFORE, AFTER = "2026-11-19T23:00:00+00:00", "2026-11-21T01:00:00+00:00"


def holed(number: int, package: str = "openssl") -> Statement:
    return Statement(f"CVE-2026-{number:04}").fixed(BASEOS, package, f"3.0.7-{number}.el9", f"RHSA-2026:{number:04}")


@pytest.fixture
def server(server: Server) -> Server:
    archive(server.mirror, [holed(number) for number in range(1, 11)])
    changed(server.mirror, holed(10), BEFORE)
    return server


def fetch(mirror: Path, url: str) -> refresh.Result:
    with refresh.locked(mirror):
        return refresh.refresh(web.Web(), mirror, [FEED], Upstream({}, url), time.monotonic() + 60, lambda _words: None)


def known(mirror: Path, path: Path) -> set[str]:
    """Return what the index of a mirror knows of openssl."""
    index.build(mirror, path)
    with index.Index(path) as base:
        assert [feed.problem for feed in base.feeds() if feed.problem] == []
        return {base.vuln(row.vid).id for row in base.rows("Red Hat VEX:enterprise_linux:9::baseos", "openssl.src")}


def paths(server: Server) -> list[str]:
    return [request.path.removeprefix("/mirror/redhat/vex/") for request in server.requests() if request.status == 200]


def test_all_once_and_then_what_changed(server, mirror, tmp_path):
    result = fetch(mirror, server.url())
    assert (result.changed, result.problems) == (["redhat-vex"], {})
    # What changed before the day of the archive is in it.
    assert paths(server) == ["archive_latest.txt", "changes.csv", "deletions.csv", ARCHIVE]
    assert known(mirror, tmp_path / "index") == {f"CVE-2026-{number:04}" for number in range(1, 11)}
    entry = manifest.read(mirror)["redhat-vex"]
    assert (entry.records, entry.url) == (10, server.url() + "/redhat/vex/")

    server.forget()
    assert fetch(mirror, server.url()).changed == []
    assert paths(server) == ["archive_latest.txt"]

    time.sleep(1.1)  # nginx tells files apart by size and second
    changed(server.mirror, holed(12), AFTER)
    deleted(server.mirror, "CVE-2026-0003", AFTER)
    server.forget()
    assert fetch(mirror, server.url()).changed == ["redhat-vex"]
    assert paths(server) == ["archive_latest.txt", "changes.csv", "deletions.csv", path_of("CVE-2026-0012")]
    assert known(mirror, tmp_path / "index") == {f"CVE-2026-{number:04}" for number in (*range(1, 3), *range(4, 11), 12)}
    assert [state.status for state in states.feed_states(mirror, time.time(), 3600)] == ["ok", "ok"]


def test_a_newer_archive_is_taken_when_too_much_changed(server, mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(vex, "CHANGES_LIMIT", 2)
    fetch(mirror, server.url())
    time.sleep(1.1)
    for number in (11, 12):
        changed(server.mirror, holed(number), AFTER)
    archive(server.mirror, [holed(number) for number in range(1, 14)], "csaf_vex_2026-11-22.tar.zst")
    server.forget()
    fetch(mirror, server.url())
    assert "csaf_vex_2026-11-22.tar.zst" not in paths(server)
    time.sleep(1.1)
    for number in (14, 15, 16):
        changed(server.mirror, holed(number), "2026-11-22T10:00:00+00:00")
    server.forget()
    result = fetch(mirror, server.url())
    assert result.problems == {}
    assert "csaf_vex_2026-11-22.tar.zst" in paths(server)
    assert (mirror / "redhat/vex/archive_latest.txt").read_text().strip() == "csaf_vex_2026-11-22.tar.zst"
    assert not (mirror / "redhat/vex" / ARCHIVE).exists()
    # The single statements that are in it went with the old one.
    assert sorted(redhat_vex.statements(mirror / "redhat/vex")) == [path_of(f"CVE-2026-00{number}") for number in (14, 15, 16)]
    assert known(mirror, tmp_path / "index") == {f"CVE-2026-{number:04}" for number in range(1, 17)}


def test_one_mirror_is_filled_from_another(server, mirror, tmp_path):
    changed(server.mirror, holed(12), AFTER)
    fetch(mirror, server.url())
    second = tmp_path / "second"
    second.mkdir()
    assert fetch(second, str(mirror)).problems == {}
    assert known(second, tmp_path / "index") == known(mirror, tmp_path / "index2")
    assert (second / "redhat/vex/changes.csv").stat().st_mtime_ns == (mirror / "redhat/vex/changes.csv").stat().st_mtime_ns
    assert fetch(second, str(mirror)).changed == []


def test_a_statement_that_is_not_to_be_had_is_said_and_the_others_are_kept(server, mirror, tmp_path):
    fetch(mirror, server.url())
    old = (mirror / "redhat/vex/changes.csv").stat().st_mtime_ns
    time.sleep(1.1)
    changed(server.mirror, holed(12), AFTER)
    changed(server.mirror, holed(13), AFTER)
    lost = server.mirror / "redhat/vex" / path_of("CVE-2026-0013")
    kept = lost.read_bytes()
    lost.unlink()
    result = fetch(mirror, server.url())
    assert "1 of 2 changed statements could not be had" in result.problems["redhat-vex"]
    assert "answers 404" in result.problems["redhat-vex"]
    # The feed is as old as it was: not all of what changed is there.
    assert (mirror / "redhat/vex/changes.csv").stat().st_mtime_ns == old
    assert known(mirror, tmp_path / "index") >= {"CVE-2026-0012"}
    lost.write_bytes(kept)
    server.forget()
    assert fetch(mirror, server.url()).problems == {}
    assert path_of("CVE-2026-0012") not in paths(server)
    assert known(mirror, tmp_path / "index") >= {"CVE-2026-0012", "CVE-2026-0013"}


@pytest.mark.parametrize(
    ("name", "content", "words", "status"),
    [
        pytest.param("archive_latest.txt", b"../../../../etc/passwd", "names no archive", "refused", id="37 the name is a path"),
        pytest.param("changes.csv", b"<!doctype html><html>", "an HTML page came", "refused", id="36 HTML in place of the list"),
        pytest.param(ARCHIVE, b"<!doctype html><html>", "is not a whole .tar.zst archive", "refused", id="36 HTML in place of the archive"),
        pytest.param(ARCHIVE, None, "answers 404", "failed", id="no archive"),
    ],
)
def test_what_is_broken_is_refused_and_nothing_stays(name, content, words, status, server, mirror):
    path = server.mirror / "redhat/vex" / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    result = fetch(mirror, server.url())
    assert words in result.problems["redhat-vex"]
    assert manifest.read(mirror)["redhat-vex"].status == status
    assert redhat_vex.archive(mirror) is None
    assert [path.name for path in (mirror / ".partial").iterdir() if "zst" in path.name] == []


def test_an_archive_that_shrank_is_refused_and_the_last_good_one_stays(server, mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(vex, "CHANGES_LIMIT", 0)
    fetch(mirror, server.url())
    time.sleep(1.1)
    changed(server.mirror, holed(12), AFTER)
    archive(server.mirror, [holed(1)], "csaf_vex_2026-11-22.tar.zst")
    result = fetch(mirror, server.url())
    assert "csaf_vex_2026-11-22.tar.zst has 1 records, 10 before" in result.problems["redhat-vex"]
    assert '["redhat-vex"]' in result.problems["redhat-vex"]
    kept = redhat_vex.archive(mirror)
    assert kept and kept.name == ARCHIVE
    assert len(known(mirror, tmp_path / "index")) == 10


def test_a_hostile_statement_is_no_statement(server, mirror, tmp_path):
    fetch(mirror, server.url())
    time.sleep(1.1)
    changed(server.mirror, holed(12), AFTER)
    (server.mirror / "redhat/vex" / path_of("CVE-2026-0012")).write_text(json.dumps({"document": "x" * 1000}))
    assert "no document of CSAF 2" in fetch(mirror, server.url()).problems["redhat-vex"]
    assert not (mirror / "redhat/vex" / path_of("CVE-2026-0012")).exists()
    assert len(known(mirror, tmp_path / "index")) == 10
