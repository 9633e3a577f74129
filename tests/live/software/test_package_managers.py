# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check software beside the real dpkg, apt, rpm and dnf."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import needs
import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import software, software_components, software_dpkg
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine

ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}


def run(*argv: str | Path) -> str:
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True, env=ENVIRONMENT).stdout


def rules(result: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in result["findings"]]


def test_the_same_packages_as_dpkg_query() -> None:
    needs.command("dpkg-query")
    form = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${db:Status-Abbrev}\n"
    listed = [line.rstrip().split("\t") for line in run("dpkg-query", "-W", "-f", form).splitlines()]
    rows, _findings, problems = software_dpkg.read(Machine())
    assert sorted(rows) == sorted(row for row in listed if row[5].strip()[1] not in "nc")
    assert problems == []


def test_the_whole_check_writes_nothing() -> None:
    needs.command("apt-get")
    places = [Path("/var/cache/apt"), Path("/var/lib/apt"), Path("/var/lib/dpkg")]
    before = {path: path.stat().st_mtime_ns for place in places for path in [place, *place.iterdir()]}
    result = software.run({}, Machine())
    assert {path: path.stat().st_mtime_ns for place in places for path in [place, *place.iterdir()]} == before
    assert result["data"]["pending"]["source"] == "apt-cache policy"
    assert result["data"]["packages"]["manager"] == "dpkg"


@pytest.fixture
def dpkg_root(tmp_path: Path) -> tuple[Machine, Callable[..., str]]:
    """A real dpkg with a root of its own, in which a package was unpacked and not yet set up."""
    needs.root()
    needs.command("dpkg", "dpkg-deb")
    root, build = tmp_path / "root", tmp_path / "build"
    (build / "DEBIAN").mkdir(parents=True)
    (build / "DEBIAN/control").write_text(
        "Package: hello-own\nSource: hello (1.0)\nVersion: 1.0+b1\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: x\n")
    (root / "var/lib/dpkg/info").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "var/log").mkdir()
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=debian\n")
    run("dpkg-deb", "-b", build, tmp_path / "x.deb")

    def dpkg(*argv: str | Path) -> str:
        return run("dpkg", f"--root={root}", "--force-not-root", *argv)

    dpkg("--unpack", tmp_path / "x.deb")
    return Machine(root=os.fsencode(root)), dpkg


def test_dpkg_that_was_interrupted(dpkg_root: tuple[Machine, Callable[..., str]]) -> None:
    machine, dpkg = dpkg_root
    result = software.run({"pending": False, "automatic_updates": False}, machine)
    assert rules(result) == ["software.packages_broken"]
    assert result["data"]["packages"]["rows"] == [["hello-own", "1.0+b1", "all", "hello", "1.0", "iU"]]
    dpkg("--configure", "-a")
    result = software.run({"pending": False, "automatic_updates": False}, machine)
    assert rules(result) == [] and result["data"]["packages"]["rows"][0][5] == "ii"


RELEASE = "deb.debian.org_debian-security_dists_bookworm-security"
INRELEASE = "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nCodename: bookworm-security\nVersion: 12\nArchitectures: amd64\nComponents: main\n"


@pytest.fixture
def apt_server(dpkg_root: tuple[Machine, Callable[..., str]], tmp_path: Path) -> tuple[Machine, Path]:
    """The same root with the real apt and its list of a security archive, which is empty; returned with the folder of the root."""
    needs.command("apt-get", "apt-cache")
    machine, dpkg = dpkg_root
    dpkg("--configure", "-a")
    root = Path(os.fsdecode(machine.root))
    (root / "var/lib/apt/lists/partial").mkdir(parents=True)
    (root / f"var/lib/apt/lists/{RELEASE}_InRelease").write_text(INRELEASE)
    (root / f"var/lib/apt/lists/{RELEASE}_main_binary-amd64_Packages").touch()
    (root / "usr/bin").mkdir(parents=True)
    for name in ("apt-get", "apt-cache"):
        (root / "usr/bin" / name).symlink_to(f"/usr/bin/{name}")
    (root / "etc/apt").mkdir()
    (root / "etc/apt/sources.list").write_text("deb http://deb.debian.org/debian-security bookworm-security main\n")
    status = root / "var/lib/dpkg/status"
    own = {"Dir::State::status": status, "Dir::State": root / "var/lib/apt", "Dir::Cache": tmp_path / "cache", "Dir::Etc": root / "etc/apt"}
    (tmp_path / "cache/archives/partial").mkdir(parents=True)

    def commands(argv: list[bytes]) -> Command:
        words = [word for name, place in own.items() for word in (b"-o", os.fsencode(f"{name}={place}"))]
        given: Command = Machine().run([b"/usr/bin/" + os.path.basename(argv[0]), *argv[1:], *words], timeout=60)
        return given

    return Machine(root=machine.root, commands=commands), root


