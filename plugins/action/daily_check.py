# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One trip to a host: send the enabled checks, take back one document, write it to the spool, return a few counts.

Nothing big is returned: what is registered, kept as a fact or looped over costs the controller memory and time per host.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import time
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import SEVERITIES, iso
from ansible_collections.bottomup.security.plugins.plugin_utils import check_options, payload, settings, spool, trip, windows
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer, without_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.untrusted import BadAnswer

ARGUMENTS = frozenset({"checks", "options", "state_dir", "run_id", "timeout", "memory"})

# What is no argument of the task is the variable of this name. Nearly all of them hold plain values, and a template in an argument costs the
# controller a millisecond for every host.
VARIABLE = "daily_check_"

# Options of checks that have a variable of their own, by check.
NAMED_OPTIONS = "daily_check_named_options"

# One command and no more: a master connection that waits for others is a process and 20 ms of CPU for nothing. One that is there already
# is used. The payload and a large answer are compressed. The first word counts for ssh: what the user configured comes after these.
ONE_COMMAND = "-o ControlMaster=no -o Compression=no"

# What a worker may use beyond what it has: a server that never stops talking ends its own host's task, not the controller. While the
# answer comes in (16 MiB at most, copied a few times), and while it is unpacked and looked at.
ANSWER_MEMORY = 80 * 1048576
DOCUMENT_MEMORY = 512 * 1048576

WORST_TITLES = 5

# Strategies load this class in the main process before they fork: the workers inherit the compressed modules and what options there are.
payload.prepare()
check_options.prepare(payload.available_checks())
windows.prepare()


class NoDocument(Exception):
    """There is no document of the host: (status of the host, reason)."""


class Plan(t.NamedTuple):
    """What is asked of the host."""

    enabled: list[str]
    skipped: list[str]
    options: dict[str, t.Any]
    timeout: int
    memory: int
    run_id: str
    state_dir: t.Any


