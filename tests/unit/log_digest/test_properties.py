# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a log holds: no exception, no growth, the same judgement with and without the memory of shapes."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from digest_server import NOW, stamp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks import log_digest
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_accounts import PAM, Accounts
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_hours import Hours
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_judge import LEADS_LIMIT, SHAPES_LIMIT, UNMATCHED_LIMIT, Judge
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_kernel import Kernel
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_lines import Lines
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_logins import Logins
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_logwatch import split_sections
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_privilege import Privilege
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_units import Units
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest_uptime import Uptime
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.module_utils.host.redact import redact
from ansible_collections.bottomup.security.plugins.module_utils.host.stamps import LocalZone, Stamps

EXAMPLES = [
    (program, row.example) for topic in (Logins, Privilege, Accounts, Kernel, Units, Uptime) for program, table in topic.TABLES.items() for row in table
] + [(b"anything", row.example) for row in PAM]
PROGRAMS = sorted({program for program, _example in EXAMPLES})

# Parts of real messages in any order, with anything between.
WORDS = sorted({word for _program, line in EXAMPLES for word in line.split(b" ")} | {b"", b"\0", b"\xff", b": ", b"[", b"]", b"(", b"1" * 30, b"a" * 200})
messages = st.one_of(
    st.sampled_from([line for _program, line in EXAMPLES]),
    st.lists(st.sampled_from(WORDS), max_size=20).map(b" ".join),
    st.binary(max_size=200),
    st.tuples(st.sampled_from([line for _program, line in EXAMPLES]), st.integers(0, 200), st.binary(max_size=8)).map(
        lambda part: part[0][: part[1]] + part[2] + part[0][part[1] :]
    ),
)
lines = st.one_of(
    st.binary(max_size=300),
    st.tuples(st.sampled_from([*PROGRAMS, b"app", b""]), messages, st.integers(0, 86400)).map(
        lambda part: stamp(NOW - part[2]).encode() + b" web1 " + part[0] + b"[12]: " + part[1]
    ),
    st.tuples(st.binary(max_size=20), messages).map(lambda part: stamp(NOW - 60).encode() + b" " + part[0] + part[1]),
)


def make_judge() -> tuple[Judge, list[Any]]:
    topics: list[Any] = [Logins(Hours()), Privilege(redact), Accounts(), Kernel(), Units(), Uptime()]
    return Judge(topics, log_digest.QUIET, PAM), topics


def digest(content: bytes, name: str = "syslog") -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "logs"
        place.mkdir()
        (place / name).write_bytes(content)
        os.utime(place / name, (NOW, NOW))
        return log_digest.run({"since": "all", "log_dir": "/logs", "timezone": "UTC"}, Machine(os.fsencode(folder), NOW))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lines, max_size=30))
@example([b"Nov 22 11:00:00 web1 sshd[1]: message repeated 9999999 times: [ Failed password for root from 8.8.8.8 port 1 ssh2]"])
@example([b"Nov 22 11:00:00 web1 last message repeated 3 times"])
@example([b"Nov 22 11:00:00 web1 sshd[1]:"])
def test_any_lines(content: list[bytes]) -> None:
    result = digest(b"\n".join(content))
    assert len(json.dumps(result)) < 400000


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=20), st.data())
def test_cut_at_any_byte(chosen: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    """The same log cut at any byte: the same rules or fewer, never an exception, no count grows."""
    text = b"".join(stamp(NOW - 900 + number).encode() + b" web1 " + program + b"[1]: " + line + b"\n" for number, (program, line) in enumerate(chosen))
    whole, part = digest(text), digest(text[: data.draw(st.integers(0, len(text)))])
    # The last line may be cut short of what tells it apart; without it nothing may be there that the whole has not.
    shorter = digest(text[: text.rfind(b"\n", 0, max(0, len(text) - 1)) + 1])
    assert shorter["data"]["lines"] <= whole["data"]["lines"]
    assert part["data"]["lines"] <= whole["data"]["lines"]
    assert part["data"]["logins"]["failed_total"] <= whole["data"]["logins"]["failed_total"]
    assert part["data"]["logins"]["accepted_total"] <= whole["data"]["logins"]["accepted_total"]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PROGRAMS), messages, messages)
