# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that answers and leaves a process behind."""

import subprocess


def run(options, machine):
    child = subprocess.Popen(["/bin/sleep", "98764.MARK"])
    return {"status": "ok", "status_reason": "", "findings": [], "data": {"pid": child.pid}}
