#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
---
module: web_probes_info
short_description: What robots tried on the web servers, and whether anything answered
version_added: 1.0.0
description:
  - Reads the access logs of nginx and Apache, with their rotations, and judges every request against signatures of attacks.
  - Tells which probes were answered, which clients sent them, and what could not be read. Copied logs can be judged as well.
  - Nothing is changed on the host.
author:
  - The bottomup.security authors (@bottomup-security)
options:
  logs:
    description:
      - Files to read, as globs. Rotated and packed ones are named like the others.
      - Without it the web server's configuration and the usual places tell.
    type: list
    elements: str
  more_logs:
    description:
      - Files to read besides those that are found by itself, as globs. Not used with O(logs).
    type: list
    elements: str
    default: []
  format:
    description:
      - The C(log_format) of the lines, as nginx writes it, where it is neither in the configuration nor one of the usual ones.
    type: str
  since:
    description:
      - Where the window begins; an ISO time, a duration before now such as V(24h) or V(7d), or V(all).
    type: str
    default: 24h
  until:
    description:
      - Where the window ends; an ISO time or a duration before now.
    type: str
  known_paths:
    description:
      - Regular expressions of paths that are regular. They are searched for in the path only, and never silence a signature.
    type: list
    elements: str
    default: [assets, images, favicon.ico, robots.txt, fonts]
  public_dirs:
    description:
      - Folders whose files the application serves, such as its C(public).
    type: list
    elements: str
    default: []
  trusted_proxies:
    description:
      - Addresses and networks whose C(X-Forwarded-For) is believed. Without it that of private addresses is.
    type: list
    elements: str
    default: []
  list_hits:
    description:
      - Return every line that has a signature, up to a million.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and return the same as without.
    support: full
  diff_mode:
    description: Nothing is changed, so there is no difference to show.
    support: none
"""

EXAMPLES = r"""
- name: Judge the access logs of the last day
  bottomup.security.web_probes_info:
  register: probes

- name: Judge copied logs whole
  bottomup.security.web_probes_info:
    logs:
      - /srv/evidence/access.log*
    since: all

- name: Show who got an answer
  ansible.builtin.debug:
    var: probes.data.clients | selectattr('answered')
"""

RETURN = r"""
status:
  description: One of V(ok), V(findings), V(not_applicable), V(incomplete).
  returned: always
  type: str
  sample: findings
status_reason:
  description: Why the status is V(not_applicable) or V(incomplete).
  returned: always
  type: str
  sample: ""
findings:
  description: What to act on, the worst first.
  returned: always
  type: list
  elements: dict
  sample: [{"rule": "web_probes.answered", "severity": "critical", "title": "/.env answered 200 (312 bytes) to a probe for secrets"}]
data:
  description: The counts behind the findings.
  returned: always
  type: dict
  contains:
    window:
      description: The window, and the first and last line inside it.
      returned: when there is an access log
      type: dict
    totals:
      description: Number of C(lines), C(unparsed) lines, C(hits), C(answered) hits, C(clients) with hits and more.
      returned: when there is an access log
      type: dict
    hits_by_category:
      description: Number of lines with a signature of each category.
      returned: when there is an access log
      type: dict
    clients:
      description: The clients that sent probes, those that got an answer first.
      returned: when there is an access log
      type: list
      elements: dict
    hours:
      description: Lines and hits of each hour.
      returned: when there is an access log
      type: list
      elements: dict
    broken_links:
      description: Links of the own site that lead nowhere.
      returned: when there is an access log
      type: list
      elements: dict
    files_read:
      description: The files that were read.
      returned: when there is an access log
      type: list
      elements: dict
    files_skipped:
      description: The files that were not read, and why.
      returned: when there is an access log
      type: list
      elements: dict
    unparsed_samples:
      description: Lines that were not understood.
      returned: when there is an access log
      type: list
      elements: str
    served:
      description: Weak signatures that do not count, since the server serves them to several clients.
      returned: when there is an access log
      type: list
      elements: str
    cut:
      description: How much of each list was left out.
      returned: when there is an access log
      type: dict
    hits:
      description: Every line with a signature; its file, number and categories.
      returned: with O(list_hits=true)
      type: list
      elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.bottomup.security.plugins.module_utils.checks import web_probes
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine


def main():
    module = AnsibleModule(
        argument_spec=dict(
            logs=dict(type="list", elements="str"),
            more_logs=dict(type="list", elements="str", default=[]),
            format=dict(type="str"),
            since=dict(type="str", default="24h"),
            until=dict(type="str"),
            known_paths=dict(type="list", elements="str", default=["assets", "images", "favicon.ico", "robots.txt", "fonts"]),
            public_dirs=dict(type="list", elements="str", default=[]),
            trusted_proxies=dict(type="list", elements="str", default=[]),
            list_hits=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    options = {name: value for name, value in module.params.items() if value is not None}
    try:
        result = web_probes.run(options, Machine())
    except ValueError as error:
        module.fail_json(msg="%s" % error)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
