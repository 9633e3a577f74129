# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSAF 2.0 documents of Red Hat, statements of single vulnerabilities (VEX) as well as advisories, as records of the index.

A document names products by CPE, components by package URL, and joins them by relationships: a component of a module of a product. What is said is
said of such joints. Packages of rpm are kept, containers and libraries are not; of packages the sources, as C(NAME.src), since a source names all
that is built of it, on every architecture. docs: redhatproductsecurity.github.io/security-data-guidelines/csaf-vex
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..reading import at, mapping, rows, texts
from . import streams
from .feed import NAME_LIMIT, VERSION_LIMIT, Package, Record, identifier, words
from .osv import SEVERITIES

ECOSYSTEM = "Red Hat VEX:"

# What a row of the index says beside its version: the advisory that brings a fix, Red Hat's word where there is none, and what helps meanwhile.
ADVISORY, STATUS, WORKAROUND, INVESTIGATED, UNTOUCHED = "advisory", "status", "workaround", "investigated", "untouched"

DEPTH_LIMIT = 20  # branches within branches; real documents have 4
NODES_LIMIT = 500_000  # branches and relationships; kernels have some 20,000
_TEXT_LIMIT = 400

_CPE = re.compile(r"cpe:/[aoh]:redhat:([a-z0-9][\w.:+~-]{0,200})", re.ASCII)
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,12}")
_ERRATUM = re.compile(r"/(RH[SBE]A-[0-9]{4}:[0-9]{3,8})\Z")
_MODULE = re.compile(r"([A-Za-z0-9][\w.+-]{0,100}):([A-Za-z0-9][\w.+-]{0,100})(?::|\Z)", re.ASCII)

# redis-0:6.2.17-1.module+el8.10.0+22680+748527fd.src::redis:6, where no package URL says it better
_NEVRA = re.compile(r"(?P<name>[\w.+-]+)-(?P<epoch>\d+):(?P<evr>[^:\s-]+-[^:\s-]+)\.(?P<arch>\w+)(?:::(?P<module>\S+))?", re.ASCII)

_NO_MITIGATION = "Mitigation for this issue is either not available"
_OUT_OF_USE = ("-debuginfo", "-debugsource")


class _Component(NamedTuple):
    """A package of rpm: C(evr) is empty where no version is named, C(stream) where it is of no module."""

    name: str
    source: bool
    evr: str
    stream: str


class _Joint(NamedTuple):
    """A component of a product."""

    product: str
    component: _Component

    def key(self, source: bool) -> tuple[str, str, str]:
        return self.product, self.component.name + (".src" if source else ""), self.component.stream


def records(raw: Any) -> Iterator[Record]:
    """Yield the record of each vulnerability of a document. ValueError for what is no document of CSAF 2."""
    document = mapping(raw, "document")
    if not str(document.get("csaf_version", "")).startswith("2.") or not isinstance(raw.get("vulnerabilities"), list):
        raise ValueError("no document of CSAF 2")
    tree = _Tree(mapping(raw, "product_tree"))
    own = identifier(at(document, "tracking", "id")) or ""
    for item in rows(raw, "vulnerabilities", limit=None):
        cve = item.get("cve")
        if isinstance(cve, str) and _CVE.fullmatch(cve):
            yield _record(document, own if _ERRATUM.match("/" + own) else "", item, cve, tree)


def _record(document: Mapping[str, Any], advisory: str, item: Mapping[str, Any], cve: str, tree: _Tree) -> Record:
    published = item.get("release_date") or item.get("discovery_date") or at(document, "tracking", "initial_release_date")
    title = words(item.get("title"), 200) or words(document.get("title"), 200)
    packages = list(_packages(item, advisory, tree))
    url = f"https://access.redhat.com/security/cve/{cve}"
    return Record(cve, True, _severity(document, item), _score(item), title, words(published, 20)[:10], url, (cve,), (), packages)


