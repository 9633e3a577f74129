# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of a report, chosen with a JMESPath expression. Documented in findings.yml."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.bottomup.security.plugins.plugin_utils.accept.expression import BadExpression, compiled
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.match import with_host


def findings(report: object, expression: str | None = None) -> list[dict[str, Any]]:
    """Return the findings of a report for which the expression is true."""
    if isinstance(report, str):
        try:
            report = json.loads(Path(report).expanduser().read_bytes())
        except (OSError, ValueError) as error:
            raise AnsibleFilterError(f"bottomup.security.findings cannot read {report}: {error}") from error
    if not isinstance(report, Mapping) or not isinstance(report.get("hosts"), list):
        raise AnsibleFilterError("bottomup.security.findings takes a report of the daily check, or the path of its report.json")
    try:
        search = compiled(str(expression)) if expression else None
        everything = (with_host(finding, host["host"], host["groups"]) for host in report["hosts"] for finding in host["findings"])
        chosen = [item for item in everything if search is None or search(item) is True]
    except BadExpression as error:
        raise AnsibleFilterError(f"bottomup.security.findings: {error}") from error
    # Titles and evidence came from servers: none of them is ever a template.
    return list(wrap_var(chosen))


class FilterModule:
    """Filters of the collection."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"findings": findings}
