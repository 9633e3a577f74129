# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed about accounts: users, groups, passwords, keys, sudoers, crontabs.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import shlex

from ..host.finding import finding, iso, text
from .log_digest_table import Topic, row

# Who is in one of these can become root.
ROOT_GROUPS = (b"root", b"sudo", b"wheel", b"admin", b"docker", b"lxd", b"disk", b"shadow")

CHANGES_LIMIT = 2000

# shadow-utils' and util-linux' words; the tools write them in English whatever the locale (they are syslog's, not the terminal's).
_QUOTED = rb"[\x27\"\x60]?(?P<user>[^\x27\",\s]{1,100})[\x27\"]?"

USERADD = (
    row("account.user_added", b"new user: ",
        rb"new (?:user|account): name=(?P<user>[^,]{1,100}), UID=(?P<uid>\d{1,10})",
        "user_added", "an account was made",
        b"new user: name=alice, UID=1001, GID=1001, home=/home/alice, shell=/bin/bash, from=/dev/pts/0"),
    row("account.group_added", b"new group: ",
        rb"new group: name=(?P<user>[^,]{1,100})",
        "group_added", "a group was made",
        b"new group: name=alice, GID=1001"),
    row("account.group_written", b"group added to ",
        rb"group added to /etc/g?shadow: name=",
        None, "the same group, in the second file",
        b"group added to /etc/gshadow: name=alice"),
    row("account.group_written_first", b"group added to ",
        rb"group added to /etc/group: name=(?P<user>[^,]{1,100})",
        "group_added", "a group was made",
        b"group added to /etc/group: name=alice, GID=1001"),
    row("account.joined_shadow", b"to shadow group",
        rb"add " + _QUOTED + rb" to shadow group",
        None, "the same membership, in the second file",
        b"add 'alice' to shadow group 'sudo'"),
    row("account.joined", b" to group ",
        rb"add(?:ed)? " + _QUOTED + rb" to group [\x27\"\x60]?(?P<group>[^\x27\"\s]{1,100})",
        "joined", "a user joined a group",
        b"add 'alice' to group 'sudo'"),
    row("account.left", b" from group ",
        rb"(?:delete|removed?) " + _QUOTED + rb" from group [\x27\"\x60]?(?P<group>[^\x27\"\s]{1,100})",
        "left", "a user left a group",
        b"delete 'alice' from group 'sudo'"),
    row("account.left_shadow", b"from shadow group",
        rb".*",
        None, "the same, in the second file",
        b"delete 'alice' from shadow group 'sudo'"),
    row("account.user_removed", b"delete user ",
        rb"delete user " + _QUOTED,
        "user_removed", "an account was deleted",
        b"delete user 'alice'"),
    row("account.group_removed", (b"removed group ", b"' removed"),
        rb"(?:removed group|group) " + _QUOTED + rb"(?: owned by .*| removed.*)\Z",
        "group_removed", "a group was deleted",
        b"removed group 'alice' owned by 'alice'"),
    row("account.shadow_group_removed", b"removed shadow group",
        rb".*",
        None, "the same group, in the second file",
        b"removed shadow group 'alice' owned by 'alice'"),
    row("account.user_changed", b"change user ",
        rb"change user " + _QUOTED + rb" (?P<what>password|shell|home|UID|GID|name|expiration|inactivity)\b",
        "user_changed", "password, shell, home or number of an account",
        b"change user 'alice' shell from '/bin/sh' to '/bin/bash'"),
    row("account.locked", b"lock user ",
        rb"(?P<what>(?:un)?lock) user " + _QUOTED + rb" password",
        "user_changed", "a password was locked or unlocked",
        b"unlock user 'alice' password"),
    row("account.group_changed", (b"group changed in ",),
        rb"group changed in /etc/group \(group (?P<user>[^/,]{1,100})",
        "group_changed", "a group's name or number",
        b"group changed in /etc/group (group alice/1001, new name: alicia)"),
    row("account.chatter", (b"shadow", b"passwd", b"failed", b"subuid", b"subgid", b"mail", b"home", b"lastlog", b"faillog", b"exit"),
        rb".*",
        None, "details of the changes above",
        b"group changed in /etc/gshadow (group alice, new name: alicia)"),
)

GPASSWD = (
    row("account.gpasswd_joined", b" added by ",
        rb"user (?P<user>\S{1,100}) added by (?P<by>\S{1,100}) to group (?P<group>\S{1,100})",
        "joined", "a user joined a group",
        b"user alice added by root to group sudo"),
    row("account.gpasswd_left", b" removed by ",
        rb"user (?P<user>\S{1,100}) removed by (?P<by>\S{1,100}) from group (?P<group>\S{1,100})",
        "left", "a user left a group",
        b"user alice removed by root from group sudo"),
    row("account.gpasswd_members", b"members of group ",
        rb"members of group (?P<user>\S{1,100}) set by (?P<by>\S{1,100})",
        "group_changed", "the members of a group were set",
        b"members of group sudo set by root to alice,bob"),
)

PASSWD = (
    row("account.password", (b"password for ", b"password changed for "),
        rb"(?:password for " + _QUOTED + rb" changed by|password changed for (?P<user2>\S{1,100}))",
        "password", "a password was changed",
        b"password for 'alice' changed by 'root'"),
    row("account.expiry", b"changed password expiry for ",
        rb"changed password expiry for (?P<user>\S{1,100})",
        "expiry", "chage",
        b"changed password expiry for alice"),
    row("account.shell", b"changed user ",
        rb"changed user " + _QUOTED + rb" (?P<what>shell|information)",
        "user_changed", "chsh or chfn",
        b"changed user 'alice' shell to '/bin/zsh'"),
)

