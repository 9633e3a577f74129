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
  - Fails with a sentence for each variable that is wrong, which names it, its value and what is allowed. Warns of a variable that begins
    with C(daily_check_) and is none of the role's.
author:
  - The bottomup.security authors (@bottomup-security)
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
  - bottomup.security.run
  - bottomup.security.trip
  - bottomup.security.report
  - bottomup.security.feeds
options:
  nobody:
    description: Whether the inventory has no host that the playbook is meant for. The settings are then refused.
    type: bool
    default: false
  task_timeout:
    description: How long the whole trip to one host may take, in seconds.
    type: int
    default: 900
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
