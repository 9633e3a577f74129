# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stamps of syslog: every form, years, zones, the hours that a zone repeats or leaps over."""

from __future__ import annotations

import locale
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from digest_server import at
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.module_utils.host.stamps import LocalZone, Stamps, server_zone

REPOSITORY = Path(__file__).parents[3]
WRITTEN = at("2026-11-22 12:00:00")

FORMS = [
    (b"Nov 22 06:25:01 web1 x", "2026-11-22 06:25:01"),
    (b"Nov  2 06:25:01 web1 x", "2026-11-02 06:25:01"),
    (b"Nov 02 06:25:01 web1 x", "2026-11-02 06:25:01"),
    (b"Nov 22 06:25:01.123456 web1 x", "2026-11-22 06:25:01"),
    (b"Nov 22 2024 06:25:01 web1 x", "2024-11-22 06:25:01"),
    (b"<38>Nov 22 06:25:01 web1 x", "2026-11-22 06:25:01"),
    (b"2026-11-22T06:25:01Z web1 x", "2026-11-22 06:25:01"),
    (b"2026-11-22T06:25:01+09:00 web1 x", "2026-11-21 21:25:01"),
    (b"2026-11-22T06:25:01-0330 web1 x", "2026-11-22 09:55:01"),
    (b"<38>1 2026-11-22T06:25:01+00:00 web1 sshd 12 - - x", "2026-11-22 06:25:01"),
    (b"2026-11-22 06:25:01 web1 x", "2026-11-22 06:25:01"),
]


@pytest.mark.parametrize(("line", "words"), FORMS, ids=[line.split(b" web1")[0].decode() for line, _words in FORMS])
def test_form(line: bytes, words: str) -> None:
    with LocalZone("UTC"):
        when, start = Stamps(WRITTEN).read(line)
    assert when == at(words)
    assert line[start:].startswith(b"web1 ")


def test_fraction() -> None:
    assert Stamps(WRITTEN).read(b"2026-11-22T06:25:01.500000+00:00 x")[0] == at("2026-11-22 06:25:01") + 0.5


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"x",
        b"Nov",
        b"Nov 31 06:25:01 x",
        b"Nov 22 26:25:01 x",
        b"Nov 22 06:61:01 x",
        b"Nil 22 06:25:01 x",
        b"2026-13-22T06:25:01Z x",
        b"2026-02-30T06:25:01 x",
        b"0000-00-00T00:00:00Z x",
        b"9999-12-31T23:59:59Z x",
        b"<x>Nov 22 06:25:01 x",
        b"\0\0\0\0",
        b"Nov 22 06:25:01",
    ],
)
def test_no_stamp(line: bytes) -> None:
    with LocalZone("UTC"):
        assert Stamps(WRITTEN).read(line) == (None, 0)


YEARS = [
    ("2027-01-02 00:00:00", b"Dec 31 23:59:59 x", "2026-12-31 23:59:59"),
    ("2027-01-02 00:00:00", b"Jan  1 00:00:01 x", "2027-01-01 00:00:01"),
    ("2026-12-31 23:59:58", b"Jan  1 00:00:01 x", "2027-01-01 00:00:01"),  # the clock of the line ran ahead
    ("2026-12-31 12:00:00", b"Jan  2 00:00:01 x", "2026-01-02 00:00:01"),
    ("2025-03-01 00:00:00", b"Feb 29 10:00:00 x", "2024-02-29 10:00:00"),
    ("2024-02-29 12:00:00", b"Feb 29 10:00:00 x", "2024-02-29 10:00:00"),
]


@pytest.mark.parametrize(("written", "line", "words"), YEARS)
def test_year_that_the_stamp_does_not_name(written: str, line: bytes, words: str) -> None:
    with LocalZone("UTC"):
        assert Stamps(at(written)).read(line)[0] == at(words)


def test_new_year_in_one_file() -> None:
    with LocalZone("Europe/Berlin"):
        stamps = Stamps(at("2027-01-01 05:00:00"))
        lines = [b"Dec 31 23:59:59 x", b"Jan  1 00:00:00 x", b"Jan  1 00:00:01 x"]
        assert [stamps.read(line)[0] for line in lines] == [at("2026-12-31 22:59:59"), at("2026-12-31 23:00:00"), at("2026-12-31 23:00:01")]


def test_first_year_is_known() -> None:
    with LocalZone("UTC"):
        stamps = Stamps(at("2026-11-22 12:00:00"), 2024)
        lines = [b"Jun  1 00:00:00 x", b"Nov 30 00:00:00 x", b"Aug  1 00:00:00 x", b"Feb  1 00:00:00 x", b"Nov 22 00:00:00 x"]
        years = [time.gmtime(stamps.read(line)[0]).tm_year for line in lines]
    assert years == [2024, 2024, 2024, 2025, 2025]


