# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds made to do harm: none may end the process, fill memory or take the other feeds with it. Each is small, and would ask for much."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import advisories_mirror as mirror
import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import feed, index, packed, remedy
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.feed import FeedError, members, parse_json
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.markup import tags_only
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.match import Place
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.plain_yaml import parse_yaml
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.verdict import AFFECTED, Hit
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.versions import gem

NODE = {"1": {"cve": ["CVE-2026-0001"], "vulnerable": "22.x", "patched": "^22.1.1"}}

# A tenth of each is written out ten times in the next: 10 ** 9 items.
LAUGHS = "x0: &a0 [a, a]\n" + "".join(f"x{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 10))
MERGES = "x0: &a0 {a: 1}\n" + "".join(f"x{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 10)}]}}\n" for number in range(1, 9))

YAML = [
    ("laughs", f"{LAUGHS}releases:\n- releaseCycle: '1'\n  latest: *a9\n"),
    ("merges", f"{MERGES}releases:\n- releaseCycle: '1'\n"),
    ("itself", "releases: &a\n- releaseCycle: *a\n"),
    ("deep", "releases: " + "[" * 200_000),
    ("deep mappings", "releases: " + "{a: " * 50_000),
    ("a number to the base of 60", "releases:\n- releaseCycle: 1" + ":59" * 200_000),
    ("a number that has no text", "releases:\n- releaseCycle: 0x" + "f" * 9000),
    ("no number", "releases:\n- releaseCycle: !!int ''\n"),
    ("no time", "releases:\n- eol: !!timestamp x\n"),
]


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def states(place: Path) -> dict[str, tuple[int, str]]:
    """Return count and problem of each feed in an index of the mirror, which holds Node's list beside those of a test."""
    write(place / "node/index.json", json.dumps(NODE))
    return {found.name: (found.records, found.problem) for found in index.build(place, place / "index.sqlite")}


@pytest.mark.parametrize("content", [content for _name, content in YAML], ids=[name for name, _content in YAML])
def test_yaml(tmp_path: Path, content: str) -> None:
    write(tmp_path / "endoflife/ruby.md", f"---\n{content}\n---\ntext\n")
    found = states(tmp_path)
    assert found["endoflife"] == (0, "endoflife/ruby.md cannot be read")
    assert found["node"] == (1, "")


def test_yaml_as_it_should_be() -> None:
    assert parse_yaml(b"a: [1.5, 'x & *y', 2026-01-01]\n")["a"][:2] == [1.5, "x & *y"]


@pytest.mark.parametrize(
    "item",
    [
        {"package": {"ecosystem": "AlmaLinux:9", "name": "\ud800a"}},
        {"package": {"ecosystem": "\udc80", "name": "a"}},
        {"package": {"ecosystem": "AlmaLinux:9", "name": "a"}, "ranges": 5},
        {"package": {"ecosystem": "AlmaLinux:9", "name": "a"}, "ranges": [{"events": 7}]},
    ],
    ids=["half a character", "half a character as ecosystem", "ranges are a number", "events are a number"],
)
def test_a_record_of_osv_that_no_database_takes(tmp_path: Path, item: dict[str, Any]) -> None:
    good = mirror.record("ALSA-2026:1", "Low: a security update", [mirror.affected("AlmaLinux:9", "a", "1-1")])
    mirror.osv(tmp_path, "AlmaLinux", [{**good, "id": "ALSA-2026:2", "affected": [item]}, good])
    found = states(tmp_path)
    assert found["osv/AlmaLinux"][0] >= 1
    assert not found["osv/AlmaLinux"][1]
    assert found["node"] == (1, "")


@pytest.mark.parametrize("data", [b'["\\ud800"]', b'["\xed\xa0\x80"]', '["a"]'.encode("utf-16")], ids=["escaped", "encoded", "UTF-16"])
def test_json_that_no_database_takes(data: bytes) -> None:
    with pytest.raises(ValueError, match="codec"):
        parse_json(data)


def test_json_of_a_whole_pair() -> None:
    assert parse_json(b'\xef\xbb\xbf["\\ud83d\\ude00"]') == ["\U0001f600"]


def test_a_reader_that_fails_takes_no_other_feed_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_path: Path) -> Any:
        raise TypeError("what nobody foresaw\x1b[2J")

    write(tmp_path / "nginx/security_advisories.xml", "<a/>")
    monkeypatch.setattr(index.sources, "_FILES", [(*row[:2], read, None) if row[0] == "nginx" else row for row in index.sources._FILES])
    found = states(tmp_path)
    assert found["nginx"] == (0, "it cannot be read: TypeError: what nobody foresaw\\x1b[2J")
    assert found["node"] == (1, "")


