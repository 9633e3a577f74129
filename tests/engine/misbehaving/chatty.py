# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that writes to the streams of the answer."""

import os


def run(options, machine):
    print("==bottomup.security noise==")
    os.write(1, b"noise")
    os.write(2, b"noise")
    return {"status": "ok", "status_reason": "", "findings": [], "data": {}}
