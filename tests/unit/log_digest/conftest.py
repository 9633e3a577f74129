# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The made-up server of the log digest's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from digest_server import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)