def test_apt_that_refuses_to_work(apt_server: tuple[Machine, Path]) -> None:
    """A package whose dependency went by force: the real apt ends with an error, and the check says so though its lists have nothing newer."""
    server, root = apt_server
    assert software.run({"automatic_updates": False}, server)["data"]["pending"]["source"] == "lists of apt"
    status = root / "var/lib/dpkg/status"
    status.write_text(status.read_text().replace("Version: 1.0+b1", "Version: 1.0+b1\nDepends: went-by-force (>= 2)"))
    result = software.run({"automatic_updates": False}, server)
    assert result["status"] == "incomplete"
    assert "apt-get check ended with 100" in result["status_reason"] and "nmet dependencies" in result["status_reason"]
    assert not result["data"]["pending"]["complete"]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_apt_says_what_waits(apt_server: tuple[Machine, Path], packed: bool) -> None:
    server, root = apt_server
    digest = "0" * 64
    listed = f"Package: hello-own\nVersion: 1.1\nArchitecture: all\nMaintainer: A <a@b.c>\nFilename: h.deb\nSize: 1\nSHA256: {digest}\nDescription: x\n\n"
    path = root / f"var/lib/apt/lists/{RELEASE}_main_binary-amd64_Packages"
    if packed:
        path.unlink()
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(listed.encode()))
    else:
        path.write_text(listed)
    pending = software.run({"automatic_updates": False}, server)["data"]["pending"]
    assert pending["source"] == "apt-cache policy"
    assert pending["security"] == [
        {"name": "hello-own", "installed": "1.0+b1", "candidate": "1.1", "advisory": "", "severity": "", "from": "Debian-Security:12/stable-security"}]
    (root / "etc/apt/preferences").write_text("Package: hello-own\nPin: version 1.1\nPin-Priority: -1\n")
    assert software.run({"automatic_updates": False}, server)["data"]["pending"]["security"] == []


SPEC = """Name: {name}
Epoch: {epoch}
Version: {version}
Release: {release}
Summary: x
License: x
Vendor: AlmaLinux
BuildArch: noarch
{label}
%description
x
%files
"""

LABEL = "nginx:1.26:9040020240716:abc"
UPDATEINFO = """<?xml version="1.0" encoding="UTF-8"?>
<updates><update from="a" status="final" type="security" version="1"><id>ALSA-2026:0001</id><title>Important: nginx:1.26 security update</title>
<issued date="2026-11-01 00:00:00"/><severity>Important</severity><description>x</description><references/><pkglist><collection short="a"><name>a</name>
<package name="nginx" version="1.26.2" release="1.module_el9.4.0+1+abc" epoch="2" arch="noarch">
<filename>nginx-1.26.2-1.module_el9.4.0+1+abc.noarch.rpm</filename></package></collection></pkglist></update></updates>
"""


class Alma:
    """An AlmaLinux 9 as far as its packages go: a real database of rpm below a folder, filled with packages of our own."""

    def __init__(self, folder: Path) -> None:
        self.root, self.top = folder / "root", folder / "top"
        for name in ("etc/yum.repos.d", "etc/dnf", "var/lib/rpm", "usr/bin"):
            (self.root / name).mkdir(parents=True)
        (self.root / "etc/os-release").write_text('ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n')
        (self.root / "etc/dnf/dnf.conf").write_text("[main]\nreposdir=/etc/yum.repos.d\n")
        (self.root / "var/lib/rpm/rpmdb.sqlite").write_text("stands for where the database is on an AlmaLinux")
        for name in ("rpm", "dnf"):
            if shutil.which(name):
                (self.root / "usr/bin" / name).symlink_to(f"/usr/bin/{name}")

    def build(self, name: str, version: str, release: str, epoch: str = "0", label: str = "") -> Path:
        spec = self.top / f"{name}-{version}.spec"
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(SPEC.format(name=name, version=version, release=release, epoch=epoch, label=f"ModularityLabel: {label}" if label else ""))
        run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {self.top}", spec)
        return self.top / f"RPMS/noarch/{name}-{version}-{release}.noarch.rpm"

    def install(self, *packages: Path) -> None:
        run("rpm", "--root", self.root, "-i", "--nodeps", *packages)

    def run(self, argv: list[bytes]) -> Command:
        """Run the real command as on a server that starts at the root: Debian's rpm and dnf are told where that is."""
        words = {b"rpm": [b"--root", os.fsencode(self.root)],
                 b"dnf": [b"--installroot=" + os.fsencode(self.root), b"--releasever=9", b"--setopt=module_platform_id=platform:el9"]}
        given: Command = Machine().run([*argv, *words[os.path.basename(argv[0])]], timeout=60)
        return given

    def check(self, **options: Any) -> dict[str, Any]:
        machine = Machine(root=os.fsencode(self.root), commands=self.run)
        found: dict[str, Any] = software.run({"pending": False, "automatic_updates": False, **options}, machine)
        return found

    def database(self) -> Path:
        return max(self.root.rglob("rpmdb.sqlite"), key=lambda path: path.stat().st_size)


