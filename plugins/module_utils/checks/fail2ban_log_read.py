# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where fail2ban-server's log is, and the part of it that lies in the window.

The log is a file (with its rotated predecessors), or the journal where the server logs to SYSLOG, SYSTEMD-JOURNAL or its standard output.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import time

from ..host.finding import text
from ..host.plain import open_plain
from .fail2ban_log import FILE_LINE, JOURNAL_LINE, Log

READ_LIMIT = 268435456
BLOCK = 4194304
LINE_LIMIT = 65536
JOURNAL_TIMEOUT = 20
JOURNAL_LIMIT = 67108864

# The clock may have been set back, or summer time ended, within the file: the bisection keeps this much before the window.
CLOCK_SLACK = 7200

# Log targets that end in the journal of a host with systemd.
JOURNAL_TARGETS = frozenset(["SYSLOG", "SYSTEMD-JOURNAL", "SYSOUT", "STDOUT", "STDERR"])


def read(machine, target, since, until):
    """Return the Log of the window from the server's logtarget (text, as C(get logtarget) answers)."""
    log = Log(since, until)
    if target.upper() in JOURNAL_TARGETS:
        _read_journal(machine, log)
    elif target.startswith("/"):
        _read_files(machine, log, target.encode("utf-8", "surrogateescape"))
    else:
        log.gaps.append("the server logs to %s, which cannot be read afterwards" % text(target, 80))
    return log


def _read_journal(machine, log):
    command = machine.which(b"journalctl")
    log.source = "journal of fail2ban.service"
    if command is None:
        log.gaps.append("the server logs to the journal or syslog, and there is no journalctl to read it")
        return
    window = [("--since=@%d" % log.since).encode("ascii"), ("--until=@%d" % (log.until + 1)).encode("ascii")]
    answer = machine.run(
        [command, b"-q", b"--no-pager", b"-o", b"short-unix"] + window + [b"_SYSTEMD_UNIT=fail2ban.service", b"+", b"SYSLOG_IDENTIFIER=fail2ban"],
        timeout=JOURNAL_TIMEOUT,
        limit=JOURNAL_LIMIT,
    )
    if answer.rc != 0 or answer.timed_out or answer.truncated:
        log.gaps.append("journalctl did not give the server's whole log: %s" % (text(answer.err, 200) or "it was stopped before its end"))
    for line in re.finditer(JOURNAL_LINE, answer.out, re.M):
        log.add(int(line.group(1)), line.group(2), line.group(3))


def _read_files(machine, log, path):
    log.source = text(path)
    left = READ_LIMIT
    for part in _rotated(machine, log, path) + [path]:
        try:
            size, scanned = _read_file(machine, log, part, left)
        except FileNotFoundError:
            log.gaps.append("the log %s does not exist" % text(part))
            continue
        except (OSError, EOFError) as error:
            log.gaps.append("%s: %s" % (text(part), getattr(error, "strerror", None) or "damaged"))
            continue
        log.files.append({"path": text(part), "bytes": size, "bytes_scanned": scanned})
        left -= scanned
        if left <= 0:
            log.gaps.append("only the first %d MiB of the window were read" % (READ_LIMIT >> 20))
            break


def _rotated(machine, log, path):
    """Return the rotated predecessors that were written to within the window, oldest first."""
    folder, base = os.path.split(path)
    try:
        names = os.listdir(machine.path(folder))
    except OSError:
        return []
    found = []
    for name in names:
        rotated = re.match(re.escape(base) + rb"[.-]\d+(\.[a-z0-9]+)?$", name)
        if rotated is None:
            continue
        try:
            written = os.stat(machine.path(folder + b"/" + name)).st_mtime
        except OSError:
            continue
        if written < log.since:
            continue
        if rotated.group(1) not in (None, b".gz"):
            log.gaps.append("%s is compressed in a way that is not read" % text(name))
            continue
        found.append((written, folder + b"/" + name))
    return [name for _written, name in sorted(found)]


def _read_file(machine, log, path, limit):
    """Scan one file from the begin of the window; return (its size, bytes scanned)."""
    descriptor = open_plain(machine.path(path))
    with os.fdopen(descriptor, "rb") as plain:
        size = os.fstat(plain.fileno()).st_size
        if path.endswith(b".gz"):
            import gzip  # in the first hours after a rotation

            with gzip.GzipFile(fileobj=plain) as content:
                return size, _scan(log, content, limit)
        plain.seek(_begin(plain, size, log.since - CLOCK_SLACK))
        return size, _scan(log, plain, limit)


def _begin(content, size, since):
    """Return where the first line at or after C(since) may begin, by bisection over the rising times."""
    wanted = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(max(0, since))).encode("ascii")
    low, high = 0, size
    while high - low > LINE_LIMIT:
        middle = (low + high) // 2
        content.seek(middle)
        stamp = FILE_LINE.search(content.read(LINE_LIMIT))
        if stamp is None or stamp.group(1) >= wanted:
            high = middle
        else:
            low = middle
    content.seek(low)
    if low:
        content.readline(LINE_LIMIT)
    return content.tell()


def _scan(log, content, limit):
    scanned = 0
    rest = b""
    while scanned < limit:
        block = content.read(min(BLOCK, limit - scanned))
        if not block:
            break
        scanned += len(block)
        block = rest + block
        end = block.rfind(b"\n") + 1
        rest = block[end:][-LINE_LIMIT:]
        for line in FILE_LINE.finditer(block, 0, end):
            log.add(log.local_time(line.group(1)), line.group(2), line.group(3))
    return scanned
