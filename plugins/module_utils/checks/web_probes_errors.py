# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What error logs say of probes: requests that never reached the access log, refusals, logins that failed.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ..host.pattern import Pattern
from . import web_probes_time as times
from .web_probes_address import address

# kind: one of KINDS or an empty text; request: the request line, or b"".
Event = collections.namedtuple("Event", "when client kind request message")

KINDS = collections.OrderedDict(
    (
        ("login_failures", "failed logins"),
        ("rate_limited", "stopped by a rate limit"),
        ("blocked", "stopped by a web application firewall"),
        ("forbidden", "forbidden by a rule"),
        ("upstream_closed", "the application closed the connection"),
        ("connections", "connections that carried no request"),
        ("invalid", "invalid requests"),
    )
)

# What a message means: the first that matches. Literals first: most lines of an error log are none of these.
_MESSAGES = (
    ("blocked", b"ModSecurity", Pattern(rb"ModSecurity: (?:Access denied|Warning)")),
    ("blocked", b"Coraza", Pattern(rb"Coraza: (?:Access denied|Warning)")),
    ("rate_limited", b"limiting ", Pattern(rb"limiting (?:requests|connections)")),
    (
        "login_failures",
        b"user ",
        Pattern(
            rb"user \"?[^\"]{0,200}\"?:? (?:was not found in|password mismatch|not found|authentication failure|: authentication)"
            rb"|user [^:]{1,200}: authentication failure"
        ),
    ),
    ("login_failures", b"login failed", Pattern(rb"client login failed")),
    ("login_failures", b"uthenticat", Pattern(rb"(?:Failed Login Attempt|Authentication attempt from .* failed|ADMIN_LOGIN_FAILED|failed to authenticate)")),
    ("login_failures", b"Login Attempt", Pattern(rb"Failed Login Attempt")),
    ("login_failures", b"LOGIN_FAILED", Pattern(rb"ADMIN_LOGIN_FAILED")),
    ("forbidden", b"forbidden by rule", Pattern(rb"access forbidden by rule")),
    ("forbidden", b"client denied", Pattern(rb"client denied by server configuration")),
    ("upstream_closed", b"prematurely closed", Pattern(rb"upstream prematurely closed connection")),
    ("connections", b"Handling ", Pattern(rb"Handling (?:TCP connection|UDP stream) from")),
    ("invalid", b"Invalid URI", Pattern(rb"Invalid URI in request")),
    ("invalid", b"client sent invalid", Pattern(rb"client sent invalid")),
)

_NGINX = Pattern(rb"(?:^|[:\s])(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[\w+\] \d+#\d+: ")
_APACHE = Pattern(rb"^\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:.]+ \d{4})\] (?:\[[^\]]*\] ){1,4}")
_OTHER = Pattern(rb"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?!\d)")
_SECONDS = Pattern(rb"\"ts\":(\d{10})")
_CLIENT = Pattern(rb"\bclient:? [\\\"]*([0-9a-fA-F.:]{3,45})")
_ADDRESS = Pattern(rb"(?:\bip:|\"ip\":\"|attempt from \[|(?:connection|stream) from |\[)([0-9a-fA-F.:]{7,45}?)(?::\d+)?(?=[\s\",:\]-])")
_REQUEST = Pattern(rb"request: \"([^\"]{1,8192})\"")
_INVALID = Pattern(rb"Invalid URI in request ([^\r\n]{1,8192})")
_ZORAXY = Pattern(rb"^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[.{0,200}\[client: ([^\]]+)\] \[useragent: ([^\]]*)\] (\S+ \S+) (\d{3})$")


def _kind(line):
    for kind, literal, pattern in _MESSAGES:
        if line.find(literal) >= 0 and pattern.search(line):
            return kind
    return ""


def _client(line):
    """Return the address of the client that a message names."""
    found = _CLIENT.findall(line) + _ADDRESS.findall(line)
    for words in found[:8]:
        words = words.rstrip(b".:") if not words.endswith(b"::") else words
        if address(words) is None and words.count(b":"):
            words = words.rpartition(b":")[0]
        if address(words) is not None:
            return words
    return b""


def event(line):
    """Return the Event of a line of an error log, or None where it is none."""
    match = _NGINX.search(line[:300]) or _APACHE.match(line)
    kind = ""
    if not match:
        kind = _kind(line)
        match = (_OTHER.search(line[:300]) or _SECONDS.search(line[:300])) if kind else None
        if not match:
            return None
    when = times.of_error_log(match.group(1))
    if when is None:
        return None
    kind = kind or _kind(line)
    asked = _REQUEST.search(line) or (_INVALID.search(line) if kind == "invalid" else None)
    return Event(when, _client(line), kind, asked.group(1) if asked else b"", line[match.end() : match.end() + 200])


def proxied(line):
    """Return (when, client, agent, request, status) of a line of Zoraxy, a reverse proxy that logs in its own way, or None."""
    match = _ZORAXY.match(line)
    if not match:
        return None
    when = times.of_error_log(match.group(1))
    return None if when is None else (when,) + match.groups()[1:]


def stamp(line):
    """Return the time of a line of nginx's or Apache's error log, or None."""
    match = _NGINX.search(line[:300]) or _APACHE.match(line)
    return times.of_error_log(match.group(1)) if match else None
