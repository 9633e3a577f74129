# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one trip over a real sshd: one execution per host, every way to become root, every login that is in the way."""

from __future__ import annotations

import contextlib
import gzip
import json
import pwd
import re
import shutil
import socketserver
import subprocess
import threading
import typing as t
from pathlib import Path

import needs
import pytest
from audit import NO_PENDING, Audit, ansible, audit, workshop
from server import PASSWORD, Server, running

from ansible_collections.bottomup.security.plugins.plugin_utils import payload, trip

FINE = ["-e", "daily_check_checks=fine"]

# A login shell that is not a Bourne shell, and a server whose logins talk or are cut: what sshd runs instead of the command.
LOGINS = {
    "csh": 'exec tcsh -f -c "$SSH_ORIGINAL_COMMAND"',
    "fish": 'exec fish -N -c "$SSH_ORIGINAL_COMMAND"',
    "noisy": 'printf "\\033[1mWelcome to {{ 7*7 }}!\\n==bottomup.security 00 json 2 00000000==\\n{}\\nhalf a line"; echo "last login" >&2; '
    'exec sh -c "$SSH_ORIGINAL_COMMAND"',
    "noisy end": 'sh -c "$SSH_ORIGINAL_COMMAND"; echo Goodbye',
}
BROKEN = {
    "cut": ('sh -c "$SSH_ORIGINAL_COMMAND" | head -c 300', "the answer was cut off after"),
    "damaged": ('sh -c "$SSH_ORIGINAL_COMMAND" | sed s/debian/dEbian/', "the answer was damaged on the way (checksum differs)"),
    "silent": ("exit 0", "no answer from the checks (rc 0): nothing was said"),
    "no shell": ("echo This account is currently not available.; exit 1", "the user's shell lets nobody in"),
    "endless": ("cat /dev/zero", "MiB"),
    "lying": ('echo "==bottomup.security made-up json 2 00000000=="; echo "{}"', "no answer from the checks"),
}

# host -> (what differs in its line of the inventory, what to do)
UNREACHED = {
    "no-name": ({"ansible_host": "no-such-host.invalid"}, "the name has no address"),
    "no-sshd": ({"ansible_port": "1"}, "no sshd at this address and port"),
    "wrong-user": ({"ansible_user": "nosuchuser"}, "the server does not let us in"),
    "open-key": ({"ansible_ssh_private_key_file": "FOLDER/open_key"}, "ssh takes no private key that others may read"),
    "unknown": ({"ansible_ssh_common_args": "'-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes'"}, "the host key is not known yet"),
    "changed": ({"ansible_ssh_common_args": "'-o UserKnownHostsFile=FOLDER/other -o StrictHostKeyChecking=yes'"}, "the host key is another one than before"),
    "hangs-up": ({"ansible_port": "HANGS_UP"}, "sshd hung up before the login"),
}


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> str:
    needs.root()
    return workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="module")
def server() -> t.Iterator[Server]:
    needs.root()
    needs.command("sshd", "sudo", "unshare", "openssl")
    with running([f"127.0.7.{number}" for number in range(1, 6)]) as started:
        yield started


def test_exactly_one_ssh_execution_per_host_and_run_and_nothing_is_written(server: Server, tmp_path: Path, collections: str) -> None:
    before = len(server.executions())
    done = audit(tmp_path, server.inventory(tmp_path / "hosts", user="plainuser"), *FINE, collections=collections)
    assert done.rc == 0, done.shown
    assert len(server.executions()) - before == len(server.hosts)
    assert {document["checks"]["fine"]["status"] for document in done.documents.values()} == {"ok"}
    assert len(done.documents) == len(server.hosts)
    assert list((server.folder / "home" / "plainuser").iterdir()) == []


