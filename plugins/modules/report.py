#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: report
short_description: Write the report of a daily check
version_added: 0.1.0
description:
  - Reads the documents that the daily check left in the directory of a run and writes the report beside them.
  - Every expected host is in the report with its state, also one of which there is no document.
  - This is an action of the controller. It connects to no host, it is meant to be used once per run with C(run_once).
author:
  - The bottomup.security authors (@bottomup-security)
extends_documentation_fragment:
  - bottomup.security.run
  - bottomup.security.report
options:
  expected_hosts:
    description:
      - All hosts that the run was to check, mostly C(ansible_play_hosts_all).
    type: list
    elements: str
    required: true
  expected_checks:
    description:
      - The checks that each host was to run; V(all) for all that there are.
    type: list
    elements: str
    default: [all]
  title:
    description:
      - Title of the report. Empty means C(Daily security check).
    type: str
    default: ""
  merge:
    description:
      - Make the report of O(runs) instead of the run of this ansible-playbook. C(latest) is left as it is, no old run is removed.
    type: bool
    default: false
  runs:
    description:
      - With O(merge), directories of runs, or names of runs in O(state_dir). Empty means the newest run.
      - Of a host in several of them the latest document counts; the order does not matter, and twice is once.
    type: list
    elements: str
    default: []
  now:
    description:
      - The time that the report is made at, such as V(2026-11-22T06:00:00Z). Empty means now.
    type: str
    default: ""
  rebuild:
    description:
      - Make the history anew of all runs in O(state_dir) and of O(runs), before the report is made.
    type: bool
    default: false
  accept:
    description:
      - Fingerprint or group of a finding. Its entry for O(accepted) is shown, to be pasted; nothing is written.
    type: str
    default: ""
  enforce:
    description:
      - Fail with the verdict when RV(exit.code) is not 0. The report is written all the same.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and does the same, but tells nobody.
    support: full
  diff_mode:
    description: Returns what has changed on a host.
    support: none
"""

EXAMPLES = r"""
- name: Write the report of the run
  bottomup.security.report:
    state_dir: ~/.local/state/bottomup-security
    run_id: "{{ run_id }}"
    expected_hosts: "{{ ansible_play_hosts_all }}"
    expected_checks: [restart, fail2ban]
    fail_on: high
    max_unreachable: 5%
  run_once: true
  register: report

- name: Fail where the report says so
  ansible.builtin.assert:
    that: report.exit.code == 0
    fail_msg: "{{ report.verdict }}"
  run_once: true
"""

RETURN = r"""
verdict:
  description: The run in one sentence.
  returned: success
  type: str
  sample: 2 critical, 5 high on 3 of 12 hosts; 1 host not checked; 2 checks incomplete
exit:
  description: How the run ended.
  returned: success
  type: dict
  contains:
    code:
      description:
        - V(0) every host was checked and nothing reached O(fail_on), V(10) findings, V(11) hosts that were not reached,
          V(12) checks that could not run. The first that holds.
      returned: success
      type: int
      sample: 10
    reason:
      description: All reasons in words.
      returned: success
      type: str
      sample: 2 critical, 5 high reach fail_on=high; 1 host not reached, 0 allowed
failed_hosts:
  description: The hosts that were not checked.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: Name in the inventory.
      returned: success
      type: str
      sample: db2
    status:
      description: One of V(unreachable), V(error), V(not_run).
      returned: success
      type: str
      sample: unreachable
    reason:
      description: Why it was not checked.
      returned: success
      type: str
      sample: "ssh: connect to host db2 port 22: Connection timed out"
marked_hosts:
  description:
    - The expected hosts that fail the run. Those that were not reached are among them only where they are more than O(max_unreachable).
  returned: success
  type: list
  elements: str
  sample: [db2, mail1]
counts:
  description: Numbers of hosts by state, checks by status, findings and groups of findings by severity.
  returned: success
  type: dict
  sample:
    hosts: {expected: 12, shown: 12, checked: 10, partial: 1, unreachable: 1, error: 0, not_run: 0}
    checks: {ok: 13, findings: 6, not_applicable: 1, skipped: 0, incomplete: 1, error: 1, timeout: 0}
    findings: {critical: 2, high: 5, medium: 0, low: 0, info: 0}
    groups: {critical: 1, high: 3, medium: 0, low: 0, info: 0}
    coverage: 2
history:
  description: What is new since the run before.
  returned: success
  type: dict
  sample:
    "on": true
    off_reason: ""
    sentence: "Since 2026-11-21 06:00 UTC: 2 new, 1 resolved"
    baseline: "2026-11-21T06:00:04Z"
    new: 2
    reopened: 0
    open: 5
    resolved: 1
    stale: 0
    first_looks: 0
announcements:
  description: What was matched against the announcements of vulnerabilities, and how old each feed is.
  returned: success
  type: dict
  sample:
    "on": true
    off_reason: ""
    feeds: [{name: osv/AlmaLinux, records: 5680, newest: "2026-11-21", had: "2026-11-22T05:00:00Z", age_hours: 1.0, stale: false, problem: ""}]
    hosts: {judged: 12, affected: 3, unknown: 1}
    packages: {judged: 9611, unknown: 4}
    unknown: [{reason: "built by PGDG, not by the distribution", packages: 4}]
    announcements: {found: 5, exploited: 1}
    pages: []
    lacking: []
paths:
  description: The files of the report.
  returned: success
  type: dict
  sample:
    html: /home/ops/.local/state/bottomup-security/runs/20261122T060000Z-3fa1c2/report.html
    json: /home/ops/.local/state/bottomup-security/runs/20261122T060000Z-3fa1c2/report.json
    text: /home/ops/.local/state/bottomup-security/runs/20261122T060000Z-3fa1c2/report.txt
    summary: /home/ops/.local/state/bottomup-security/runs/20261122T060000Z-3fa1c2/summary.json
told:
  description: What became of the entries of O(tell).
  returned: success
  type: list
  elements: dict
  contains:
    entry:
      description: Number of the entry.
      returned: success
      type: int
      sample: 1
    channel:
      description: Where it leads, without anything that is secret.
      returned: success
      type: str
      sample: mail ops@example.com
    when:
      description: When it is used.
      returned: success
      type: str
      sample: always
    status:
      description: V(sent), V(failed), V(not_due), V(already) where the same run was told there before, or V(check_mode).
      returned: success
      type: str
      sample: failed
    reason:
      description: Why nothing was sent.
      returned: success
      type: str
      sample: connection refused
    at:
      description: When it was sent.
      returned: success
      type: str
      sample: "2026-11-22T06:00:12Z"
    mark:
      description: Sign of what was told, by which the same run is known again.
      returned: success
      type: str
      sample: 4b1f6a0c9d2e7f35
text:
  description: The content of report.txt, at most 80 columns wide and capped for big fleets.
  returned: success
  type: str
  sample: "Daily security check: Nothing to do: 12 of 12 hosts checked, all 2 checks each"
"""
