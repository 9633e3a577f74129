# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From stale processes to what to type: one action per unit, session, container or process, in a safe order.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re

try:
    from shlex import quote
except ImportError:  # pragma: no cover
    from pipes import quote

RESTART, REEXEC, LOGOUT, RECREATE, REBOOT, NONE = "restart", "daemon-reexec", "logout", "recreate container", "reboot", "none"

# kind: service, user_service, session, container, process. name: unit, user/unit, session, container or executable (text).
# rows: the stale processes (dicts of data.processes). action and reason: text. commands: to be typed as they stand.
Action = collections.namedtuple("Action", "kind name action commands reason rows order")

# Units that must not be restarted under a running system, with the reason.
NEVER_RESTART = {
    "dbus.service": "restarting the message bus breaks logins, firewalld and everything connected to it",
    "dbus-broker.service": "restarting the message bus breaks logins, firewalld and everything connected to it",
    "dbus-daemon.service": "restarting the message bus breaks logins, firewalld and everything connected to it",
    "messagebus.service": "restarting the message bus breaks logins, firewalld and everything connected to it",
    "systemd-logind.service": "it holds the sessions and devices of everybody who is logged in",
    "elogind.service": "it holds the sessions and devices of everybody who is logged in",
    "display-manager.service": "it ends every graphical session",
    "gdm.service": "it ends every graphical session",
    "gdm3.service": "it ends every graphical session",
    "lightdm.service": "it ends every graphical session",
    "sddm.service": "it ends every graphical session",
    "lxcfs.service": "every running container loses its view of /proc and stays without it until it is started again",
}

# Units with a way of their own: (command, why).
OWN_COMMAND = {
    "auditd.service": ("service auditd restart", "refuses systemctl, has a command of its own"),
    "virtlogd.service": ("systemctl reload virtlogd.service", "replaces itself and keeps the consoles of the virtual machines, which a restart would cut"),
    "virtlockd.service": ("systemctl reload virtlockd.service", "replaces itself and keeps the locks on the disks of running virtual machines"),
}

# (units, what their restart costs others, which their name does not say)
COSTS = (
    (r"docker\.service$", "stops every container, unless live-restore is on in daemon.json"),
    (r"networking\.service$|wpa_supplicant(@.*)?\.service$", "takes the network down for a moment: have another way in"),
    (r"openvpn.*\.service$|wg-quick@.*\.service$|strongswan.*\.service$|ipsec\.service$|tinc(@.*)?\.service$", "cuts the tunnel: not through that tunnel"),
)

# What to ask a service before it is restarted: a broken configuration would keep it down.
FIRST_TEST = {
    "ssh.service": "sshd -t",
    "sshd.service": "sshd -t",
    "nginx.service": "nginx -t",
    "apache2.service": "apachectl configtest",
    "httpd.service": "apachectl configtest",
    "haproxy.service": "haproxy -c -f /etc/haproxy/haproxy.cfg",
    "postfix.service": "postfix check",
    "named.service": "named-checkconf",
    "bind9.service": "named-checkconf",
    "unbound.service": "unbound-checkconf",
    "squid.service": "squid -k parse",
}

# Safe order: the manager first, what carries our own access last.
EARLY, USUAL, NETWORK, ACCESS, PEOPLE, LAST = 0, 10, 20, 30, 40, 50
ORDER = {
    "systemd-journald.service": EARLY + 1,
    "systemd-udevd.service": EARLY + 2,
    "systemd-networkd.service": NETWORK,
    "systemd-resolved.service": NETWORK,
    "NetworkManager.service": NETWORK,
    "networking.service": NETWORK,
    "firewalld.service": NETWORK,
    "ssh.service": ACCESS,
    "sshd.service": ACCESS,
}

# Helpers of a container on the host: replaced with their container, not by restarting the engine.
SHIMS = r"^(?:conmon|conmon-rs|containerd-shim.*|catatonit|runc|crun|lxc-start|lxc-monitord|docker-init|pause)$"

