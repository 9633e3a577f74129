# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real journal files, a real rsyslogd, the real logwatch, an ordinary user, the oldest Python, the module through Ansible."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import conftest
import needs
import pytest
import yaml

from ansible_collections.bottomup.security.plugins.module_utils.checks import log_digest
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
from ansible_collections.bottomup.security.plugins.modules import log_digest_info

REMOTE = Path("/lib/systemd/systemd-journal-remote")
FAILED = "Failed password for root from 198.51.100.9 port 4022 ssh2"

RUN = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.bottomup.security.plugins.module_utils.checks.log_digest import run
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
resource.setrlimit(resource.RLIMIT_DATA, (256 << 20, 256 << 20))
print(json.dumps(run(json.loads(sys.argv[2]), Machine())))
"""


def run_in(python: str, options: dict[str, Any], user: int | None = None) -> dict[str, Any]:
    """Run the check in an interpreter of its own, within the engine's limits."""
    argv = [python, "-c", RUN, str(conftest.COLLECTIONS), json.dumps(options)]
    answer = subprocess.run(argv, capture_output=True, timeout=120, user=user, group=user, extra_groups=[] if user else None, cwd="/", check=False)
    assert answer.returncode == 0, answer.stderr.decode()
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


def write_journal(folder: Path, entries: list[tuple[float, str, str, dict[str, str]]], name: str = "system") -> Path:
    """Write real journal files from (when, program, message, fields)."""
    if not REMOTE.exists():
        needs.missing("needs systemd-journal-remote")
    needs.command("journalctl")
    folder.mkdir(exist_ok=True)
    export = folder.parent / f"{name}.export"
    start = entries[0][0]
    with export.open("wb") as stream:
        for when, program, message, fields in entries:
            rows = {
                "__REALTIME_TIMESTAMP": str(int(when * 1e6)),
                "__MONOTONIC_TIMESTAMP": str(int((when - start + 7200) * 1e6)),
                "_BOOT_ID": f"{7:032x}",
                "_MACHINE_ID": f"{8:032x}",
                "PRIORITY": "6",
                "SYSLOG_IDENTIFIER": program,
                "_UID": "0",
                "_PID": "1",
                "_TRANSPORT": "syslog",
                **fields,
            }
            stream.write("".join(f"{key}={value}\n" for key, value in rows.items()).encode())
            data = message.encode("utf-8", "surrogateescape")
            stream.write(b"MESSAGE\n" + len(data).to_bytes(8, "little") + data + b"\n\n")
    place = folder / f"{name}.journal"
    subprocess.run([str(REMOTE), "-o", str(place), str(export)], check=True, capture_output=True, timeout=60)
    return place


def day(now: float) -> list[tuple[float, str, str, dict[str, str]]]:
    return [(now - 86400 + number * 600, "CRON", "(root) CMD (true)", {}) for number in range(144)]


def test_journal_files(tmp_path: Path) -> None:
    now = time.time()
    story = [
        (now - 900, "sshd", FAILED, {}),
        (now - 800, "sshd", FAILED.replace("root", "\udcff\n\x1b[31m"), {}),
        (now - 700, "sshd", "x" * 100000, {}),
        (now - 600, "sshd", "Accepted password for root from 8.8.4.4 port 22 ssh2", {}),
        (now - 500, "sshd", "Accepted password for root from 9.9.9.9 port 22 ssh2", {"_UID": "1000", "_EXE": "/usr/bin/logger"}),
        (now - 400, "kernel", "Out of memory: Killed process 42 (java) total-vm:8kB", {"_TRANSPORT": "kernel"}),
    ]
    write_journal(tmp_path / "journal", day(now) + story)
    result = run_in(sys.executable, {"journal_dir": str(tmp_path / "journal")})
    assert [one["rule"] for one in result["findings"]] == ["log_digest.forged_messages", "log_digest.oom", "log_digest.root_password_login"]
    assert result["data"]["logins"]["failed_total"] == 2
    assert result["data"]["lines"] == 150 or result["data"]["lines"] == 149  # the first entry is a day old to the second
    assert result["data"]["sources"][0]["too_long"] == 1
    assert "\x1b" not in json.dumps(result, ensure_ascii=False)


