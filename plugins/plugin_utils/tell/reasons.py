# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a service could not be told, in words that hold no secret."""

from __future__ import annotations

import smtplib
import socket
import ssl

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

# What a service says is shown up to here.
SAID_LIMIT = 160


class SendError(Exception):
    """A message was not taken; the text says why and may be shown."""


def reason(error: Exception) -> str:
    """Return why a connection failed. What a service said is capped, and never shown where it may echo a login."""
    if isinstance(error, SendError):
        return str(error)
    if isinstance(error, smtplib.SMTPServerDisconnected) and "timed out" in str(error):
        return _NO_ANSWER
    for kind, words in _KINDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {text(error.verify_message, SAID_LIMIT)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code} {text(error.smtp_error, SAID_LIMIT)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__


_NO_ANSWER = "no answer in time"

_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "its name cannot be resolved"),
    (TimeoutError, _NO_ANSWER),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "it closed the connection"),
    (smtplib.SMTPServerDisconnected, "it closed the connection"),
    (smtplib.SMTPAuthenticationError, "it refused the login"),
    (smtplib.SMTPNotSupportedError, "it offers no STARTTLS, or no login"),
)
