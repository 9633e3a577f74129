# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which feeds speak of a server's operating system, and which of its packages they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from . import csaf

# Target.by, where packages are judged by Red Hat's own statements.
VEX = "vex"


class Target(NamedTuple):
    """Where to look for the packages of a server.

    C(ecosystems) are names in the index; C(pro) one more, whose fixes need a subscription. C(by) says which name of a package the feeds use:
    "binary", "source" or "both"; VEX for Red Hat's own statements, which name sources and, where they do not, packages.
    C(vendors) build the distribution's own packages: what another vendor built is not in the distribution's announcements.
    C(unknown) is why nothing can be said of the packages, empty where it can.
    """

    ecosystems: tuple[str, ...]
    by: str = "binary"
    vendors: tuple[str, ...] = ()
    pro: str = ""
    unknown: str = ""


# id of os-release -> (base of the ecosystem, names in the feed, vendors as rpm has them). The names: AlmaLinux lists binary packages (71,329 of
# them, though the schema says source), Rocky source packages, Red Hat either.
_RPM = {
    "almalinux": ("AlmaLinux", "binary", ("AlmaLinux",)),
    "rocky": ("Rocky Linux", "source", ("Rocky Enterprise Software Foundation", "Rocky")),
}
RED_HAT_VENDORS = ("Red Hat, Inc.",)

# The repositories that every subscription to Enterprise Linux has, where a server's own are not known.
_RED_HAT_DEFAULT = ("enterprise_linux:{0}::baseos", "enterprise_linux:{0}::appstream")
_RED_HAT_7 = ("enterprise_linux:7::server", "enterprise_linux:7::client", "enterprise_linux:7::workstation", "enterprise_linux:7::computenode")

# Products that stay with a minor release: rhel_eus:9.4, enterprise_linux_eus:10.2 (so called from RHEL 10 on).
_EXTENDED = ("rhel_", "enterprise_linux_")

_MINORS = 11  # minor releases that a major one has in its life: 10.0 to 10.10

_STREAM = "CentOS Stream has no announcements, and its builds are numbered otherwise than Red Hat's: what its packages fix cannot be told"

_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})*")


def target(system: Mapping[str, Any], cpes: tuple[str, ...] = (), vex: bool = False) -> Target:
    """Return where to look for a server whose os-release says C(system).

    Red Hat: C(cpes) are those of its enabled repositories, C(vex) whether Red Hat's own statements are there, which know more than OSV has of them.
    """
    name, version = str(system.get("id") or ""), str(system.get("version_id") or "")
    if not name:
        return Target((), unknown="which operating system this is cannot be told: it has no os-release")
    if not _NUMBER.fullmatch(version):
        return Target((), unknown=f"{name} without a release number (testing, unstable, rolling): no feed follows it")
    major = version.partition(".")[0]
    if name in _RPM:
        base, names, vendors = _RPM[name]
        return Target((f"{base}:{major}",), names, vendors)
    if name == "rhel":
        products = _prefixes(_red_hat(major, version, cpes))
        if vex:
            return Target(tuple(f"{csaf.ECOSYSTEM}{name}" for name in products), VEX, RED_HAT_VENDORS)
        return Target(tuple(f"Red Hat:{name}" for name in products), "both", RED_HAT_VENDORS)
    if name == "centos":
        # CentOS Linux 7 was rebuilt from Red Hat's sources with their numbers; 8 had a Stream of the same version, and 9 and later are only Stream.
        return Target(tuple(f"Red Hat:{cpe}" for cpe in _RED_HAT_7), "both", ("CentOS",)) if major == "7" else Target((), unknown=_STREAM)
    if name == "debian":
        return Target((f"Debian:{major}",), "source")
    if name == "ubuntu":
        release = f"{version}:LTS" if version.endswith(".04") and int(major) % 2 == 0 else version
        return Target((f"Ubuntu:{release}",), "source", pro=f"Ubuntu:Pro:{release}")
    return Target((), unknown=f"no feed covers {name} {version}")


def _red_hat(major: str, version: str, cpes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the products of the repositories: a CPE less its "cpe:/a:redhat:", those of another minor release (EUS, AUS) left out."""
    products = [cpe.removeprefix("cpe:/a:redhat:").removeprefix("cpe:/o:redhat:") for cpe in cpes]
    # From RHEL 10 on the system itself has a minor release too: its repository has what was fixed in all of them.
    plain = not any(product.startswith(_EXTENDED) for product in products)
    found = []
    for product in products:
        name, _colon, rest = product.partition(":")
        release = rest.partition(":")[0]
        if "." not in release or release == version or (plain and name == "enterprise_linux"):
            found.append(product)
    return tuple(dict.fromkeys(found)) or tuple(_default(major))


def _default(major: str) -> Iterator[str]:
    if major == "7":
        yield from _RED_HAT_7
        return
    releases = [major] if int(major) < 10 else [major, *(f"{major}.{minor}" for minor in range(_MINORS))]
    for release in releases:
        yield from (cpe.format(release) for cpe in _RED_HAT_DEFAULT)


def _prefixes(products: tuple[str, ...]) -> tuple[str, ...]:
    """Return the products and what they are part of: what is said of enterprise_linux:9 is said of enterprise_linux:9::baseos, and what is said of
    enterprise_linux:10 of enterprise_linux:10.1.

    Red Hat's CPEs are prefixes, not patterns (claircore, rhel/matcher.go).
    """
    found = []
    for product in products:
        parts = product.split(":")
        found += [":".join(parts[:count]).rstrip(":") for count in range(len(parts), 1, -1)]
        found += [f"{parts[0]}:{parts[1].partition('.')[0]}"] if parts[0] == "enterprise_linux" and len(parts) > 1 else []
    return tuple(dict.fromkeys(found))
