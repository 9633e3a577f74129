#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: denials_info
short_description: Tell what SELinux, AppArmor and seccomp denied on a server, and whether it was really blocked
version_added: 0.1.0
description:
  - Reads the denials of a window from auditd's log and its rotations, else the journal, else the kernel's log, groups them,
    says of each group whether anything was really blocked, and what to do about it. A label is looked at before a port, a port before a boolean,
    and no rule is ever proposed for what only an intruder wants.
  - Says whether SELinux enforces, as it is configured to, and who switched it off; whether AppArmor's profiles are loaded and enforced.
  - What could not be seen (rotated away, dropped by the kernel, not readable) makes RV(status) V(incomplete), never V(ok).
  - On a host without SELinux and AppArmor RV(status) is V(not_applicable).
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
options:
  audit_logs:
    description:
      - Globs of files to read instead of the host's own logs, such as copies for an investigation. Packed ones (C(.gz), C(.bz2), C(.xz)) are unpacked.
      - Not set, the log is found by itself.
    type: list
    elements: str
  journal_dir:
    description: Directory of a copied journal to read instead of the host's own logs.
    type: str
  since:
    description:
      - Begin of the window. An ISO time, a duration before now such as V(24h) or V(7d), or V(all).
      - A time without a zone is in the server's own.
    type: str
    default: 24h
  until:
    description: End of the window, in the same forms; V(all) and not set mean no end.
    type: str
requirements:
  - Python >= 3.6 on the server
  - root, or a reader of C(/var/log/audit); without it RV(status) is V(incomplete)
author:
  - The bottomup.security authors (@bottomup-security)
"""

EXAMPLES = r"""
- name: See what was denied since yesterday
  bottomup.security.denials_info:
  become: true
  register: denials

- name: Stop when something was really blocked
  ansible.builtin.assert:
    that: denials.data.totals.blocked == 0

- name: Look into the logs of another machine
  bottomup.security.denials_info:
    audit_logs: /tmp/case-17/audit/audit.log*
    since: all
  delegate_to: localhost
"""

RETURN = r"""
status:
  description: V(ok), V(findings), V(not_applicable), or V(incomplete) where not everything could be seen.
  returned: always
  type: str
  sample: findings
status_reason:
  description: What could not be seen, or why there is nothing to look at.
  returned: always
  type: str
  sample: ""
findings:
  description:
    - One for each group of denials, and what is wrong with the mode; worst first.
    - "Rules: C(denials.selinux), C(denials.selinux_user), C(denials.selinux_error), C(denials.apparmor), C(denials.seccomp),
      each of them with C(_allowed) where nothing was blocked; C(denials.mode_permissive), C(denials.mode_disabled), C(denials.mode_config),
      C(denials.boot_override), C(denials.permissive_domain), C(denials.enforcing_off), C(denials.apparmor_complain), C(denials.apparmor_unconfined)."
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: The check, V(denials).
      type: str
      sample: denials
    rule:
      description: What it is about.
      type: str
      sample: denials.selinux
    severity:
      description: One of V(critical), V(high), V(medium), V(low), V(info).
      type: str
      sample: medium
    title:
      description: The finding in one line.
      type: str
      sample: httpd was denied name_bind on unreserved_port_t port 8088
    subject:
      description: What stays the same from day to day.
      type: str
      sample: "selinux nginx httpd_t -> unreserved_port_t:tcp_socket { name_bind }  port 8088"
    evidence:
      description: Where it was seen.
      type: list
      elements: dict
      sample: [{"source": "blocked", "text": "blocked"}]
    evidence_cut:
      description: Number of pieces of evidence left out.
      type: int
      sample: 0
    remedy:
      description: What to do, in words and as commands.
      type: dict
      sample: {"text": "httpd_t may not listen on port 8088.", "commands": ["semanage port -a -t http_port_t -p tcp 8088"]}
    references:
      description: Where to read on.
      type: list
      elements: str
      sample: []
    count:
      description: Number of denials.
      type: int
      sample: 3
    first:
      description: When the first was.
      type: str
      sample: "2026-11-22T05:00:00Z"
    last:
      description: When the last was.
      type: str
      sample: "2026-11-22T06:00:00Z"
