# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to type: for each family of distributions, for gems, npm and Python packages, for components."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from ..commands import is_package
from .installed_dpkg import NEEDS_PRO
from .match import Place
from .verdict import Hit

PACKAGES_LIMIT = 12  # names on one command line; beyond it the whole system is updated

# id of os-release -> the command for one announcement. The announcements of these distributions have the names that their dnf knows.
_BY_ADVISORY = {
    "almalinux": "dnf upgrade --advisory={0}",
    "rocky": "dnf upgrade --advisory={0}",
    "rhel": "dnf upgrade --advisory={0}",
}

# Lock file -> the command that renews one package of it: {0} is the package.
_BY_LOCK_FILE: dict[str, str] = {
    "Gemfile.lock": "bundle update --conservative {0}",
    "gems.locked": "bundle update --conservative {0}",
    "package-lock.json": "npm update {0}",
    "npm-shrinkwrap.json": "npm update {0}",
    "yarn.lock": "yarn upgrade {0}",
    "pnpm-lock.yaml": "pnpm update {0}",
    "Pipfile.lock": "pipenv update {0}",
    "poetry.lock": "poetry update {0}",
    "uv.lock": "uv lock --upgrade-package {0}",
}

# Where no lock file is named: what renews a package of the kind.
_BY_KIND: dict[str, str] = {"gems": "gem update {0}", "npm": "npm update -g {0}", "pypi": "pip install --upgrade {0}"}


def of_system(system: Mapping[str, Any], advisory: str, hits: Iterable[Hit], newest_kernel: str = "") -> tuple[str, list[str]]:
    """Return text and commands that bring the packages of a distribution to the fix."""
    hits = list(hits)
    name, version = str(system.get("id") or ""), str(system.get("version_id") or "")
    packages = sorted({hit.name for hit in hits})
    text = "Update " + ", ".join(f"{hit.name} to {hit.fixed} or later" for hit in hits[:3]) + (f" and {len(hits) - 3} more" if len(hits) > 3 else "") + "."
    if any(hit.note == NEEDS_PRO for hit in hits):
        return f"{text} The fix is only in Ubuntu Pro.", ["pro attach", _apt(packages)]
    if newest_kernel:
        return f"{text} Kernel {newest_kernel} is installed and waits for a reboot.", ["systemctl reboot"]
    if name in ("debian", "ubuntu"):
        return text, ["apt-get update", _apt(packages)]
    if name in _BY_ADVISORY and not (name == "rhel" and version.startswith("7")) and not advisory.startswith("CVE-"):
        return text, [_BY_ADVISORY[name].format(shlex.quote(advisory))]
    return text, [_line("yum update", packages) or "yum update"]


def _apt(packages: list[str]) -> str:
    return _line("apt-get install --only-upgrade", packages) or "apt-get upgrade"


def _line(command: str, packages: list[str]) -> str:
    """Return a command with its packages; empty where they are too many, or one would be read as something else than a package."""
    if len(packages) > PACKAGES_LIMIT or not all(map(is_package, packages)):
        return ""
    return f"{command} {' '.join(map(shlex.quote, packages))}"


def of_located(items: Iterable[tuple[Place, Hit]]) -> tuple[str, list[str]]:
    """Return text and commands for the packages of applications, or for a component."""
    items = list(items)
    goals = sorted({f"{hit.name} {hit.fixed} or later" if hit.fixed else f"{hit.name} has no fixed version" for _place, hit in items})
    text = f"Wanted: {', '.join(goals[:5])}."
    if all(place.kind == "component" for place, _hit in items):
        return f"{text} No package owns it: build or install it the way it came.", []
    commands = sorted({_command(place, hit) for place, hit in items if hit.fixed})
    if not commands:
        return f"{text} Replace it by another package, or shield what uses it.", []
    return f"{text} Update it where the application is developed, run its tests, and deploy.", commands


def _command(place: Place, hit: Hit) -> str:
    update = _BY_LOCK_FILE.get(posixpath.basename(place.file))
    name = shlex.quote(hit.name)
    if update is None or hit.name.startswith("-"):  # that would be read as an option
        if place.file or hit.name.startswith("-"):
            return f"# in {shlex.quote(posixpath.join(place.path, place.file))}: {name}>={hit.fixed}"
        return _BY_KIND[place.kind].format(name)
    # Deployed applications are replaced, not changed: the command is for the checkout, which only its name can tell.
    return update.format(name)
