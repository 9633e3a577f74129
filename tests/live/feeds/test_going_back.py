# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds that lose records or go back to an older state, from a real nginx: what vanished would count as resolved."""

from __future__ import annotations

import os
import time

import needs
import pytest
from feeds_server import ALMA, ZIP, Server, alma, records, state

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import index
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import manifest, transfer

needs.command("nginx", "openssl")


@pytest.mark.parametrize(("left", "taken"), [(16, True), (15, False)], ids=["a fifth less is taken", "more than a fifth less is refused"])
def test_shrink_guard(left, taken, server, mirror, fetch):
    alma(server.mirror, 20)
    fetch(server.url())
    alma(server.mirror, left)
    result, _said = fetch(server.url())
    assert records(mirror) == (left if taken else 20)
    if not taken:
        assert "all.zip has 15 records, 20 before: more than a fifth is gone" in result.problems[ALMA]
        assert state(mirror).status == "refused"


def dated(server: Server, count: int, when: float) -> None:
    alma(server.mirror, count)
    os.utime(server.mirror / ZIP, (when, when))


def test_36_a_feed_that_goes_back_is_refused_and_taken_by_the_command_that_the_words_name(server, mirror, fetch):
    """A mirror that was restored from a backup has fewer announcements, and not a fifth fewer: they would count as resolved."""
    now = time.time()
    dated(server, 20, now - 3600)
    fetch(server.url())
    dated(server, 19, now - 10 * 86400)
    words = fetch(server.url())[0].problems[ALMA]
    assert "upstream went back; if that is meant: ansible-playbook bottomup.security.feeds" in words and '["osv/AlmaLinux"]' in words
    assert (records(mirror), state(mirror).status) == (20, "refused")
    assert not (mirror / ".partial" / "osv%2FAlmaLinux%2Fall.zip").exists()
    assert fetch(server.url(), accepted=frozenset({ALMA}))[0].problems == {}
    assert records(mirror) == 19
    assert fetch(server.url())[0].problems == {}


def test_36_a_server_that_lags_a_little_is_no_trouble_and_makes_nothing_young(server, mirror, fetch):
    now = time.time()
    dated(server, 20, now - 3600)
    fetch(server.url())
    before = (mirror / ZIP).stat().st_mtime_ns
    dated(server, 19, now - 7200)
    result, said = fetch(server.url())
    assert (result.problems, result.changed, said) == ({}, [], [f"{ALMA}: unchanged"])
    assert records(mirror) == 20 and (mirror / ZIP).stat().st_mtime_ns == before
    dated(server, 21, now - 60)
    assert fetch(server.url())[0].changed == [ALMA]


@pytest.mark.parametrize("first", [time.time() + 10 * 86400, 1e9], ids=["dated in the future", "dated long ago"])
def test_36_a_date_that_cannot_be_compared_keeps_nothing_back(first, server, mirror, fetch):
    dated(server, 20, first)
    fetch(server.url())
    dated(server, 19, time.time() - 60)
    assert fetch(server.url())[0].changed == [ALMA]
    assert records(mirror) == 19


def test_the_same_file_of_another_date_and_an_older_one_of_another_place_are_taken(server, mirror, fetch):
    now = time.time()
    dated(server, 20, now - 60)
    fetch(server.url())
    dated(server, 20, now - 10 * 86400)
    assert fetch(server.url())[0].problems == {}
    dated(server, 20, now - 60)
    fetch(server.url())
    dated(server, 19, now - 10 * 86400)
    assert fetch(server.url().replace("127.0.0.1", "localhost"))[0].problems == {}
    assert records(mirror) == 19


def test_36_a_date_ahead_is_not_asked_with(server, mirror, fetch):
    """Some servers take it for younger than all they have, and would say "unchanged" for ever."""
    known = manifest.File("x", 1, 1, "", 1, "", "Sun, 22 Nov 2126 06:00:00 GMT")
    assert transfer._conditions(known) == {}
    assert transfer._conditions(known._replace(last_modified="Sun, 22 Nov 2015 06:00:00 GMT")) != {}


def test_what_upstream_really_shrank_to_is_taken_by_the_command_that_the_words_name(server, mirror, fetch, tmp_path):
    alma(server.mirror, 20)
    fetch(server.url())
    index.build(mirror, tmp_path / "index.sqlite")
    alma(server.mirror, 15)
    words = fetch(server.url())[0].problems[ALMA]
    command = words.partition("really shrank: ")[2]
    assert command == """ansible-playbook bottomup.security.feeds -e '{"daily_check_feeds_accept_shrink": ["osv/AlmaLinux"]}'"""
    assert fetch(server.url(), accepted=frozenset({"kev"}))[0].problems
    assert fetch(server.url(), accepted=frozenset({ALMA}))[0].problems == {}
    assert records(mirror) == 15
    # The index takes it as well: whoever fetched it looked after that.
    assert [(feed.records, feed.problem) for feed in index.build(mirror, tmp_path / "index.sqlite")] == [(15, "")]
    assert fetch(server.url())[0].problems == {}
