# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line of an access log says: the layouts of nginx and Apache, by their format or by what the lines look like.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import json
import re

from . import web_probes_address as addresses
from . import web_probes_time as times

# remote, forwarded: addresses as logged; when: seconds since 1970; status: three digits; size: bytes of the body or -1.
Record = collections.namedtuple("Record", "remote forwarded user when request status size referer agent host")

FIELD_LIMIT = 8192
HEADS_LIMIT = 10000
HEAD_LIMIT = 300

# The names that JSON formats give to a field, the usual ones of nginx, Apache, Caddy, Traefik and Envoy.
_KEYS = {
    "remote": (
        "remote_addr",
        "remote_ip",
        "client_ip",
        "clientip",
        "client",
        "ip",
        "ClientHost",
        "remote_host",
        "downstream_remote_address",
        "source_ip",
        "remote",
    ),
    "forwarded": ("http_x_forwarded_for", "x_forwarded_for", "x-forwarded-for", "forwarded_for", "xff"),
    "user": ("remote_user", "user_id", "ClientUsername", "user"),
    "time": ("time_local", "time_iso8601", "msec", "@timestamp", "timestamp", "time", "ts", "date", "StartUTC", "start_time", "datetime"),
    "request": ("request", "request_line", "req"),
    "method": ("request_method", "method", "RequestMethod", "verb"),
    "path": ("request_uri", "uri", "url", "path", "RequestPath", "x-envoy-origin-path", "request_path", "target"),
    "protocol": ("server_protocol", "protocol", "proto", "RequestProtocol"),
    "status": ("status", "response_code", "DownstreamStatus", "status_code", "code", "response", "OriginStatus"),
    "size": ("body_bytes_sent", "bytes_sent", "size", "bytes", "length", "DownstreamContentSize", "response_size", "body_bytes"),
    "referer": ("http_referer", "referer", "referrer", "http_referrer", "request_Referer", "Referer"),
    "agent": ("http_user_agent", "user_agent", "agent", "useragent", "user-agent", "request_User-Agent", "User-Agent", "UserAgent"),
    "host": ("host", "http_host", "server_name", "RequestHost", ":authority", "vhost", "authority"),
}


def _number(words):
    return int(words) if words.isdigit() and len(words) < 16 else -1


def _plain(words):
    """Turn Apache's C(\\") and C(\\\\) into the escapes that nginx writes, which hold no quote."""
    if b"\\" in words:
        words = words.replace(b"\\\\", b"\\x5c").replace(b'\\"', b"\\x22")
    return words


def _who(fields):
    """Return (remote, user, host) of the words before the time, or an empty tuple."""
    for place, field in enumerate(fields[:8]):
        if addresses.looks_like_one(field) and field != b"-":
            return field, fields[place + 2] if len(fields) > place + 2 else b"-", fields[place - 1] if place else b""
    return (fields[0], b"-", b"") if fields else ()


class Quoted:
    """The layouts that quote the request: combined, with fields after it, with a virtual host before it, common.

    C(stride): quotes in one line; C(referer), C(agent), C(forwarded): the places of these fields among what the quotes separate
    (0: absent). The request is the first quoted field and the status follows it.
    """

    def __init__(self, stride=6, referer=3, agent=5, forwarded=0):
        self.stride, self.referer, self.agent, self.forwarded = stride, referer, agent, forwarded
        self._heads = {}

    def head(self, words):
        """Return (remote, user, host, when) of what stands before the request, or None."""
        start = words.find(b"[")
        when = times.local(words[start + 1 : start + 34])
        while when is None:
            start = words.find(b"[", start + 1)
            if start < 0:
                return None
            when = times.local(words[start + 1 : start + 34])
        known = self._who(words, start)
        return known + (when,) if known else None

    def _who(self, words, start):
        # The same clients come again and again.
        known = self._heads.get(words[:start])
        if known is None:
            fields = words[:start].split()
            if not fields:
                return _who(words[start:].partition(b"]")[2].split())
            if len(self._heads) > HEADS_LIMIT:
                self._heads.clear()
            known = _who(fields)
            if start < HEAD_LIMIT:  # the name of a user may be as long as a header
                self._heads[words[:start]] = known
        return known

    def host(self, words):
        """Return the virtual host that stands before the client's address, or an empty word."""
        start = words.find(b"[")
        known = self._who(words, start) if start >= 0 else ()
        return known[2] if known else b""

    def pieces(self, pieces):
        """Return the Record of a line that was split at its quotes, or None."""
        known = self.head(pieces[0])
        if known is None:
            return None
        answer = pieces[2].split(None, 2)
        if not answer or len(answer[0]) != 3 or not answer[0].isdigit():
            return None
        remote, user, host, when = known
        count = len(pieces)
        return Record(
            remote,
            pieces[self.forwarded][-FIELD_LIMIT:] if 0 < self.forwarded < count else b"",
            user,
            when,
            pieces[1],
            answer[0],
            _number(answer[1]) if len(answer) > 1 else -1,
            pieces[self.referer][:FIELD_LIMIT] if self.referer < count else b"-",
            pieces[self.agent][:FIELD_LIMIT] if self.agent < count else b"-",
            host,
        )

    def line(self, line):
        """Return the Record of one line, or None."""
        pieces = _plain(line).split(b'"')
        return self.pieces(pieces) if len(pieces) > 2 else None


