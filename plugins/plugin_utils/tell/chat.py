# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chats and a hundred other services, through the package apprise: optional, and imported only where an entry asks for it."""

from __future__ import annotations

import logging
import re
from typing import Any

from .channels import Chat, TellError
from .message import Message, inert, short, subject
from .reasons import SendError

MISSING = "the package apprise is not installed beside ansible-core (pip install apprise)"

# exit code of the run -> apprise's kind of message, which picks colour and picture
KINDS = {0: "success", 10: "failure"}

# What apprise logs may name a URL, and its URLs are keys: of its words only these are used.
_STATUS = re.compile(r"error=(\d{3})\b")
_SILENT = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")


def checked(channel: Chat) -> None:
    """Raise TellError where apprise is missing or does not know the URL; the URL is not in the text."""
    try:
        _service(channel)
    except ImportError as error:
        raise TellError(f"entry {channel.number} (apprise): {MISSING}") from error
    except SendError as error:
        raise TellError(f"entry {channel.number} (apprise): {error}") from error


def send_chat(channel: Chat, message: Message) -> str:
    """Send a message; returns an empty note. Raises SendError."""
    try:
        service = _service(channel)
    except ImportError as error:
        raise SendError(MISSING) from error
    heard = _Heard()
    # A logger of this entry alone, with no parent: other entries are sent at the same time.
    service[0].logger = logging.Logger("apprise", logging.WARNING)
    service[0].logger.addHandler(heard)
    taken = service.notify(
        body=short(message, channel.link),
        title=subject_of(message),
        notify_type=KINDS.get(message.run.exit.code, "warning"),
        body_format="text",
    )
    if not taken:
        raise SendError(f"the service did not take it{heard.words()}")
    return ""


def subject_of(message: Message) -> str:
    return inert(subject(message.run)).replace("［", "[").replace("］", "]")


def _service(channel: Chat) -> Any:
    """Return apprise's object of a URL, silent in every log. Raises ImportError or SendError."""
    for name in _SILENT:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    import apprise

    asset = apprise.AppriseAsset(app_id="bottomup.security", app_desc="Daily security check", secure_logging=True, storage_mode="memory")
    service = apprise.Apprise(asset=asset)
    try:
        known = service.add(channel.url)
    except Exception:  # a plugin of apprise that stumbles over what it was given
        known = False
    if not known:
        raise SendError(f"apprise cannot use this {channel.to}:// URL; see the list of services of apprise")
    return service


class _Heard(logging.Handler):
    """Picks the status out of what apprise logs, and forgets the rest."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            words = record.getMessage()
        except Exception:
            return
        match = _STATUS.search(words)
        if match:
            self.said.add(f"it answered {match[1]}")
        elif "onnection" in words:
            self.said.add("no connection")

    def words(self) -> str:
        return f": {', '.join(sorted(self.said))}" if self.said else ""
