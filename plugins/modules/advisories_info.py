#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: advisories_info
short_description: Match software against announced vulnerabilities
version_added: 0.1.0
description:
  - Says which announced vulnerabilities affect the given software, which ones do not have a fix yet, and what cannot be judged.
  - It is an action of the controller and connects to no host. The daily check judges by the same code.
  - The feeds are read from a mirror in the layout of their upstreams; the index of a mirror is kept in the state folder and is renewed when a
    file of the mirror has changed. Nothing is fetched.
author:
  - The bottomup.security authors (@bottomup-security)
extends_documentation_fragment:
  - bottomup.security.attributes
  - bottomup.security.attributes.info_module
options:
  documents:
    description:
      - What to judge. Each entry is the document of a host that a daily check left, a result of M(bottomup.security.software_info), or a
        mapping with C(os) and C(packages).
      - C(os) holds C(id) and C(version_id) of os-release.
      - C(packages) is a list of mappings. For rpm they have C(name), C(epoch), C(version), C(release), C(arch), C(source), C(modularity_label)
        and C(vendor); for dpkg C(name), C(version), C(arch), C(source), C(source_version) and C(status). What is left out is taken to be as
        the distribution has it.
      - C(applications), C(components), C(gems) and C(kernel_running) may stand beside, as M(bottomup.security.software_info) returns them.
    type: list
    elements: dict
    default: []
  files:
    description:
      - Files of the controller with what to judge. Lock files are known by their names (C(Gemfile.lock), C(package-lock.json), C(yarn.lock),
        C(pnpm-lock.yaml), C(Pipfile.lock), C(poetry.lock), C(uv.lock), C(requirements.txt)); any other file is JSON with one document or a list
        of them, as in O(documents), and may be compressed (C(.json.gz)).
    type: list
    elements: path
    default: []
  os:
    description:
      - C(id) and C(version_id) of os-release, for documents that do not name their system, such as a result of M(bottomup.security.software_info).
    type: dict
    default: {}
  feeds_dir:
    description:
      - Folder with the feeds, as M(bottomup.security.feeds) fills it, or any mirror in that layout. Empty means C(feeds) in O(state_dir).
    type: path
    default: ""
    aliases: [mirror]
  state_dir:
    description:
      - Folder that keeps the index. Empty means C(bottomup-security) in E(XDG_STATE_HOME), or in C(~/.local/state).
    type: str
    default: ""
seealso:
  - module: bottomup.security.software_info
"""

EXAMPLES = r"""
- name: Is the lock file that is about to be deployed good?
  bottomup.security.advisories_info:
    files: [Gemfile.lock, package-lock.json]
    mirror: /srv/feeds
  register: advisories
  failed_when: advisories.affected > 0

- name: Ask about two packages
  bottomup.security.advisories_info:
    mirror: /srv/feeds
    documents:
      - os: {id: almalinux, version_id: "9.6"}
        packages:
          - {name: nginx-core, epoch: 2, version: 1.26.2, release: 1.module_el9.5.0+120+0a1b2c3d, modularity_label: "nginx:1.26"}
          - {name: openssl-libs, epoch: 1, version: 3.0.7, release: 27.el9}
"""

RETURN = r"""
results:
  description: One entry for each thing that was given, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The host of a document, the path of a file, or the place in O(documents).
      returned: success
      type: str
      sample: Gemfile.lock
    status:
      description: V(ok), V(findings), or V(incomplete) where a part could not be judged.
      returned: success
      type: str
      sample: findings
    status_reason:
      description: Why the answer is not whole.
      returned: success
      type: str
      sample: ""
    findings:
      description: One finding for each announcement, the most urgent first.
      returned: success
      type: list
      elements: dict
      sample:
        - check: software
          rule: software.advisory
          severity: critical
          title: "gem activestorage 8.0.5: Possible arbitrary file read (CVE-2026-66066)"
          subject: CVE-2026-66066 activestorage
          evidence: [{source: priority, text: "rated critical, CVSS 9.5"}]
          evidence_cut: 0
          remedy: {text: "Wanted: activestorage 8.0.5.1 or later.", commands: [bundle update --conservative activestorage]}
          references: [CVE-2026-66066]
          count:
          first:
          last:
    data:
      description: Counts.
      returned: success
      type: dict
      contains:
        packages:
          description: How many packages were looked at.
          returned: success
          type: int
          sample: 812
        announcements:
          description: How many announcements affect them.
          returned: success
          type: int
          sample: 3
        unfixed:
          description: How many announcements of the distribution affect them and have no fix.
          returned: success
          type: int
          sample: 0
        unknown:
          description: Why packages could not be judged, with how many.
          returned: success
          type: list
          elements: dict
          sample: [{reason: "built by Fedora Project, not by the distribution", packages: 12}]
        not_running:
          description: How many hits are those of kernels that are installed and do not run.
          returned: success
          type: int
          sample: 0
feeds:
  description: The feeds of the mirror.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the feed.
      returned: success
      type: str
      sample: osv/AlmaLinux
    records:
      description: How many records its last good state has.
      returned: success
      type: int
      sample: 5637
    newest:
      description: Date of its newest announcement.
      returned: success
      type: str
      sample: "2026-08-20"
    modified:
      description: When its file was written, in seconds since 1970.
      returned: success
      type: float
      sample: 1795378860.9
    age_hours:
      description: The same as an age.
      returned: success
      type: float
      sample: 5.5
    problem:
      description: Why its present file was refused; empty where it was taken.
      returned: success
      type: str
      sample: ""
affected:
  description: How many of the given things at least one announcement affects.
  returned: success
  type: int
  sample: 1
incomplete:
  description: How many of the given things could not be judged as a whole.
  returned: success
  type: int
  sample: 0
"""

# An action plugin of the same name does the work on the controller; this file is its documentation.
