# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook: one POST of a signed JSON document."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
import urllib.error
import urllib.request
from typing import Any

from .channels import Webhook
from .message import Message, document
from .reasons import SendError

STEP_SECONDS = 10

AGENT = "bottomup.security"
TIMESTAMP = "X-Bottomup-Timestamp"
SIGNATURE = "X-Bottomup-Signature"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return ``v1=`` and the HMAC-SHA256, in hex, of the timestamp, a dot and the body as it was sent."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def send_webhook(channel: Webhook, message: Message) -> str:
    """Send a message; returns an empty note. Raises SendError or OSError."""
    body = json.dumps(document(message, channel.link), separators=(",", ":")).encode("ascii")
    timestamp = str(int(time.time()))
    headers = {"Content-Type": "application/json", "User-Agent": AGENT, TIMESTAMP: timestamp, SIGNATURE: signature(channel.secret, timestamp, body)}
    request = urllib.request.Request(channel.url, body, headers, method="POST")
    opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    try:
        opener.open(request, timeout=STEP_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()
        raise SendError(f"it answered {error.code}{', and redirects are not followed' if 300 <= error.code < 400 else ''}") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, Exception):
            raise error.reason from None
        raise SendError("no connection") from None
    return ""


class _Stay(urllib.request.HTTPRedirectHandler):
    """What was signed for one place is not carried to another."""

    def redirect_request(self, *_request: Any) -> None:
        return None
