# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the servers in a process of its own, without Ansible: the package is laid out by hand, as the payload does."""

from __future__ import annotations

# The beginning of a program whose first argument is the folder of module_utils: what follows imports from C(util).
UTIL = """
import sys, types
package = types.ModuleType("util")
package.__path__ = [sys.argv[1]]
sys.modules["util"] = package
"""
