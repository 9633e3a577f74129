# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of every table knows its own example, and no row before it takes it away."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import log_digest
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_accounts import PAM, Accounts
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_hours import Hours
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_judge import NOTHING, Judge
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_kernel import DEEDS, Kernel
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_logins import Logins
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_privilege import Privilege
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_units import Units
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_uptime import Uptime
from ansible_collections.bottomup.security.plugins.module_utils.host.redact import redact

TOPICS = (Logins, Privilege, Accounts, Kernel, Units, Uptime)


def topics() -> list[Any]:
    return [Logins(Hours()), Privilege(redact), Accounts(), Kernel(), Units(), Uptime()]


def rows() -> list[tuple[bytes, Any]]:
    found = [(program, row) for topic in TOPICS for program, table in topic.TABLES.items() for row in table]
    return found + [(b"anything", row) for row in PAM]


@pytest.mark.parametrize(("program", "row"), [pytest.param(program, row, id=f"{program.decode()}-{row.name}") for program, row in rows()])
def test_example_belongs_to_its_row(program: bytes, row: Any) -> None:
    judge = Judge(topics(), log_digest.QUIET, PAM)
    handled: list[str] = []
    found = judge.program(program)
    known = (found.leads or {}).get(row.example[: row.example.find(b" ")])
    message = row.example
    if known is None:
        known, message = judge.judge(found, row.example)
    if row.handler is None:
        assert known is NOTHING
        assert any(literal in row.example for literal in row.literals)
        assert row.pattern.match(row.example)
    else:
        assert known.row is row
        known.handler = lambda event: handled.append(event.row.name)
        judge.handle(known, found, message, 1.0)
        assert handled == [row.name]


def test_names_are_unique_and_handlers_exist() -> None:
    seen: dict[str, Any] = {}
    for topic in TOPICS:
        for table in topic.TABLES.values():
            for row in table:
                assert seen.setdefault(row.name, row) is row
                assert row.handler is None or callable(getattr(topic, row.handler))


def test_every_deed_is_a_row_of_the_kernel() -> None:
    assert set(DEEDS) <= {row.name for table in Kernel.TABLES.values() for row in table}
