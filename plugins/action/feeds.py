# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch feeds and look at announcement pages. Documented in plugins/modules/feeds.py."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.utils.display import Display

from ansible_collections.bottomup.security.plugins.plugin_utils import settings, spool
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.judge import STALE_AFTER
from ansible_collections.bottomup.security.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import catalog, manifest, needs, one, pages, refresh
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds.options import Options, checked
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds.states import FeedState, feed_states
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds.web import FetchError, Web

ARGUMENTS: dict[str, dict[str, Any]] = {
    "state_dir": {"type": "str", "default": ""},
    "run_id": {"type": "str", "default": ""},
    "feeds_dir": {"type": "str", "default": ""},
    "enforce": {"type": "bool", "default": True},
    # Checked by feeds.options, in words that name the variables.
    "feeds_mirror": {"type": "raw"},
    "feeds_urls": {"type": "raw"},
    "feeds_ecosystems": {"type": "raw"},
    "feeds_accept_shrink": {"type": "raw"},
    "feeds_ca": {"type": "raw"},
    "feeds_max_age": {"type": "raw"},
    "feeds_timeout": {"type": "raw"},
    "pages": {"type": "raw"},
}

# How many runs without the check software may lie before the newest one with it.
RUNS_ASKED = 100

NOTHING_KNOWN = "no server's software is known yet: run the daily check once, or name daily_check_feeds_ecosystems"


class ActionModule(ControllerAction):
    """Fetches what is due. Words of feeds and pages came from anywhere."""

    ARGUMENTS = ARGUMENTS
    MISTAKES = (settings.SettingError, spool.SpoolError, refresh.Busy, FetchError, OSError)

    def answer(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        try:
            result = self._work(options)
        except self.MISTAKES as error:
            if options["enforce"]:
                raise
            result = {"msg": f"feeds: {error}"}
            Display().display(result["msg"])
        if options["enforce"] and result.get("problems"):
            result.update(failed=True, msg="; ".join(f"{name}: {why}" for name, why in result["problems"].items()))
        return {"changed": bool(result.get("fetched")), **result}

    def _work(self, given: dict[str, Any]) -> dict[str, Any]:
        options = checked(given)
        state_dir = settings.writable(settings.state_dir(given["state_dir"]))
        folder = settings.writable(settings.feeds_dir(given["feeds_dir"], state_dir), "daily_check_feeds_dir")
        work = _Work(options, folder, _runs(state_dir, given["run_id"]), Web(options.ca), given["enforce"])
        return work.looked_at() if self._task.check_mode else work.done()


def _runs(state_dir: Path, run_id: str) -> list[Path]:
    """Return the runs whose servers are asked, the first that knows of software counts: the one that is named, that of this
    ansible-playbook, else all, the newest first."""
    own = spool.run_dir(state_dir, settings.run_id(run_id))
    if run_id or own.is_dir():
        return [own]
    try:
        return sorted((state_dir / "runs").iterdir(), key=lambda run: run.name, reverse=True)[:RUNS_ASKED]
    except OSError:
        return []


class _Work:
    """One refresh of a folder. C(whole): every feed and page is told of, and what has no feed; else what went wrong is one line of the daily check."""

    def __init__(self, options: Options, folder: Path, runs: list[Path], web: Web, whole: bool) -> None:
        self._options, self._folder, self._runs, self._web, self._whole = options, folder, runs, web, whole

    def looked_at(self) -> dict[str, Any]:
        """Return the states as they are."""
        return self._result([], {}, pages.read(self._folder))

    def done(self) -> dict[str, Any]:
        """Fetch what is due and return what came of it."""
        options = self._options
        deadline = time.monotonic() + options.timeout
        wanted = catalog.wanted(options.ecosystems or needs.of_runs(self._runs), named=bool(options.ecosystems))
        if not wanted and not self._whole:  # a run without the check software
            return self.looked_at()
        if not wanted:
            _say(NOTHING_KNOWN)
        with refresh.locked(self._folder):
            now = time.time()
            if wanted:
                refresh.retire(self._folder, (feed.name for feed in wanted), now)
            entries = manifest.read(self._folder)
            due = [feed for feed in wanted if feed.name in options.accept_shrink or one.due(self._folder, feed, entries.get(feed.name), now, options.max_age)]
            found = refresh.Result([], {})
            if due:
                found = refresh.refresh(self._web, self._folder, due, options.upstream, deadline, _say if self._whole else _hush, options.accept_shrink)
            seen = self._pages(now, deadline)
        lost = [page for page in seen if page["status"] == pages.FAILED]
        if self._whole:
            for page in lost:
                _say(f"page {page['page']}: {page['reason']}")
        elif found.problems:
            _say(_in_short(found.problems, len(due)))
        return self._result(found.changed, found.problems, seen)

    def _pages(self, now: float, deadline: float) -> list[dict[str, Any]]:
        """Look at the pages where that is due; what was new then stays new until the next look."""
        if not self._options.pages:
            pages.forget(self._folder)
            return []
        if not pages.due(self._folder, self._options.pages, now, self._options.max_age):
            return pages.read(self._folder)
        return pages.look(self._web, self._folder, self._options.pages, now, deadline)

    def _result(self, changed: list[str], problems: dict[str, str], found: list[dict[str, Any]]) -> dict[str, Any]:
        states = feed_states(self._folder, time.time(), STALE_AFTER)
        return {
            "feeds_dir": str(self._folder),
            "fetched": sorted(changed),
            "problems": problems,
            "feeds": [_plain(state) for state in states],
            "pages": found,
        }


def _say(words: str) -> None:
    Display().display(f"feeds: {words}")


def _hush(_words: str) -> None:
    """Say nothing: the report says it."""


def _in_short(problems: dict[str, str], tried: int) -> str:
    """Return in one line what went wrong: "9 of 9 not fetched (www.cisa.gov: its name is not known; and 5 more)"."""
    reasons = list(dict.fromkeys(problems.values()))
    more = f"; and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return f"{len(problems)} of {tried} not fetched ({reasons[0]}{more}); what is there is used, its age is in the report"


def _plain(state: FeedState) -> dict[str, Any]:
    kept = {key: getattr(state, key) for key in ("name", "url", "status", "reason", "stale", "records")}
    return {**kept, "age_hours": None if state.age is None else round(state.age / 3600, 1)}