class ActionModule(ActionBase):
    """Action behind the module bottomup.security.daily_check."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        variables = task_vars or {}
        if self._task.async_val:
            return {"failed": True, "changed": False, "msg": "async is not supported: the trip to a host is one task already, raise forks instead"}
        result: dict[str, t.Any] = super().run(tmp, variables)
        try:
            plan = self._plan(variables)
            run_dir = spool.new_run(settings.writable(settings.state_dir(plan.state_dir)), plan.run_id)
            document = self._document(plan, variables)
            spool.write_document(run_dir, document)
        except (settings.SettingError, spool.SpoolError) as error:
            return {**result, "failed": True, "changed": False, "msg": str(error)}
        return {**result, **_summary(document), "run_id": plan.run_id}

    def _document(self, plan: Plan, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the document of the host, whatever happens on the way to it."""
        started = time.time()
        about = {
            "host": str(variables["inventory_hostname"]),
            "groups": [str(group) for group in variables.get("group_names", [])],
            "run_id": plan.run_id,
            "started": iso(started),
        }
        try:
            answer = self._ask(plan, variables)
            document = accept_answer(answer, expected_checks=plan.enabled, ended=iso(time.time()), **about)
        except NoDocument as error:
            return without_answer(error.args[0], error.args[1], ended=iso(time.time()), **about)
        except (BadAnswer, trip.TripError) as error:
            return without_answer("error", str(error), ended=iso(time.time()), **about)
        except MemoryError:
            reason = f"the answer is larger than {trip.WIRE_LIMIT // 1048576} MiB, or made to fill memory: is this server to be trusted?"
            return without_answer("error", reason, ended=iso(time.time()), **about)
        for name in plan.skipped:
            document["checks"][name] = {"status": "skipped", "status_reason": "left out by a tag", "findings": [], "data": {}}
        return document

    def _ask(self, plan: Plan, variables: dict[str, t.Any]) -> t.Any:
        """Return the server's decoded answer; raises NoDocument, or what the trip and the document raise."""
        _limit_worker(ANSWER_MEMORY)
        host, state_dir = str(variables["inventory_hostname"]), settings.state_dir(plan.state_dir)
        options = windows.with_windows(plan.options, plan.enabled, host, state_dir, time.time())
        request = {"checks": plan.enabled, "options": options, "timeout": plan.timeout, "memory": plan.memory, "token": trip.new_token()}
        try:
            if not plan.enabled:
                return {"checks": {}, "facts": {}}
            if getattr(self._connection, "has_pipelining", False):
                return self._over_stdin(request, self._interpreter(variables), windows.last_python(host, state_dir))
            return self._as_module(request, variables)
        except AnsibleConnectionFailure as error:
            raise NoDocument("unreachable", _message(error)) from error
        except AnsibleError as error:
            raise NoDocument("error", _message(error)) from error
        except BaseException as error:
            # The task's own time limit is a BaseException; the host must still have a document that says so.
            if type(error).__name__ != "TaskTimeoutError":
                raise
            raise NoDocument("error", "no answer within the task's time limit") from error
        finally:
            _limit_worker(DOCUMENT_MEMORY)

    def _over_stdin(self, request: dict[str, t.Any], interpreter: str | None, last_python: str) -> t.Any:
        program = payload.build(request["checks"], request, last_python)
        # Where Ansible may have to type a password, a connection without this gives the program a terminal, which never comes to its end.
        with contextlib.suppress(KeyError):
            self._connection.set_option("pipelining", True)
        with contextlib.suppress(KeyError):  # another connection than ssh
            self._connection.set_option("ssh_args", f"{ONE_COMMAND} {self._connection.get_option('ssh_args') or ''}")
        done = self._low_level_execute_command(trip.command(interpreter), in_data=program, sudoable=True)
        _limit_worker(DOCUMENT_MEMORY)
        return trip.read_answer(request["token"], done["rc"], done["stdout"], done.get("stderr") or "")

    def _interpreter(self, variables: dict[str, t.Any]) -> str | None:
        """Return the interpreter that the user names by variable or configuration, often as a template; None where it shall be found."""
        named = self._templar.template(C.config.get_config_value("INTERPRETER_PYTHON", variables=variables))
        if not named or str(named).startswith("auto"):
            return None
        return str(named).strip()

    def _plan(self, variables: dict[str, t.Any]) -> Plan:
        unknown = sorted(set(self._task.args) - ARGUMENTS)
        if unknown:
            raise settings.SettingError(f"bottomup.security.daily_check has no option {', '.join(unknown)}; it has {', '.join(sorted(ARGUMENTS))}")
        tags = (variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ()))
        enabled, skipped = settings.checks(self._given("checks", variables), *tags)
        options = settings.options(self._given("options", variables))
        if "options" not in self._task.args:
            named = variables.get(NAMED_OPTIONS) or {}
            chosen = {name: self._templar.template(named[name]) for name in enabled if name in named}
            options = settings.options({name: {**chosen.get(name, {}), **options.get(name, {})} for name in enabled})
        return Plan(
            enabled=enabled,
            skipped=skipped,
            options={name: _plain(options[name]) for name in enabled if options.get(name)},
            timeout=settings.timeout(self._given("timeout", variables) or 60),
            memory=settings.memory(self._given("memory", variables) or "256M"),
            run_id=settings.run_id(self._given("run_id", variables)),
            state_dir=self._given("state_dir", variables),
        )

    def _given(self, name: str, variables: dict[str, t.Any]) -> t.Any:
        """Return an argument of the task, else the host's variable, else None."""
        if name in self._task.args:
            return self._task.args[name]
        return self._templar.template(variables.get(VARIABLE + name))

    def _as_module(self, request: dict[str, t.Any], variables: dict[str, t.Any]) -> t.Any:
        """The way over connections that cannot feed standard input: an ordinary module with the same checks."""
        arguments = {key: request[key] for key in ("checks", "options", "timeout", "memory")}
        done = self._execute_module(module_name="bottomup.security.daily_check", module_args=arguments, task_vars=variables)
        if done.get("unreachable"):
            raise NoDocument("unreachable", str(done.get("msg", "unreachable")))
        if "answer" not in done:
            raise NoDocument("error", str(done.get("msg") or "the module gave no answer"))
        return done["answer"]


def _plain(value: t.Any) -> t.Any:
    """Return data without Ansible's own types, ready for JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def _limit_worker(room: int) -> None:
    """Let this process grow by so many bytes and no more, when it is a worker of its own that was forked for this host's task."""
    if multiprocessing.parent_process() is None:
        return
    with open("/proc/self/statm", "rb") as file:
        used = int(file.read().split()[5]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = used + room
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _message(error: AnsibleError) -> str:
    return trip.of_ansible(str(getattr(error, "message", "") or error))


def _summary(document: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return what the task shows: the status, counts and the worst titles."""
    findings = [item for check in document["checks"].values() for item in check["findings"]]
    findings.sort(key=lambda item: SEVERITIES.index(item["severity"]))
    summary = {
        "changed": False,
        "host_status": document["status"],
        "checks": {name: check["status"] for name, check in document["checks"].items()},
        "counts": {severity: sum(item["severity"] == severity for item in findings) for severity in SEVERITIES},
        "worst": [f"{item['severity']}: {item['title']}" for item in findings[:WORST_TITLES]],
    }
    if document["status"] != "checked":
        summary["failed"] = True
        summary["msg"] = f"{document['status']}: {document['reason']}"
    return summary