PAM = (
    row("pam.password", b"password changed for ",
        rb"pam_\w{1,40}\([^)]{1,60}\): password changed for (?P<user>\S{1,100})",
        "password", "a password was changed",
        b"pam_unix(passwd:chauthtok): password changed for alice"),
    row("pam.chatter", b"pam_",
        rb".*",
        None, "sessions and failures, which the programs themselves log as well",
        b"pam_unix(sshd:session): session opened for user deploy(uid=1000) by (uid=0)"),
)

CRONTAB = (
    row("account.crontab", (b" REPLACE ", b" DELETE "),
        rb"\((?P<by>[^)]{1,100})\) (?P<what>REPLACE|DELETE) \((?P<user>[^)]{1,100})\)",
        "crontab", "somebody's crontab was written",
        b"(root) REPLACE (deploy)"),
    row("account.crontab_read", (b" LIST ", b" BEGIN EDIT ", b" END EDIT "),
        rb".*",
        None, "looked at only",
        b"(root) LIST (deploy)"),
)


class Accounts(Topic):
    """Changes of accounts as the tools logged them, and of the files that grant access as the file system dates them."""

    TABLES = {
        b"useradd": USERADD, b"usermod": USERADD, b"userdel": USERADD, b"groupadd": USERADD, b"groupmod": USERADD, b"groupdel": USERADD,
        b"gpasswd": GPASSWD, b"passwd": PASSWD, b"chpasswd": PASSWD, b"chage": PASSWD, b"chsh": PASSWD, b"chfn": PASSWD, b"crontab": CRONTAB,
    }

    def __init__(self):
        self.changes = {}
        self.not_kept = 0
        self._uid0 = {}
        self._joined = {}

    def change(self, what, user, event, detail=b""):
        """Count one change."""
        key = (what, user, detail)
        entry = self.changes.get(key)
        if entry is None:
            if len(self.changes) >= CHANGES_LIMIT:
                self.not_kept += event.count
                return
            entry = self.changes[key] = [0, event.when, event.when]
        entry[0] += event.count
        entry[1], entry[2] = min(entry[1], event.when), max(entry[2], event.when)

    def user_added(self, event):
        """A new account; with the number 0 it is root by another name."""
        self.change("user added", event["user"], event, b"uid " + event["uid"])
        if int(event["uid"]) == 0:
            self._uid0[event["user"]] = (event.when, event.message)

    def group_added(self, event):
        self.change("group added", event["user"], event)

    def joined(self, event):
        """A new member of a group."""
        self.change("joined group", event["user"], event, event["group"])
        if event["group"] in ROOT_GROUPS:
            self._joined[(event["user"], event["group"])] = (event.when, event.message)

    def left(self, event):
        self.change("left group", event["user"], event, event["group"])
        self._joined.pop((event["user"], event["group"]), None)

    def user_removed(self, event):
        """A deleted account: what was found about it is no longer so."""
        user = event["user"]
        self.change("user removed", user, event)
        self._uid0.pop(user, None)
        for key in [key for key in self._joined if key[0] == user]:
            del self._joined[key]

    def group_removed(self, event):
        self.change("group removed", event["user"], event)

    def user_changed(self, event):
        self.change("user changed", event["user"], event, event["what"])

    def group_changed(self, event):
        self.change("group changed", event["user"], event)

    def password(self, event):
        self.change("password changed", event.match.groupdict().get("user") or event.match.groupdict().get("user2") or b"", event)

    def expiry(self, event):
        self.change("password expiry changed", event["user"], event)

    def crontab(self, event):
        self.change("crontab replaced" if event["what"] == b"REPLACE" else "crontab deleted", event["user"], event, b"by " + event["by"])

    def forget_uid0(self, user):
        """Drop what the log says of an account that /etc/passwd shows as well."""
        self._uid0.pop(user, None)

    def data(self, limit, cut):
        """Return the digest's C(accounts)."""
        order = sorted(self.changes.items(), key=lambda item: (item[1][1], item[0]))
        if len(order) > limit or self.not_kept:
            cut["accounts"] = {"rows": max(0, len(order) - limit), "events_not_kept": self.not_kept}
        return {
            "accounts": [
                {"what": key[0], "name": text(key[1], 200), "detail": text(key[2], 200), "count": entry[0], "first": iso(entry[1]), "last": iso(entry[2])}
                for key, entry in order[-limit:]
            ]
        }

    def findings(self):
        """A second root, and who can now become root."""
        found = []
        for user, (when, message) in sorted(self._uid0.items()):
            found.append(uid0_finding(user, [("useradd", message)], when))
        for (user, group), (when, message) in sorted(self._joined.items()):
            name = text(user, 100)
            found.append(finding(
                "log_digest.joined_root_group", "medium", "%s joined the group %s, whose members can become root" % (name, text(group, 100)),
                "%s in %s" % (name, text(group, 100)), evidence=[("log", message)],
                remedy="If nobody meant this, take the membership away and look at what the account did since.",
                commands=["id -- %s" % shlex.quote(name), "gpasswd -d %s %s" % (shlex.quote(name), shlex.quote(text(group, 100)))],
                first=when, last=when,
            ))
        return found


def uid0_finding(user, evidence, when):
    """Return the finding for an account other than root with the number 0."""
    name = text(user, 100)
    return finding(
        "log_digest.uid0_account", "critical", "The account %s has the number of root (uid 0)" % name, name, evidence=evidence,
        remedy="An account with uid 0 is root by another name and a usual back door. If nobody can say why it is there, lock it and look at how it came.",
        commands=["getent passwd %s" % shlex.quote(name), "passwd -l %s" % shlex.quote(name)], first=when, last=when,
    )
