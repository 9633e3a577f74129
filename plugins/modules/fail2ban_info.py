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
    an C(ignoreip) of 0.0.0.0/0 in disguise, a filter that no longer matches, addresses that come back.
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
      - Where the window of the log that is read begins. An ISO time such as V(2026-11-21T06:00:00Z), a duration before now such as V(24h) or
        V(7d), or V(all).
      - Not set, 24 hours before O(until).
    type: str
  until:
    description: Where the window ends, in the same forms; now where it is not given.
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
    since: 7d
  become: true
"""

RETURN = r"""
status:
  description:
    - V(ok) only when fail2ban answered and everything was looked at.
    - V(not_applicable) where another tool is active, or none is installed and ssh does not listen to other networks.
    - V(incomplete) with RV(status_reason) when something could not be seen.
  returned: always
  type: str
  sample: findings
status_reason:
  description: Why RV(status) is V(incomplete) or V(not_applicable); else empty.
  returned: always
  type: str
  sample: ""
findings:
  description: What to act on, worst first.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: Always V(fail2ban).
      returned: always
      type: str
      sample: fail2ban
    rule:
      description: Stable name of the situation; C(docs/fail2ban.md) has the list.
      returned: always
      type: str
      sample: fail2ban.ban_fails
    severity:
      description: One of V(critical), V(high), V(medium), V(low), V(info).
      returned: always
      type: str
      sample: high
    title:
      description: The situation in one line.
      returned: always
      type: str
      sample: "Jail sshd bans on paper only: its action fails"
    subject:
      description: The jail, or what else the finding is about.
      returned: always
      type: str
      sample: sshd
    evidence:
      description: What was seen, as C(source) and C(text).
      returned: always
      type: list
      elements: dict
      sample: [{source: fail2ban-server, text: 1 bans stand in its status}, {source: log, text: "'/bin/sh: 1: nft: not found'"}]
    evidence_cut:
      description: How much more evidence there was.
      returned: always
      type: int
      sample: 0
    remedy:
      description: What to do, as C(text) and as C(commands) that can be typed.
      returned: always
      type: dict
      sample: {text: "Mend the action.", commands: [fail2ban-client get sshd action nftables actionban]}
    references:
      description: Where to read more.
      returned: always
      type: list
      elements: str
      sample: ["https://github.com/fail2ban/fail2ban/issues/745"]
    count:
      description: How often it was seen, V(null) where that is no number.
      returned: always
      type: int
      sample: 1
    first:
      description: When it was first seen, V(null) where the log does not tell.
      returned: always
      type: str
      sample: "2026-11-22T06:00:00Z"
    last:
      description: When it was last seen, V(null) where the log does not tell.
      returned: always
      type: str
      sample: "2026-11-22T06:00:00Z"
