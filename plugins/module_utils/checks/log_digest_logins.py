# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who logged in, who tried to: sshd and the console.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import shlex

from ..host.finding import finding, iso, text
from ..host.redact import looks_typed, name_shown
from .log_digest_hours import ACCEPTED, FAILED
from .log_digest_table import TALLY_LIMIT, Tally, Topic, row, shown

# An accepted password after that many failures from the same address: it was guessed, not mistyped.
GUESSED_AFTER = 100

# Addresses and names that are counted one by one; those of more are counted together.
TRIES_LIMIT = 20000

# What can be guessed. A key or a Kerberos ticket cannot.
GUESSABLE = (b"password", b"keyboard-interactive/pam", b"keyboard-interactive", b"challenge-response")

# Longer messages are left to the patterns, which say how long each word may be.
USUAL_LENGTH = 255

# How every client begins: it asks for the methods, and offers one key after the other.
NOT_A_GUESS = frozenset((b"none", b"publickey", b"hostbased", b"gssapi-with-mic"))

_FINGERPRINT = re.compile(rb"(\S{1,40}) ((?:SHA256|MD5):\S{1,100}|(?:[0-9a-f]{2}:){15}[0-9a-f]{2})(.{0,200})")

# sshd's own words (auth.c, auth2.c, session.c, packet.c, OpenSSH 3.9 to 10). In "Failed" and "Invalid user" the name was typed by the other
# side and may hold anything, also " from 1.2.3.4 port 22": the last one is sshd's. An accepted name is an account's and has no blank.
SSHD = (
    row("ssh.accepted", b"Accepted ",
        rb"Accepted (?P<method>\S{1,60}) for (?P<user>\S{1,100}) from (?P<address>\S{1,255}) port \d{1,5}(?: ssh\d?)?(?:: (?P<key>.*))?\Z",
        "accepted", "a login",
        b"Accepted publickey for deploy from 203.0.113.7 port 50022 ssh2: ED25519 SHA256:0WZfFZRZ6NvWQ5PVSb8oAgM5j0qQ3k0Zyq0w3c1c0vM",
        leads=(b"Accepted",)),
    row("ssh.failed", b"Failed ",
        rb"Failed (?P<method>\S{1,60}) for (?P<invalid>(?:invalid|illegal) user )?(?P<user>.*) from (?P<address>\S{1,255}) port \d{1,5}(?: ssh\d?)?(?:: .*)?\Z",
        "failed", "a try that failed",
        b"Failed password for invalid user admin from 198.51.100.9 port 4022 ssh2",
        leads=(b"Failed",), usual="failed_as_usual"),
    row("ssh.invalid_user", (b"Invalid user ", b"Illegal user "),
        rb"(?:Invalid|Illegal) user (?P<user>.*?) ?from (?P<address>\S{1,255})(?: port \d{1,5})?\Z",
        "invalid_user", "an account that does not exist was tried",
        b"Invalid user admin from 198.51.100.9 port 4022",
        leads=(b"Invalid", b"Illegal"), usual="invalid_as_usual"),
    row("ssh.too_many_tries", b"maximum authentication attempts exceeded",
        rb"(?:error: )?maximum authentication attempts exceeded for (?:invalid user )?(?P<user>.*) from (?P<address>\S{1,255}) port \d{1,5}",
        "refused", "cut off after MaxAuthTries",
        b"error: maximum authentication attempts exceeded for root from 198.51.100.9 port 4022 ssh2 [preauth]"),
    row("ssh.not_allowed", b" not allowed because ",
        rb"User (?P<user>.*) from (?P<address>\S{1,255}) not allowed because (?P<why>.*)",
        "refused", "AllowUsers, DenyGroups, a locked account or its shell",
        b"User backup from 198.51.100.9 not allowed because not listed in AllowUsers"),
    row("ssh.root_refused", b"ROOT LOGIN REFUSED",
        rb"ROOT LOGIN REFUSED FROM (?P<address>\S{1,255})",
        "refused", "PermitRootLogin",
        b"ROOT LOGIN REFUSED FROM 198.51.100.9 port 4022"),
    row("ssh.bad_ownership", b"bad ownership or modes",
        rb"Authentication refused: (?P<why>bad ownership or modes for .*)",
        "misconfigured", "StrictModes keeps a key from being used",
        b"Authentication refused: bad ownership or modes for directory /home/deploy/.ssh"),
    row("ssh.break_in_warning", b"POSSIBLE BREAK-IN ATTEMPT",
        rb".*",
        None, "the address's reverse name does not lead back: common, and no sign of anything",
        b"Address 198.51.100.9 maps to x.example.com, but this does not map back to the address - POSSIBLE BREAK-IN ATTEMPT!"),
    row("ssh.chatter", (
        b"onnect", b"preauth", b"Server listening on", b"ession", b"Received signal", b"subsystem request", b"identification", b"ostponed", b"PAM",
        b"host key", b"getaddrinfo", b"imeout", b"input_userauth_request", b"negotiate", b"rotocol", b"bad packet", b"message authentication",
        b"User child", b"Transferred", b"MaxStartups", b"ssh_dispatch", b"kex_", b"pam_", b"Exiting on", b"SSH", b"expired", b"shosts", b"key type",
        b"rexec line", b"reprocess config", b"Could not", b"beginning MaxStartups", b"matching", b"padding", b"Nasty PTR", b"Write failed",
        b"Read error", b"socket", b"Authentication key", b"Found matching", b"error: Received", b"ignoring", b"banner", b"penalty",
        b"Accepted key ", b"Accepted certificate ",
    ),
        rb".*",
        None, "connections coming and going: the tries themselves are counted above",
        b"Connection closed by authenticating user root 198.51.100.9 port 4022 [preauth]",
        leads=(b"Connection", b"Disconnected", b"Received", b"Disconnecting", b"Disconnecting:", b"Unable")),
)

