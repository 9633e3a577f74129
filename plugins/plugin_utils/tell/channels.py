# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daily_check_tell: whom to tell, how and when, checked as a whole before the first connection is made.

No message of this module holds a value that may be a secret: passwords, secrets, and addresses of services, whose paths are often keys.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# always; something new or returned; anything other than at the run before; an exit reason other than 0
WHEN = ("always", "new", "change", "failure")

TLS = ("starttls", "tls", "off")

# Port of SMTP that begins with TLS (RFC 8314); every other begins in the clear.
SUBMISSIONS = 465

RECIPIENTS_LIMIT = 50
SECRET_LEAST = 16

# A local part of the plain kind and a domain, or the name of a local user. Anything else could end a header or a command of SMTP.
_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)?")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(\d{1,5}))?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CONTROL = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]")


class TellError(Exception):
    """An entry cannot be used; the text names it by its number."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One entry: what kind it is, where it leads in words that may be shown, and when it is used."""

    number: int
    kind: str
    to: str
    when: str
    link: str

    @property
    def name(self) -> str:
        return f"{self.kind} {self.to}"


@dataclass(frozen=True, slots=True, repr=False)
class Mail(Channel):
    """Addresses, and the server that takes the mail for them."""

    recipients: tuple[str, ...]
    sender: str
    host: str
    port: int
    tls: str
    user: str
    password: str
    ca: str


@dataclass(frozen=True, slots=True, repr=False)
class Chat(Channel):
    """A URL of apprise."""

    url: str


@dataclass(frozen=True, slots=True, repr=False)
class Webhook(Channel):
    """A URL that takes a signed document."""

    url: str
    secret: str


def channels(given: Any) -> list[Channel]:
    """Return the entries of ``daily_check_tell``. Raises TellError with the number of the first that cannot be used."""
    given = _plain(given)
    if given in (None, "", [], {}):
        return []
    if not isinstance(given, list):
        raise TellError("a list is wanted, each entry a mapping with mail, apprise or webhook")
    return [_channel(number, entry) for number, entry in enumerate(given, 1)]


def _plain(value: Any) -> Any:
    """Return plain Python values: a vaulted text is a text only once it is asked for (ansible-core before 2.19)."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _channel(number: int, entry: Any) -> Channel:
    kinds = [name for name in KINDS if isinstance(entry, dict) and name in entry]
    if len(kinds) != 1:
        raise TellError(f"entry {number}: a mapping with one of {', '.join(KINDS)} is wanted")
    kind = kinds[0]
    keys, make = KINDS[kind]
    where = f"entry {number} ({kind})"
    unknown = sorted(set(entry) - {kind, "when", "link", *keys})
    if unknown:
        raise TellError(f"{where}: there is no {', '.join(unknown)}; there are {', '.join((kind, 'when', 'link', *keys))}")
    when = entry.get("when", "always")
    if when not in WHEN:
        raise TellError(f"{where}: when is {when!r}: one of {', '.join(WHEN)} is wanted")
    link = _text(where, entry, "link")
    if link and (not re.match(r"https?://", link) or _CONTROL.search(link) or len(link) > 500):
        raise TellError(f"{where}: link is no web address")
    return make(where, entry, {"number": number, "kind": kind, "when": when, "link": link})


def _mail(where: str, entry: dict[str, Any], common: dict[str, Any]) -> Mail:
    recipients = _addresses(where, entry["mail"])
    host, port = _server(where, _text(where, entry, "smtp", "localhost"))
    tls = _text(where, entry, "tls") or ("tls" if port == SUBMISSIONS else "off" if _is_here(host) else "starttls")
    if entry.get("tls") is False:  # what YAML makes of a plain off
        tls = "off"
    if tls not in TLS:
        raise TellError(f"{where}: tls is {tls!r}: one of {', '.join(TLS)} is wanted")
    user, password = _text(where, entry, "user"), _text(where, entry, "password")
    if bool(user) != bool(password):
        raise TellError(f"{where}: user and password go together")
    if user and tls == "off" and not _is_here(host):
        raise TellError(f"{where}: the password would go over the network in the clear: tls must be starttls or tls")
    sender = _text(where, entry, "from") or recipients[0]
    if not _ADDRESS.fullmatch(sender):
        raise TellError(f"{where}: from is {sender[:80]!r}: one plain address is wanted")
    shown = ", ".join(recipients[:3]) + (f" and {len(recipients) - 3} more" if len(recipients) > 3 else "")
    ca = _text(where, entry, "ca")
    return Mail(to=shown, recipients=recipients, sender=sender, host=host, port=port, tls=tls, user=user, password=password, ca=ca, **common)


def _addresses(where: str, given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        given = [part.strip() for part in given.split(",")]
    if not isinstance(given, list) or not 1 <= len(given) <= RECIPIENTS_LIMIT:
        raise TellError(f"{where}: mail wants 1 to {RECIPIENTS_LIMIT} addresses, a list or a text with commas")
    for address in given:
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise TellError(f"{where}: {str(address)[:80]!r} is no plain address such as ops@example.com")
    return tuple(dict.fromkeys(given))


def _server(where: str, given: str) -> tuple[str, int]:
    match = _SERVER.fullmatch(given)
    port = int(match[2] or 0) if match else 0
    if match is None or port > 65535:
        raise TellError(f"{where}: smtp is {given[:80]!r}: a host, or host:port, is wanted")
    host = match[1].strip("[]")
    return host, port or (25 if _is_here(host) else 587)


def _chat(where: str, entry: dict[str, Any], common: dict[str, Any]) -> Chat:
    url = _text(where, entry, "apprise")
    match = _SCHEME.match(url)
    if match is None or _CONTROL.search(url):
        raise TellError(f"{where}: a URL of apprise is wanted, such as slack://token")
    return Chat(to=match[1].lower(), url=url, **common)


def _webhook(where: str, entry: dict[str, Any], common: dict[str, Any]) -> Webhook:
    url, secret = _text(where, entry, "webhook"), _text(where, entry, "secret")
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or not url.isascii() or _CONTROL.search(url) or parts.scheme not in ("http", "https") or parts.username is not None or parts.fragment:
        raise TellError(f"{where}: a URL such as https://example.com/hook is wanted")
    if parts.scheme == "http" and not _is_here(host):
        raise TellError(f"{where}: https is wanted; the message names the weak spots of your servers")
    if len(secret) < SECRET_LEAST:
        raise TellError(f"{where}: a secret of {SECRET_LEAST} characters or more is wanted, that the receiver knows too")
    return Webhook(to=host if port is None else f"{host}:{port}", url=url, secret=secret, **common)


def _text(where: str, entry: dict[str, Any], key: str, default: str = "") -> str:
    value = entry.get(key)
    if value is None or (value is False and key == "tls"):
        return default
    if isinstance(value, (bool, list, dict)):
        raise TellError(f"{where}: {key} wants a text")
    return str(value) or default


def _is_here(host: str) -> bool:
    """Return whether a host is this machine, by its name alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


# what an entry is -> (its further keys, what makes a channel of it)
KINDS: dict[str, tuple[tuple[str, ...], Callable[[str, dict[str, Any], dict[str, Any]], Channel]]] = {
    "mail": (("from", "smtp", "tls", "user", "password", "ca"), _mail),
    "apprise": ((), _chat),
    "webhook": (("secret",), _webhook),
}
