# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that takes all the memory that it can get."""


def run(options, machine):
    blocks = []
    while True:
        blocks.append(b"x" * 1048576)
