# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run and say how it ended. Documented in plugins/modules/report.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.bottomup.security.plugins.plugin_utils import settings, spool
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run, judge
from ansible_collections.bottomup.security.plugins.plugin_utils.report.verdict import FAIL_ON
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import write_reports

ARGUMENTS: dict[str, dict[str, Any]] = {
    "state_dir": {"type": "str", "default": ""},
    "run_id": {"type": "str", "default": ""},
    "expected_hosts": {"type": "list", "elements": "str", "required": True},
    "expected_checks": {"type": "list", "elements": "str", "default": ["all"]},
    "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "high"},
    "max_unreachable": {"type": "str", "default": "0"},
    "title": {"type": "str", "default": ""},
    "database": {"type": "str", "default": ""},
    "accepted": {"type": "str", "default": ""},
    "keep_days": {"type": "int", "default": 90},
    "enforce": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, the same in check mode."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _valid, options = self.validate_argument_spec(argument_spec=ARGUMENTS)
        try:
            run, paths, words = _report(options)
        except (settings.SettingError, spool.SpoolError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from error
        Display().display(f"\n{words}")
        result = {
            "changed": False,
            "verdict": run.verdict,
            "exit": run.exit.as_dict(),
            "failed_hosts": run.failed_hosts(),
            "marked_hosts": run.marked_hosts(),
            "counts": run.counts(),
            "history": run.history(),
            "paths": paths,
            "text": words,
        }
        if options["enforce"] and run.exit.code:
            result.update(failed=True, msg=f"{run.verdict}. Exit reason {run.exit.code}: {run.exit.as_dict()['reason']}")
        # Names and titles came from servers: none of them is ever a template, not even before ansible-core 2.19.
        wrapped: dict[str, Any] = wrap_var(result)
        return wrapped


def _report(options: dict[str, Any]) -> tuple[Run, dict[str, str], str]:
    state_dir = settings.writable(settings.state_dir(options["state_dir"]))
    directory = spool.new_run(state_dir, settings.run_id(options["run_id"]))
    hosts = [str(host) for host in options["expected_hosts"]]
    checks = _checks(options["expected_checks"])
    recorder = Recorder(settings.database(options["database"]), state_dir, settings.keep_days(options["keep_days"]))
    accepted = settings.accepted(options["accepted"])
    fleet = collect(
        spool.read_documents(directory, hosts),
        run_id=directory.name,
        expected_hosts=hosts,
        expected_checks=checks,
        accept=accepted if accepted.uses else None,
        remember=recorder.record,
    )
    run = judge(fleet, fail_on=options["fail_on"], max_unreachable=options["max_unreachable"], title=options["title"], acceptances=accepted.uses)
    paths, words = write_reports(run, directory, state_dir)
    spool.forget_runs(state_dir, settings.keep_days(options["keep_days"]), keep=directory)
    return run, paths, words


def _checks(given: list[str]) -> list[str]:
    """Return the names of the checks; a name that this version does not know may be of a run by another one."""
    if not given or given == ["all"]:
        return settings.checks("all")[0]
    return [str(check) for check in given]