@pytest.mark.parametrize(
    ("vulnerable", "good", "encoding"),
    [("1.0.0-2.0.0, " * 20_000, "0.0.1+, " * 20_000, "utf-8"), ("1.0-2", f"1.{'9' * 5000}.1+", "utf-8"), ("1.0-2", "1.1.1+", "utf-16")],
    ids=["each with each", "a number without end", "an encoding that hides entities"],
)
def test_nginx(tmp_path: Path, vulnerable: str, good: str, encoding: str) -> None:
    page = f'<security><item name="x" severity="low" cve="2026-1" good="{good}" vulnerable="{vulnerable}"/></security>'
    write(tmp_path / "nginx/security_advisories.xml", page.encode(encoding))
    found = states(tmp_path)
    assert found["nginx"][0] == 0
    assert found["nginx"][1]
    assert found["node"] == (1, "")


def header(name: str, kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def test_a_folder_with_a_size_hides_no_header_that_fills_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "HEADERS_LIMIT", 65536)
    size = 8 * 1024 * 1024
    content = header("d", tarfile.DIRTYPE, 60 << 30) + header("././@LongLink", b"L", size) + b"a" * size + header("a.yml", tarfile.REGTYPE, 0)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(content + bytes(10240)))
    with pytest.raises(FeedError, match="a header of more than"):
        list(packed.gzip_members(path, ".yml"))


@pytest.mark.parametrize("large", [False, True], ids=["as it was", "of many records"])
def test_a_table_of_contents_is_not_read_where_it_would_fill_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        if large:
            monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)  # from here on zipfile writes the end of large archives as well
        for number in range(100):
            archive.writestr(f"{number}.json", "{}")
    assert len(list(members(path))) == 100
    if large:
        data = bytearray(path.read_bytes())
        data[-10:-6] = (22).to_bytes(4, "little")  # the end of small ones may say what it likes
        path.write_bytes(data)
    monkeypatch.setattr(feed, "DIRECTORY_LIMIT", 1000)
    with pytest.raises(FeedError, match="a table of contents of 5290 bytes"):
        list(members(path))


@pytest.mark.parametrize("words", ["<" + " " * 300_000, " " * 300_000], ids=["an operator", "nothing"])
def test_a_requirement_of_blanks(words: str) -> None:
    with pytest.raises(ValueError, match="not a requirement"):
        gem.requirement(words)


def test_a_score_that_is_no_number(tmp_path: Path) -> None:
    advisory = "gem: x\npatched_versions: ['>= 1']\n"
    with tarfile.open(tmp_path / "ruby-advisory-db.tar.gz", "w:gz") as archive:
        for name, more in (("CVE-2026-0001", f"cvss_v3: {'9' * 399}\n"), ("CVE-2026-0002", "cvss_v3: .nan\n"), ("CVE-2026-0003", "")):
            data = (advisory + more).encode()
            info = tarfile.TarInfo(f"db/gems/x/{name}.yml")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    found = states(tmp_path)
    assert found["ruby-advisory-db"] == (3, "")
    assert found["node"] == (1, "")


@pytest.mark.parametrize(
    ("page", "tags"),
    [
        ("<!-- <b> --><p title='a > b'>x", "<p title='a > b'>x"),
        ('<a title="1 < 2" href=x>it</a >', '<a title="1 &lt; 2" href=x>it</a >'),
        ("<!doctype html><br/>1 < 2<", "&lt;!doctype html><br/>1 &lt; 2&lt;"),
        ("<!" * 3 + "</a " * 2, "&lt;!" * 3 + "&lt;/a " * 2),
        ("<!--" * 1000, ""),
    ],
    ids=["a comment", "signs in quotes", "a declaration", "no ends", "comments without end"],
)
def test_a_page_is_read_in_one_pass(page: str, tags: str) -> None:
    assert tags_only(page) == tags


@pytest.mark.parametrize("unit", ["<!", "</a ", "<![CDATA[", "<!--", "<?", '<a b="'])
def test_a_page_without_ends_ends(tmp_path: Path, unit: str) -> None:
    write(tmp_path / "postgresql/security.html", unit * (1_000_000 // len(unit)))
    found = states(tmp_path)
    assert found["postgresql"] == (0, "security.html holds no table of vulnerabilities")
    assert found["node"] == (1, "")


def test_one_file_of_more_values_than_memory_has_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SIGNS_LIMIT", 1000)
    (tmp_path / "kev.json").write_text(json.dumps([[]] * 600))
    with pytest.raises(FeedError, match="made to fill memory"):
        feed.json_file(tmp_path / "kev.json")
    (tmp_path / "kev.json").write_text(json.dumps([[]] * 400))
    assert len(feed.json_file(tmp_path / "kev.json")) == 400


NAMED = Hit(AFFECTED, 1, "-O/etc/cron.d/x", "1", "2")


@pytest.mark.parametrize(("system", "wanted"), [("debian", ["apt-get update", "apt-get upgrade"]), ("fedora", ["yum update"])])
def test_a_package_named_as_an_option_of_a_system(system: str, wanted: list[str]) -> None:
    assert remedy.of_system({"id": system}, "", [NAMED])[1] == wanted


@pytest.mark.parametrize("place", [Place("npm", "/srv/app", "package-lock.json"), Place("npm", "/srv/app"), Place("gems"), Place("pypi")])
def test_a_package_named_as_an_option_of_an_application(place: Place) -> None:
    (command,) = remedy.of_located([(place, NAMED)])[1]
    assert command.startswith("# in ")
