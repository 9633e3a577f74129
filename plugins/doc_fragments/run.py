# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that name a run and where it is kept."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """C(bottomup.security.run): options of everything that belongs to a run."""

    DOCUMENTATION = r"""
options:
  state_dir:
    description:
      - Folder on the controller that keeps the runs, in C(runs/), with C(latest) as a link to the newest. Made when it is missing.
      - Empty means C(bottomup-security) in E(XDG_STATE_HOME), or in C(~/.local/state).
    type: str
    default: ""
  run_id:
    description:
      - Name of the run, the directory below C(runs/). Made from the time when empty.
      - Give the same one to several runs that are slices of one.
    type: str
    default: ""
"""
