# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a host that was not reached or gave no answer, by the words of ssh, sudo or its shell."""

from __future__ import annotations

import re

# (what is said, what to do), the first that fits. ssh says why a host key was refused before it says that it was.
_HINTS = (
    # ssh, before it connects
    (
        r"Could not resolve hostname|Name or service not known|Temporary failure in name resolution",
        "the name has no address: is it spelt as in DNS? ansible_host gives the address",
    ),
    (r"UNPROTECTED PRIVATE KEY FILE", "ssh takes no private key that others may read: chmod 600"),
    # the network
    (r"connect to host .{1,300}: Connection refused", "no sshd at this address and port: does it run, is ansible_port right?"),
    (r"Connection timed out|No route to host|Network is unreachable", "nothing comes back from this address: is the server up, is a firewall between?"),
    (
        r"kex_exchange_identification|banner exchange|Connection (?:closed|reset) by .{1,300} port [0-9]+",
        "sshd hung up before the login: is this controller banned there (fail2ban), or are too many connecting (MaxStartups)?",
    ),
    # the login
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .{1,300} has changed",
        "the host key is another one than before: find out why, then forget the old one with ssh-keygen -R",
    ),
    (
        r"Host key verification failed|host key is known for",
        "the host key is not known yet: connect by hand once and compare it, or put it into known_hosts",
    ),
    (
        r"Permission denied \([a-z0-9,-]{1,100}\)|Permission denied, please try again|Too many authentication failures|Invalid/incorrect password",
        "the server does not let us in: is it the right user (-u), the right key (--private-key) or password (-k)?",
    ),
    (r"This account is currently not available|nologin", "the user's shell lets nobody in"),
    # becoming another user
    (
        r"a password is required|no password was provided|Missing \w+ password",
        "become needs a password: run with -K, or allow sudo without one",
    ),
    (r"Incorrect \w+ password|incorrect password attempt|Duplicate become password prompt", "the password for become (-K) is wrong"),
    (r"not in the sudoers|is not allowed to (?:run|execute)", "this user may not become the other one: see sudoers"),
    (r"you must have a tty|no tty present", "sudo wants a terminal: remove requiretty from sudoers for this user"),
    # the server
    (r"No space left on device", "the server's disk is full"),
    (r"MemoryError|Cannot allocate memory", "the server is out of memory"),
)


def hint(said: str) -> str:
    """Return what to do about what was said, or an empty text."""
    return next((words for pattern, words in _HINTS if re.search(pattern, said, re.IGNORECASE)), "")
