# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which feeds there are: where each comes from, where it lies in a mirror, who needs it, how large it may be and what it must look like."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..advisories import endoflife, epss, kev, nginx, node, postgresql, redhat, redhat_vex, rubysec
from . import shape

MB = 1024 * 1024


class Remote(NamedTuple):
    """One file of a feed: its path below the base URL of upstream, and below a mirror."""

    remote: str
    local: str


class Feed(NamedTuple):
    """One feed.

    C(base) is the URL that the remote paths are joined to. C(needed_by) are ecosystems and components; without any the whole fleet needs it.
    C(limit) is in bytes of one file. C(records) returns the number of records of a file, or raises FeedError for what is not this feed.
    """

    name: str
    base: str
    files: tuple[Remote, ...]
    limit: int
    records: Callable[[Path], int]
    needed_by: frozenset[str] = frozenset()


_OSV = "https://storage.googleapis.com/osv-vulnerabilities/"

# Ecosystem -> largest zip archive that is taken, in MB. Some ten times of what it has today, where that is known; the dumps of Ubuntu, Debian and
# Red Hat list every package of every release.
_ECOSYSTEMS = {
    "AlmaLinux": 128,
    "Rocky Linux": 128,
    "Red Hat": 1024,
    "Debian": 1024,
    "Ubuntu": 4096,
    "RubyGems": 128,
    "npm": 2048,
    "PyPI": 512,
    "Bitnami": 128,
}

# The feed of components; some have another one of their makers beside it.
BITNAMI = "Bitnami"

# Who needs Red Hat's own statements: its own distribution, and not CentOS 7, which has the advisories alone.
RHEL = "rhel"

# Products whose name in the API of endoflife.date is not that of their file in its repository, which is what our mirror has.
_API_NAMES = {"ruby-on-rails": "rails"}
_PRODUCTS = sorted({*endoflife.SYSTEMS.values(), *endoflife.COMPONENTS.values(), "centos"})

# Name, base URL, (remote path, local path), MB, what it must be, who needs it.
_OTHERS = (
    Feed(
        "ruby-advisory-db",
        "https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/",
        (Remote("master.tar.gz", "ruby-advisory-db.tar.gz"),),
        64 * MB,
        shape.counted(rubysec.read),
        frozenset({"RubyGems", "ruby"}),
    ),
    Feed(
        "nginx",
        "https://raw.githubusercontent.com/nginx/nginx.org/main/xml/en/",
        (Remote("security_advisories.xml", "nginx/security_advisories.xml"),),
        8 * MB,
        shape.counted(nginx.read),
        frozenset({"nginx", BITNAMI}),
    ),
    Feed(
        "node",
        "https://raw.githubusercontent.com/nodejs/security-wg/main/vuln/core/",
        (Remote("index.json", "node/index.json"),),
        16 * MB,
        shape.counted(node.read),
        frozenset({"node", BITNAMI}),
    ),
    Feed(
        "postgresql",
        "https://www.postgresql.org/support/",
        (Remote("security/", "postgresql/security.html"),),
        8 * MB,
        shape.counted(postgresql.read, html=True),
        frozenset({"postgresql", BITNAMI}),
    ),
    Feed(
        "redhat",
        "https://security.access.redhat.com/data/metrics/",
        (Remote("repository-to-cpe.json", "redhat/repository-to-cpe.json"),),
        64 * MB,
        shape.counted(redhat.facts),
        frozenset({"Red Hat"}),
    ),
    Feed(
        redhat_vex.ARCHIVE,
        "https://security.access.redhat.com/data/csaf/v2/vex/",
        tuple(Remote(name, f"{redhat_vex.FOLDER}/{name}") for name in (redhat_vex.LATEST, redhat_vex.CHANGES, redhat_vex.DELETIONS)),
        4096 * MB,
        redhat_vex.count,
        frozenset({RHEL}),
    ),
    Feed(
        "kev",
        "https://www.cisa.gov/sites/default/files/feeds/",
        (Remote("known_exploited_vulnerabilities.json", "kev/known_exploited_vulnerabilities.json"),),
        64 * MB,
        shape.counted(kev.facts),
    ),
    Feed(
        "epss",
        "https://epss.empiricalsecurity.com/",
        (Remote("epss_scores-current.csv.gz", "epss/epss_scores-current.csv.gz"),),
        64 * MB,
        shape.counted(epss.facts),
    ),
    Feed(
        "endoflife",
        "https://endoflife.date/api/",
        tuple(Remote(f"{_API_NAMES.get(name, name)}.json", f"endoflife/{name}.json") for name in _PRODUCTS),
        4 * MB,
        shape.cycles,
    ),
)

ECOSYSTEMS = tuple(_ECOSYSTEMS)


def _osv(ecosystem: str) -> Feed:
    # The bucket keeps the dump of every release under the ecosystem's base name; names with a space are in the URL.
    file = Remote(f"{urllib.parse.quote(ecosystem)}/all.zip", f"osv/{ecosystem}/all.zip")
    return Feed(f"osv/{ecosystem}", _OSV, (file,), _ECOSYSTEMS[ecosystem] * MB, shape.dump, frozenset({ecosystem}))


FEEDS: tuple[Feed, ...] = (*(_osv(name) for name in _ECOSYSTEMS), *_OTHERS)
NAMES = tuple(feed.name for feed in FEEDS)

# What daily_check_feeds_urls may name: a feed, or "osv" for all dumps of OSV.
SOURCES = ("osv", *NAMES)


def wanted(needs: Iterable[str], named: bool = False) -> list[Feed]:
    """Return the feeds for C(needs), ecosystems and components. A fleet that needs none of them needs none of the others either.

    C(named): somebody named ecosystems, and does not say whether his servers of Red Hat's are RHEL.
    """
    asked = frozenset(needs)
    if named and "Red Hat" in asked:
        asked |= {RHEL}
    if not asked:
        return []
    return [feed for feed in FEEDS if not feed.needed_by or feed.needed_by & asked]


def address(feed: Feed, file: Remote, urls: Mapping[str, str], mirror: str) -> str:
    """Return where a file is fetched from: the base URL that is given for its feed, else the mirror in our layout, else upstream."""
    base = urls.get(feed.name) or (urls.get("osv") if feed.name.startswith("osv/") else None)
    if base:
        return joined(base, file.remote)
    if mirror:
        return joined(mirror, urllib.parse.quote(file.local) if is_http(mirror) else file.local)
    return joined(feed.base, file.remote)


def joined(base: str, path: str) -> str:
    """Return a path below a URL or a folder. What is below a folder is no URL: its %20 is a space again."""
    if not is_http(base):
        path = urllib.parse.unquote(path)
    return f"{base.rstrip('/')}/{path}"


def is_http(base: str) -> bool:
    return base.lower().startswith(("http://", "https://"))
