# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which security updates wait, as the package manager of the server sees them: from its lists on disk, nothing is fetched.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import json
import os
import re

from ..host.finding import finding, iso, text
from . import software_apt_lists, software_updates_apt
from .software_text import plain
from .software_units import mtime

DAY = 86400
OLD_DAYS = 3
TIME_LIMIT = 40
OUTPUT_LIMIT = 8 * 1048576
PENDING_LIMIT = 1000

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]*\Z")

# An ordinary user may read the lists, but not write apt's caches anew.
NOBODY = (b"--reuid=65534", b"--regid=65534", b"--clear-groups")

# ALSA-2026:0001 Important/Sec. nginx-2:1.26.2-1.module_el9.x86_64
_ADVISORY = re.compile(rb"([A-Za-z0-9_.:-]{3,60})\s+(?:(\w+)/Sec\.|security)\s+(\S+)\Z")
_NEVRA = re.compile(rb"(.+)-((?:\d+:)?[^-]+-[^-]+)\.([^.]+)\Z")

# When the lists of each manager were last had: the files that a refresh writes.
CACHES = (b"/var/cache/dnf/*/repodata/repomd.xml", b"/var/cache/libdnf5/*/repodata/repomd.xml", b"/var/cache/yum/*/*/*/repomd.xml",
          b"/var/cache/zypp/raw/*/repodata/repomd.xml")

# What installs them, by the command that was asked.
INSTALL = {
    "apt-cache": ("apt-get update", "apt-get upgrade --with-new-pkgs"), "dnf": ("dnf upgrade --security",), "dnf5": ("dnf upgrade --security",),
    "yum": ("yum update --security",), "zypper": ("zypper patch --category security",),
}

SEVERITIES = {"critical": "critical", "important": "high", "moderate": "medium", "low": "low"}


def look(machine, manager, installed=()):
    """Return (data, problems); C(installed) are the rows of data.packages.

    data: {source: the command asked, lists_from: when its lists were had, security: [{name, installed, candidate, advisory, severity, from}]}.
    """
    if manager == "dpkg":
        source, rows, problems = _apt(machine, installed)
        lists = software_updates_apt.lists_written(machine)
    elif manager == "rpm":
        source, rows, problems = _rpm(machine)
        lists = _cache(machine)
    else:
        return {}, []
    if source:
        problems += _age(machine, source, lists)
    rows.sort(key=lambda row: (row["name"], row["advisory"], row["candidate"]))
    data = {"source": source, "lists_from": iso(lists), "security": rows[:PENDING_LIMIT], "complete": not problems}
    return data, ["pending updates: %s" % words for words in problems]


def findings(data, manager):
    """Return the finding of the security updates that wait."""
    rows = data.get("security")
    if not rows:
        return []
    names = sorted({row["name"] for row in rows})
    ranks = [SEVERITIES[row["severity"].lower()] for row in rows if row["severity"].lower() in SEVERITIES]
    severity = next((rank for rank in ("critical", "high", "medium", "low") if rank in ranks), "medium")
    evidence = [(data["source"], _words(row)) for row in rows]
    return [finding(
        "software.security_updates", severity, "security updates wait for %s" % _some(names),
        "security updates", evidence=evidence, remedy="Install them.", commands=INSTALL[data["source"].split()[0]], count=len(names),
    )]


def _words(row):
    parts = (row["name"], row["installed"], "->" if row["installed"] else "", row["candidate"], row["advisory"], row["severity"], row["from"])
    return " ".join(part for part in parts if part)


def _some(names):
    """Return the first names, and how many more there are."""
    return ", ".join(names[:4]) + (" and %d more" % (len(names) - 4) if len(names) > 4 else "")


def _age(machine, source, lists):
    if lists is None:
        return ["%s has no lists of packages on disk" % source]
    if machine.now - lists > OLD_DAYS * DAY:
        return ["the lists of %s are from %s" % (source, iso(lists))]
    return []


def _row(name, installed, candidate, advisory=b"", severity=b"", origin=b""):
    values = plain([name, installed, candidate, advisory, severity, origin])
    return dict(zip(("name", "installed", "candidate", "advisory", "severity", "from"), values))


