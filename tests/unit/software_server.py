# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up server below a folder for the check software: files, and what commands answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.checks import software
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine

NOW = 1_795_000_000.0
DAY = 86400

OS = {
    "debian": 'ID=debian\nVERSION_ID="12"\n',
    "almalinux": 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n',
    "centos7": 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n',
    "suse": 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n',
}


# The archives as C(apt-cache policy) names them.
ARCHIVES = """Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 https://esm.ubuntu.com/apps/ubuntu jammy-apps-security/main amd64 Packages
     release v=22.04,o=UbuntuESMApps,a=jammy-apps-security,n=jammy,l=UbuntuESMApps,c=main,b=amd64
     origin esm.ubuntu.com
 500 http://archive.ubuntu.com/ubuntu jammy-security/main amd64 Packages
     release v=22.04,o=Ubuntu,a=jammy-security,n=jammy,l=Ubuntu,c=main,b=amd64
     origin archive.ubuntu.com
 500 http://security.debian.org buster/updates/main amd64 Packages
     release v=10,o=Debian,a=oldoldstable,n=buster,l=Debian-Security,c=main,b=amd64
     origin security.debian.org
 500 http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
     release v=12,o=Debian,a=stable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64
     origin deb.debian.org
 100 http://deb.debian.org/debian bookworm-backports/main amd64 Packages
     release v=,o=Debian Backports,a=stable-backports,n=bookworm-backports,l=Debian Backports, and more,c=main,b=amd64
     origin deb.debian.org
 500 http://deb.debian.org/debian bookworm/main amd64 Packages
     release v=12.15,o=Debian,a=stable,n=bookworm,l=Debian,c=main,b=amd64
     origin deb.debian.org
Pinned packages:
"""
MAIN = "http://deb.debian.org/debian bookworm/main amd64 Packages"
SECURITY = "http://deb.debian.org/debian-security bookworm-security/main amd64 Packages"


def policy(name: str, installed: str, candidate: str, *versions: tuple[str, str]) -> str:
    """Return what C(apt-cache policy) says of a package; versions are (version, archive), the newest first."""
    rows = "".join(f" {'***' if version == installed else '   '} {version} 500\n        500 {archive}\n" for version, archive in versions)
    return f"{name}:\n  Installed: {installed}\n  Candidate: {candidate}\n  Version table:\n{rows}"


def answer(out: str | bytes = b"", rc: int = 0, err: str = "", timed_out: bool = False) -> Command:
    return Command(rc, out.encode() if isinstance(out, str) else out, err.encode(), timed_out, False)


class Server:
    """C(says) maps a word that is part of a command to its answer; a command that nobody expected ends with 1."""

    def __init__(self, folder: Path, system: str = "debian") -> None:
        self.folder = folder
        self.says: dict[bytes, Command] = {}
        self.asked: list[bytes] = []
        self.write("/etc/os-release", OS[system])
        self.write("/proc/stat", f"cpu 1\nbtime {int(NOW - 30 * DAY)}\n")
        self.write("/proc/uptime", f"{30 * DAY}.00 1.0\n")
        self.write("/proc/2/comm", "kthreadd\n")

    def write(self, name: str, content: str | bytes = b"", age: float = DAY, mode: int = 0o644) -> Path:
        path = self.folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        os.utime(path, (NOW - age, NOW - age))
        return path

    def program(self, name: str) -> None:
        self.write(f"/usr/bin/{name}", "#!", mode=0o755)

    def boot_systemd(self) -> None:
        (self.folder / "run/systemd/system").mkdir(parents=True)
        self.program("systemctl")

    def link(self, name: str, target: str) -> None:
        path = self.folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def timer(self, name: str, enabled: bool = True, stamp: float | None = None) -> None:
        self.write(f"/lib/systemd/system/{name}", "[Timer]\n")
        if enabled:
            self.link(f"/etc/systemd/system/timers.target.wants/{name}", f"/lib/systemd/system/{name}")
        if stamp is not None:
            self.write(f"/var/lib/systemd/timers/stamp-{name}", age=stamp)

    def run(self, argv: list[bytes]) -> Command:
        line = b" ".join(argv)
        self.asked.append(line)
        for word, said in self.says.items():
            if word in line:
                return said
        return answer(rc=1, err="nobody expected this")

    def policy(self, blocks: str) -> None:
        """Let apt-cache policy answer, on its archives and on the packages; apt-get check finds nothing."""
        self.program("apt-cache")
        self.says |= {b"NoLocking=1 check": answer(), b"apt-cache policy ": answer(blocks), b"apt-cache policy": answer(ARCHIVES)}

    def machine(self) -> Machine:
        return Machine(root=os.fsencode(self.folder), now=NOW, commands=self.run)

    def check(self, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = software.run({"pending": False, **options}, self.machine())
        return found


def stanza(name: str, version: str = "1.0-1", status: str = "install ok installed", source: str = "", arch: str = "amd64") -> str:
    """Return a package as dpkg's status file has it."""
    more = f"Source: {source}\n" if source else ""
    return (f"Package: {name}\nStatus: {status}\nPriority: optional\nSection: libs\nInstalled-Size: 1\nMaintainer: A <a@b.c>\nArchitecture: {arch}\n"
            f"{more}Version: {version}\nDepends: libc6\nDescription: words\n more words\n Version: 9\n\n")


def rules(result: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in result["findings"]]
