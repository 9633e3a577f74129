# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the report."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """C(bottomup.security.report): what the report says, keeps and is written to."""

    DOCUMENTATION = r"""
options:
  fail_on:
    description:
      - The lowest severity of a finding that makes the exit code 10.
    type: str
    choices: [never, low, medium, high, critical]
    default: high
  max_unreachable:
    description:
      - How many hosts may be not reached or not run before the exit code is 11.
      - A count such as V(3) or a percentage of the expected hosts such as V(5%).
    type: str
    default: "0"
  database:
    description:
      - URL of the history's database. Empty means SQLite in C(history.sqlite3) of the state folder, V(off) means none.
    type: str
    default: ""
  accepted:
    description:
      - Path of a YAML file of accepted findings, each with a reason and a day on which that ends. Empty means none.
    type: str
    default: ""
  outputs:
    description:
      - What is written, a list or names with commas. V(html), V(json), V(text), V(markdown), V(sarif), V(junit), V(openmetrics),
        V(csv), V(nagios). Empty means the first three. C(summary.json) is always written.
    type: raw
    default: ""
  report_dir:
    description:
      - Folder for the files of the report. Empty means the directory of the run.
    type: str
    default: ""
  keep_days:
    description:
      - How many days runs and resolved findings are kept. V(0) keeps all.
    type: int
    default: 90
"""
