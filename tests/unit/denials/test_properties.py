# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every log: no line stops or bloats the reader, a cut log tells less and nothing else, the order of fields is no matter."""

from __future__ import annotations

import json
import struct
import tempfile
from pathlib import Path

import pytest
from denials_lines import BEGIN, avc, judge, syscall
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_journal import ENTRY_LIMIT, Entries
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_patterns import pattern_of
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_reading import AUDIT_NEEDLES, TEXT_NEEDLES, BlockReader
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_records import JUDGED, head_of, shape_of
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_tally import EVENTS_LIMIT, Tally

WORDS = st.sampled_from([
    b"type=AVC ", b"msg=audit(", b"1700000000.100:5", b"): ", b"avc:  denied  ", b"{ read } ", b"for ", b" pid=1", b' comm="x"', b" scontext=a:b:c_t:s0",
    b" tcontext=a:b:d_t:s0", b" tclass=file", b" permissive=0", b"apparmor=\"DENIED\"", b"\x1d", b"\0", b"\xff", b'"', b"'", b"msg='", b"=", b"{", b"}", b"\n",
    b"type=SYSCALL ", b"type=USER_AVC ", b"type=SELINUX_ERR ", b"op=security_compute_sid", b"type=SECCOMP ", b"sig=31 ", b"syscall=8 ", b"code=0x",
    b"name=", b"2F",
    b"type=1400 ", b"audit(", b"9" * 40, b"(", b")", b":", b" ", b"type=MAC_STATUS ", b"enforcing=0",
])
LINES = st.one_of(st.binary(max_size=300), st.lists(WORDS, max_size=40).map(b"".join))


class Alone:
    """A source whose records have no companions."""

    def companion(self, kind: bytes, ident: bytes) -> None:
        return None


@given(LINES)
@settings(max_examples=600)
def test_no_line_stops_the_parser(line):
    head = head_of(line)
    if head is not None:
        shape_of(head.type, head.body)
    tally = Tally()
    tally.add(line, Alone())
    assert tally.totals["records"] + tally.totals["malformed"] <= 1


@given(LINES, st.sampled_from(sorted(JUDGED)))
@settings(max_examples=600)
def test_no_body_stops_a_parser(body, kind):
    shape_of(kind, body)


@given(st.lists(LINES, max_size=30), st.integers(1, 200))
@settings(max_examples=200)
def test_no_text_stops_a_reader(lines, size):
    text = b"\n".join(lines)
    blocks = [text[start:start + size] for start in range(0, len(text), size)]
    for needles in (AUDIT_NEEDLES, TEXT_NEEDLES):
        tally = Tally()
        BlockReader(iter(blocks), needles).feed(tally)
        assert tally.totals["records"] + tally.totals["malformed"] <= text.count(b"audit")
        assert len(tally.events) <= 2 * EVENTS_LIMIT


FIELDS = st.sampled_from([b"MESSAGE=AVC x", b"MESSAGE\n\5\0\0\0\0\0\0\0abcde", b"_AUDIT_TYPE=1400", b"", b"_AUDIT_ID=1"])


@given(st.lists(st.one_of(st.binary(max_size=200), FIELDS), max_size=30), st.integers(1, 50))
@settings(max_examples=300)
def test_no_journal_stops_the_reader(fields, size):
    text = b"\n".join(fields)
    for _block in Entries([text[start:start + size] for start in range(0, len(text), size)]):
        pass


@given(st.binary(max_size=3000))
def test_a_pattern_is_never_longer_than_three_times_its_path(path):
    assert len(pattern_of(path)) <= 3 * len(path) + 16


@st.composite
def logs(draw):
    """A log of records that a kernel may have written, some with their call, some interlaced."""
    lines = []
    for serial in range(draw(st.integers(1, 12))):
        permissive = draw(st.sampled_from(["", " permissive=0", " permissive=1"]))
        what = draw(st.sampled_from([' name="f" dev="dm-0" ino=1', ' path="/var/www/html/index.html" dev="dm-0" ino=2', ' name=2F612062', ""]))
        lines.append(avc(serial, perms=draw(st.sampled_from(["read", "write open"])), what=what, permissive=permissive, when=BEGIN + serial))
        if draw(st.booleans()):
            lines.insert(draw(st.integers(0, len(lines))), syscall(serial, success=draw(st.sampled_from(["yes", "no"])), when=BEGIN + serial))
    return "\n".join(lines).encode() + b"\n"


def ids(text: bytes) -> dict[str, int]:
    tally = Tally()
    BlockReader(iter([text]), AUDIT_NEEDLES).feed(tally)
    return {group.id: group.count for group in tally.groups.values()}


@given(logs(), st.data())
@settings(max_examples=300)
def test_a_cut_log_has_the_same_groups_or_fewer(text, data):
    whole, part = ids(text), ids(text[: data.draw(st.integers(0, len(text)))])
    assert all(count <= whole.get(name, 0) for name, count in part.items())


@given(st.permutations(["comm=\"httpd\"", "name=\"f\"", "dev=\"dm-0\"", "pid=4711", "ino=12", "scontext=u:r:a_t:s0", "tcontext=u:r:b_t:s0:c1,c2", "tclass=file",
                        "permissive=0", "ioctlcmd=0x5401"]))
@settings(max_examples=200)
def test_fields_in_any_order_make_the_same_group(fields):
    usual = 'comm="httpd" name="f" dev="dm-0" pid=1 ino=1 ioctlcmd=0x5401 scontext=u:r:a_t:s0 tcontext=u:r:b_t:s0:c1,c2 tclass=file permissive=0'
    head = f"type=AVC msg=audit({BEGIN}.000:1): avc:  denied  {{ ioctl }} for  "
    assert ids(f"{head}{usual}\n".encode()) == ids(f"{head}{' '.join(fields)}\n".encode())


