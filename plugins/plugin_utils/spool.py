# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spool: one compressed file per host and run, and how anything gets onto the disk whole or not at all.

``<state>/runs/<run id>/<host>.json.gz`` is the truth of a run. Files are written under a temporary name, synced and
renamed: a reader sees the old file, the new one or none, never half of one.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import re
import secrets
import stat
import time
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from . import whole
from .document import accept_document, without_answer
from .untrusted import BadAnswer, decoded

SUFFIX = ".json.gz"

# Endings of all that is in the directory of a run.
LEFT_BY_RUNS = (SUFFIX, ".html", ".txt", ".json", ".md", ".sarif", ".xml", ".prom", ".csv", ".nagios")

# Folders that a run may have; what is in them ends the same way.
FOLDERS = ("cyclonedx", "cyclonedx_applications")

# File systems allow 255 bytes in a name; the suffix and the temporary prefix need room too.
NAME_LIMIT = 200

# A document is far smaller (document.py caps it at 16 Mi characters): what unpacks to more is an attack or damage.
UNPACKED_LIMIT = 64 * 1024 * 1024

GZIP = 31  # zlib's number for a stream with gzip's head
GZIP_MAGIC = b"\x1f\x8b"
PACKED_WHOLE = 1024 * 1024  # a packed document of less is read at once

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class SpoolError(Exception):
    """Something could not be written or read; the message names the file and the reason."""


def new_run_id(now: float | None = None) -> str:
    """Return a new run id, sortable by time: ``20261122T060000Z-3fa1c2``."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)) + "-" + secrets.token_hex(3)


def run_dir(state_dir: str | Path, run_id: str) -> Path:
    """Return the directory of a run. Raises SpoolError where the id cannot be a file name."""
    if not RUN_ID.fullmatch(run_id):
        raise SpoolError(f"the run id {run_id!r} is not made of letters, digits, dot, dash and underscore")
    return Path(state_dir).expanduser() / "runs" / run_id


def new_run(state_dir: str | Path, run_id: str | None = None) -> Path:
    """Make the directory of a run (mode 0700, an existing one is kept) and return it. Raises SpoolError."""
    path = run_dir(state_dir, new_run_id() if run_id is None else run_id)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot("make the directory", path, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise SpoolError(f"the directory {path} is not writable")
    return path


def point_latest(state_dir: str | Path, run_id: str) -> Path:
    """Let ``<state>/latest`` point to the run; the link is replaced in one step. Returns the link. Raises SpoolError."""
    link = Path(state_dir).expanduser() / "latest"
    temporary = whole.temporary_beside(link)
    try:
        temporary.symlink_to(Path("runs") / run_id)
        os.replace(temporary, link)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _cannot("replace the link", link, error) from error
    return link


def forget_runs(state_dir: str | Path, keep_days: int, keep: Path, now: float | None = None) -> list[str]:
    """Remove the runs that ended more than ``keep_days`` days ago, 0 keeps all; returns their ids.

    A directory that holds anything but what runs leave behind is somebody's own and stays, as do links. What cannot be
    removed stays too: the report is made already, and the next run tries again.
    """
    if not keep_days:
        return []
    oldest = (time.time() if now is None else now) - keep_days * 86400
    gone = []
    latest = Path(os.path.realpath(Path(state_dir).expanduser() / "latest"))
    for path in sorted((Path(state_dir).expanduser() / "runs").glob("*")):
        try:
            if path.is_symlink() or not path.is_dir() or path.resolve() in (keep.resolve(), latest) or path.stat().st_mtime >= oldest:
                continue
            entries = list(os.scandir(path))
            folders = [entry for entry in entries if entry.name in FOLDERS and entry.is_dir(follow_symlinks=False)]
            files = [entry for entry in entries if entry not in folders] + [entry for folder in folders for entry in os.scandir(folder.path)]
            if all(_left_by_run(entry) and entry.stat().st_mtime < oldest for entry in files):
                for entry in files:
                    os.unlink(entry.path)
                for folder in folders:
                    os.rmdir(folder.path)
                path.rmdir()
                gone.append(path.name)
        except OSError:
            continue
    return gone


def _left_by_run(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and (entry.name.endswith(LEFT_BY_RUNS) or entry.name.startswith(whole.TEMPORARY))


def file_name(host: str) -> str:
    """Return the name of a host's file: percent-encoded, with a hash in place of the end where it would be too long."""
    name = urllib.parse.quote(host, safe="", errors="backslashreplace")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > NAME_LIMIT:
        # "=" is never in an encoded name: no host can be called like the short form of another one.
        name = name[: NAME_LIMIT - 34].rstrip("%") + "=" + hashlib.sha256(host.encode("utf-8", "backslashreplace")).hexdigest()[:32]
    return name + SUFFIX