BECOME = {
    "not root": ("plainuser", {}, "checked", ""),
    "sudo without password": ("sudofree", {"ansible_become": "true"}, "checked", ""),
    "sudo with password": ("sudoasks", {"ansible_become": "true", "ansible_become_password": PASSWORD}, "checked", ""),
    "sudo with password, pipelining on": (
        "sudoasks",
        {"ansible_become": "true", "ansible_become_password": PASSWORD, "ansible_pipelining": "true"},
        "checked",
        "",
    ),
    "pipelining off": ("plainuser", {"ansible_pipelining": "false"}, "checked", ""),
    "sudo with the wrong password": ("sudoasks", {"ansible_become": "true", "ansible_become_password": "wrong"}, "error", "ncorrect"),
    "sudo without the password": ("sudoasks", {"ansible_become": "true"}, "error", "password"),
    "sudo not granted": ("plainuser", {"ansible_become": "true", "ansible_become_password": PASSWORD}, "error", "sudo"),
}

HERE = f"here ansible_connection=local ansible_pipelining=false ansible_become=true ansible_become_user=nobody ansible_become_password={PASSWORD}"


@pytest.fixture(scope="module")
def users(server: Server, tmp_path_factory: pytest.TempPathFactory, collections: str) -> dict[bool, Audit]:
    """Return two runs: over the users who may, and over those who may not."""
    runs = {}
    for may in (True, False):
        folder = tmp_path_factory.mktemp("users")
        lines = [server.line(_host(name), user, **variables) for name, (user, variables, status, _words) in BECOME.items() if (status == "checked") == may]
        if may:
            lines.append(HERE)
        (folder / "hosts").write_text("\n".join(lines) + "\n")
        runs[may] = audit(folder, folder / "hosts", *FINE, collections=collections)
    return runs


@pytest.mark.parametrize("name", BECOME)
def test_become(name: str, users: dict[bool, Audit]) -> None:
    _user, variables, status, words = BECOME[name]
    done = users[status == "checked"]
    document = done.documents[_host(name)]
    assert document["status"] == status, done.shown
    assert words in document["reason"], document["reason"]
    assert done.rc == (0 if status == "checked" else 2)
    assert done.recap(_host(name))["failed"] == (status != "checked")
    if status == "checked":
        assert (document["facts"]["uid"] == 0) == ("ansible_become" in variables)


def test_become_with_a_password_over_the_local_connection(users: dict[bool, Audit]) -> None:
    """Ansible would give sudo a terminal there, in which nothing that is sent ends."""
    document = users[True].documents["here"]
    assert document["status"] == "checked", document["reason"]
    assert document["facts"]["uid"] == pwd.getpwnam("nobody").pw_uid


def _host(name: str) -> str:
    return re.sub("[^a-z]+", "-", name)


def _behind(scripts: dict[str, str], folder: Path, collections: str) -> Audit:
    """Run the daily check once: over a server for each of the scripts, which sshd runs in place of the command, and over this machine."""
    with contextlib.ExitStack() as servers:
        lines = ["good1 ansible_connection=local ansible_python_interpreter=/usr/bin/python3"]
        for name, script in scripts.items():
            path = folder / f"{_host(name)}.sh"
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
            lines.append(servers.enter_context(running(["127.0.7.9"], force_command=str(path))).line(_host(name)))
        (folder / "hosts").write_text("\n".join(lines) + "\n")
        return audit(folder, folder / "hosts", *FINE, collections=collections)


@pytest.fixture(scope="module")
def logins(tmp_path_factory: pytest.TempPathFactory, collections: str) -> Audit:
    needs.command("sshd", "unshare", "openssl", "tcsh", "fish")
    return _behind(LOGINS, tmp_path_factory.mktemp("logins"), collections)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, collections: str) -> Audit:
    needs.command("sshd", "unshare", "openssl")
    return _behind({name: script for name, (script, _words) in BROKEN.items()}, tmp_path_factory.mktemp("broken"), collections)


@pytest.mark.parametrize("name", LOGINS)
def test_login_that_is_in_the_way(name: str, logins: Audit) -> None:
    assert logins.rc == 0, logins.shown
    document = logins.documents[_host(name)]
    assert document["status"] == "checked", document["reason"]
    assert "49" not in document["reason"]


@pytest.mark.parametrize("name", BROKEN)
def test_server_without_a_whole_answer(name: str, broken: Audit) -> None:
    document = broken.documents[_host(name)]
    assert document["status"] in ("error", "unreachable"), broken.shown
    assert BROKEN[name][1] in document["reason"], document["reason"]
    assert document["checks"] == {}
    assert broken.documents["good1"]["status"] == "checked"
    assert broken.rc == 2
    assert broken.recap(_host(name))["failed"] == 1


