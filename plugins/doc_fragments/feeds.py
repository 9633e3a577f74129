# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the feeds and announcement pages."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """C(bottomup.security.feeds): where announcements of vulnerabilities are fetched from, and how often."""

    DOCUMENTATION = r"""
options:
  feeds_mirror:
    description:
      - Where to fetch all feeds from, in place of their upstreams. A URL or a folder (V(file:///srv/feeds), V(/srv/feeds)) in the layout that
        a folder of feeds has, such as one that M(bottomup.security.feeds) filled on a machine with network.
      - Files of a folder keep their age. That somebody copied them makes them no younger.
    type: str
    default: ""
  feeds_urls:
    description:
      - Base URLs or folders of single feeds in the layout of their upstream, by the name of the feed. V(osv) stands for all dumps of OSV.
    type: dict
    default: {}
  feeds_ecosystems:
    description:
      - What to fetch feeds for, a list or names with commas. Empty means what the servers of the run have.
      - V(AlmaLinux), V(Rocky Linux), V(Red Hat), V(Debian), V(Ubuntu), V(RubyGems), V(npm), V(PyPI), and V(Bitnami) for programs that no
        package owns.
    type: raw
    default: []
  feeds_accept_shrink:
    description:
      - Feeds that may lose more than a fifth of their records this time, a list or names with commas. They are fetched whatever their age. Else
        such a feed is refused, and the last good one stays.
    type: raw
    default: []
  feeds_ca:
    description:
      - Path of a file or folder of certificates by which servers are judged, in place of the system's. Proxies are those of the environment,
        E(https_proxy), E(http_proxy) and E(no_proxy).
    type: str
    default: ""
  feeds_max_age:
    description:
      - How old a feed may be before it is fetched, in seconds or with V(s), V(m) or V(h).
    type: str
    default: 20h
  feeds_timeout:
    description:
      - How long the whole refresh may take, in seconds or with V(s), V(m) or V(h). A large file that was not finished is gone on with the next time.
    type: str
    default: 10m
  pages:
    description:
      - Announcement pages to watch. What is new on each since the last look is listed.
      - RSS and Atom need the package C(feedparser) on the controller.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the page, for people.
        type: str
        required: true
      url:
        description: Its URL.
        type: str
        required: true
"""
