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
  description:
    - V(ok) where nothing is due, V(findings) where something is, V(incomplete) where not every process could be seen.
    - With V(incomplete) there can be findings, too.
  returned: always
  type: str
  sample: findings
status_reason:
  description: Why the status is V(incomplete), else empty.
  returned: always
  type: str
  sample: "3 of 120 processes could not be read: run it as root"
findings:
  description: One for each thing to do, the worst first.
  returned: always
  type: list
  elements: dict
  sample:
    - check: restart
      count: 1
      evidence:
        - source: process 712 sshd of root since 2026-11-01T06:00:12Z, listens on tcp 0.0.0.0:22
          text: /usr/lib/x86_64-linux-gnu/libcrypto.so.3 replaced (libssl3 3.0.22-1~deb12u2)
      evidence_cut: 0
      first: null
      last: null
      references: []
      remedy:
        commands:
          - sshd -t && systemctl restart ssh.service
        text: Runs files that are no longer the installed ones.
      rule: restart.service
      severity: high
      subject: service ssh.service
      title: "ssh.service runs replaced files: libcrypto.so.3"
  contains:
    check:
      description: Always V(restart).
      returned: always
      type: str
    rule:
      description: >-
        V(restart.service), V(restart.user_service), V(restart.session), V(restart.container), V(restart.process), V(restart.leftover),
        V(restart.kernel) or V(restart.reboot).
      returned: always
      type: str
    severity:
      description: V(critical), V(high), V(medium), V(low) or V(info).
      returned: always
      type: str
    title:
      description: What is the matter, in one line.
      returned: always
      type: str
    subject:
      description: What it is about; the same at every run.
      returned: always
      type: str
    evidence:
      description: What was seen, and where.
      returned: always
      type: list
      elements: dict
      contains:
        source:
          description: The process, or the source of the reason for a reboot.
          returned: always
          type: str
        text:
          description: What was seen there.
          returned: always
          type: str
    evidence_cut:
      description: How many pieces of evidence more there were.
      returned: always
      type: int
    remedy:
      description: What to do.
      returned: always
      type: dict
      contains:
        text:
          description: In words.
          returned: always
          type: str
        commands:
          description: To be typed as they stand.
          returned: always
          type: list
          elements: str
    references:
      description: Where to read more.
      returned: always
      type: list
      elements: str
    count:
      description: How many processes are concerned.
      returned: always
      type: int
    first:
      description: Not used by this check.
      returned: always
      type: str
    last:
      description: Not used by this check.
      returned: always
      type: str
