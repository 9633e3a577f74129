# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock files: each format, what is wrong with them, where they are looked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import needs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from software_server import Server

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_lock_formats as formats
from ansible_collections.bottomup.security.plugins.module_utils.checks import software_lockfiles as lockfiles

GEMFILE = """\
GIT
  remote: https://github.com/a/own
  revision: 1234
  specs:
    own (2.0)
      rack (>= 1)

PATH
  remote: engines/shop
  specs:
    shop (0.1)

GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.16.2-x86_64-linux)
      racc (~> 1.4)
    rails (7.1.0.rc1)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  own!
  rails

BUNDLED WITH
   2.5.6
"""
GEMS = [["nokogiri", "1.16.2", "registry"], ["own", "2.0", "git"], ["rails", "7.1.0.rc1", "registry"], ["shop", "0.1", "path"]]

YARN_BERRY = '__metadata:\n  version: 8\n\n"alias@npm:left-pad@^1.0.0":\n  version: 1.3.0\n  resolution: "left-pad@npm:1.3.0"\n\n' \
             '"me@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "me@workspace:."\n'
PNPM = "lockfileVersion: '9.0'\n\npackages:\n\n  '@a/b@1.0.0':\n    resolution: {integrity: y}\n\n  c@2.0.0(a@1.0.0):\n    resolution: {integrity: x}\n" \
       "\nsnapshots:\n\n  '@a/b@1.0.0': {}\n"
POETRY = '[[package]]\nname = "Ruamel.Yaml"\nversion = "0.18"\ndescription = """\nname = "no"\n"""\n\n[package.dependencies]\nname = "x"\n\n' \
         '[[package]]\nname = "own"\nversion = "1"\n\n[package.source]\ntype = "git"\nurl = "https://g/x"\n\n[metadata]\nlock-version = "2.0"\n'
UV = 'version = 1\n\n[[package]]\nname = "emoji"\nversion = "2.14"\nsource = { registry = "https://pypi.org/simple" }\n\n' \
     '[[package]]\nname = "me"\nversion = "0.1"\nsource = { virtual = "." }\n'
PIPFILE = json.dumps({"_meta": {}, "default": {"Django": {"version": "==4.2"}}, "develop": {"pytest": {"version": "==8.0"}, "django": {"version": "==4.2"}}})
NPM3 = json.dumps({"lockfileVersion": 3, "packages": {
    "": {"version": "1.0.0"}, "packages/own": {"version": "1.0.0"}, "node_modules/own": {"link": True, "resolved": "packages/own"},
    "node_modules/a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz"},
    "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "dev": True}, "node_modules/cjs": {"name": "real", "version": "3.0.0"},
    "node_modules/g": {"version": "0.1.0", "resolved": "git+ssh://git@github.com/a/g.git#12"}}})
