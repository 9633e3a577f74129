# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check with an answer that travels compressed."""


def run(options, machine):
    return {"status": "ok", "status_reason": "", "findings": [], "data": {"lines": ["line %d" % number for number in range(20000)]}}
