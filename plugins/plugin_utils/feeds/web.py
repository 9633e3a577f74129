# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One answer of a server: proxies, certificates, redirects and time limits, and every trouble in one line of words."""

from __future__ import annotations

import base64
import http.client
import os
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

CONNECT_TIMEOUT = 5.0  # seconds, name resolution included: a controller without network is not to wait
ANSWER_TIMEOUT = 30.0  # seconds of silence after that

AGENT = "bottomup.security (Ansible collection)"

_PORTS = {"http": 80, "https": 443}


class FetchError(Exception):
    """A file could not be had; the message says why in one line, and names no password. C(again): the next try may do better."""

    def __init__(self, message: str, again: bool = False) -> None:
        super().__init__(text(" ".join(message.split()), 300))
        self.again = again


def shown(url: str) -> str:
    """Return a URL without the name and the password that it may hold."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in _PORTS:
        return url
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to http: what comes in the clear may come from anybody."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if req.full_url.lower().startswith("https:") and not newurl.lower().startswith("https:"):
            raise FetchError(f"{shown(req.full_url)} redirects to {shown(newurl)}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Web:
    """Asks servers. The proxies are those of the environment (C(https_proxy), C(no_proxy) ...), the certificates those of the system or C(ca).

    Whether a host can be reached at all is found out once, and with a short limit: all later requests to one that cannot fail at once.
    """

    def __init__(self, ca: str = "") -> None:
        """Read the certificates; FetchError where C(ca), a file or a folder of them, cannot be used."""
        try:
            folder = bool(ca) and os.path.isdir(ca)
            self._tls = ssl.create_default_context(cafile=None if folder else ca or None, capath=ca if folder else None)
        except (OSError, ssl.SSLError) as error:
            raise FetchError(f"the certificates in {ca} cannot be read: {error}") from None
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=self._tls),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _Redirects(),
        ):
            self._opener.add_handler(handler)
        self._lock = threading.Lock()
        self._hosts: dict[tuple[str, int], _Reach] = {}

    def open(self, url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """Return the answer, also 206, 304 and 416. FetchError for every other one, and for none."""
        plain, credentials = _without_credentials(url)
        request = urllib.request.Request(plain, headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **headers})
        if credentials:
            request.add_unredirected_header("Authorization", credentials)
        self._reach(plain)
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=ANSWER_TIMEOUT)
        except urllib.error.HTTPError as error:
            if error.code in (304, 416):
                return error  # type: ignore[return-value]
            error.close()
            raise FetchError(f"{shown(url)} answers {error.code} {error.reason}", again=error.code in (408, 429) or error.code >= 500) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(f"{shown(url)}: {_why(error)}", again=isinstance(error, (ConnectionError, http.client.HTTPException))) from None
        return answer

    def _reach(self, url: str) -> None:
        """Raise FetchError where the host of a URL, or the proxy on the way to it, takes no connection."""
        place, what = _first_stop(url)
        with self._lock:
            reach = self._hosts.setdefault(place, _Reach(place))
        problem = reach.problem()
        if problem:
            raise FetchError(f"{what}: {problem}")


class _Reach:
    """Tries once to connect to a host, in a thread of its own: a name server that does not answer keeps a thread for as long as it likes."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._found: str | None = None

    def problem(self) -> str:
        """Return why the host cannot be reached, empty where it can."""
        with self._lock:
            if self._found is None:
                self._found = self._try()
            return self._found

    def _try(self) -> str:
        answer: queue.Queue[str] = queue.Queue()

        def connect() -> None:
            try:
                socket.create_connection(self._place, CONNECT_TIMEOUT).close()
                answer.put("")
            except (OSError, UnicodeError, OverflowError) as error:
                answer.put(_why(error))

        threading.Thread(target=connect, daemon=True).start()
        try:
            return answer.get(timeout=CONNECT_TIMEOUT)
        except queue.Empty:
            return f"no answer within {CONNECT_TIMEOUT:.0f} seconds"


def _without_credentials(url: str) -> tuple[str, str]:
    """Return a URL without name and password, and the header that carries them."""
    parts = urllib.parse.urlsplit(url)
    user, at, _place = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    packed = base64.b64encode(urllib.parse.unquote_to_bytes(user)).decode("ascii")
    return shown(url), f"Basic {packed}"


def _first_stop(url: str) -> tuple[tuple[str, int], str]:
    """Return host and port that a request to a URL connects to first, and how to name it."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme.lower()]
        proxy = "" if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(parts.scheme.lower(), "")
        if proxy:
            through = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
            return (through.hostname or "", through.port or 80), f"the proxy {through.hostname}"
    except (ValueError, KeyError):
        raise FetchError(f"{shown(url)} is no URL that can be fetched") from None
    return (host, port), host


def _why(error: BaseException) -> str:
    """Return an error of the network in words."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message})"
    if isinstance(reason, ssl.SSLError):
        return f"no TLS connection ({reason.reason or reason})"
    if isinstance(reason, (socket.gaierror, UnicodeError)):
        return "its name is not known"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return f"{type(reason).__name__} {reason}".strip()
