# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index: broken and hostile feeds, renewal, what is kept. Cases 36 and 37."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import advisories_mirror as mirror
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import feed, index

GOOD = [mirror.record(f"ALSA-2026:{number}", "Low: a security update", [mirror.affected("AlmaLinux:9", "a", f"{number}-1")]) for number in range(1, 11)]


def state(place: Path) -> tuple[str, int, int]:
    """Return problem, records and rows of the one feed, after bringing the index up to date."""
    (found,) = index.build(place, place / "index.sqlite")
    with index.Index(place / "index.sqlite") as base:
        return found.problem, found.records, len(base.rows("AlmaLinux:9", "a"))


def touch(path: Path) -> None:
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000_000))


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.json", "w") as stream:
        for _unused in range(feed.RECORD_LIMIT // 1_000_000 + 2):
            stream.write(b" " * 1_000_000)


def nested(path: Path) -> None:
    mirror.osv(path.parents[2], "AlmaLinux", [b'{"id":' + b"[" * 100_000] * 3)


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[45] ^= 0xFF
    path.write_bytes(bytes(data))


# (case, what is done to the good file, words of the problem)
BROKEN: list[tuple[str, Any, str]] = [
    ("36 truncated", lambda path: path.write_bytes(path.read_bytes()[:-40]), "not a whole zip archive"),
    ("36 a flipped byte", damage, "not a whole zip archive"),
    ("36 HTML instead", lambda path: path.write_bytes(b"<html>503 Service Unavailable</html>"), "not a whole zip archive"),
    ("36 empty", lambda path: path.write_bytes(b""), "not a whole zip archive"),
    ("36 no record", lambda path: mirror.osv(path.parents[2], "AlmaLinux", []), "holds no record"),
    ("36 shrunk", lambda path: mirror.osv(path.parents[2], "AlmaLinux", GOOD[:7]), "more than a fifth is gone"),
    ("36 no JSON in it", lambda path: mirror.osv(path.parents[2], "AlmaLinux", [b"<html>"] * 9 + GOOD[:1]), "cannot be read"),
    ("37 a zip bomb", bomb, "holds no record|cannot be read|more than a fifth is gone"),
    ("37 nested without end", nested, "cannot be read"),
]


@pytest.mark.parametrize(("harm", "words"), [pytest.param(*case[1:], id=case[0]) for case in BROKEN])
def test_the_last_good_state_is_kept(tmp_path: Path, harm: Any, words: str) -> None:
    path = mirror.osv(tmp_path, "AlmaLinux", GOOD)
    assert state(tmp_path) == ("", 10, 10)
    harm(path)
    problem, records, rows = state(tmp_path)
    assert any(part in problem for part in words.split("|")), problem
    assert (records, rows) == (10, 10)
    mirror.osv(tmp_path, "AlmaLinux", GOOD)
    assert state(tmp_path) == ("", 10, 10)


def test_a_feed_that_was_never_good_has_no_rows(tmp_path: Path) -> None:
    mirror.osv(tmp_path, "AlmaLinux", GOOD).write_bytes(b"x")
    problem, records, rows = state(tmp_path)
    assert (bool(problem), records, rows) == (True, 0, 0)


def test_withdrawn_and_changed_records(tmp_path: Path) -> None:
    mirror.osv(tmp_path, "AlmaLinux", GOOD)
    assert state(tmp_path) == ("", 10, 10)
    mirror.osv(tmp_path, "AlmaLinux", [{**GOOD[0], "withdrawn": "2026-01-05T00:00:00Z"}, *GOOD[1:]])
    assert state(tmp_path) == ("", 9, 9)


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    mirror.osv(tmp_path, "AlmaLinux", GOOD)
    mirror.osv(tmp_path, "npm", [mirror.record("GHSA-1", "x", [mirror.affected("npm", "left", "2.0.0")])])
    path = tmp_path / "index.sqlite"
    index.build(tmp_path, path)
    before = path.stat().st_ino
    index.build(tmp_path, path)
    assert path.stat().st_ino == before  # nothing changed, nothing written
    mirror.osv(tmp_path, "npm", [mirror.record("GHSA-2", "x", [mirror.affected("npm", "right", "2.0.0")])])
    index.build(tmp_path, path)
    with index.Index(path) as base:
        assert (len(base.rows("AlmaLinux:9", "a")), base.rows("npm", "left"), len(base.rows("npm", "right"))) == (10, [], 1)
        assert base.vuln(base.rows("npm", "right")[0].vid).id == "GHSA-2"


def test_a_reader_keeps_its_state_while_the_index_is_renewed(tmp_path: Path) -> None:
    mirror.osv(tmp_path, "AlmaLinux", GOOD)
    state(tmp_path)
    with index.Index(tmp_path / "index.sqlite") as base:
        mirror.osv(tmp_path, "AlmaLinux", [*GOOD, mirror.record("ALSA-2026:99", "x", [mirror.affected("AlmaLinux:9", "a", "99-1")])])
        assert state(tmp_path)[2] == 11
        assert len(base.rows("AlmaLinux:9", "a")) == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.sqlite", "osv"]


def test_an_index_that_is_none_is_built_anew(tmp_path: Path) -> None:
    mirror.osv(tmp_path, "AlmaLinux", GOOD)
    (tmp_path / "index.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert state(tmp_path) == ("", 10, 10)


def test_37_names_in_an_archive_are_never_paths(tmp_path: Path) -> None:
    path = tmp_path / "osv" / "AlmaLinux" / "all.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../../escaped.json", json.dumps(GOOD[0]))
    with tarfile.open(tmp_path / "ruby-advisory-db.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("../gems/rack/CVE-1.yml")
        data = b"gem: rack\ndate: 2026-01-01\npatched_versions: ['>= 2']\n"
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("gems/rack/link.yml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    feeds = {found.name: found.records for found in index.build(tmp_path, tmp_path / "index.sqlite")}
    assert feeds == {"osv/AlmaLinux": 1, "ruby-advisory-db": 1}
    assert {place.name for place in tmp_path.iterdir()} == {"index.sqlite", "osv", "ruby-advisory-db.tar.gz"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nginx/security_advisories.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "defines entities"),
        ("nginx/security_advisories.xml", b"<html><body>busy", "no XML"),
        ("nginx/security_advisories.xml", b"<article/>", "holds no vulnerability"),
        ("kev/known_exploited_vulnerabilities.json", b"<html>", "no JSON"),
        ("kev/known_exploited_vulnerabilities.json", b"{}", "no list of vulnerabilities"),
        ("epss/epss_scores-current.csv.gz", b"<html>", "cannot be read"),
        ("ruby-advisory-db.tar.gz", b"\x1f\x8b\x08broken", "not a whole .tar.gz archive"),
        ("endoflife/ruby.json", b"[]", "names no release"),
        ("redhat/repository-to-cpe.json", b"[]", "has no data"),
    ],
)
def test_36_other_feeds(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    (found,) = index.build(tmp_path, tmp_path / "index.sqlite")
    assert words in found.problem
    assert found.records == 0
