# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log is opened behind a link only where root, or whoever runs the check, made that link."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import needs
import pytest

from ansible_collections.bottomup.security.plugins.module_utils.host import logs
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.module_utils.host.plain import open_plain

NOBODY = 65534


def listed(link: Path, target: Path) -> SimpleNamespace:
    """Return the log as the listing of its folder knows it: what is behind its name."""
    about = target.stat()
    return SimpleNamespace(path=os.fsencode(link), packed=None, device=about.st_dev, inode=about.st_ino)


def test_the_link_of_root_is_followed_and_that_of_a_user_is_not(tmp_path: Path) -> None:
    needs.root()
    (tmp_path / "secret").write_text("root:x")
    link = tmp_path / "access.log"
    link.symlink_to("secret")
    logs.Log(Machine(), listed(link, tmp_path / "secret")).close()
    os.lchown(link, NOBODY, NOBODY)
    with pytest.raises(OSError, match="not a plain file"):
        logs.Log(Machine(), listed(link, tmp_path / "secret"))


def test_a_file_that_becomes_a_link_just_before_it_is_opened_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs.root()
    (tmp_path / "secret").write_text("root:x")
    log = tmp_path / "access.log"
    log.write_text("a line\n")

    def too_late(path: bytes, flags: int = 0) -> int:
        assert path == os.fsencode(log)
        log.unlink()
        log.symlink_to("secret")
        os.lchown(log, NOBODY, NOBODY)
        return open_plain(path, flags)

    # This module's own name for it: every other file is opened as ever.
    monkeypatch.setattr(logs, "open_plain", too_late)
    with pytest.raises(OSError, match="not a plain file"):
        logs.Log(Machine(), listed(log, tmp_path / "secret"))
