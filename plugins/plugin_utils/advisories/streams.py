# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module streams of Enterprise Linux: which one a build belongs to, in an advisory and on a server.

No feed of OSV carries the stream, but a fix of ruby:3.3 says nothing about ruby:3.1 or the ruby of the base system.
"""

from __future__ import annotations

import re

# Builds of a module say so in their release: .module+el8.10.0+23140+ (Red Hat, Rocky), .module_el8.10.0+4006+ (AlmaLinux).
_BUILD = re.compile(r"\.module[+_](el[0-9]+(?:\.[0-9]+)*[+][0-9]+[+][0-9a-f]+)")

# "Important: nginx:1.26 security update", "virt:rhel and virt-devel:rhel security, bug fix, and enhancement update"
_NAMED = re.compile(r"(?<![\w:.+/-])([A-Za-z0-9][A-Za-z0-9+._-]*[A-Za-z][A-Za-z0-9+._-]*|[A-Za-z]):([A-Za-z0-9][A-Za-z0-9+._-]*)(?![\w:/])")

_UPSTREAM = re.compile(r"(?:[0-9]+:)?([0-9]+)(?:\.([0-9]+))?")

NONE, UNNAMED = "", "?"

# Rocky's special interest group Cloud builds kernels of its own and announces them in the same feed (RXSA-): as a stream beside the distribution's.
SIG_CLOUD = "sig:cloud"
SIG_ANNOUNCEMENT, SIG_BUILD = "RXSA-", ".cloud"


def is_modular(version: str) -> bool:
    """Return whether a version or release is a build of a module."""
    return ".module" in version


def build(version: str) -> str:
    """Return what names the build of the module: el8.10.0+4006+be12ce0c; empty where there is none."""
    found = _BUILD.search(version)
    return found.group(1) if found else ""


def named(title: str) -> str:
    """Return the streams that the title of an advisory names, UNNAMED where it names none."""
    return " ".join(f"{name}:{stream}" for name, stream in _NAMED.findall(title)) or UNNAMED


def of_label(label: str) -> str:
    """Return "nginx:1.26" of the label "nginx:1.26:9050020240716:abc" that rpm keeps; empty for none."""
    name, colon, rest = label.partition(":")
    if not colon or label == "(none)":
        return NONE
    return f"{name}:{rest.partition(':')[0]}"


def same_upstream(left: str, right: str) -> bool:
    """Return whether two versions have the same first two numbers: all that can be said of a build whose stream is not named."""
    mine, theirs = _UPSTREAM.match(left), _UPSTREAM.match(right)
    return bool(mine and theirs and mine.groups() == theirs.groups())
