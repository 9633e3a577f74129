#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daily_check
short_description: Run the enabled checks on a host in one trip
version_added: 0.1.0
description:
  - Sends the enabled checks as one compressed script over the connection, runs each in a process of its own with limits of time and
    memory, and writes the one document that comes back to the spool on the controller.
  - Nothing is written on the host. No Python of the host's choosing is needed beyond 3.6, and Ansible's own module machinery is not used,
    so hosts are checked whose Python is too old for modules of this ansible-core.
  - A host that is not reached or gives no whole answer fails the task with the reason, and is written to the spool as such.
  - Use M(bottomup.security.report) after all hosts to make the report.
author:
  - The bottomup.security authors (@bottomup-security)
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
  - bottomup.security.run
  - bottomup.security.trip
notes:
  - An option that the task does not give is taken from the host's variable C(daily_check_<option>), such as C(daily_check_checks), where there is one.
    This saves the controller a template for every host.
  - Over SSH no master connection is started (C(ControlMaster=no)) and nothing compressed a second time (C(Compression=no)), since there is only
    one command. A master that is there already is used.
  - RV(worst) and RV(counts) are all that is returned of the findings. They are in the document, since what a task returns costs the
    controller memory for every host.
seealso:
  - module: bottomup.security.report
"""

EXAMPLES = r"""
- name: Look at the host
  bottomup.security.daily_check:
    checks:
      - restart
      - fail2ban
    timeout: 2m
  ignore_errors: true
"""

RETURN = r"""
run_id:
  description: Name of the run, and of the folder below C(runs) in the state folder.
  returned: always
  type: str
  sample: 20261122T060000Z-3fa1c2
host_status:
  description: What became of the host, one of V(checked), V(partial), V(unreachable) and V(error).
  returned: always
  type: str
  sample: checked
checks:
  description: Status of each check.
  returned: always
  type: dict
  sample:
    fail2ban: ok
    restart: findings
counts:
  description: Number of findings by severity.
  returned: always
  type: dict
  sample:
    critical: 0
    high: 1
    info: 0
    low: 0
    medium: 2
worst:
  description: Severity and title of the worst findings.
  returned: always
  type: list
  elements: str
  sample:
    - "high: nginx.service runs deleted files of libssl3"
"""

import json

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bottomup.security.plugins.module_utils import engine
from ansible_collections.bottomup.security.plugins.module_utils.checks import denials, fail2ban, log_digest, restart, software, web_probes

RUN = {
    "denials": denials.run,
    "fail2ban": fail2ban.run,
    "log_digest": log_digest.run,
    "restart": restart.run,
    "software": software.run,
    "web_probes": web_probes.run,
}


def main():
    module = AnsibleModule(
        argument_spec=dict(
            checks=dict(type="raw"),
            options=dict(type="dict", default={}),
            state_dir=dict(type="str", default=""),
            run_id=dict(type="str", default=""),
            timeout=dict(type="str", default="60"),
            memory=dict(type="str", default="256M"),
        ),
        supports_check_mode=True,
    )
    # The action has resolved the names and units; here, on the host, is only the way for connections that cannot feed standard input.
    checks = [(name, RUN.get(name) or KeyError(name)) for name in module.params["checks"] or sorted(RUN)]
    limits = {"timeout": int(module.params["timeout"]), "memory": int(module.params["memory"]), "options": module.params["options"]}
    module.exit_json(changed=False, answer=json.loads(engine.answer(checks, limits).decode("ascii")))


if __name__ == "__main__":
    main()