REPEATED = [
    ("Europe/Berlin", "2026-10-25", b"Oct 25 02:%02d:00 x", ["00:59", "01:01"]),
    ("America/New_York", "2026-11-01", b"Nov  1 01:%02d:00 x", ["05:59", "06:01"]),
    ("Australia/Lord_Howe", "2026-04-05", b"Apr  5 01:%02d:00 x", ["14:59", "15:01"]),
]


@pytest.mark.parametrize(("zone", "day", "form", "times"), REPEATED[:2], ids=[row[0] for row in REPEATED[:2]])
def test_hour_that_comes_twice(zone: str, day: str, form: bytes, times: list[str]) -> None:
    with LocalZone(zone):
        stamps = Stamps(at(day + " 12:00:00"))
        assert stamps.read(form % 59)[0] == at(f"{day} {times[0]}:00")
        assert stamps.read(form % 1)[0] == at(f"{day} {times[1]}:00")


def test_half_an_hour_that_comes_twice() -> None:
    with LocalZone("Australia/Lord_Howe"):
        stamps = Stamps(at("2026-04-05 12:00:00"))
        first, second = (stamps.read(b"Apr  5 01:%02d:00 x" % minute)[0] for minute in (45, 40))
    assert (first, second) == (at("2026-04-04 14:45:00"), at("2026-04-04 15:10:00"))


def test_hour_that_does_not_exist() -> None:
    with LocalZone("Europe/Berlin"):
        when = Stamps(at("2026-03-29 12:00:00")).read(b"Mar 29 02:30:00 x")[0]
    assert when in (at("2026-03-29 00:30:00"), at("2026-03-29 01:30:00"))


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns", "Pacific/Chatham", "UTC"])
@given(when=st.integers(min_value=at("2025-11-23 13:00:00"), max_value=WRITTEN))
def test_every_second_of_a_year_reads_back(zone: str, when: int) -> None:
    with LocalZone(zone):
        read = Stamps(WRITTEN).read(time.strftime("%b %e %H:%M:%S x", time.localtime(when)).encode())[0]
        assert read is not None
        # An hour that comes twice may be read as either; every other second as itself.
        assert read == when or time.localtime(read)[:6] == time.localtime(when)[:6]


def test_zone_of_the_server_not_of_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "localtime").symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    monkeypatch.setenv("TZ", "America/New_York")
    with LocalZone(server_zone(Machine(os.fsencode(tmp_path)))):
        assert Stamps(WRITTEN).read(b"Nov 22 06:00:00 x")[0] == at("2026-11-21 21:00:00")
    assert os.environ["TZ"] == "America/New_York"
    assert server_zone(Machine(os.fsencode(tmp_path / "nowhere"))) == "UTC"


@pytest.mark.parametrize("name", ["Asia/Tokio", "Asia", "Nowhere", "europe berlin", ":/etc", "JST", "../../../etc/none", "Europe/Berlin\n"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="timezone: this host knows no zone"):
        server_zone(Machine(), name)


@pytest.mark.parametrize(
    ("name", "hours"), [("Asia/Tokyo", 9), (":Asia/Tokyo", 9), (":/usr/share/zoneinfo/Asia/Tokyo", 9), ("JST-9", 9), ("<+09>-09:00", 9), ("UTC", 0)]
)
def test_a_zone_that_was_asked_for(name: str, hours: int) -> None:
    with LocalZone(server_zone(Machine(), name)):
        assert Stamps(WRITTEN).read(b"Nov 22 06:00:00 x")[0] == at("2026-11-22 06:00:00") - hours * 3600


def test_other_locale() -> None:
    """A process whose locale is German reads the C library's English months all the same."""
    names = [name for name in ("de_DE.UTF-8", "de_DE.utf8", "C.UTF-8") if _has_locale(name)]
    code = (
        "import locale, sys; sys.path.insert(0, 'plugins'); locale.setlocale(locale.LC_ALL, '');"
        "from module_utils.host.stamps import Stamps; print(Stamps(1795348800).read(b'Mar  1 00:00:00 x')[0])"
    )
    environment = {**os.environ, "LC_ALL": names[0] if names else "C", "TZ": "UTC", "PYTHONPATH": str(REPOSITORY / "plugins" / "module_utils")}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, cwd=REPOSITORY, timeout=60, check=True)
    assert float(answer.stdout) == at("2026-03-01 00:00:00")


def _has_locale(name: str) -> bool:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_ALL, before)
    return True
