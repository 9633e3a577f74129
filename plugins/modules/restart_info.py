#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: restart_info
short_description: Tell which services, sessions and containers run files that are no longer installed, and whether a reboot is due
version_added: 0.1.0
description:
  - Looks at the executable mappings of every process and says which of them are not what a new process would get.
  - Names the command for each, in a safe order, and never asks for what would do harm (restarting the message bus, or sshd for an old login).
  - Changes nothing.
author:
  - The bottomup.security authors (@bottomup)
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
options:
  scripts:
    description: Whether to look at the scripts of interpreters (Python, Ruby, Perl, PHP, Node.js) and the archives of Java, too.
    type: bool
    default: true
  network_filesystems:
    description:
      - Whether to ask network file systems for the files that processes run from there.
      - A server that does not answer would hold up the check, so they are not asked by default and the status is V(incomplete).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Which services must be restarted after the updates
  bottomup.security.restart_info:
  become: true
  register: restart

- name: Show what to type
  ansible.builtin.debug:
    msg: "{{ restart.data.services | map(attribute='commands') | flatten }}"
"""

RETURN = r"""
status:
  description: V(ok), V(findings), or V(incomplete) where not everything could be seen.
  returned: always
  type: str
  sample: findings
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bottomup.security.plugins.module_utils.checks.restart import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine


def main():
    module = AnsibleModule(
        argument_spec={
            "scripts": {"type": "bool", "default": True},
            "network_filesystems": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **run(module.params, Machine()))


if __name__ == "__main__":
    main()
