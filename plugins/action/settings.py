# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the settings of a run once, on the controller, before the first connection is made."""

from __future__ import annotations

from typing import Any

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
DEFAULTS = {"timeout": 60, "memory": "256M", "task_timeout": 900, "fail_on": "high", "max_unreachable": 0, "keep_days": 90}


class ActionModule(ControllerAction):
    """Checks each setting in words that name its variable, so that Ansible's own check leaves the values as they are."""

    ARGUMENTS = {name: {"type": "raw", "default": DEFAULTS.get(name)} for name in NAMES}
    MISTAKES = (settings.SettingError,)

    def answer(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        return _checked(options, variables)


def _checked(args: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    if boolean(args["nobody"] or False):
        pattern = variables.get("daily_check_hosts", "all")
        raise settings.SettingError(f"no host is looked at: none of the inventory matches {pattern!r}; is it named, as in -i hosts.yml?")
    enabled, skipped = settings.checks(args["checks"], variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ()))
    if not enabled:
        raise settings.SettingError("no check is left to run: the tags of this run leave out all of daily_check_checks")
    settings.options(args["options"])
    timeout = settings.timeout(args["timeout"])
    task_timeout = settings.task_timeout(args["task_timeout"])
    if task_timeout <= timeout:
        raise settings.SettingError(f"daily_check_task_timeout is {task_timeout} s: it must be longer than the limit of each check ({timeout} s)")
    settings.memory(args["memory"])
    settings.fail_on(args["fail_on"])
    settings.max_unreachable(args["max_unreachable"], len(variables.get("ansible_play_hosts_all", ())))
    settings.accepted(args["accepted"])
    settings.vex(args["vex"])
    settings.outputs(args["outputs"])
    settings.report_dir(args["report_dir"])
    settings.feeds_dir(args["feeds_dir"], settings.state_dir(args["state_dir"]))
    feeds.checked(args)
    settings.tell(args["tell"])
    settings.database(args["database"])
    settings.keep_days(args["keep_days"])
    short = settings.short_trip(task_timeout, timeout, len(enabled))
    stray = settings.stray_tags(variables.get("ansible_run_tags", ()))
    warnings = [*filter(None, (short, stray)), *misspelt(variables)]
    return {
        **({"warnings": warnings} if warnings else {}),
        "checks": enabled,
        "skipped_checks": skipped,
        "run_id": settings.run_id(args["run_id"]),
        "state_dir": str(settings.writable(settings.state_dir(args["state_dir"]))),
    }
