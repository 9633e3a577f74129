# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems for booted machines: made from the distribution's own packages once, cached, unpacked for each run.

The mirror and its settings are those that this machine's own apt uses; none is named here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# What every machine needs: to boot, to be reached over ssh, to be asked (python3), to ban (fail2ban and a firewall).
COMMON = ("systemd-sysv", "dbus", "libpam-systemd", "openssh-server", "python3", "python3-systemd", "sudo", "fail2ban", "iproute2")

# Files that no check looks at and that would make each copy twice as large.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")

# Run in the new root ($1) after the packages are installed.
CUSTOMIZE = (
    # Each machine gets its own host key and identity at unpack.
    'rm -f "$1"/etc/ssh/ssh_host_*',
    'chroot "$1" useradd --create-home --shell /bin/bash ops',
    """printf 'ops ALL=(ALL) NOPASSWD: ALL\\n' > "$1"/etc/sudoers.d/ops && chmod 0440 "$1"/etc/sudoers.d/ops""",
    # VERBOSE writes one line for each command that a connection starts: that is how executions are counted.
    """printf 'LogLevel VERBOSE\\nUseDNS no\\n' > "$1"/etc/ssh/sshd_config.d/fleet.conf""",
    # The journal survives a halt, as on a server.
    'mkdir -p "$1"/var/log/journal',
    # Timers that reach for the network or for a disk.
    'for unit in apt-daily apt-daily-upgrade e2scrub_all fstrim; do ln -sf /dev/null "$1"/etc/systemd/system/$unit.timer; done',
)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a root file system is made. Every field is part of the cache's key."""

    suite: str
    security: str
    packages: tuple[str, ...]
    customize: tuple[str, ...] = CUSTOMIZE
    # Packages whose archives lie in /var/cache/fleet, to be installed again or in a changed version without any network.
    kept: tuple[str, ...] = ()
    # A program of this folder that is run in the new root at last; its content is part of the key as well.
    script: str = ""

    def key(self) -> str:
        """Return the name under which the root is cached."""
        settings = {name: value for name, value in dataclasses.asdict(self).items() if name != "script"}
        text = json.dumps([settings, LEFT_OUT], sort_keys=True) + (_script(self.script).read_text(encoding="utf-8") if self.script else "")
        return f"{self.suite}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


RECIPES = {
    # sshd's log in /var/log/auth.log, bans with iptables: the way of most older servers.
    "debian12": Recipe("bookworm", "bookworm-security", (*COMMON, "rsyslog", "iptables"), kept=("libselinux1",)),
    # A web server whose logs are rotated, as the server of an application has it.
    "debian12web": Recipe("bookworm", "bookworm-security", (*COMMON, "rsyslog", "iptables", "nginx-light", "logrotate")),
    # rpm and dnf, and a database of AlmaLinux' packages.
    "almalinux9": Recipe("bookworm", "bookworm-security", (*COMMON, "rsyslog", "iptables", "rpm", "dnf", "createrepo-c"), script="almalinux9.sh"),
    # Journal only, bans with nftables: what Debian ships now.
    "debian13": Recipe("trixie", "trixie-security", (*COMMON, "nftables"), kept=("libselinux1",)),
    # A controller and its servers on a current system, for tests/bench.
    "debian13controller": Recipe("trixie", "trixie-security", (*COMMON, "openssl")),
}


def cache_folder() -> Path:
    """Return where root file systems are kept between runs, outside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "bottomup-security" / "roots"


def root_archive(name: str) -> Path:
    """Return the archive of a recipe of C(RECIPES), built first where it is missing.

    Two processes that want the same one: the second waits for the first. Raises RuntimeError with the builder's last lines.
    """
    recipe = RECIPES[name]
    archive = cache_folder() / f"{recipe.key()}.tar"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with _locked(archive.with_suffix(".lock")):
        if not archive.exists():
            _build(recipe, archive)
    return archive


def unpack(name: str, folder: Path) -> None:
    """Write a fresh root file system of the recipe into an existing empty folder."""
    archive = root_archive(name)
    command = ["tar", "--extract", f"--file={archive}", f"--directory={folder}", "--preserve-permissions", "--numeric-owner"]
    subprocess.run([*command, "--xattrs", "--xattrs-include=*"], check=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(recipe: Recipe, archive: Path) -> None:
    if not KEYRING.exists():
        raise RuntimeError(f"{KEYRING} is missing: install debian-archive-keyring")
    with tempfile.TemporaryDirectory(prefix=f".{archive.stem}-", dir=archive.parent) as scratch:
        unfinished = Path(scratch) / "root.tar"
        command = ["mmdebstrap", "--variant=apt", f"--keyring={KEYRING}", f"--include={','.join(recipe.packages)}"]
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
        command += [f"--aptopt={setting}" for setting in _apt_settings()]
        command += [f"--customize-hook={line}" for line in (*recipe.customize, *_keep(recipe.kept), *_run(recipe.script))]
        command += [recipe.suite, str(unfinished), *_sources(recipe)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{recipe.suite} could not be built:\n" + "\n".join(done.stdout.splitlines()[-30:]))
        unfinished.replace(archive)


def _keep(names: tuple[str, ...]) -> list[str]:
    """Return the line that keeps the archives of packages in the new root."""
    folder = '"$1"/var/cache/fleet'
    download = f'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --quiet download {" ".join(names)}'
    # apt drops its rights for a download, and the folder is root's.
    return [f"mkdir -p {folder} && cd {folder} && {download} -o APT::Sandbox::User=root"] if names else []


def _run(script: str) -> list[str]:
    """Return the line that runs a program of this folder in the new root."""
    if not script:
        return []
    return [f'cp {shlex.quote(str(_script(script)))} "$1"/var/tmp/recipe && chroot "$1" sh /var/tmp/recipe && rm "$1"/var/tmp/recipe']


def _script(name: str) -> Path:
    return Path(__file__).resolve().parent / name


def _sources(recipe: Recipe) -> list[str]:
    """Return sources for the recipe on the mirrors of this machine's apt; none where it has none of Debian (mmdebstrap's default)."""
    listed = _output("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Identifier: Packages")
    mirrors: dict[bool, str] = {}
    for line in listed.splitlines():
        release, component, uri = line.split(" ", 2)
        if component == "main" and re.fullmatch(r"[a-z]+(-security)?", release) and "debian" in uri:
            mirrors.setdefault(release.endswith("-security"), uri)
    wanted = ((False, recipe.suite), (True, recipe.security))
    return [f"deb {mirrors[security]} {suite} main" for security, suite in wanted if security in mirrors]


def _apt_settings() -> list[str]:
    """Return how this machine's apt reaches its mirrors: proxies, and the clock checks where it has them off."""
    settings = []
    for line in _output("apt-config", "dump").splitlines():
        if re.match(r"Acquire::(https?::(Proxy|Verify-Peer|CAInfo)\b|Check-Valid-Until|Check-Date|Retries)", line):
            settings.append(line)
    return settings


def _output(*command: str) -> str:
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout
