# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal's audit and kernel entries as the lines that auditd would have written.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

The export format is https://systemd.io/JOURNAL_EXPORT_FORMATS; journald takes a record of the kernel apart in journald-audit.c:
MESSAGE is the type's name and the body, _AUDIT_TYPE its number, _AUDIT_ID the serial, _SOURCE_REALTIME_TIMESTAMP the time.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import struct

from .denials_records import TYPES

# What is asked for: these audit types (their SYSCALL and paths with them), and whatever the kernel said.
_ASKED = sorted(set(TYPES) | {b"1302", b"1307"})
_FIELDS = b"--output-fields=MESSAGE,_AUDIT_TYPE,_AUDIT_ID,_SOURCE_REALTIME_TIMESTAMP"

_COMPANIONS = {b"1302": b"PATH", b"1307": b"CWD"}

# An entry longer than this is no audit record; the journal's own limit is 768 MB.
ENTRY_LIMIT = 65536
SECONDS = 120
OUTPUT_LIMIT = 1 << 30


def journal_command(journalctl, since, until, folder=None, audit=True, fields=True):
    """Return argv of journalctl for the audit (and always the kernel's) entries of a window."""
    command = [journalctl, b"--quiet", b"--no-pager", b"--output=export"]
    if fields:
        command.append(_FIELDS)
    if folder:
        command.append(b"--directory=" + folder)
    if since is not None:
        command.append(b"--since=@%d" % max(0, int(since)))
    if until is not None:
        command.append(b"--until=@%d" % max(0, int(until) + 1))
    if audit:
        command.append(b"_TRANSPORT=audit")
        command.extend(b"_AUDIT_TYPE=" + number for number in _ASKED)
        command.append(b"+")
    command.append(b"_TRANSPORT=kernel")
    return command


class Entries:
    """Takes blocks of the export format, gives blocks of lines. C(count) entries so far, C(problems) in words."""

    def __init__(self, stream):
        self._stream = stream
        self.count, self.damaged = 0, 0
        self._line, self._bytes = False, 0  # what is still to be passed over of a field that is too long: to the end of its line, or so many

    def __iter__(self):
        rest, entry = b"", {}
        for block in self._stream:
            text = rest + block
            lines, place = [], 0
            while True:
                place, done = self._field(text, place, entry)
                if not done:
                    break
                if done == "entry":
                    self.count += bool(entry)
                    line = line_of(entry)
                    if line:
                        lines.append(line)
                    entry = {}
            rest = text[place:]
            if lines:
                yield b"\n".join(lines) + b"\n"
        line = line_of(entry)
        if line:
            self.count += 1
            yield line + b"\n"

    def _field(self, text, place, entry):
        """Read one field into C(entry): return (place behind it, what was read: C(field), C(entry) at an empty line, or nothing)."""
        if self._line or self._bytes:
            return self._pass_over(text, place)
        end = text.find(b"\n", place)
        if end < 0:
            if len(text) - place > ENTRY_LIMIT:
                self.damaged += 1
                self._line = True
                return len(text), ""
            return place, ""
        line = text[place:end]
        if not line:
            return end + 1, "entry"
        key, equals, value = line.partition(b"=")
        if equals:
            entry[key[:64]] = value[:ENTRY_LIMIT]
            return end + 1, "field"
        if len(text) < end + 9:
            return place, ""
        length = struct.unpack("<Q", text[end + 1:end + 9])[0]
        if length > ENTRY_LIMIT:
            self.damaged += 1
            self._bytes = length + 1
            return end + 9, "field"
        if len(text) < end + 10 + length:
            return place, ""
        entry[key[:64]] = text[end + 9:end + 9 + length]
        return end + 10 + length, "field"

    def _pass_over(self, text, place):
        """Pass over what is left of a field that is too long; return as C(_field) does."""
        if self._line:
            end = text.find(b"\n", place)
            self._line = end < 0
            return (len(text), "") if self._line else (end + 1, "field")
        passed = min(self._bytes, len(text) - place)
        self._bytes -= passed
        return place + passed, "" if self._bytes else "field"


def line_of(entry):
    """Return the line of audit.log, or of the kernel's log, for the fields of one entry; nothing where it is neither."""
    message = entry.get(b"MESSAGE", b"").replace(b"\n", b" ")
    number = entry.get(b"_AUDIT_TYPE")
    if number is None:
        return message if b"audit" in message else b""
    when, serial = entry.get(b"_SOURCE_REALTIME_TIMESTAMP", b""), entry.get(b"_AUDIT_ID", b"")
    name = TYPES.get(number) or _COMPANIONS.get(number)
    if not (name and when.isdigit() and serial.isdigit()):
        return b""
    body = message.partition(b" ")[2]
    micro = int(when[:17])
    return b"type=%s msg=audit(%d.%03d:%s): %s" % (name, micro // 1000000, micro // 1000 % 1000, serial[:20], body)
