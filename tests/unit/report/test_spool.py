# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spool: whole files under their final name or none, and nothing read that is not what it says."""

from __future__ import annotations

import gzip
import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest
import sample_fleet
from hostile import FORBIDDEN
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils import spool, untrusted, whole


def document(host: str) -> dict[str, Any]:
    return sample_fleet.document(host, "web", "debian", ["libssl"], ["restart"], {})


def put(directory: Path, name: str, value: object) -> None:
    (directory / name).write_bytes(gzip.compress(json.dumps(value).encode()))


def read(directory: Path, hosts: list[str] | None = None) -> dict[str, tuple[str, str]]:
    return {item["host"]: (item["status"], item["reason"]) for item in spool.read_documents(directory, hosts or ())}


HOSTS = ["web1", "web1.example.com", "2001:db8::1", "../../etc/passwd", "..", ".", "a/b", "a%2Fb"]
HOSTS += ["Ünïcode-ホスト", " space ", "=", "x" * 1000, "ホ" * 400, "-rf", "\\x41"]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host[:20])
def test_any_name_of_a_host_is_a_file_below_the_run_and_comes_back(host: str, tmp_path: Path) -> None:
    path = spool.write_document(tmp_path, document(host))
    assert path.parent == tmp_path and path.name in os.listdir(tmp_path) and len(path.name.encode()) <= 210
    assert not path.name.startswith(".")
    assert list(spool.read_documents(tmp_path)) == [document(host)]


@given(st.lists(st.text(min_size=1, max_size=400), unique=True, max_size=20))
def test_no_two_hosts_share_a_file(hosts: list[str]) -> None:
    assert len({spool.file_name(host) for host in hosts}) == len(hosts)


def test_a_long_name_cannot_be_claimed_by_a_host_called_like_its_short_form() -> None:
    short = spool.file_name("x" * 1000).removesuffix(spool.SUFFIX)
    assert spool.file_name(short) != spool.file_name("x" * 1000)


