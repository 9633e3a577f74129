# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds fetched from a real nginx: conditional requests, outages, cuts, hostile files, proxies, certificates, two at once, kill -9."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import feeds_server
import needs
import pytest
from conftest import COLLECTIONS
from feeds_server import ALMA, ZIP, Server, alma, records, state, whole

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import index
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import catalog, manifest, refresh, states, transfer, web

needs.command("nginx", "openssl")

FLEET = ("AlmaLinux", "RubyGems", "Bitnami", "nginx")


def test_every_feed_of_a_fleet_is_fetched_and_the_index_takes_it(server, mirror, fetch, tmp_path):
    whole(server.mirror)
    wanted = [feed.name for feed in catalog.wanted(FLEET)]
    result, _said = fetch(server.url(), *wanted)
    assert result.problems == {}
    assert sorted(result.changed) == sorted(wanted)
    assert {feed.name for feed in index.build(mirror, tmp_path / "index.sqlite") if not feed.problem} == set(wanted)
    assert [found.status for found in states.feed_states(mirror, time.time(), 3600)] == ["ok"] * len(wanted)
    entry = manifest.read(mirror)[ALMA]
    assert (entry.records, entry.sha256, entry.url) == (20, transfer.digest(server.mirror / ZIP), server.url() + "/" + ZIP)


def test_what_is_unchanged_is_not_sent_again_and_is_young_again(server, mirror, fetch):
    """Conditional GET: nginx's own access log has the 304."""
    alma(server.mirror, 20)
    os.utime(server.mirror / ZIP, (1e9, 1e9))
    fetch(server.url())
    old = manifest.read(mirror)[ALMA].files[0]
    os.utime(mirror / ZIP, ns=(old.mtime_ns, old.mtime_ns))
    server.forget()
    result, said = fetch(server.url())
    (request,) = server.requests()
    assert (request.status, request.sent) == (304, 0)
    assert request.if_none_match == old.etag
    assert result.changed == []
    assert said == [f"{ALMA}: unchanged"]
    entry = manifest.read(mirror)[ALMA]
    assert (mirror / ZIP).stat().st_mtime_ns == entry.files[0].mtime_ns > old.mtime_ns
    assert entry.modified == 1e9


def test_the_index_does_not_read_again_what_was_found_unchanged(server, mirror, fetch, tmp_path):
    alma(server.mirror, 20)
    fetch(server.url())
    index.build(mirror, tmp_path / "index.sqlite")
    before = (tmp_path / "index.sqlite").stat()
    fetch(server.url())
    index.build(mirror, tmp_path / "index.sqlite")
    assert (tmp_path / "index.sqlite").stat().st_ino == before.st_ino
    alma(server.mirror, 21)
    fetch(server.url())
    assert [feed.records for feed in index.build(mirror, tmp_path / "index.sqlite")] == [21]


def test_a_file_that_somebody_changed_is_fetched_anew(server, mirror, fetch):
    alma(server.mirror, 20)
    fetch(server.url())
    (mirror / ZIP).write_bytes(b"gone")
    server.forget()
    fetch(server.url())
    assert [request.status for request in server.requests()] == [200]
    assert records(mirror) == 20


@pytest.mark.parametrize(
    ("place", "status", "words"),
    [
        pytest.param("outage", "failed", "answers 503", id="outage"),
        pytest.param("gone", "failed", "answers 404", id="not found"),
        pytest.param("html", "refused", "an HTML page came in its place", id="36 HTML in place of the zip"),
        pytest.param("cut", "failed", "the answer was cut", id="36 truncated answer"),
    ],
)
def test_a_bad_answer_is_said_and_the_last_good_one_is_kept(place, status, words, server, mirror, fetch, tmp_path):
    alma(server.mirror, 20)
    fetch(server.url())
    before = (mirror / ZIP).read_bytes()
    alma(server.mirror, 25)
    result, _said = fetch(server.url(place))
    assert words in result.problems[ALMA]
    assert (mirror / ZIP).read_bytes() == before
    found = state(mirror)
    assert (found.status, found.stale, found.records) == (status, False, 20)
    assert words in found.reason
    assert [feed.problem for feed in index.build(mirror, tmp_path / "index.sqlite")] == [""]


def test_html_in_place_of_a_gz(server, mirror, fetch):
    result, _said = fetch(server.url("html"), "epss", "kev", "ruby-advisory-db", "nginx", "endoflife")
    assert {why.rpartition(": ")[2] for why in result.problems.values()} == {"an HTML page came in its place"}
    assert [found.status for found in states.feed_states(mirror, time.time(), 60)] == ["refused"] * 5


