# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 21: which package a file belongs to, and which of two versions is newer."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import needs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from restart_server import Server

from ansible_collections.bottomup.security.plugins.module_utils.host import packages
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def dpkg(server: Server, **files: str) -> None:
    status = ""
    for name, content in files.items():
        status += f"Package: {name}\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\nVersion: 1.0-1\n\n"
        server.write(f"/var/lib/dpkg/info/{name}:amd64.list" if name.startswith("lib") else f"/var/lib/dpkg/info/{name}.list", content, mtime=1000)
    server.write("/var/lib/dpkg/status", status + "Package: gone\nStatus: deinstall ok config-files\nVersion: 2\n")


CASES = [
    # asked, in the list of the package, found
    ("/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", True),
    ("/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libc.so.6", True),
    ("/usr/lib/libssl.so.1.1.1k", "/usr/lib/libssl.so.1.1.1n", True),  # gone: its successor owns the place
    ("/usr/lib/libssl.so.3", "/usr/lib/libssl.so.3", True),
    ("/usr/lib/libssl.so.3", "/usr/lib/libsslx.so.3", False),
    ("/usr/lib/libssl.so.3", "/opt/lib/libssl.so.3", False),
    ("/usr/sbin/nginx", "/usr/sbin/nginx-debug", False),
    ("/usr/sbin/a+b[1]", "/usr/sbin/a+b[1]", True),
]


@pytest.mark.parametrize(("asked", "listed", "found"), CASES, ids=[f"case_21_{number}" for number in range(len(CASES))])
def test_case_21_dpkg(server: Server, asked: str, listed: str, found: bool) -> None:
    dpkg(server, libfirst=f"/.\n{listed}\n/usr\n", other="/usr/share/doc\n")
    owners, reason = packages.owners(server.machine(), [asked.encode()])
    assert reason == ""
    assert owners == ({asked.encode(): packages.Package(b"libfirst", b"1.0-1", 1000.0)} if found else {})
    assert server.asked == []


FORM = "{path}\t{name}\t{version}\t1700000000\n"


def test_case_21_rpm_is_asked_once(server: Server) -> None:
    answer = FORM.format(path="/usr/lib64/libssl.so.3.0.8", name="openssl-libs", version="1:3.0.7-28.el9.x86_64")
    answer += FORM.format(path="/usr/lib64/libssl.so.3", name="openssl-libs", version="1:3.0.7-28.el9.x86_64")
    answer += "file /opt/x.so is not owned by any package\n" + FORM.format(path="/usr/lib64/libz.so.1", name="zlib", version="1.2-1.el9.x86_64")
    server.installed("rpm", answer.encode())
    asked = [b"/usr/lib64/libssl.so.3", b"/lib64/libz.so.1", b"/opt/x.so", b"/usr/lib64/libssl.so.3.0.7"]
    owners, reason = packages.owners(server.machine(), asked)
    assert (reason, len(server.asked)) == ("", 1)
    assert {path: (package.name, package.version) for path, package in owners.items()} == {
        b"/usr/lib64/libssl.so.3": (b"openssl-libs", b"1:3.0.7-28.el9.x86_64"),
        b"/usr/lib64/libssl.so.3.0.7": (b"openssl-libs", b"1:3.0.7-28.el9.x86_64"),
        b"/lib64/libz.so.1": (b"zlib", b"1.2-1.el9.x86_64"),
    }


def test_case_21_no_package_manager_is_said(server: Server) -> None:
    assert packages.owners(server.machine(), [b"/x"]) == ({}, "neither dpkg nor rpm keeps the packages of this machine")


def test_case_21_slow_rpm_is_said(server: Server) -> None:
    server.installed("rpm")
    server.commands[b"rpm"] = Command(-9, b"", b"", True, False)
    assert packages.owners(server.machine(), [b"/x"]) == ({}, "rpm did not answer in time")


def test_case_21_real_dpkg_says_the_same() -> None:
    needs.command("dpkg-query")
    path = shutil.which("tar") or "/usr/bin/tar"
    owners, _reason = packages.owners(Machine(), [path.encode()])
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "tar"], capture_output=True, check=True).stdout
    assert owners[path.encode()][:2] == (b"tar", version)


DPKG_ORDER = ["1.0~rc1", "1.0", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2", "1.0a-1", "1.0+x-1", "1.9-1", "1.10-1", "1:0.1-1"]


def test_versions_of_dpkg_in_order() -> None:
    for number, first in enumerate(DPKG_ORDER):
        for other, second in enumerate(DPKG_ORDER):
            assert packages.compare_dpkg(first.encode(), second.encode()) == (number > other) - (number < other), (first, second)


RPM_ORDER = ["1.0~rc1", "1.0", "1.0^git1", "1.0.a", "1.0.1", "1.0.10", "1.1"]


def test_versions_of_rpm_in_order() -> None:
    for number, first in enumerate(RPM_ORDER):
        for other, second in enumerate(RPM_ORDER):
            assert packages.compare_rpm(first.encode(), second.encode()) == (number > other) - (number < other), (first, second)


VERSION = st.from_regex(r"\A([0-9]:)?[0-9][0-9a-zA-Z.+~]{0,8}(-[0-9a-zA-Z.+~]{1,5})?\Z")


@settings(max_examples=60, deadline=None)
@given(VERSION, VERSION)
def test_versions_as_dpkg_itself_orders_them(first: str, second: str) -> None:
    needs.command("dpkg")
    order = packages.compare_dpkg(first.encode(), second.encode())
    for word, holds in (("lt", order < 0), ("eq", order == 0), ("gt", order > 0)):
        assert (subprocess.run(["dpkg", "--compare-versions", first, word, second], check=False, stderr=subprocess.DEVNULL).returncode == 0) is holds