DAMAGE = {
    "empty": b"",
    "not compressed": b'{"schema": 1}',
    "cut": gzip.compress(json.dumps(document("web1")).encode())[:-20],
    "garbage behind": gzip.compress(b"{}")[:15] + b"\xff" * 40,
    "not json": gzip.compress(b"{nope"),
    "not utf-8": gzip.compress(b'"\xff\xfe"'),
    "deep": gzip.compress(b"[" * 200_000),
    "a list": gzip.compress(b"[]"),
    "newer schema": gzip.compress(json.dumps({**document("web1"), "schema": "bottomup.security/host/2"}).encode()),
    "forged host": gzip.compress(json.dumps(document("db1")).encode()),
    "bomb": gzip.compress(b" " * (spool.UNPACKED_LIMIT + 10), 1),
    "empty lists": gzip.compress(b"[" + b"[]," * (untrusted.SIGNS_LIMIT // 2) + b"[]]", 1),
}


def test_a_file_that_would_fill_memory_is_not_parsed(tmp_path: Path) -> None:
    body = {**document("web1"), "more": [[]] * (untrusted.SIGNS_LIMIT // 2)}
    (tmp_path / "web1.json.gz").write_bytes(gzip.compress(json.dumps(body).encode()))
    assert read(tmp_path)["web1"] == ("error", "spool file web1.json.gz: it holds far more values than a document has: it is made to fill memory")


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_is_an_error_of_its_host_and_the_others_are_read(case: str, tmp_path: Path) -> None:
    (tmp_path / "web1.json.gz").write_bytes(DAMAGE[case])
    spool.write_document(tmp_path, document("web2"))
    found = read(tmp_path)
    assert found["web2"] == ("checked", "")
    assert found["web1"][0] == "error" and found["web1"][1].startswith("spool file web1.json.gz: ")
    assert set(found) == {"web1", "web2"}


@pytest.mark.parametrize("packed", ["members", "padded", "large"])
def test_what_another_gzip_packed_is_read_as_well(packed: str, tmp_path: Path) -> None:
    words = json.dumps(document("web1") | ({"unknown": [str(number) for number in range(600_000)]} if packed == "large" else {})).encode()
    content = gzip.compress(words[:20]) + gzip.compress(words[20:]) if packed == "members" else gzip.compress(words)
    assert packed != "large" or len(content) > spool.PACKED_WHOLE
    (tmp_path / spool.file_name("web1")).write_bytes(content + bytes(512 if packed == "padded" else 0))
    assert [item["status"] for item in spool.read_documents(tmp_path)] == [document("web1")["status"]]


def test_a_link_a_pipe_and_a_folder_are_not_followed(tmp_path: Path) -> None:
    spool.write_document(tmp_path, document("web1"))
    (tmp_path / "link.json.gz").symlink_to("web1.json.gz")
    os.mkfifo(tmp_path / "pipe.json.gz")
    (tmp_path / "folder.json.gz").mkdir()
    found = read(tmp_path)
    assert {host: status for host, (status, _reason) in found.items()} == {"web1": "checked", "link": "error", "pipe": "error", "folder": "error"}


def test_a_damaged_file_with_a_shortened_name_is_found_back_by_the_expected_hosts(tmp_path: Path) -> None:
    host = "x" * 1000
    (tmp_path / spool.file_name(host)).write_bytes(b"")
    assert list(read(tmp_path, [host])) == [host]
    assert list(read(tmp_path)) == [spool.file_name(host).removesuffix(spool.SUFFIX)]


@pytest.mark.parametrize("name", [b"%1B%5B2Jx%0Ay", b"\x1b]0;title\x07", b"\xff\xfe", b"%E2%80%AE", b"%FF"], ids=repr)
def test_the_name_of_a_damaged_file_is_shown_without_controls(name: bytes, tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".json.gz")).write_bytes(b"")
    [(host, (status, reason))] = read(tmp_path).items()
    assert status == "error"
    assert not FORBIDDEN & set(host + reason)


def test_unfinished_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / (whole.TEMPORARY + "abc.json.gz")).write_bytes(b"half")
    assert read(tmp_path) == {}


def test_written_twice_the_later_one_stays_and_it_is_for_the_owner_alone(tmp_path: Path) -> None:
    spool.write_document(tmp_path, document("web1"))
    path = spool.write_document(tmp_path, {**document("web1"), "run_id": "later"})
    assert [item["run_id"] for item in spool.read_documents(tmp_path)] == ["later"]
    assert path.stat().st_mode & 0o777 == 0o600 and os.listdir(tmp_path) == ["web1.json.gz"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    spool.write_whole(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(spool.SpoolError, match=r"cannot write .*report\.json: File too large"):
            spool.write_whole(path, (b"x" * 1000 for _block in range(1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["report.json"]


def test_what_is_written_breaks_off_and_nothing_is_left(tmp_path: Path) -> None:
    def blocks() -> Any:
        yield b"half"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        spool.write_whole(tmp_path / "report.html", blocks())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", ".hidden", "x" * 101, "a b", "a\n"])
def test_a_run_id_that_is_no_file_name_is_refused(run_id: str, tmp_path: Path) -> None:
    with pytest.raises(spool.SpoolError, match="run id"):
        spool.new_run(tmp_path, run_id)


def test_a_new_run_and_the_link_to_the_latest(tmp_path: Path) -> None:
    first, second = spool.new_run(tmp_path / "state"), spool.new_run(tmp_path / "state", "run2")
    assert first.parent == second.parent and first != second and first.stat().st_mode & 0o777 == 0o700
    link = spool.point_latest(tmp_path / "state", first.name)
    assert link.resolve() == first.resolve()
    spool.point_latest(tmp_path / "state", "run2")
    assert link.resolve() == second.resolve() and os.readlink(link) == "runs/run2"
    assert sorted(os.listdir(tmp_path / "state")) == ["latest", "runs"]


def test_where_the_link_cannot_be_replaced_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(spool.SpoolError, match="cannot replace the link"):
        spool.point_latest(tmp_path, "run1")
    assert os.listdir(tmp_path) == ["latest"]


def test_a_state_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(spool.SpoolError, match="cannot make the directory"):
        spool.new_run(tmp_path / "state", "run1")
    with pytest.raises(spool.SpoolError, match="cannot read the directory"):
        list(spool.read_documents(tmp_path / "nothing"))