data:
  description: What the findings were made of.
  returned: always
  type: dict
  contains:
    processes:
      description: Every process with a file that is not what is installed, by process id. At most 500.
      returned: always
      type: list
      elements: dict
      sample:
        - comm: sshd
          container: null
          exe: /usr/sbin/sshd
          files:
            - installed: "2026-11-20T06:12:00Z"
              package: libssl3
              path: /usr/lib/x86_64-linux-gnu/libcrypto.so.3
              reason: replaced
              version: 3.0.22-1~deb12u2
          files_cut: 0
          listens:
            - tcp 0.0.0.0:22
          main_pid: 712
          pid: 712
          session: null
          stale: true
          started: "2026-11-01T06:00:12Z"
          unit: ssh.service
          user: root
          user_unit: null
      contains:
        pid:
          description: The process id.
          returned: always
          type: int
        comm:
          description: The name of the process, which it may have chosen itself.
          returned: always
          type: str
        exe:
          description: The path of its executable.
          returned: always
          type: str
        user:
          description: The name, or number, of its effective user.
          returned: always
          type: str
        started:
          description: When it began.
          returned: always
          type: str
        unit:
          description: The unit of the system that it belongs to, or V(null).
          returned: always
          type: str
        user_unit:
          description: The unit of a user's manager that it belongs to, or V(null).
          returned: always
          type: str
        session:
          description: The login that it belongs to, or V(null).
          returned: always
          type: dict
          contains:
            id:
              description: The number of the session, or the unit of the user's manager.
              returned: always
              type: str
            user:
              description: Whose login.
              returned: always
              type: str
            tty:
              description: On which terminal.
              returned: always
              type: str
        container:
          description: The container that it runs in, or V(null).
          returned: always
          type: dict
          contains:
            engine:
              description: V(docker), V(podman), V(kubernetes), V(lxc), V(machine), or empty for one that is not known.
              returned: always
              type: str
            name:
              description: The name or id of the container.
              returned: always
              type: str
            unit:
              description: The unit of the system around it, or empty.
              returned: always
              type: str
        main_pid:
          description: The main process of the unit, or V(null).
          returned: always
          type: int
        listens:
          description: On what it listens.
          returned: always
          type: list
          elements: str
        stale:
          description: Whether it runs something that is not installed any more. An identical file that was installed again does not count.
          returned: always
          type: bool
        files:
          description: The files concerned. At most 50.
          returned: always
          type: list
          elements: dict
          contains:
            path:
              description: Where the file was installed.
              returned: always
              type: str
            reason:
              description: >-
                V(replaced), V(removed), V(overwritten), V(shadowed), V(script), V(module) or V(jar) make a process stale; V(identical) and V(gone)
                do not.
              returned: always
              type: str
            package:
              description: The package that owns the file now, or V(null).
              returned: always
              type: str
            version:
              description: The installed version of this package, or V(null).
              returned: always
              type: str
            installed:
              description: When this version was installed, or V(null).
              returned: always
              type: str
        files_cut:
          description: How many files more there were.
          returned: always
          type: int
    services:
      description: What to do, in an order that is safe. At most 500.
      returned: always
      type: list
      elements: dict
      sample:
        - action: restart
          commands:
            - sshd -t && systemctl restart ssh.service
          kind: service
          name: ssh.service
          pids: [712]
          reason: runs files that are no longer the installed ones
      contains:
        kind:
          description: V(service), V(user_service), V(session), V(container) or V(process).
          returned: always
          type: str
        name:
          description: The unit, user, container or executable.
          returned: always
          type: str
        action:
          description: V(restart), V(daemon-reexec), V(logout), V(recreate container), V(reboot) or V(none).
          returned: always
          type: str
        commands:
          description: To be typed as they stand.
          returned: always
          type: list
          elements: str
        reason:
          description: Why this action and no other.
          returned: always
          type: str
        pids:
          description: The processes concerned. At most 100.
          returned: always
          type: list
          elements: int
    reboot:
      description: Whether the whole machine must be booted again.
      returned: always
      type: dict
      sample:
        kernel:
          live_patches: []
          newest: 6.1.0-26-amd64
          running: 6.1.0-25-amd64
        level: reboot
        reasons:
          - source: kernel
            text: running 6.1.0-25-amd64, installed 6.1.0-26-amd64
        required: true
      contains:
        required:
          description: Whether there is a reason.
          returned: always
          type: bool
        level:
          description: V(none), V(soft-reboot) (the user space is enough), V(kexec) or V(reboot).
          returned: always
          type: str
        reasons:
          description: Every reason with its source.
          returned: always
          type: list
          elements: dict
          contains:
            source:
              description: V(kernel), V(microcode), V(libc), V(ostree), V(transactional-update), a unit, or a file that asks for a reboot.
              returned: always
              type: str
            text:
              description: The reason.
              returned: always
              type: str
        kernel:
          description: What is known of the kernels, V(null) in a container.
          returned: always
          type: dict
          contains:
            running:
              description: The release of the running kernel.
              returned: always
              type: str
            newest:
              description: The newest installed release of the same kind, V(null) where no kernel is installed.
              returned: always
              type: str
            live_patches:
              description: The names of the live patches in force.
              returned: always
              type: list
              elements: str
    unsure:
      description: Rules and subjects of findings that this look could not rule out, V(null) where that may be any. What is neither, and is not found, is gone.
      returned: always
      type: list
      elements: str
      sample: []
    coverage:
      description: What was looked at.
      returned: always
      type: dict
      sample:
        network_files: 0
        packages: asked
        seen: 120
        skipped: 84
        units: asked
        unknown_executables: 0
        unknown_files: 0
        unreadable: 0
        vanished: 1
      contains:
        seen:
          description: Processes that were looked at.
          returned: always
          type: int
        unreadable:
          description: Processes that must not be read.
          returned: always
          type: int
        skipped:
          description: Threads of the kernel, zombies, and the processes of this run itself.
          returned: always
          type: int
        vanished:
          description: Processes that ended meanwhile.
          returned: always
          type: int
        network_files:
          description: Program files on network file systems that were not asked.
          returned: always
          type: int
        unknown_files:
          description: Program files that the kernel did not let us compare.
          returned: always
          type: int
        unknown_executables:
          description: Processes whose executable has no file and never had one.
          returned: always
          type: int
        packages:
          description: V(asked), V(not needed), or why the packages are not known.
          returned: always
          type: str
        units:
          description: V(asked), V(not needed), or why the units are not known.
          returned: always
          type: str
    cut:
      description: How many rows more there were than are shown.
      returned: always
      type: dict
      contains:
        processes:
          description: Of RV(data.processes).
          returned: always
          type: int
        services:
          description: Of RV(data.services).
          returned: always
          type: int
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
