# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that the checks give an admin to type, by their form.

An answer comes from a server that may be in other hands, and what it gives as a remedy is shown to be typed, as root. So only what
has the form of a remedy of this collection is a command in the report; anything else is shown as a piece of evidence.
"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator

# What stands in an argument: a name or number that is neither an option nor a path; several of them; packages; a file; units; a device; anything.
# A package that ends with a dash is removed by apt, one that ends with .rpm is a file for dnf; a pattern would be all units, or a file that lies there.
_FORMS = {
    "PACKAGES": r"PACKAGE(?: PACKAGE)*",
    "PACKAGE": r"[A-Za-z0-9][A-Za-z0-9._+:~-]*(?<!-)(?<![.]rpm)(?<![.]deb)",
    "NAMES": r"(?!-)[^/\0]+(?: (?!-)[^/\0]+)*",
    "NAME": r"(?!-)[^/\0]+",
    "FILE": r"/[^\0]*",
    "UNITS": r"(?:(?!-)UNIT(?: (?!-)UNIT)*|-- UNIT(?: UNIT)*)",
    "UNIT": r"[^/\0*?\[]+",
    "DEVICE": r"/dev/[A-Za-z0-9_-]+",
    "ANY": r"[^\0]*(?: [^\0]*)*",
}

# program -> the arguments it may be given, a blank between two of them. One row for what is only looked at, one for what mends.
_GIVEN: dict[str, str] = {
    # They only read, whatever they are given.
    "cat": "ANY",
    "df": "ANY",
    "du": "ANY",
    "findmnt": "ANY",
    "getent": "ANY",
    "grep": "ANY",
    "head": "ANY",
    "id": "ANY",
    "last": "ANY",
    "ls": "ANY",
    "ps": "ANY",
    "tail": "ANY",
    "zcat": "ANY",
    # They only read, given these.
    "apachectl": "configtest",
    "chronyc": "tracking",
    "curl": r"-sS -o /dev/null -w %\{http_code\}\x20%\{size_download\}\\n https?://[^\0]*",
    "dmesg": "-T",
    "haproxy": "-c -f /etc/haproxy/haproxy[.]cfg",
    "journalctl": r"(?:--since|--no-pager|(?!--)[^\0]*)(?: (?:--since|--no-pager|(?!--)[^\0]*))*",
    "lxc-info": r"--name=[^\0]*",
    "mdadm": "--detail DEVICE",
    "named-checkconf": "",
    "nginx": "-[tT]",
    "postfix": "check",
    "ras-mc-ctl": "--summary",
    "sed": (
        r"-n \d+p|-i s/\^SELINUX=[.]\*/SELINUX=enforcing/ /etc/selinux/config"
        r"|-i s/\^apply_updates\x20(?:=\x20no|\*=[.]\*)/apply_updates\x20=\x20yes/ /etc/yum/yum-cron[.]conf"
        r"|-i s/\^#\*AutomaticUpdatePolicy=[.]\*/AutomaticUpdatePolicy=stage/ /etc/rpm-ostreed[.]conf"
    ),
    "semodule": "-l",
    "smartctl": "-a DEVICE",
    "sort": "-[hn]",
    "squid": "-k parse",
    "ss": "-xlp",
    "sshd": "-[tT]",
    "sysctl": r"[a-z0-9_.]+(?: [a-z0-9_.]+)*",
    "timedatectl": "",
    "unbound-checkconf": "",
    # SELinux and AppArmor: a mode back on, a label, a port, a boolean, a module to read (-m writes source, -M would make one to load).
    "aa-enforce": r"(?!-)[^\0]+",
    "aa-logprof": "",
    "apparmor_parser": r"-r (?![^\0]*/[.][.]/)/etc/apparmor[.]d/[^\0]*",
    "audit2allow": "-m NAME",
    "ausearch": "-m [A-Z_,]+(?: -se NAME)?(?: -ts yesterday)?(?: --raw| -i)?",
    "fixfiles": "-F onboot",
    "grubby": "--update-kernel=ALL --remove-args=(?:selinux|enforcing|apparmor|security)",
    "restorecon": "-Rv FILE",
    "semanage": "permissive -d NAME|port -l|port -[am] -t NAME -p (?:tcp|udp|sctp|dccp) \\d+|fcontext -a -t NAME FILE",
    "setenforce": "1",
    "setsebool": "-P NAME 1",
    # Services and sessions. systemctl takes no path: it would link and start the unit in it.
    "loginctl": "terminate-(?:user|session) NAME",
    "machinectl": "(?:status(?: --no-pager)?|reboot) UNITS",
    "reboot": "",
    "service": "auditd restart|cron start|fail2ban (?:start|restart)",
    "systemctl": (
        "(?:(?:status|list-units)(?: --no-pager)?|restart|reload|start|enable --now|disable --now|unmask|reset-failed) UNITS"
        "|--user -M NAME restart UNITS|list-timers(?: --no-pager)?(?: NAMES)?|daemon-reload|daemon-reexec|kexec|reboot|soft-reboot"
    ),
    "systemd-run": "--user -M NAME --wait --pipe (?:docker|podman|machinectl) (?:ps --filter id=NAME|restart NAME|(?:status|reboot) UNITS)",
    "telinit": "u",
    # Containers, by their id or name.
    "crictl": "(?:ps --id|stop) NAME",
    "docker": "ps --filter id=NAME|restart NAME",
    "lxc-stop": r"--reboot --name=[^\0]*",
    "podman": "ps --filter id=NAME|restart NAME",
    # Accounts.
    "gpasswd": "-d NAME NAME",
    "passwd": "-l (?:-- )?NAME",
    # Packages, from the host's own repositories: no path, which would be a package that somebody laid there.
    "apt-get": "update|upgrade --with-new-pkgs|--fix-broken install|install (?:--only-upgrade |--reinstall )?PACKAGES",
    "apt-mark": "unhold NAMES",
    "bundle": "update --conservative PACKAGES",
    "cp": "-a /var/lib/rpm/ /var/lib/rpm[.]damaged",
    "dnf": r"upgrade(?: --security|(?: --advisory=[^\0/]+)+| PACKAGES)?|install PACKAGES|versionlock delete NAMES",
    "dpkg": "--configure -a",
    "dnf-automatic": "--installupdates",
    "dnf5": "automatic --installupdates",
    "dpkg-reconfigure": "--priority=low unattended-upgrades",
    "rpm": "--rebuilddb|-qa",
    "unattended-upgrade": "(?:--dry-run )?--debug",
    "yum": "install yum-cron|update --security",
    "zypper": "install os-update|patch(?: --category security)?",
    # fail2ban.
    "fail2ban-client": r"-[td]|status(?: NAME)?|reload(?: NAME)?|get NAME (?:logpath|failregex|ignoreip|action NAME actionban)",
}

