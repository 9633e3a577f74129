# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fail2ban-server that answers: its jails, its bans, its log and its configuration, compared with each other.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.finding import iso, text
from . import (
    fail2ban_config,
    fail2ban_database,
    fail2ban_findings,
    fail2ban_ignore,
    fail2ban_log,
    fail2ban_log_read,
    fail2ban_server,
    fail2ban_silent,
    fail2ban_tools,
)
from .fail2ban_said import SocketError

LOG = "/var/log/fail2ban.log"

BANNED_LIMIT = 100
FILES_LIMIT = 50
TOP_LIMIT = 20
ACTIONS_LIMIT = 50


def ask(look, connection, path):
    """Return (facts, jails) of the server as fail2ban_server.server does; its reasons go into C(look). Raises SocketError and ServerSaysNo.

    C(look) is fail2ban.Look, C(path) the socket (text).
    """
    asked = connection if look.options["transport"] != "client" else _client(look, path)
    look.data["socket"] = {"path": text(path), "state": "ok"}
    facts, jails, reasons = _asked(look, asked.ask_all, path)
    look.incomplete += reasons
    return facts, jails


def _asked(look, ask_all, path):
    try:
        return fail2ban_server.server(ask_all)
    except SocketError as error:
        if error.state != "unreadable" or look.options["transport"] == "socket":
            raise
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        raise SocketError("refused", "the answer has another form than fail2ban's: %s" % text(error, 100)) from None
    return fail2ban_server.server(_client(look, path).ask_all)


def _client(look, path):
    from .fail2ban_client import Client  # the socket can nearly always be read

    return Client(look.machine, path, look.options["timeout"])


def judge(look, pid, facts, jails):
    """Fill C(look) with what the running server of process C(pid) says, and with what is to be said of it."""
    data = look.data
    data.update(tool="fail2ban", installed=True, version=text(facts["version"]), running_since=iso(_started(look.machine, pid)))
    data["service"] = {"active": True, "enabled": fail2ban_tools.enabled(look.machine)}
    log = fail2ban_log_read.read(look.machine, facts.get("logtarget") or LOG, look.since, look.until)
    look.incomplete += log.gaps
    if not jails and not look.incomplete:
        look.findings.append(fail2ban_findings.no_jails())
    enabled = _compare_with_config(look, jails)
    for jail in jails:
        data["jails"].append(_jail(look, jail, log.jails.get(text(jail["name"]), fail2ban_log.Jail()), pid, log, enabled))
    data["window"] = {"since": iso(look.since), "until": iso(look.until), "source": log.source, "files": log.files, "complete": not log.gaps}
    data["log_errors"] = {"count": log.errors_count, "samples": [{"time": iso(when), "text": line} for when, line in log.errors]}
    _repeated(look, facts, jails, log)


def _compare_with_config(look, jails):
    """Return the names enabled in the configuration, None where it cannot be told; adds a finding for each that does not run."""
    if look.config.problems or not look.config.files:
        reasons = ["%s: %s" % (text(path), why) for path, why in look.config.problems] or ["no jail.conf in %s" % text(look.options["config_dir"])]
        look.incomplete.append("the configuration cannot be read (%s)" % "; ".join(reasons[:3]))
        look.data["missing_jails"] = None
        return None
    enabled, unknown = look.config.jails()
    if unknown:
        look.incomplete.append("cannot tell whether these jails are enabled: %s" % ", ".join(unknown[:10]))
    running = {jail["name"] for jail in jails}
    missing = [name for name in enabled if name not in running]
    look.data["missing_jails"] = look.capped("missing_jails", [text(name) for name in missing], FILES_LIMIT)
    for name in missing:
        look.findings.append(fail2ban_findings.jail_not_running(name, text(look.options["config_dir"])))
    return enabled


def _jail(look, jail, log, pid, whole_log, enabled):
    """Return the data of one jail and add its findings."""
    name = jail["name"]
    files = [_file(look.machine, path) for path in jail["files"] or ()]
    _judge_sources(look, jail, files)
    effective = _judge_bans(look, jail, log)
    written = _text_or_none(look.config.get(name, "ignoreip")) if look.config.files else None
    wide = fail2ban_ignore.wide(jail["ignoreip"] or (), written)
    if wide:
        look.findings.append(fail2ban_findings.ignores_everyone(name, wide, jail["ignoreip"], written))
    blind = _judge_silence(look, jail, log, pid, whole_log)
    bans = fail2ban_server.banned(jail, BANNED_LIMIT)
    look.capped("banned_ips", jail["ban_times"] or jail["banned_ids"], BANNED_LIMIT)
    return {
        "name": text(name), "running": True, "enabled_in_config": None if enabled is None else name in enabled, "backend": jail["backend"],
        "files": look.capped("files", files, FILES_LIMIT), "journal_match": text(jail["journal_match"]) or None,
        "failed": jail["failed"], "banned": jail["banned"],
        "banned_ips": [
            {"id": text(ban["id"], 100), "since": iso(ban["since"]), "until": iso(ban["until"]), "permanent": ban["permanent"]}
            for ban in bans
        ],
        "bantime": jail["bantime"], "findtime": jail["findtime"], "maxretry": jail["maxretry"],
        "ignoreip": [text(entry, 100) for entry in look.capped("ignoreip", jail["ignoreip"] or [], FILES_LIMIT)], "ignoreip_wide": wide[:FILES_LIMIT],
        "actions": [text(action, 100) for action in look.capped("actions", jail["actions"] or [], ACTIONS_LIMIT)],
        "ban_errors": {"count": log.failed_count, "last": iso(log.failed[-1][0]) if log.failed else None}, "ban_effective": effective,
        "last_found": iso(log.last_found), "last_ban": iso(log.last_ban), "found": log.found, "new_bans": log.bans,
        "failures_not_counted": blind.count if blind is not None else None,
    }


