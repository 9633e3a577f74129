# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the controller. Every action imports of here first: one place to say that its Python is too old.

The syntax of Python 3.6, so that it can be said there as well.
"""

import sys

from ansible.errors import AnsibleError

OLDEST = (3, 10)  # what ansible-core 2.16 needs, the oldest that the collection is tested with

if sys.version_info < OLDEST:
    # An ImportError would be shown as a bug of Ansible's.
    raise AnsibleError(
        f"bottomup.security needs Python {OLDEST[0]}.{OLDEST[1]} or newer on the controller, this one is {sys.version_info[0]}.{sys.version_info[1]}: "
        "install ansible-core 2.16 or newer with a newer Python (python3.11 -m pip install ansible-core)"
    )
