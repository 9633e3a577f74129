# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the settings of a run once, on the controller, before the first connection is made."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.bottomup.security.plugins.plugin_utils import settings
from ansible_collections.bottomup.security.plugins.plugin_utils.feeds import options as feeds

ARGUMENTS = (
    *("checks", "options", "state_dir", "run_id", "timeout", "memory", "task_timeout", "fail_on", "max_unreachable"),
    *("database", "keep_days", "accepted", "outputs", "report_dir", "feeds_dir", "vex", "tell"),
    *feeds.DEFAULTS,
)


class ActionModule(ActionBase):
    """Action behind the module bottomup.security.settings."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        variables = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, variables)
        try:
            return {**result, "changed": False, **_checked(self._task.args, variables)}
        except settings.SettingError as error:
            return {**result, "changed": False, "failed": True, "msg": str(error)}


def _checked(args: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
    unknown = sorted(set(args) - set(ARGUMENTS))
    if unknown:
        raise settings.SettingError(f"bottomup.security.settings has no option {', '.join(unknown)}; it has {', '.join(ARGUMENTS)}")
    enabled, skipped = settings.checks(args.get("checks"), variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ()))
    if not enabled:
        raise settings.SettingError("no check is left to run: the tags of this run leave out all of daily_check_checks")
    settings.options(args.get("options"))
    timeout = settings.timeout(args.get("timeout", 60))
    task_timeout = settings.task_timeout(args.get("task_timeout", 900))
    if task_timeout <= timeout:
        raise settings.SettingError(f"daily_check_task_timeout is {task_timeout} s: it must be longer than the limit of each check ({timeout} s)")
    settings.memory(args.get("memory", "256M"))
    settings.fail_on(args.get("fail_on", "high"))
    settings.max_unreachable(args.get("max_unreachable", 0), len(variables.get("ansible_play_hosts_all", ())))
    settings.accepted(args.get("accepted"))
    settings.vex(args.get("vex"))
    settings.outputs(args.get("outputs"))
    settings.report_dir(args.get("report_dir"))
    settings.feeds_dir(args.get("feeds_dir"), settings.state_dir(args.get("state_dir")))
    feeds.checked(args)
    settings.tell(args.get("tell"))
    settings.database(args.get("database"))
    settings.keep_days(args.get("keep_days", 90))
    short = settings.short_trip(task_timeout, timeout, len(enabled))
    return {
        **({"warnings": [short]} if short else {}),
        "checks": enabled,
        "skipped_checks": skipped,
        "run_id": settings.run_id(args.get("run_id")),
        "state_dir": str(settings.writable(settings.state_dir(args.get("state_dir")))),
    }
