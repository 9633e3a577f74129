# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why SELinux denied, and what to type: danger first, then port, label, boolean, content, and a look at the policy last of all.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

The order is setroubleshoot's (restorecon, bind_ports and connect_ports before booleans, a policy module last); the tables are those of
its plugins and of the domains' own manual pages, less every advice to allow what breaks out of the policy.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import shlex

from ..host.finding import text
from .denials_rules import BOOLEANS, DANGERS, FILES, GENERIC_PORTS, PORT_TYPES, STRAY_LABELS, SUSPICIOUS, WRITES

_POLICY_TEXT = "No label, port or boolean explains it. Look at what the program wanted; if it must be allowed, read the rules before they are compiled."


def _advice(cause, confidence, words, commands=(), fixable=False):
    return {"cause": cause, "confidence": confidence, "suggestion": {"text": words, "commands": list(commands), "fixable": fixable}}


def _quoted(path):
    """Return a path for a command line; None where it is not whole printable text, which no command may be made of."""
    try:
        name = path.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return shlex.quote(name) if name == text(name, 2000) else None


def danger_of(shape):
    """Return why a denial must not be allowed, None where nothing says so."""
    perms = frozenset(shape.perms)
    for source, target, tclass, enough, why in DANGERS:
        if source.match(shape.source) and target.match(shape.target) and tclass.match(shape.tclass) and (not enough or perms & enough):
            return why
    return None


def explain(group, labels, why=None):
    """Return {cause, confidence, suggestion: {text, commands, fixable}} of a group of SELinux denials.

    C(labels) knows the policy's file contexts, C(why) what audit2why said of the group's sample, or None.
    """
    shape = group.shape
    danger = danger_of(shape)
    if danger:
        return _advice("policy", "high", "Do not allow this: %s. Find out what the process is, and why it does it." % danger, _investigate(group))
    for rule in (_port, _unknown_type, _label, _category, _said_by_audit2why, _boolean, _content, _leak, _capability, _harmless):
        advice = rule(group, labels, why)
        if advice:
            return advice
    source = _name(shape.source)
    command = "ausearch -m AVC,USER_AVC -se %s -ts yesterday --raw | audit2allow -m local_%s"
    return _advice("policy", "low", _POLICY_TEXT, [command % (source, source)] if source else [])


def _name(kind):
    """Return a type's name as text, None where it is not one."""
    return kind.decode("ascii") if re.match(rb"[A-Za-z0-9_]{1,100}\Z", kind) else None


def _investigate(group):
    source = _name(group.shape.source)
    return ["ausearch -m AVC,USER_AVC -se %s -ts yesterday -i" % source] if source else []


def _port(group, _labels, _why):
    """A service on a port that the policy does not know as its own; httpd connecting out is a matter of its booleans."""
    shape = group.shape
    bind, connect = b"name_bind" in shape.perms, b"name_connect" in shape.perms
    if shape.port is None or not (bind or connect) or not shape.target.endswith(b"port_t"):
        return None
    wanted = PORT_TYPES.get(shape.source)
    if connect and (shape.target not in GENERIC_PORTS or any(row[0].match(shape.source) and row[1].match(shape.target) for row in BOOLEANS)):
        return None
    protocol = "udp" if shape.tclass.startswith(b"udp") else "tcp"
    verb = "listen on" if bind else "connect to"
    if wanted is None:
        words = "%s may not %s port %d. Give the port a type that it may use: see the list of types." % (text(shape.source), verb, shape.port)
        return _advice("port", "medium", words, ["semanage port -l"])
    change = "-a" if shape.target in GENERIC_PORTS else "-m"
    words = "%s may not %s port %d, which is %s. Where that port is meant, make it a %s." % (text(shape.source), verb, shape.port, text(shape.target), wanted)
    return _advice("port", "high" if bind else "medium", words, ["semanage port %s -t %s -p %s %d" % (change, wanted, protocol, shape.port)], True)


def _unknown_type(group, _labels, _why):
    fields = group.shape.fields
    gone = fields.get(b"trawcon") or fields.get(b"srawcon")
    if not gone:
        return None
    words = "The label %s is not known to the policy that is loaded: its module was removed, or the file comes from another system." % text(gone, 120)
    paths = [_quoted(path) for path in group.paths if path.startswith(b"/")] if fields.get(b"trawcon") else []
    return _advice("unknown_type", "high", words, ["restorecon -Rv %s" % path for path in paths[:1] if path] or ["semodule -l"])


