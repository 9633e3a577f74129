# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL of our own for tests and measurements: on a socket alone, as the user postgres since it refuses to run as root."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60


def binaries() -> Path | None:
    """Return the folder of the newest server that is installed, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def running(folder_of: Path) -> Iterator[str]:
    """Yield the URL of a server; it ends with this block, and with the thread that began it where that is killed."""
    folder = Path(tempfile.mkdtemp(prefix="bottomup-pg-", dir="/tmp"))  # the path of a socket is a short one
    shutil.chown(folder, "postgres", "postgres")
    as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--pdeathsig", "INT"]
    new = [str(folder_of / "initdb"), "-D", str(folder / "data"), "-U", "check", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
    serve = [str(folder_of / "postgres"), "-D", str(folder / "data"), "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    process = None
    try:
        subprocess.run([*as_postgres, *new], cwd=folder, check=True, capture_output=True)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*as_postgres, *serve], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _wait_until_ready(process, [*as_postgres, str(folder_of / "pg_isready"), "-h", str(folder)], folder)
        yield f"postgresql+psycopg://check@/postgres?host={folder}"
    finally:
        if process is not None:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            process.wait(PATIENCE)
        shutil.rmtree(folder)


def _wait_until_ready(process: subprocess.Popen[bytes], ask: list[str], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(ask, cwd=folder, check=False, capture_output=True).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:])
        time.sleep(0.1)
