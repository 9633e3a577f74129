# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the servers' code reckons itself, so as not to load a module for it, is what that module reckons."""

from __future__ import annotations

import calendar
import datetime
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.host import net, utc


def kernels(packed: bytes) -> bytes:
    """Return an address as the kernel's tables have it."""
    return b"".join(b"%08X" % word for word in struct.unpack(f"={len(packed) // 4}I", packed))


@given(st.binary(min_size=4, max_size=4))
def test_ipv4(packed: bytes) -> None:
    assert net.address(kernels(packed)) == socket.inet_ntop(socket.AF_INET, packed)


@given(st.lists(st.sampled_from([b"\0\0", b"\0\0", b"\0\1", b"\xff\xff", b"\x20\x01"]), min_size=8, max_size=8))
def test_ipv6(groups: list[bytes]) -> None:
    packed = b"".join(groups)
    assert net.address(kernels(packed)) == socket.inet_ntop(socket.AF_INET6, packed)


@pytest.mark.parametrize("words", ["::", "::1", "::ffff:127.0.0.1", "::1.2.3.4", "fe80::1", "2001:db8:0:1:1:1:1:1", "1:0:0:2::", "::ffff:0:0:0"])
def test_ipv6_forms(words: str) -> None:
    packed = socket.inet_pton(socket.AF_INET6, words)
    assert net.address(kernels(packed)) == socket.inet_ntop(socket.AF_INET6, packed)


@given(st.datetimes(min_value=datetime.datetime(1901, 1, 1), max_value=datetime.datetime(9998, 12, 31)))
def test_seconds(when: datetime.datetime) -> None:
    fields = when.timetuple()[:6]
    assert utc.seconds(*fields) == calendar.timegm((*fields, 0, 0, 0))


@given(st.integers(1970, 9998), st.integers(1, 12), st.integers(0, 31), st.integers(0, 60))
def test_days_that_a_month_has_not(year: int, month: int, day: int, second: int) -> None:
    assert utc.seconds(year, month, day, 0, 0, second) == calendar.timegm((year, month, day, 0, 0, second))
    assert utc.days_in(year, month) == calendar.monthrange(year, month)[1]
