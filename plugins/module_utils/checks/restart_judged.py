# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was judged of the processes that the scan found: the form of it, and what it is where the scan found none.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

# stale: rows of data.processes with a stale file. to_reboot: the actions that only a reboot can do. findings: of the others; left_out: why
# some are not among them. data: processes, services, cut. packages, units: whether they were asked, in words.
Judged = collections.namedtuple("Judged", "stale to_reboot findings left_out data packages units")

NOT_NEEDED = "not needed"

NOTHING_STALE = Judged([], [], [], [], {"processes": [], "services": [], "cut": {"processes": 0, "services": 0}}, NOT_NEEDED, NOT_NEEDED)