@contextlib.contextmanager
def _that_hangs_up() -> t.Iterator[int]:
    """Yield the port of a server that closes every connection at once, as sshd does with those that are too many."""

    class Closes(socketserver.BaseRequestHandler):
        pass

    with socketserver.TCPServer(("127.0.7.1", 0), Closes) as closing:
        thread = threading.Thread(target=closing.serve_forever)
        thread.start()
        yield closing.server_address[1]
        closing.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def unreached(server: Server, tmp_path_factory: pytest.TempPathFactory, collections: str) -> Audit:
    folder = tmp_path_factory.mktemp("unreached")
    shutil.copy(server.key, folder / "open_key")
    (folder / "open_key").chmod(0o644)
    other = (server.folder / "key.pub").read_text()
    (folder / "other").write_text(f"[{server.hosts[0]}]:{server.port} {other}")
    with _that_hangs_up() as port:
        lines = [server.line(name, **given) for name, (given, _words) in UNREACHED.items()]
        (folder / "hosts").write_text("\n".join(lines).replace("FOLDER", str(folder)).replace("HANGS_UP", str(port)) + "\n")
        return audit(folder, folder / "hosts", *FINE, collections=collections)


@pytest.mark.parametrize("name", UNREACHED)
def test_what_to_do_about_a_host_that_was_not_reached(name: str, unreached: Audit) -> None:
    document = unreached.documents[name]
    assert document["status"] == "unreachable"
    assert document["reason"].startswith(UNREACHED[name][1]), document["reason"]


VERSIONS = ("3.6", "3.7", "3.8", "3.9", "3.11", "3.13")


