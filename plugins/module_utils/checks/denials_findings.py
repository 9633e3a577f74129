# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups and events as data, and the findings that they are worth.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import shlex

from ..host.finding import finding, iso, text
from .denials_causes import danger_of, explain, is_suspicious

# What a blocked request is worth by its cause. Nothing is lost by a leaked descriptor or a program that does without.
_BLOCKED = {"leak": "info", "dontaudit_candidate": "info"}

# Files that hardly a confined program has business with.
_APPARMOR_DANGERS = (b"/etc/shadow", b"/etc/gshadow", b"/proc/kcore", b"/dev/mem", b"/dev/kmem", b"/sys/kernel/security", b"/root/.ssh", b"/etc/ssh/ssh_host_")

_RULES = {
    "selinux": "denials.selinux", "user_avc": "denials.selinux_user", "selinux_err": "denials.selinux_error",
    "apparmor": "denials.apparmor", "seccomp": "denials.seccomp",
}

_REFERENCES = {
    "selinux": "https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/9/html/using_selinux/"
    "troubleshooting-problems-related-to-selinux_using-selinux",
    "apparmor": "https://gitlab.com/apparmor/apparmor/-/wikis/home",
    "seccomp": "https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html",
}


def group_data(group, labels, whys):
    """Return one row of data["groups"]."""
    shape = group.shape
    advice = _advice(group, labels, whys)
    row = {
        "id": group.id,
        "kind": shape.kind,
        "decision": shape.decision,
        "source_type": text(shape.source, 200),
        "target_type": text(shape.target, 200),
        "tclass": text(shape.tclass, 100),
        "perms": [text(perm, 60) for perm in sorted(set(shape.perms))[:30]],
        "comm": text(shape.comm, 100),
        "exe": text(group.exe, 300),
        "paths": [text(path, 300) for path in group.paths],
        "path_pattern": text(shape.pattern, 300),
        "port": shape.port,
        "count": group.count,
        "verdicts": group.verdicts,
        "hosts": [text(host, 100) for host in sorted(group.hosts)],
        "first": iso(group.first),
        "last": iso(group.last),
        "blocked": group.blocked,
        "call_succeeded": group.call_succeeded,
        "syscall": text(group.syscall, 20) or None,
        "exit": text(group.exit, 20) or None,
        "severity": severity_of(group, advice["cause"]),
        "sample": text(group.sample),
    }
    row.update(advice)
    return row


def _advice(group, labels, whys):
    kind = group.shape.kind
    if kind in ("selinux", "user_avc"):
        return explain(group, labels, whys.get(group.ident))
    words, commands = _OTHERS[kind]
    return {"cause": "policy", "confidence": "low", "suggestion": {"text": words, "commands": commands(group.shape), "fixable": False}}


def _apparmor_commands(shape):
    name = shape.source.decode("utf-8", "replace")
    printable = name and text(name, 300) == name
    return ["aa-logprof"] + (["grep -rl -e %s /etc/apparmor.d" % shlex.quote(name)] if printable else [])


_OTHERS = {
    "apparmor": ("Where the program should be let: aa-logprof proposes a rule for the profile, read it before you accept it.", _apparmor_commands),
    "seccomp": ("The program made a call that its filter forbids: an old filter with a new library, or an attack. Look at the unit's SystemCallFilter=.",
                lambda _shape: ["ausearch -m SECCOMP -ts yesterday -i"]),
    "selinux_err": ("A transition or a context that the loaded policy does not allow: a module is missing, or a service runs with NoNewPrivileges.",
                    lambda _shape: ["ausearch -m SELINUX_ERR -ts yesterday -i"]),
}


def severity_of(group, cause):
    """Return the severity of a group: what was blocked by what it means, what was let pass is info, unless it is a danger."""
    shape = group.shape
    if shape.kind in ("selinux", "user_avc") and danger_of(shape):
        return "high" if is_suspicious(shape) else "critical"
    if shape.decision in ("allowed", "logged") or group.blocked == "allowed (permissive)":
        return "info"
    if group.blocked == "allowed or not needed":
        return "low"
    if shape.kind == "apparmor" and any(shape.path.startswith(path) for path in _APPARMOR_DANGERS):
        return "high"
    return _BLOCKED.get(cause, "medium")


_VERBS = {
    "blocked": "was denied",
    "unknown": "was denied (whether it was blocked is not logged)",
    "allowed or not needed": "got, or did without,",
    "allowed (permissive)": "would be denied, but was let pass,",
}

_TITLES = {
    "seccomp": "{who} {verb} {target} by its seccomp filter ({perms})",
    "selinux_err": "{perms}: {source} -> {goal} {verb} by the SELinux policy",
}


def group_finding(row):
    """Return the finding of one row of data["groups"]."""
    kind, target = row["kind"], row["path_pattern"] or row["target_type"]
    perms = " ".join(row["perms"]) or row["tclass"]
    port = " port %d" % row["port"] if row["port"] is not None else ""
    who = row["comm"] or row["source_type"]
    title = _TITLES.get(kind, "{who} {verb} {perms} on {target}{port}").format(
        who=who, verb=_VERBS[row["blocked"]], perms=perms, target=target, port=port, source=row["source_type"], goal=row["target_type"],
    )
    subject = "%s %s %s -> %s:%s { %s } %s%s" % (kind, row["comm"], row["source_type"], row["target_type"], row["tclass"], perms, row["path_pattern"], port)
    rule = _RULES[kind]
    if row["blocked"].startswith("allowed"):
        rule += "_allowed"
    evidence = [("sample", row["sample"]), ("blocked", row["blocked"])]
    evidence += [("file", path) for path in row["paths"]] + [("host", host) for host in row["hosts"]]
    item = finding(
        rule, row["severity"], title, subject, evidence, row["suggestion"]["text"], row["suggestion"]["commands"],
        [_REFERENCES.get(kind, _REFERENCES["selinux"])], count=row["count"],
    )
    item["first"], item["last"] = row["first"], row["last"]
    return item


def event_data(when, name, shape):
    """Return one row of data["events"]: something switched or reloaded the protection, or a manager said so."""
    fields = shape.fields
    enforcing = fields.get(b"enforcing")
    words = ["%s=%s" % (text(key, 40), text(value, 80)) for key, value in sorted(fields.items()) if key in _TOLD]
    return {
        "ts": iso(when),
        "type": name,
        "auid": text(fields[b"auid"], 20) if fields.get(b"auid") else None,
        "enforcing": int(enforcing) if enforcing in (b"0", b"1") else None,
        "detail": " ".join(words) or name,
    }


_TOLD = (b"enforcing", b"old_enforcing", b"bool", b"val", b"old_val", b"lsm", b"res", b"op", b"ses", b"auid", b"comm", b"exe", b"seqno", b"enabled")