class Json:
    """One JSON object a line, whatever stands before it (C(stdout F), a syslog header)."""

    stride = 0

    def __init__(self, keys=None):
        self._keys = keys or _KEYS

    def _get(self, entry, field):
        for key in self._keys.get(field, ()):
            value = entry.get(key)
            if value is not None and not isinstance(value, dict):
                if isinstance(value, list):
                    value = value[0] if value else ""
                return ("%s" % (value,)).encode("utf-8", "surrogateescape")
        return b""

    def line(self, line):
        start = line.find(b"{")
        if start < 0:
            return None
        try:
            entry = json.loads(line[start:].decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            return None
        if not isinstance(entry, dict):
            return None
        inner = entry.get("request")
        if isinstance(inner, dict):  # Caddy
            headers = inner.get("headers")
            entry = dict(entry, **inner)
            if isinstance(headers, dict):
                entry.update((key, value) for key, value in headers.items() if key not in entry)
        return self._record(entry)

    def _record(self, entry):
        status = self._get(entry, "status")[:3]
        when = times.parse(self._get(entry, "time"))
        request = self._get(entry, "request")
        if not request:
            path = self._get(entry, "path")
            if not path:
                return None
            request = (self._get(entry, "method") or b"GET") + b" " + path + b" " + (self._get(entry, "protocol") or b"HTTP/1.1")
        if when is None or not (len(status) == 3 and status.isdigit()):
            return None
        return Record(
            self._get(entry, "remote"),
            self._get(entry, "forwarded"),
            self._get(entry, "user") or b"-",
            when,
            _escaped(request),
            status,
            _number(self._get(entry, "size")),
            self._get(entry, "referer")[:FIELD_LIMIT] or b"-",
            self._get(entry, "agent")[:FIELD_LIMIT] or b"-",
            self._get(entry, "host"),
        )


def _escaped(request):
    """Keep one request on one line: JSON brings line breaks back that the log had escaped."""
    return request.replace(b"\n", b"\\x0a").replace(b"\r", b"\\x0d")


class Pattern:
    """Any other log_format, read by a pattern made from it."""

    stride = 0

    def __init__(self, pattern):
        self._pattern = pattern

    def line(self, line):
        match = self._pattern.match(line)
        if not match:
            return None
        get = match.groupdict().get
        request = get("request")
        if request is None:
            request = (get("request_method") or b"GET") + b" " + (get("request_uri") or get("uri") or b"") + b" " + (get("server_protocol") or b"HTTP/1.1")
        when = times.parse(get("time_local") or get("time_iso8601") or get("msec") or b"")
        if when is None:
            return None
        return Record(
            get("remote_addr") or b"-",
            get("http_x_forwarded_for") or b"",
            get("remote_user") or b"-",
            when,
            request,
            get("status") or b"000",
            _number(get("body_bytes_sent") or get("bytes_sent") or b""),
            (get("http_referer") or b"-")[:FIELD_LIMIT],
            (get("http_user_agent") or b"-")[:FIELD_LIMIT],
            get("host") or get("http_host") or get("server_name") or b"",
        )


_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_NAMED = {
    "realip_remote_addr": "remote_addr",
    "proxy_add_x_forwarded_for": "http_x_forwarded_for",
    "http_x_real_ip": "http_x_real_ip",
    "binary_remote_addr": "remote_addr",
}


def of_format(words):
    """Return the layout of an nginx log_format (text), or None where it tells neither request nor status nor time."""
    names = [one or other for one, other in _VARIABLE.findall(words)]
    if words.lstrip().startswith("{"):
        return _json_format(words)
    if not ({"request", "request_uri", "uri"} & set(names) and "status" in names and {"time_local", "time_iso8601", "msec"} & set(names)):
        return None
    pieces = words.split('"')
    quoted = {pieces[place].strip(): place for place in range(1, len(pieces), 2)}
    if (
        quoted.get("$request") == 1
        and len(pieces) % 2
        and pieces[2].startswith(" $status ")
        and "[$time_local]" in pieces[0]
        and "$body_bytes_sent" in pieces[2][9:26]
    ):
        forwarded = quoted.get("$http_x_forwarded_for", quoted.get("$proxy_add_x_forwarded_for", 0))
        return Quoted(len(pieces) - 1, quoted.get("$http_referer", 99), quoted.get("$http_user_agent", 99), forwarded)
    return Pattern(_pattern(words))


def _pattern(words):
    """Return the pattern of a log_format; a variable takes everything up to the character that follows it."""
    out, end, used = [], 0, set()
    for match in _VARIABLE.finditer(words):
        out.append(re.escape(words[end : match.start()].encode("utf-8")))
        end = match.end()
        name = match.group(1) or match.group(2)
        name = _NAMED.get(name, name)
        after = words[end : end + 1].encode("utf-8")
        if not after:
            what = rb".*"
        elif after == b"$":
            what = rb"\S*?"
        else:
            what = b"[^" + re.escape(after) + b"]*"
        if name in used:
            out.append(b"(?:" + what + b")")
        else:
            used.add(name)
            out.append(b"(?P<" + name.encode("ascii") + b">" + what + b")")
    out.append(re.escape(words[end:].rstrip().encode("utf-8")))
    return re.compile(b"".join(out), re.DOTALL)


_MEMBER = re.compile(r'"((?:[^"\\]|\\.){1,100})"\s*:\s*"?\$(?:\{(\w+)\}|(\w+))')
_VARIABLES = {
    "remote": ("remote_addr", "realip_remote_addr"),
    "forwarded": ("http_x_forwarded_for", "proxy_add_x_forwarded_for"),
    "user": ("remote_user",),
    "time": ("time_local", "time_iso8601", "msec"),
    "request": ("request",),
    "method": ("request_method",),
    "path": ("request_uri", "uri"),
    "protocol": ("server_protocol",),
    "status": ("status",),
    "size": ("body_bytes_sent", "bytes_sent"),
    "referer": ("http_referer",),
    "agent": ("http_user_agent",),
    "host": ("host", "http_host", "server_name"),
}


def _json_format(words):
    """Return the layout of a log_format that writes JSON: its own keys first, the usual ones after them."""
    key_of = {one or other: key for key, one, other in _MEMBER.findall(words)}
    keys = {}
    for field, usual in _KEYS.items():
        own = tuple(key_of[name] for name in _VARIABLES[field] if name in key_of)
        keys[field] = own or usual
    return Json(keys)


def sniff(lines):
    """Return the layout that the first lines of a log have: (layout, lines of it that could be read)."""
    best, count = Quoted(), 0
    if any(line.lstrip().startswith(b"{") or b' F {"' in line for line in lines):
        layout = Json()
        count = sum(1 for line in lines if layout.line(line))
        if count:
            return layout, count
    strides = collections.Counter(_plain(line).count(b'"') for line in lines)
    for stride, _times in strides.most_common(3):
        if stride >= 2 and stride % 2 == 0:
            layout = Quoted(stride, forwarded=7 if stride >= 8 else 0)
            good = sum(1 for line in lines if layout.line(line))
            if good > count:
                best, count = layout, good
    return best, count
