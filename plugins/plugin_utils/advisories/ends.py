# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What on a server has reached the end of its support, or soon will: the system, components that no package owns, Rails."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from . import endoflife, words
from .index import Index
from .match import HostMatch


def findings(index: Index, match: HostMatch, system: Mapping[str, Any], software: Mapping[str, Any], today: datetime.date) -> list[dict[str, Any]]:
    """Return a finding for each branch; a system beyond its end makes the match incomplete, since its feed is silent."""
    product, version = _system(system)
    things = {(product, version, f"{system.get('id')} {version}")} if product else set()
    things |= _components(software) | _rails(software)
    groups: dict[endoflife.End, list[tuple[str, str]]] = {}
    for thing, number, where in sorted(things):
        end = endoflife.end(thing, number, next(iter(index.facts("eol", thing)), None), today)
        if end:
            groups.setdefault(end, []).append((where, f"version {number}"))
            if thing == product and end.over:
                match.incomplete.append(f"{thing} {end.cycle} gets no security fixes any more: what its feed does not announce is not known")
    return [words.end_of_life(end, evidence) for end, evidence in groups.items()]


def _system(system: Mapping[str, Any]) -> tuple[str, str]:
    """Return the product of endoflife.date for a system: CentOS Linux ended with 8, what came after it is the Stream."""
    name, version = str(system.get("id") or ""), str(system.get("version_id") or "")
    product = "centos" if name == "centos" and version.startswith(("5", "6", "7")) else endoflife.SYSTEMS.get(name, "")
    return product, version


def _components(software: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (endoflife.COMPONENTS[component["name"]], str(component.get("version")), str(component.get("path") or component["name"]))
        for component in software.get("components") or ()
        if isinstance(component, dict) and isinstance(component.get("name"), str) and component["name"] in endoflife.COMPONENTS
    }


def _rails(software: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (endoflife.COMPONENTS["rails"], str(row[1]), str(application.get("path") or ""))
        for application in software.get("applications") or ()
        if isinstance(application, dict) and application.get("kind") == "gems"
        for row in application.get("packages") or ()
        if isinstance(row, list) and len(row) > 1 and row[0] == "rails"
    }
