# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: one per action, with a severity that an administrator agrees with.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ..host.finding import SEVERITIES, finding
from .restart_files import MODULE, OVERWRITTEN, SCRIPT, SHADOWED, STALE
from .restart_listen import is_public
from .restart_plan import NONE

# Libraries that handle what strangers send: a hole in them is reached from outside.
SECURITY_LIBRARIES = (
    r"^(?:libssl|libcrypto|libgnutls|libnss3|libmbedtls|libwolfssl|libgcrypt|libssh2?|libc|libc-|ld-linux.*|libpthread|libresolv|libpam|libkrb5|libgssapi_krb5|"
    r"libldap|liblber|libexpat|libxml2|libxslt|libz|libzstd|liblzma|libbrotlidec|libnghttp[23]|libcurl(?:-gnutls)?|libpcre2?(?:-8)?|libpng16|libjpeg|libwebp|"
    r"libtiff|libfreetype|libsqlite3|libpq|libmariadb|libxcrypt|libcrypt|libsystemd|libdbus-1|libnss_.*|libunbound|libldns|libluajit.*|libruby.*|libpython.*)"
    r"(?:-[0-9.]+)?\.so"
)

# Weak evidence: a name that changed, a time that changed.
WEAK = (SHADOWED, OVERWRITTEN, SCRIPT, MODULE)

RULES = {"service": "restart.service", "user_service": "restart.user_service", "session": "restart.session", "container": "restart.container",
         "process": "restart.process"}

# Of these any user makes as many as he likes: they must not push the services out of the findings that a check may have (FINDINGS_LIMIT).
NAMED_BY_USERS = frozenset(("restart.process", "restart.user_service", "restart.session", "restart.container"))
NAMED_BY_USERS_LIMIT = 100

TITLES = {
    "service": "{name} runs {what}",
    "user_service": "User service {name} runs {what}",
    "session": "Login of {name} runs {what}",
    "container": "Container {name} runs {what}",
    "process": "{name} runs {what}",
}


def findings_of(actions):
    """Return (findings of all actions, reasons why some are left out)."""
    found = [_finding(action) for action in actions]
    kept, reasons = [], []
    for rule in sorted({item["rule"] for item in found}):
        alike = sorted((item for item in found if item["rule"] == rule), key=_urgency)
        limit = NAMED_BY_USERS_LIMIT if rule in NAMED_BY_USERS else len(alike)
        kept += alike[:limit]
        if len(alike) > limit:
            reasons.append("%d findings of %s more than the %d shown" % (len(alike) - limit, rule, limit))
    return kept, reasons


def _urgency(item):
    return SEVERITIES.index(item["severity"]), item["subject"]


def _finding(action):
    files = stale_files(action.rows)
    what = describe(files)
    title = TITLES[action.kind].format(name=action.name, what=what)
    rule = "restart.leftover" if action.action == NONE and action.kind == "service" else RULES[action.kind]
    return finding(
        rule,
        severity(action),
        title,
        "%s %s" % (action.kind, action.name),
        evidence=evidence(action.rows),
        remedy=action.reason[:1].upper() + action.reason[1:] + ".",
        commands=action.commands,
        count=len(action.rows),
    )


def stale_files(rows):
    """Return [(path, reason, package, version)] of all rows, each once, sorted."""
    found = set()
    for row in rows:
        for item in row["files"]:
            if item["reason"] in STALE:
                found.add((item["path"], item["reason"], item["package"] or "", item["version"] or ""))
    return sorted(found)


def describe(files):
    """Return which files, in the words of a title: C(2 replaced files: libssl.so.3, libcrypto.so.3)."""
    names = sorted({os.path.basename(path) for path, _reason, _package, _version in files})
    reasons = sorted({reason for _path, reason, _package, _version in files})
    shown = ", ".join(names[:3]) + (" and %d more" % (len(names) - 3) if len(names) > 3 else "")
    return "%s files: %s" % ("/".join(reasons), shown)


def evidence(rows):
    """Return the (source, text) pairs: each process with its files."""
    found = []
    for row in rows[:10]:
        files = ["%s %s%s" % (item["path"], item["reason"], " (%s %s)" % (item["package"], item["version"]) if item["package"] else "")
                 for item in row["files"] if item["reason"] in STALE]
        where = "process %d %s of %s since %s" % (row["pid"], row["comm"], row["user"], row["started"])
        if row["listens"]:
            where += ", listens on %s" % ", ".join(row["listens"][:3])
        found.append((where, "; ".join(files[:8]) + ("; %d more" % (len(files) - 8) if len(files) > 8 else "")))
    return found


def severity(action):
    """Return how urgent an action is.

    High: reachable from other machines with its own program or a library replaced that handles what strangers send.
    Medium: reachable with any other file, or such a library in what is not reachable. Low: the rest, and all weak evidence.
    Sessions, left-over processes: low, they end by themselves.
    """
    items = [item for row in action.rows for item in row["files"] if item["reason"] in STALE]
    if action.kind in ("session",) or action.action == NONE and action.kind == "service":
        return "low"
    if all(item["reason"] in WEAK for item in items):
        return "low" if all(item["reason"] != OVERWRITTEN for item in items) else "medium"
    public = any(is_public(row["listens"]) for row in action.rows)
    own_program = any(item["path"] == row["exe"] for row in action.rows for item in row["files"] if item["reason"] in STALE)
    library = any(re.match(SECURITY_LIBRARIES, os.path.basename(item["path"])) for item in items if item["reason"] not in WEAK)
    if public:
        return "high" if own_program or library else "medium"
    return "medium" if own_program or library else "low"
