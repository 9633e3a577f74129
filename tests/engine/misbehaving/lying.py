# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that returns a status that does not exist."""


def run(options, machine):
    return {"status": "splendid", "status_reason": "", "findings": [], "data": {}}
