# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that an attacker may leave where a check reads: none may act in a page, a terminal, a template or a document."""

from __future__ import annotations

TEXTS = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "attribute": "\" autofocus onfocus=alert(1) x='",
    "closing": "</style></title></textarea></details></body><h1>owned",
    "comment": "--><!--[if IE]><script src=//evil.example></script>",
    "template": "{{ 7*7 }}{% for x in [] %}{#",
    "ansible": "{{ lookup('pipe', 'id') }}",
    "entity": "&lt;script&gt;&#x41;",
    "ansi": "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "c1": "\x9b31mred\x85next",
    "newline": "one\ntwo\r\nthree\vfour\u2028five",
    "bidi": "user\u202eexe.nimda\u2066\u2069\u200f",
    "invisible": "pa\u200byp\u200dal\ufeff s\xado\u2060ft\U000e0041",
    "nul": "a\x00b",
    "surrogate": "broken\udc80name",
    "megabyte": "A" * 1_000_000,
    "wide": "\u5168\u89d2" * 300,
    "combining": "Z\u0351\u036b\u0343" * 100,
    "javascript": "javascript:alert(1)",
    "link": 'https://evil.example/"onmouseover=alert(1)',
    "wide formula": "\uff1dHYPERLINK(1)",
    "data": "data:text/html;base64,PHNjcmlwdD4=",
}

# Characters that may never reach a reader as they are: controls, and those that turn or hide text.
FORBIDDEN = frozenset(
    [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *map(chr, range(0x200B, 0x2010)), *map(chr, range(0x2028, 0x202F))]
    + [*map(chr, range(0x2066, 0x206A)), "\xad", "\u061c", "\ufeff", *map(chr, range(0xD800, 0xE000))]
    + ["\u180e", *map(chr, range(0x2060, 0x2066)), *map(chr, range(0xFFF9, 0xFFFC)), *map(chr, range(0xE0000, 0xE0080))]
)