def test_journal_window(tmp_path: Path) -> None:
    now = 1790000000
    write_journal(tmp_path / "journal", [(now + number, "sshd", FAILED, {}) for number in range(0, 36000, 60)])
    options = {"journal_dir": str(tmp_path / "journal"), "since": "2026-09-21T16:00:00Z", "until": "2026-09-21T17:00:00Z"}
    first = 1790006400  # 16:00:00
    expected = sum(first <= now + number <= first + 3600 for number in range(0, 36000, 60))
    assert run_in(sys.executable, options)["data"]["logins"]["failed_total"] == expected == 60


def test_damaged_journal_is_not_clean(tmp_path: Path) -> None:
    now = time.time()
    place = write_journal(tmp_path / "journal", day(now) + [(now - number, "sshd", FAILED + str(number), {}) for number in range(3000, 0, -1)])
    size = place.stat().st_size
    with place.open("r+b") as stream:
        for offset in range(size // 3, size // 2, 512):
            stream.seek(offset)
            stream.write(b"\xa5" * 400)
    result = run_in(sys.executable, {"journal_dir": str(tmp_path / "journal")})
    assert result["status"] == "incomplete"


def test_truncated_and_empty_journal(tmp_path: Path) -> None:
    now = time.time()
    place = write_journal(tmp_path / "journal", day(now))
    os.truncate(place, 1000)
    assert run_in(sys.executable, {"journal_dir": str(tmp_path / "journal")})["status"] == "incomplete"
    (tmp_path / "empty").mkdir()
    assert run_in(sys.executable, {"journal_dir": str(tmp_path / "empty")})["status"] == "incomplete"


def test_ordinary_user_sees_that_he_does_not_see(tmp_path: Path) -> None:
    needs.root()
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    logs = tmp_path / "log"
    logs.mkdir()
    (logs / "syslog").write_text(time.strftime("%b %e %H:%M:%S web1 CRON[1]: (root) CMD (true)\n"))
    (logs / "auth.log").write_text(time.strftime(f"%b %e %H:%M:%S web1 sshd[1]: {FAILED}\n"))
    (logs / "auth.log").chmod(0o600)
    if not Path("/usr/bin/python3").exists():
        needs.missing("needs the system's Python, which every user may run")
    result = run_in("/usr/bin/python3", {"log_dir": str(logs), "since": "1h"}, user=65534)
    assert result["status"] == "incomplete"
    assert "auth.log: Permission denied" in result["status_reason"]
    assert result["data"]["lines"] == 1


def test_real_rsyslogd(tmp_path: Path) -> None:
    """What rsyslogd itself writes, in its old and its new format."""
    needs.root()
    needs.command("rsyslogd")
    for form in ("RSYSLOG_TraditionalFileFormat", "RSYSLOG_FileFormat", "RSYSLOG_SyslogProtocol23Format"):
        folder = tmp_path / form
        folder.mkdir()
        (folder / "conf").write_text(
            f'module(load="imuxsock" SysSock.Use="off")\n'
            f'input(type="imuxsock" Socket="{folder}/socket" UseSysTimeStamp="off")\n'
            f'auth,authpriv.* action(type="omfile" file="{folder}/auth.log" template="{form}")\n'
            f'*.*;auth,authpriv.none action(type="omfile" file="{folder}/syslog" template="{form}")\n'
        )
        daemon = subprocess.Popen(
            ["/usr/sbin/rsyslogd", "-n", "-f", str(folder / "conf"), "-i", str(folder / "pid")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            send(folder / "socket", [(86, f"sshd[{100 + number}]: {FAILED}") for number in range(20)] + [(78, "CRON[7]: (root) CMD (true)")] * 3)
            wait_for(lambda place=folder / "auth.log": place.exists() and place.read_bytes().count(b"\n") >= 1)
            time.sleep(0.5)
        finally:
            daemon.terminate()
            daemon.wait(30)
        result = log_digest.run({"log_dir": str(folder), "since": "1h"}, Machine())
        text = (folder / "auth.log").read_text()
        repeated = sum(int(line.split("message repeated ")[1].split()[0]) for line in text.splitlines() if "message repeated " in line)
        plain = sum("Failed password" in line and "message repeated" not in line for line in text.splitlines())
        assert result["data"]["logins"]["failed_total"] == plain + repeated == 20
        assert result["data"]["cron"]["jobs_started"] == 3
        assert result["data"]["unparsed"]["total"] == 0
        assert result["status"] == "ok", result["status_reason"]


def send(place: Path, messages: list[tuple[int, str]]) -> None:
    wait_for(place.exists)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.connect(str(place))
        for priority, message in messages:
            client.send(f"<{priority}>{time.strftime('%b %e %H:%M:%S')} {message}".encode())


def wait_for(true: Any) -> None:
    for _turn in range(200):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within 20 s")


def test_real_logwatch() -> None:
    needs.command("logwatch")
    result = run_in(sys.executable, {"logwatch": True})
    logwatch = result["data"]["logwatch"]
    if logwatch and logwatch["sections"]:
        assert all(section["name"] and section["lines"] for section in logwatch["sections"])
    else:
        assert "logwatch" in result["status_reason"]


@pytest.mark.parametrize("version", ["3.6", "3.9", "3.12"])
def test_python(version: str, tmp_path: Path) -> None:
    """The same answer from the oldest Python as from this one."""
    now = time.time() // 60 * 60
    lines = [f"{time.strftime('%b %e %H:%M:%S', time.localtime(now - number))} web1 sshd[1]: {FAILED}\n" for number in range(3000, 0, -1)]
    (tmp_path / "auth.log").write_text("".join(lines))
    options = {"log_dir": str(tmp_path), "since": "2h"}
    old, new = run_in(needs.python(version), options), run_in(sys.executable, options)
    for answer in (old, new):
        answer["data"].pop("window")
    assert old == new
    assert old["data"]["logins"]["failed_total"] == 3000


def test_this_server() -> None:
    """Here, now: whatever the status, it has a reason, and nothing was changed."""
    result = run_in(sys.executable, {})
    assert result["status"] in ("ok", "findings", "incomplete")
    assert bool(result["status_reason"]) == (result["status"] == "incomplete")
    assert any(disk["mount"] == "/" and disk["size_bytes"] > 0 and 0 <= disk["used_percent"] <= 100 for disk in result["data"]["disks"])


def test_layout_of_timex() -> None:
    """The check reads the status at the fifth long; the tick, three fields and a time later, is about a hundredth of a second on every Linux."""
    timex = (ctypes.c_long * 64)()
    assert ctypes.CDLL(None).adjtimex(timex) >= 0
    assert 9000 <= timex[11] <= 11000
    assert ctypes.c_int.from_buffer(timex, 5 * ctypes.sizeof(ctypes.c_long)).value >= 0


def test_module_returns_what_it_documents(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(time.strftime(f"%b %e %H:%M:%S web1 sshd[1]: {FAILED}\n"))
    environment = {
        **os.environ,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
    }
    answer = subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible"),
            "localhost",
            "-o",
            "-c",
            "local",
            "-e",
            f"ansible_python_interpreter={sys.executable}",
            "-m",
            "bottomup.security.log_digest_info",
            "-a",
            f"log_dir={tmp_path} since=1h",
        ],
        capture_output=True,
        timeout=120,
        env=environment,
        check=False,
    )
    assert b"SUCCESS => " in answer.stdout, answer.stdout + answer.stderr
    result = json.loads(answer.stdout.split(b"=> ", 1)[1])
    assert result["changed"] is False
    documented = yaml.safe_load(log_digest_info.RETURN)
    types = {"str": str, "int": int, "list": list, "dict": dict}
    for name, about in documented.items():
        assert isinstance(result[name], types[about["type"]]), name
    contained = documented["data"]["contains"]
    assert set(result["data"]) <= set(contained)
    for name, about in contained.items():
        if about["returned"] == "when the options are valid":
            assert isinstance(result["data"][name], types[about["type"]]), name
