# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be asked about: documents, results, lists of packages, lock files; and the action, by a real ansible."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import inputs

DATA = {"packages": {"manager": "rpm", "rows": []}, "kernel_running": "5"}
ALMA = {"id": "almalinux", "version_id": "9.6"}


def test_document_of_a_host() -> None:
    document = {"host": "web1", "facts": {"os": ALMA, "container": "docker"}, "checks": {"software": {"data": DATA}}}
    assert inputs.of_document(document, "x", {}) == ("web1", ALMA, DATA, True)


def test_result_of_software_info() -> None:
    assert inputs.of_document({"status": "ok", "findings": [], "data": DATA}, "documents[0]", ALMA) == ("documents[0]", ALMA, DATA, False)


def test_list_of_rpm_packages() -> None:
    given = {"os": ALMA, "packages": [{"name": "nginx-core", "epoch": 2, "version": "1.26.2", "release": "1.el9", "modularity_label": "nginx:1.26"}]}
    rows = inputs.of_document(given, "x", {}).software["packages"]["rows"]
    assert rows == [["nginx-core", "2", "1.26.2", "1.el9", "", "nginx-core-1.26.2-1.el9.src.rpm", "nginx:1.26", "AlmaLinux"]]


def test_list_of_dpkg_packages() -> None:
    given = {"os": {"id": "debian", "version_id": "12"}, "packages": [{"name": "libssl3", "version": "3.0.1-1", "source": "openssl"}]}
    assert inputs.of_document(given, "x", {}).software["packages"] == {"manager": "dpkg", "rows": [["libssl3", "3.0.1-1", "", "openssl", "3.0.1-1", "ii "]]}


def test_lock_file(tmp_path: Path) -> None:
    path = tmp_path / "Gemfile.lock"
    path.write_text("GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.0)\n\nDEPENDENCIES\n  rack\n")
    (asked,) = inputs.of_file(path, {})
    assert asked.software["applications"][0]["packages"] == [["rack", "3.0.0", "registry"]]


def test_documents_of_a_spool(tmp_path: Path) -> None:
    path = tmp_path / "web1.json.gz"
    path.write_bytes(gzip.compress(json.dumps([{"host": "web1", "checks": {"software": {"data": DATA}}}] * 2).encode()))
    assert [asked.name for asked in inputs.of_file(path, ALMA)] == ["web1", "web1"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("Gemfile.lock", b"\x00\xff nothing", "Gemfile.lock: "),
        ("a.json", b"[" * 100_000, "neither a lock file nor JSON"),
        ("a.json", b"<html>", "neither a lock file nor JSON"),
        ("a.json", b"[1]", "is no mapping"),
        ("a.json", b"{}", "holds neither checks, data nor packages"),
        ("a.json", b'{"checks": {}}', "no result of the check software"),
        ("a.json", b'{"packages": 5}', "packages is no list"),
        ("a.json.gz", b"broken", "cannot be read"),
    ],
)
def test_what_cannot_be_judged_is_said(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(inputs.InputError) as error:
        inputs.of_file(path, {})
    assert words in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(inputs.InputError, match="cannot be read"):
        inputs.of_file(tmp_path / "Gemfile.lock", {})


def test_rows_of_other_types_stay_for_the_matcher() -> None:
    given: dict[str, Any] = {"os": ALMA, "packages": [["x"], 5, None]}
    assert inputs.of_document(given, "x", {}).software["packages"]["rows"] == [["x"], 5, None]