data:
  description: The facts. Lists are cut to a length, RV(data.cut) says by how much.
  returned: always
  type: dict
  contains:
    tool:
      description: V(fail2ban), V(crowdsec), V(sshguard), V(denyhosts) or V(none).
      returned: always
      type: str
      sample: fail2ban
    installed:
      description: Whether fail2ban is installed.
      returned: always
      type: bool
      sample: true
    version:
      description: What the server says; V(null) where it was not asked.
      returned: always
      type: str
      sample: 1.0.2
    socket:
      description: The C(path), and its C(state); one of V(ok), V(missing), V(stale), V(denied), V(timeout), V(unsafe), V(refused), V(unreadable), V(large).
      returned: always
      type: dict
      sample: {path: /var/run/fail2ban/fail2ban.sock, state: ok}
    service:
      description:
        - Where fail2ban answers, C(active) and C(enabled) (starts at boot; V(null) where nobody can tell).
        - Where it does not, the properties of the unit as systemd shows them.
      returned: when fail2ban is installed and root asks
      type: dict
      sample: {active: true, enabled: true}
    running_since:
      description: When the server started.
      returned: when fail2ban answers
      type: str
      sample: "2026-11-21T04:12:45Z"
    jails:
      description: The running jails, sorted by name.
      returned: always
      type: list
      elements: dict
      contains:
        name:
          description: Name of the jail.
          returned: always
          type: str
          sample: sshd
        running:
          description: Always V(true); see RV(data.missing_jails) for the others.
          returned: always
          type: bool
          sample: true
        enabled_in_config:
          description: Whether the configuration enables it as well; V(null) where it cannot be read.
          returned: always
          type: bool
          sample: true
        backend:
          description: V(files) or V(journal).
          returned: always
          type: str
          sample: files
        files:
          description: The logs it reads, with C(path), C(exists), C(size) and C(mtime).
          returned: always
          type: list
          elements: dict
          sample: [{path: /var/log/auth.log, exists: true, size: 5123, mtime: "2026-11-22T06:00:00Z"}]
        journal_match:
          description: What it reads of the journal; V(null) for files.
          returned: always
          type: str
          sample: _SYSTEMD_UNIT=ssh.service + _COMM=sshd
        failed:
          description: Failures counted since the jail started, C(total), and those within its findtime, C(current).
          returned: always
          type: dict
          sample: {current: 2, total: 8}
        banned:
          description: Bans since the jail started, C(total), and those in force by its own account, C(current).
          returned: always
          type: dict
          sample: {current: 2, total: 2}
        banned_ips:
          description: Who is banned; C(id), C(since), C(until) (V(null) without end) and C(permanent). The times are V(null) before fail2ban 0.11.
          returned: always
          type: list
          elements: dict
          sample: [{id: 192.0.2.10, since: "2026-11-22T06:00:00Z", until: "2026-11-22T07:00:00Z", permanent: false}]
        bantime:
          description: Seconds; negative is without end.
          returned: always
          type: int
          sample: 3600
        findtime:
          description: Seconds.
          returned: always
          type: int
          sample: 600
        maxretry:
          description: Failures that lead to a ban.
          returned: always
          type: int
          sample: 5
        ignoreip:
          description: Who is never banned, as the server shows it.
          returned: always
          type: list
          elements: str
          sample: [127.0.0.0/8, "::1"]
        ignoreip_wide:
          description: Those of them that hold everyone or a large part of the internet.
          returned: always
          type: list
          elements: str
          sample: []
        actions:
          description: What it does with an address.
          returned: always
          type: list
          elements: str
          sample: [nftables]
        ban_errors:
          description: C(count) of bans that failed within the window since the jail started, and the C(last).
          returned: always
          type: dict
          sample: {count: 0, last: null}
        ban_effective:
          description: V(yes), V(no), or V(unknown) where nothing was banned within the window or only one of several actions fails.
          returned: always
          type: str
          sample: "yes"
        last_found:
          description: Last failure within the window.
          returned: always
          type: str
          sample: "2026-11-22T06:00:00Z"
        last_ban:
          description: Last ban within the window.
          returned: always
          type: str
          sample: "2026-11-22T06:00:00Z"
        found:
          description: Failures within the window.
          returned: always
          type: int
          sample: 8
        new_bans:
          description: Bans within the window, without those restored at a start.
          returned: always
          type: int
          sample: 2
        failures_not_counted:
          description: Lines in the log of a jail that has found nothing, which its filter should count. V(null) where that was not or cannot be judged.
          returned: always
          type: int
          sample: 0
    missing_jails:
      description: Jails that the configuration enables and that do not run; V(null) where the configuration cannot be read.
      returned: when fail2ban answers
      type: list
      elements: str
      sample: []
    config_errors:
      description: Errors of the configuration, as the last start left them in the journal, or as C(fail2ban-client -t) says them now.
      returned: when the server is down
      type: list
      elements: str
      sample: []
    window:
      description: The part of the log that was read; C(since), C(until), C(source), C(files) and whether it is C(complete).
      returned: when fail2ban answers
      type: dict
      sample:
        since: "2026-11-21T06:00:00Z"
        until: "2026-11-22T06:00:00Z"
        source: /var/log/fail2ban.log
        files: [{path: /var/log/fail2ban.log, bytes: 8509, bytes_scanned: 8509}]
        complete: true
    log_errors:
      description: Errors in the server's log within the window, their C(count) and C(samples).
      returned: when fail2ban answers
      type: dict
      sample: {count: 0, samples: []}
    top:
      description: The addresses with the most bans within the window, with C(ip), C(jails), C(bans) and C(last).
      returned: when fail2ban answers
      type: list
      elements: dict
      sample: [{ip: 192.0.2.10, jails: [sshd], bans: 3, last: "2026-11-22T06:00:00Z"}]
    repeat:
      description: Addresses that one jail banned O(repeat) times or more, with C(ip) and C(count).
      returned: when fail2ban answers
      type: list
      elements: dict
      sample: [{ip: 192.0.2.10, count: 3}]
    db:
      description: The database's C(path) (V(null) where it is switched off), C(schema), and C(purge_age) in seconds.
      returned: when fail2ban answers
      type: dict
      sample: {path: /var/lib/fail2ban/fail2ban.sqlite3, schema: 4, purge_age: 86400}
    cut:
      description: How many entries were left out of each list.
      returned: always
      type: dict
      sample: {}
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