# The few files that are written: the whole command.
_WRITTEN = frozenset(
    {
        r"printf '[DEFAULT]\nbantime.increment = true\n' > /etc/fail2ban/jail.d/increment.local",
        r"printf '[sshd]\nenabled = true\n' > /etc/fail2ban/jail.d/sshd.local",
        r"printf '[commands]\napply_updates=yes\n' >> /etc/dnf/automatic.conf",
    }
)

# A jail that is to read the journal.
_WRITTEN_FOR_JAIL = re.compile(r"printf '\[([A-Za-z0-9_-]{1,60})\]\\nbackend = systemd\\n' > /etc/fail2ban/jail\.d/\1-journal\.local")

# A word as shlex.quote writes it, in which nothing is for the shell, and what stands between two commands.
_TOKEN = r"(?:(?:[A-Za-z0-9_@%+=:,./^*-]|'[^']*'|\"'\")+|\|\|?|&&)"
_LINE = re.compile(f"{_TOKEN}(?: {_TOKEN})*")
_TOKENS = re.compile(_TOKEN)
_BETWEEN = ("|", "||", "&&")


def _pattern(arguments: str) -> re.Pattern[str]:
    """Return the expression for arguments that are joined by NUL, in which no argument can hold one."""
    for form, expression in _FORMS.items():
        arguments = arguments.replace(form, f"(?:{expression})")
    return re.compile(arguments.replace(" ", r"\x00"))


_PATTERNS = {program: _pattern(arguments) for program, arguments in _GIVEN.items()}


_PACKAGE = re.compile(_FORMS["PACKAGE"])


def is_package(name: str) -> bool:
    """Return whether a name is read as that of a package to install or update, and as nothing else, by every package manager."""
    return _PACKAGE.fullmatch(name) is not None


@functools.lru_cache(maxsize=4096)
def is_given(command: str) -> bool:
    """Return whether a command line has the form of those that the checks of this collection give."""
    if command in _WRITTEN or _WRITTEN_FOR_JAIL.fullmatch(command):
        return True
    return _LINE.fullmatch(command) is not None and all(_is_simple(words) for words in _simple_commands(command))


def _simple_commands(command: str) -> Iterator[list[str]]:
    """Yield the words of each command between pipes, ``&&`` and ``||``."""
    words: list[str] = []
    for token in _TOKENS.findall(command):
        if token in _BETWEEN:
            yield words
            words = []
        else:
            words.append(shlex.split(token)[0])
    yield words


def _is_simple(words: list[str]) -> bool:
    pattern = _PATTERNS.get(words[0]) if words else None
    return pattern is not None and pattern.fullmatch("\0".join(words[1:])) is not None
