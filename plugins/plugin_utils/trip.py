# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one trip to a server: the command that finds a Python and feeds it the payload, and the framed answer that comes back."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import shlex
import typing as t
import zlib

from .hints import hint
from .untrusted import decoded

# The usual places, newest habit first: a distribution's own, EL8's platform-python, then versions that are installed beside them.
PYTHONS = (
    "/usr/bin/python3",
    "/usr/libexec/platform-python",
    *(f"/usr/bin/python3.{minor}" for minor in range(15, 5, -1)),
    "/usr/local/bin/python3",
    "/opt/homebrew/bin/python3",
)

# What the shell answers where it found no Python that can run the payload.
NO_PYTHON = "bottomup.security-no-python"
NO_PYTHON_RC = 97

# Reads the program only when this Python can run it: the next candidate needs the unread standard input.
STARTER = f"import sys; sys.version_info < (3, 6) and sys.exit({NO_PYTHON_RC}); exec(sys.stdin.buffer.read())"

# The line before the answer. The token is compared apart: a pattern that holds it would be compiled anew for every host.
HEAD = re.compile(r"^==bottomup\.security (?P<token>\w+) (?P<form>json|zlib) (?P<length>\d{1,9}) (?P<checksum>[0-9a-f]{8})==\r?\n", re.MULTILINE)

WIRE_LIMIT = 16 * 1048576
DOCUMENT_LIMIT = 64 * 1048576


class TripError(Exception):
    """The server answered, but not with a whole document; the text says what came instead and what to do."""


def new_token() -> str:
    """Return what tells this trip's answer from a login's own noise, and from an answer made up in advance."""
    return secrets.token_hex(12)


def command(interpreter: str | None) -> str:
    """Return the one shell line that starts the payload, with this interpreter or the first usual place that has Python >= 3.6.

    One line, no single quote, no `!`: it passes through a login shell that may not be a Bourne shell.
    """
    if interpreter:
        interpreter = re.sub(r"^/usr/bin/env +", "", interpreter)  # looked up in PATH here as well
    pythons = " ".join(shlex.quote(path) for path in ([interpreter] if interpreter else PYTHONS))
    found = 'command -v "$p" >/dev/null 2>&1' if interpreter and "/" not in interpreter else '[ -x "$p" ]'
    return (
        f"for p in {pythons}; do {found} || continue; "
        f'"$p" -I -S -c "{STARTER}"; r=$?; [ $r -eq {NO_PYTHON_RC} ] || exit $r; done; echo {NO_PYTHON}; exit {NO_PYTHON_RC}'
    )


def read_answer(token: str, rc: int, stdout: str, stderr: str) -> t.Any:
    """Return the decoded answer of the server.

    Raises TripError for anything but one whole answer with the right token, length and checksum, BadAnswer for one that is made to fill memory.
    """
    head = next((found for found in HEAD.finditer(stdout) if found.group("token") == token), None)
    if head is None:
        raise TripError(_no_answer(rc, stdout, stderr))
    length = int(head.group("length"))
    if length > WIRE_LIMIT:
        raise TripError(f"the answer is larger than {WIRE_LIMIT // 1048576} MiB")
    body = stdout[head.end() : head.end() + length]
    tail = stdout[head.end() + length :]
    if len(body) < length or not tail[:100].lstrip("\r").startswith(f"\n==end {token}=="):
        raise TripError(f"the answer was cut off after {len(body)} of {length} bytes (connection lost?)")
    raw = body.encode("utf-8", "surrogateescape")
    if f"{zlib.crc32(raw):08x}" != head.group("checksum"):
        raise TripError("the answer was damaged on the way (checksum differs)")
    return _decode(head.group("form"), raw)


def _decode(form: str, raw: bytes) -> t.Any:
    try:
        if form == "zlib":
            inflater = zlib.decompressobj()
            raw = inflater.decompress(base64.b64decode(raw, validate=True), DOCUMENT_LIMIT)
            if not inflater.eof:
                raise TripError(f"the answer is cut, or larger than {DOCUMENT_LIMIT // 1048576} MiB when unpacked")
        return decoded(raw)
    except (ValueError, zlib.error, binascii.Error, RecursionError) as error:
        raise TripError(f"the answer is not what the payload sends: {type(error).__name__}: {error}") from error


# What ssh itself says on standard error of a connection that is well.
SSH_CHATTER = re.compile(r"^(Warning: Permanently added .*|\*\* .*|Connection to .* closed\.?)\r?$", re.MULTILINE)

# What Ansible puts before the words of ssh, in which the reason stands.
_PREAMBLE = re.compile(r"\A(?:Task failed: )?(?:Data could not be sent to remote host .{1,300}? over ssh: |Failed to connect to the host via ssh: )+")


def _no_answer(rc: int, stdout: str, stderr: str) -> str:
    if rc == NO_PYTHON_RC and NO_PYTHON in stdout.split():
        return "no Python 3.6 or newer in the usual places: install python3, or set ansible_python_interpreter to one"
    said = (SSH_CHATTER.sub("", stderr).strip() or stdout.strip())[-2000:]
    what_to_do = hint(said)
    if what_to_do:
        return f"{what_to_do} (rc {rc}: {_last_line(said)})"
    return f"no answer from the checks (rc {rc}): {_last_line(said) or 'nothing was said'}"


def of_ansible(words: str) -> str:
    """Return what Ansible says of a connection or of becoming another user, without its preamble, with a hint where there is one."""
    what_to_do = hint(words)
    if what_to_do:
        words = _last_line(words)  # a host key that has changed fills a screen
    words = _PREAMBLE.sub("", " ".join(words.split()))[:900]
    return f"{what_to_do} ({words})" if what_to_do else words


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
