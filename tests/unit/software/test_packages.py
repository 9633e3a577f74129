# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dpkg and rpm have installed, which streams and repositories are enabled, what is held."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from software_server import Server, answer, rules, stanza

from ansible_collections.bottomup.security.plugins.module_utils.checks import software_dpkg, software_held, software_repositories, software_rpm
from ansible_collections.bottomup.security.plugins.module_utils.checks.software_text import plain, sections

DPKG = {
    "case 15: a library is of its source": (stanza("libssl3", "3.0.17-1", source="openssl"), ["libssl3", "3.0.17-1", "amd64", "openssl", "3.0.17-1", "ii"]),
    "case 15: binNMU has the version of its source": (
        stanza("libx", "1:2.0-1+b3", source="x (1:2.0-1)"), ["libx", "1:2.0-1+b3", "amd64", "x", "1:2.0-1", "ii"]),
    "no source named": (stanza("bash", "5.2-1"), ["bash", "5.2-1", "amd64", "bash", "5.2-1", "ii"]),
    "case 17: only its settings are left": (stanza("old", status="deinstall ok config-files"), None),
    "never installed": ("Package: never\nStatus: unknown ok not-installed\nPriority: optional\n\n", None),
    "held": (stanza("kept", status="hold ok installed"), ["kept", "1.0-1", "amd64", "kept", "1.0-1", "hi"]),
    "triggers are still to be run": (stanza("man-db", status="install ok triggers-pending"), ["man-db", "1.0-1", "amd64", "man-db", "1.0-1", "it"]),
    "shell and HTML in a name": (stanza("$(id)<b>", "1&2"), ["$(id)<b>", "1&2", "amd64", "$(id)<b>", "1&2", "ii"]),
    "control characters": (stanza("a\x1b[31m", "1"), ["a\\x1b[31m", "1", "amd64", "a\\x1b[31m", "1", "ii"]),
}


@pytest.mark.parametrize(("status", "row"), DPKG.values(), ids=list(DPKG))
def test_dpkg_row(tmp_path: Path, status: str, row: list[str] | None) -> None:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("first") + status)
    result = server.check()
    expected = [["first", "1.0-1", "amd64", "first", "1.0-1", "ii"]] + ([row] if row else [])
    assert sorted(result["data"]["packages"]["rows"]) == sorted(expected)
    assert result["data"]["packages"]["manager"] == "dpkg"
    assert "software.packages_broken" not in rules(result)


def test_two_architectures_of_one_package_are_two(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("libc6") + stanza("libc6", arch="i386"))
    assert [row[2] for row in server.check()["data"]["packages"]["rows"]] == ["amd64", "i386"]


@pytest.mark.parametrize("status", ["install ok half-configured", "install ok unpacked", "install reinstreq half-installed", "install reinstreq installed"])
def test_interrupted_dpkg_is_a_finding(tmp_path: Path, status: str) -> None:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("first") + stanza("broken", status=status))
    result = server.check()
    found = next(item for item in result["findings"] if item["rule"] == "software.packages_broken")
    assert found["severity"] == "high" and "broken" in found["title"]
    assert found["remedy"]["commands"][0] == "dpkg --configure -a"


def test_the_journal_of_dpkg_overrides_its_status_file(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("nginx", "1.0-1") + stanza("other"))
    server.write("/var/lib/dpkg/updates/0000", stanza("nginx", "1.0-2", status="install ok unpacked"))
    server.write("/var/lib/dpkg/updates/0001", stanza("nginx", "1.0-2"))
    result = server.check()
    assert [row[1] for row in result["data"]["packages"]["rows"] if row[0] == "nginx"] == ["1.0-2"]
    assert "software.packages_broken" in rules(result)


def test_a_dpkg_that_is_at_work_is_no_finding(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("nginx", status="install ok half-configured"))
    lock = server.write("/var/lib/dpkg/lock")
    server.write("/proc/locks", f"1: POSIX  ADVISORY  WRITE 1234 fe:01:{lock.stat().st_ino} 0 EOF\n")
    result = server.check()
    assert "software.packages_broken" not in rules(result)
    assert result["status"] == "incomplete" and "at this moment" in result["status_reason"]


