# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of the pseudo-check "coverage": what was not looked at may hide the worst."""

from __future__ import annotations

import shlex
from typing import Any

from ..advisories.told import Told
from ..document import fingerprint, group_key
from ..history.past import COVERAGE
from .groups import Group, natural

# The rule of a feed that is missing, stale or refused.
FEED = f"{COVERAGE}.feed"

# rule of the pseudo-check "coverage" -> (title, remedy). Each is a finding, since what was not looked at may hide the worst.
COVERAGE_RULES = {
    "coverage.unreachable": ("The host was not reached", "See the reason: is the host up, its ssh port open, its host key known, the user let in?"),
    "coverage.error": ("The host gave no usable answer", "The reason says what is wrong: mostly no Python 3.6 or later, or no right to become root."),
    "coverage.not_run": ("The host was expected and not checked", "The run ended before this host's turn, or an earlier task failed on it."),
    "coverage.check_error": ("The check could not run", "The reason says why. The other checks of the host are not touched by it."),
    "coverage.check_timeout": ("The check did not end in time", "Give it more time with daily_check_timeout, or look at what is slow on the host."),
}


def coverage_finding(what: str, host: str, subject: str, reason: str) -> dict[str, Any]:
    """Return the finding that says what was not looked at."""
    rule = f"{COVERAGE}.{what}"
    title, remedy = COVERAGE_RULES[rule]
    return {
        "check": COVERAGE,
        "rule": rule,
        "severity": "medium",
        "title": title if subject == "host" else f"{title}: {subject}",
        "subject": subject,
        "evidence": [{"source": host, "text": reason}],
        "evidence_cut": 0,
        "remedy": {"text": remedy, "commands": [f"ansible {shlex.quote(host)} -m ansible.builtin.raw -a true"] if subject == "host" else []},
        "references": [],
        "count": None,
        "first": None,
        "last": None,
        "fingerprint": fingerprint(COVERAGE, rule, host, subject),
        "group": group_key(COVERAGE, rule, subject),
    }


def feed_groups(told: Told) -> list[Group]:
    """Return one row for each feed that was missing, stale or refused: said once, with all hosts that it matters to."""
    groups = []
    for feed, (why, hosts) in sorted(told.lacking.items()):
        group = Group(
            key=group_key(COVERAGE, FEED, feed),
            check=COVERAGE,
            rule=FEED,
            severity="medium",
            subject=feed,
            example=why,
            evidence=[{"source": "feeds", "text": told.sentence()}],
            evidence_host=min(hosts, key=natural),
            hosts=sorted(hosts, key=natural),
            advice={"Fetch the feeds, or look why they cannot be fetched. Until then it is not known what they would say.": len(hosts)},
        )
        for host in group.hosts:
            group.titles.add(why, host)
        group.variants[(told.command,)] = group.hosts
        groups.append(group)
    return groups
