# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptances of a run: which finding is covered, and which acceptances deserve a look themselves."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .expression import BadExpression
from .file import Acceptance

EXPIRING_DAYS = 14

# Findings of so many different groups are not one decision any more.
BROAD_GROUPS = 10


@dataclass(slots=True)
class Use:
    """What an acceptance did in a run."""

    acceptance: Acceptance
    expired: bool
    expiring: bool
    fingerprints: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    failure: str = ""

    @property
    def findings(self) -> int:
        return len(self.fingerprints)

    @property
    def broad(self) -> bool:
        return len(self.groups) > BROAD_GROUPS or self.acceptance.match.covers_anything()

    def notes(self) -> list[str]:
        """Return why somebody should look at it; nothing for most."""
        entry = self.acceptance
        notes = [f"it cannot be used: {self.failure}"] if self.failure else []
        if self.expired:
            returned = f", {self.findings:,} {'finding has' if self.findings == 1 else 'findings have'} returned" if self.findings else ", and matches nothing"
            notes.append(f"expired on {entry.expires}{returned}")
        elif self.expiring:
            notes.append(f"expires on {entry.expires}")
        if not self.findings and not self.expired and not self.failure:
            notes.append("matches nothing in this run")
        if self.broad:
            what = f"{len(self.groups):,} different findings" if len(self.groups) > BROAD_GROUPS else "anything"
            notes.append(f"over-broad: it covers {what}")
        return notes

    def as_dict(self) -> dict[str, Any]:
        """Return the acceptance as report.json has it."""
        return {
            **shown(self.acceptance),
            "expired": self.expired,
            "expiring": self.expiring,
            "broad": self.broad,
            "findings": self.findings,
            "hosts": len(self.hosts),
            "notes": self.notes(),
        }


class Acceptances:
    """All entries of the file, on a day. Called with a finding and its host, it returns the entry that covers it."""

    def __init__(self, entries: Sequence[Acceptance], today: datetime.date) -> None:
        soon = today + datetime.timedelta(days=EXPIRING_DAYS)
        self.uses = [Use(entry, entry.expires < today, today <= entry.expires <= soon) for entry in entries]

    def __call__(self, finding: dict[str, Any], host: str, groups: Sequence[str]) -> dict[str, Any] | None:
        """Return the first valid entry that covers the finding; an expired one leaves a note in the finding's evidence."""
        covering = [use for use in self.uses if self._covers(use, finding, host, groups)]
        valid = next((use.acceptance for use in covering if not use.expired), None)
        if valid is not None:
            return shown(valid)
        expired = next((use.acceptance for use in covering), None)
        if expired is not None and len(finding["evidence"]) < 20:
            words = f"expired on {expired.expires} (line {expired.line}): {expired.reason}"[:500]
            finding["evidence"] = [*finding["evidence"], {"source": "acceptance", "text": words}]
        return None

    @staticmethod
    def _covers(use: Use, finding: Mapping[str, Any], host: str, groups: Sequence[str]) -> bool:
        try:
            covered = use.acceptance.match.covers(finding, host, groups)
        except BadExpression as error:
            use.failure = str(error)
            return False
        if covered:
            use.fingerprints.add(finding["fingerprint"])
            use.hosts.add(host)
            use.groups.add(finding["group"])
        return covered


def shown(entry: Acceptance) -> dict[str, Any]:
    """Return an entry as the report shows it."""
    return {"line": entry.line, "reason": entry.reason, "expires": entry.expires.isoformat(), "owner": entry.owner, "ticket": entry.ticket}


def block(finding: Mapping[str, Any], host: str, today: datetime.date) -> str:
    """Return the entry for accepted.yml that covers a finding of one host, to be pasted; the reason is left to the reader."""
    lines = [
        f"# {finding['severity']}: {finding['title']}",
        f"# on {host}; for all hosts: group: {finding['group']}",
        "- match:",
        f"    fingerprint: {finding['fingerprint']}",
        '  reason: ""  # why it may stay',
        f"  expires: {today + datetime.timedelta(days=90)}  # a year from now at most",
        f"  # owner, ticket, and in match: {json.dumps({key: finding[key] for key in ('check', 'rule', 'subject')})}",
    ]
    return "\n".join(lines) + "\n"
