# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that never ends, and its own child neither."""

import subprocess


def run(options, machine):
    subprocess.Popen(["/bin/sleep", "98765.MARK"])
    while True:
        pass
