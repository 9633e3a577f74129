# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the run to whom it is to be told, and write down what became of it."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from .. import spool
from ..report.document import Run
from ..report.write import write_summary
from .channels import Channel
from .message import Message
from .send import FILE, earlier, tell, told_json, told_text


class Telling:
    """C(before): the folders of runs of which the same may have been told; they are read now, before the report changes them."""

    def __init__(self, channels: Sequence[Channel], before: Iterable[Path]) -> None:
        self._channels = channels
        self._before = [earlier(directory) for directory in before]

    def tell(self, run: Run, directory: Path, paths: dict[str, str], check_mode: bool) -> str:
        """Tell, and return what became of it as text; told.json and summary.json have it too. Raises SpoolError."""
        run_id = run.fleet.run_id
        untold = list(dict.fromkeys(words for old in self._before for words in old.untold(run_id)))
        message = Message(run, f"{socket.gethostname()}:{paths['html']}" if "html" in paths else "", untold)
        told = tell(self._channels, message, [item for old in self._before if old.run_id == run_id for item in old.told], check_mode)
        run.told = [asdict(item) for item in told]
        if not check_mode:
            spool.write_whole(directory / FILE, told_json(run_id, told))
        write_summary(run, Path(paths["summary"]))
        return "\n" + told_text(told)