@pytest.fixture
def alma(tmp_path: Path) -> Iterator[Alma]:
    needs.root()
    needs.command("rpm", "rpmbuild")
    yield Alma(tmp_path)


NGINX = ["nginx", "2", "1.26.1", "1.module_el9.4.0+1+abc", "noarch", "nginx-1.26.1-1.module_el9.4.0+1+abc.src.rpm", LABEL, "AlmaLinux"]


def test_a_real_rpm_database(alma: Alma) -> None:
    alma.install(alma.build("nginx", "1.26.1", "1.module_el9.4.0+1+abc", "2", LABEL), alma.build("bash", "5.1.8", "9.el9"))
    result = alma.check()
    assert result["status"] == "ok", result
    assert result["data"]["packages"] == {
        "manager": "rpm", "rows": [["bash", "0", "5.1.8", "9.el9", "noarch", "bash-5.1.8-9.el9.src.rpm", "(none)", "AlmaLinux"], NGINX]}


def test_a_corrupt_rpm_database(alma: Alma) -> None:
    alma.install(*[alma.build(f"p{number}", "1", "1.el9") for number in range(2)])
    run("rpm", "--root", alma.root, "-qa")
    for path in alma.database().parent.glob("rpmdb.sqlite-*"):
        path.unlink()
    with alma.database().open("r+b") as database:
        database.seek(0)
        database.write(b"\xff" * 4096)
    result = alma.check()
    assert result["status"] == "incomplete" and "rpm -qa" in result["status_reason"]
    assert rules(result) == ["software.packages_broken"]


def test_a_real_dnf_says_what_waits(alma: Alma, tmp_path: Path) -> None:
    needs.command("dnf", "createrepo_c", "modifyrepo_c")
    alma.install(alma.build("nginx", "1.26.1", "1.module_el9.4.0+1+abc", "2", LABEL))
    repository = tmp_path / "repo"
    repository.mkdir()
    shutil.copy(alma.build("nginx", "1.26.2", "1.module_el9.4.0+1+abc", "2", LABEL), repository)
    run("createrepo_c", "-q", repository)
    (tmp_path / "updateinfo.xml").write_text(UPDATEINFO)
    run("modifyrepo_c", tmp_path / "updateinfo.xml", repository / "repodata")
    (alma.root / "etc/yum.repos.d/a.repo").write_text(f"[appstream]\nname=App\nbaseurl=file://{repository}\ngpgcheck=0\n")
    result = alma.check(pending=True)
    assert result["status"] == "incomplete" and "no cache for 'appstream'" in result["status_reason"]
    alma.run([b"/usr/bin/dnf", b"-q", b"makecache"])
    result = alma.check(pending=True)
    assert result["status"] == "findings", result
    assert result["data"]["pending"]["security"] == [{
        "name": "nginx", "installed": "", "candidate": "2:1.26.2-1.module_el9.4.0+1+abc", "advisory": "ALSA-2026:0001", "severity": "Important", "from": ""}]
    assert [row["id"] for row in result["data"]["repositories"]] == ["appstream"]


REAL = {"nginx": ("/usr/sbin/nginx", ["-v"]), "openssl": ("/usr/bin/openssl", ["version"]), "node": ("/usr/bin/node", ["--version"])}


@pytest.mark.parametrize("name", REAL)
def test_the_version_in_a_real_binary_is_what_it_says(tmp_path: Path, name: str) -> None:
    place, arguments = REAL[name]
    needs.command(Path(place).name)
    said = subprocess.run([place, *arguments], capture_output=True, text=True, check=True)
    copy = tmp_path / "usr/local/bin" / Path(place).name
    copy.parent.mkdir(parents=True)
    shutil.copy(os.path.realpath(place), copy)
    found, problems = software_components.look(Machine(root=os.fsencode(tmp_path), now=time.time()), "dpkg", {})
    numbers = re.search(r"\d+\.\d+\.\d+[a-z]?", said.stdout + said.stderr)
    assert numbers is not None and problems == []
    if found[0]["version"] or name != "node":  # a node that is linked to libnode holds no version
        assert [(entry["name"], entry["version"]) for entry in found] == [(name, numbers.group())]
