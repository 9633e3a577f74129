# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One audit record: when and what. Pure functions over bytes; nothing here reads a file.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.

Written after the kernel's security/selinux/avc.c and ss/services.c, security/apparmor/audit.c, kernel/auditsc.c, libselinux' avc.c,
and auditd's two log formats.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


from ..host.pattern import Pattern
from .denials_patterns import pattern_of

# A record is at most this long for the parser; the kernel's own limit is 8970 bytes.
LINE_LIMIT = 16384

# Numbers of linux/audit.h and the names auditd writes for them; the kernel's own messages (dmesg, kern.log, journal) have the number.
TYPES = {
    b"1107": b"USER_AVC",
    b"1122": b"USER_SELINUX_ERR",
    b"1300": b"SYSCALL",
    b"1326": b"SECCOMP",
    b"1400": b"AVC",
    b"1401": b"SELINUX_ERR",
    b"1402": b"AVC_PATH",
    b"1403": b"MAC_POLICY_LOAD",
    b"1404": b"MAC_STATUS",
    b"1405": b"MAC_CONFIG_CHANGE",
    b"1501": b"APPARMOR_AUDIT",
    b"1502": b"APPARMOR_ALLOWED",
    b"1503": b"APPARMOR_DENIED",
    b"1505": b"APPARMOR_STATUS",
    b"1506": b"APPARMOR_ERROR",
    b"1507": b"APPARMOR_KILL",
}

# Types whose records are judged; the rest of what the needles find (AVC_PATH, a name that looks like one) is passed over.
JUDGED = frozenset(name for name in TYPES.values() if name not in (b"SYSCALL", b"AVC_PATH"))

# Records that say something changed, not that something was denied.
EVENTS = frozenset((b"MAC_STATUS", b"MAC_POLICY_LOAD", b"MAC_CONFIG_CHANGE"))

# node= is auditd's name_format, host= what setroubleshoot's copies have; an old kernel writes no type at all.
_HEAD = Pattern(
    rb"(?:(?:^|\s)(?:node|host)=(\S{1,255}) )?"
    rb"(?:\btype=([A-Z0-9_]{1,40}|UNKNOWN\[[0-9]+\]) (?:msg=)?)?"
    rb"audit\(([0-9]{1,11}(?:\.[0-9]{1,9})?):([0-9]{1,20})\): ?"
)

_AVC = Pattern(rb"avc:\s{1,4}(denied|granted)\s{1,4}\{([^{}]{0,400})\}\s{0,4}for\s")
_FIELD = Pattern(rb"([A-Za-z_][A-Za-z0-9_-]{0,63})=(\"[^\"]*\"|[^\s\"]*)")
_HEX = Pattern(rb"(?:[0-9A-F]{2})+\Z")
_DIGITS = Pattern(rb"[0-9]+")
_RESULT = Pattern(rb" syscall=([0-9]+)(?: per=[0-9a-f]+)? success=(yes|no) exit=(-?[0-9]+)")
_SID = Pattern(rb"(?:op=)?(security_[a-z_]+)")
_NOTICE_STATE = Pattern(rb"enforcing=([01])")

# What the kernel writes with audit_log_untrustedstring: quoted, or in hex where a quote, a blank or a control character is in it.
_UNTRUSTED = frozenset((b"comm", b"name", b"path", b"exe", b"profile", b"peer", b"cwd", b"info", b"proctitle", b"label", b"peer_label"))

# SECCOMP actions of linux/seccomp.h that stop the call or the process; LOG, ALLOW, TRACE and USER_NOTIF do not.
_SECCOMP = {0x80000000: b"kill_process", 0x00000000: b"kill_thread", 0x00030000: b"trap", 0x00050000: b"errno"}
_SECCOMP_PASSED = {0x7FFC0000: b"log", 0x7FFF0000: b"allow", 0x7FF00000: b"trace", 0x7FC00000: b"user_notif"}

_APPARMOR = {b"DENIED": b"denied", b"KILLED": b"denied", b"ERROR": b"denied", b"ALLOWED": b"allowed"}

PORT_PERMS = (b"name_bind", b"name_connect")


class Head:
    """Where a record stands: node (bytes), type (bytes), when (seconds since 1970), ident C(audit(when:serial)) and the rest of the line."""

    __slots__ = ("body", "ident", "node", "type", "when")

    def __init__(self, node, kind, when, ident, body):
        self.node, self.type, self.when, self.ident, self.body = node, kind, when, ident, body