CONSOLE = (
    row("login.root", b"ROOT LOGIN",
        rb"ROOT LOGIN +(?:\(.{0,40}\) )?ON (?P<tty>[\x27\"]?\S{1,60})(?: FROM (?P<address>\S{1,255}))?",
        "root_on_console", "root at a terminal",
        b"ROOT LOGIN ON tty1"),
    row("login.accepted", b"LOGIN ON",
        rb"LOGIN ON (?P<tty>\S{1,60}) BY (?P<user>\S{1,100})(?: FROM (?P<address>\S{1,255}))?",
        "on_console", "a login at a terminal",
        b"LOGIN ON tty1 BY alice"),
    row("login.failed", b"FAILED LOGIN",
        rb"FAILED LOGIN (?:SESSION )?(?:\(?\d{1,4}\)? )?(?:ON|on|FROM) [\x27\"]?(?P<tty>[^\s\x27\"]{1,60})[\x27\"]? "
        rb"(?:FOR|FROM) [\x27\"]?(?P<user>[^\x27\",]{0,100})",
        "failed_on_console", "a failed login at a terminal",
        b"FAILED LOGIN (1) ON '/dev/tty1' FOR 'root', Authentication failure"),
    row("login.too_many", b"TOO MANY LOGIN TRIES",
        rb".*",
        None, "the single failures are counted",
        b"TOO MANY LOGIN TRIES (5) on '/dev/tty1' FOR 'root'"),
)


