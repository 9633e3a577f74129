# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the trip to a host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """C(bottomup.security.trip): what is looked at on a host, and within which limits."""

    DOCUMENTATION = r"""
options:
  checks:
    description:
      - The checks to run, a list or names with commas. Empty or V(all) means all that the collection has.
      - Tags of the run that are names of checks narrow this down.
    type: raw
  options:
    description:
      - Options of the checks, by check. See the C(_info) module of each check.
    type: dict
    default: {}
  timeout:
    description:
      - How long each check may take, in seconds or with V(s), V(m) or V(h).
    type: str
    default: "60"
  memory:
    description:
      - How much memory each check may use for its data, in bytes or with V(K), V(M) or V(G).
    type: str
    default: 256M
"""