CONTAINER_COMMANDS = {
    "docker": ("docker ps --filter id={name}", "docker restart {name}"),
    "podman": ("podman ps --filter id={name}", "podman restart {name}"),
    "kubernetes": ("crictl ps --id {name}", "crictl stop {name}"),
    "machine": ("machinectl status {name}", "machinectl reboot {name}"),
    "lxc": ("lxc-info --name={quoted}", "lxc-stop --reboot --name={quoted}"),
    "": (),
}


# The unit around all that a user runs without being root.
USER_MANAGER = r"^user@([0-9]+)\.service$"


def plan(rows, units, reason_unknown):
    """Return the list of Action for the stale rows of data.processes, in the order in which they are safe.

    C(units) is what systemd says about each unit, C(reason_unknown) why it says nothing.
    """
    groups = collections.OrderedDict()
    for row in rows:
        groups.setdefault(_place(row), []).append(row)
    actions = []
    for (kind, name), members in groups.items():
        actions.extend(PLANNERS[kind](name, members, units, reason_unknown))
    return sorted(actions, key=lambda action: (action.order, action.kind, action.name))


def _word(name):
    """Return a name as a word of a shell command that is never taken for an option: users name their own units and machines."""
    return "-- " + quote(name) if name.startswith("-") else quote(name)


def _as_owner(unit):
    """Return what makes a command one of the user whose container it is: root's engine does not know it, or knows another of that name."""
    match = re.match(USER_MANAGER, unit)
    return "systemd-run --user -M %s@ --wait --pipe " % match.group(1) if match else ""


def _place(row):
    if row["pid"] == 1:
        return "init", row["comm"]
    if row["container"]:
        return "container", row["container"]["engine"] + "/" + row["container"]["name"]
    if re.match(SHIMS, os.path.basename(row["exe"])):
        return "shim", os.path.basename(row["exe"])
    if row["user_unit"]:
        return "user_service", row["service_of"] + "/" + row["user_unit"]
    if row["session"]:
        return "session", row["session"]["user"] or row["user"]
    if row["unit"]:
        return "service", row["unit"]
    return "process", row["exe"] or row["comm"]


def _init(name, rows, _units, _unknown):
    if os.path.basename(rows[0]["exe"]) == "systemd":
        yield Action("service", "systemd", REEXEC, ["systemctl daemon-reexec"], "systemd replaces itself and keeps every unit running", rows, EARLY)
    elif os.path.basename(rows[0]["exe"]) == "init":
        yield Action("service", "init", REEXEC, ["telinit u"], "init replaces itself", rows, EARLY)
    else:
        yield Action("process", name, REBOOT, [], "process 1 is not systemd: only a restart of the whole machine or container replaces it", rows, LAST)


def _container(_name, rows, _units, _unknown):
    container = rows[0]["container"]
    engine, name = container["engine"], container["name"]
    label = "%s/%s" % (engine or "container", name[:12] if re.match("^[0-9a-f]{12,64}$", name) else name)
    commands = [_as_owner(container["unit"]) + command.format(name=_word(name), quoted=quote(name)) for command in CONTAINER_COMMANDS.get(engine, ())]
    if engine == "podman" and container["unit"].endswith(".service") and not re.match(USER_MANAGER, container["unit"]):
        commands = ["systemctl restart %s" % _word(container["unit"])]
    yield Action("container", label, RECREATE, commands,
                 "files were replaced within the container: update its image, then recreate it; a restart is the least", rows, USUAL + 5)


def _shim(name, rows, _units, _unknown):
    yield Action("container", name, RECREATE, [],
                 "part of each running container: replaced when its container is restarted, not with the engine", rows, USUAL + 6)


def _user_service(_name, rows, _units, _unknown):
    user, unit = rows[0]["service_of"], rows[0]["user_unit"]
    if unit.endswith(".scope") or unit in NEVER_RESTART:
        yield Action("session", user + "/" + unit, LOGOUT, ["loginctl terminate-user %s" % quote(user)],
                     "part of the user's login: it is replaced by logging out and in again", rows, PEOPLE)
        return
    yield Action("user_service", "%s/%s" % (user, unit), RESTART, ["systemctl --user -M %s@ restart %s" % (quote(user), _word(unit))],
                 "a service of the user", rows, PEOPLE - 1)


