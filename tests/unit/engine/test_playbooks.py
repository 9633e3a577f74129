# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is typed for the other playbooks finds what this run had, whatever its folders are named."""

from __future__ import annotations

import json
import shlex

import pytest
from ansible.parsing.splitter import parse_kv

from ansible_collections.bottomup.security.plugins.plugin_utils.playbooks import FEEDS_COMMAND, with_folders

INVENTORIES = {
    "a file": (["/srv/fleet/hosts.yml"], " -i /srv/fleet/hosts.yml"),
    "two": (["/srv/a", "/srv/the web"], " -i /srv/a -i '/srv/the web'"),
    "hosts on the command line have no variables": (["web1,web2,"], ""),
    "none": ([], ""),
}


@pytest.mark.parametrize("case", INVENTORIES)
def test_inventories(case: str) -> None:
    given, words = INVENTORIES[case]
    assert with_folders(FEEDS_COMMAND, {"daily_check_state_dir": ""}, given) == FEEDS_COMMAND + words


@pytest.mark.parametrize("path", ["/srv/checks", "/srv/the checks", "/srv/o'clock", '/srv/"x"', "/srv/$HOME;reboot", "/srv/a=b"])
def test_a_folder_reaches_ansible_as_it_is(path: str) -> None:
    command, *rest = shlex.split(with_folders(FEEDS_COMMAND, {"daily_check_state_dir": path, "daily_check_feeds_dir": ""}))
    assert (command, rest[:2]) == ("ansible-playbook", ["bottomup.security.feeds", "-e"]) and len(rest) == 3
    assert (json.loads(rest[2]) if rest[2].startswith("{") else parse_kv(rest[2])) == {"daily_check_state_dir": path}
