# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why fail2ban cannot be asked: not installed, switched off, dead, hanging, or another tool in its place.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ..host.finding import text
from . import fail2ban_config, fail2ban_findings, fail2ban_tools
from .fail2ban_said import shown

CONFIG_ERRORS_LIMIT = 10
LAST_WORDS = 5

# fail2ban-client -t reads the whole configuration: a tenth of a second of CPU, and more on a busy host.
CONFIG_TEST_TIMEOUT = 20

# What a server says last that could not read its configuration, and what one that could.
CONFIGURATION_FAILED = b"Async configuration of server failed"
SERVER_READY = b"Server ready"


def explain(look, path, error):
    """Fill C(look) for a server that cannot be asked; return why the check does not apply, None where it does.

    C(look) is fail2ban.Look, C(path) the socket (text), C(error) the SocketError.
    """
    machine = look.machine
    running = fail2ban_tools.processes(machine)
    other = fail2ban_tools.other_tool(running)
    alive = fail2ban_tools.alive(machine, look.setting("pidfile", fail2ban_tools.PIDFILE))
    look.data["installed"] = installed = fail2ban_tools.installed(machine) or alive
    if error.state in ("missing", "stale") and not alive:
        if other:
            look.data["tool"] = other.lower()
            return "%s is the active tool on this host, fail2ban is %s" % (other, "not running" if installed else "not installed")
        if not installed and error.state == "missing":
            return _no_tool(look, running)
    look.data["tool"] = "fail2ban"
    if error.state == "denied" and os.geteuid() != 0:
        look.incomplete.append("only root may ask fail2ban (socket %s)" % text(path))
        return None
    if error.state == "missing" and alive:
        look.findings.append(fail2ban_findings.unreachable_server())
        look.incomplete.append("fail2ban runs without its socket and cannot be asked")
        return None
    _dead(look, path, error)
    return None


def _no_tool(look, running):
    places = fail2ban_tools.world_ssh(look.machine, running)
    if places is None:
        look.incomplete.append("no tool is installed, and the listening sockets cannot be seen")
        return None
    if places:
        look.findings.append(fail2ban_findings.not_installed(places))
    return "no such tool is installed, and ssh does not listen to other networks"


def _dead(look, path, error):
    """Say why the server of an installed fail2ban is not there, as far as its configuration and systemd tell."""
    machine = look.machine
    enabled = fail2ban_tools.enabled(machine)
    look.data["service"] = service = fail2ban_tools.service(machine)
    if error.state == "missing" and enabled is False and service.get("ActiveState") != "failed":
        look.findings.append(fail2ban_findings.switched_off())
        return
    facts = []
    if service:
        facts.append(("systemd", ", ".join("%s=%s" % item for item in sorted(service.items()))))
    if error.state in ("missing", "stale"):
        words = _last_words(machine)
        problems = of_last_start(words) if service.get("ActiveState") == "failed" else []
        if not problems:
            problems = _config_test(look)
            facts += [("fail2ban-client -t", problem) for problem in problems]
        look.data["config_errors"] = problems
        facts += [("journal", shown(line)) for line in words]
        _jails_without_log(look)
    else:
        look.incomplete.append("fail2ban cannot be asked: %s" % error)
    look.findings.append(fail2ban_findings.silent_server(error.state, "%s" % error, path, facts))


def of_last_start(words):
    """Return the errors of a start that ended at the configuration, else none: it is read and judged as C(fail2ban-client -t) does that."""
    errors = []
    for line in words:
        if SERVER_READY in line:
            errors = []
        elif b"ERROR" in line:
            errors.append(line)
    if len(errors) < 2 or CONFIGURATION_FAILED not in errors[-1]:
        return []
    return list(dict.fromkeys(_error(line) for line in errors))


def _error(line):
    """Return an error without the time and process id before it: an unchanged host gives the same words."""
    return shown(line[line.index(b"ERROR"):])


def _config_test(look):
    command = look.machine.which(b"fail2ban-client")
    if command is None:
        return []
    answer = look.machine.run([command, b"-c", look.options["config_dir"].encode("utf-8", "surrogateescape"), b"-t"], timeout=CONFIG_TEST_TIMEOUT)
    lines = [_error(line) for line in (answer.err + answer.out).splitlines() if b"ERROR" in line]
    return look.capped("config_errors", lines, CONFIG_ERRORS_LIMIT)


def _last_words(machine):
    """Return the last lines that the service left in the journal: a filter without <HOST> shows nowhere else."""
    command = machine.which(b"journalctl")
    if command is None:
        return []
    answer = machine.run([command, b"-q", b"--no-pager", b"-o", b"cat", b"-n", b"%d" % LAST_WORDS, b"_SYSTEMD_UNIT=fail2ban.service"], timeout=10)
    return answer.out.splitlines()[:LAST_WORDS] if answer.rc == 0 else []


def _jails_without_log(look):
    """A jail whose logpath matches no file keeps the whole server down, up to 1.1.0."""
    names, _unknown = look.config.jails()
    for name in names:
        backend = look.config.get(name, "backend")
        paths = look.config.get(name, "logpath")
        if fail2ban_config.UNKNOWN in (backend, paths) or paths is None or (backend or "").startswith("systemd"):
            continue
        patterns = [line.rsplit(" ", 1)[0] for line in paths.split("\n") if line.strip()]
        if not any(look.config.matches(pattern) for pattern in patterns):
            evidence = [("configuration", "logpath = %s: no such file" % pattern) for pattern in patterns]
            look.findings.append(fail2ban_findings.jail_without_log(name, evidence, patterns, fail2ban_tools.has_journal(look.machine), runs=False))