def test_a_damaged_status_file_is_said(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("good") + "Package: half\nStatus: install ok installed\nArchi")
    result = server.check()
    assert [row[0] for row in result["data"]["packages"]["rows"]] == ["good"]
    assert result["status"] == "incomplete" and "1 entries" in result["status_reason"]


def test_no_package_manager_is_incomplete_not_ok(tmp_path: Path) -> None:
    result = Server(tmp_path).check()
    assert result["status"] == "incomplete" and result["data"]["packages"] == {"manager": "", "rows": []}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=400))
def test_any_status_file_is_read(tmp_path: Path, junk: bytes) -> None:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", b"Package: a\n" + junk)
    rows, _findings, _problems = software_dpkg.read(server.machine())
    json.dumps(rows)
    assert all(len(row) == 6 and all(field.isprintable() or "\\" in field for field in row) for row in rows)


RPM = "nginx\t2\t1.26.2\t1.module_el9.4.0+1+abc\tx86_64\tnginx-1.26.2-1.src.rpm\tnginx:1.26:9:abc\tAlmaLinux\n"


def alma(tmp_path: Path, out: str = RPM, err: str = "", rc: int = 0) -> Server:
    server = Server(tmp_path, "almalinux")
    server.write("/var/lib/rpm/rpmdb.sqlite", "SQLite")
    server.program("rpm")
    server.says[b"-qa"] = answer(out, rc, err)
    return server


def test_rpm_rows_are_sorted_and_keys_left_out(tmp_path: Path) -> None:
    key = "gpg-pubkey\t0\t1\t2\t(none)\t(none)\t(none)\t(none)\n"
    bash = "bash\t0\t5.1.8\t9.el9\tx86_64\tbash-5.1.8-9.el9.src.rpm\t(none)\tAlmaLinux\n"
    rows = alma(tmp_path, RPM + key + bash).check()["data"]["packages"]["rows"]
    assert rows == [bash.strip().split("\t"), RPM.strip().split("\t")]