def head_of(line):
    """Return the Head of a line from audit.log, a syslog file, or the journal; None where no audit record begins in it."""
    match = _HEAD.search(line[:LINE_LIMIT])
    if not match:
        return None
    node, kind, when, serial = match.groups()
    body = line[match.end():LINE_LIMIT]
    if kind is None:
        kind = _type_of(body)
    kind = TYPES.get(kind, kind)
    return Head(node or b"", kind, float(when), b"audit(%s:%s)" % (when, serial), body)


def _type_of(body):
    """Old kernels say C(audit(...)\\: avc\\:  denied) without a type."""
    if body.startswith((b"avc:", b" avc:", b"apparmor=")):
        return b"AVC"
    if body.lstrip().startswith((b"security_", b"op=security_")):
        return b"SELINUX_ERR"
    return b""


def audit_stamp(line):
    """Return the time in an audit record, None where there is none."""
    place = line.find(b"audit(")
    if place < 0:
        return None
    digits = _DIGITS.match(line, place + 6)
    return float(digits.group()) if digits and 6 < len(digits.group()) < 12 else None


class Shape:
    """What a record says, less what differs between two of the same kind: when, serial, process and inode.

    C(kind): selinux, user_avc, apparmor, seccomp, selinux_err, or event (something changed), or other (to be counted, not judged).
    C(decision): denied, granted, allowed (AppArmor complain mode), logged. C(permissive): True, False, or None where it is not said.
    C(key) is what groups go by. C(fields) are the record's, decoded.
    """

    __slots__ = ("comm", "decision", "fields", "group", "key", "kind", "path", "pattern", "permissive", "perms", "port", "source", "target", "tclass", "used")

    def __init__(self, kind, decision, fields):
        self.kind, self.decision, self.fields = kind, decision, fields
        self.permissive, self.perms, self.port, self.group, self.used = None, (), None, None, False
        self.source = self.target = self.tclass = self.path = self.pattern = b""
        self.comm = fields.get(b"comm", b"")
        self.key = ()

    def seal(self):
        """Set the path pattern and the key."""
        self.path = self.fields.get(b"path") or self.fields.get(b"name") or b""
        self.pattern = pattern_of(self.path)
        self.key = (
            self.kind, self.decision, self.source, self.target, self.tclass, tuple(sorted(set(self.perms))), self.comm, self.pattern,
            self.fields.get(b"ioctlcmd", b""), self.port,
        )
        return self


def fields_of(body):
    """Return the C(key=value) pairs, decoded: of a key that comes twice the last, which the kernel and not the process has written."""
    found = {}
    for key, value in _FIELD.findall(body):
        if value[:1] == b'"':
            value = value[1:-1]
        elif key in _UNTRUSTED and value and _HEX.match(value):
            value = bytes(bytearray.fromhex(value.decode("ascii")))
        found[key] = b"" if value in (b"(null)", b"?") else value
    return found


def shape_of(kind, body):
    """Return the Shape of a record's body, None where it is malformed: cut short, or not of a form that is known."""
    body = body[:LINE_LIMIT].split(b"\x1d", 1)[0]  # behind it auditd repeats numbers as names
    if kind in EVENTS:
        return Shape("event", "", fields_of(body))
    if kind in (b"SELINUX_ERR", b"USER_SELINUX_ERR"):
        return _selinux_error(body)
    if kind == b"SECCOMP":
        return _seccomp(fields_of(body))
    if b"apparmor=" in body or kind.startswith(b"APPARMOR_"):
        return _apparmor(kind, _inner(body))
    if kind == b"USER_AVC":
        return _user_avc(_inner(body))
    return _avc("selinux", body)


def type_of(context):
    """Return the type of a security context C(user:role:type:range), which may hold more colons in its range; a word alone is itself."""
    parts = context.split(b":", 3)
    return parts[2] if len(parts) > 2 else context


def _inner(body):
    """Return what is inside msg='...'; a record of a userspace manager says its own exe= and sauid= there too."""
    place = body.find(b"msg='")
    if place < 0:
        return body
    return body[place + 5:].rstrip().rstrip(b"'")


