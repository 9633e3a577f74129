# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of made-up files for the log digest."""

from __future__ import annotations

import calendar
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.checks import log_digest
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine


def at(words: str) -> int:
    """Return seconds since 1970 of ``2026-11-22 06:00:00`` UTC."""
    return calendar.timegm(time.strptime(words, "%Y-%m-%d %H:%M:%S"))


NOW = at("2026-11-22 12:00:00")


class Server:
    """A file tree with a clock; answers of commands by their first argument."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now: float = NOW
        self.commands: dict[bytes, Callable[[list[bytes]], Command]] = {}
        self.zone("UTC0")
        (root / "etc" / "machine-id").write_text("0" * 32)
        self.dated("/etc/machine-id", at("2020-01-01 00:00:00"))

    def zone(self, name: str) -> None:
        """Set the zone: a name of the zone database, UTC0 for none."""
        (self.root / "etc").mkdir(exist_ok=True)
        place = self.root / "etc" / "localtime"
        place.unlink(missing_ok=True)
        if name != "UTC0":
            place.symlink_to(f"/usr/share/zoneinfo/{name}")

    def dated(self, path: str, when: float) -> None:
        os.utime(self.root / path[1:], (when, when))

    def log(self, path: str, content: bytes | str, written: float | None = None) -> None:
        """Write a file; ``written`` is its time of change, now if not given."""
        place = self.root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.dated(path, self.now if written is None else written)

    def command(self, path: str, answer: Callable[[list[bytes]], Command]) -> None:
        self.log(path, "#!/bin/sh\n")
        (self.root / path[1:]).chmod(0o755)
        self.commands[path.encode()] = answer

    def journal(self, entries: list[dict[str, Any]], rc: int = 0, err: bytes = b"") -> None:
        """Let journalctl answer with these entries, those of the window only."""
        (self.root / "var/log/journal/0123/").mkdir(parents=True, exist_ok=True)
        (self.root / "var/log/journal/0123/system.journal").write_text("made up")

        def answer(argv: list[bytes]) -> Command:
            since = next((int(word[9:]) for word in argv if word.startswith(b"--since=@")), 0)
            until = next((int(word[9:]) for word in argv if word.startswith(b"--until=@")), 1 << 40)
            lines = [json.dumps(entry) for entry in entries if since <= int(entry["__REALTIME_TIMESTAMP"]) // 1000000 <= until]
            return Command(rc, "".join(line + "\n" for line in lines).encode(), err, False, False)

        self.command("/usr/bin/journalctl", answer)

    def run(self, **options: Any) -> dict[str, Any]:
        machine = Machine(os.fsencode(self.root), self.now, lambda argv: self.commands[argv[0]](argv))
        return log_digest.run({"since": "24h", **options}, machine)


def entry(when: float, program: str, message: Any, **fields: str) -> dict[str, Any]:
    """Return an entry of the journal as ``journalctl -o json`` prints it."""
    return {
        "__REALTIME_TIMESTAMP": str(int(when * 1000000)),
        "__MONOTONIC_TIMESTAMP": str(int((when - NOW + 8640000) * 1000000)),
        "_BOOT_ID": "b1",
        "SYSLOG_IDENTIFIER": program,
        "MESSAGE": message,
        "PRIORITY": "6",
        "_UID": "0",
        "_PID": "1" if program == "systemd" else "4242",
        "_TRANSPORT": "kernel" if program == "kernel" else "syslog",
        **fields,
    }


def steady(start: float, end: float, step: int = 1800) -> str:
    """Return a line every half hour, so that a log has no gap."""
    return "".join(f"{stamp(when)} web1 CRON[12]: (root) CMD (true)\n" for when in range(int(start), int(end), step))


def stamp(when: float) -> str:
    return time.strftime("%b %e %H:%M:%S", time.gmtime(when))


def rules(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["rule"].split(".", 1)[1], one["subject"]) for one in result["findings"]]
