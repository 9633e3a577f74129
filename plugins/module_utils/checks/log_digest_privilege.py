# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who became somebody else: sudo, su, pkexec and doas, by user and command.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from .log_digest_table import Tally, Topic, row, shown

# sudo's log.c: user : problem ; HOST= ; TTY= ; CHROOT= ; PWD= ; USER= ; GROUP= ; TSID= ; ENV= ; COMMAND=
SUDO = (
    row("sudo.command", b"COMMAND=",
        rb" *(?P<user>[^:]{1,100}?) : (?:(?P<problem>[^=;]{1,200}?) ; )?(?:HOST=[^;]{1,255} ; )?(?:TTY=[^;]{1,100} ; )?(?:CHROOT=[^;]{1,300} ; )?"
        rb"PWD=.{1,1000}? ; USER=(?P<target>[^;]{1,100}) ; (?:GROUP=[^;]{1,100} ; )?(?:TSID=[^;]{1,100} ; )?(?:ENV=.{1,2000}? ; )?COMMAND=(?P<command>.*)\Z",
        "sudo", "a command as somebody else, or the refusal of one",
        b"   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/apt-get update"),
    row("sudo.refused", (b" : ",),
        rb" *(?P<user>[^:]{1,100}?) : (?P<problem>[^=;]{0,100}"
        rb"(?:NOT in sudoers|incorrect password|not allowed|password is required|command rejected)[^=;]{0,100})(?: ;.*)?\Z",
        "sudo", "a refusal without a command",
        b"bob : user NOT in sudoers ; TTY=pts/1"),
    row("sudo.chatter", (b"continued", b"unable to", b"no tty", b"timestamp", b"problem with", b"session", b"conversation", b"auth", b"error", b"ignor"),
        rb".*",
        None, "the rest of a long command, host names that do not resolve",
        b"unable to resolve host web1: Name or service not known"),
)

SU = (
    row("su.failed", (b"FAILED SU", b"FAILED su"),
        rb"(?:FAILED SU \(to (?P<target>[^)]{1,100})\) (?P<user>\S{1,100}) on (?P<tty>\S{1,100})|FAILED su for (?P<target2>\S{1,100}) by (?P<user2>\S{1,100}))",
        "su_failed", "a wrong password for another account",
        b"FAILED SU (to root) alice on pts/0"),
    row("su.done", (b"(to ", b"uccessful su for "),
        rb"(?:\(to (?P<target>[^)]{1,100})\) (?P<user>\S{1,100}) on (?P<tty>\S{1,100})|Successful su for (?P<target2>\S{1,100}) by (?P<user2>\S{1,100}))",
        "su_done", "an account changed by su",
        b"(to root) alice on pts/0"),
    row("su.signs", (b"+ ", b"- "),
        rb"[-+] \S{1,100} \S{1,100}:\S{1,100}",
        None, "older su: the same as the line before it",
        b"+ /dev/pts/0 alice:root"),
)

PKEXEC = (
    row("pkexec.command", b"Executing command",
        rb"(?P<user>[^:]{1,100}): Executing command \[USER=(?P<target>[^\]]{1,100})\] "
        rb"\[TTY=[^\]]{1,100}\] \[CWD=[^\]]{1,1000}\] \[COMMAND=(?P<command>.*?)\]?\Z",
        "other", "a command through polkit",
        b"alice: Executing command [USER=root] [TTY=unknown] [CWD=/home/alice] [COMMAND=/usr/bin/true]"),
)

DOAS = (
    row("doas.command", b" ran command ",
        rb"(?P<user>\S{1,100}) ran command (?P<command>.*) as (?P<target>\S{1,100}) from \S+",
        "other", "a command through doas",
        b"alice ran command whoami as root from /home/alice"),
    row("doas.failed", b"failed ",
        rb"failed (?:auth|command) for (?P<user>\S{1,100})",
        "doas_failed", "a refusal of doas",
        b"failed auth for alice"),
)

# What differs in every call and says nothing: the marks and temporary folders of Ansible, long numbers.
_VARYING = (
    (re.compile(rb"BECOME-SUCCESS-[a-z]{32}"), b"BECOME-SUCCESS-*"),
    (re.compile(rb"ansible-tmp-[0-9.-]{10,60}"), b"ansible-tmp-*"),
    (re.compile(rb"\d{4,}"), b"#"),
)

# Of a command so much is kept: what is typed after that is rarely what tells two commands apart.
COMMAND_LIMIT = 160

# So many commands are remembered in their plain form: most are repeated by machines.
REMEMBERED = 1000


class Privilege(Topic):
    """Commands and sessions as another user, done and refused."""

    TABLES = {b"sudo": SUDO, b"su": SU, b"su-l": SU, b"runuser": SU, b"pkexec": PKEXEC, b"doas": DOAS}

    def __init__(self, redact):
        self._redact = redact
        self._plain = {}
        self.commands = Tally(("by", "user", "target", "command"))
        self.refusals = Tally(("by", "user", "target", "problem", "command"))
        self.switches = Tally(("user", "target"))
        self.failed_switches = Tally(("user", "target"))

    def sudo(self, event):
        """A command by sudo, or its refusal."""
        fields = event.match.groupdict()
        command = self.plain_command(fields.get("command") or b"")
        target = (fields.get("target") or b"").strip()
        if event["problem"]:
            problem = re.sub(rb"\d+", b"N", event["problem"].strip())
            self.refusals.add((b"sudo", event["user"].strip(), target, problem, command), event.when, event.count)
        else:
            self.commands.add((b"sudo", event["user"].strip(), target, command), event.when, event.count)

    def other(self, event):
        """A command by pkexec or doas."""
        by = event.row.name.split(".")[0].encode("ascii")
        self.commands.add((by, event["user"], event["target"], self.plain_command(event["command"])), event.when, event.count)

    def doas_failed(self, event):
        """A refusal of doas, which names neither command nor target."""
        self.refusals.add((b"doas", event["user"], b"", b"refused", b""), event.when, event.count)

    def su_done(self, event):
        """An account changed by su."""
        self.switches.add((event["user"] or event["user2"], event["target"] or event["target2"]), event.when, event.count)

    def su_failed(self, event):
        """A wrong password for su."""
        self.failed_switches.add((event["user"] or event["user2"], event["target"] or event["target2"]), event.when, event.count)

    def plain_command(self, command):
        """Return a command (bytes) without secrets and without what differs in every call."""
        plain = self._plain.get(command)
        if plain is None:
            if len(self._plain) >= REMEMBERED:
                self._plain.clear()
            plain = self._plain[command] = self._make_plain(command)
        return plain

    def _make_plain(self, command):
        command = command[:4 * COMMAND_LIMIT]
        for pattern, word in _VARYING:
            command = pattern.sub(word, command)
        command = self._redact(command)
        return command if len(command) <= COMMAND_LIMIT else command[:COMMAND_LIMIT] + b"..."

    def data(self, limit, cut):
        """Return the digest's C(sudo) and C(su)."""
        return {
            "sudo": {
                "total": self.commands.total,
                "commands": shown(self.commands, limit, cut, "sudo.commands"),
                "refused_total": self.refusals.total,
                "refused": shown(self.refusals, limit, cut, "sudo.refused"),
            },
            "su": {
                "total": self.switches.total,
                "done": shown(self.switches, limit, cut, "su.done"),
                "failed_total": self.failed_switches.total,
                "failed": shown(self.failed_switches, limit, cut, "su.failed"),
            },
        }
