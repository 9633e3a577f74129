# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run and say how it ended. Documented in plugins/modules/report.py."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants as C
from ansible.utils.display import Display

from ansible_collections.bottomup.security.plugins.plugin_utils import collector, settings, spool, windows
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.apply import block
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import cyclonedx
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.fleet import Announcements
from ansible_collections.bottomup.security.plugins.plugin_utils.advisories.judge import STALE_AFTER
from ansible_collections.bottomup.security.plugins.plugin_utils.controller_action import ControllerAction
from ansible_collections.bottomup.security.plugins.plugin_utils.history.rebuild import OldRun, old_run, rebuild
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder
from ansible_collections.bottomup.security.plugins.plugin_utils.playbooks import FEEDS_COMMAND, REPORT_COMMAND, with_folders
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet, collect
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import VERSION, Run, judge
from ansible_collections.bottomup.security.plugins.plugin_utils.report.merge import Source, merged
from ansible_collections.bottomup.security.plugins.plugin_utils.report.verdict import FAIL_ON, FAIL_ON_DEFAULT, allowed_unreachable
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import write_reports

if TYPE_CHECKING:
    from ansible_collections.bottomup.security.plugins.plugin_utils.tell.channels import Channel
    from ansible_collections.bottomup.security.plugins.plugin_utils.tell.telling import Telling

ARGUMENTS: dict[str, dict[str, Any]] = {
    "state_dir": {"type": "str", "default": ""},
    "run_id": {"type": "str", "default": ""},
    "expected_hosts": {"type": "list", "elements": "str", "required": True},
    "expected_checks": {"type": "list", "elements": "str", "default": ["all"]},
    "fail_on": {"type": "str", "choices": list(FAIL_ON)},
    "max_unreachable": {"type": "str"},
    "title": {"type": "str", "default": ""},
    "database": {"type": "str", "default": ""},
    "accepted": {"type": "str", "default": ""},
    "outputs": {"type": "raw", "default": ""},
    "report_dir": {"type": "str", "default": ""},
    "keep_days": {"type": "int", "default": 90},
    "feeds_dir": {"type": "str", "default": ""},
    "feeds_max_age": {"type": "str", "default": "20h"},
    "vex": {"type": "raw", "default": []},
    "enforce": {"type": "bool", "default": False},
    "merge": {"type": "bool", "default": False},
    "runs": {"type": "list", "elements": "str", "default": []},
    "now": {"type": "str", "default": ""},
    "rebuild": {"type": "bool", "default": False},
    "accept": {"type": "str", "default": ""},
    # Checked by settings.tell: a message of Ansible's own could hold a value.
    "tell": {"type": "raw", "default": []},
}


