# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail: the report as text and as HTML in one message of less than 90 KB, whatever the size of the fleet."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from ..report.plain import report_text
from .channels import Mail
from .letter import letter
from .message import Message, subject
from .reasons import SAID_LIMIT, SendError

# Seconds for each step of the conversation.
STEP_SECONDS = 10

# Bytes before they are encoded, which adds a third: Gmail cuts at 102 KB, and shows no end of a message that it cut.
TEXT_BYTES = 22_000
LETTER_BYTES = 38_000

MORE = "\n... more is in the report\n"


def send_mail(channel: Mail, message: Message) -> str:
    """Send a message; returns a note, mostly empty. Raises SendError, OSError or SMTPException."""
    mail = mail_of(channel, message)
    context = ssl.create_default_context(cafile=channel.ca or None)
    if channel.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(channel.host, channel.port, timeout=STEP_SECONDS, context=context)
    else:
        server = smtplib.SMTP(channel.host, channel.port, timeout=STEP_SECONDS)
    with server:
        if channel.tls == "starttls":
            server.starttls(context=context)
        if channel.user:
            server.login(channel.user, channel.password)
        try:
            refused = server.send_message(mail, from_addr=channel.sender, to_addrs=channel.recipients)
        except smtplib.SMTPRecipientsRefused as error:
            raise SendError(_refused(error.recipients)) from error
    if refused:
        raise SendError(f"{_refused(refused)}; it was sent to the others")
    return ""


def mail_of(channel: Mail, message: Message) -> EmailMessage:
    """Return the mail: text first, the same as HTML after it."""
    run = message.run
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject(run)
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.recipients)
    mail["Date"] = formatdate(usegmt=True)
    mail["Message-ID"] = make_msgid(domain=channel.sender.partition("@")[2] or "localhost")
    # RFC 3834: nobody's holiday is to answer; the second is how Exchange is told so.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Daily-Check-Exit"] = str(run.exit.code)
    where = channel.link or message.page
    words = cut("".join(f"! {words}\n" for words in message.untold) + report_text(run, where), TEXT_BYTES)
    page = letter(message, channel.link, LETTER_BYTES)
    mail.set_content(words, cte=_encoding(words))
    mail.add_alternative(page, subtype="html", cte=_encoding(page))
    return mail


def cut(words: str, limit: int) -> str:
    """Return whole lines of a text, as many as its limit in bytes allows."""
    whole = words.encode("utf-8", "backslashreplace")
    if len(whole) <= limit:
        return whole.decode()
    kept = whole[: limit - len(MORE)]
    return kept[: kept.rfind(b"\n") + 1].decode("utf-8", "ignore") + MORE


def _encoding(words: str) -> str:
    """Return the shorter encoding; email's own choice looks at the first ten lines only."""
    whole = words.encode()
    written_longer = sum(byte > 126 or byte == 61 for byte in whole)
    return "base64" if written_longer * 6 > len(whole) else "quoted-printable"


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{address} was refused: {code} {text(said, SAID_LIMIT)}" for address, (code, said) in list(recipients.items())[:3])
