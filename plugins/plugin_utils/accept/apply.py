# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptances of a run: which finding is covered, and which acceptances deserve a look themselves."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..document import fingerprint
from .expression import BadExpression
from .file import Acceptance

if TYPE_CHECKING:
    from ..history.past import Gone
    from ..report.collect import Fleet

EXPIRING_DAYS = 14

# Findings of so many different groups are not one decision any more.
BROAD_GROUPS = 10

# Statuses of a check that may have findings which this run did not see.
OUT_OF_SIGHT = ("error", "timeout", "incomplete", "skipped")


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
    # Whether it covers findings of an earlier run that this one could not look at again, and whether the run looked at all there is.
    still_open: bool = False
    whole: bool = True

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
            returned = f"{self.findings:,} {'finding has' if self.findings == 1 else 'findings have'} returned" if self.findings else f"and {self._unused()}"
            notes.append(f"expired on {entry.expires}, {returned}")
        elif self.expiring:
            notes.append(f"expires on {entry.expires}")
        if not self.findings and not self.still_open and not self.expired and not self.failure:
            notes.append(self._unused())
        if self.broad:
            what = f"{len(self.groups):,} different findings" if len(self.groups) > BROAD_GROUPS else "anything"
            notes.append(f"over-broad: it covers {what}")
        return notes

    def _unused(self) -> str:
        """Return what an entry without a finding may still be good for."""
        if self.still_open:
            return "what it matched is still open: this run could not look at it again"
        return "matches nothing in this run" if self.whole else "matches nothing that this run looked at"

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

    def look_back(self, fleet: Fleet) -> None:
        """Note which entries without a finding are about what could not be looked at again, as far as the history knows that."""
        groups = {host.name: host.groups for host in fleet.hosts}
        whole = not fleet.not_checked and all(cell.status not in OUT_OF_SIGHT for host in fleet.hosts for cell in host.cells.values())
        for use in self.uses:
            use.whole = whole
            use.still_open = not use.findings and any(
                _holds(use, _remembered(item, host), host, groups.get(host, ())) for item in fleet.past.stale for host in item.hosts
            )

    @staticmethod
    def _covers(use: Use, finding: Mapping[str, Any], host: str, groups: Sequence[str]) -> bool:
        covered = _holds(use, finding, host, groups)
        if covered:
            use.fingerprints.add(finding["fingerprint"])
            use.hosts.add(host)
            use.groups.add(finding["group"])
        return covered


def _holds(use: Use, finding: Mapping[str, Any], host: str, groups: Sequence[str]) -> bool:
    """Return whether an entry covers a finding; one that cannot be used covers none."""
    try:
        return use.acceptance.match.covers(finding, host, groups)
    except BadExpression as error:
        use.failure = str(error)
        return False


def _remembered(item: Gone, host: str) -> dict[str, Any]:
    """Return what the history knows of a finding, in the shape of one; its evidence, counts and references are not kept."""
    known = {key: getattr(item, key) for key in ("check", "rule", "severity", "title", "subject", "group")}
    nothing = {"evidence": [], "evidence_cut": 0, "remedy": {"text": "", "commands": []}, "references": [], "count": None, "first": None, "last": None}
    return {**nothing, **known, "fingerprint": fingerprint(item.check, item.rule, host, item.subject)}


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
