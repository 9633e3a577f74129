# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that ignores SIGTERM, and whose child ignores it too."""

import signal
import time


def run(options, machine):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    machine.run([b"/bin/sh", b"-c", b"trap '' TERM; : MARK; while :; do sleep 1; done"], timeout=600)
    while True:
        time.sleep(1)
