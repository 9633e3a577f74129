# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check C(fail2ban): whether password guessers really are banned on this server.

C(run) asks the server over its socket, reads its configuration, log and database, and judges. No answer of the server is executed,
no command is sent that its version does not know, nothing is changed.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host.finding import result, text
from ..host.window import window
from . import fail2ban_config
from .fail2ban_said import ServerSaysNo, SocketError

CONFIG_DIR = "/etc/fail2ban"
SOCKET = "/var/run/fail2ban/fail2ban.sock"

# option: default. Documented in plugins/modules/fail2ban_info.py.
DEFAULTS = {"socket": None, "config_dir": CONFIG_DIR, "since": None, "until": None, "timeout": 10, "repeat": 3, "transport": "auto"}


class Look:
    """One look at one server: what was asked for, what was found, what could not be seen."""

    def __init__(self, options, machine):
        self.machine = machine
        chosen = dict(DEFAULTS)
        chosen.update((key, value) for key, value in options.items() if key in DEFAULTS and value is not None)
        self.options = chosen
        since, until = window(chosen, machine.now)
        self.since, self.until = int(since or 0), int(machine.now if until is None else until)
        self.findings = []
        self.incomplete = []
        self.cut = {}
        self.data = {"tool": "none", "installed": False, "version": None, "jails": []}
        directory = chosen["config_dir"].encode("utf-8", "surrogateescape")
        self.settings = fail2ban_config.Config(machine, directory, b"fail2ban")
        self._jails = (machine, directory, b"jail")

    @property
    def config(self):
        """The configuration of the jails, read when it is first asked for: its file is long, and most hosts have no server to compare it with."""
        if isinstance(self._jails, tuple):
            self._jails = fail2ban_config.Config(*self._jails)
        return self._jails

    def setting(self, name, default):
        """Return an option of fail2ban.conf as text."""
        value = self.settings.get("Definition", name)
        return default if value is None or value is fail2ban_config.UNKNOWN else value.strip()

    def capped(self, name, items, limit):
        """Return the first C(limit) of a list; what is left out is counted in data.cut."""
        if len(items) > limit:
            self.cut[name] = self.cut.get(name, 0) + len(items) - limit
        return items[:limit]


def run(options, machine):
    """Return host.finding.result(...): status, findings and data of fail2ban on this server. Raises ValueError for a time that is none."""
    look = Look(options, machine)
    path = look.options["socket"] or look.setting("socket", SOCKET)
    connection = None
    try:
        place = machine.path(path.encode("utf-8", "surrogateescape"))
        _must_be_there(place)
        # Of the many parts of this check a host needs those for a server that runs, or those for one that does not.
        from . import fail2ban_running, fail2ban_socket

        connection = fail2ban_socket.Connection(place, look.options["timeout"])
        answers = fail2ban_running.ask(look, connection, path)
    except SocketError as error:
        return _without_server(look, path, error)
    except ServerSaysNo as error:
        return _without_server(look, path, SocketError("refused", "%s" % error))
    finally:
        if connection is not None:
            connection.close()
    fail2ban_running.judge(look, connection.pid, *answers)
    return _finish(look)


def _must_be_there(place):
    try:
        os.lstat(place)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SocketError("missing", error.strerror) from None
    except (OSError, ValueError):
        pass  # whoever connects will be told


def _without_server(look, path, error):
    from . import fail2ban_down

    look.data["socket"] = {"path": text(path), "state": error.state}
    return _finish(look, fail2ban_down.explain(look, path, error))


def _finish(look, not_applicable=None):
    look.data["cut"] = dict(sorted(look.cut.items()))
    return result(look.findings, look.data, incomplete=look.incomplete, not_applicable=not_applicable, machine=look.machine)
