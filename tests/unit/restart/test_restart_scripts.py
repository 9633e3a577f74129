# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Case 12: scripts of interpreters, found among their arguments and never executed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from restart_server import BOOT, Server

from ansible_collections.bottomup.security.plugins.module_utils.checks import restart_imports, restart_scripts
from ansible_collections.bottomup.security.plugins.module_utils.checks.restart_view import View, resolve


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


ARGUMENTS = [
    ("python3 /opt/app.py", b"/opt/app.py"),
    ("python3 -u -W ignore -X dev app.py --flag x.py", b"app.py"),
    ("python3 -c pass app.py", None),
    ("python3 -m http.server", None),
    ("python3 -Ic pass", None),
    ("python3 -Im module", None),
    ("python3 - arg", None),
    ("python3 -I -- app.py", b"app.py"),
    ("python3", None),
    ("/usr/libexec/platform-python -s /usr/sbin/firewalld --nofork", b"/usr/sbin/firewalld"),
    ("ruby -I lib -r set bin/puma", b"bin/puma"),
    ("ruby3.1 -e 1", None),
    ("perl -w -T /usr/sbin/spamd", b"/usr/sbin/spamd"),
    ("perl -lane print", None),
    ("php8.2 -d x=1 worker.php", b"worker.php"),
    ("php -S localhost:80", None),
    ("node --require x server.js", b"server.js"),
    ("node --inspect server.js", b"server.js"),
]


@pytest.mark.parametrize(("words", "script"), ARGUMENTS, ids=[f"case_12_{words}" for words, _script in ARGUMENTS])
def test_case_12_script_among_the_arguments(words: str, script: bytes | None) -> None:
    argv = words.encode().split(b" ")
    kind = restart_scripts._kind(argv[0])
    assert kind is not None
    assert restart_scripts.script_of(argv, kind) == script


@pytest.mark.parametrize("exe", [b"/bin/bash", b"/usr/bin/pythonista", b"/usr/sbin/nginx", b"", b"/usr/bin/perldoc"])
def test_case_12_no_interpreter(exe: bytes) -> None:
    assert restart_scripts._kind(exe) is None


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_case_12_arguments_of_a_stranger(argv: list[bytes]) -> None:
    for kind in restart_scripts.INTERPRETERS:
        found = restart_scripts.script_of(argv, kind)
        assert found is None or found in argv


def python(server: Server, argv: str, started: float, cwd: str = "/srv/app") -> list[str]:
    server.process(10, exe="/usr/bin/python3.11", argv=argv, started=started, comm="python3")
    # A process has memory, if only of its own.
    server.write("/proc/10/maps", b"7f00-7f01 r-xp 00000000 00:00 0 \n")
    server.link("/proc/10/cwd", cwd)
    return server.reasons(10)


@pytest.mark.parametrize("argv", ["python3 /srv/app/daemon.py", "python3 daemon.py", "python3 ../app/daemon.py"])
def test_case_12_replaced_after_the_start(server: Server, argv: str) -> None:
    server.write("/srv/app/daemon.py", b"import time\n")  # made now, with an old time: as a package does
    assert python(server, argv, BOOT + 10) == ["script"]
    assert server.run()["findings"][0]["severity"] == "low"


def test_case_12_started_after_the_replacement(server: Server) -> None:
    server.write("/srv/app/daemon.py", b"import time\n")
    assert python(server, "python3 daemon.py", time.time() + 5) == []


@pytest.mark.parametrize("argv", ["python3 /tmp/ansible-tmp-1/AnsiballZ_setup.py", "python3 missing.py", "python3 -c daemon.py"])
def test_case_12_nothing_to_say(server: Server, argv: str) -> None:
    server.write("/tmp/ansible-tmp-1/AnsiballZ_setup.py")
    assert python(server, argv, BOOT + 10) == []


def test_case_12_option_switches_it_off(server: Server) -> None:
    server.write("/srv/app/daemon.py", b"import time\n")
    python(server, "python3 daemon.py", BOOT + 10)
    assert server.run(scripts=False)["data"]["processes"] == []


def test_case_12_modules_beside_the_script_and_in_named_folders(server: Server) -> None:
    server.write("/srv/app/daemon.py", b"import sys, near\nsys.path.insert(0, '/srv/lib')\nfrom pack.part import x\nimport json\n__import__('never')\n")
    server.write("/srv/app/near.py", b"import second\n")
    server.write("/srv/app/second.py", b"import daemon\n")
    server.write("/srv/lib/pack/part.py")
    server.write("/srv/app/never.py")
    view = View(server.path(""), b"/", True)
    assert restart_imports.imported(view, b"/srv/app/daemon.py") == [b"/srv/app/near.py", b"/srv/app/second.py", b"/srv/lib/pack/part.py"]


def test_case_12_archive_of_java(server: Server) -> None:
    server.process(10, exe="/usr/lib/jvm/bin/java", argv="java -jar app.jar")
    server.write("/proc/10/maps", b"7f00-7f01 r-xp 00000000 00:00 0 \n")
    server.link("/proc/10/fd/4", "/opt/app/lib/log4j.jar (deleted)")
    server.link("/proc/10/fd/5", "/tmp/jna/x.jar (deleted)")
    server.link("/proc/10/fd/6", "/opt/app/app.jar")
    assert server.reasons(10) == ["jar"]


@pytest.mark.parametrize(("path", "inner"), [
    (b"/lib/x.so", b"/usr/lib/x.so"),
    (b"/a/../../../etc/x", b"/etc/x"),
    (b"/absolute/x", b"/etc/x"),
    (b"/upwards/x", b"/etc/x"),
    (b"/./usr//lib/x", b"/usr/lib/x"),
])
def test_links_of_a_container_stay_in_the_container(tmp_path: Path, path: bytes, inner: bytes) -> None:
    server = Server(tmp_path)
    server.link("/lib", "usr/lib")
    server.link("/absolute", "/etc")
    server.link("/upwards", "../../../../etc")
    assert resolve(server.path(""), path) == server.path("") + inner


def test_links_in_a_circle_end(server: Server) -> None:
    server.link("/a", "/b")
    server.link("/b", "/a")
    assert resolve(server.path(""), b"/a/x") is None
