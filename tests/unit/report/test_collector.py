# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for cycles is put off, and goes on afterwards whatever happened."""

from __future__ import annotations

import gc

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import collector


def test_it_goes_on_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), collector.put_off():
        assert not gc.isenabled()
        raise ValueError("x")
    assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with collector.put_off():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
