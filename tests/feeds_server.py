# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx on loopback that serves a mirror of feeds, well and badly, and small mirrors for it."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import shutil
import socketserver
import subprocess
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import advisories_mirror as mirrors
import pytest
from services import certificate, free_port

from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import catalog, states, transfer

USER, PASSWORD = "reader", "tea-and-biscuits"
SETTLED = "/gone/settled-"
ALMA = "osv/AlmaLinux"
ZIP = "osv/AlmaLinux/all.zip"
CUT_AFTER = 20  # bytes of an answer below /cut/ that come through

_CONFIG = """\
daemon off;
master_process off;
error_log {folder}/error.log info;
pid {folder}/nginx.pid;
events {{}}
http {{
    log_format plain escape=none '$status|$request_method|$uri|$http_range|$http_if_none_match|$http_host|$body_bytes_sent';
    access_log {folder}/access.log plain;
    client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
    types {{ text/html html; application/zip zip; }}
    proxy_buffering off;
    sendfile off;
    lingering_close off;  # a request is logged when its connection is closed, and not seconds later
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {cert}; ssl_certificate_key {key};
        location /mirror/ {{ alias {folder}/mirror/; }}
        location /slow/ {{ alias {folder}/mirror/; limit_rate 64k; }}
        location /html/ {{ add_header Content-Type text/html always; return 200 "<!DOCTYPE html><html><body>We are down for maintenance</body></html>"; }}
        location /outage/ {{ return 503; }}
        location /gone/ {{ return 404; }}
        location /cut/ {{ proxy_pass http://127.0.0.1:{cut_port}/; }}
        location /locked/ {{ auth_basic x; auth_basic_user_file {folder}/users; alias {folder}/mirror/; }}
        location /downgrade/ {{ return 302 http://127.0.0.1:{port}/mirror$uri; }}
        location /elsewhere/ {{ rewrite ^/elsewhere/(.*)$ /mirror/$1 redirect; }}
    }}
    server {{
        listen 127.0.0.1:{proxy_port};
        access_log {folder}/proxy.log plain;
        location / {{ proxy_pass http://127.0.0.1:{port}$request_uri; proxy_set_header Host $http_host; }}
    }}
}}
"""


@dataclass
class Request:
    """One line of an access log."""

    status: int
    path: str
    range: str
    if_none_match: str
    host: str
    sent: int


@dataclass
class Server:
    """The running server. C(mirror) is what it serves; C(cut_after) is how much of an answer below /cut/ comes through."""

    folder: Path
    port: int
    tls_port: int
    proxy_port: int
    cert: Path
    cut_after: list[int] = field(default_factory=lambda: [CUT_AFTER])

    @property
    def mirror(self) -> Path:
        return self.folder / "mirror"

    def url(self, place: str = "mirror", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.tls_port if scheme == 'https' else self.port}/{place}"

    def requests(self, log: str = "access", below: str = "/") -> list[Request]:
        """Return what was asked for so far, in order; the manifest, which any mirror is asked for, left out.

        What was broken off below /cut/ or /slow/ is logged once its own upstream has ended, whenever that is.
        """
        self._settle()
        lines = (self.folder / f"{log}.log").read_text().splitlines()
        rows = [row for row in (line.split("|") for line in lines) if row[2].startswith(below) and not row[2].startswith(SETTLED)]
        return [Request(int(row[0]), row[2], row[3], row[4], row[5], int(row[6])) for row in rows if not row[2].endswith("/feeds.json")]

    def _settle(self) -> None:
        """Wait until nginx, which does one thing after the other, has logged all that was asked for: it does so after it has answered."""
        place = f"{SETTLED}{time.monotonic_ns()}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", place, headers={"Connection": "close"})
        connection.getresponse().read()
        connection.close()
        deadline = time.monotonic() + 60
        while place not in (self.folder / "access.log").read_text():
            assert time.monotonic() < deadline, "nginx does not log"
            time.sleep(0.01)

    def forget(self) -> None:
        self._settle()
        (self.folder / "access.log").write_text("")

    def begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Empty the mirror, forget what was asked for, and let this process ask without proxies and without pauses between tries."""
        shutil.rmtree(self.mirror)
        self.mirror.mkdir()
        self.forget()
        (self.folder / "proxy.log").write_text("")
        self.cut_after[:] = [CUT_AFTER]
        for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setattr(transfer, "_PAUSE", 0.01)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run nginx on free ports. It has stopped when this ends."""
    for name in ("mirror", "temp"):
        (folder / name).mkdir(parents=True)
    cert, key = certificate(folder)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    server = Server(folder, free_port(), free_port(), free_port(), cert)
    with _cutter(server) as cut_port:
        names = {"folder": folder, "port": server.port, "tls_port": server.tls_port, "proxy_port": server.proxy_port, "cut_port": cut_port}
        (folder / "nginx.conf").write_text(_CONFIG.format(cert=cert, key=key, **names))
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        # Run by root, nginx would serve as another user, who may not look into a test's folder.
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf"), *user]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                _wait(server.port, process)
                server.forget()
                yield server
            finally:
                process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _try in range(200):
        assert process.poll() is None, process.stderr and process.stderr.read()
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("HEAD", "/gone/")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.05)
    raise AssertionError("nginx does not answer")


