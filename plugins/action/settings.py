# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the settings of a run once, on the controller, before the first connection is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.bottomup.security.plugins.plugin_utils import settings
from ansible_collections.bottomup.security.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import options as feeds
from ansible_collections.bottomup.security.plugins.plugin_utils.variables import misspelt

NAMES = (
    *("checks", "options", "state_dir", "run_id", "timeout", "memory", "task_timeout", "fail_on", "max_unreachable"),
    *("database", "keep_days", "accepted", "outputs", "report_dir", "feeds_dir", "vex", "tell", "nobody"),
    *feeds.DEFAULTS,
)
Found = TypeVar("Found")
DEFAULTS = {"timeout": 60, "memory": "256M", "task_timeout": 900, "fail_on": "high", "max_unreachable": 0, "keep_days": 90}


class ActionModule(ControllerAction):
    """Checks each setting in words that name its variable, so that Ansible's own check leaves the values as they are."""

    ARGUMENTS = {name: {"type": "raw", "default": DEFAULTS.get(name)} for name in NAMES}
    MISTAKES = (settings.SettingError,)

    def answer(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        return _checked(options, variables)


class _Tried:
    """Calls what checks a setting and keeps what is wrong: all that is to be mended is told at once."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def __call__(self, check: Callable[..., Found], *given: Any) -> Found | None:
        """Return what the check returns, None where the setting is wrong."""
        try:
            return check(*given)
        except settings.SettingError as error:
            self.mistakes.append(str(error))
            return None


def _checked(args: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    if boolean(args["nobody"] or False):
        pattern = variables.get("daily_check_hosts", "all")
        raise settings.SettingError(f"no host is looked at: none of the inventory matches {pattern!r}; is it named, as in -i hosts.yml?")
    tried = _Tried()
    checks = tried(_checks, args["checks"], variables)
    tried(settings.options, args["options"])
    limits = tried(_limits, args["task_timeout"], args["timeout"])
    tried(settings.memory, args["memory"])
    tried(settings.fail_on, args["fail_on"])
    tried(settings.max_unreachable, args["max_unreachable"], len(variables.get("ansible_play_hosts_all", ())))
    tried(settings.accepted, args["accepted"])
    tried(settings.vex, args["vex"])
    tried(settings.outputs, args["outputs"])
    tried(settings.report_dir, args["report_dir"])
    state_dir = tried(settings.state_dir, args["state_dir"])
    if state_dir is not None:
        tried(settings.writable, state_dir)
        tried(settings.feeds_dir, args["feeds_dir"], state_dir)
    tried(feeds.checked, args)
    tried(settings.tell, args["tell"])
    tried(settings.database, args["database"])
    tried(settings.keep_days, args["keep_days"])
    run_id = tried(settings.run_id, args["run_id"])
    if tried.mistakes or checks is None or limits is None:
        raise settings.SettingError("\n".join(tried.mistakes))
    short = settings.short_trip(*limits, len(checks[0]))
    stray = settings.stray_tags(variables.get("ansible_run_tags", ()))
    warnings = [*filter(None, (short, stray)), *misspelt(variables)]
    return {
        **({"warnings": warnings} if warnings else {}),
        "checks": checks[0],
        "skipped_checks": checks[1],
        "run_id": run_id,
        "state_dir": str(state_dir),
    }


def _checks(given: Any, variables: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the checks that run, and those that the tags leave out."""
    enabled, skipped = settings.checks(given, variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ()))
    if not enabled:
        raise settings.SettingError("no check is left to run: the tags of this run leave out all of daily_check_checks")
    return enabled, skipped


def _limits(task: Any, check: Any) -> tuple[int, int]:
    """Return the seconds for a host and those for each of its checks."""
    timeout = settings.timeout(check)
    task_timeout = settings.task_timeout(task)
    if task_timeout <= timeout:
        raise settings.SettingError(f"daily_check_task_timeout is {task_timeout} s: it must be longer than the limit of each check ({timeout} s)")
    return task_timeout, timeout