NPM1 = json.dumps({"lockfileVersion": 1, "dependencies": {
    "a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}, "x": {"version": "npm:@s/y@3.0.0"}, "f": {"version": "file:../f"}}})

FORMATS: dict[str, tuple[bytes, str, list[list[str]]]] = {
    "case 29 and 30: Gemfile.lock": (b"Gemfile.lock", GEMFILE, GEMS),
    "case 30: CRLF": (b"Gemfile.lock", GEMFILE.replace("\n", "\r\n"), GEMS),
    "byte order mark": (b"gems.locked", "\ufeff" + GEMFILE, GEMS),
    "case 31: npm 3": (b"package-lock.json", NPM3, [
        ["@s/b", "2.0.0", "registry", "development"], ["a", "1.0.0", "registry"], ["g", "0.1.0", "git"], ["real", "3.0.0", "registry"]]),
    "case 31: npm 1": (b"npm-shrinkwrap.json", NPM1, [
        ["@s/y", "3.0.0", "registry"], ["a", "1.0.0", "registry"], ["b", "2.0.0", "registry"], ["f", "file:../f", "path"]]),
    "Yarn 1": (
        b"yarn.lock", '# yarn lockfile v1\n\n"a@^1", a@~1.2:\n  version "1.2.3"\n  resolved "https://r/a/-/a-1.2.3.tgz#x"\n', [["a", "1.2.3", "registry"]]),
    "Yarn 4": (b"yarn.lock", YARN_BERRY, [["left-pad", "1.3.0", "registry"]]),
    "pnpm 9": (b"pnpm-lock.yaml", PNPM, [["@a/b", "1.0.0", "registry"], ["c", "2.0.0", "registry"]]),
    "Pipenv": (b"Pipfile.lock", PIPFILE, [["django", "4.2", "registry"], ["pytest", "8.0", "registry", "development"]]),
    "case 31: Poetry": (b"poetry.lock", POETRY, [["own", "1", "git"], ["ruamel-yaml", "0.18", "registry"]]),
    "uv": (b"uv.lock", UV, [["emoji", "2.14", "registry"]]),
    "requirements": (b"requirements-prod.txt", "A_b[x]==1.0 ; python_version>'3' # no\n-r other.txt\nc==2 \\\n  --hash=sha256:1\n",
                     [["a-b", "1.0", "registry"], ["c", "2", "registry"]]),
    "shell and HTML in names": (b"Gemfile.lock", "GEM\n  specs:\n    $x;<script> (1&2)\n\nDEPENDENCIES\n", [["$x;<script>", "1&2", "registry"]]),
}


def read(name: bytes, content: str | bytes) -> tuple[list[list[str]], list[str]]:
    found: tuple[list[list[str]], list[str]] = formats.parse(formats.format_of(name), content.encode() if isinstance(content, str) else content)
    return found


@pytest.mark.parametrize(("name", "content", "rows"), FORMATS.values(), ids=list(FORMATS))
def test_format(name: bytes, content: str, rows: list[list[str]]) -> None:
    assert read(name, content) == (rows, [])


WRONG = {
    "conflict": (
        b"Gemfile.lock", GEMFILE.replace("    rails (7.1.0.rc1)\n", "<<<<<<< HEAD\n    rails (7.1.3)\n=======\n    rails (7.2.0)\n>>>>>>> b\n"), "conflict"),
    "conflict in JSON": (
        b"package-lock.json", NPM3.replace('{"version": "2.0.0"', '\n<<<<<<< a\n{"version": "2.0.0"\n=======\n{"version": "2.1.0"\n>>>>>>> b\n'),
        "conflict"),
    "truncated Gemfile.lock": (b"Gemfile.lock", GEMFILE[:200], "ends before"),
    "truncated JSON": (b"package-lock.json", NPM3[:200], "no whole JSON"),
    "truncated poetry.lock": (b"poetry.lock", POETRY[:60], "no whole lock file"),
    "nothing of npm": (b"package-lock.json", "[1]", "no lock file of npm"),
    "poetry.lock cut within a text": (b"poetry.lock", POETRY[:75], "ends within"),
    "deep nesting": (b"package-lock.json", "[" * 100_000, ""),
    "no exact version": (b"requirements.txt", "django>=4\nflask\n", "2 packages without an exact version"),
    "text instead of YAML": (b"pnpm-lock.yaml", "no yaml!\n", "no lock file of pnpm"),
    "HTML instead of yarn.lock": (b"yarn.lock", "<html>\n</html>\n", ""),
}


@pytest.mark.parametrize(("name", "content", "words"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_said(name: bytes, content: str, words: str) -> None:
    problems = read(name, content)[1]
    assert problems and words in problems[0]


LONG = 400_000
LONG_LINES = {
    "pnpm, a host": (b"pnpm-lock.yaml", "lockfileVersion: 9\npackages:\n  " + "a." * LONG + "\nend:\n"),
    "pnpm, blanks": (b"pnpm-lock.yaml", "lockfileVersion: 9\npackages:\n  a@1:\n    name:" + " " * LONG + "x" + " " * LONG + "y\n"),
    "toml, brackets": (b"poetry.lock", "[" * LONG + "\n[metadata]\n"),
    "toml, blanks": (b"uv.lock", "[" + " " * LONG + "\n[metadata]\n"),
    "requirements, blanks": (b"requirements.txt", "a" + " " * LONG + "[\n"),
    "requirements, blanks on both sides": (b"requirements.txt", "a" + " " * LONG + "== 1" + " " * LONG + "x\n"),
    "yarn, blanks": (b"yarn.lock", "# yarn lockfile v1\na:\n  version " + " " * LONG + "x" + " " * LONG + 'y"z\n'),
    "gems, a name": (b"Gemfile.lock", "GEM\n    " + "a" * LONG + "\nDEPENDENCIES\n"),
    "npm, a number": (b"package-lock.json", '{"lockfileVersion": ' + "1" * LONG + ', "packages": {}}'),
    "Pipfile, a number": (b"Pipfile.lock", '{"_meta": ' + "1" * LONG + "}"),
}


@pytest.mark.parametrize(("name", "content"), LONG_LINES.values(), ids=list(LONG_LINES))
def test_a_long_line_is_read_once(name: bytes, content: str) -> None:
    """Whoever deploys an application writes its lock file: what is tried at every place of a line would never end."""
    rows, _problems = formats.parse(formats.format_of(name), content.encode())
    assert len(rows) <= 1


def test_both_sides_of_a_conflict_are_kept() -> None:
    rows = read(b"Gemfile.lock", WRONG["conflict"][1])[0]
    assert [row[1] for row in rows if row[0] == "rails"] == ["7.1.3", "7.2.0"]
    rows = read(b"package-lock.json", WRONG["conflict in JSON"][1])[0]
    assert [row[1] for row in rows if row[0] == "@s/b"] == ["2.0.0", "2.1.0"]


@given(st.sampled_from(sorted(formats.FORMATS) + [b"requirements.txt"]), st.binary(max_size=500), st.integers(0, 600))
def test_anything_is_read_without_an_error(name: bytes, junk: bytes, at: int) -> None:
    good = next((content for kind, content, _rows in FORMATS.values() if kind == name), "").encode()
    rows, problems = read(name, good[:at] + junk + good[at:])
    json.dumps([rows, problems])
    assert all(len(row) in (3, 4) and all(len(value) < 260 for value in row) for row in rows)


def _toml(path: Path) -> set[tuple[str, str]]:
    tomllib = pytest.importorskip("tomllib")
    packages = tomllib.loads(path.read_text()).get("package", [])
    return {(formats.software_lock_python.normal(entry["name"]), entry["version"]) for entry in packages
            if not {"virtual", "editable"} & set(entry.get("source", {}))}


def _gems(path: Path) -> set[tuple[str, str]]:
    lines = [line for line in path.read_text().split("\n") if line.startswith("    ") and line[4] != " " and "(" in line and ")" in line]
    return {(line.split()[0], line.split("(")[1].split(")")[0].split("-")[0]) for line in lines}


def _npm(path: Path) -> set[tuple[str, str]]:
    packages = json.loads(path.read_text()).get("packages") or {}
    return {(entry.get("name") or place.split("node_modules/")[-1], entry["version"]) for place, entry in packages.items()
            if "node_modules/" in place and not entry.get("link") and "version" in entry}


def _pnpm(path: Path) -> set[tuple[str, str]]:
    """Return what a whole YAML parser sees in files whose keys are of the form name@version."""
    packages = yaml.safe_load(path.read_text()).get("packages") or {}
    return {tuple(key.lstrip("/").split("(")[0].rsplit("@", 1)) for key, entry in packages.items() if "version" not in entry}


ORACLES: dict[str, tuple[bytes, Callable[[Path], set[tuple[str, str]]], str]] = {
    "gemfilelock": (b"Gemfile.lock", _gems, "[!i]*.lock"),
    "packagelockjson": (b"package-lock.json", _npm, "*.v[23].json"),
    "poetrylock": (b"poetry.lock", _toml, "*.lock"),
    "uvlock": (b"uv.lock", _toml, "*.lock"),
    "pnpmlock": (b"pnpm-lock.yaml", _pnpm, "*v[69]*.yaml"),
}


@pytest.mark.parametrize("folder", ORACLES)
def test_the_same_as_a_whole_parser_of_the_format(folder: str) -> None:
    name, oracle, pattern = ORACLES[folder]
    files = sorted((needs.shared_data("advisories/lockfiles/osv-scalibr") / folder).glob(pattern))
    assert files
    for path in files:
        assert oracle(path) <= {(row[0], row[1]) for row in read(name, path.read_bytes())[0]}, path.name


def deploy(server: Server, user: str = "joe", release: str = "20261101", name: str = "Gemfile.lock", content: str | bytes = GEMFILE) -> Path:
    """Write a lock file as Capistrano leaves it: current is a link to a release."""
    path = server.write(f"/home/{user}/apps/shop/releases/{release}/{name}", content)
    current = server.folder / f"home/{user}/apps/shop/current"
    if not current.is_symlink():
        current.symlink_to(f"releases/{release}")
    return path


def applications(server: Server, **options: Any) -> tuple[list[dict[str, Any]], str]:
    result = server.check(**options)
    return result["data"]["applications"], result["status_reason"]


def test_the_deployed_release_is_read_and_no_other(tmp_path: Path) -> None:
    server = Server(tmp_path)
    deploy(server)
    server.write("/home/joe/apps/shop/releases/20250101/Gemfile.lock", "GEM\n")
    found, _reason = applications(server)
    assert [(entry["path"], entry["kind"], entry["file"]) for entry in found] == [("/home/joe/apps/shop/releases/20261101", "gems", "Gemfile.lock")]
    assert found[0]["packages"] == GEMS


def test_one_folder_below_is_looked_into_but_not_node_modules(tmp_path: Path) -> None:
    server = Server(tmp_path)
    deploy(server, name="client/package-lock.json", content=NPM3)
    deploy(server, name="node_modules/x/package-lock.json", content=NPM3)
    deploy(server, name="a/b/package-lock.json", content=NPM3)
    assert [entry["path"].rpartition("/")[2] for entry in applications(server)[0]] == ["client"]


def test_the_same_lock_file_travels_once(tmp_path: Path) -> None:
    server = Server(tmp_path)
    for user in ("a", "b", "c"):
        deploy(server, user)
    found, _reason = applications(server)
    assert len(found) == 1 and found[0]["same"] == [f"/home/{user}/apps/shop/releases/20261101" for user in "bc"]


def test_other_places_are_an_option(tmp_path: Path) -> None:
    server = Server(tmp_path)
    deploy(server)
    server.write("/srv/app/Gemfile.lock", GEMFILE)
    assert [entry["path"] for entry in applications(server, applications=["/srv/*", "relative/*"])[0]] == ["/srv/app"]


def test_100_megabytes_are_not_read(tmp_path: Path) -> None:
    server = Server(tmp_path)
    path = deploy(server)
    os.truncate(path, 100 * 1048576)
    deploy(server, name="yarn.lock", content=FORMATS["Yarn 1"][1])
    found, reason = applications(server)
    assert [entry["file"] for entry in found] == ["yarn.lock"] and "Gemfile.lock: it has 100 MB" in reason


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    server = Server(tmp_path)
    deploy(server, name="yarn.lock", content=FORMATS["Yarn 1"][1])
    folder = server.folder / "home/joe/apps/shop/releases/20261101"
    os.mkfifo(folder / "Gemfile.lock")
    (folder / "uv.lock").symlink_to("/dev/zero")
    found, reason = applications(server)
    assert [entry["file"] for entry in found] == ["yarn.lock"]
    assert "Gemfile.lock: it is no file" in reason and "uv.lock: it is no file" in reason


def test_a_broken_lock_file_costs_no_other(tmp_path: Path) -> None:
    server = Server(tmp_path)
    deploy(server, "a", content=GEMFILE[:200])
    deploy(server, "b")
    found, reason = applications(server)
    assert [entry["problem"] for entry in found] == ["it ends before its DEPENDENCIES", ""]
    assert "/home/a/apps/shop/releases/20261101/Gemfile.lock: it ends before its DEPENDENCIES" in reason


def test_more_packages_than_travel_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockfiles, "ROWS_LIMIT", 5)
    server = Server(tmp_path)
    deploy(server, "a")
    deploy(server, "b", name="package-lock.json", content=NPM3)
    result = server.check()
    assert sum(len(entry["packages"]) for entry in result["data"]["applications"]) == 5
    assert result["data"]["cut"] == {"lock_packages": 3} and "3 packages of lock files were not looked at" in result["status_reason"]


def test_more_bytes_than_can_be_read_in_time_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockfiles, "BYTES_LIMIT", len(GEMFILE))
    server = Server(tmp_path)
    for user, content in (("a", GEMFILE), ("b", GEMFILE), ("c", GEMFILE + "\n"), ("d", GEMFILE + "\n\n")):
        deploy(server, user, content=content)
    result = server.check()
    assert [len(entry["same"]) for entry in result["data"]["applications"]] == [1, 0]
    assert result["data"]["cut"] == {"applications": 1} and "1 lock files were not looked at" in result["status_reason"]


def test_every_format_is_looked_for() -> None:
    assert set(formats.FORMATS) == lockfiles.NAMES
