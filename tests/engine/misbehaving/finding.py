# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check that finds something, named to be mistaken for everything that text can be."""

from ..host.finding import finding, result


def run(options, machine):
    title = "<script>alert(1)</script> {{ 7*7 }} \x1b[31mred\x1b[0m"
    return result([finding("finding.hostile", "high", title, "subject", [("log", "x" * 1000000)], remedy=title, commands=["echo {{ 7*7 }}"])])
