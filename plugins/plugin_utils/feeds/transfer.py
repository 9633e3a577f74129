# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file on its way into the mirror: fetched or copied beside it, resumed where it was cut, and never larger than it may be.

What is on the way lies in C(.partial/) of the mirror: the file under its own name in a folder of its own, and next to that what the server said
of it, without which nothing can be resumed. Only a whole and checked file leaves from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import stat
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..advisories.feed import words
from .catalog import is_http
from .clock import of_header
from .manifest import File
from .web import FetchError, Web, shown

FOLDER = ".partial"
FORGOTTEN_AFTER = 7 * 86400  # seconds: a half file that nobody went on with

TRIES = 3
_PAUSE = 1.0  # seconds between two tries, times the number of the try

_BLOCK = 256 * 1024
_META_LIMIT = 4096

# Called with the bytes at hand and those expected, 0 where nobody knows; it raises FetchError to end the transfer.
Progress = Callable[[int, int], None]


class Got(NamedTuple):
    """What came of a fetch: C(path) of the file beside the mirror, None where the one in use is still upstream's newest.

    C(mtime_ns) is the modification time that the file gets, None for that of now: a copied file is as old as the one it was copied from.
    """

    path: Path | None
    etag: str
    last_modified: str
    modified: float | None
    mtime_ns: int | None


def forget(mirror: Path, now: float) -> None:
    """Remove half files that nobody went on with for a week."""
    with contextlib.suppress(OSError):
        for path in (mirror / FOLDER).iterdir():
            if now - path.lstat().st_mtime > FORGOTTEN_AFTER:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def drop(mirror: Path, local: str) -> None:
    """Remove what is on the way for a file of the mirror."""
    place = _place(mirror, local)
    shutil.rmtree(place.parent, ignore_errors=True)
    _meta(place).unlink(missing_ok=True)


def get(web: Web, url: str, mirror: Path, local: str, known: File | None, limit: int, progress: Progress) -> Got:
    """Fetch a file of a feed, if it is another one than C(known), that in use. Raises FetchError, OSError."""
    place = _place(mirror, local)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _fetched(web, url, place, known, limit, progress) if is_http(url) else _copy(url, place, known, limit, progress)
    except BaseException:
        with contextlib.suppress(OSError):
            place.parent.rmdir()  # where nothing came
        raise


def _fetched(web: Web, url: str, place: Path, known: File | None, limit: int, progress: Progress) -> Got:
    for number in range(1, TRIES + 1):
        try:
            return _request(web, url, place, known, limit, progress)
        except FetchError as error:
            if not error.again or number == TRIES:
                raise
            time.sleep(_PAUSE * number)
    raise AssertionError("the last try returns or raises")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _place(mirror: Path, local: str) -> Path:
    return mirror / FOLDER / urllib.parse.quote(local, safe="") / Path(local).name


def _meta(place: Path) -> Path:
    return place.parent.with_name(f"{place.parent.name}.json")


def _request(web: Web, url: str, place: Path, known: File | None, limit: int, progress: Progress) -> Got:
    have, validator = _half(place, url)
    headers = {"Range": f"bytes={have}-", "If-Range": validator} if have else _conditions(known)
    with contextlib.closing(web.open(url, headers)) as answer:
        if answer.status == 304:
            if not headers:
                raise FetchError(f"{shown(url)} says that it is unchanged, which was not asked")
            return Got(None, known.etag if known else "", known.last_modified if known else "", None, None)
        if answer.status == 416 or (answer.status == 206 and not _goes_on(answer, have)):
            place.unlink(missing_ok=True)
            raise FetchError(f"{shown(url)} does not go on where it was cut", again=True)
        if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity") and not url.endswith((".gz", ".tgz")):
            raise FetchError(f"{shown(url)} is sent packed, which was not asked for")
        have = have if answer.status == 206 else 0
        etag, changed = words(answer.headers.get("ETag"), 300), words(answer.headers.get("Last-Modified"), 100)
        if not have:
            place.unlink(missing_ok=True)
        _write_meta(place, url, etag, changed)
        _receive(answer, url, place, have, limit, progress)
    return Got(place, etag, changed, of_header(changed), None)


