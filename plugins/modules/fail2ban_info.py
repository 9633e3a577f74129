#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: fail2ban_info
short_description: Tell whether password guessers really are banned on a server
version_added: 0.1.0
description:
  - Asks fail2ban over its socket, reads its configuration, log and database, and says what does not protect though it looks as if it did.
    A server that died, a jail that is enabled and does not run, a jail without log, bans that exist on paper only,
    an O(ignore:ignoreip=0.0.0.0/0) in disguise, a filter that no longer matches, addresses that come back.
  - Changes nothing and sends fail2ban no command that its version does not know.
  - Where CrowdSec, sshguard or DenyHosts does the work, RV(status) is V(not_applicable) and names it.
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
options:
  socket:
    description:
      - Path of the socket of fail2ban-server.
      - Not set, it is read from C(fail2ban.conf), else C(/var/run/fail2ban/fail2ban.sock).
    type: path
  config_dir:
    description: Directory of the configuration of fail2ban.
    type: path
    default: /etc/fail2ban
  since:
    description:
      - Begin of the window of the log that is read, in seconds since 1970 or as V(2026-11-22T06:00:00Z).
      - Not set, 24 hours before O(until).
    type: str
  until:
    description:
      - End of the window, in seconds since 1970 or as V(2026-11-22T06:00:00Z).
      - Not set, now.
    type: str
  timeout:
    description: Seconds that fail2ban-server may take for all its answers.
    type: int
    default: 10
  repeat:
    description: Number of bans of one address by one jail from which on it is a repeat offender.
    type: int
    default: 3
  transport:
    description:
      - How fail2ban-server is asked.
      - V(auto) uses the socket, and C(fail2ban-client) only where the server's Python is too new for the one that asks.
      - V(client) always starts C(fail2ban-client), which costs some hundred times as much.
    type: str
    choices: [auto, socket, client]
    default: auto
requirements:
  - Python >= 3.6 on the server
  - root, since fail2ban answers nobody else; without it RV(status) is V(incomplete)
author:
  - The bottomup.security authors (@bottomup-security)
"""

EXAMPLES = r"""
- name: See whether fail2ban protects
  bottomup.security.fail2ban_info:
  become: true
  register: bans

- name: Stop when a jail bans on paper only
  ansible.builtin.assert:
    that: bans.findings | selectattr('rule', 'equalto', 'fail2ban.ban_fails') | length == 0

- name: Look at the last week
  bottomup.security.fail2ban_info:
    since: "{{ now(utc=true).timestamp() | int - 7 * 86400 }}"
  become: true
"""

RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine


def main():
    """Run the check and hand its result over."""
    module = AnsibleModule(
        argument_spec={
            "socket": {"type": "path"},
            "config_dir": {"type": "path", "default": fail2ban.CONFIG_DIR},
            "since": {"type": "str"},
            "until": {"type": "str"},
            "timeout": {"type": "int", "default": fail2ban.DEFAULTS["timeout"]},
            "repeat": {"type": "int", "default": fail2ban.DEFAULTS["repeat"]},
            "transport": {"type": "str", "choices": ["auto", "socket", "client"], "default": fail2ban.DEFAULTS["transport"]},
        },
        supports_check_mode=True,
    )
    try:
        found = fail2ban.run(module.params, Machine())
    except ValueError as error:
        module.fail_json(msg="%s" % error)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
