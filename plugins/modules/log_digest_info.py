#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: log_digest_info
short_description: Tell what happened on a server since yesterday, from its journal or its log files
version_added: 0.1.0
description:
  - Counts logins, failures, C(sudo) and C(su), changes of accounts and packages, complaints of the kernel, failed units and cron jobs, boots,
    clock jumps, full disks, and what the log itself lost; makes findings only of what deserves action.
  - The journal is read where there is one; for what was before its first entry, and where there is none, the files of syslog with their rotations.
  - A source that cannot be read, has gaps or ended makes the status V(incomplete).
  - Changes nothing.
author:
  - The bottomup.security authors (@bottomup)
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
options:
  since:
    description:
      - Where the window begins. An ISO time such as V(2026-11-21T06:00:00Z), a duration before now such as V(24h) or V(7d), or V(all).
      - The last 24 hours where it is not given.
    type: str
  until:
    description: Where the window ends, in the same forms; now where it is not given.
    type: str
  log_dir:
    description:
      - A folder with log files of syslog to read instead of this server's own, such as a copy of another server's C(/var/log).
      - Nothing is then said about this server itself (disks, failed units, clock).
    type: path
  journal_dir:
    description: A folder with journal files to read instead of this server's own. Nothing is then said about this server itself.
    type: path
  timezone:
    description:
      - The time zone of copied logs whose stamps do not name one, such as V(Europe/Berlin).
      - The zone of this server where it is not given.
    type: str
  logwatch:
    description:
      - Whether to run C(logwatch) over yesterday and attach its sections.
      - Logwatch that prints nothing makes the status V(incomplete), since that cannot be told from nothing read.
    type: bool
    default: false
  top:
    description: How many rows each list has. What was cut is counted in RV(data.cut).
    type: int
    default: 20
  gap_hours:
    description: After so many hours without a line of any log, on a server that was up, the logs have a gap.
    type: float
    default: 6
  time_limit:
    description: Seconds after which reading stops; what was not read makes the status V(incomplete).
    type: float
    default: 45
  previous:
    description:
      - The disks as the last run saw them, for their growth.
      - C(time) in seconds since 1970, C(used_bytes) a dictionary of mount points.
    type: dict
"""

EXAMPLES = r"""
- name: What happened since yesterday
  bottomup.security.log_digest_info:
  become: true
  register: digest

- name: Who logged in
  ansible.builtin.debug:
    msg: "{{ digest.data.logins.accepted }}"

- name: Read the copied logs of another server
  bottomup.security.log_digest_info:
    log_dir: /srv/case-17/var/log
    timezone: Asia/Tokyo
    since: all
"""

RETURN = r"""
status:
  description: V(ok), V(findings), or V(incomplete) where not everything could be seen.
  returned: always
  type: str
  sample: findings
status_reason:
  description: What could not be seen, empty where everything was.
  returned: always
  type: str
  sample: "no line of any log from 2026-11-21T22:15:00Z to 2026-11-22T05:00:00Z"
findings:
  description: What deserves action, worst first; each with rule, severity, title, subject, evidence, remedy and counts.
  returned: always
  type: list
  elements: dict
data:
  description: The digest.
  returned: always
  type: dict
  contains:
    source:
      description: Which sources gave the digest, V(journal), V(files), V(journal and files) or V(none).
      returned: when the options are valid
      type: str
      sample: journal
    window:
      description: C(since) and C(until) as ISO times; V(null) where the window has no beginning.
      returned: when the options are valid
      type: dict
    lines:
      description: How many lines or entries of the window were read.
      returned: when the options are valid
      type: int
      sample: 48211
    logins:
      description: Accepted logins by user, address, method and key; failed ones by address and by user; what the rules of sshd refused.
      returned: when the options are valid
      type: dict
    sudo:
      description: Commands run as another user by C(sudo), C(pkexec) and C(doas), and those refused.
      returned: when the options are valid
      type: dict
    hours:
      description: Lines, accepted and failed logins by hour.
      returned: when the options are valid
      type: list
      elements: dict
    access_files:
      description: Files that grant access (C(authorized_keys), C(sudoers) and others) that were changed in the window.
      returned: when the host's own logs are read
      type: list
      elements: dict
    accounts:
      description: Changes of users, groups, passwords and crontabs.
      returned: when the options are valid
      type: list
      elements: dict
    boots:
      description: Boots of the window, with whether a shutdown came before.
      returned: when the options are valid
      type: list
      elements: dict
    clock_jumps:
      description: Jumps of the clock.
      returned: when the options are valid
      type: list
      elements: dict
    clock_without_source:
      description: How often chrony had no time server that it could follow.
      returned: when the options are valid
      type: list
      elements: dict
    clock_synchronised:
      description: Whether something keeps the clock right; V(null) where it cannot be told.
      returned: when the host's own logs are read
      type: bool
    cron:
      description: Jobs, failures, and tables that cron did not run.
      returned: when the options are valid
      type: dict
    disks:
      description: Size, use and inodes of the local file systems, with the growth where O(previous) was given.
      returned: when the host's own logs are read
      type: list
      elements: dict
    errors:
      description: Messages of priority error and worse, by program.
      returned: when the options are valid
      type: list
      elements: dict
    forged:
      description: Messages that an unprivileged process logged in the name of another program.
      returned: when the options are valid
      type: list
      elements: dict
    gaps:
      description: Stretches without a line on a host that was up.
      returned: when the options are valid
      type: list
      elements: dict
    kernel:
      description: Complaints of the kernel by kind.
      returned: when the options are valid
      type: list
      elements: dict
    lost:
      description: Messages that the logging itself dropped.
      returned: when the options are valid
      type: list
      elements: dict
    packages:
      description: Packages installed, upgraded and removed.
      returned: when the options are valid
      type: dict
    programs:
      description: Lines by program.
      returned: when the options are valid
      type: list
      elements: dict
    sources:
      description: What was read, each file with its lines, bytes, first and last time.
      returned: when the options are valid
      type: list
      elements: dict
    su:
      description: Changes of user by C(su).
      returned: when the options are valid
      type: dict
    units:
      description: Failures and restarts of units, and those that have failed now.
      returned: when the options are valid
      type: dict
    unmatched:
      description: Messages of known programs that no pattern knows, counted with samples.
      returned: when the options are valid
      type: dict
    unparsed:
      description: Lines without a time or a program, counted with samples.
      returned: when the options are valid
      type: dict
    logwatch:
      description: Sections of logwatch's own answer.
      returned: when O(logwatch) is set
      type: list
      elements: dict
    cut:
      description: Which lists were cut, by how many rows, and how many events no row was kept for.
      returned: when the options are valid
      type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine


def main():
    module = AnsibleModule(
        argument_spec={
            "since": {"type": "str"},
            "until": {"type": "str"},
            "log_dir": {"type": "path"},
            "journal_dir": {"type": "path"},
            "timezone": {"type": "str"},
            "logwatch": {"type": "bool", "default": False},
            "top": {"type": "int", "default": 20},
            "gap_hours": {"type": "float", "default": 6},
            "time_limit": {"type": "float", "default": 45},
            "previous": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    try:
        found = run(module.params, Machine())
    except ValueError as error:
        module.fail_json(msg="%s" % error)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
