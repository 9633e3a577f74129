# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is SELinux on, does it enforce, and was it told to: the mode of this host and what is wrong with it.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.finding import finding, text
from ..host.pattern import Pattern

# selinuxfs; EL6 mounted it at the root
_MOUNTS = (b"/sys/fs/selinux", b"/selinux")
_CONFIG = b"/etc/selinux/config"
_SETTING = Pattern(rb"^[ \t]*(SELINUX|SELINUXTYPE)[ \t]*=[ \t]*([A-Za-z0-9_.-]{1,64})", re.M)

# Where the policy store keeps its modules; EL7 and older below /etc.
_STORES = (b"/var/lib/selinux/%s/active/modules", b"/etc/selinux/%s/active/modules")
_PERMISSIVE = b"permissive_"

_REFERENCE = "https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/9/html/using_selinux/changing-selinux-states-and-modes_using-selinux"


def mode_of(machine):
    """Return data["mode"]: what runs, what is configured, and whether the two disagree."""
    config = dict(_SETTING.findall(machine.read_or_none(_CONFIG) or b""))
    configured, policy = config.get(b"SELINUX", b"").lower(), config.get(b"SELINUXTYPE", b"")
    enforce = next((state for state in (machine.read_or_none(mount + b"/enforce", 8) for mount in _MOUNTS) if state), None)
    runtime = "disabled" if enforce is None else "enforcing" if enforce.strip() == b"1" else "permissive"
    override = [word for word in (machine.read_or_none(b"/proc/cmdline") or b"").split() if word in _OVERRIDES]
    domains = _permissive_domains(machine, policy)
    unknown = next((state for state in (machine.read_or_none(mount + b"/deny_unknown", 8) for mount in _MOUNTS) if state), None)
    return {
        "enabled": enforce is not None,
        "runtime": runtime,
        "config": text(configured) if configured else None,
        "boot_override": text(override[-1]) if override else None,
        "policy": text(policy) if policy else None,
        "deny_unknown": None if unknown is None else unknown.strip() == b"1",
        "mismatch": bool(configured) and text(configured) != runtime,
        "permissive_domains": domains,
        "permissive_domains_known": domains is not None,
    }


_OVERRIDES = (b"enforcing=0", b"enforcing=1", b"selinux=0", b"selinux=1")


def _permissive_domains(machine, policy):
    """Return the domains that C(semanage permissive -a) made permissive, by the names of their modules; None where the store cannot be read."""
    if not policy or b"/" in policy or policy.startswith(b"."):
        return None
    for store in _STORES:
        folder = machine.path(store % policy)
        try:
            priorities = os.listdir(folder)
        except OSError:
            continue
        found = set()
        for priority in priorities[:100]:
            try:
                names = os.listdir(os.path.join(folder, priority))
            except OSError:
                continue
            found.update(name[len(_PERMISSIVE):] for name in names if name.startswith(_PERMISSIVE))
        return [text(name, 100) for name in sorted(found)[:100]]
    return None


def mode_findings(mode, events):
    """Return the findings about the mode; C(events) is data["events"]: who switched enforcing off in the window."""
    found = []
    if mode["config"] == "enforcing" and mode["runtime"] != "enforcing":
        found.append(_not_enforcing(mode))
    elif mode["enabled"] and mode["runtime"] == "enforcing" and mode["config"] in ("permissive", "disabled"):
        found.append(finding(
            "denials.mode_config", "high", "SELinux enforces now, but will be %s after the next boot" % mode["config"], "SELinux mode after boot",
            [("/etc/selinux/config", "SELINUX=%s" % mode["config"])], "Set SELINUX=enforcing where that is meant.",
            ["sed -i 's/^SELINUX=.*/SELINUX=enforcing/' /etc/selinux/config"], [_REFERENCE],
        ))
    elif mode["enabled"] and mode["runtime"] == "permissive" and mode["config"] != "permissive":
        found.append(finding(
            "denials.mode_permissive", "high", "SELinux is permissive: it only logs", "SELinux mode", [("/sys/fs/selinux/enforce", "0")],
            "Look through what it would have blocked, then switch enforcing on.", ["setenforce 1"], [_REFERENCE],
        ))
    if mode["boot_override"] in ("enforcing=0", "selinux=0"):
        found.append(finding(
            "denials.boot_override", "high", "The kernel command line switches SELinux off or to permissive", "SELinux boot override",
            [("/proc/cmdline", mode["boot_override"])], "Remove the parameter from the boot loader; relabel first where SELinux was disabled.",
            ["grubby --update-kernel=ALL --remove-args=%s" % mode["boot_override"].split("=")[0]], [_REFERENCE],
        ))
    for domain in mode["permissive_domains"] or []:
        found.append(finding(
            "denials.permissive_domain", "medium", "The domain %s is permissive: nothing is blocked for it" % domain, "permissive domain %s" % domain,
            [("policy store", "module permissive_%s" % domain)], "Remove the exception once its denials are resolved.",
            ["semanage permissive -d %s" % domain] if re.match(r"[A-Za-z0-9_]+\Z", domain) else [], [_REFERENCE],
        ))
    found += _switched_off(events)
    return found


def _not_enforcing(mode):
    if mode["runtime"] == "permissive":
        return finding(
            "denials.mode_permissive", "critical", "SELinux is permissive although it is configured to enforce", "SELinux mode",
            [("/sys/fs/selinux/enforce", "0"), ("/etc/selinux/config", "SELINUX=enforcing")],
            "Find out who switched it and why, look through what was let pass, then switch enforcing on.", ["setenforce 1"], [_REFERENCE],
        )
    return finding(
        "denials.mode_disabled", "critical", "SELinux is disabled although it is configured to enforce", "SELinux mode",
        [("/etc/selinux/config", "SELINUX=enforcing"), ("/proc/cmdline", mode["boot_override"] or "no parameter for SELinux")],
        "Take selinux=0 off the kernel command line, have everything relabelled at the next boot, and boot.",
        ["grubby --update-kernel=ALL --remove-args=selinux", "fixfiles -F onboot", "systemctl reboot"], [_REFERENCE],
    )


def _switched_off(events):
    """MAC_STATUS enforcing=0 is the kernel's own word; setenforce and the managers' notices beside it say the same once more."""
    off = [event for event in events if event["type"] == "MAC_STATUS" and event["enforcing"] == 0]
    if not off:
        return []
    who = sorted({event["auid"] or "unknown" for event in off})
    return [finding(
        "denials.enforcing_off", "critical", "SELinux was switched to permissive (login uid %s)" % ", ".join(who)[:80], "SELinux switched off",
        [(event["ts"], event["detail"]) for event in off], "Ask that user why; if nobody did it, treat the host as broken into.",
        ["ausearch -m MAC_STATUS -i"], [_REFERENCE], count=len(off),
    )]