@contextlib.contextmanager
def _cutter(server: Server) -> Iterator[int]:
    """Run what stands behind /cut/: it promises the whole file of the mirror and hangs up after some bytes of it."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode()
            headers = {}
            while (header := self.rfile.readline().strip()) != b"":
                name, _colon, value = header.partition(b":")
                headers[name.lower()] = value.strip().decode()
            data = (server.mirror / line.split()[1].lstrip("/")).read_bytes()
            start = int(headers[b"range"][6:].rstrip("-")) if b"range" in headers else 0
            status = f"206 Partial Content\r\nContent-Range: bytes {start}-{len(data) - 1}/{len(data)}" if start else "200 OK"
            self.wfile.write(f'HTTP/1.1 {status}\r\nETag: "one"\r\nContent-Length: {len(data) - start}\r\nConnection: close\r\n\r\n'.encode())
            self.wfile.write(data[start : start + server.cut_after[0]])
            if len(server.cut_after) > 1:
                server.cut_after.pop(0)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as backend:
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        try:
            yield backend.server_address[1]
        finally:
            backend.shutdown()


def alma(mirror: Path, count: int) -> Path:
    """Write a dump of AlmaLinux with so many announcements."""
    found = [
        mirrors.record(f"ALSA-2026:{number}", f"Important: p{number} security update", [mirrors.affected("AlmaLinux:9", f"p{number}", "1.0-2.el9")])
        for number in range(count)
    ]
    return mirrors.osv(mirror, "AlmaLinux", found)


def whole(mirror: Path, count: int = 20) -> None:
    """Write a mirror that has every feed of a fleet with AlmaLinux, gems and an nginx of its own, each small and good."""
    alma(mirror, count)
    gem = mirrors.record("GHSA-aaaa-bbbb-cccc", "a hole", [mirrors.affected("RubyGems", "rack", "3.0.1")])
    mirrors.osv(mirror, "RubyGems", [gem])
    mirrors.osv(mirror, "Bitnami", [mirrors.record("BIT-nginx-2026-1", "a hole", [mirrors.affected("Bitnami", "nginx", "1.26.1")])])
    _file(mirror / "kev/known_exploited_vulnerabilities.json", json.dumps({"vulnerabilities": [{"cveID": "CVE-2026-0001", "dueDate": "2026-12-01"}]}))
    scores = "#model_version:v2026,score_date:2026-11-22T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\n"
    _file(mirror / "epss/epss_scores-current.csv.gz", gzip.compress(scores.encode()))
    _file(
        mirror / "nginx/security_advisories.xml",
        '<security><item name="x" severity="major" cve="2026-0001" good="1.27.1+" vulnerable="1.1.3-1.27.0"/></security>',
    )
    _file(mirror / "node/index.json", json.dumps({"1": {"cve": ["CVE-2026-0003"], "vulnerable": "22.x", "patched": "^22.15.1"}}))
    cells = "".join(f"<td>{cell}</td>" for cell in ("CVE-2026-0004", "17", "17.4", "core server 8.8", "a hole"))
    _file(mirror / "postgresql/security.html", f"<!DOCTYPE html><table><tr>{cells}</tr></table>")
    for file in next(feed for feed in catalog.FEEDS if feed.name == "endoflife").files:
        _file(mirror / file.local, json.dumps([{"cycle": "9", "eol": "2032-05-31", "latest": "9.6"}]))
    advisory = b"---\ngem: rack\ncve: 2026-0002\ntitle: a hole\ndate: 2026-01-02\npatched_versions:\n- '>= 3.0.1'\n"
    with tarfile.open(mirror / "ruby-advisory-db.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("ruby-advisory-db-master/gems/rack/CVE-2026-0002.yml")
        entry.size = len(advisory)
        archive.addfile(entry, BytesIO(advisory))


def _file(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def state(folder: Path, name: str = ALMA, max_age: float = 3600) -> states.FeedState:
    """Return the state of a feed in a folder that was refreshed."""
    return {state.name: state for state in states.feed_states(folder, time.time(), max_age)}[name]


def records(folder: Path) -> int:
    """Return how many records the dump of AlmaLinux there has."""
    with zipfile.ZipFile(folder / ZIP) as archive:
        return len(archive.namelist())
