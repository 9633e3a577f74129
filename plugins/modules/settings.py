#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: settings
short_description: Check the settings of a daily check before the first connection
version_added: 0.1.0
description:
  - Checks every setting of M(bottomup.security.daily_check) and M(bottomup.security.report) and makes sure that the state folder can be
    written, on the controller, without a connection.
  - Fails with one sentence that names the variable, its value and what is allowed.
author:
  - The bottomup.security authors (@bottomup-security)
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
options:
  checks:
    description: The checks to run, V(all), or names with commas.
    type: raw
  options:
    description: Options of the checks, by check.
    type: dict
  state_dir:
    description: Folder on the controller that keeps the runs.
    type: path
  run_id:
    description: Name of the run.
    type: str
  timeout:
    description: How long each check may take, in seconds or with V(s), V(m) or V(h).
    type: str
    default: "60"
  memory:
    description: How much memory each check may use for its data, in bytes or with V(K), V(M) or V(G).
    type: str
    default: 256M
  task_timeout:
    description: How long the whole trip to one host may take, in seconds or with V(s), V(m) or V(h).
    type: str
    default: "900"
  fail_on:
    description: The severity from which on findings fail the run.
    type: str
    choices: [never, low, medium, high, critical]
    default: high
  max_unreachable:
    description: How many hosts may be unreachable without failing the run, a count or a share such as V(5%).
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

EXAMPLES = r"""
- name: Check the settings
  bottomup.security.settings:
    checks: [restart]
    timeout: 2m
  run_once: true
"""

RETURN = r"""
checks:
  description: The checks that will run.
  returned: success
  type: list
  elements: str
  sample: [restart]
skipped_checks:
  description: The checks that the tags of this run leave out.
  returned: success
  type: list
  elements: str
  sample: []
run_id:
  description: Name of the run.
  returned: success
  type: str
  sample: 20261122T060000Z-3fa1c2
state_dir:
  description: Folder on the controller that keeps the runs.
  returned: success
  type: str
  sample: /home/admin/.local/state/bottomup-security
"""

# An action plugin of the same name does the work on the controller; this file is its documentation.
