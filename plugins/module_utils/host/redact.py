# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in what a server shows of itself: taken out before it travels.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


from .pattern import Pattern

HIDDEN = rb"[redacted]"

_NAMES = rb"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|auth|credential|session(?:id)?|cookie)"

# One of them stands in every match of _NAMES.
_NEEDLES = (b"pass", b"pwd", b"secret", b"token", b"key", b"auth", b"credential", b"session", b"cookie")

# Without one of these (in small letters) a line is not looked at more closely; what hides a secret; what is put in its place. Each keeps the
# words around it, so that a reader sees what was there.
RULES = (
    # https://user:password@host
    ((b"@",), Pattern(rb"(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,100}):[^\s/@]{1,300}@"), rb"\1:" + HIDDEN + rb"@"),
    # Authorization: Bearer abc | Basic abc | Cookie: a=b
    ((b"authorization",),
     Pattern(rb"(?i)\b((?:proxy-)?authorization\s{0,3}[:=][\s\\]{0,4}(?:(?:bearer|basic|token|digest)[\s\\]{1,4})?)[^\s\x27\"]{4,2000}"), rb"\1" + HIDDEN),
    ((b"cookie",), Pattern(rb"(?i)\b((?:set-)?cookie\s{0,3}:\s{0,3})[^\x27\"\r\n]{1,2000}"), rb"\1" + HIDDEN),
    # -H "X-Auth-Key: abc", -H "Key: abc"
    ((b"x-",), Pattern(rb"(?i)\b(x-[a-z-]{0,40}(?:key|token)\s{0,3}:\s{0,3})[^\s\x27\"]{4,500}"), rb"\1" + HIDDEN),
    ((b"-h",), Pattern(rb"(?i)(\s-H\s{0,3}\\{0,2}[\x27\"]?key\s{0,3}:\s{0,3})[^\s\x27\"]{4,500}"), rb"\1" + HIDDEN),
    # addresses that are the key themselves
    ((b"api.telegram.org/",), Pattern(rb"\b(api\.telegram\.org/bot)[^\s/]{8,200}"), rb"\1" + HIDDEN),
    ((b"hooks.slack.com/", b"discord"), Pattern(rb"\b(hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/)[^\s\x27\"]{8,300}"), rb"\1" + HIDDEN),
    # password=abc, PGPASSWORD=abc, "api_key": "abc", --token abc, --password=abc
    (_NEEDLES, Pattern(
        rb"(?i)([a-z0-9_.-]{0,40}" + _NAMES + rb"[a-z0-9_]{0,20}[\x27\"]?\s{0,3}[=:]\s{0,3})"
        rb"(?:\"[^\"]{1,500}\"|\x27[^\x27]{1,500}\x27|[^\s&;,\x27\"]{1,500})"), rb"\1" + HIDDEN),
    (_NEEDLES, Pattern(rb"(?i)(--?[a-z0-9-]{0,40}" + _NAMES + rb"\s{1,3})(?!-)[^\s]{1,500}"), rb"\1" + HIDDEN),
    # mysql -psecret, curl -u user:password, sshpass -p secret
    ((b"mysql", b"mariadb"), Pattern(rb"\b((?:mysql\w{0,20}|mariadb\w{0,20})\s[^|;]{0,200}?-p)[^\s]{1,300}"), rb"\1" + HIDDEN),
    ((b"curl",), Pattern(rb"\b(curl\s[^|;]{0,400}?(?:-u|--user)[ =]?[^\s:]{1,100}:)[^\s]{1,300}"), rb"\1" + HIDDEN),
    ((b"sshpass",), Pattern(rb"\b(sshpass\s{1,3}-p\s{0,3})[^\s]{1,300}"), rb"\1" + HIDDEN),
    # the header and payload of a JSON web token; keys with a well-known beginning
    ((b"eyj",), Pattern(rb"\beyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{5,4000}(?:\.[A-Za-z0-9_-]{0,2000})?"), HIDDEN),
    ((b"akia", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"glpat-", b"xox", b"sk_live_"),
     Pattern(rb"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,255}|glpat-[A-Za-z0-9_-]{16,64}"
             rb"|xox[baprs]-[A-Za-z0-9-]{10,200}|sk_live_[A-Za-z0-9]{16,99})"), HIDDEN),
)


def redact(words):
    """Return bytes with what looks like a secret replaced by C([redacted])."""
    small = words.lower()
    for needles, pattern, instead in RULES:
        if any(needle in small for needle in needles):
            words = pattern.sub(instead, words)
    return words
