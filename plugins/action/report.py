# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run and say how it ended. Documented in plugins/modules/report.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils.report.collect import collect
from ..plugin_utils.report.document import Run, judge
from ..plugin_utils.report.verdict import FAIL_ON, allowed_unreachable
from ..plugin_utils.report.write import write_reports
from ..plugin_utils.spool import SpoolError, new_run, read_documents

ARGUMENTS: dict[str, dict[str, Any]] = {
    "state_dir": {"type": "path", "required": True},
    "run_id": {"type": "str", "required": True},
    "expected_hosts": {"type": "list", "elements": "str", "required": True},
    "expected_checks": {"type": "list", "elements": "str", "required": True},
    "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "high"},
    "max_unreachable": {"type": "str", "default": "0"},
    "title": {"type": "str", "default": ""},
    "enforce": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Runs on the controller alone: no connection, the same in check mode."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _valid, options = self.validate_argument_spec(argument_spec=ARGUMENTS)
        try:
            allowed_unreachable(options["max_unreachable"], 0)
            run, paths, words = _report(options)
        except (SpoolError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from error
        result = {
            "changed": False,
            "verdict": run.verdict,
            "exit": run.exit.as_dict(),
            "failed_hosts": run.failed_hosts(),
            "counts": run.counts(),
            "paths": paths,
            "text": words,
        }
        if options["enforce"] and run.exit.code:
            result.update(failed=True, msg=f"{run.verdict}. Exit reason {run.exit.code}: {run.exit.as_dict()['reason']}")
        # Names and titles came from servers: nothing of it is ever a template, in ansible-core before 2.19 neither.
        return wrap_var(result)


def _report(options: dict[str, Any]) -> tuple[Run, dict[str, str], str]:
    state_dir = Path(options["state_dir"])
    directory = new_run(state_dir, options["run_id"])
    hosts = [str(host) for host in options["expected_hosts"]]
    checks = [str(check) for check in options["expected_checks"]]
    if not checks:
        raise ValueError("expected_checks is empty: a report on no check would say nothing")
    fleet = collect(read_documents(directory, hosts), run_id=directory.name, expected_hosts=hosts, expected_checks=checks)
    run = judge(fleet, fail_on=options["fail_on"], max_unreachable=options["max_unreachable"], title=options["title"])
    paths, words = write_reports(run, directory, state_dir)
    return run, paths, words
