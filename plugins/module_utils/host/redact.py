# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in what a server shows of itself: taken out before it travels. The table of what is one is in redact_rules.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .pattern import Pattern

HIDDEN = b"[redacted]"

# Nothing without one of these (in small letters) holds what a rule of redact_rules looks for. Those are neither loaded nor asked then: of the
# lines that are shown, most are of this kind.
NEEDLES = (
    rb"pass|pwd|psk|secret|token|key|auth|credential|sess|cookie|bearer|x-|[@$]"
    rb"|(?:tok|tkn|jwt|otp|pin|sid|sign?|ature|code|hash|nonce|ticket|state)="
    rb"|api\.telegram\.org|hooks\.slack|discord|webhook\.office|eyj|akia|asia|gh[pousr]_|github_pat_|glpat-|xox|_live_|aiza|hvs\.|npm_"
    rb"|mysql|mariadb|curl|https? |openssl|redis|valkey|keydb|mongo|ldap|smbclient|rpcclient|zip|7z|rar|docker|podman|skopeo|buildah|helm|ctr"
    rb"|user(?:add|mod)|snmp|ipmi|freerdp|rdesktop|sqlcmd|isql|bcp|sqlplus|identified|lftp|vault|rabbitmqctl|nmcli|kinit|cryptsetup|gpg|sudo"
)
_MAY_HOLD_ONE = Pattern(NEEDLES)

# What a name is that somebody typed a password for: as long as passwords are, and of three kinds of characters. A dot, a dash, an underscore and a
# sign of a domain are none: names have them. Small letters with digits are none: deploy2024 is a name.
NAME_LIMIT = 8
NAME_KINDS = (Pattern(rb"[a-z]"), Pattern(rb"[A-Z]"), Pattern(rb"[0-9]"), Pattern(rb"[^\w.@$\\-]"))
NAME_SHOWN = 2


def redact(words):
    """Return bytes with what looks like a secret replaced by C([redacted])."""
    small = words.lower()
    if _MAY_HOLD_ONE.search(small) is None:
        return words
    from .redact_rules import secrets  # for the lines that may hold one

    shown, end = [], 0
    for start, stop in sorted(secrets(words, small)):
        if start >= end:
            shown += (words[end:start], HIDDEN)
        end = max(end, stop)
    return b"".join(shown) + words[end:] if shown else words


def looks_typed(name):
    """Return whether a name (bytes) that no account has looks like a password, typed where the name was asked for."""
    return len(name) >= NAME_LIMIT and sum(kind.search(name) is not None for kind in NAME_KINDS) >= 3


def name_shown(name):
    """Return a name that no account has as it is shown: of one that looks like a password, its first two characters."""
    return name[:NAME_SHOWN] + HIDDEN if looks_typed(name) else name
