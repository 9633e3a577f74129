# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tool keeps password guessers out of this server: fail2ban, or another one.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host import net

# (name, names of its process in /proc/PID/comm). The kernel cuts a name after 15 characters.
OTHERS = (
    ("CrowdSec", (b"crowdsec",)),
    ("sshguard", (b"sshguard", b"sshg-blocker")),
    ("DenyHosts", (b"denyhosts", b"denyhosts.py")),
)

SERVER = b"fail2ban-server"
PIDFILE = "/var/run/fail2ban/fail2ban.pid"
SSH = b"sshd"
COMMANDS = (b"fail2ban-client", b"fail2ban-server")

# Where systemctl enable leaves its link.
UNIT_LINKS = (
    b"/etc/systemd/system/multi-user.target.wants/fail2ban.service",
    b"/etc/rc2.d/S01fail2ban",
    b"/etc/runlevels/default/fail2ban",
)

SHOW = b"ActiveState,SubState,Result,NRestarts,ExecMainStatus,UnitFileState"


def installed(machine):
    """Return whether a command of fail2ban is installed."""
    return any(machine.which(command) for command in COMMANDS)


def enabled(machine):
    """Return whether fail2ban starts at boot; None where no place is known that says so."""
    links = [os.path.lexists(machine.path(link)) for link in UNIT_LINKS]
    if any(links):
        return True
    return False if os.path.isdir(machine.path(b"/run/systemd/system")) else None


def processes(machine):
    """Return {comm: [pid]} of this host's sshd and of the other tools; processes of containers are not among them."""
    wanted = {SSH: []}
    wanted.update((comm, []) for _name, comms in OTHERS for comm in comms)
    try:
        names = os.listdir(machine.path(b"/proc"))
    except OSError:
        return wanted
    own = _namespace(machine, b"self")
    for name in names:
        if name.isdigit():
            comm = (machine.read_or_none(b"/proc/" + name + b"/comm", 64) or b"").strip()
            if comm in wanted and _namespace(machine, name) in (own, None):
                wanted[comm].append(int(name))
    return wanted


def _namespace(machine, pid):
    """Return the process id namespace of a process, None where only root may see it."""
    try:
        return os.readlink(machine.path(b"/proc/" + pid + b"/ns/pid"))
    except OSError:
        return None


def alive(machine, pidfile):
    """Return whether the process that fail2ban-server's pidfile (text) names is one."""
    pid = (machine.read_or_none(pidfile.encode("utf-8", "surrogateescape"), 64) or b"").strip()
    return pid.isdigit() and (machine.read_or_none(b"/proc/" + pid + b"/comm", 64) or b"").strip() == SERVER


def other_tool(running):
    """Return the name of another such tool among the running processes, or None."""
    for name, comms in OTHERS:
        if any(running[comm] for comm in comms):
            return name
    return None


def service(machine):
    """Return what systemd knows of fail2ban.service (a dict of text), empty where there is no systemd. Costs a process."""
    command = machine.which(b"systemctl")
    if command is None or not os.path.isdir(machine.path(b"/run/systemd/system")):
        return {}
    answer = machine.run([command, b"show", b"fail2ban.service", b"-p", SHOW], timeout=5, limit=65536)
    if answer.rc != 0:
        return {}
    rows = (line.partition("=") for line in answer.out.decode("utf-8", "replace").splitlines())
    return {key: value for key, _sign, value in rows}


def world_ssh(machine, running):
    """Return the sorted C(address:port) where sshd listens to other networks, None where that cannot be seen. Firewalls are not looked at."""
    listening = net.listeners(machine)
    if listening is None:
        return None
    mine = _inodes(machine, running[SSH])
    return sorted(
        "%s port %d" % (listener.address, listener.port)
        for listener in listening
        if (listener.port == 22 or listener.inode in mine) and net.is_world(listener.address)
    )


def _inodes(machine, pids):
    found = set()
    for pid in pids[:50]:
        folder = machine.path(b"/proc/%d/fd" % pid)
        try:
            links = [os.readlink(folder + b"/" + name) for name in os.listdir(folder)[:1000]]
        except OSError:
            continue
        found.update(link[8:-1].decode("ascii", "replace") for link in links if link.startswith(b"socket:["))
    return found


def has_journal(machine):
    """Return whether a journald takes what services log."""
    return os.path.exists(machine.path(b"/run/systemd/journal/socket"))