def test_memory_changes_nothing(program: bytes, first: bytes, second: bytes) -> None:
    """A message is judged the same whatever was judged before it: no message can hide the next."""

    def told(content: list[bytes]) -> list[tuple[Any, ...]]:
        judge, _topics = make_judge()
        seen: list[tuple[Any, ...]] = []
        found = judge.program(program)
        for message in content:
            known = found.leads.get(message[: message.find(b" ")]) if found.leads else None
            short = message
            if known is None:
                known, short = judge.judge(found, message)
            match = known.row.pattern.match(short) if known.row else None
            seen.append((known.row.name if match else None, known.unmatched is not None))
        return seen

    assert told([first, second])[1] == told([second])[0]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PROGRAMS), messages)
def test_digits_do_not_change_the_row(program: bytes, message: bytes) -> None:
    """What the memory of shapes rests on."""
    other = message.translate(bytes.maketrans(b"0123456789", b"7777777777"))
    judge, _topics = make_judge()
    rows = judge.program(program).rows

    def name(words: bytes) -> str | None:
        return next((row.name for row in rows or () if any(literal in words for literal in row.literals) and row.pattern.match(words)), None)

    assert name(message) == name(other)


def test_memory_is_bounded() -> None:
    judge, _topics = make_judge()
    for number in range(3 * SHAPES_LIMIT):
        program = judge.program(PROGRAMS[number % len(PROGRAMS)])
        letters = "".join(chr(97 + int(digit)) for digit in str(number))
        judge.judge(program, b"word%s and more" % letters.encode())
        judge.judge(program, b"pam_%s(x:session): y" % letters.encode())
        judge.program(b"program-" + letters.encode())
        judge.head(b"web1 " + letters.encode() + b"[1]")
    assert sum(len(program.shapes) for program in judge.programs.values()) <= SHAPES_LIMIT
    assert all(len(program.leads or ()) <= LEADS_LIMIT + 20 for program in judge.programs.values())
    assert len(judge.unmatched) <= UNMATCHED_LIMIT
    assert len(judge.programs) <= 2100
    assert len(judge.heads) <= 8001


@given(st.binary(max_size=100))
def test_any_stamp(line: bytes) -> None:
    with LocalZone("UTC"):
        when, start = Stamps(NOW).read(line)
    assert (when is None) == (start == 0)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=3000), st.text(alphabet="pasword=:-_ '\"&;/@curltoken", max_size=3000).map(str.encode)))
def test_redact_takes_anything(words: bytes) -> None:
    redact(words)


@given(
    st.lists(
        st.sampled_from(
            [
                b" --------------------- A Begin ------------------------ ",
                b" ---------------------- A End ------------------------- ",
                b"x",
                b"",
                b" -----------",
            ]
        ),
        max_size=20,
    )
)
def test_sections_of_anything(content: list[bytes]) -> None:
    sections = split_sections(b"\n".join(content))
    assert sum(len(found) for _name, found in sections) <= len(content)


RUNS = [
    b"a" * 8000,
    b"Failed password for " + b" from 1.1.1.1 port 1" * 400,
    b"x : " * 2000,
    b"IN= OUT= " * 900,
    b"pam_" + b"x" * 8000,
    b"((((((" * 1000,
    b" ; " * 2500,
    b"'\"" * 4000,
]


@pytest.mark.parametrize("words", RUNS, ids=[words[:12].decode() for words in RUNS])
def test_no_pattern_takes_long(words: bytes) -> None:
    """Long runs that a backtracking pattern would take minutes over: every row of every table, processor time, by a factor of hundreds."""
    begun = time.process_time()
    for topic in (Logins, Privilege, Accounts, Kernel, Units, Uptime):
        for table in topic.TABLES.values():
            for row in table:
                row.pattern.match(words)
                row.pattern.match(row.example[:20] + words)
    redact(words[:640])
    assert time.process_time() - begun < 20


class Source:
    """What Lines asks of a FileSource, and all that it was told."""

    def __init__(self) -> None:
        self.judge, self.topics = make_judge()
        self.hours, self.lines = Hours(), 0
        self.odd_lines: list[bytes] = []

    def odd(self, line: bytes) -> None:
        self.odd_lines.append(line)

    def told(self, reader: Lines) -> dict[str, Any]:
        cut: dict[str, Any] = {}
        data = {key: value for topic in self.topics for key, value in topic.data(50, cut).items()}
        return {
            "first": reader.first,
            "last": reader.last,
            "lines": self.lines,
            "odd": self.odd_lines,
            "hours": self.hours.quarters,
            "cut": cut,
            "failed": [topic.hours.quarters for topic in self.topics[:1]],
            **self.judge.data(50, cut),
            **data,
        }


def read_in_blocks(blocks: list[list[bytes]], since: float | None, until: float | None, sweep: bool) -> dict[str, Any]:
    source = Source()
    reader = Lines(source, Stamps(NOW), since, until)
    if not sweep:
        reader._sweep = lambda lines, text: False  # type: ignore[method-assign]
    for block in blocks:
        reader.take(b"\n".join(block))
    reader.end()
    return source.told(reader)


