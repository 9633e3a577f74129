# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx.org's own list of vulnerabilities (xml/en/security_advisories.xml of the site's sources): the first witness for an nginx that no package owns.

The same branch counts: good="1.31.1+, 1.30.2+" says that 1.30.2 is good and that 1.31.0 is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import text

from .feed import FeedError, Package, Record, content, identifier, words
from .osv import SEVERITIES
from .versions import semver

_RANGE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9}){0,3})(?:-([0-9]{1,9}(?:\.[0-9]{1,9}){0,3}))?")
_GOOD = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})\+")
_VERSIONS_LIMIT = 2000  # characters of an attribute; real ones have some 100

# The XML of nginx.org says "none" where nginx's own developers do not call it a vulnerability.
_DISPUTED = "none"

ECOSYSTEM, NAME = "nginx.org", "nginx"


def read(path: Path) -> Iterator[Record]:
    """Yield the vulnerabilities that touch nginx on Linux."""
    try:
        data = content(path).decode("utf-8")  # by hand: in another encoding the mark below is other bytes
    except UnicodeDecodeError:
        raise FeedError(f"{path.name} is not UTF-8") from None
    if "<!ENTITY" in data:
        raise FeedError(f"{path.name} defines entities, which the real one does not")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise FeedError(f"{path.name} is no XML: {error}") from None
    items = list(root.iter("item"))
    if not items:
        raise FeedError(f"{path.name} holds no vulnerability")
    for item in items:
        vulnerable = item.get("vulnerable", "")
        name = identifier(f"CVE-{item.get('cve')}") if item.get("cve") else identifier(f"VU-{item.get('cert')}") if item.get("cert") else None
        if len(vulnerable) > _VERSIONS_LIMIT or len(item.get("good", "")) > _VERSIONS_LIMIT:
            raise FeedError(f"{path.name} names more versions of {text(name, 100)} than there are")
        if name is None or item.get("severity") == _DISPUTED or vulnerable.startswith("nginx/Windows"):
            continue
        spec = json.dumps({"ranges": ranges(vulnerable, item.get("good", ""))})
        cves = (name,) if name.startswith("CVE-") else ()
        severity = SEVERITIES.get(item.get("severity", ""), "")
        url = item.get("advisory", "")
        package = Package(ECOSYSTEM, NAME, "", None, spec)
        link = words(url, 300) if url.startswith("https://") else "https://nginx.org/en/security_advisories.html"
        yield Record(name, True, severity, None, words(item.get("name"), 200), "", link, cves, (), [package])


def ranges(vulnerable: str, good: str) -> list[list[list[str]]]:
    """Return the affected ranges as OSV's events.

    A good version ends the range for its branch only; the next branch, 1.31.0 after 1.30.x, begins it again.
    """
    goods = sorted((match.groups() for match in _GOOD.finditer(good)), key=lambda numbers: tuple(int(number) for number in numbers))
    if vulnerable.strip() == "all":
        return [[["introduced", "0"]]]
    found = []
    for low, high in _RANGE.findall(vulnerable):
        high = high or low
        events, last = [["introduced", low]], [["last_affected", high]]
        for major, minor, patch in goods:
            version = f"{major}.{minor}.{patch}"
            if semver.key(version) <= semver.key(low):
                continue
            if semver.key(version) > semver.key(high):
                last.append(["fixed", version])
                break
            events += [["fixed", version], ["introduced", f"{major}.{int(minor) + 1}.0"]]
        found.append([*events, *last])
    return found
