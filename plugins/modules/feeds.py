#!/usr/bin/python
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: feeds
short_description: Fetch the announcements of vulnerabilities
version_added: 0.1.0
description:
  - Fetches the feeds that the software of the fleet needs into a folder of the controller, and looks at announcement pages for what is new.
  - A feed is taken only when it is whole and looks like one. What is broken, hostile, or has lost more than a fifth of its records is refused,
    and the last good one is kept. The manifest C(feeds.json) in the folder says what became of each.
  - It is an action of the controller and connects to no host of the inventory. In check mode nothing is fetched.
  - Without network it fails fast. Whether a server can be reached is tried once, for 5 seconds at most.
author:
  - The bottomup.security authors (@bottomup-security)
extends_documentation_fragment:
  - bottomup.security.run
  - bottomup.security.feeds
options:
  run_id:
    description:
      - The run whose servers say which feeds are needed. Empty means the newest one.
  feeds_dir:
    description:
      - Folder for the feeds. Empty means C(feeds) in O(state_dir).
    type: str
    default: ""
  enforce:
    description:
      - Fail where a feed could not be had or was refused. Without it that is only said.
    type: bool
    default: true
attributes:
  check_mode:
    description: Can run in check mode and then fetches nothing.
    support: full
  diff_mode:
    description: Returns what has changed on a host.
    support: none
seealso:
  - module: bottomup.security.advisories_info
  - module: bottomup.security.report
"""

EXAMPLES = r"""
- name: Fetch the feeds that the fleet needs
  bottomup.security.feeds:

- name: Fill a folder that is carried to a place without network
  bottomup.security.feeds:
    feeds_dir: /media/stick/feeds
    feeds_ecosystems: [AlmaLinux, RubyGems, npm, Bitnami]

- name: Take the feeds from that folder
  bottomup.security.feeds:
    feeds_mirror: /media/stick/feeds
"""

RETURN = r"""
feeds_dir:
  description: The folder of the feeds.
  returned: success
  type: str
  sample: /home/ops/.local/state/bottomup-security/feeds
fetched:
  description: The feeds that are other ones now.
  returned: success
  type: list
  elements: str
  sample: [kev, osv/AlmaLinux]
problems:
  description: The feeds that could not be had or were refused this time, with the reason.
  returned: success
  type: dict
  sample: {epss: "epss.empiricalsecurity.com: its name is not known"}
feeds:
  description: The state of every feed in the folder.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the feed.
      returned: success
      type: str
      sample: osv/AlmaLinux
    url:
      description: Where it was fetched from, empty where somebody else put it there.
      returned: success
      type: str
      sample: https://storage.googleapis.com/osv-vulnerabilities/AlmaLinux/all.zip
    status:
      description: V(ok), V(stale) for older than three days, V(failed) or V(refused) for what the last try came to, V(missing), V(unneeded) where
        no server needs it any more.
      returned: success
      type: str
      sample: ok
    reason:
      description: What is wrong, empty where nothing is.
      returned: success
      type: str
      sample: ""
    stale:
      description: Whether the file in use is older than three days, whatever the last try came to.
      returned: success
      type: bool
      sample: false
    age_hours:
      description: How long ago it was last known to be upstream's newest, or V(null) where there is none.
      returned: success
      type: float
      sample: 0.1
    records:
      description: How many records it has.
      returned: success
      type: int
      sample: 5680
pages:
  description: What is new on the announcement pages since the look before the last one.
  returned: success
  type: list
  elements: dict
  contains:
    page:
      description: Name of the page.
      returned: success
      type: str
      sample: nginx
    url:
      description: Its URL.
      returned: success
      type: str
      sample: https://nginx.org/en/security_advisories.html
    status:
      description: V(ok), V(first) where there is nothing to compare with, V(failed).
      returned: success
      type: str
      sample: ok
    reason:
      description: Why it is not V(ok).
      returned: success
      type: str
      sample: ""
    looked:
      description: When it was looked at.
      returned: success
      type: str
      sample: "2026-11-22T06:00:00Z"
    new:
      description: The new entries, each with C(title), C(link) and C(published) (empty where the page names no time).
      returned: success
      type: list
      elements: dict
      sample: [{title: CVE-2026-1234, link: "https://nginx.org/en/security_advisories.html#c", published: ""}]
    more:
      description: How many new entries there are beyond those that are listed.
      returned: success
      type: int
      sample: 0
"""

# An action plugin of the same name does the work on the controller; this file is its documentation.