data:
  description: What was looked at and what was found.
  returned: always
  type: dict
  contains:
    mode:
      description: SELinux as it runs (RV(data.mode.runtime)) and as it is configured (RV(data.mode.config)).
      type: dict
      contains:
        enabled:
          description: Whether the kernel runs with SELinux.
          type: bool
          sample: true
        runtime:
          description: V(enforcing), V(permissive) or V(disabled).
          type: str
          sample: enforcing
        config:
          description: What C(/etc/selinux/config) says; null where there is none.
          type: str
          sample: enforcing
        boot_override:
          description: The parameter of the kernel command line that decides, or null.
          type: str
          sample: enforcing=0
        policy:
          description: Name of the policy.
          type: str
          sample: targeted
        deny_unknown:
          description: Whether what the policy does not know is denied.
          type: bool
          sample: false
        mismatch:
          description: Whether the runtime mode is not the configured one.
          type: bool
          sample: false
        permissive_domains:
          description: Domains that an administrator made permissive; null where that cannot be read.
          type: list
          elements: str
          sample: []
        permissive_domains_known:
          description: Whether the permissive domains could be read.
          type: bool
          sample: true
    apparmor:
      description: Whether AppArmor is built in and enabled, loaded profiles by mode, those that only complain, and services that run without theirs.
      type: dict
      contains:
        built_in:
          description: Whether the kernel has AppArmor.
          type: bool
          sample: true
        enabled:
          description: Whether it is enabled.
          type: bool
          sample: true
        profiles:
          description: Number of loaded profiles by mode.
          type: dict
          sample: {"enforce": 24, "complain": 2}
        complain:
          description: Profiles that only complain.
          type: list
          elements: str
          sample: []
        unconfined_services:
          description: Listening programs that run unconfined although a profile lies there for them.
          type: list
          elements: dict
          sample: []
    window:
      description: What was read.
      type: dict
      contains:
        since:
          description: Begin of the window, or null.
          type: str
          sample: "2026-11-21T06:00:00Z"
        until:
          description: End of the window, or null.
          type: str
          sample: null
        source:
          description: "V(files), V(audit.log), V(journal), V(kern.log) and so on; several are joined by C( + )."
          type: str
          sample: audit.log
        files:
          description: Each file with its size and the bytes of it that were read.
          type: list
          elements: dict
          sample: [{"path": "/var/log/audit/audit.log", "bytes": 6291456, "bytes_scanned": 3211264}]
        first:
          description: Time of the first record found.
          type: str
          sample: "2026-11-21T06:10:00Z"
        last:
          description: Time of the last record found.
          type: str
          sample: "2026-11-22T05:50:00Z"
        complete:
          description: Whether everything in the window was seen.
          type: bool
          sample: true
        gaps:
          description: What is missing, in words.
          type: list
          elements: str
          sample: []
    totals:
      description:
        - Exact counts over the window, whatever is left out elsewhere.
        - C(records) are the records of the kinds that are judged, C(denied) and C(granted) SELinux' decisions
          (those of userspace managers, C(user_avc), among them); each denial of any kind is one of C(blocked),
          C(allowed_permissive), C(allowed) (the call succeeded) and C(unknown).
      type: dict
      sample: {"records": 3, "events": 3, "denied": 3, "granted": 0, "blocked": 3, "allowed_permissive": 0, "allowed": 0, "unknown": 0, "user_avc": 0,
               "selinux_err": 0, "apparmor_denied": 0, "apparmor_allowed": 0, "seccomp": 0, "malformed": 0, "copies": 0, "ungrouped": 0}
    hours:
      description: C(denials) of any kind in each C(hour) that has any, at most the last 168 of them.
      type: list
      elements: dict
      sample: [{"hour": "2026-11-22T05:00:00Z", "denials": 3}]
    groups:
      description: Denials that are one to an administrator, worst first.
      type: list
      elements: dict
      contains:
        id:
          description: The same on every host and every day.
          type: str
          sample: 8c1f6f3a5f0e
        kind:
          description: V(selinux), V(user_avc), V(selinux_err), V(apparmor) or V(seccomp).
          type: str
          sample: selinux
        decision:
          description: V(denied), V(allowed) (AppArmor complain mode) or V(logged) (seccomp).
          type: str
          sample: denied
        source_type:
          description: Domain, profile, or program.
          type: str
          sample: httpd_t
        target_type:
          description: Type, peer, capability or system call.
          type: str
          sample: unreserved_port_t
        tclass:
          description: Class, or AppArmor's operation.
          type: str
          sample: tcp_socket
        perms:
          description: Permissions asked for.
          type: list
          elements: str
          sample: [name_bind]
        comm:
          description: Name of the process.
          type: str
          sample: nginx
        exe:
          description: Its program, where the log says.
          type: str
          sample: /usr/sbin/nginx
        paths:
          description: Up to five files.
          type: list
          elements: str
          sample: []
        path_pattern:
          description: The file without what differs from run to run.
          type: str
          sample: ""
        port:
          description: Port of name_bind and name_connect.
          type: int
          sample: 8088
        count:
          description: Number of records.
          type: int
          sample: 3
        verdicts:
          description: Of them blocked, allowed_permissive, allowed and unknown.
          type: dict
          sample: {"blocked": 3, "allowed_permissive": 0, "allowed": 0, "unknown": 0}
        hosts:
          description: Nodes that the records name.
          type: list
          elements: str
          sample: []
        first:
          description: When the first was.
          type: str
          sample: "2026-11-22T05:00:00Z"
        last:
          description: When the last was.
          type: str
          sample: "2026-11-22T06:00:00Z"
        blocked:
          description: V(blocked), V(unknown), V(allowed or not needed), V(allowed (permissive)); of its records the worst.
          type: str
          sample: blocked
        call_succeeded:
          description: Whether the system call succeeded all the same; null where the log does not say.
          type: bool
          sample: false
        syscall:
          description: Number of the system call of the first record that has one.
          type: str
          sample: "49"
        exit:
          description: What it returned.
          type: str
          sample: "-13"
        severity:
          description: As in the finding.
          type: str
          sample: medium
        sample:
          description: One record.
          type: str
          sample: "type=AVC msg=audit(1700000011.000:116): avc:  denied  { name_bind } for  pid=500 comm=\"nginx\" src=8088"
        cause:
          description: >-
            V(port), V(label), V(boolean), V(file_contexts), V(leak), V(mls), V(unknown_type), V(dontaudit_candidate) or V(policy).
          type: str
          sample: port
        confidence:
          description: V(high), V(medium) or V(low).
          type: str
          sample: high
        suggestion:
          description: Words, commands, and whether these would resolve it.
          type: dict
          sample: {"text": "httpd_t may not listen on port 8088.", "commands": ["semanage port -a -t http_port_t -p tcp 8088"], "fixable": true}
    events:
      description: Policy loads, booleans set, enforcing switched, each with its time and login uid.
      type: list
      elements: dict
      sample: [{"ts": "2026-11-22T05:00:00Z", "type": "MAC_STATUS", "auid": "1000", "enforcing": 0, "detail": "enforcing=0 old_enforcing=1"}]
    notes:
      description: What no log can show.
      type: list
      elements: str
      sample: []
    cut:
      description: Number of groups, events and denials that are counted but not shown.
      type: dict
      sample: {"groups": 0, "events": 0, "ungrouped": 0}
    severity:
      description: The worst of the findings; without one V(ok), or V(unknown) where not everything could be seen.
      type: str
      sample: medium
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bottomup.security.plugins.module_utils.checks.denials import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine


def main():
    """Run the check and hand its result over."""
    module = AnsibleModule(
        argument_spec={
            "audit_logs": {"type": "list", "elements": "str"},
            "journal_dir": {"type": "str"},
            "since": {"type": "str", "default": "24h"},
            "until": {"type": "str"},
        },
        mutually_exclusive=[["audit_logs", "journal_dir"]],
        supports_check_mode=True,
    )
    try:
        found = run(module.params, Machine())
    except ValueError as error:
        module.fail_json(msg="%s" % error)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
