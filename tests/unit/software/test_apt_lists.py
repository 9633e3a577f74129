# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt is asked only where the list of a security archive has something newer, or cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from software_server import SECURITY as SECURITY_LINE
from software_server import Server, answer, policy, stanza

SECURITY = "deb.debian.org_debian-security_dists_bookworm-security"
MAIN = "deb.debian.org_debian_dists_bookworm"
INRELEASE = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: {label}\nSuite: {suite}\nVersion: 12\nCodename: bookworm\nSHA256:\n"


def listed(**versions: str) -> str:
    return "".join(
        f"Package: {name.replace('_', '-')}\nSource: s\nVersion: {version}\nArchitecture: amd64\nDescription: x\n\n" for name, version in versions.items()
    )


def server_with(tmp_path: Path, security: str, name: str = f"{SECURITY}_main_binary-amd64_Packages") -> Server:
    """Return a server with bash 1.0-2 and a list of a security archive; apt says that bash waits."""
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("bash", version="1.0-2") + "\n" + stanza("libc6", version="2.36-9+deb12u9"))
    server.write("/var/lib/apt/periodic/update-stamp", age=3600)
    server.policy(policy("bash", "1.0-2", "1.0-3", ("1.0-3", SECURITY_LINE), ("1.0-2", "/var/lib/dpkg/status")))
    server.write(f"/var/lib/apt/lists/{SECURITY}_InRelease", INRELEASE.format(label="Debian-Security", suite="stable-security"))
    server.write(f"/var/lib/apt/lists/{MAIN}_InRelease", INRELEASE.format(label="Debian", suite="stable"))
    server.write(f"/var/lib/apt/lists/{MAIN}_main_binary-amd64_Packages", listed(bash="9.0-1"))
    server.write(f"/var/lib/apt/lists/{name}", security)
    return server


def asked(server: Server) -> bool:
    """Check, and return whether apt was asked; its answer is then believed."""
    result = server.check(pending=True, automatic_updates=False)
    asked = any(b"apt-cache" in line for line in server.asked)
    assert result["data"]["pending"]["complete"], result["status_reason"]
    assert [row["name"] for row in result["data"]["pending"]["security"]] == (["bash"] if asked else [])
    assert result["data"]["pending"]["source"] == ("apt-cache policy" if asked else "lists of apt")
    return asked


NOTHING = {
    "the same": listed(bash="1.0-2", libc6="2.36-9+deb12u9"),
    "older": listed(bash="1.0-1", libc6="2.36-9+deb12u8"),
    "not installed": listed(zsh="5.9-4", bash_static="9"),
    "an empty list": "",
    "a tilde is older": listed(bash="1.0-2~deb12u1"),
}
SOMETHING = {
    "newer": listed(bash="1.0-3"),
    "newer beside older": listed(zsh="1") + listed(bash="1.0-1") + listed(bash="1.0-2+b1"),
    "an epoch": listed(bash="1:0.1"),
    "no version": "Package: bash\nArchitecture: amd64\n\n",
    "not a list": "\x04\x22\x4d\x18 what lz4 begins with",
}


@pytest.mark.parametrize("security", NOTHING.values(), ids=list(NOTHING))
def test_apt_is_not_asked_where_nothing_is_newer(tmp_path: Path, security: str) -> None:
    assert not asked(server_with(tmp_path, security))


@pytest.mark.parametrize("security", SOMETHING.values(), ids=list(SOMETHING))
def test_apt_is_asked_where_something_may_wait(tmp_path: Path, security: str) -> None:
    assert asked(server_with(tmp_path, security))


def test_apt_is_asked_only_for_what_has_something_newer(tmp_path: Path) -> None:
    server = server_with(tmp_path, listed(bash="1.0-3", libc6="2.36-9+deb12u9"))
    assert asked(server)
    assert [line.rpartition(b"apt-cache ")[2] for line in server.asked if b"apt-cache" in line] == [b"policy", b"policy bash:amd64"]


def test_apt_is_asked_where_the_list_is_packed(tmp_path: Path) -> None:
    assert asked(server_with(tmp_path, listed(bash="1.0-2"), f"{SECURITY}_main_binary-amd64_Packages.lz4"))


def test_apt_is_asked_where_nobody_says_whose_a_list_is(tmp_path: Path) -> None:
    server = server_with(tmp_path, listed(bash="1.0-2"))
    server.write("/var/lib/apt/lists/own_repository_Packages", listed(bash="1.0-1"))
    assert asked(server)


def test_apt_is_asked_where_there_is_no_security_archive(tmp_path: Path) -> None:
    server = server_with(tmp_path, listed(bash="1.0-2"))
    (server.folder / f"var/lib/apt/lists/{SECURITY}_main_binary-amd64_Packages").unlink()
    assert asked(server)


@pytest.mark.parametrize(
    ("label", "suite"), [("Ubuntu", "jammy-security"), ("UbuntuESMApps", "jammy-apps-security"), ("Debian-Security", "oldstable-security")]
)
def test_archives_for_security(tmp_path: Path, label: str, suite: str) -> None:
    server = server_with(tmp_path, listed(bash="1.0-3"))
    server.write(f"/var/lib/apt/lists/{SECURITY}_InRelease", INRELEASE.format(label=label, suite=suite).replace("\n", "\r\n"))
    assert asked(server)


def test_apt_is_asked_where_a_package_lacks_what_it_depends_on(tmp_path: Path) -> None:
    """It refuses to install anything then, and nothing else would say so on a server whose lists have nothing newer."""
    server = server_with(tmp_path, listed(bash="1.0-2"))
    broken = stanza("bash", version="1.0-2").replace("Depends: libc6", "Depends: libzz (>= 3)")
    server.write("/var/lib/dpkg/status", broken + "\n" + stanza("libc6"))
    server.program("apt-get")
    server.says[b"NoLocking=1 check"] = answer("", 100, "E: Unmet dependencies. Try 'apt --fix-broken install' with no packages.\n")
    result = server.check(pending=True, automatic_updates=False)
    assert result["status"] == "incomplete"
    assert "apt-get check ended with 100: E: Unmet dependencies" in result["status_reason"]
    assert not result["data"]["pending"]["complete"]
