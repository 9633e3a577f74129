# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody asks about: a server's document, a result of software_info, a list of packages, a lock file. All become the same thing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_lock_formats
from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from . import ecosystem
from .feed import FeedError, content

PACKAGES_LIMIT = 100_000

# requirements.txt, requirements-production.txt: as the check software finds them.
_REQUIREMENTS = re.compile(r"requirements[\w.-]{0,60}\.txt", re.ASCII)

# Columns of a row of each package manager, and what stands where a list of packages does not name it.
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "rpm": (
        ("name", ""),
        ("epoch", "0"),
        ("version", ""),
        ("release", ""),
        ("arch", ""),
        ("source", ""),
        ("modularity_label", "(none)"),
        ("vendor", ""),
    ),
    "dpkg": (("name", ""), ("version", ""), ("arch", ""), ("source", ""), ("source_version", ""), ("status", "ii ")),
}
DEBIAN_LIKE = ("debian", "ubuntu")


class Asked(NamedTuple):
    """One thing to judge: its name in the answer, os-release, the data of the check software, and whether it is a container."""

    name: str
    system: Mapping[str, Any]
    software: Mapping[str, Any]
    container: bool


class InputError(ValueError):
    """What was given is nothing that can be judged; the message says why."""


def of_file(path: Path, system: Mapping[str, Any]) -> list[Asked]:
    """Return what a file holds: a lock file by its name, else JSON (also .json.gz): one document, or a list of them."""
    name = path.name.encode()
    known = name in software_lock_formats.FORMATS or _REQUIREMENTS.fullmatch(path.name)
    form = software_lock_formats.format_of(name) if known else None
    try:
        data = content(path)
    except FeedError as error:
        raise InputError(str(error)) from None
    if form is not None:
        rows, problems = software_lock_formats.parse(form, data)
        if not rows and problems:
            raise InputError(f"{path.name}: {'; '.join(problems)}")
        application = {"path": str(path.parent), "file": path.name, "kind": form.kind, "packages": rows, "problem": "; ".join(problems)}
        return [Asked(str(path), system, {"applications": [application]}, False)]
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError(f"{path.name} is neither a lock file nor JSON") from None
    documents = whole if isinstance(whole, list) else [whole]
    return [of_document(item, f"{path}#{number}" if number else str(path), system) for number, item in enumerate(documents)]


def of_document(given: object, name: str, system: Mapping[str, Any]) -> Asked:
    """Return what a decoded document holds; C(system) is os-release where it says none itself."""
    if not isinstance(given, dict):
        raise InputError(f"{name} is no mapping: a document of a host, a result of software_info, or os and packages are wanted")
    own = given.get("os") if isinstance(given.get("os"), dict) else None
    if isinstance(given.get("checks"), dict):
        check = given["checks"].get("software")
        data = check.get("data") if isinstance(check, dict) else None
        facts = given["facts"] if isinstance(given.get("facts"), dict) else {}
        if not isinstance(data, dict):
            raise InputError(f"{name}: the document of the host has no result of the check software")
        return Asked(text(given.get("host") or name, 255), facts.get("os") or own or system, data, bool(facts.get("container")))
    if isinstance(given.get("data"), dict):
        return Asked(text(given.get("host") or name, 255), own or system, given["data"], False)
    if "packages" in given or "applications" in given or "components" in given or "gems" in given:
        return Asked(text(given.get("host") or name, 255), own or system, {**given, "packages": _packages(given.get("packages"), own or system, name)}, False)
    raise InputError(f"{name} holds neither checks, data nor packages")


def _packages(given: object, system: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the packages as the check has them: of a list of mappings, or of rows that are as the package manager's."""
    if given is None:
        return {}
    if isinstance(given, dict):
        return given
    if not isinstance(given, list):
        raise InputError(f"{name}: packages is no list")
    if len(given) > PACKAGES_LIMIT:
        raise InputError(f"{name}: {len(given)} packages, more than {PACKAGES_LIMIT}")
    manager = "dpkg" if str(system.get("id")) in DEBIAN_LIKE else "rpm"
    # Who writes a list by hand does not name the vendor: it is the distribution.
    vendors = ecosystem.target(system).vendors or ("",)
    rows = [_row(item, manager, vendors[0]) if isinstance(item, dict) else item for item in given]
    return {"manager": manager, "rows": rows}


def _row(item: Mapping[str, Any], manager: str, vendor: str) -> list[str]:
    row = [str(item.get(column) if item.get(column) is not None else default) for column, default in COLUMNS[manager]]
    if manager == "rpm":
        row[5] = row[5] or f"{row[0]}-{row[2]}-{row[3]}.src.rpm"
        row[7] = row[7] or vendor
    else:
        row[3], row[4] = row[3] or row[0], row[4] or row[1]
    return row