def _session(name, rows, _units, _unknown):
    ids = sorted({row["session"]["id"] for row in rows})
    if any(one.startswith("user@") for one in ids):
        commands = ["loginctl terminate-user %s" % quote(name)]
        reason = "the manager of the user's services and logins: it ends when the user has logged out everywhere"
    else:
        commands = ["loginctl terminate-session %s" % quote(one) for one in ids]
        reason = "an old login: it is replaced by logging out and in again, not by restarting the daemon"
    yield Action("session", name, LOGOUT, commands, reason, rows, PEOPLE)


def _process(name, rows, _units, _unknown):
    pids = " ".join("%d" % row["pid"] for row in rows[:20])
    yield Action("process", name, NONE, ["ps -o pid,user,lstart,args -p %s" % pids.replace(" ", ",")],
                 "belongs to no unit: stop it and start it again the way it was started", rows, USUAL + 7)


def _service(name, rows, units, unknown):
    unit = units.get(name, {})
    if name in NEVER_RESTART:
        yield Action("service", name, REBOOT, [], NEVER_RESTART[name], rows, LAST)
        return
    if name.endswith(".scope"):
        yield Action("service", name, NONE, ["systemctl status %s" % _word(name)],
                     "a scope cannot be restarted: end the program and start it again", rows, USUAL + 7)
        return
    current, left = _generations(rows, unit)
    if left:
        yield Action("service", name, NONE, ["ps -o pid,user,lstart,args -p %s" % ",".join("%d" % row["pid"] for row in left[:20])],
                     "left over from before the service was last started: they end by themselves, restarting the service does not help", left, PEOPLE + 1)
    if current:
        yield _restart(name, current, unit, unknown)


def _restart(name, rows, unit, unknown):
    order = ORDER.get(name, USUAL)
    if name in OWN_COMMAND:
        command, why = OWN_COMMAND[name]
        return Action("service", name, RESTART, [command], why, rows, order)
    if unit.get("RefuseManualStop") == "yes" or unit.get("RefuseManualStart") == "yes":
        return Action("service", name, REBOOT, [], "the unit refuses to be restarted by hand", rows, LAST)
    if unit.get("Type") == "oneshot":
        return Action("service", name, NONE, ["systemctl status %s" % _word(name)], "a one-time job: it ends by itself", rows, USUAL + 8)
    if "@" in name and unit.get("TriggeredBy", "").startswith(name.split("@")[0] + ".socket"):
        return Action("session", name.split("@")[0] + "@", NONE, ["systemctl status %s" % _word(name)],
                      "serves one connection: it ends with it", rows, PEOPLE + 1)
    test = FIRST_TEST.get(name)
    command = "systemctl restart %s" % _word(name)
    reason = "; a restart ".join(["runs files that are no longer the installed ones"] + [cost for units, cost in COSTS if re.match(units, name)])
    if unknown:
        reason += " (unit not asked: %s)" % unknown
    return Action("service", name, RESTART, ["%s && %s" % (test, command) if test else command], reason, rows, order)


def _generations(rows, unit):
    """Return (current, left over): processes of the present run of a unit, and those that survived an earlier one.

    A process older than the main process outlived a restart (an old ssh login, a worker that finishes its connections). Where the
    unit kills only its main process, a child is no reason to restart either unless the main process is stale, too.
    """
    main = int(unit.get("MainPID") or 0) or None
    if main is None:
        return rows, []
    stale_main = any(row["pid"] == main for row in rows)
    if stale_main:
        return rows, []
    began = rows[0]["main_started"]
    if unit.get("KillMode") in ("process", "none"):
        return [], rows
    current = [row for row in rows if began is None or row["began"] >= began]
    return current, [row for row in rows if row not in current]


PLANNERS = {
    "init": _init,
    "container": _container,
    "shim": _shim,
    "user_service": _user_service,
    "session": _session,
    "process": _process,
    "service": _service,
}