class Logins(Topic):
    """Accepted, failed and refused logins, by user, address and key."""

    TABLES = {b"sshd": SSHD, b"sshd-session": SSHD, b"sshd-auth": SSHD, b"login": CONSOLE}

    def __init__(self, hours):
        self.hours = hours
        self.accepts = Tally(("user", "address", "method", "key"))
        self.by_address = {}
        self.by_user = {}
        self.failed_total = self.invalid_total = self.not_kept = 0
        self.refusals = Tally(("why", "user"))
        self.misconfigurations = Tally(("why",))
        self._guessed = {}
        self._root_password = {}
        # Names of which sshd said that they are accounts: of the others, some are passwords.
        self._accounts = set()

    def accepted(self, event):
        """One accepted login; the finding where it was a guess that came true, or root's password from outside."""
        user, method, address = event["user"], event["method"], plain_address(event["address"])
        self.accepts.add((user, address, method, fingerprint(event["key"])), event.when, event.count)
        self.hours.add(event.when, ACCEPTED, event.count)
        before = self.by_address.get(address)
        failures = 0
        if before is not None:
            failures, before[4] = before[4], 0
        if method not in GUESSABLE:
            return
        if failures >= GUESSED_AFTER:
            _widen(self._guessed, (user, address), event, failures)
        if user == b"root" and is_outside(address):
            _widen(self._root_password, address, event, 0)

    def failed(self, event):
        """One failed try."""
        method, user, address, invalid = event.match.group("method", "user", "address", "invalid")
        self._guess(method, user, address, invalid, event.when, event.count)

    def failed_as_usual(self, message, when):
        """Take a failed try with a name of one word, as row ssh.failed would; returns False for any other message."""
        words = message.split()
        if len(words) == 11:
            _failed, method, on, invalid, noun, user, by, address, port, number, protocol = words
            if invalid != b"invalid" or noun != b"user":
                return False
        elif len(words) == 9:
            _failed, method, on, user, by, address, port, number, protocol = words
            invalid = None
        else:
            return False
        if on != b"for" or by != b"from" or port != b"port" or protocol != b"ssh2" or not number.isdigit() or len(number) > 5:
            return False
        if len(method) > 60 or len(message) > USUAL_LENGTH or b" ".join(words) != message:
            return False
        self._guess(method, user, address, invalid, when, 1)
        return True

    def _guess(self, method, user, address, invalid, when, count):
        """Count failed tries; C(invalid) is None where sshd knew the name as an account's."""
        if invalid is None and len(self._accounts) < TRIES_LIMIT:
            self._accounts.add(user[:100])
        if method in NOT_A_GUESS:
            return
        if address[:1] == b":":
            address = plain_address(address)
        self.failed_total += count
        self.hours.add(when, FAILED, count)
        self._count(address, user[:100], when, count, 0)

    def invalid_user(self, event):
        """One try with a name that is no account's."""
        user, address = event.match.group("user", "address")
        self._invalid(user, address, event.when, event.count)

    def invalid_as_usual(self, message, when):
        """Take a try with an invalid name of one word, as row ssh.invalid_user would; returns False for any other message."""
        words = message.split()
        if len(words) != 7 or len(message) > USUAL_LENGTH or b" ".join(words) != message:
            return False
        _invalid, noun, user, by, address, port, number = words
        if noun != b"user" or by != b"from" or port != b"port" or not number.isdigit() or len(number) > 5:
            return False
        self._invalid(user, address, when, 1)
        return True

    def _invalid(self, user, address, when, count):
        self.invalid_total += count
        self._count(plain_address(address), user[:100], when, count, 1)

    def _count(self, address, user, when, count, column):
        """Count under both: [failures, tries with a name that is no account's, first, last, failures since the last accepted login]."""
        for table, key in ((self.by_address, address), (self.by_user, user)):
            entry = table.get(key)
            if entry is not None:
                entry[column] += count
                if not column:
                    entry[4] += count
                if when > entry[3]:
                    entry[3] = when
                elif when < entry[2]:
                    entry[2] = when
            elif len(table) < TRIES_LIMIT:
                table[key] = [0, count, when, when, 0] if column else [count, 0, when, when, count]
            else:
                self.not_kept += count

    def refused(self, event):
        """A login that sshd's own rules refused."""
        user, message = event.match.groupdict().get("user") or b"root", event.message[:200]
        if looks_typed(user) and b"invalid user " in message:
            message = message.replace(user, name_shown(user))
            user = name_shown(user)
        self.refusals.add((event.row.name[4:], user), event.when, event.count, message)

    def misconfigured(self, event):
        """A key that cannot be used for the mode of a file."""
        self.misconfigurations.add((event["why"][:200],), event.when, event.count)

    def root_on_console(self, event):
        """root at a terminal."""
        self._console(b"root", event)

    def on_console(self, event):
        """Somebody at a terminal."""
        self._console(event["user"], event)

    def _console(self, user, event):
        self.accepts.add((user, plain_address(event["address"]) or event["tty"].strip(b"'\""), b"console", b""), event.when, event.count)
        self.hours.add(event.when, ACCEPTED, event.count)

    def failed_on_console(self, event):
        """A wrong password at a terminal."""
        self.failed_total += event.count
        self.hours.add(event.when, FAILED, event.count)
        self._count(event["tty"], event["user"], event.when, event.count, 0)

    def data(self, limit, cut):
        """Return the digest's C(logins)."""
        if self.not_kept:
            cut["logins.failed"] = {"rows": 0, "events_not_kept": self.not_kept}
        return {
            "logins": {
                "accepted": shown(self.accepts, limit, cut, "logins.accepted"),
                "accepted_total": self.accepts.total,
                "failed_total": self.failed_total,
                "invalid_user_total": self.invalid_total,
                "failed_by_address": self._failed(self.by_address, "address", limit, cut, bytes),
                "failed_by_user": self._failed(self.by_user, "user", limit, cut, self._name),
                "refused": shown(self.refusals, limit, cut, "logins.refused"),
                "misconfigured": shown(self.misconfigurations, limit, cut, "logins.misconfigured"),
            }
        }

    def _name(self, user):
        return user if user in self._accounts else name_shown(user)

    @staticmethod
    def _failed(table, name, limit, cut, shown_as):
        order = sorted(table.items(), key=lambda item: (-sum(item[1][:2]), item[0]))
        if len(order) > limit:
            cut["logins.failed_by_" + name] = {"rows": len(order) - limit, "events_not_kept": 0}
        return [
            {name: text(shown_as(key), 200), "failed": entry[0], "invalid_user": entry[1], "first": iso(entry[2]), "last": iso(entry[3])}
            for key, entry in order[:limit]
        ]

    def findings(self):
        """A guess that came true, and root's password from outside."""
        found = []
        for user in sorted({key[0] for key in self._guessed}):
            found.append(self._guessed_finding(user, [(key[1], entry) for key, entry in sorted(self._guessed.items()) if key[0] == user]))
        if self._root_password:
            found.append(self._root_password_finding())
        return found

    @staticmethod
    def _guessed_finding(user, cases):
        name = text(user, 100)
        return finding(
            "log_digest.login_after_failures", "critical", "A password of %s was accepted after many failures from the same address" % name, name,
            evidence=[
                ("sshd", "%d failures from %s, then %s accepted at %s" % (entry[3], text(address, 100), text(entry[4], 60), iso(entry[1])))
                for address, entry in cases
            ],
            remedy="Ask the owner of the account. If it was not they: lock it, end its sessions, look at what was done in them, then change the password.",
            commands=["last -n 20 -- %s" % shlex.quote(name), "passwd -l -- %s" % shlex.quote(name), "loginctl terminate-user %s" % shlex.quote(name)],
            count=sum(entry[0] for _address, entry in cases),
            first=min(entry[1] for _address, entry in cases), last=max(entry[2] for _address, entry in cases),
        )

    def _root_password_finding(self):
        cases = sorted(self._root_password.items())
        return finding(
            "log_digest.root_password_login", "high", "root logged in from outside with a password", "root",
            evidence=[("sshd", "%d times from %s, last at %s" % (entry[0], text(address, 100), iso(entry[2]))) for address, entry in cases],
            remedy="Log in with a key and as yourself. Forbid root's password: PermitRootLogin prohibit-password in sshd_config.",
            commands=["sshd -T | grep -i permitrootlogin", "last -n 20 root"],
            references=["https://man.openbsd.org/sshd_config#PermitRootLogin"],
            count=sum(entry[0] for _address, entry in cases),
            first=min(entry[1] for _address, entry in cases), last=max(entry[2] for _address, entry in cases),
        )


def _widen(table, key, event, failures):
    entry = table.get(key)
    if entry is None:
        if len(table) < TALLY_LIMIT:
            table[key] = [event.count, event.when, event.when, failures, event["method"]]
        return
    entry[0] += event.count
    entry[1], entry[2], entry[3] = min(entry[1], event.when), max(entry[2], event.when), max(entry[3], failures)


def plain_address(address):
    """Return an address (bytes) without the clothes of IPv4 in IPv6."""
    return address[7:] if address[:1] == b":" and address[:7].lower() == b"::ffff:" else address


def is_outside(address):
    """Return whether an address is one of the internet's; a host name (C(UseDNS yes)) counts as outside."""
    import ipaddress  # large, and asked only where somebody logged in

    try:
        return ipaddress.ip_address(address.split(b"%")[0].decode("ascii")).is_global
    except ValueError:
        return bool(address)


def fingerprint(words):
    """Return type and fingerprint (bytes) from what sshd says of a key, with the name of a certificate where there was one."""
    found = _FINGERPRINT.match(words)
    return b"" if found is None else found.group(1) + b" " + found.group(2) + found.group(3).rstrip()