class ActionModule(ControllerAction):
    """Writes the report, the same in check mode. Names and titles came from servers."""

    ARGUMENTS = ARGUMENTS
    MISTAKES = (settings.SettingError, spool.SpoolError, ValueError)

    def answer(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        # A rebuild is many fleets, one after the other: what each leaves in circles is looked for.
        inventories = [str(path) for path in variables.get("ansible_inventory_sources") or () if path not in C.DEFAULT_HOST_LIST]
        with contextlib.nullcontext() if options["rebuild"] else collector.put_off():
            run, paths, words = _report(options, inventories, bool(self._task.check_mode))
        Display().display(f"\n{words}")
        result: dict[str, Any] = {
            "verdict": run.verdict,
            "exit": run.exit.as_dict(),
            "failed_hosts": run.failed_hosts(),
            "marked_hosts": run.marked_hosts(),
            "counts": run.counts(),
            "history": run.history(),
            "announcements": run.fleet.told.head(),
            "paths": paths,
            "told": run.told,
            "text": words,
        }
        if options["enforce"] and run.exit.code and not options["accept"]:
            for shown in ("text", "announcements"):  # a failure is shown whole, on one line
                del result[shown]
            result.update(failed=True, msg=f"{run.verdict}. Exit reason {run.exit.code}: {run.exit.as_dict()['reason']}")
        return result


def _report(options: dict[str, Any], inventories: list[str], check_mode: bool) -> tuple[Run, dict[str, str], str]:
    state_dir = settings.writable(settings.state_dir(options["state_dir"]))
    now = settings.now(options["now"])
    accepted = settings.accepted(options["accepted"], now)
    vex = settings.vex(options["vex"], now)
    channels = settings.tell(options["tell"])
    keep_days = settings.keep_days(options["keep_days"])
    recorder = Recorder(settings.database(options["database"]), state_dir, keep_days)
    source = _source(options, state_dir)
    hosts = [str(host) for host in options["expected_hosts"]]
    old = [kept for directory in source.directories if (kept := old_run(directory)) is not None] if options["merge"] else []
    checks = _checks(options["expected_checks"], old)
    stale_after = max(STALE_AFTER, settings.seconds("daily_check_feeds_max_age", options["feeds_max_age"], 0, 366 * 86400))
    with Announcements(settings.feeds_dir(options["feeds_dir"], state_dir), state_dir, now, stale_after) as announcements:
        if options["rebuild"] and not options["accept"]:
            _rebuild(recorder, [*sorted((state_dir / "runs").iterdir()), *source.directories], announcements.beside())
        folders = {"daily_check_state_dir": options["state_dir"], "daily_check_feeds_dir": options["feeds_dir"]}
        announcements.told.command = with_folders(FEEDS_COMMAND, folders, inventories)
        fleet = collect(
            announcements.judged(source.documents(hosts)),
            run_id=source.run_id,
            expected_hosts=hosts or [name for run in old for name in run.not_run],
            expected_checks=checks,
            everyone=options["merge"] and not hosts,
            accept=(lambda *finding: accepted(*finding) or vex(*finding)) if accepted.uses or vex else None,
            remember=None if options["accept"] else lambda rows, run_id: recorder.record(rows, run_id, now),
            told=announcements.told,
        )
        accepted.look_back(fleet)
        run = judge(fleet, **_limits(options, old), title=options["title"], now=now, acceptances=[*accepted.uses, *vex.uses])
        run.report_command = with_folders(REPORT_COMMAND, {"daily_check_state_dir": options["state_dir"]})
        if options["accept"]:  # a question: the run stays as it was written
            return run, {}, _block(fleet, options["accept"], settings.today(now))
        elsewhere = settings.report_dir(options["report_dir"])
        directory = source.directories[0] if len(source.directories) == 1 else elsewhere or spool.new_run(state_dir, source.run_id)
        newest = None if options["merge"] else state_dir
        telling = _telling(channels, [state_dir / "latest", directory]) if channels else None
        paths, words = write_reports(run, directory, newest, settings.outputs(options["outputs"]), elsewhere, _folders(announcements, source, hosts, run))
    if not options["merge"]:
        windows.move_on(fleet.hosts, state_dir)
        spool.forget_runs(state_dir, keep_days, keep=directory)
    if telling is not None and not options["rebuild"]:  # somebody at work, not the report of the day
        words += telling.tell(run, directory, paths, check_mode)
    return run, paths, words


def _folders(announcements: Announcements, source: Source, hosts: list[str], run: Run) -> dict[str, Callable[[], Iterable[tuple[str, bytes]]]]:
    """Return what makes the files of the ways out that have a file for each host; the documents are read again for them."""
    about = cyclonedx.Run(run.fleet.run_id, run.created, VERSION)
    chosen = {host.name: host for host in run.fleet.hosts}

    def boms(applications: bool) -> Iterable[tuple[str, bytes]]:
        return announcements.boms(source.documents(hosts), about, chosen, applications)

    return {"cyclonedx": lambda: boms(False), "cyclonedx_applications": lambda: boms(True)}


def _telling(channels: list[Channel], before: list[Path]) -> Telling:
    # Ansible keeps no bytecode of a collection: what most do not need would be compiled in every run.
    from ansible_collections.bottomup.security.plugins.plugin_utils.tell.telling import Telling

    return Telling(channels, before)


def _source(options: dict[str, Any], state_dir: Path) -> Source:
    if options["merge"]:
        return merged([str(name) for name in options["runs"]], state_dir)
    directory = spool.new_run(state_dir, settings.run_id(options["run_id"]))
    return Source(directory.name, [directory])


def _checks(given: list[str], old: list[OldRun]) -> list[str]:
    """Return the names of the checks; a name that this version does not know may be of a run by another one."""
    if not given:
        return sorted({check for run in old for check in run.checks})
    if given == ["all"]:
        return settings.checks("all")[0]
    return [str(check) for check in given]


def _limits(options: dict[str, Any], old: list[OldRun]) -> dict[str, str]:
    """Return what the run is judged by: what is given, else for the newest run again what it was judged by, else the defaults.

    Slices that are merged were often made not to fail, for the merged report to judge.
    """
    fail_on, lost = FAIL_ON_DEFAULT, "0"
    if old and not options["runs"]:
        fail_on = old[0].fail_on if old[0].fail_on in FAIL_ON else fail_on
        with contextlib.suppress(ValueError):
            allowed_unreachable(old[0].max_unreachable, 0)
            lost = old[0].max_unreachable
    return {"fail_on": options["fail_on"] or fail_on, "max_unreachable": lost if options["max_unreachable"] is None else options["max_unreachable"]}


def _rebuild(recorder: Recorder, directories: list[Path], announcements: Announcements) -> None:
    """Make the history anew of all runs that there are; what hinders it fails the task, since it was asked for.

    What the servers had then is judged by the announcements of today: those of that day are gone.
    """

    def collected(run: OldRun) -> Fleet:
        documents = announcements.judged(spool.read_documents(run.directory, run.not_run))
        return collect(documents, run_id=run.directory.name, expected_hosts=run.not_run, expected_checks=run.checks)

    try:
        count = rebuild(recorder, list(dict.fromkeys(path.resolve() for path in directories if path.is_dir())), collected)
    except ImportError as error:
        raise settings.SettingError("the history cannot be rebuilt: SQLAlchemy is not installed") from error
    except Exception as error:
        raise settings.SettingError(f"the history cannot be rebuilt: {error}") from error
    Display().display(f"The history is made anew of {count} runs.")


def _block(fleet: Fleet, wanted: str, today: datetime.date) -> str:
    """Return the entry for accepted.yml of a finding of the run, by its fingerprint or its group."""
    for host in fleet.hosts:
        for finding in host.findings():
            if wanted in (finding["fingerprint"], finding["group"]):
                return block(finding, host.name, today)
    raise settings.SettingError(f"daily_check_accept is {wanted!r}: the run has no finding with this fingerprint or group")
