# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package URLs (github.com/package-url/purl-spec): one name for a package, whoever speaks of it."""

from __future__ import annotations

import functools
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any, NamedTuple

# Manager of a server's packages -> type; kind of an application's packages -> type. A program that no package owns is "generic".
TYPES = {"rpm": "rpm", "dpkg": "deb", "gems": "gem", "npm": "npm", "pypi": "pypi", "component": "generic"}

# id of os-release -> namespace, where it is another one.
NAMESPACES = {"rhel": "redhat", "sles": "suse"}

KEPT = 20_000  # package URLs that are kept: servers of a fleet have the same packages

_EPOCH = re.compile(r"([0-9]+):(.*)", re.DOTALL)


class Purl(NamedTuple):
    """The parts of a package URL that say which package is meant; C(version) with its epoch, empty where every version is meant."""

    type: str
    namespace: str
    name: str
    version: str


def of_package(manager: str, system: Mapping[str, Any], name: str, version: str) -> str:
    """Return the package URL of a distribution's package; C(version) with epoch and release."""
    return _of_package(manager, str(system.get("id") or ""), str(system.get("version_id") or ""), name, version)


@functools.lru_cache(maxsize=KEPT)
def _of_package(manager: str, distribution: str, release: str, name: str, version: str) -> str:
    namespace = NAMESPACES.get(distribution, distribution)
    qualifiers = {"distro": f"{distribution}-{release}"} if distribution else {}
    epoch = _EPOCH.fullmatch(version)
    if manager == "rpm" and epoch:
        version, qualifiers["epoch"] = epoch.group(2), epoch.group(1)
    return written(TYPES[manager], namespace, name, version, qualifiers)


def of_library(kind: str, name: str, version: str) -> str:
    """Return the package URL of a package of an application, or of a component."""
    namespace = ""
    if kind == "npm" and name.startswith("@") and "/" in name:
        namespace, _slash, name = name.partition("/")
    if kind == "pypi":
        name = name.lower().replace("_", "-")
    return written(TYPES[kind], namespace, name, version, {})


def written(kind: str, namespace: str, name: str, version: str, qualifiers: Mapping[str, str]) -> str:
    """Return a package URL of its parts."""
    words = "/".join(_quoted(part) for part in (kind, *namespace.split("/"), name) if part)
    words = f"pkg:{words}@{_quoted(version)}" if version else f"pkg:{words}"
    rest = "&".join(f"{key}={_quoted(value)}" for key, value in sorted(qualifiers.items()) if value)
    return f"{words}?{rest}" if rest else words


def _quoted(words: str) -> str:
    # The colon stays as it is, by the specification.
    return urllib.parse.quote(words, safe=":", errors="backslashreplace")


def parse(words: object) -> Purl | None:
    """Return the parts of a package URL, None where it is none."""
    if not isinstance(words, str) or not words.startswith("pkg:") or len(words) > 2000:
        return None
    rest, _mark, query = words[4:].partition("#")[0].partition("?")
    path, at, version = rest.strip("/").rpartition("@")
    if not at or "/" in version:
        path, version = rest.strip("/"), ""
    parts = [urllib.parse.unquote(part) for part in path.split("/") if part]
    if len(parts) < 2:
        return None
    qualifiers = dict(urllib.parse.parse_qsl(query))
    number = urllib.parse.unquote(version)
    if parts[0].lower() == "rpm" and number and qualifiers.get("epoch", "0") not in ("", "0"):
        number = f"{qualifiers['epoch']}:{number}"
    return Purl(parts[0].lower(), "/".join(parts[1:-1]), parts[-1], number)