def iso_stamp(when: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.123456+00:00", time.gmtime(when))


USUAL = [
    b"sshd[%d]: Failed password for root from 198.51.100.%d port 4022 ssh2",
    b"sshd[%d]: Failed password for invalid user a%d from 2001:db8::1 port 1 ssh2",
    b"sshd[%d]: Failed none for x from ::ffff:192.0.2.%d port 22 ssh2",
    b"sshd[%d]: Failed password for invalid user a b%d from 8.8.8.8 port 1 ssh2",
    b"sshd[%d]: Failed password for root from 8.8.8.8  port %d ssh2",
    b"sshd[%d]: Failed password for root from 8.8.8.8 port %d11111 ssh2",
    b"sshd[%d]: Invalid user from from 8.8.8.%d port 22",
    b"sshd[%d]: Invalid user  from 8.8.8.%d port 22",
    b"sshd[%d]: Invalid user x\t from 8.8.8.%d port 22",
    b"sshd[%d]: Accepted password for root from 198.51.100.%d port 4022 ssh2",
    b"CRON[%d]: (root) CMD (job%d)",
    b"crond[%d]: (bob) CMD (  true %d)",
    b"CRON[%d]: pam_unix(cron:session): session opened for user u%d(uid=0) by (uid=0)",
    b"app[%d]: pam_unix(app:auth): authentication failure %d",
    b"systemd[%d]: web%d.service: Deactivated successfully.",
    b"systemd[%d]: web%d.service: Failed with result 'exit-code'.",
    b"app[%d]: number %d",
    b"kernel: [%d.000001] [UFW BLOCK] IN=eth0 OUT= MAC=00 SRC=192.0.2.%d DST=192.0.2.1",
    b"kernel: [%d.5] Out of memory: Killed process %d (java) total-vm:1kB",
    b"last message repeated %d times%d",
    b"sshd[%d]%d:",
    b"sshd: word%d%d",
    b"last message repeated 3 times",
    b"-- MARK --",
    b"/usr/sbin/cron[%d]: (x) RELOAD (%d)",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.tuples(st.sampled_from(USUAL), st.integers(0, 300), st.integers(0, 4)), min_size=1, max_size=25), max_size=8),
    st.sampled_from([stamp, iso_stamp]),
    st.sampled_from([None, 900, 5000]),
    st.sampled_from([None, 300]),
    st.lists(lines, max_size=3),
    st.integers(0, 200),
)
def test_lines_swept_are_the_lines_read_one_by_one(made, stamped, since, until, strange, place):
    blocks, number = [], 0
    for block in made:
        texts = []
        for words, step, value in block:
            number += step
            filled = words % (number, value)[: words.count(b"%d")] if b"%d" in words else words
            texts.append(stamped(NOW - 20000 + number).encode() + b" web1 " + filled)
        blocks.append(texts)
    if blocks:
        blocks[place % len(blocks)][place % 7 : place % 7] = [line.replace(b"\n", b" ") for line in strange]
    with LocalZone("Europe/Berlin"):
        edges = NOW - 20000 + since if since else None, NOW - 20000 + number - until if until else None
        assert read_in_blocks(blocks, *edges, True) == read_in_blocks(blocks, *edges, False)


def test_most_blocks_are_swept():
    """The quick way is the usual one, and blocks that it is not for are given to the other."""
    usual = [stamp(NOW - 60).encode() + b" web1 sshd[1]: Invalid user a from 8.8.8.8 port 22"] * 3
    with LocalZone("UTC"):
        reader = Lines(Source(), Stamps(NOW), None, None)
        assert [reader._sweep(block, b"\n".join(block)) for block in (usual, [*usual, b"  at java.lang.Thread"], [b"<38>" + usual[0]])] == [True, False, False]
        assert not Lines(Source(), Stamps(NOW, 2020), None, None)._sweep(usual, b"\n".join(usual))


def test_an_hour_that_comes_twice_is_read_line_by_line():
    """In Berlin the hour from two o'clock on came twice on 25 October 2026."""
    with LocalZone("Europe/Berlin"):
        found = {}
        for hour in ("01", "02", "03"):
            text = f"Oct 25 {hour}:30:00 web1 app[1]: x".encode()
            found[hour] = Lines(Source(), Stamps(1792890000 + 86400), None, None)._sweep([text], text)
    assert found == {"01": True, "02": False, "03": True}