@given(logs(), st.integers(1, 3000))
@settings(max_examples=200)
def test_blocks_of_any_size_tell_the_same(text, size):
    one, many = Tally(), Tally()
    BlockReader(iter([text]), AUDIT_NEEDLES).feed(one)
    BlockReader(iter([text[start:start + size] for start in range(0, len(text), size)]), AUDIT_NEEDLES).feed(many)
    assert one.totals == many.totals
    first, second = ({group.id: (group.count, group.verdicts) for group in tally.groups.values()} for tally in (one, many))
    assert first == second


@given(st.lists(LINES, max_size=20))
@settings(max_examples=60, deadline=None)
def test_the_result_of_any_log_is_json_without_control_characters(lines):
    with tempfile.TemporaryDirectory() as folder:
        result = judge(Path(folder), *lines, avc())
    text = json.dumps(result, ensure_ascii=False)
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 or 0xD800 <= ord(character) < 0xE000 for character in text)
    assert len(text) < 500000


def test_the_flood_lane_counts_what_the_parser_counts():
    """The quick way for floods and the parser record by record must agree to the last number."""
    lines = []
    for number in range(3000):
        lines.append(avc(number, comm=f'"p{number % 7}"', what=f' name="sess_{number:032x}" dev="dm-0" ino={number}', pid=number,
                         permissive=["", " permissive=0", " permissive=1"][number % 3], when=BEGIN + 3 * number))
        if number % 5:
            lines.append(syscall(number, success="yes" if number % 2 else "no", when=BEGIN + 3 * number))
    quick, slow = Tally(BEGIN + 150, BEGIN + 8700), Tally(BEGIN + 150, BEGIN + 8700)
    slow.take = lambda found, start, end, calls: ([], [(start, end)])  # type: ignore[method-assign]
    for tally in (quick, slow):
        BlockReader(iter([("\n".join(lines) + "\n").encode()]), AUDIT_NEEDLES).feed(tally)
    assert told(quick) == told(slow)
    assert quick.totals["denied"] == 2851
    assert len(quick.hours) == 3 and sum(quick.hours.values()) == 2851


# The lines of one event of a flood, and of what may stand between two.
FLOODS = (
    lambda number: [avc(number, when=BEGIN + number), syscall(number, when=BEGIN + number)],
    lambda number: [avc(number, when=BEGIN + number, permissive="", what=f' path="/var/lib/php/sess_{number:032x}" dev="dm-0" ino={number}')],
    lambda number: [avc(number, when=BEGIN + number, permissive=""), syscall(number, when=BEGIN + number, success="yes")],
    lambda number: [avc(number, when=BEGIN + number, perms=perms) for perms in ("read", "open", "getattr")] + [syscall(number, when=BEGIN + number)],
    lambda number: [avc(number, when=BEGIN + number), avc(number, when=BEGIN + number, tclass="dir"), avc(number + 1, when=BEGIN + 1), syscall(number)],
    lambda number: [avc(number, when=BEGIN - number, comm='"type=MAC_"'), f'type=PATH msg=audit({BEGIN}.000:{number}): item=0 name="/x AVC msg=audit("'],
    lambda number: [f"type=MAC_STATUS msg=audit({BEGIN}.000:{number}): enforcing=0 old_enforcing=1 auid=0 ses=1", avc(number, comm="70617373")],
    lambda number: ["node=web1 " + avc(number), " " + avc(number), avc(number) + "\r", avc(number)[:90], "", avc(number, what=' name="a b" ino=-1')],
)


@given(st.lists(st.tuples(st.sampled_from(FLOODS), st.integers(1, 9)), max_size=40), st.integers(50, 9000), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_mixed_flood_is_counted_as_one_by_one(events, size, ended):
    lines, number = [], 0
    for make, times in events:
        for _time in range(times):
            number += 2
            lines += make(number)
    text = ("\n".join(lines) + "\n" * ended).encode()
    quick, slow = Tally(), Tally()
    slow.take = lambda found, start, end, calls: ([], [(start, end)])  # type: ignore[method-assign]
    for tally in (quick, slow):
        BlockReader(iter([text[start:start + size] for start in range(0, len(text), size)]), AUDIT_NEEDLES).feed(tally)
    assert told(quick) == told(slow)


def told(tally: Tally) -> tuple[object, ...]:
    groups = {group.id: (group.count, group.verdicts, group.calls, group.first, group.last, group.sample, group.paths) for group in tally.groups.values()}
    return tally.totals, tally.hours, tally.first, tally.last, len(tally.events), groups


@pytest.mark.parametrize("size", [61, 4096, 1 << 20])
@pytest.mark.parametrize("long", ["binary", "line"])
def test_a_field_that_is_too_long_is_passed_over_whole(long: str, size: int) -> None:
    """What it holds is no field of its own: it may look like one, made up by whoever logged it."""
    forged = b"\n\n_AUDIT_TYPE=1400\n_SOURCE_REALTIME_TIMESTAMP=1\n_AUDIT_ID=1\nMESSAGE=audit: forged\n\n" if long == "binary" else b"_AUDIT_TYPE"
    value = b"x" * ENTRY_LIMIT + forged
    field = b"NOISE\n" + struct.pack("<Q", len(value)) + value + b"\n" if long == "binary" else b"NOISE=" + value + b"y" * 10000 + b"\n"
    text = b"__CURSOR=1\n" + field + b"MESSAGE=audit: real\n\nMESSAGE=audit: next\n\n"
    entries = Entries(text[start : start + size] for start in range(0, len(text), size))
    assert b"".join(entries) == b"audit: real\naudit: next\n"
    assert entries.count == 2
    assert entries.damaged == (1 if long == "binary" or size < len(text) else 0)