def _severity(document: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    said = [threat.get("details") for threat in rows(item, "threats") if threat.get("category") == "impact"]
    for word in (*said, at(document, "aggregate_severity", "text")):
        if isinstance(word, str) and word.lower() in SEVERITIES:
            return SEVERITIES[word.lower()]
    return ""


def _score(item: Mapping[str, Any]) -> float | None:
    for version in ("cvss_v3", "cvss_v2"):
        found = [at(score, version, "baseScore") for score in rows(item, "scores")]
        numbers = [float(number) for number in found if isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number <= 10]
        if numbers:
            return max(numbers)
    return None


class _Tree:
    """The products and components of a document, and what belongs to what."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._products: dict[str, str] = {}
        self._components: dict[str, _Component] = {}
        self._modules: dict[str, str] = {}
        for product in _products(tree):
            self._add(product)
        self._joins: dict[str, tuple[str, str]] = {}
        for row in rows(tree, "relationships", limit=NODES_LIMIT):
            name, part, whole = at(row, "full_product_name", "product_id"), row.get("product_reference"), row.get("relates_to_product_reference")
            if isinstance(name, str) and isinstance(part, str) and isinstance(whole, str):
                self._joins[name] = (part, whole)

    def _add(self, product: Mapping[str, Any]) -> None:
        name, helper = product.get("product_id"), mapping(product, "product_identification_helper")
        if not isinstance(name, str) or not 0 < len(name) <= 2 * NAME_LIMIT:
            return
        cpe = _CPE.fullmatch(str(helper.get("cpe", "")))
        if cpe:
            self._products[name] = cpe.group(1).rstrip(":")
            return
        url = helper.get("purl")
        if isinstance(url, str) and url.startswith("pkg:rpmmod/"):
            path = urllib.parse.unquote(url.partition("?")[0].rpartition("/")[2])
            self._modules[name] = _stream(path.replace("@", ":", 1))
            return
        component = _of_purl(url) if isinstance(url, str) else _of_name(name)
        if component is not None:
            self._components[name] = component

    def joint(self, name: str) -> _Joint | None:
        """Return what a product id means, None where it is no package of rpm in a product that has a CPE."""
        part, whole = self._joins.get(name, ("", ""))
        component = self._components.get(part)
        if component is None:
            return None
        for _step in range(DEPTH_LIMIT):  # a component of a module of a product
            if whole not in self._joins:
                break
            module, whole = self._joins[whole]
            if not component.stream:
                component = component._replace(stream=self._modules.get(module, ""))
        product = self._products.get(whole)
        return _Joint(product, component) if product else None


def _products(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the products of all branches, and those that stand in none."""
    yield from rows(tree, "full_product_names", limit=NODES_LIMIT)
    waiting = [(branch, 1) for branch in rows(tree, "branches", limit=NODES_LIMIT)]
    for _count in range(NODES_LIMIT):
        if not waiting:
            return
        branch, depth = waiting.pop()
        if isinstance(branch.get("product"), dict):
            yield branch["product"]
        if depth < DEPTH_LIMIT and "branches" in branch:
            waiting += [(inner, depth + 1) for inner in rows(branch, "branches", limit=NODES_LIMIT)]


def _of_purl(url: str) -> _Component | None:
    """Return the component of pkg:rpm/redhat/nginx@1.22.1-4.module%2Bel9?arch=src&epoch=1&rpmmod=nginx:1.22:9040020:abc, None for no package of rpm."""
    if not url.startswith("pkg:rpm/") or len(url) > 1000:
        return None
    path, _mark, query = url.partition("?")
    name, _at, version = path.rpartition("/")[2].partition("@")
    more = dict(urllib.parse.parse_qsl(query))
    stream = _stream(more["rpmmod"]) if "rpmmod" in more else streams.NONE
    if "rpmmod" in more and not stream:
        return None  # rpmmod=rhel10: a flatpak
    return _component(urllib.parse.unquote(name), more.get("epoch", "0"), urllib.parse.unquote(version), more.get("arch", ""), stream)


def _of_name(name: str) -> _Component | None:
    """Return the component of a product id without a package URL: redis-0:6.2.17-1.el9_5.src, redis.src."""
    full = _NEVRA.fullmatch(name)
    if full:
        return _component(full["name"], full["epoch"], full["evr"], full["arch"], _stream(full["module"] or ""))
    stream, slash, rest = name.rpartition("/")
    plain = rest.removesuffix(".src")
    if (slash and not _stream(stream)) or not re.fullmatch(r"[\w.+-]+", plain, re.ASCII):
        return None
    return _component(plain, "0", "", "src" if rest.endswith(".src") else "", _stream(stream))


def _component(name: str, epoch: str, version: str, arch: str, stream: str) -> _Component | None:
    if not 0 < len(name) <= NAME_LIMIT - 4 or len(version) > VERSION_LIMIT - 12 or not epoch.isdigit() or name.endswith(_OUT_OF_USE):
        return None
    evr = f"{epoch}:{version}" if version and epoch.strip("0") else version
    return _Component(name, arch == "src", evr, stream)


def _stream(module: str) -> str:
    """Return "nginx:1.22" of "nginx:1.22:9040020240716:rhel9"; empty for what names no stream."""
    found = _MODULE.match(module)
    return f"{found.group(1)}:{found.group(2)}" if found else streams.NONE


def _packages(item: Mapping[str, Any], advisory: str, tree: _Tree) -> Iterator[Package]:
    """Yield what a vulnerability means for packages.

    Of a product and a stream the sources are told where they are named, else the packages themselves; what is called untouched is only told beside
    what is touched.
    """
    fixes = _remedies(item, "vendor_fix", "url")
    touched: dict[tuple[str, str, str], Package] = {}
    status = mapping(item, "product_status")
    for joint, name in _joints(status, "fixed", tree):
        erratum = _ERRATUM.search(fixes.get(name, ""))
        spec = {ADVISORY: erratum.group(1) if erratum else advisory}
        if joint.component.evr:
            key = (*joint.key(joint.component.source)[:2], joint.component.stream + joint.component.evr)
            touched[key] = _package(joint, joint.component.evr, spec)
    touched = _less_binaries(touched)
    had = {(package.ecosystem, package.name, package.stream) for package in touched.values()}
    words_of, helps = _remedies(item, "no_fix_planned", "details"), _remedies(item, "workaround", "details")
    words_of = {**_remedies(item, "none_available", "details"), **words_of}
    for joint, name in _joints(status, "known_affected", tree):
        help_ = helps.get(name, "")
        spec = {STATUS: words(words_of.get(name), 100) or "Affected", WORKAROUND: "" if help_.startswith(_NO_MITIGATION) else words(help_, _TEXT_LIMIT)}
        _put(touched, had, joint, spec)
    for joint, _name in _joints(status, "under_investigation", tree):
        _put(touched, had, joint, {INVESTIGATED: True})
    touched = _less_parts(touched)
    yield from touched.values()
    around = {(package.ecosystem, package.stream) for package in touched.values() if package.name.endswith(".src")}
    for joint, _name in _joints(status, "known_not_affected", tree) if around else ():
        if (ECOSYSTEM + joint.product, joint.component.stream) in around and not joint.component.source:
            yield _package(joint, None, {UNTOUCHED: True})


def _joints(status: Mapping[str, Any], kind: str, tree: _Tree) -> Iterator[tuple[_Joint, str]]:
    for name in texts(status, kind, limit=NODES_LIMIT):
        joint = tree.joint(name)
        if joint is not None:
            yield joint, name


def _remedies(item: Mapping[str, Any], category: str, field: str) -> dict[str, str]:
    """Return what the remediations of a category say, by product id; of several the first."""
    found: dict[str, str] = {}
    for remedy in rows(item, "remediations"):
        said = remedy.get(field)
        if remedy.get("category") == category and isinstance(said, str):
            for name in texts(remedy, "product_ids", limit=NODES_LIMIT):
                found.setdefault(name, said)
    return found


def _put(touched: dict[tuple[str, str, str], Package], had: set[tuple[str, str, str]], joint: _Joint, spec: dict[str, Any]) -> None:
    """Add what has no fix, unless there is one for the same package."""
    package = _package(joint, None, spec)
    if (package.ecosystem, package.name, package.stream) not in had:
        touched.setdefault(joint.key(joint.component.source), package)


def _less_binaries(found: dict[tuple[str, str, str], Package]) -> dict[tuple[str, str, str], Package]:
    """Leave out packages of a product where an advisory names the sources as well: every package is built of one."""
    sources = {(package.ecosystem, package.stream, package.spec) for package in found.values() if package.name.endswith(".src")}
    return {key: item for key, item in found.items() if item.name.endswith(".src") or (item.ecosystem, item.stream, item.spec) not in sources}


def _less_parts(found: dict[tuple[str, str, str], Package]) -> dict[tuple[str, str, str], Package]:
    """Leave out kernel-core where a statement names kernel.src as well: kernels have sixty of them, for each release."""
    sources = {(item.ecosystem, item.stream, item.name.removesuffix(".src")) for item in found.values() if item.name.endswith(".src")}

    def is_part(item: Package) -> bool:
        words_ = item.name.split("-")
        return any((item.ecosystem, item.stream, "-".join(words_[:length])) in sources for length in range(1, len(words_) + 1))

    return {key: item for key, item in found.items() if item.name.endswith(".src") or not is_part(item)}


def _package(joint: _Joint, fixed: str | None, spec: dict[str, Any]) -> Package:
    kept = {key: value for key, value in spec.items() if value}
    name = joint.component.name + (".src" if joint.component.source else "")
    return Package(ECOSYSTEM + joint.product, name, joint.component.stream, fixed, json.dumps(kept, separators=(",", ":")))