def _text_or_none(value):
    return None if value is fail2ban_config.UNKNOWN else value


def _file(machine, path):
    """Return what a log file of a jail looks like."""
    try:
        node = os.stat(machine.path(path.encode("utf-8", "surrogateescape")))
    except (OSError, ValueError):
        return {"path": text(path), "exists": False, "size": None, "mtime": None}
    return {"path": text(path), "exists": True, "size": node.st_size, "mtime": iso(int(node.st_mtime))}


def _judge_sources(look, jail, files):
    """A jail needs a log: the journal, or at least one file that is there."""
    if jail["backend"] != "files" or any(entry["exists"] for entry in files):
        return
    evidence = [("fail2ban-server", "the jail reads %s, which does not exist" % entry["path"]) for entry in files]
    from .fail2ban_tools import has_journal  # seldom asked

    paths = [entry["path"] for entry in files]
    evidence = evidence or [("fail2ban-server", "the jail reads no file at all")]
    look.findings.append(fail2ban_findings.jail_without_log(jail["name"], evidence, paths, has_journal(look.machine), runs=True))


def _judge_bans(look, jail, log):
    """Return whether the jail's bans come about: C(yes), C(no), C(unknown) where the log has no ban or only some actions fail."""
    failing = sorted({action for _when, _address, action in log.failed} | {action for _when, action in log.not_started})
    if not failing or log.mended:
        return "yes" if log.bans or log.restored or log.rebans else "unknown"
    total = set(failing) >= {text(action) for action in jail["actions"] or failing}
    look.findings.append(fail2ban_findings.ban_fails(jail["name"], failing, jail["banned"]["current"], log, total))
    return "no" if total else "unknown"


def _judge_silence(look, jail, log, pid, whole_log):
    """Return the Blindness of a jail that has counted nothing, None where that cannot be judged or it has counted something."""
    if jail["failed"]["total"] != 0 or log.found or log.ignored or look.config.get(jail["name"], "ignorecommand"):
        return None
    began = [look.since, log.started or 0, whole_log.started or 0, _started(look.machine, pid) or 0]
    name = _text_or_none(look.config.get(jail["name"], "filter")) or jail["name"]
    blindness = fail2ban_silent.look(look.machine, jail, name.partition("[")[0].strip(), max(began))
    if blindness is not None and blindness.count:
        look.findings.append(fail2ban_findings.jail_silent(jail["name"], blindness))
    return blindness


def _started(machine, pid):
    """Return when a process began, in seconds since 1970, None where /proc does not tell (proc(5): stat, field 22; btime)."""
    stat = machine.read_or_none(b"/proc/%d/stat" % pid, 4096)
    boot = re.search(rb"^btime (\d+)$", machine.read_or_none(b"/proc/stat") or b"", re.M)
    fields = stat.rpartition(b")")[2].split() if stat else []
    if boot is None or len(fields) < 20:
        return None
    return int(boot.group(1)) + int(fields[19]) // os.sysconf("SC_CLK_TCK")


def _repeated(look, facts, jails, log):
    """Fill C(top), C(repeat) and C(db), and add the finding for addresses that came back, unless something makes their bans longer."""
    least = look.options["repeat"]
    path = facts.get("dbfile")
    look.data["db"] = {"path": text(path) if path else None, "schema": None, "purge_age": facts.get("dbpurgeage")}
    bans = dict(log.bans)
    for address, name, count, last in _from_database(look, path, least):
        bans[(address, name)] = max(bans.get((address, name), (0, 0)), (count, last))
    totals = {}
    for (address, _name), (count, _last) in bans.items():
        totals[address] = totals.get(address, 0) + count
    order = sorted(totals, key=lambda address: (-totals[address], address))
    again = {address for (address, _name), (count, _last) in bans.items() if count >= least}
    repeated = [address for address in order if address in again]
    look.data["top"] = [
        {"ip": address, "jails": names, "bans": totals[address], "last": iso(last)}
        for address, names, last in _in_jails(bans, look.capped("top", order, TOP_LIMIT))
    ]
    look.data["repeat"] = [{"ip": address, "count": totals[address]} for address in look.capped("repeat", repeated, TOP_LIMIT)]
    handled = any(jail["name"] == "recidive" or jail["bantime_increment"] for jail in jails)
    if repeated and not handled:
        rows = [(address, names, totals[address], last) for address, names, last in _in_jails(bans, repeated[:TOP_LIMIT])]
        look.findings.append(fail2ban_findings.repeat_offenders(rows, len(repeated), least))


def _in_jails(bans, addresses):
    """Return [(address, sorted names of its jails, last ban)] of some addresses; C(bans) is {(address, jail): (count, last)}."""
    found = {address: ([], []) for address in addresses}
    for (address, name), (_count, last) in bans.items():
        if address in found:
            found[address][0].append(name)
            found[address][1].append(last)
    return [(address, sorted(found[address][0]), max(found[address][1])) for address in addresses]


def _from_database(look, path, least):
    if not path:
        return []
    try:
        look.data["db"]["schema"], rows = fail2ban_database.repeated(look.machine, path.encode("utf-8", "surrogateescape"), least)
    except fail2ban_database.DatabaseError as error:
        look.incomplete.append("the database %s cannot be read: %s" % (text(path), error))
        return []
    return [(text(address, 80), text(name), int(bans), int(last)) for address, name, bans, last in rows]
