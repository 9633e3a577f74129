# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of the feeds, the refresh in the daily check and the module, run by a real ansible against a real nginx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import advisories_mirror as mirrors
import feeds_server
import needs
import pytest
from audit import NO_PENDING, Audit, ansible, audit
from feeds_server import Server
from test_return import differences, documented_returns

from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import refresh

needs.command("nginx", "openssl")

FLEET = ["AlmaLinux", "RubyGems", "Bitnami"]


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with feeds_server.running(tmp_path_factory.mktemp("nginx")) as server:
        feeds_server.whole(server.mirror)
        for name in ("Debian", "Ubuntu", "Rocky Linux", "Red Hat", "npm", "PyPI"):
            mirrors.osv(server.mirror, name, [mirrors.record("X-2026-1", "a hole", [mirrors.affected(f"{name}:1", "x", "2.0")])])
        (server.mirror / "news.html").write_text('<a href="/a">advisory 1</a>')
        yield server


def variables(**given: Any) -> list[str]:
    return ["-e", json.dumps({f"daily_check_{name}": value for name, value in given.items()})]


def feeds(folder: Path, server: Server, *arguments: str, place: str = "mirror", **given: Any) -> Audit:
    more = {"feeds_mirror": server.url(place), "feeds_ecosystems": FLEET, "pages": [{"name": "news", "url": f"{server.url()}/news.html"}], **given}
    return audit(folder, "localhost,", *variables(**more), *arguments, playbook="bottomup.security.feeds")


def check(folder: Path, server: Server, place: str = "mirror", **given: Any) -> Audit:
    more = {"feeds_refresh": True, "checks": "software", "fail_on": "never", "pages": [], "feeds_mirror": server.url(place), **given}
    return audit(folder, "localhost,", "-c", "local", "-e", NO_PENDING, *variables(**more))


def manifest(done: Audit) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in json.loads((done.state / "feeds" / "feeds.json").read_text())["feeds"]}


def test_playbook_fetches_says_what_it_does_and_the_second_time_only_asks(nginx, tmp_path):
    nginx.forget()
    done = feeds(tmp_path, nginx)
    assert done.rc == 0, done.shown
    assert "feeds: osv/AlmaLinux: 20 records" in done.shown
    assert done.recap("localhost")["changed"] == 1
    assert {entry["status"] for entry in manifest(done).values()} == {"ok"}
    assert json.loads((done.state / "feeds" / "pages.json").read_text())["pages"][0]["status"] == "first"
    nginx.forget()
    again = feeds(tmp_path, nginx)
    assert again.rc == 0, again.shown
    assert {request.status for request in nginx.requests()} == {304}
    assert again.recap("localhost")["changed"] == 0


def test_playbook_fails_where_a_feed_cannot_be_had_and_names_it(nginx, tmp_path):
    done = feeds(tmp_path, nginx, place="outage")
    assert done.rc == 2
    assert "osv/AlmaLinux: failed: " in done.shown
    assert "answers 503" in done.shown


def test_playbook_in_check_mode_fetches_nothing(nginx, tmp_path):
    nginx.forget()
    done = feeds(tmp_path, nginx, "--check")
    assert done.rc == 0, done.shown
    assert nginx.requests() == []


def test_playbook_before_the_first_run_says_how_to_name_what_is_needed(nginx, tmp_path):
    done = feeds(tmp_path, nginx, feeds_ecosystems=[])
    assert done.rc == 0, done.shown
    assert "name daily_check_feeds_ecosystems" in done.shown


def test_playbook_takes_what_shrank_by_the_variable_that_the_refusal_names(tmp_path):
    """And what is no longer named is no longer needed: that is said, and is nobody's trouble."""
    with feeds_server.running(tmp_path / "nginx") as server:
        feeds_server.whole(server.mirror)
        assert feeds(tmp_path, server).rc == 0
        feeds_server.alma(server.mirror, 3)
        done = feeds(tmp_path, server)
        assert done.rc == 2
        named = json.loads(done.shown.partition("if upstream really shrank: ansible-playbook bottomup.security.feeds -e '")[2].partition("'")[0])
        assert named == {"daily_check_feeds_accept_shrink": ["osv/AlmaLinux"]}
        done = feeds(tmp_path, server, "-e", json.dumps(named), feeds_ecosystems=["AlmaLinux"])
        assert done.rc == 0, done.shown
        assert {name: entry["records"] for name, entry in manifest(done).items() if name == "osv/AlmaLinux"} == {"osv/AlmaLinux": 3}
        retired = {name for name, entry in manifest(done).items() if entry["retired"]}
        assert retired == {"osv/RubyGems", "osv/Bitnami", "ruby-advisory-db", "nginx", "node", "postgresql"}


def test_daily_check_fetches_what_this_host_needs_once_a_day(nginx, tmp_path):
    nginx.forget()
    done = check(tmp_path, nginx)
    assert done.rc == 0, done.shown
    assert done.recap("localhost")["changed"] == 0
    names = {entry["name"] for entry in manifest(done).values()}
    assert {"kev", "epss", "endoflife"} < names
    assert {feed["name"] for feed in done.report["announcements"]["feeds"]} == names
    assert "osv/Rocky Linux" not in names or "Rocky" in Path("/etc/os-release").read_text()
    nginx.forget()
    assert check(tmp_path, nginx).rc == 0
    assert nginx.requests() == []
    # The playbook knows from that run what is needed.
    again = feeds(tmp_path, nginx, feeds_ecosystems=[])
    assert again.rc == 0, again.shown
    assert {request.status for request in nginx.requests()} == {200, 304}  # the page is new
    assert {entry["name"] for entry in manifest(again).values()} == names


def test_daily_check_without_the_feeds_servers_is_made_all_the_same(nginx, tmp_path):
    done = check(tmp_path, nginx, place="outage")
    assert done.rc == 0, done.shown
    assert done.shown.count("feeds: ") == 1
    assert "not fetched (" in done.shown
    assert {entry["status"] for entry in manifest(done).values()} == {"failed"}
    assert done.report["hosts"][0]["host"] == "localhost"


def test_daily_check_that_does_not_look_at_software_fetches_nothing(nginx, tmp_path):
    nginx.forget()
    done = check(tmp_path, nginx, checks="restart", pages=[{"name": "news", "url": f"{nginx.url()}/news.html"}])
    assert done.rc == 0, done.shown
    assert nginx.requests() == []


def test_daily_check_beside_another_refresh_uses_what_is_there(nginx, tmp_path):
    folder = tmp_path / "state" / "bottomup-security" / "feeds"
    folder.mkdir(parents=True)
    with refresh.locked(folder):
        done = check(tmp_path, nginx)
        assert done.rc == 0, done.shown
        assert "being refreshed by another process" in done.shown
        assert feeds(tmp_path, nginx).rc == 2


def test_what_the_module_returns_is_as_documented(nginx, tmp_path):
    page = [{"name": "news", "url": f"{nginx.url()}/news.html"}]
    arguments = {"feeds_mirror": nginx.url(), "feeds_ecosystems": FLEET, "pages": page}
    done = ansible(tmp_path, ["ansible", "localhost", "-i", "localhost,", "-m", "bottomup.security.feeds", "-a", json.dumps(arguments)])
    assert done.rc == 0, done.shown
    answer, _end = json.JSONDecoder().raw_decode(done.shown.partition(" => ")[2])
    answer.pop("changed")
    assert answer["pages"][0]["status"] == "first"
    assert sorted(set(differences(answer, documented_returns("feeds"), ""))) == []
