# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of a file is made once, and made anew whenever there is a doubt."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import kept, payload

CODE = b"stamp of the code"


class Maker:
    """Makes something else each time."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> bytes:
        self.made += 1
        return b"made %d" % self.made


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "part.py"
    path.write_text("x = 1\n")
    return path


def beside(path: Path) -> Path:
    (found,) = (path.parent / "__pycache__").iterdir()
    return found


def test_it_is_made_once_for_each_kind(path: Path) -> None:
    make, other = Maker(), Maker()
    assert [kept.kept(path, "code", CODE, make), kept.kept(path, "code", CODE, make)] == [b"made 1", b"made 1"]
    assert kept.kept(path, "source", CODE, other) == b"made 1"
    assert (make.made, other.made) == (1, 1)
    assert sorted(entry.suffix for entry in (path.parent / "__pycache__").iterdir()) == [".pyc", ".pyc"]


def same_size(path: Path) -> None:
    path.write_text("x = 2\n")
    about = path.stat()
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1))


def same_time(path: Path) -> None:
    about = path.stat()
    path.write_text("x = 22\n")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def older(path: Path) -> None:
    about = path.stat()
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns - 10**9))


@pytest.mark.parametrize("change", [same_size, same_time, older])
def test_another_file_is_not_taken_for_it(change: object, path: Path) -> None:
    make = Maker()
    kept.kept(path, "code", CODE, make)
    assert callable(change)
    change(path)
    assert kept.read(path, "code", CODE) is None
    assert kept.kept(path, "code", CODE, make) == b"made 2"
    assert kept.read(path, "code", CODE) == b"made 2"


def test_other_code_makes_it_anew(path: Path) -> None:
    make = Maker()
    kept.kept(path, "code", CODE, make)
    assert kept.kept(path, "code", b"stamp of other co", make) == b"made 2"


DAMAGES = {
    "empty": lambda whole: b"",
    "without its end": lambda whole: whole[:-1],
    "cut in its head": lambda whole: whole[:9],
    "longer": lambda whole: whole + b"x",
    "another byte": lambda whole: whole[:-1] + b"X",
    "another Python's": lambda whole: b"\0" + whole[1:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_is_not_taken(damage: object, path: Path) -> None:
    kept.kept(path, "code", CODE, Maker())
    whole = beside(path).read_bytes()
    assert callable(damage)
    beside(path).write_bytes(damage(whole))
    assert kept.kept(path, "code", CODE, Maker()) == b"made 1"
    assert beside(path).read_bytes() == whole


def test_nothing_is_written_where_python_shall_write_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    make = Maker()
    assert [kept.kept(path, "code", CODE, make), kept.kept(path, "code", CODE, make)] == [b"made 1", b"made 2"]
    assert os.listdir(path.parent) == ["part.py"]


@pytest.mark.parametrize("in_the_way", ["a file for the folder", "a folder for the file"])
def test_where_it_cannot_be_written_it_is_made_each_time(in_the_way: str, path: Path) -> None:
    make = Maker()
    if in_the_way == "a file for the folder":
        (path.parent / "__pycache__").write_text("")
    else:
        kept.kept(path, "code", CODE, make)
        name = beside(path)
        name.unlink()
        name.mkdir()
    made = make.made
    assert [kept.kept(path, "code", CODE, make) for _time in (1, 2)] == [b"made %d" % (made + 1), b"made %d" % (made + 2)]
    left = [entry.name for entry in path.parent.rglob("*") if entry.is_file()]
    assert sorted(left) in (["__pycache__", "part.py"], ["part.py"])


def test_who_may_read_the_file_may_read_what_is_kept(path: Path) -> None:
    path.chmod(0o440)
    before = os.umask(0)
    try:
        kept.kept(path, "code", CODE, Maker())
    finally:
        os.umask(before)
    assert beside(path).stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kept.read(tmp_path / "part.py", "code", CODE)


def test_the_second_run_sends_what_the_first_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    names = ("engine", "checks.restart", "host.finding")
    wanted = [(payload.source(name), payload.code(name)) for name in names]
    utils = tmp_path / "module_utils"
    shutil.copytree(payload.MODULE_UTILS, utils, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(payload, "MODULE_UTILS", utils)
    read, code = payload.source.__wrapped__, payload.code.__wrapped__
    first = [(read(name), code(name)) for name in names]

    def never(*_arguments: object) -> str:
        raise AssertionError("packed again")

    monkeypatch.setattr(payload, "_packed", never)
    assert wanted == first == [(read(name), code(name)) for name in names]
