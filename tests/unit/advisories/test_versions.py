# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of versions, scheme by scheme. Rows are "a < b" or "a = b"."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.versions import dpkg, gem, pypi, rpm, semver

RPM = """
1.0-1 < 1:0.9-1                     # 1: the epoch wins
(none):1.0-1 = 0:1.0-1              # 1: no epoch is epoch 0
1.0~rc1-1 < 1.0-1                   # 2
1.0~rc1~git1 < 1.0~rc1              # 2
1.0 < 1.0^                          # 3
1.0^ < 1.0.1                        # 3
1.0^20160101 < 1.0.1                # 3
1.0~rc1 < 1.0~rc1^git1              # 3
1.0a = 1.0.a                        # 4: punctuation only separates
1.0 = 1.00                          # 4: leading zeros do not count
1.a < 1.0                           # 4: letters before digits
9999999999999999999999991 < 9999999999999999999999992
8.7p1-38.el9 < 8.7p1-38.el9_4.1     # 7: the release names the distribution's update
1.0 < 1.0-0                         # 5: in order; see test_rpm_fixed for what counts as fixed
a:1 < b:1                           # 5: letters are no epoch, they are the version
"""

DPKG = """
0.0.0 = 0.0.0-0                     # 16
0.0.0 = 0:0.0.0-00                  # 16
1.2.3-1~deb7u1 < 1.2.3-1            # 16
3.0.11-1~deb12u2 < 3.0.11-1~deb12u3
3.0.11-1 < 3.0.11-1+deb12u3
1.0-1~bpo12+1 < 1.0-1               # 16
2.0-1 < 1:1.0-1
1.0 < 1.0a
1.0a < 1.0+
1.0-1 < 1.0-1+b1                    # 15: a rebuild is newer than its source
1.0~ < 1.0
1.09 < 1.10
"""

GEM = """
1.0.a9 < 1.0.a10                    # 29
1.0.a2 = 1.0.a.2
1.0.rc1 < 1.0
1.0 = 1.0.0
1.0.a = 1.a
1beta < 1
4.1.0.beta2 < 4.1.0
7.0.8.6 < 7.0.8.7                   # 29: four numbers
"""

SEMVER = """
1.0.0-alpha < 1.0.0-alpha.1
1.0.0-alpha.1 < 1.0.0-beta
1.0.0-beta.2 < 1.0.0-beta.11
1.0.0-rc.1 < 1.0.0
1.2.3-4 < 1.2.3-4-foo
v1.2.3 = 1.2.3+build
1.2 = 1.2.0
1.30.2 < 1.31.0
"""

PYPI = """
1.0.dev0 < 1.0a0
1.0a0 < 1.0
1.0 < 1.0.post1
1.0 < 1.0+local
1.0 < 1!0.1
0.1-bulbasaur < 0.1-charmander      # what PEP 440 does not know is still in an order
0.9-ivysaur < 0.1                   # and before what it knows
"""

SCHEMES: dict[str, tuple[Any, str]] = {"rpm": (rpm, RPM), "dpkg": (dpkg, DPKG), "gem": (gem, GEM), "semver": (semver, SEMVER), "pypi": (pypi, PYPI)}


def rows() -> list[Any]:
    return [
        pytest.param(scheme, *line.partition("#")[0].split(), id=f"{scheme}: {line.partition('#')[0].strip()}")
        for scheme, (_module, table) in SCHEMES.items()
        for line in table.strip().splitlines()
    ]


@pytest.mark.parametrize(("scheme", "left", "sign", "right"), rows())
def test_order(scheme: str, left: str, sign: str, right: str) -> None:
    key = SCHEMES[scheme][0].key
    assert (key(left) < key(right)) == (sign == "<")
    assert not key(right) < key(left)
    assert (key(left) == key(right)) == (sign == "=")


@pytest.mark.parametrize(
    ("installed", "fix", "is_fixed"),
    [
        ("1.20.1-28.el9_8.4.alma.1", "1.20.1-28.el9_8.4.alma.1", True),
        ("8.7p1-38.el9", "8.7p1-38.el9_4.1", False),
        ("1.0-5", "1.0", True),  # 5: a fix without a release is judged by the version
        ("1.0", "1.0-9", True),
        ("0.9", "1.0-9", False),
    ],
)
def test_rpm_fixed(installed: str, fix: str, is_fixed: bool) -> None:
    assert rpm.fixed(installed, fix) is is_fixed


@pytest.mark.parametrize(
    ("version", "requirement", "holds"),
    [
        ("3.2.17", "~> 3.2.17", True),
        ("3.2.18.1", "~> 3.2.17", True),
        ("3.3.0", "~> 3.2.17", False),
        ("3.3.0.rc1", "~> 3.2.17", False),
        ("4.1.0.beta2", "~> 4.1.0.beta2", True),
        ("4.1.0.beta1", "~> 4.1.0.beta2", False),
        ("4.1.9", "~> 4.1.0.beta2", True),
        ("5.0", "~> 4.1", False),
        ("4.9", "~> 4.1", True),
        ("2.5", "~> 2", True),
        ("3.0", "~> 2", False),
        ("7.2.3.2", "~> 7.2.3, >= 7.2.3.2", True),
        ("7.2.3.1", "~> 7.2.3, >= 7.2.3.2", False),
        ("1.6.0", "< 1.6.0", False),
        ("1.0", "1.0.0", True),
        ("1.0", "!= 1.0.0", False),
    ],
)
def test_gem_requirement(version: str, requirement: str, holds: bool) -> None:
    assert gem.satisfies(version, requirement) is holds


@pytest.mark.parametrize("words", ["", "latest", "1.0; rm -rf /", "1" * 300, "~> x"])
def test_what_is_no_version_is_said(words: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        gem.requirement(words)
    with pytest.raises(ValueError, match="not a"):
        semver.key(words * 2)


def test_platform_of_a_gem_is_no_part_of_its_version() -> None:
    assert gem.without_platform("1.16.2-x86_64-linux") == "1.16.2"
    assert gem.without_platform("1.16.2") == "1.16.2"


WORDS = st.text(alphabet="019az.~^+-:", max_size=12)


@pytest.mark.parametrize("scheme", ["rpm", "dpkg"])
@given(left=WORDS, middle=WORDS, right=WORDS)
def test_any_text_has_one_place_in_the_order(scheme: str, left: str, middle: str, right: str) -> None:
    key = SCHEMES[scheme][0].key
    first, second, third = sorted((left, middle, right), key=key)
    assert key(first) <= key(second) <= key(third)
    assert (key(left) < key(right)) + (key(left) == key(right)) + (key(left) > key(right)) == 1