def write_document(run_directory: str | Path, document: dict[str, Any]) -> Path:
    """Write a host's document into the spool and return its path. Raises SpoolError."""
    packed = gzip.compress(json.dumps(document, separators=(",", ":")).encode("ascii"), compresslevel=1, mtime=0)
    return write_whole(Path(run_directory) / file_name(document["host"]), packed)


def write_whole(path: Path, content: bytes | Iterable[bytes]) -> Path:
    """Write a file whole and sync it; on failure nothing is left. Raises SpoolError."""
    try:
        whole.write(path, content, sync=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise _cannot("write", path, error) from error
    return path


def read_documents(run_directory: str | Path, hosts: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield the documents of a run, sorted by file name, one in memory at a time.

    A file that is damaged, too large, of another schema or of another host than its name says is yielded as a document
    with status ``error`` and the reason. ``hosts`` are names to find back behind a shortened file name.
    Raises SpoolError where the directory cannot be read.
    """
    directory = Path(run_directory)
    try:
        names = sorted(entry.name for entry in os.scandir(directory) if entry.name.endswith(SUFFIX) and not entry.name.startswith("."))
    except OSError as error:
        raise _cannot("read the directory", directory, error) from error
    shortened = {name: host for host in hosts if "=" in (name := file_name(host))}
    for name in names:
        try:
            document = accept_document(unpack(directory / name))
            if file_name(document["host"]) != name:
                raise BadAnswer(f"the file is of host {document['host']}, not of the host that its name says")
        except (BadAnswer, OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
            host = shortened.get(name) or host_of(name)
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
            when = _written(directory / name)
            document = without_answer("error", f"spool file {name}: {reason}", host=host, groups=(), run_id=directory.name, started=when, ended=when)
        yield document


def host_of(name: str) -> str:
    """Return the host that a file name stands for, printable; of a shortened one, the name as it is."""
    stem = name[: -len(SUFFIX)]
    # Nobody knows who made a file that cannot be read: its name is not to be trusted either.
    return text(stem if "=" in stem else urllib.parse.unquote(stem, errors="backslashreplace"), 1000)


def _written(path: Path) -> str | None:
    """Return when a file was written: what cannot be read is as old as that, and the same each time it is read."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(path.lstat().st_mtime))
    except OSError:
        return None


def unpack(path: Path) -> object:
    """Return what a file of the spool holds, within limits but otherwise unchecked. Raises BadAnswer, OSError, ValueError, zlib.error and such."""
    # O_NONBLOCK and O_NOFOLLOW: a pipe or a link that somebody dropped into the spool is not waited for or followed.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise BadAnswer("not a regular file")
        content = _gunzip(file)
    if len(content) > UNPACKED_LIMIT:
        raise BadAnswer(f"unpacks to more than {UNPACKED_LIMIT} bytes")
    return decoded(content)


def _gunzip(file: BinaryIO) -> bytes:
    """Return what a gzip file holds, a byte more than UNPACKED_LIMIT at most. Raises OSError, EOFError, zlib.error."""
    unpacker = zlib.decompressobj(GZIP)
    packed = file.read(PACKED_WHOLE)
    if len(packed) < PACKED_WHOLE and packed.startswith(GZIP_MAGIC):
        # What we wrote ourselves, in one go: GzipFile takes four times as long.
        content = unpacker.decompress(packed, UNPACKED_LIMIT + 1)
        if unpacker.eof and not unpacker.unused_data:
            return content
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as reader:
        return reader.read(UNPACKED_LIMIT + 1)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a directory; the file itself is safe then.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _cannot(what: str, path: Path, error: OSError) -> SpoolError:
    return SpoolError(f"cannot {what} {path}: {cast(str, error.strerror) or error}")