def test_el7_knows_no_module_label(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.says = {b"MODULARITYLABEL": answer("", 1, 'error: incorrect format: unknown tag: "MODULARITYLABEL"'),
                   b"(none)": answer(RPM.replace("nginx:1.26:9:abc", "(none)"))}
    result = server.check()
    assert result["data"]["packages"]["rows"][0][6] == "(none)"
    assert "software.packages_broken" not in rules(result)


def test_corrupt_rpm_database_keeps_what_can_be_read(tmp_path: Path) -> None:
    server = alma(tmp_path, err="error: sqlite failure: database disk image is malformed\n", rc=1)
    result = server.check()
    assert result["status"] == "incomplete" and "malformed" in result["status_reason"]
    assert "software.packages_broken" in rules(result) and len(result["data"]["packages"]["rows"]) == 1


def test_more_than_rpm_can_have_is_cut_and_said(tmp_path: Path) -> None:
    server = alma(tmp_path, "".join(f"p{n}\t0\t1\t1\tnoarch\ts-1-1.src.rpm\t(none)\tx\n" for n in range(60_000)))
    result = server.check()
    assert result["status"] == "incomplete" and "more than 40000 lines, the others were not read" in result["status_reason"]
    assert len(result["data"]["packages"]["rows"]) == 20_000


@pytest.mark.parametrize("flood", ["\t" * 7 + "\n", "\n", "a\tb\n", "\0", "x"])
def test_a_flood_from_rpm_does_not_cost_the_rest_of_the_check(tmp_path: Path, flood: str) -> None:
    """What software_rpm.OUTPUT_LIMIT lets through is not held as so many rows."""
    server = alma(tmp_path, RPM + flood * (software_rpm.OUTPUT_LIMIT // len(flood)))
    machine = server.machine()
    tracemalloc.start()
    try:
        rows, _findings, problems = software_rpm.read(machine)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert RPM.strip().split("\t") in rows and problems
    assert peak < 128 << 20


def test_rpm_that_hangs_is_said(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.says[b"-qa"] = answer(RPM, -9, "", timed_out=True)
    result = server.check()
    assert "did not answer" in result["status_reason"] and "software.packages_broken" not in rules(result)


def test_alma_with_dpkg_beside_lives_by_rpm(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("dash"))
    assert server.check()["data"]["packages"]["manager"] == "rpm"


def test_debian_with_rpm_beside_lives_by_dpkg(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.write("/etc/os-release", "ID=debian\n")
    server.write("/var/lib/dpkg/status", stanza("dash"))
    assert server.check()["data"]["packages"]["manager"] == "dpkg"


def test_enabled_streams(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.write("/etc/dnf/modules.d/ruby.module", "[ruby]\nname=ruby\nstream=3.3\nprofiles=\nstate=enabled\n")
    server.write("/etc/dnf/modules.d/php.module", "[php]\nname=php\nstream=8.2\nstate=disabled\n")
    server.write("/usr/lib/sysimage/libdnf5/modules.toml", 'version = "1.0"\n[modules]\n[modules.nodejs]\nenabled_stream = "20"\nstate = "Enabled"\n')
    assert software_rpm.modules_enabled(server.machine()) == ["nodejs:20", "ruby:3.3"]


def test_repositories_of_dnf(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.write("/etc/yum.repos.d/a.repo", "[baseos]\nname=Base\nmirrorlist=https://m/x\n[off]\nenabled=0\nbaseurl=http://o\n"
                                            "[own]\nname = Own\nbaseurl=https://joe:secret@r.example/el9\n  https://second\n")
    found = software_repositories.rpm(server.machine())
    assert [row["id"] for row in found] == ["baseos", "own"]
    assert found[1]["url"] == "https://joe:[redacted]@r.example/el9"


def test_repositories_of_apt(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.write("/etc/apt/sources.list", "# deb http://no/ x main\ndeb [arch=amd64 signed-by=/k] http://deb.debian.org/debian bookworm main contrib\n"
                                          "deb-src http://src/ x main\n")
    server.write("/etc/apt/sources.list.d/s.sources", "Types: deb\nURIs: http://security/\nSuites: a b\nComponents: main\n\n"
                                                      "Types: deb\nEnabled: no\nURIs: http://off/\nSuites: c\n")
    assert [row["id"] for row in software_repositories.apt(server.machine())] == ["deb.debian.org/debian bookworm", "security a", "security b"]


def test_held_packages(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.write("/etc/dnf/plugins/versionlock.list", "# Added\nnginx-2:1.26.2-1.el9.*\n!bad-0:1-1.*\n0:kernel-5.14.0-1.el9.*\n")
    server.write("/etc/dnf/versionlock.toml", '[[packages]]\nname = "ruby"\n')
    assert software_held.of_rpm(server.machine()) == ["kernel", "nginx", "ruby"]
    held = next(item for item in server.check()["findings"] if item["rule"] == "software.held")
    assert held["severity"] == "low" and held["remedy"]["commands"] == ["dnf versionlock delete kernel nginx ruby"]


def test_a_held_package_with_a_hostile_name_is_quoted() -> None:
    found = software_held.findings("dpkg", ["a;reboot", "b"], [], {"a;reboot"})
    assert found[0]["severity"] == "medium" and found[0]["remedy"]["commands"] == ["apt-mark unhold 'a;reboot'"]


def test_the_same_server_says_the_same(tmp_path: Path) -> None:
    server = alma(tmp_path, "".join(f"p{n}\t0\t{n}\t1\tnoarch\ts{n % 3}-1-1.src.rpm\t(none)\tx\n" for n in range(40)))
    assert json.dumps(server.check()) == json.dumps(server.check())


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6))
def test_plain_fields_are_printable_and_as_many(fields: list[bytes]) -> None:
    found = plain(fields)
    assert len(found) == len(fields)
    assert not any(character in field for field in found for character in "\x00\n\r\t\x1b")


def test_sections_of_a_settings_file() -> None:
    raw = b"top=1\n[main]\n# no\nExclude=a\n  b\r\nkey = v = w\n[next]\n"
    assert sections(raw) == [(b"", {b"top": b"1"}), (b"main", {b"exclude": b"a b", b"key": b"v = w"}), (b"next", {})]


def test_nothing_is_executed_but_known_commands(tmp_path: Path) -> None:
    server = alma(tmp_path)
    server.check()
    assert [os.path.basename(line.split()[0]) for line in server.asked] == [b"rpm"]
