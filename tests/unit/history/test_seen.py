# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fleet sees for the first time: clients that probe, users and the addresses of their logins."""

from __future__ import annotations

from pathlib import Path

from history.fleets import recorder, run, told, when

from ansible_collections.bottomup.security.plugins.module_utils.host.finding import iso, result
from ansible_collections.bottomup.security.plugins.plugin_utils.document import accept_answer
from ansible_collections.bottomup.security.plugins.plugin_utils.history.record import Recorder
from ansible_collections.bottomup.security.plugins.plugin_utils.report.collect import Fleet


def morning(history: Recorder, day: float, clients: str, logins: str = "") -> Fleet:
    """Record a run of a web server that these clients probed; ``logins`` are user@address."""
    data = {"clients": [{"client": client, "hits": 3} for client in clients.split()]}
    accepted = [{"user": name.split("@")[0], "address": name.split("@")[1], "count": 1} for name in logins.split()]
    checks = {"web_probes": result([], data), "log_digest": result([], {"logins": {"accepted": accepted}})}
    times = {"run_id": run(day), "started": iso(when(day) - 3), "ended": iso(when(day))}
    document = accept_answer({"checks": checks}, host="web1", groups=[], expected_checks=list(checks), **times)
    return told(history, day, [document], ["web1"], run(day))


def new(fleet: Fleet) -> set[str]:
    return {row.client for row in fleet.logs.clients if row.first_seen} | {f"{row.user}@{row.address}" for row in fleet.logs.logins}


def test_nothing_is_first_seen_in_the_first_run(tmp_path: Path) -> None:
    assert new(morning(recorder(tmp_path), 0, "192.0.2.1 192.0.2.2", "bob@198.51.100.1")) == set()


def test_what_no_run_before_has_seen_is_marked_once(tmp_path: Path) -> None:
    morning(recorder(tmp_path), 0, "192.0.2.1", "bob@198.51.100.1")
    for _again in range(2):  # the same run reported twice says the same twice
        assert new(morning(recorder(tmp_path), 1, "192.0.2.1 192.0.2.2", "bob@198.51.100.1 bob@198.51.100.2")) == {"192.0.2.2", "bob@198.51.100.2"}
    assert new(morning(recorder(tmp_path), 2, "192.0.2.2", "bob@198.51.100.2")) == set()


def test_a_quiet_first_run_is_a_baseline_too(tmp_path: Path) -> None:
    morning(recorder(tmp_path), 0, "")
    assert new(morning(recorder(tmp_path), 1, "192.0.2.1", "bob@198.51.100.1")) == {"192.0.2.1", "bob@198.51.100.1"}


def test_what_was_not_seen_for_long_is_forgotten_and_what_is_seen_is_not(tmp_path: Path) -> None:
    history = recorder(tmp_path, keep_days=10)
    morning(history, 0, "192.0.2.1 192.0.2.2")
    for day in range(1, 12):
        assert new(morning(history, day, "192.0.2.1")) == set()
    assert new(morning(history, 12, "192.0.2.1 192.0.2.2")) == {"192.0.2.2"}


def test_a_history_of_version_1_is_brought_forward(tmp_path: Path) -> None:
    morning(recorder(tmp_path), 0, "192.0.2.1")
    with recorder(tmp_path).store().writing() as connection:
        connection.exec_driver_sql("DROP TABLE seen")
        connection.exec_driver_sql("UPDATE meta SET value = '1'")
    fleet = morning(recorder(tmp_path), 1, "192.0.2.1")
    assert fleet.past.off == "" and fleet.past.baseline is not None and new(fleet) == set()
    assert new(morning(recorder(tmp_path), 2, "192.0.2.1 192.0.2.3")) == {"192.0.2.3"}