def test_nobody_listens(server, mirror, fetch):
    result, _said = fetch("http://127.0.0.1:1/", ALMA, "kev")
    assert set(result.problems.values()) == {"127.0.0.1: Connection refused"}


def test_a_cut_answer_is_gone_on_with_where_it_ended(server, mirror, fetch):
    """Three pieces, each cut but the last: what came is kept, and the whole is what was served."""
    alma(server.mirror, 200)
    size = (server.mirror / ZIP).stat().st_size
    server.cut_after[:] = [size // 3, size // 3, size]
    result, _said = fetch(server.url("cut"))
    assert result.problems == {}
    assert [request.range for request in server.requests()] == ["", f"bytes={size // 3}-", f"bytes={2 * (size // 3)}-"]
    assert (mirror / ZIP).read_bytes() == (server.mirror / ZIP).read_bytes()


def test_a_slow_file_that_was_not_finished_in_time_is_gone_on_with_the_next_time(server, mirror, fetch):
    path = alma(server.mirror, 20)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("large.txt", os.urandom(1_000_000))
    result, _said = fetch(server.url("slow"), seconds=1.5)
    assert result.problems == {ALMA: "it was not finished in time; the next try goes on from there"}
    place = mirror / ".partial" / "osv%2FAlmaLinux%2Fall.zip" / "all.zip"
    _until(lambda: _settled(place))
    had = place.stat().st_size
    # The same file under another address would be another file: the address is part of what is compared.
    assert 0 < had < path.stat().st_size
    meta = place.parent.with_name(place.parent.name + ".json")
    meta.write_text(meta.read_text().replace("/slow/", "/mirror/"))
    server.forget()
    result, _said = fetch(server.url())
    assert result.problems == {}
    assert [(request.status, request.range) for request in server.requests(below="/mirror/")] == [(206, f"bytes={had}-")]
    assert (mirror / ZIP).read_bytes() == path.read_bytes()
    assert list((mirror / ".partial").iterdir()) == []


def test_a_mirror_that_never_ends_its_headers_is_not_waited_for(mirror, fetch, monkeypatch):
    """Each byte resets the limit of silence: only the end of the refresh ends that."""
    monkeypatch.setenv("no_proxy", "*")
    over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            until = time.monotonic() + 20
            while not over.wait(0.05) and time.monotonic() < until:
                connection.sendall(b"x")

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threads.append(threading.Thread(target=trickle, args=(listening.accept()[0],), daemon=True))
                threads[-1].start()

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        result, _said = fetch(f"http://127.0.0.1:{listening.getsockname()[1]}", seconds=1)
        waited_for = not any(thread.is_alive() for thread in threads)
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
    assert result.problems == {ALMA: "it was not finished in time; the next try goes on from there"}
    assert not waited_for


def test_a_half_file_of_another_state_is_not_gone_on_with(server, mirror, fetch):
    """If-Range: the server sends the whole new file."""
    alma(server.mirror, 20)
    server.cut_after[:] = [50]
    fetch(server.url("cut"))
    place = mirror / ".partial" / "osv%2FAlmaLinux%2Fall.zip.json"
    place.write_text(place.read_text().replace("/cut/", "/mirror/"))
    server.forget()
    result, _said = fetch(server.url())
    assert result.problems == {}
    assert [(request.status, request.range) for request in server.requests(below="/mirror/")] == [(200, "bytes=150-")]
    assert (mirror / ZIP).read_bytes() == (server.mirror / ZIP).read_bytes()


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number}.json", b"0" * 30_000_000)


