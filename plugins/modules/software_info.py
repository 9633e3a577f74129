#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: software_info
short_description: Tell what software is installed, and whether it is kept up to date by itself
version_added: 0.1.0
description:
  - Lists the packages of dpkg or rpm with their sources and module streams, what the lock files of deployed applications name, globally
    installed gems, and programs that were compiled by hand.
  - Says whether automatic updates are set up, install what they find, and succeed, and which security updates wait.
  - Nothing is fetched from a network, nothing that is found is executed, and nothing is changed.
author:
  - The bottomup.security authors (@bottomup)
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
options:
  applications:
    description:
      - Folders of deployed applications, as absolute patterns. Their lock files are looked for there and one folder below.
    type: list
    elements: str
    default: ["/home/*/apps/*/current/"]
  automatic_updates:
    description: Whether automatic updates that are missing, fail or are silent are findings. Turn it off where servers are updated in another way.
    type: bool
    default: true
  silent_days:
    description: After how many days without success automatic updates are a finding.
    type: int
    default: 3
  pending:
    description: Whether to ask the package manager which security updates wait, from its lists on disk.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: What is installed, and is it kept up to date
  bottomup.security.software_info:
    applications:
      - /home/*/apps/*/current/
      - /srv/www/*/
  become: true
  register: software

- name: Show which security updates wait
  ansible.builtin.debug:
    msg: "{{ software.data.pending.security | map(attribute='name') | unique }}"
"""

RETURN = r"""
status:
  description: V(ok), V(findings), or V(incomplete) where not everything could be seen.
  returned: always
  type: str
  sample: findings
status_reason:
  description: What could not be seen.
  returned: always
  type: str
  sample: ""
findings:
  description:
    - What is to be done, worst first.
    - "Rules: C(software.security_updates), C(software.updates_not_set_up), C(software.updates_not_applied), C(software.updates_failing),
      C(software.updates_silent), C(software.held), C(software.excluded), C(software.packages_broken)."
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: The check, V(software).
      type: str
      sample: software
    rule:
      description: What it is about.
      type: str
      sample: software.updates_not_set_up
    severity:
      description: One of V(critical), V(high), V(medium), V(low), V(info).
      type: str
      sample: medium
    title:
      description: The finding in one line.
      type: str
      sample: "automatic updates are not set up: apt-daily-upgrade.timer is disabled"
    subject:
      description: What stays the same from day to day.
      type: str
      sample: automatic updates
    evidence:
      description: Where it was seen.
      type: list
      elements: dict
      sample: [{"source": "apt-daily-upgrade.timer", "text": "disabled"}]
    evidence_cut:
      description: Number of pieces of evidence left out.
      type: int
      sample: 0
    remedy:
      description: What to do, in words and as commands.
      type: dict
      sample: {"text": "Security updates wait here until somebody installs them.", "commands": ["systemctl enable --now apt-daily-upgrade.timer"]}
    references:
      description: Not used by this check.
      type: list
      elements: str
      sample: []
    count:
      description: How many packages are concerned, or V(null).
      type: int
      sample: 3
    first:
      description: Not used by this check.
      type: str
      sample: null
    last:
      description: When the automatic updates last ran, or V(null).
      type: str
      sample: "2026-11-22T06:12:01Z"
data:
  description: What is installed.
  returned: always
  type: dict
  contains:
    packages:
      description: The packages.
      returned: always
      type: dict
      contains:
        manager:
          description: V(dpkg), V(rpm), or empty where neither keeps the packages.
          returned: always
          type: str
          sample: dpkg
        rows:
          description:
            - "Of dpkg: name, version, architecture, source package, its version, state as in C(dpkg -l)."
            - "Of rpm: name, epoch, version, release, architecture, source package, label of the module stream or V((none)), vendor."
          returned: always
          type: list
          elements: list
          sample: [["libssl3", "3.0.17-1~deb12u3", "amd64", "openssl", "3.0.17-1~deb12u3", "ii"]]
    modules_enabled:
      description: Enabled module streams.
      returned: always
      type: list
      elements: str
      sample: ["ruby:3.3"]
    repositories:
      description: Enabled repositories, by C(id), with C(name) (of apt the components) and C(url).
      returned: always
      type: list
      elements: dict
      sample: [{"id": "deb.debian.org/debian bookworm", "name": "main", "url": "http://deb.debian.org/debian"}]
    applications:
      description: Lock files of deployed applications.
      returned: always
      type: list
      elements: dict
      contains:
        path:
          description: The folder of the lock file, without links.
          returned: always
          type: str
          sample: /home/shop/apps/shop/releases/20261101
        kind:
          description: V(gems), V(npm) or V(pypi).
          returned: always
          type: str
          sample: gems
        file:
          description: The name of the lock file.
          returned: always
          type: str
          sample: Gemfile.lock
        packages:
          description: Name, version, where it is from (V(registry), V(git), V(path) or V(url)), and V(development) for what only development needs.
          returned: always
          type: list
          elements: list
          sample: [["rails", "7.1.3.2", "registry"]]
        same:
          description: Other folders with the same lock file.
          returned: always
          type: list
          elements: str
          sample: []
        problem:
          description: What is wrong with the file, empty where nothing is.
          returned: always
          type: str
          sample: ""
    components:
      description: Programs that no package owns, with C(name), C(version) (empty where it cannot be told), C(path) and C(how) it was told.
      returned: always
      type: list
      elements: dict
      sample: [{"name": "nginx", "version": "1.26.2", "path": "/opt/nginx/sbin/nginx", "how": "read from the binary"}]
    gems:
      description: Name and version of gems installed for all, but not by a package.
      returned: always
      type: list
      elements: list
      sample: [["bundler", "2.5.6"]]
    kernel_running:
      description: The release of the kernel that runs.
      returned: always
      type: str
      sample: 6.1.0-25-amd64
    held:
      description: Packages that are held or locked.
      returned: always
      type: list
      elements: str
      sample: []
    updates:
      description: The automatic updates. Empty where there is no package manager.
      returned: always
      type: dict
      contains:
        tool:
          description: What does them, empty where nothing is installed.
          returned: when dpkg or rpm is there
          type: str
          sample: unattended-upgrades
        installed:
          description: Whether it is installed.
          returned: when dpkg or rpm is there
          type: bool
          sample: true
        enabled:
          description: Whether it is started by itself.
          returned: when dpkg or rpm is there
          type: bool
          sample: true
        applies:
          description: Whether it installs updates, and does not only tell of them.
          returned: when dpkg or rpm is there
          type: bool
          sample: true
        scope:
          description: V(security), V(all), or empty.
          returned: when dpkg or rpm is there
          type: str
          sample: security
        last_run:
          description: When it last ran, or V(null).
          returned: when dpkg or rpm is there
          type: str
          sample: "2026-11-22T06:12:01Z"
        last_success:
          description: When it last succeeded, or V(null) where that is not known.
          returned: when dpkg or rpm is there
          type: str
          sample: "2026-11-22T06:12:01Z"
        last_error:
          description: C(time) and C(text) of the error of the last run, or V(null).
          returned: when dpkg or rpm is there
          type: dict
          sample: null
        excluded:
          description: Packages that the settings leave out, as written there.
          returned: when dpkg or rpm is there
          type: list
          elements: str
          sample: []
        problem:
          description: Why it is not enabled, empty where it is.
          returned: when dpkg or rpm is there
          type: str
          sample: ""
        judged:
          description: Whether findings were made of it. Not in containers that are made from an image.
          returned: when dpkg or rpm is there
          type: bool
          sample: true
    upgrades:
      description:
        - What was updated since the boot, oldest first, at most 500. Package, the version that went, and when in seconds since 1970.
        - Empty where the package manager keeps no log that names the old version.
      returned: always
      type: list
      elements: list
      sample:
        - [libssl3, 3.0.14-1~deb12u2, 1794989101]
    pending:
      description: Security updates that wait. Empty where they were not asked for.
      returned: always
      type: dict
      contains:
        source:
          description: The command that was asked, C(lists of apt) where those of the security archives have nothing newer, empty where there is none.
          returned: when asked for
          type: str
          sample: apt-cache policy
        lists_from:
          description: When its lists were last had from the network, or V(null).
          returned: when asked for
          type: str
          sample: "2026-11-22T05:58:12Z"
        complete:
          description: Whether the answer is whole and the lists are young enough to be believed.
          returned: when asked for
          type: bool
          sample: true
        security:
          description: The updates. Fields that the package manager does not tell are empty.
          returned: when asked for
          type: list
          elements: dict
          sample:
            - advisory: ""
              candidate: 3.0.17-1~deb12u3
              from: Debian-Security:12/stable-security
              installed: 3.0.16-1~deb12u1
              name: libssl3
              severity: ""
    cut:
      description: How many rows of each list were left out.
      returned: always
      type: dict
      sample: {}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bottomup.security.plugins.module_utils.checks.software import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine


def main():
    """Run the check and hand its result over."""
    module = AnsibleModule(
        argument_spec=dict(
            applications=dict(type="list", elements="str", default=["/home/*/apps/*/current/"]),
            automatic_updates=dict(type="bool", default=True),
            silent_days=dict(type="int", default=3),
            pending=dict(type="bool", default=True),
        ),
        supports_check_mode=True,
    )
    result = run(module.params, Machine())
    if result["status"] == "error":
        module.fail_json(msg=result["status_reason"], **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
