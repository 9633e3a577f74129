# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes real programs, libraries, mounts and processes for the situations, and takes all of them away again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import needs

HERE = Path(__file__).resolve().parent

LIBRARY_SOURCE = 'const char *bottomup_version(void) { return "%s"; }\n'
STATIC_SOURCE = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts("ready"); fflush(stdout); for (;;) pause(); }\n'


class Workshop:
    """A folder in /opt, one in each other place of interest, and the processes and mounts within. A context manager."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"bottomup-restart-{needs.RUN}-", dir="/opt"))
        self._folders = [self.folder]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._mounts: list[Path] = []
        self._programs = self.folder / "build"
        self._programs.mkdir()
        self.holder = self._compile("holder", (HERE / "restart" / "holder.c").read_text(), "-ldl")
        self.library = self._compile("old.so", LIBRARY_SOURCE % "1", *self._shared("libsample.so.1"))
        self.newer = self._compile("new.so", LIBRARY_SOURCE % "2", *self._shared("libsample.so.1"))
        self.static = self._compile("static", STATIC_SOURCE, "-static")

    @staticmethod
    def _shared(soname: str) -> list[str]:
        return ["-shared", "-fPIC", "-nostdlib", f"-Wl,-soname,{soname}", "-Wl,--build-id"]

    def _compile(self, name: str, source: str, *options: str) -> Path:
        path = self._programs / f"{name}.c"
        path.write_text(source)
        target = self._programs / name
        subprocess.run(["gcc", "-O1", "-o", target, path, *options], check=True, capture_output=True)
        return target

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout:
                process.stdout.close()
        for point in reversed(self._mounts):
            subprocess.run(["umount", "-d", point], check=True)
        for folder in self._folders:
            shutil.rmtree(folder)

    def elsewhere(self, parent: str) -> Path:
        """Return a new folder below another one (/tmp, /var/lib, /dev/shm), removed at the end."""
        folder = Path(tempfile.mkdtemp(prefix=f"bottomup-restart-{needs.RUN}-", dir=parent))
        self._folders.append(folder)
        return folder

    def place(self, name: str) -> Path:
        """Return a new folder for one situation."""
        folder = self.folder / name
        folder.mkdir()
        return folder

    def copy(self, source: Path, target: Path | bytes) -> Path:
        """Copy a file under a name of any bytes, with the rights of a program."""
        shutil.copy2(source, os.fsdecode(target))
        os.chmod(os.fsdecode(target), 0o755)
        return Path(os.fsdecode(target))

    def replace(self, target: Path, source: Path | None = None) -> None:
        """Put another file in place the way a package manager does: beside it, then renamed over it."""
        beside = target.with_name(target.name + ".dpkg-new")
        self.copy(source or self.newer, beside)
        os.rename(beside, target)

    def start(self, *arguments: str | Path, **options: object) -> int:
        """Start a program that says "ready" and return its process id."""
        process = subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, start_new_session=True, **options)  # type: ignore[call-overload]
        self._processes.append(process)
        line = process.stdout.readline()
        if line != b"ready\n":
            raise RuntimeError(f"{arguments} said {line!r}, exit code {process.poll()}")
        return process.pid

    def hold(self, *words: str | Path) -> int:
        """Start the holder with these words and return its process id."""
        return self.start(self.holder, *words)

    def mount(self, *words: str | Path) -> Path:
        """Mount something on the folder named last; unmounted at the end, its loop device let go."""
        point = Path(words[-1])
        point.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *words], check=True, capture_output=True)
        self._mounts.append(point)
        return point

    def file_system(self, name: str, size: int) -> Path:
        """Make a file system of a kind in a file and mount it."""
        image = self.folder / f"{name}.image"
        with image.open("wb") as stream:
            stream.truncate(size)
        subprocess.run([f"mkfs.{name}", "-q", image], check=True, capture_output=True)
        return self.mount("-o", "loop", image, self.folder / f"{name}-mount")
