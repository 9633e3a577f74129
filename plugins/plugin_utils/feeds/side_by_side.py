# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs side by side in threads that nobody must wait for: one may hang in a name server that does not answer, for as long as it likes."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Answer = TypeVar("Answer")


def run(jobs: Sequence[Callable[[], Answer]], at_a_time: int, deadline: float) -> list[Answer | None]:
    """Return what each job returned, None for one that was not done by C(deadline) on the monotonic clock. Jobs do not raise."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Answer]] = queue.SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)

    def work() -> None:
        while time.monotonic() < deadline:
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            done.put((number, jobs[number]()))

    for _number in range(min(at_a_time, len(jobs))):
        threading.Thread(target=work, daemon=True).start()
    answers: list[Answer | None] = [None] * len(jobs)
    for _job in jobs:
        try:
            number, answer = done.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            break
        answers[number] = answer
    return answers
