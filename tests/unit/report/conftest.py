# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways out are tested with any text for a command: they rely on nobody before them."""

from __future__ import annotations

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import document


@pytest.fixture(autouse=True)
def any_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """See tests/unit/engine/test_commands.py for what is taken for a command."""
    monkeypatch.setattr(document, "is_given", lambda _command: True)