def _avc(kind, body):
    match = _AVC.search(body)
    if not match:
        return None
    body = body[match.end() - 1:]
    joined = body.find(b" msg=audit(")  # two records on one line, as in logs that passed through an editor
    if joined >= 0:
        body = body[:max(0, body.rfind(b" type=", 0, joined))]
    fields = fields_of(body)
    if not (fields.get(b"scontext") and fields.get(b"tcontext") and fields.get(b"tclass")):
        return None
    shape = Shape(kind, match.group(1).decode("ascii"), fields)
    shape.perms = tuple(match.group(2).split())
    shape.source, shape.target = type_of(fields[b"scontext"]), type_of(fields[b"tcontext"])
    shape.tclass = fields[b"tclass"]
    shape.permissive = {b"0": False, b"1": True}.get(fields.get(b"permissive", b"")[:1])
    if any(perm in PORT_PERMS for perm in shape.perms):
        port = _DIGITS.match(fields.get(b"dest") or fields.get(b"src") or b"")
        shape.port = int(port.group()[:9]) if port else None
    if shape.decision == "granted" and b"setenforce" in shape.perms:
        shape.kind = "event"
    return shape.seal()


def _user_avc(body):
    shape = _avc("user_avc", body)
    if shape is not None:
        return shape
    if b"avc:" not in body or b"denied" in body:
        return None
    # "received policyload notice (seqno=2)", "op=setenforce lsm=selinux enforcing=0", "received setenforce notice (enforcing=0)"
    fields = fields_of(body)
    if b"seqno" in fields:
        fields[b"seqno"] = fields[b"seqno"].rstrip(b")")
    shape = Shape("event", "", fields)
    state = _NOTICE_STATE.search(body)
    if b"setenforce" in body and state:
        shape.fields[b"enforcing"] = state.group(1)
    return shape


def _selinux_error(body):
    operation = _SID.search(body)
    if not operation:
        return None
    fields = fields_of(body)
    source = fields.get(b"scontext") or fields.get(b"oldcontext")
    target = fields.get(b"tcontext") or fields.get(b"newcontext")
    if not source and not target and not fields.get(b"invalid_context"):
        return None
    shape = Shape("selinux_err", "denied", fields)
    shape.perms = (operation.group(1),)
    shape.permissive = False if fields.get(b"seresult") == b"denied" else None
    shape.source, shape.target = type_of(source or b""), type_of(target or fields.get(b"invalid_context", b""))
    shape.tclass = fields.get(b"tclass", b"")
    return shape.seal()


def _seccomp(fields):
    code, signal = fields.get(b"code", b""), fields.get(b"sig", b"")
    if b"syscall" not in fields or not signal.isdigit():
        return None
    try:
        action = int(code or b"0", 16) & 0xFFFF0000
    except ValueError:
        return None
    stopped = signal != b"0" or (code and action in _SECCOMP)
    shape = Shape("seccomp", "denied" if stopped else "logged", fields)
    shape.perms = (_SECCOMP.get(action) or _SECCOMP_PASSED.get(action) or b"action",)
    shape.source = type_of(fields.get(b"subj", b"")) or fields.get(b"exe", b"")
    shape.target = b"syscall %s" % fields[b"syscall"][:6]
    shape.tclass = b"arch %s" % fields.get(b"arch", b"")[:12]
    shape.seal()
    shape.key += (fields.get(b"exe", b""),)
    return shape


def _apparmor(kind, body):
    fields = fields_of(body)
    said = fields.get(b"apparmor") or kind[len(b"APPARMOR_"):]
    if said in (b"STATUS", b"AUDIT", b"HINT"):
        return Shape("other", "", fields)
    decision = _APPARMOR.get(said)
    if decision is None or not fields.get(b"operation"):
        return None
    if not (fields.get(b"profile") or fields.get(b"label") or fields.get(b"comm")):
        return None
    shape = Shape("apparmor", decision.decode("ascii"), fields)
    shape.permissive = decision == b"allowed"
    shape.source = fields.get(b"profile") or fields.get(b"label") or b""
    shape.target = fields.get(b"peer") or fields.get(b"peer_label") or fields.get(b"capname") or fields.get(b"family") or b""
    shape.tclass = fields[b"operation"]
    mask = fields.get(b"denied_mask") or fields.get(b"denied") or fields.get(b"requested_mask") or fields.get(b"mask") or b""
    shape.perms = tuple(mask.replace(b",", b" ").split())
    return shape.seal()


def syscall_of(line):
    """Return (number, succeeded, exit) of a SYSCALL record, None where it does not say."""
    match = _RESULT.search(line)
    if not match:
        return None
    return match.group(1), match.group(2) == b"yes", match.group(3)
