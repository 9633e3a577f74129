# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of apt's settings as we read them, and as the real apt-config does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import needs
import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_apt_conf
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine

UNATTENDED = """
// Automatically upgrade packages from these (origin:archive) pairs
Unattended-Upgrade::Allowed-Origins {
\t"${distro_id}:${distro_codename}-security";
//\t"${distro_id}:${distro_codename}-updates";
\t# "another"; \t
};
/* a list
 over { lines; */ Unattended-Upgrade::Package-Blacklist { "linux-"; "libc6$"; };
Unattended-Upgrade::Mail "a//b@c # d; {e}";
"""

# name of the case: files below /etc/apt
FOLLOWED = {
    "periodic": {"apt.conf.d/20auto-upgrades": 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'},
    "scopes": {"apt.conf.d/10periodic": 'APT { Periodic { Enable 1; Unattended-Upgrade "always" ; } ; };\n'},
    "a later file wins": {"apt.conf.d/20a": 'APT::Periodic::Enable "1";', "apt.conf.d/50b": 'apt::periodic::enable "0";', "apt.conf": ""},
    "the main file wins": {"apt.conf": 'APT::Periodic::Enable "0";', "apt.conf.d/20a": 'APT::Periodic::Enable "1";'},
    "unattended-upgrades": {"apt.conf.d/50unattended-upgrades": UNATTENDED},
    "lists grow": {
        "apt.conf.d/50a": 'Unattended-Upgrade::Origins-Pattern { "origin=Debian"; };',
        "apt.conf.d/52b": 'Unattended-Upgrade::Origins-Pattern:: "origin=Own";\nUnattended-Upgrade { Origins-Pattern { "origin=Third"; }; };',
    },
    "names that apt leaves out": {f"apt.conf.d/{name}": 'APT::Periodic::Enable "0";' for name in ("20a.dpkg-old", "20a~", "20a.bak", ".20a", "20 a", ".conf")}
    | {"apt.conf.d/9.x.conf": 'APT::Periodic::Verbose "2";', "apt.conf.d/no_ending-1": 'APT::Periodic::MaxAge "3";'},
    "comment at the end of a line": {"apt.conf.d/1": 'APT::Periodic::Enable "1"; # really\nAPT::Periodic::Verbose "1"; // yes'},
    "nothing": {"apt.conf.d/1": "\n\n// nothing\n"},
}
NOT_FOLLOWED = {
    "clear": {"apt.conf.d/1": 'APT::Periodic::Enable "1";\n#clear APT::Periodic;\n'},
    "include": {"apt.conf.d/1": '#include "/nowhere.conf"\n'},
    "another folder": {"apt.conf.d/1": 'Dir::Etc::Parts "other";'},
    "unfinished": {"apt.conf.d/1": 'APT::Periodic::Enable "1'},
    "open brace": {"apt.conf.d/1": "APT { Periodic {"},
    "closed too often": {"apt.conf.d/1": "};"},
    "three words": {"apt.conf.d/1": 'APT::Periodic::Enable "1" "0";'},
}


def root_with(tmp_path: Path, files: dict[str, str]) -> Path:
    (tmp_path / "etc/apt/apt.conf.d").mkdir(parents=True)
    for name, words in files.items():
        (tmp_path / "etc/apt" / name).write_text(words)
    return tmp_path


def told_by_apt(root: Path) -> dict[bytes, list[bytes]]:
    """Return what apt-config dump says of these files and no others."""
    needs.command("apt-config")
    (root / "own.conf").write_text(f'Dir::Etc "{root}/etc/apt/";\n')
    done = subprocess.run(["apt-config", "dump"], env={**os.environ, "LC_ALL": "C", "APT_CONFIG": str(root / "own.conf")}, capture_output=True, check=True)
    machine = Machine(root=os.fsencode(root), commands=lambda argv: Command(0, done.stdout, b"", False, False))
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/apt-config").symlink_to("/usr/bin/apt-config")
    said: dict[bytes, list[bytes]] = software_apt_conf._asked(machine)
    return said


@pytest.mark.parametrize("files", FOLLOWED.values(), ids=list(FOLLOWED))
def test_we_read_what_apt_reads(tmp_path: Path, files: dict[str, str]) -> None:
    root = root_with(tmp_path, files)
    ours, theirs = software_apt_conf._read(Machine(root=os.fsencode(root))), told_by_apt(root)
    relevant = (b"apt::periodic::", b"unattended-upgrade::")
    assert {name: values for name, values in ours.items() if name.startswith(relevant)} == {
        name: kept for name, values in theirs.items() if name.startswith(relevant) and (kept := [value for value in values if value])
    }


@pytest.mark.parametrize("files", NOT_FOLLOWED.values(), ids=list(NOT_FOLLOWED))
def test_apt_is_asked_where_we_do_not_follow(tmp_path: Path, files: dict[str, str]) -> None:
    root = root_with(tmp_path, files)
    with pytest.raises(software_apt_conf._NotFollowed):
        software_apt_conf._read(Machine(root=os.fsencode(root)))
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/apt-config").symlink_to("/usr/bin/apt-config")
    machine = Machine(root=os.fsencode(root), commands=lambda argv: Command(0, b'APT::Periodic::Enable "x";\n', b"", False, False))
    assert software_apt_conf.settings(machine) == {b"apt::periodic::enable": [b"x"]}


def test_this_machine() -> None:
    needs.command("apt-config")
    ours, theirs = software_apt_conf.settings(Machine()), software_apt_conf._asked(Machine())
    relevant = [name for name in theirs if name.startswith((b"apt::periodic::", b"unattended-upgrade::"))]
    for name in relevant:
        assert [value for value in ours.get(name, []) if value] == [value for value in theirs[name] if value], name