def _failure(answer, what):
    """Return why an answer cannot be trusted, as a list."""
    if answer.timed_out:
        return ["%s did not answer in time" % what]
    if answer.truncated:
        return ["%s says more than %d MB" % (what, OUTPUT_LIMIT // 1048576)]
    if answer.rc != 0:
        words = [line.strip() for line in (answer.err or answer.out).splitlines() if line.strip() and not line.startswith(b"W:")]
        return ["%s ended with %d: %s" % (what, answer.rc, text(words[0], 200) if words else "no reason given")]
    return []


def _apt(machine, installed):
    if machine.which(b"apt-cache") is None:
        return "", [], ["apt-cache is not installed"]
    problems = _refusal(machine)
    newer = software_apt_lists.newer(machine, installed)
    if newer is not None and not newer:
        return "lists of apt", [], problems
    rows, failed = _policy(machine, [row for row in installed if newer is None or row[0] in newer])
    return "apt-cache policy", rows, problems + failed


def _policy(machine, installed):
    """Return (rows, problems) of the packages for which, as apt sees it, a security archive has something newer."""
    # Servers of rpm and those on which nothing waits do not get here.
    from . import software_apt_policy

    names = sorted({row[0] if row[2] in ("", "all") else "%s:%s" % (row[0], row[2]) for row in installed if _PACKAGE.match(row[0])})
    if not names:
        return [], ["no package is known to be installed"]
    answers = [_ask_apt(machine, b"apt-cache", words) for words in ([b"policy"], [b"policy"] + [name.encode("ascii") for name in names])]
    problems = [problem for answer in answers for problem in _failure(answer, "apt-cache policy")]
    try:
        found = software_apt_policy.waiting(answers[1].out, software_apt_policy.security_archives(answers[0].out))
    except ValueError as error:
        return [], problems or [str(error)]
    return [_row(name, own, candidate, origin=archive) for name, own, candidate, archive in found], problems[:1]


def _refusal(machine):
    """Return why apt refuses to install anything, as a list: it does where a package lacks what it depends on, and is asked only there."""
    return _failure(_ask_apt(machine, b"apt-get", [b"-qq", b"-o", b"Debug::NoLocking=1", b"check"]), "apt-get check") if _is_broken(machine) else []


def _ask_apt(machine, program, words):
    argv = [machine.which(program) or program] + words
    setpriv = machine.which(b"setpriv")
    if setpriv is not None and os.geteuid() == 0:
        argv = [setpriv] + list(NOBODY) + argv
    return machine.run(argv, timeout=TIME_LIMIT, limit=OUTPUT_LIMIT)


def _is_broken(machine):
    """Return whether a package may lack what it depends on."""
    # Servers of rpm do not get here.
    from . import software_apt_depends, software_dpkg

    status = machine.read_or_none(software_dpkg.FOLDER + b"/status", software_dpkg.STATUS_LIMIT)
    return status is None or bool(software_apt_depends.unmet(status))


def _rpm(machine):
    for name, arguments, parse in (
        (b"dnf5", (b"-q", b"-C", b"advisory", b"list", b"--security", b"--json"), _json),
        (b"dnf", (b"-q", b"-C", b"--setopt=logfilelevel=0", b"updateinfo", b"list", b"--security"), _lines),
        (b"yum", (b"-q", b"-C", b"updateinfo", b"list", b"security"), _lines),
        (b"zypper", (b"--no-refresh", b"--non-interactive", b"--quiet", b"list-patches", b"--category", b"security"), _zypper),
    ):
        program = machine.which(name)
        if program is not None:
            answer = machine.run([program] + list(arguments), timeout=TIME_LIMIT, limit=OUTPUT_LIMIT)
            source = " ".join([text(name)] + [text(word) for word in arguments if not word.startswith(b"-")])
            try:
                return source, parse(answer.out), _failure(answer, source)
            except ValueError as error:
                return source, [], _failure(answer, source) or ["%s: %s" % (source, error)]
    return "", [], ["neither dnf, yum nor zypper is installed"]


def _lines(out):
    """Parse the lines of dnf 4 and yum."""
    rows = []
    for line in out.split(b"\n"):
        match = _ADVISORY.match(line.strip())
        if match:
            advisory, severity, package = match.groups()
            rows.append(_of_nevra(package, advisory, severity or b""))
    return rows


def _json(out):
    """Parse what dnf5 says."""
    rows = []
    for entry in json.loads(out.decode("utf-8", "replace") or "[]"):
        for nevra in entry.get("nevras") or [entry.get("nevra", "")]:
            rows.append(_of_nevra(nevra.encode("utf-8"), entry.get("name", "").encode("utf-8"), (entry.get("severity") or "").encode("utf-8")))
    return rows


def _zypper(out):
    """Parse the table of zypper: Repository | Name | Category | Severity | Interactive | Status | Since | Summary."""
    rows = []
    for line in out.split(b"\n"):
        cells = [cell.strip() for cell in line.split(b"|")]
        if len(cells) >= 6 and cells[2] == b"security" and b"needed" in cells[5] and b"not needed" not in cells[5]:
            rows.append(_row(cells[1], b"", b"", cells[1], cells[3]))
    return rows


def _of_nevra(nevra, advisory, severity):
    match = _NEVRA.match(nevra)
    name, evr = match.group(1, 2) if match else (nevra, b"")
    return _row(name, b"", evr, advisory, b"" if severity.lower() in (b"none", b"unknown") else severity)


def _cache(machine):
    """Return when the newest list of an enabled repository was had, in seconds since 1970, or None."""
    skip = len(machine.root.rstrip(b"/")) if machine.root != b"/" else 0
    times = [mtime(machine, path[skip:]) for pattern in CACHES for path in glob.glob(machine.path(pattern))]
    return max([when for when in times if when is not None] or [0]) or None
