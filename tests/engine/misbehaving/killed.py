# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that is killed from outside."""

import os
import signal


def run(options, machine):
    os.kill(os.getpid(), signal.SIGKILL)
