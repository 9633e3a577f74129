# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell all channels at once, within one limit of time; whatever goes wrong is a line of the report and no more."""

from __future__ import annotations

import hashlib
import json
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso, text

from ..report.document import Run
from .channels import Channel, Chat, Mail, Webhook
from .chat import send_chat
from .due import due, why_not
from .mail import send_mail
from .message import Message
from .reasons import reason
from .webhook import send_webhook

SCHEMA = "bottomup.security/told/1"
FILE = "told.json"
FILE_LIMIT = 1 << 20

# Seconds for all channels together.
LIMIT = 30


@dataclass(slots=True)
class Told:
    """What became of one entry: ``sent``, ``failed``, ``not_due``, ``already`` (this run was told there before) or ``check_mode``."""

    entry: int
    channel: str
    when: str
    status: str
    reason: str = ""
    at: str | None = None
    # The run as it was told: the same run with the same numbers is not told twice.
    mark: str = ""

    def line(self) -> str:
        words = {"not_due": "not told", "check_mode": "not told", "already": "told before"}.get(self.status, self.status)
        return f"{self.channel}: {words}{f': {self.reason}' if self.reason else ''}"


def tell(channels: Sequence[Channel], message: Message, before: Iterable[Told], check_mode: bool = False, limit: float = LIMIT) -> list[Told]:
    """Tell every channel that is due, all at once, and return what became of each in their order. Raises nothing."""
    mark = _mark(message.run)
    done = {(item.entry, item.channel): item.at for item in before if item.mark == mark and item.status in ("sent", "already")}
    told = [Told(channel.number, channel.name, channel.when, "sent", mark=mark) for channel in channels]
    threads: list[tuple[Told, threading.Thread]] = []
    outcomes: dict[int, tuple[str, str, str | None]] = {}
    for channel, item in zip(channels, told, strict=True):
        if (item.entry, item.channel) in done:
            item.status, item.at = "already", done[item.entry, item.channel]
        elif not due(message.run, channel.when):
            item.status, item.reason = "not_due", why_not(message.run, channel.when)
        elif check_mode:
            item.status, item.reason = "check_mode", "check mode"
        else:
            # Nothing can end a thread from outside; a daemon one does not keep the program from ending.
            threads.append((item, threading.Thread(target=_one, args=(channel, message, outcomes), daemon=True)))
    for _item, thread in threads:
        thread.start()
    end = time.monotonic() + limit
    for item, thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
        item.status, item.reason, item.at = outcomes.get(item.entry, ("failed", f"no answer within {limit:g} s", None))
    return told


def _one(channel: Channel, message: Message, outcomes: dict[int, tuple[str, str, str | None]]) -> None:
    try:
        outcomes[channel.number] = ("sent", SENDERS[type(channel)](channel, message), iso(time.time()))
    except Exception as error:
        outcomes[channel.number] = ("failed", reason(error), None)


SENDERS: dict[type[Channel], Callable[[Any, Message], str]] = {Mail: send_mail, Chat: send_chat, Webhook: send_webhook}


def _mark(run: Run) -> str:
    facts = [run.fleet.run_id, run.verdict, run.exit.as_dict(), run.counts(), [group.key for group in run.fleet.groups]]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("ascii")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What told.json of a directory says; empty where there is none."""

    run_id: str = ""
    told: tuple[Told, ...] = ()

    def untold(self, run_id: str) -> list[str]:
        """Return what could not be told of a run before that one."""
        if not self.run_id or self.run_id == run_id:
            return []
        return [f"Run {self.run_id} could not be told to {item.channel}: {item.reason}" for item in self.told if item.status == "failed"]


def earlier(directory: Path) -> Earlier:
    """Return what was told of the run of a directory."""
    try:
        with (directory / FILE).open("rb") as file:
            document = json.loads(file.read(FILE_LIMIT))
        rows = (Told(**{**row, "channel": text(row["channel"]), "reason": text(row["reason"])}) for row in document["told"])
        return Earlier(text(document["run_id"]), tuple(rows))
    except (OSError, ValueError, KeyError, TypeError):
        return Earlier()


def told_json(run_id: str, told: Sequence[Told]) -> bytes:
    """Return told.json: a report of the same run tells only those that could not be told."""
    return json.dumps({"schema": SCHEMA, "run_id": run_id, "told": [asdict(item) for item in told]}, indent=2).encode("ascii") + b"\n"


def told_text(told: Sequence[Told]) -> str:
    """Return the lines for the terminal, at most 80 columns wide."""
    lines = ["TOLD"] if told else []
    for item in told:
        sign = "! " if item.status == "failed" else ""
        lines += textwrap.wrap(f"  {sign}{item.line()}", 80, subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines) + "\n" if lines else ""
