# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of VEX statements: OpenVEX (github.com/openvex/spec, 0.0.1 to 0.2) and the VEX profile of CSAF 2.0 (oasis-open.org, section 4.5)."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from ..advisories import purl
from ..reading import texts
from .file import TEXT_LIMIT, AcceptanceError, content_of
from .vex import AFFECTED, FIXED, INVESTIGATED, NOT_AFFECTED, STATUSES, Product, Statement

FILE_LIMIT = 64 * 1024 * 1024  # the largest of Red Hat's CSAF files have some 20 MB
STATEMENTS_LIMIT = 100_000
DEPTH_LIMIT = 30

# product_status of CSAF -> the status in OpenVEX's words. Others (first_affected, recommended ...) are no VEX.
_CSAF_STATUSES = {"known_not_affected": NOT_AFFECTED, "fixed": FIXED, "known_affected": AFFECTED, "under_investigation": INVESTIGATED}


def read_statements(path: Path) -> list[Statement]:
    """Return the statements of a file. Raises AcceptanceError, which names the file and the mistake."""
    content = content_of(path, "daily_check_vex", FILE_LIMIT)
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise AcceptanceError(f"{path}: not JSON: {text(error, 200)}") from error
    read = _reader(raw)
    if read is None:
        raise AcceptanceError(f"{path}: neither OpenVEX (@context, statements) nor CSAF VEX (document.category csaf_vex)")
    try:
        statements = list(read(raw, path.name))
    except _Mistake as mistake:
        raise AcceptanceError(f"{path}: {mistake}") from mistake
    if len(statements) > STATEMENTS_LIMIT:
        raise AcceptanceError(f"{path}: {len(statements)} statements, {STATEMENTS_LIMIT} at most")
    return statements


class _Mistake(Exception):
    """What is wrong with a document."""


def _reader(raw: object) -> Any:
    if not isinstance(raw, dict):
        return None
    if isinstance(raw.get("statements"), list) and "openvex" in str(raw.get("@context")):
        return _openvex
    document = raw.get("document")
    if isinstance(document, dict) and document.get("category") == "csaf_vex":
        return _csaf
    return None


def _openvex(raw: Mapping[str, Any], place: str) -> Iterator[Statement]:
    for number, item in enumerate(raw["statements"], 1):
        where = f"statement {number}"
        if not isinstance(item, dict):
            raise _Mistake(f"{where} is no mapping")
        status = item.get("status")
        if status not in STATUSES:
            raise _Mistake(f"{where}: its status is {text(status, 40)}; there are {', '.join(STATUSES)}")
        justification, impact = _words(item.get("justification")), _words(item.get("impact_statement"))
        if status == NOT_AFFECTED and not (justification or impact):
            raise _Mistake(f"{where}: not_affected without justification or impact_statement")
        ids = frozenset(_openvex_ids(item.get("vulnerability")))
        if not ids:
            raise _Mistake(f"{where} names no vulnerability")
        products = tuple(found for product in item.get("products") or () for found in _openvex_products(product))
        when = _time(item.get("last_updated") or item.get("timestamp") or raw.get("last_updated") or raw.get("timestamp"), where)
        yield _statement(ids, products, str(status), justification, impact or _words(item.get("status_notes")), when, place, number, raw)


def _openvex_ids(value: object) -> Iterator[str]:
    names = [value]
    if isinstance(value, dict):
        names = [value.get("name"), *(value.get("aliases") or ())]
    for name in names:
        if isinstance(name, str) and name:
            yield name.upper()


def _openvex_products(value: object) -> Iterator[Product]:
    """Yield the packages of a product: itself, or, where it has parts, these within it."""
    own, name = _package(value), _name(value)
    parts = value.get("subcomponents") if isinstance(value, dict) else None
    for part in parts or ():
        package = _package(part)
        # A part within another package cannot be told from the part elsewhere: only hosts, groups and folders are known here.
        if package is not None and own is None and name:
            yield Product(package, name.rstrip("/"))
    if own is not None and not parts:
        yield Product(own)


def _package(value: object) -> purl.Purl | None:
    if isinstance(value, str):
        return purl.parse(value)
    if not isinstance(value, dict):
        return None
    identifiers = value.get("identifiers")
    return purl.parse(identifiers.get("purl") if isinstance(identifiers, dict) else None) or purl.parse(value.get("@id"))