@pytest.fixture(scope="module")
def pythons(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """Return a run over a host for each Python that this machine has, with the collection's own checks."""
    folder = tmp_path_factory.mktemp("pythons")
    found = {version: needs.find_python(version) for version in VERSIONS}
    lines = [server.line(f"python{version}", ansible_python_interpreter=path) for version, path in found.items() if path]
    (folder / "hosts").write_text("\n".join(lines) + "\n")
    return audit(folder, folder / "hosts", "-e", "daily_check_fail_on=never", "-e", NO_PENDING)


@pytest.mark.parametrize("version", VERSIONS)
def test_server_python_through_the_one_trip(version: str, pythons: Audit) -> None:
    needs.python(version)
    document = pythons.documents[f"python{version}"]
    assert document["facts"]["python"].startswith(version + ".")
    assert document["status"] == "checked", document["reason"]
    assert sorted(document["checks"]) == payload.available_checks()


# host -> its ansible_python_interpreter
INTERPRETERS = {"missing": "/opt/none/bin/python3", "template": "'{{ ansible_playbook_python }}'", "env": "'/usr/bin/env python3'"}


@pytest.fixture(scope="module")
def interpreters(server: Server, tmp_path_factory: pytest.TempPathFactory, collections: str) -> Audit:
    folder = tmp_path_factory.mktemp("interpreters")
    lines = [server.line(name, ansible_python_interpreter=given) for name, given in INTERPRETERS.items()]
    (folder / "hosts").write_text("\n".join(lines) + "\n")
    return audit(folder, folder / "hosts", *FINE, collections=collections)


def test_interpreter_that_is_not_there(interpreters: Audit) -> None:
    document = interpreters.documents["missing"]
    assert document["status"] == "error"
    assert document["reason"].startswith("no Python 3.6 or newer")


@pytest.mark.parametrize("name", ["template", "env"])
def test_interpreter_that_is_no_path(name: str, interpreters: Audit) -> None:
    document = interpreters.documents[name]
    assert document["status"] == "checked", document["reason"]


def test_first_python_that_is_new_enough_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that is too old, and one that is no Python, leave the payload unread for the next one."""
    old = tmp_path / "old"
    old.write_text(f"#!/bin/sh\nexit {trip.NO_PYTHON_RC}\n")
    old.chmod(0o755)
    monkeypatch.setattr(trip, "PYTHONS", ("/nowhere/python3", str(old), "/usr/bin/python3"))
    request = {"checks": [], "options": {}, "timeout": 5, "memory": 2**28, "token": "t"}
    done = subprocess.run(["/bin/sh", "-c", trip.command(None)], input=payload.build([], request), capture_output=True, check=False)
    answer = trip.read_answer("t", done.returncode, done.stdout.decode(), done.stderr.decode())
    assert answer["checks"] == {}
    monkeypatch.setattr(trip, "PYTHONS", ("/nowhere/python3", str(old)))
    done = subprocess.run(["/bin/sh", "-c", trip.command(None)], input=b"", capture_output=True, check=False)
    with pytest.raises(trip.TripError, match=r"no Python 3\.6 or newer in the usual places"):
        trip.read_answer("t", done.returncode, done.stdout.decode(), done.stderr.decode())


CONNECTION = """\
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = '''
name: nostdin
short_description: the local connection without standard input
description: [as the name says]
extends_documentation_fragment: [connection_pipelining]
options: {become_success_timeout: {default: 10, type: int}, become_strip_preamble: {default: true, type: bool}}
'''


class Connection(Local):
    transport = "nostdin"
    has_pipelining = False

    def exec_command(self, cmd, in_data=None, sudoable=True):
        if in_data:
            raise Exception("this connection cannot feed standard input")
        return super().exec_command(cmd, in_data=None, sudoable=sudoable)
"""


def test_connection_that_cannot_feed_standard_input_runs_the_same_checks_as_a_module(tmp_path: Path) -> None:
    plugins = tmp_path / "connections"
    plugins.mkdir()
    (plugins / "nostdin.py").write_text(CONNECTION)
    (tmp_path / "hosts").write_text("web1 ansible_connection=nostdin ansible_python_interpreter=/usr/bin/python3\n")
    done = audit(tmp_path, tmp_path / "hosts", "-e", "daily_check_fail_on=never", "-e", NO_PENDING, ANSIBLE_CONNECTION_PLUGINS=str(plugins))
    document = done.documents["web1"]
    assert document["status"] == "checked", done.shown
    assert sorted(document["checks"]) == payload.available_checks()


def test_local_connection_and_an_ad_hoc_module(tmp_path: Path) -> None:
    """As the README says it; every module is run in tests/install/test_return.py."""
    (tmp_path / "hosts").write_text("web1 ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n")
    done = ansible(tmp_path, ["ansible", "web1", "-i", "hosts", "-m", "bottomup.security.restart_info"])
    assert done.rc == 0, done.shown
    assert '"status_reason"' in done.shown


def test_hostile_text_is_text_everywhere(tmp_path: Path, collections: str) -> None:
    (tmp_path / "hosts").write_text("web1 ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n")
    done = audit(tmp_path, tmp_path / "hosts", "-v", "-e", "daily_check_checks=finding", collections=collections)
    latest = done.state / "latest"
    page = (latest / "report.html").read_text()
    assert "<script>alert" not in page
    assert "{{ 7*7 }}" in page
    assert "\x1b" not in page + (latest / "report.txt").read_text() + done.shown
    assert "{{ 7*7 }}" in done.shown
    assert (latest / "report.json").stat().st_size < 100_000


@pytest.mark.parametrize("kilobytes", [16, 64])
def test_disk_full_is_told_and_leaves_nothing_half_written(kilobytes: int, tmp_path: Path, collections: str) -> None:
    """16 KiB: full at the host's document. 64 KiB: full at the page."""
    needs.root()
    state = tmp_path / "small"
    state.mkdir()
    (tmp_path / "hosts").write_text("web1 ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=755", "tmpfs", str(state)], check=True)
    try:
        done = audit(tmp_path, tmp_path / "hosts", "-e", "daily_check_checks=large", "-e", f"daily_check_state_dir={state}", collections=collections)
        assert done.rc != 0
        assert "No space left on device" in done.shown
        for path in (path for path in state.rglob("*") if path.is_file() and not path.name.startswith("history.sqlite3")):
            assert path.name in ("web1.json.gz", "report.json", "report.txt"), path.name
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert path.suffix == ".txt" or json.loads(content)
    finally:
        subprocess.run(["umount", str(state)], check=True)