def _conditions(known: File | None) -> dict[str, str]:
    if known is None:
        return {}
    # A server may take every date that lies ahead for younger than what it has, and would never send anything again.
    ahead = (of_header(known.last_modified) or 0.0) > time.time()
    headers = {"If-None-Match": known.etag, "If-Modified-Since": "" if ahead else known.last_modified}
    return {name: value for name, value in headers.items() if value}


def _goes_on(answer: http.client.HTTPResponse, have: int) -> bool:
    return (answer.headers.get("Content-Range") or "").startswith(f"bytes {have}-")


def _receive(answer: http.client.HTTPResponse, url: str, place: Path, have: int, limit: int, progress: Progress) -> None:
    """Append the body of an answer to the file on its way."""
    length = answer.headers.get("Content-Length") or ""
    whole = have + int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0
    try:
        with place.open("ab") as stream:
            while have <= limit and whole <= limit:
                progress(have, whole)
                block = answer.read1(_BLOCK)
                if not block:
                    break
                stream.write(block)
                have += len(block)
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise FetchError(f"{shown(url)}: the answer was cut after {have} bytes ({type(error).__name__})", again=True) from None
    if max(have, whole) > limit:
        place.unlink(missing_ok=True)
        raise FetchError(f"{shown(url)} has {max(have, whole)} bytes or more, {limit >> 20} MB is the limit")
    if have < whole:
        raise FetchError(f"{shown(url)}: the answer was cut, {have} of {whole} bytes came", again=True)


def _half(place: Path, url: str) -> tuple[int, str]:
    """Return how much of a file was had before and what to compare it by, (0, "") where it cannot be gone on with."""
    try:
        with _meta(place).open("rb") as stream:
            meta = json.loads(stream.read(_META_LIMIT))
        size = place.lstat().st_size
    except (OSError, ValueError, RecursionError):
        meta, size = None, 0
    if isinstance(meta, dict) and meta.get("url") == shown(url) and size:
        etag, changed = meta.get("etag"), meta.get("last_modified")
        # If-Range takes a strong ETag or a date: one that is weak does not promise the same bytes.
        validator = etag if isinstance(etag, str) and etag.startswith('"') else changed
        if isinstance(validator, str) and validator and validator.isprintable():
            return size, validator
    place.unlink(missing_ok=True)
    return 0, ""


def _write_meta(place: Path, url: str, etag: str, changed: str) -> None:
    _meta(place).write_text(json.dumps({"url": shown(url), "etag": etag, "last_modified": changed}), encoding="ascii")


def _copy(url: str, place: Path, known: File | None, limit: int, progress: Progress) -> Got:
    """Copy a file of a mirror folder. It keeps its age: that somebody copied it today makes it no younger."""
    source = Path(urllib.parse.unquote(url[7:]) if url.startswith("file://") else url)
    try:
        # O_NONBLOCK: a pipe in place of the file is not waited for.
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise FetchError(f"{source}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as stream:
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise FetchError(f"{source} is no file")
        if state.st_size > limit:
            raise FetchError(f"{source} has {state.st_size} bytes, {limit >> 20} MB is the limit")
        if known and (known.size, known.mtime_ns) == (state.st_size, state.st_mtime_ns):
            return Got(None, "", "", state.st_mtime, state.st_mtime_ns)
        place.unlink(missing_ok=True)
        with place.open("xb") as target:
            while block := stream.read(_BLOCK):
                target.write(block)
                progress(target.tell(), state.st_size)
                if target.tell() > limit:
                    raise FetchError(f"{source} has more than {limit >> 20} MB")
    return Got(place, "", "", state.st_mtime, state.st_mtime_ns)
