# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was denied, as rows for the data and as findings.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ..host.finding import SEVERITIES
from . import denials_audit2why
from .denials_findings import event_data, group_data, group_finding
from .denials_labels import Labels


def rows_of(machine, tally, policy, ask, shown):
    """Return (rows of all groups, the worst first; rows of the events; findings) of a Tally.

    C(policy) is the name of SELinux' policy, or None; C(ask) says whether audit2why is asked, C(shown) how many groups
    become findings.
    """
    labels = Labels(machine, policy)
    groups = sorted(tally.groups.values(), key=lambda group: (-group.count, group.id))
    whys = denials_audit2why.ask(machine, groups) if ask else {}
    rows = sorted((group_data(group, labels, whys) for group in groups), key=_rank)
    events = [event_data(*event) for event in sorted(tally.events, key=lambda event: (event[0], event[1]))]
    return rows, events, [group_finding(row) for row in rows[:shown]]


def _rank(row):
    return (SEVERITIES.index(row["severity"]), -row["count"], row["id"])
