# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the checks that are given by variable."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils.check_options import BadOption, checked_options
from ansible_collections.bottomup.security.plugins.plugin_utils.payload import available_checks

TAKEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "nothing for a check": ({"restart": {}}, {}),
    "a list as it stands": ({"web_probes": {"more_logs": ["/srv/*.log"]}}, {"web_probes": {"more_logs": ["/srv/*.log"]}}),
    "a text where a list is wanted": ({"web_probes": {"known_paths": "assets,images"}}, {"web_probes": {"known_paths": ["assets", "images"]}}),
    "a switch from the command line": ({"log_digest": {"logwatch": "yes"}}, {"log_digest": {"logwatch": True}}),
    "a number from the command line": ({"software": {"silent_days": "5"}}, {"software": {"silent_days": 5}}),
    "no value": ({"web_probes": {"format": None, "until": "1h"}}, {"web_probes": {"until": "1h"}}),
}

REFUSED: dict[str, tuple[Any, str]] = {
    "a text": ("restart", "a mapping of check to its options is wanted"),
    "an unknown check": ({"webprobes": {"logs": []}}, "options for 'webprobes': there is no such check; there are "),
    "an unknown option": ({"web_probes": {"log": []}}, "daily_check_options.web_probes has 'log': there is no such option; there are format, "),
    "options that are a list": ({"restart": ["scripts"]}, "daily_check_options.restart is ['scripts']: a mapping of options is wanted"),
    "a number that is none": ({"software": {"silent_days": "some"}}, "silent_days"),
    "a choice that is none": ({"fail2ban": {"transport": "pigeon"}}, "value of transport must be one of: auto, socket, client, got: pigeon"),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_taken(case: str) -> None:
    given, taken = TAKEN[case]
    assert checked_options(given, available_checks()) == taken


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    given, words = REFUSED[case]
    with pytest.raises(BadOption) as refused:
        checked_options(given, available_checks())
    assert words in str(refused.value)


@pytest.mark.parametrize("check", available_checks())
def test_every_check_has_documented_options(check: str) -> None:
    with pytest.raises(BadOption, match="there is no such option; there are "):
        checked_options({check: {"no such option": 1}}, available_checks())
