# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of Red Hat's (VEX) for tests, in its structure, and mirrors that hold them."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BASEOS = ("BaseOS-9.4.0.Z.MAIN.EUS", "cpe:/o:redhat:enterprise_linux:9::baseos")
APPSTREAM = ("AppStream-9.4.0.Z.MAIN.EUS", "cpe:/a:redhat:enterprise_linux:9::appstream")
NINE = ("red_hat_enterprise_linux_9", "cpe:/o:redhat:enterprise_linux:9")
EUS = ("BaseOS-9.2.0.Z.EUS", "cpe:/o:redhat:rhel_eus:9.2::baseos")

ARCHIVE = "csaf_vex_2026-11-20.tar.zst"


class Statement:
    """A statement of one vulnerability, put together piece by piece."""

    def __init__(self, cve: str, title: str = "a hole", impact: str = "Important", score: float = 7.5) -> None:
        self.cve, self._title, self._impact, self._score = cve, title, impact, score
        self._products: dict[str, str] = {}
        self._components: dict[str, str] = {}
        self._joins: list[dict[str, Any]] = []
        self._status: dict[str, list[str]] = {}
        self._remedies: list[dict[str, Any]] = []

    def says(self, status: str, product: tuple[str, str], component: str, purl: str, remedy: Mapping[str, str] | None = None) -> Statement:
        """Add what is said of a component of a product; C(remedy) is a remediation without its product ids."""
        self._products[product[0]] = product[1]
        self._components[component] = purl
        name = self._join(component, product[0])
        self._status.setdefault(status, []).append(name)
        if remedy:
            self._remedies.append({**remedy, "product_ids": [name]})
        return self

    def fixed(self, product: tuple[str, str], name: str, evr: str, advisory: str, stream: str = "", nested: bool = False) -> Statement:
        """Add a fix, as source and as packages of two architectures; C(nested): with the module between the product and its package."""
        epoch, _colon, version = evr.rpartition(":")
        for arch in ("src", "x86_64", "aarch64"):
            more = f"&epoch={epoch}" if epoch else ""
            more += f"&rpmmod={stream}:9040020240716:rhel9" if stream and not nested else ""
            purl = f"pkg:rpm/redhat/{name}@{version.replace('+', '%2B')}?arch={arch}{more}"
            component = f"{name}-{epoch or 0}:{version}.{arch}" + (f"::{stream}" if stream else "")
            inside = product
            if nested:
                module = f"{product[0]}:{stream}:9040020240716:rhel9"
                self._products[product[0]] = product[1]
                self._components[f"{stream}:9040020240716:rhel9"] = f"pkg:rpmmod/redhat/{stream.replace(':', '@')}:9040020240716:rhel9"
                self._join(f"{stream}:9040020240716:rhel9", product[0])
                inside = (module, "")
            remedy = {"category": "vendor_fix", "details": "Update.", "url": f"https://access.redhat.com/errata/{advisory}"}
            self.says("fixed", inside, component, purl, remedy)
            if nested:
                del self._products[inside[0]]
        return self

    def _join(self, part: str, whole: str) -> str:
        name = f"{whole}:{part}"
        full = {"name": f"{part} as a component of {whole}", "product_id": name}
        row = {"category": "default_component_of", "full_product_name": full, "product_reference": part, "relates_to_product_reference": whole}
        if row not in self._joins:
            self._joins.append(row)
        return name

    def document(self) -> dict[str, Any]:
        """Return the document."""
        branches = [_branch("product_name", name, {"cpe": cpe}) for name, cpe in self._products.items()]
        branches = [{"category": "product_family", "name": "Red Hat Enterprise Linux", "branches": branches}]
        branches += [_branch("product_version", name, {"purl": purl}) for name, purl in self._components.items()]
        names = [name for found in self._status.values() for name in found]
        vulnerability = {
            "cve": self.cve,
            "title": self._title,
            "release_date": "2026-01-02T00:00:00+00:00",
            "product_status": self._status,
            "remediations": self._remedies,
            "threats": [{"category": "impact", "details": self._impact, "product_ids": names}],
            "scores": [{"products": names, "cvss_v3": {"baseScore": self._score, "version": "3.1"}}],
        }
        return {
            "document": {
                "category": "csaf_vex",
                "csaf_version": "2.0",
                "title": self._title,
                "aggregate_severity": {"text": self._impact},
                "tracking": {"id": self.cve, "status": "final", "initial_release_date": "2026-01-02T00:00:00+00:00"},
            },
            "product_tree": {"branches": [{"category": "vendor", "name": "Red Hat", "branches": branches}], "relationships": self._joins},
            "vulnerabilities": [vulnerability],
        }


def _branch(category: str, name: str, helper: dict[str, str]) -> dict[str, Any]:
    return {"category": category, "name": name, "product": {"name": name, "product_id": name, "product_identification_helper": helper}}


def path_of(cve: str) -> str:
    """Return the path of a statement as Red Hat writes it."""
    return f"{cve[4:8]}/{cve.lower()}.json"


def archive(mirror: Path, documents: list[Any], name: str = ARCHIVE) -> Path:
    """Write an archive of statements with the lists beside it; a member is a document, or a (path, bytes) of one's own."""
    folder = mirror / "redhat" / "vex"
    folder.mkdir(parents=True, exist_ok=True)
    members = [(path_of(item.cve), json.dumps(item.document()).encode()) if isinstance(item, Statement) else item for item in documents]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, data in members:
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    zstd(packed.getvalue(), folder / name)
    (folder / "archive_latest.txt").write_text(name)
    for other in ("changes.csv", "deletions.csv"):
        if not (folder / other).exists():
            (folder / other).write_text("")
    return folder / name


def zstd(data: bytes, target: Path) -> None:
    """Pack with whatever there is."""
    try:
        from backports import zstd as module

        target.write_bytes(module.compress(data))
    except ImportError:
        subprocess.run([shutil.which("zstd") or "zstd", "-qcf"], input=data, stdout=target.open("wb"), check=True)


def changed(mirror: Path, statement: Statement, when: str) -> None:
    """Write a statement that changed since, and its line in front of the others."""
    folder = mirror / "redhat" / "vex"
    path = folder / path_of(statement.cve)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(statement.document()))
    _line(folder / "changes.csv", statement.cve, when)


def deleted(mirror: Path, cve: str, when: str) -> None:
    """Write that a statement went."""
    _line(mirror / "redhat" / "vex" / "deletions.csv", cve, when)


def _line(path: Path, cve: str, when: str) -> None:
    path.write_text(f'"{path_of(cve)}","{when}"\n' + path.read_text())


def repositories(mirror: Path) -> None:
    """Write repository-to-cpe.json for a plain RHEL 9 and its EUS."""
    data = {
        "rhel-9-for-x86_64-baseos-rpms": {"cpes": ["cpe:/o:redhat:enterprise_linux:9::baseos"]},
        "rhel-9-for-x86_64-appstream-rpms": {"cpes": ["cpe:/a:redhat:enterprise_linux:9::appstream"]},
        "rhel-9-for-x86_64-baseos-eus-rpms": {"cpes": ["cpe:/o:redhat:rhel_eus:9.2::baseos", "cpe:/o:redhat:rhel_eus:9.4::baseos"]},
    }
    path = mirror / "redhat" / "repository-to-cpe.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"data": data}))
