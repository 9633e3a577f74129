# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed on this server, and is it kept up to date: the packages go to the controller, where the announcements are.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host.facts import os_release
from ..host.finding import result, text
from . import (
    software_components,
    software_gems,
    software_held,
    software_history,
    software_lockfiles,
    software_pending,
    software_repositories,
    software_updates,
)

PACKAGES_LIMIT = 20000

# Words of ID and ID_LIKE in os-release whose packages are rpm's, even where dpkg is installed beside.
RPM_SYSTEMS = ("rhel", "fedora", "centos", "suse", "opensuse", "sles", "amzn", "ol", "almalinux", "rocky", "mariner", "azurelinux")


def run(options, machine):
    """Return host.finding.result(...): data as docs/software.md describes it."""
    cut = {}
    manager, rows, findings, problems = _packages(machine)
    if len(rows) > PACKAGES_LIMIT:
        cut["packages"] = len(rows) - PACKAGES_LIMIT
        problems.append("%d packages, %d of them were taken" % (len(rows), PACKAGES_LIMIT))
    applications, more = software_lockfiles.look(machine, options.get("applications"), cut)
    problems += more
    components, more = software_components.look(machine, manager, cut)
    problems += more
    gems, more = software_gems.look(machine, cut)
    problems += more
    modules = []
    if manager == "rpm":
        from . import software_rpm

        modules = software_rpm.modules_enabled(machine)
    data = {
        "packages": {"manager": manager, "rows": rows[:PACKAGES_LIMIT]},
        "modules_enabled": modules,
        "repositories": software_repositories.rpm(machine) if manager == "rpm" else software_repositories.apt(machine) if manager == "dpkg" else [],
        "applications": applications, "components": components, "gems": gems, "kernel_running": text(os.uname().release, 200),
        "held": [], "updates": {}, "pending": {}, "upgrades": software_history.in_zone_of(machine, software_history.upgrades), "cut": cut,
    }
    if manager:
        data["held"] = software_held.of_dpkg(rows) if manager == "dpkg" else software_held.of_rpm(machine)
        data["updates"], found, more = software_updates.look(machine, manager, options)
        findings += found
        problems += more
        if options.get("pending", True):
            data["pending"], more = software_pending.look(machine, manager, rows)
            problems += more
            findings += software_pending.findings(data["pending"], manager)
        waiting = {row["name"] for row in data["pending"].get("security", ())}
        findings += software_held.findings(manager, data["held"], data["updates"].get("excluded", ()), waiting)
    return result(findings, data, problems, machine=machine)


def _packages(machine):
    """Return (manager, rows, findings, problems) of the package manager that this system lives by."""
    system = os_release(machine)
    words = [system.get("id", "")] + system.get("id_like", "").split()
    order = ["dpkg", "rpm"]
    if any(word.partition("-")[0] in RPM_SYSTEMS for word in words):
        order.reverse()
    for name in order:
        # A server lives by one of the two.
        if name == "dpkg":
            from . import software_dpkg as manager
        else:
            from . import software_rpm as manager
        if manager.is_there(machine):
            try:
                rows, findings, problems = manager.read(machine)
            except OSError as error:
                return name, [], [], ["the packages of %s cannot be read: %s" % (name, error.strerror)]
            if not rows:
                problems.append("%s says that nothing is installed" % name)
            return name, rows, findings, problems
    return "", [], [], ["neither dpkg nor rpm keeps the packages of this machine: what is installed cannot be told"]
