# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python tests/contained.py COMMAND ...: runs the command, and nothing of it outlives it: no process, no mount, no file.

As root it gets a control group and namespaces of its own for mounts and for shared memory. What is still there at the end is ended and
removed, also when the command was interrupted or killed; after an end of its own it is named, and makes the run fail. RUN (in the
environment) is the run's own name, for whatever a test makes outside of TMPDIR. The words {tmp} of the command are replaced by that folder.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fleet import groups, roots

RUN = "BOTTOMUP_TEST_RUN"
PATIENCE = 10  # seconds until what is still ending by itself counts as left

# Where tests make something outside of TMPDIR, by the name of the run.
OUTSIDE = ("/opt", "/tmp", "/var/lib", "/var/log", "/var/tmp")

NAMESPACES = ("unshare", "--mount", "--ipc")

# In the namespaces, before the command. Images of containers switch apt's cache off, and each question to it then takes seconds.
# Servers have it: here it is in a folder of the run.
BEFORE = """
set -e
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
if [ -e "$TMPDIR/apt.conf.d" ]; then
    mount --bind "$TMPDIR/apt.conf.d" /etc/apt/apt.conf.d
    mount --bind "$TMPDIR/apt" /var/cache/apt
fi
exec "$@"
"""
APT_CACHE = 'Dir::Cache::pkgcache "pkgcache.bin";\nDir::Cache::srcpkgcache "srcpkgcache.bin";\n'


def main(command: list[str]) -> int:
    """Run the command and return its exit code."""
    # A short name: sockets are made below it, and the path of a socket has 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="bu", dir="/tmp"))
    folder.chmod(0o755)  # the servers of the tests have ordinary users
    environment = {**os.environ, "TMPDIR": str(folder), RUN: folder.name}
    words = [word.replace("{tmp}", str(folder)) for word in command]
    try:
        if os.geteuid() != 0:
            return _run(words, environment, [])
        with _group(folder.name) as cgroups:
            if cgroups and subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode == 0:
                _cache_of_apt(folder)
                words = [*NAMESPACES, "sh", "-c", BEFORE, "sh", *words]
            rc = _run(words, environment, cgroups)
            left = _left(cgroups) if rc == 0 else []
        if left:
            print("Left running:", *left, sep="\n  ", file=sys.stderr)
        return 1 if left else rc
    finally:
        for path in (str(folder), *_outside(folder.name)):
            shutil.rmtree(path, ignore_errors=True)


def _run(command: list[str], environment: dict[str, str], cgroups: list[Path]) -> int:
    """Return the exit code of the command; it gets the signals that this process gets."""
    received: list[int] = []
    # What is typed at a terminal reaches the command by itself.
    before = {number: signal.signal(number, lambda got, _frame: received.append(got)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, preexec_fn=lambda: _enter(cgroups))
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                rc = process.wait(0.2)
                return rc if rc >= 0 else 128 - rc
            while received:
                number = received.pop()
                if number != signal.SIGINT:
                    process.send_signal(signal.SIGINT)  # pytest ends its tests at this one
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _enter(cgroups: list[Path]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where a shell started us in the background
    groups.join(cgroups)


@contextlib.contextmanager
def _group(name: str) -> Iterator[list[Path]]:
    """Yield new control groups, none where this machine lets nobody make one; whatever runs in them at the end is killed."""
    try:
        cgroups = groups.make(name)
    except OSError:
        cgroups = []
    try:
        yield cgroups
    finally:
        groups.remove(cgroups)


def _left(cgroups: list[Path]) -> list[str]:
    """Return the command lines of what still runs in the groups and does not end by itself."""
    deadline = time.monotonic() + PATIENCE
    while (members := groups.members(cgroups)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [f"{pid} {_words(pid)}" for pid in sorted(members)]


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    except OSError:
        return ""


def _cache_of_apt(folder: Path) -> None:
    """Make a cache for apt in the folder, and settings with it, where the machine has apt and no cache."""
    done = subprocess.run(["apt-config", "shell", "cache", "Dir::Cache::pkgcache"], capture_output=True, text=True, check=False) if _has_apt() else None
    if done is None or done.stdout.strip() != "cache=''":
        return
    shutil.copytree("/etc/apt/apt.conf.d", folder / "apt.conf.d")
    (folder / "apt.conf.d" / "zz-cache").write_text(APT_CACHE, encoding="ascii")
    (folder / "apt" / "archives" / "partial").mkdir(parents=True)
    options = [f"-o=Dir::Cache={folder}/apt", "-o=Dir::Cache::pkgcache=pkgcache.bin", "-o=Dir::Cache::srcpkgcache=srcpkgcache.bin"]
    subprocess.run(["apt-cache", "--quiet=2", *options, "gencaches"], stdin=subprocess.DEVNULL, check=False)  # without it apt is slow, no more


def _has_apt() -> bool:
    return shutil.which("apt-config") is not None and Path("/etc/apt/apt.conf.d").is_dir() and Path("/var/cache/apt").is_dir()


def _outside(name: str) -> list[str]:
    """Return what tests of this run made outside of TMPDIR and did not remove."""
    places = (*OUTSIDE, str(roots.cache_folder().parent / "fleets"))
    return [path for place in places for path in glob.glob(f"{place}/*{name}*")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