def _label(group, labels, _why):
    """The file's type is not the one that the policy has for its path."""
    shape = group.shape
    if shape.tclass not in FILES:
        return None
    for path in group.paths:
        if not path.startswith(b"/") or path.startswith((b"/proc/", b"/sys/")):
            continue
        expected = labels.expected(path, shape.tclass)
        if expected is not None:
            if expected != shape.target:
                return _relabel(path, "is %s, the policy wants %s" % (text(shape.target), text(expected)), "high")
            continue
        if any(path.startswith(folder) for folder in (b"/home/",)) and shape.target.startswith(b"user_home"):
            continue
        for stray, place, perms, sure in STRAY_LABELS:
            if stray.match(shape.target) and place.match(path) and (not perms or perms & frozenset(shape.perms)):
                return _relabel(path, "is %s, a type that files there rarely should have" % text(shape.target), sure)
    if not group.paths and shape.target in (b"default_t", b"unlabeled_t", b"file_t"):
        return _advice("label", "medium", "The file has no label of its own (%s): find it by its inode and relabel it." % text(shape.target))
    return None


def _relabel(path, words, sure):
    quoted = _quoted(path)
    return _advice("label", sure, "The label of %s %s." % (text(path, 200), words), ["restorecon -Rv %s" % quoted] if quoted else [], bool(quoted))


def _category(group, _labels, _why):
    """Two containers or virtual machines: the types are right, the categories differ."""
    fields = group.shape.fields
    source, target = (fields.get(key, b"").split(b":", 3) for key in (b"scontext", b"tcontext"))
    if len(source) < 4 or len(target) < 4 or b":c" not in target[3] or not re.match(rb"(container|svirt|openshift|sandbox)", group.shape.source):
        return None
    if set(target[3].split(b":")[-1].split(b",")) <= set(source[3].split(b":")[-1].split(b",")):
        return None
    words = "The categories differ (%s, %s): it belongs to another container. Mount a shared volume with :z, one of its own with :Z."
    return _advice("mls", "high", words % (text(source[3], 60), text(target[3], 60)))


def _said_by_audit2why(_group, _labels, why):
    if not why:
        return None
    if why[0] == "boolean":
        words = "audit2why: a boolean allows it. Read what else it allows before you switch it."
        return _advice("boolean", "high", words, ["setsebool -P %s 1" % name for name in why[1][:1]], True)
    if why[0] == "constraint":
        return _advice("mls", "high", "audit2why: a constraint of the policy (user, role or level) forbids it, no allow rule helps.")
    return None


def _boolean(group, _labels, _why):
    shape = group.shape
    for source, target, tclass, perms, name in BOOLEANS:
        if source.match(shape.source) and target.match(shape.target) and tclass.match(shape.tclass) and (not perms or perms & set(shape.perms)):
            words = "The boolean %s allows it. Read what else it allows before you switch it." % name
            return _advice("boolean", "medium", words, ["setsebool -P %s 1" % name], True)
    return None


def _content(group, _labels, _why):
    """The web server writes where it may only read."""
    shape = group.shape
    if not (shape.source.startswith(b"httpd") and shape.target == b"httpd_sys_content_t" and WRITES & set(shape.perms)):
        return None
    words = "The web server may only read there. Where it must write (uploads, caches), label that directory, and no more, as writable."
    path = next((path for path in group.paths if path.startswith(b"/")), b"")
    folder = path if shape.tclass == b"dir" else os.path.dirname(path)
    quoted = _quoted(folder) if folder.count(b"/") > 1 else None
    if not quoted or re.search(rb"[\[\]{}()*+?.\\^$|]", folder):
        return _advice("file_contexts", "medium", words)
    return _advice("file_contexts", "medium", words, [
        "semanage fcontext -a -t httpd_sys_rw_content_t %s" % shlex.quote(folder.decode("utf-8") + "(/.*)?"), "restorecon -Rv %s" % quoted], True)


def _leak(group, _labels, _why):
    shape = group.shape
    perms = set(shape.perms)
    inherited = shape.tclass == b"fd" and b"use" in perms
    if inherited or (shape.tclass.endswith((b"_socket", b"fifo_file")) and perms == {b"read", b"write"} and shape.source != shape.target):
        words = "A descriptor that the parent process left open; the program seldom needs it. Nothing to allow: have the parent close it."
        return _advice("leak", "medium", words)
    return None


def _capability(group, _labels, _why):
    shape = group.shape
    if shape.tclass.startswith(b"capability") and {b"dac_override", b"dac_read_search"} & set(shape.perms):
        words = "A process of root met a file whose owner and mode let only somebody else in. Correct the file's owner or mode, not the policy."
        return _advice("policy", "medium", words, _investigate(group))
    return None


def _harmless(group, _labels, _why):
    if group.call_succeeded and group.verdicts["blocked"]:
        words = "The call succeeded all the same: the program does without. Nothing to do; a dontaudit rule would hide it."
        return _advice("dontaudit_candidate", "low", words)
    return None


def is_suspicious(shape):
    """A danger whose requests some honest programs make too."""
    return bool(set(shape.perms) & SUSPICIOUS)