def _name(value: object) -> str:
    found = value.get("@id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _csaf(raw: Mapping[str, Any], place: str) -> Iterator[Statement]:
    products = dict(_csaf_products(raw.get("product_tree")))
    tracking = raw["document"].get("tracking")
    when = _time(tracking.get("current_release_date") if isinstance(tracking, dict) else None, "document.tracking.current_release_date")
    number = 0
    for entry in raw.get("vulnerabilities") or ():
        if not isinstance(entry, dict) or not isinstance(entry.get("product_status"), dict):
            continue
        ids = frozenset(_csaf_ids(entry))
        for key, status in _CSAF_STATUSES.items():
            by_reason: dict[tuple[str, str], list[Product]] = {}
            for product in texts(entry["product_status"], key, limit=None):
                package = products.get(product)
                if package is not None:
                    by_reason.setdefault((_flag(entry, product), _impact(entry, product)), []).append(Product(package))
            for (justification, impact), packages in sorted(by_reason.items()):
                if ids and (status != NOT_AFFECTED or justification or impact):
                    number += 1
                    yield _statement(ids, tuple(packages), status, justification, impact, when, place, number, raw["document"])


def _csaf_ids(entry: Mapping[str, Any]) -> Iterator[str]:
    more = entry.get("ids")
    for name in (entry.get("cve"), *(item.get("text") for item in more or () if isinstance(item, dict))):
        if isinstance(name, str) and name:
            yield name.upper()


def _csaf_products(tree: object, depth: int = 0) -> Iterator[tuple[str, purl.Purl]]:
    """Yield each product of the tree that has a package URL; a relationship (a package of a product) is its package."""
    if not isinstance(tree, dict) or depth > DEPTH_LIMIT:
        return
    found: dict[str, purl.Purl] = {}
    for item in (tree.get("product"), *(tree.get("full_product_names") or ())):
        helper = item.get("product_identification_helper") if isinstance(item, dict) else None
        package = purl.parse(helper.get("purl")) if isinstance(helper, dict) else None
        if package is not None and isinstance(item, dict):
            found[str(item.get("product_id"))] = package
    for branch in tree.get("branches") or ():
        found.update(_csaf_products(branch, depth + 1))
    for relation in tree.get("relationships") or ():
        if isinstance(relation, dict) and isinstance(relation.get("full_product_name"), dict) and str(relation.get("product_reference")) in found:
            found[str(relation["full_product_name"].get("product_id"))] = found[str(relation["product_reference"])]
    yield from found.items()


def _flag(entry: Mapping[str, Any], product: str) -> str:
    return next((_words(flag.get("label")) for flag in _about(entry.get("flags"), product)), "")


def _impact(entry: Mapping[str, Any], product: str) -> str:
    return next((_words(threat.get("details")) for threat in _about(entry.get("threats"), product) if threat.get("category") == "impact"), "")


def _about(items: object, product: str) -> Iterator[Mapping[str, Any]]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and product in texts(item, "product_ids", limit=None):
            yield item


def _statement(
    ids: frozenset[str],
    products: tuple[Product, ...],
    status: str,
    justification: str,
    impact: str,
    when: str,
    place: str,
    number: int,
    document: Mapping[str, Any],
) -> Statement:
    said = ": ".join(part for part in (justification.replace("_", " "), impact) if part)
    reason = text(f"VEX {place}, statement {number}: {status.replace('_', ' ')}{f', {said}' if said else ''}", TEXT_LIMIT)
    publisher, tracking = document.get("publisher"), document.get("tracking")
    author = document.get("author") or (publisher.get("name") if isinstance(publisher, dict) else "")
    name = document.get("@id") or (tracking.get("id") if isinstance(tracking, dict) else "")
    return Statement(ids, products, status, text(justification, 100), reason, when, place, number, _words(author), _words(name))


def _time(value: object, where: str) -> str:
    """Return a time as ISO in UTC: statements are put in order by it, and end by it."""
    try:
        # Nanoseconds, as Go writes them, are too many for Python 3.10.
        moment = datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", str(value)[:60]).replace("Z", "+00:00"))
    except ValueError:
        raise _Mistake(f"{where}: {text(value, 60)} is no time; without one nobody knows how old it is") from None
    zone = moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
    return zone.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _words(value: object) -> str:
    return text(" ".join(value.split()), TEXT_LIMIT) if isinstance(value, str) else ""