def _one_long_string(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.json", b'{"id": "' + b"A" * 100_000_000 + b'"}')


def _path_trick(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../../../etc/cron.d/own.json", "{}")


def _deep(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.json", "[" * 200_000)


def _no_records(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README", "empty")


def _half(path: Path) -> None:
    alma(path.parents[2], 20)
    path.write_bytes(path.read_bytes()[:-100])


def _one_bit(path: Path) -> None:
    alma(path.parents[2], 20)
    data = bytearray(path.read_bytes())
    data[60] ^= 0x10
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(_bomb, "it is made to fill memory", id="37 zip bomb"),
        pytest.param(_one_long_string, "it is made to fill memory", id="37 100 MB string"),
        pytest.param(_path_trick, "holds a file with the name ../../../../etc/cron.d/own.json", id="37 path in a member"),
        pytest.param(_deep, "cannot be read", id="37 deep nesting"),
        pytest.param(_no_records, "holds no record", id="36 zero records"),
        pytest.param(_half, "is not a whole zip archive", id="36 truncated zip"),
        pytest.param(_one_bit, "is not a whole zip archive", id="36 damaged zip"),
        pytest.param(lambda path: path.write_bytes(b""), "what came is empty", id="36 empty file"),
    ],
)
def test_a_hostile_or_broken_file_is_refused_and_nothing_of_it_stays(make, words, server, mirror, fetch):
    alma(server.mirror, 20)
    fetch(server.url())
    before = (mirror / ZIP).read_bytes()
    make(server.mirror / ZIP)
    os.utime(server.mirror / ZIP, (2e9, 2e9))  # nginx tells files apart by size and second
    result, _said = fetch(server.url())
    assert words in result.problems[ALMA]
    assert state(mirror).status == "refused"
    assert (mirror / ZIP).read_bytes() == before
    assert list((mirror / ".partial").iterdir()) == []


def test_a_file_above_its_limit_is_not_even_taken(server, mirror, fetch):
    alma(server.mirror, 20)
    result, _said = fetch(server.url(), limit=1000)
    assert "0 MB is the limit" in result.problems[ALMA]
    assert not (mirror / ZIP).exists()


def test_proxy_of_the_environment(server, mirror, fetch, monkeypatch):
    """The name is known to nobody: only the proxy can have fetched it."""
    alma(server.mirror, 20)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.proxy_port}")
    result, _said = fetch("http://feeds.invalid/mirror")
    assert result.problems == {}
    assert [(request.host, request.path) for request in server.requests("proxy")] == [("feeds.invalid", "/mirror/" + ZIP)]
    monkeypatch.setenv("no_proxy", "feeds.invalid")
    result, _said = fetch("http://feeds.invalid/mirror")
    assert result.problems == {ALMA: "feeds.invalid: its name is not known"}


def test_a_proxy_that_is_down(server, mirror, fetch, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch("http://feeds.invalid/")[0].problems == {ALMA: "the proxy 127.0.0.1: Connection refused"}


def test_certificates(server, mirror, fetch, tmp_path, monkeypatch):
    alma(server.mirror, 20)
    url = server.url(scheme="https")
    result, _said = fetch(url)
    assert "its certificate is not trusted (self" in result.problems[ALMA]
    assert not (mirror / ZIP).exists()
    assert fetch(url, ca=str(server.cert))[0].problems == {}
    (mirror / ZIP).unlink()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.cert))
    assert fetch(url)[0].problems == {}


def test_certificates_that_cannot_be_read(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(web.FetchError, match=r"the certificates in .*ca\.pem cannot be read"):
        web.Web(str(tmp_path / "ca.pem"))


def test_a_redirect_is_followed_but_not_from_https_to_http(server, mirror, fetch):
    alma(server.mirror, 20)
    assert fetch(server.url("elsewhere"))[0].problems == {}
    result, _said = fetch(server.url("downgrade", scheme="https"), ca=str(server.cert))
    assert "which is not https" in result.problems[ALMA]


def test_a_password_in_the_url_is_used_and_written_nowhere(server, mirror, fetch):
    alma(server.mirror, 20)
    url = server.url("locked").replace("//", f"//{feeds_server.USER}:{feeds_server.PASSWORD}@")
    result, said = fetch(url)
    assert result.problems == {}
    wrong, more = fetch(url.replace(feeds_server.PASSWORD, feeds_server.PASSWORD + "x"), "kev")
    assert "answers 401" in wrong.problems["kev"]
    written = b"".join(path.read_bytes() for path in mirror.rglob("*") if path.is_file())
    assert feeds_server.PASSWORD.encode() not in written
    assert feeds_server.PASSWORD not in " ".join([*said, *more, *wrong.problems.values()])


def test_a_folder_as_mirror_hands_on_the_age_of_its_files(server, mirror, fetch):
    whole(server.mirror)
    old = time.time() - 10 * 86400
    os.utime(server.mirror / ZIP, (old, old))
    for address in (str(server.mirror), f"file://{server.mirror}"):
        result, _said = fetch(address, *[feed.name for feed in catalog.wanted(FLEET)])
        assert result.problems == {}
        found = state(mirror)
        assert (found.status, found.stale, found.reason) == ("stale", True, "it is 10 days old")
    assert result.changed == []
    assert server.requests() == []


def test_a_mirror_over_http_that_nobody_refreshes_makes_nothing_young(server, mirror, fetch, tmp_path):
    """The age is that which the mirror's own manifest tells, new or unchanged; what it does not know is as old as the request."""
    alma(server.mirror, 20)
    old = (time.time() - 10 * 86400) // 1
    os.utime(server.mirror / ZIP, (old, old))
    file = manifest.File(ZIP, (server.mirror / ZIP).stat().st_size, int(old * 1e9), transfer.digest(server.mirror / ZIP), 20)
    manifest.write(server.mirror, {ALMA: manifest.Entry(ALMA, "", "ok", "", old, old, None, 20, file.sha256, (file,))}, old)
    for expected in (200, 304):
        server.forget()
        fetch(server.url())
        assert [request.status for request in server.requests() if request.path.endswith(".zip")] == [expected]
        assert (state(mirror).status, state(mirror).fetched) == ("stale", old)
    alma(server.mirror, 21)
    fetch(server.url())
    assert state(mirror).status == "ok"


def test_a_folder_that_lacks_a_feed_or_holds_a_pipe_in_its_place(server, mirror, fetch):
    os.makedirs(server.mirror / "osv/AlmaLinux")
    os.mkfifo(server.mirror / ZIP)
    result, _said = fetch(str(server.mirror), ALMA, "kev")
    assert result.problems[ALMA].endswith("all.zip is no file")
    assert result.problems["kev"].endswith("No such file or directory")


_CHILD = """\
import sys, time
sys.path.insert(0, {collections!r})
from pathlib import Path
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import catalog, refresh, web
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds.one import Upstream
mirror = Path({mirror!r})
feeds = [feed for feed in catalog.FEEDS if feed.name == "osv/AlmaLinux"]
with refresh.locked(mirror):
    refresh.refresh(web.Web(), mirror, feeds, Upstream({{}}, {url!r}), time.monotonic() + 60, print)
"""


@pytest.fixture
def other_process(server: Server, mirror: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Return a process that fetches a large file slowly, once some of it has come."""
    path = alma(server.mirror, 20)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("large.txt", os.urandom(3_000_000))
    program = _CHILD.format(collections=str(COLLECTIONS), mirror=str(mirror), url=server.url("slow"))
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            place = mirror / ".partial" / "osv%2FAlmaLinux%2Fall.zip" / "all.zip"
            _until(lambda: place.exists() and place.stat().st_size > 0)
            yield process
        finally:
            process.kill()


def _settled(path: Path) -> bool:
    """Return whether a file exists and no longer grows."""
    if not path.exists():
        return False
    before = path.stat().st_size
    time.sleep(0.6)
    return path.stat().st_size == before


def _until(true: Callable[[], bool]) -> None:
    for _try in range(400):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_two_at_once(other_process, mirror, fetch, server):
    with pytest.raises(refresh.Busy, match=f"being refreshed by another process \\({other_process.pid}\\)"):
        fetch(server.url())


def test_kill_9_in_the_middle(other_process, mirror, fetch, server):
    """The last good file and its manifest are whole, the lock is free, and what had come is gone on with."""
    os.kill(other_process.pid, signal.SIGKILL)
    other_process.wait()
    assert not (mirror / ZIP).exists()
    assert manifest.read(mirror) == {}
    had = (mirror / ".partial" / "osv%2FAlmaLinux%2Fall.zip" / "all.zip").stat().st_size
    meta = mirror / ".partial" / "osv%2FAlmaLinux%2Fall.zip.json"
    meta.write_text(meta.read_text().replace("/slow/", "/mirror/"))
    server.forget()
    assert fetch(server.url())[0].problems == {}
    assert [(request.status, request.range) for request in server.requests(below="/mirror/")] == [(206, f"bytes={had}-")]
    assert (mirror / ZIP).read_bytes() == (server.mirror / ZIP).read_bytes()


def test_one_feed_that_fails_leaves_the_others_alone(server, mirror, fetch):
    whole(server.mirror)
    (server.mirror / "kev/known_exploited_vulnerabilities.json").write_text("{")
    shutil.rmtree(server.mirror / "endoflife")
    result, _said = fetch(server.url(), *[feed.name for feed in catalog.wanted(FLEET)])
    assert sorted(result.problems) == ["endoflife", "kev"]
    # The first file of a feed that is not there ends that feed.
    assert [request.path for request in server.requests() if "endoflife" in request.path] == ["/mirror/endoflife/almalinux.json"]
    assert json.loads((mirror / "feeds.json").read_text())["schema"] == manifest.SCHEMA
