# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that lack what they depend on: found in dpkg's status file, and then asked of apt."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_apt_depends


def package(name: str, version: str = "1.0-1", status: str = "install ok installed", **fields: str) -> str:
    more = "".join(f"{key.replace('_', '-')}: {value}\n" for key, value in fields.items())
    return f"Package: {name}\nStatus: {status}\nArchitecture: amd64\nVersion: {version}\n{more}"


@pytest.mark.parametrize(
    ("case", "depends", "met"),
    [
        ("there", "libc6", True),
        ("not there", "libzz", False),
        ("new enough", "libc6 (>= 2.36)", True),
        ("too old", "libc6 (>= 2.37)", False),
        ("exactly", "libc6 (= 2.36-9+deb12u9)", True),
        ("not exactly", "libc6 (= 2.36-9)", False),
        ("too new", "libc6 (<< 2.36)", False),
        ("an old form", "libc6 (> 2.36-9+deb12u9)", True),
        ("of any architecture", "libc6:any (>= 2.0)", True),
        ("one of several", "libzz | libc6", True),
        ("none of several", "libzz | libyy (>= 1)", False),
        ("all of a list", "libc6, libzz", False),
        ("on two lines", "libc6,\n libzz", False),
        ("provided", "mail-transport-agent", True),
        ("provided without a version", "mail-transport-agent (>= 1)", False),
        ("provided in a version", "libapi (>= 3)", True),
        ("provided in an older one", "libapi (>= 4)", False),
        ("of a package that was removed", "removed", False),
        ("of one that waits for a trigger", "man-db", True),
    ],
)
@pytest.mark.parametrize("field", ["Depends", "Pre_Depends"])
def test_what_a_package_depends_on(case: str, depends: str, met: bool, field: str) -> None:
    status = [
        package("libc6", "2.36-9+deb12u9"),
        package("postfix", Provides="mail-transport-agent, libapi (= 3.1)"),
        package("removed", status="deinstall ok config-files", Depends="libzz"),
        package("man-db", status="install ok triggers-pending"),
        package("own", **{field: depends}),
    ]
    assert software_apt_depends.unmet("\n".join(status).encode()) == ([] if met else [b"own"]), case


@given(st.binary(max_size=300))
def test_no_status_file_makes_it_fail(raw: bytes) -> None:
    whole = package("own", Depends="libc6").encode() + b"\n" + raw + b"\n\nPackage: x\nStatus: install ok installed\nDepends: " + raw
    assert isinstance(software_apt_depends.unmet(whole), list)


@pytest.mark.parametrize("repeated", ["a (= 1) b, ", "a(<", " "])
def test_what_is_provided_is_read_up_to_what_makes_no_sense(repeated: str) -> None:
    """A megabyte of it took an hour where each place was looked at from each."""
    status = package("postfix", Provides="mta, " + repeated * (1048576 // len(repeated))) + "\n" + package("own", Depends="mta, postfix")
    assert software_apt_depends.unmet(status.encode()) == []


def test_this_machine_has_what_it_needs() -> None:
    status = Path("/var/lib/dpkg/status")
    if not status.exists():
        pytest.skip("not run: needs a Debian machine")
    assert software_apt_depends.unmet(status.read_bytes()) == []
