# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror that is served, and the folder that is refreshed from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import feeds_server
import pytest
from feeds_server import ALMA, Server

from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import catalog, refresh, web
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds.one import Upstream

Fetch = Callable[..., tuple[refresh.Result, list[str]]]
BY_NAME = {feed.name: feed for feed in catalog.FEEDS}


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with feeds_server.running(tmp_path_factory.mktemp("nginx")) as server:
        yield server


@pytest.fixture
def server(nginx: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return the server with an empty mirror, and an environment without proxies."""
    nginx.begin(monkeypatch)
    return nginx


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    path = tmp_path / "feeds"
    path.mkdir()
    return path


@pytest.fixture
def fetch(mirror: Path) -> Fetch:
    """Return a function that refreshes feeds, by default AlmaLinux's from the mirror that is served, and says what it said."""

    def run(url: str, *names: str, ca: str = "", seconds: float = 60, accepted: frozenset[str] = frozenset(), **more: Any) -> tuple[refresh.Result, list[str]]:
        feeds = [BY_NAME[name]._replace(**more) for name in names or (ALMA,)]
        said: list[str] = []
        with refresh.locked(mirror):
            return refresh.refresh(web.Web(ca), mirror, feeds, Upstream({}, url), time.monotonic() + seconds, said.append, accepted), said

    return run
