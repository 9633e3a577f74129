# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log digest costs: a rotated, packed /var/log against logwatch, a busy day's journal against journalctl alone.

CPU seconds are user and system time of the command and all its children; memory is the largest resident size of the check's own process.
The check runs with the distribution's Python where there is one, as on a server; logwatch with the distribution's Perl.
The logs are made up (seed 7): a week of a server on the internet, guessed at by robots, with firewall, cron, mail and an application.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import conftest

DAYS = 7
USERS = ["root", "admin", "test", "oracle", "ubuntu", "git", "pi", "postgres"]
SAMPLE = 20
LOGWATCH = ["/usr/sbin/logwatch", "--service", "All", "--range", "all", "--archives", "--numeric", "--output", "stdout", "--logdir"]
REMOTE = "/lib/systemd/systemd-journal-remote"
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable

CHECK = """
import json, os, resource, sys
sys.path.insert(0, {collections!r})
from ansible_collections.bottomup.security.plugins.module_utils.checks import log_digest
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine
resource.setrlimit(resource.RLIMIT_DATA, (256 << 20, 256 << 20))
result = log_digest.run(json.loads(sys.argv[1]), Machine())
own = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
print(json.dumps({{"status": result["status"], "reason": result["status_reason"], "lines": result["data"]["lines"], "rss_kb": own,
                  "failed": result["data"]["logins"]["failed_total"], "bytes": len(json.dumps(result))}}))
"""


class Traffic:
    """Makes up messages: (program, message)."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        self.users = USERS + [f"u{self.random.randrange(1 << 20):05x}" for _unused in range(3000)]
        self.addresses = [".".join(str(self.random.randrange(1, 224)) for _unused in range(4)) for _unused in range(4000)]
        self.failed = 0

    def secure(self) -> tuple[str, str]:
        pick, pid, port = self.random.random(), self.random.randrange(1000, 99999), self.random.randrange(1024, 65535)
        user, address = self.random.choice(self.users), self.random.choice(self.addresses)
        if pick < 0.30:
            self.failed += 1
            who = "root" if pick < 0.08 else f"invalid user {user}"
            return f"sshd[{pid}]", f"Failed password for {who} from {address} port {port} ssh2"
        if pick < 0.45:
            return f"sshd[{pid}]", f"Invalid user {user} from {address} port {port}"
        if pick < 0.60:
            return f"sshd[{pid}]", f"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={address} "
        if pick < 0.80:
            return f"sshd[{pid}]", f"Connection closed by invalid user {user} {address} port {port} [preauth]"
        if pick < 0.95:
            return f"CRON[{pid}]", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"
        if pick < 0.97:
            return (
                f"sshd[{pid}]",
                f"Accepted publickey for deploy from 203.0.113.{pid % 5} port {port} ssh2: ED25519 SHA256:0WZfFZRZ6NvWQ5PVSb8oAgM5j0qQ3k0Zyq0w3c1c0vM",
            )
        return "sudo", f"  deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/bin/systemctl restart app{pid % 20}"

    def messages(self) -> tuple[str, str]:
        pick, pid, number = self.random.random(), self.random.randrange(1000, 99999), self.random.randrange(1 << 30)
        address = self.random.choice(self.addresses)
        if pick < 0.15:
            return f"CROND[{pid}]", "(root) CMD (run-parts /etc/cron.hourly)"
        if pick < 0.25:
            return "systemd[1]", f"Started session-{pid}.scope - Session {pid} of User deploy."
        if pick < 0.35:
            return "systemd[1]", "phpsessionclean.service: Deactivated successfully."
        if pick < 0.60:
            return "kernel", (
                f"[{number // 100}.{number % 1000000:06d}] [UFW BLOCK] IN=eth0 OUT= MAC=00:16:3e:{number % 256:02x}:aa:bb SRC={address} DST=192.0.2.1 "
                f"LEN=40 TOS=0x00 PREC=0x00 TTL={pid % 250} ID={number % 65535} PROTO=TCP SPT={number % 60000} DPT={pid % 10000} WINDOW=1024 RES=0x00 SYN"
            )
        if pick < 0.80:
            return f"rails[{pid}]", f"[{number:016x}] Completed 200 OK in {pid % 500}ms (Views: {pid % 90}.{pid % 9}ms | ActiveRecord: 3.{pid % 8}ms)"
        if pick < 0.90:
            return f"postfix/smtpd[{pid}]", f"connect from unknown[{address}]"
        if pick < 0.98:
            return "dhclient[700]", f"DHCPREQUEST for 192.0.2.{pid % 250} on eth0 to 192.0.2.254 port 67"
        return (
            "kernel",
            f"[{number // 100}.000003] ruby[{pid}]: segfault at {number:x} ip 00007f1c2a4b1c2d sp 00007ffd0a0b error 4 in libruby.so.3.1[7f1c2a400000+300000]",
        )


def day_lines(make: Callable[[], tuple[str, str]], start: int, size: int, line: int) -> Iterator[bytes]:
    """Yield blocks of about ``size`` bytes of lines over one day."""
    count = size // line
    minute, words = -1, ""
    block: list[str] = []
    for number in range(count):
        when = start + 86400 * number // count
        if when != minute:
            minute, words = when, time.strftime("%b %e %H:%M:%S", time.localtime(when))
        program, message = make()
        block.append(f"{words} web1 {program}: {message}\n")
        if len(block) == 20000:
            yield "".join(block).encode()
            block.clear()
    yield "".join(block).encode()


def write_logs(folder: Path, megabytes: int, dateext: bool = True) -> dict[str, int]:
    """Write a week of secure and messages: the two newest plain, the others packed; named by date, or by number as logwatch needs it."""
    traffic, now, lines = Traffic(), int(time.time()), 0
    for name, make, width in (("secure", traffic.secure, 97), ("messages", traffic.messages, 140)):
        for day in range(DAYS):
            mark = "-" + time.strftime("%Y%m%d", time.localtime(now - 86400 * (day - 1))) if dateext else f".{day}"
            place = folder / (name if day == 0 else name + mark + (".gz" if day > 1 else ""))
            with gzip.open(place, "wb", 6) if day > 1 else place.open("wb") as stream:
                for block in day_lines(make, now - 86400 * (day + 1), megabytes * 1000000 // 2 // DAYS, width):
                    stream.write(block)
                    lines += block.count(b"\n")
            os.utime(place, (now - 86400 * day,) * 2)
    return {"lines": lines, "failed": traffic.failed, "bytes_on_disk": sum(place.stat().st_size for place in folder.iterdir())}


def write_journal(folder: Path, entries: int) -> None:
    """Write a day of the same traffic as journal files, with the fields that journald adds."""
    traffic, start = Traffic(), (int(time.time()) - 86400) * 1000000
    source = folder.parent / "day.export"
    with source.open("wb") as stream:
        for number in range(entries):
            program, message = traffic.secure() if traffic.random.random() < 0.4 else traffic.messages()
            name, _bracket, pid = program.partition("[")
            when = start + 86400 * 1000000 * number // entries
            rows = [
                f"__REALTIME_TIMESTAMP={when}",
                f"__MONOTONIC_TIMESTAMP={10**9 + when - start}",
                f"_BOOT_ID={1:032x}",
                f"_MACHINE_ID={2:032x}",
                "_HOSTNAME=web1",
            ]
            rows += [f"SYSLOG_IDENTIFIER={name}", "PRIORITY=6", "SYSLOG_FACILITY=3"]
            if name == "kernel":
                rows += ["MESSAGE=" + message.split("] ", 1)[1], "_TRANSPORT=kernel"]
            else:
                rows += [
                    f"MESSAGE={message}",
                    "_TRANSPORT=syslog",
                    f"_PID={pid.rstrip(']') or 777}",
                    f"_COMM={name}",
                    f"_EXE=/usr/sbin/{name}",
                    f"_CMDLINE=/usr/sbin/{name} -D",
                ]
                rows += ["_UID=0", "_GID=0", "_CAP_EFFECTIVE=1ffffffffff", f"_SYSTEMD_UNIT={name}.service", f"_SYSTEMD_CGROUP=/system.slice/{name}.service"]
                rows += ["_SYSTEMD_SLICE=system.slice", f"_SYSTEMD_INVOCATION_ID={3:032x}", f"_SOURCE_REALTIME_TIMESTAMP={when - 100}"]
            stream.write(("\n".join(rows) + "\n\n").encode())
    subprocess.run([REMOTE, "-o", str(folder / "day.journal"), str(source)], check=True, capture_output=True)
    source.unlink()


def cpu(argv: list[str], **options: Any) -> tuple[float, bytes]:
    """Run a command; return its CPU seconds with those of all its children, and its output."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(argv, stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **options)
        _pid, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        if status:
            raise SystemExit(f"{argv[0]} ended with {status}")
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, out.read()


def check(options: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    seconds, out = cpu([PYTHON, "-c", CHECK.format(collections=str(conftest.COLLECTIONS)), json.dumps({"time_limit": 3600, "since": "all", **options})])
    return seconds, json.loads(out)


def checked(folder: Path, made: dict[str, int]) -> tuple[float, dict[str, Any]]:
    """Run the check over a folder of logs; its counts must be those of the traffic."""
    seconds, answer = check({"log_dir": str(folder)})
    if answer["lines"] != made["lines"] or answer["failed"] != made["failed"]:
        raise SystemExit(f"the digest has {answer}, the logs have {made}")
    return seconds, answer


def bench_files(work: Path, megabytes: int) -> tuple[list[list[Any]], str]:
    """Run the check over a week of logs, and it and logwatch over a smaller week of the same traffic."""
    logs, sample = work / "log", work / "sample"
    logs.mkdir()
    sample.mkdir()
    made = write_logs(logs, megabytes)
    seconds, answer = checked(logs, made)
    lines = made["lines"]
    rows = [["log digest", lines, seconds, seconds / lines * 1e6, None, answer["rss_kb"] / 1024]]
    if Path(LOGWATCH[0]).exists():
        small = write_logs(sample, max(10, megabytes // SAMPLE), dateext=False)
        lines = small["lines"]
        seconds, answer = checked(sample, small)
        other, _out = cpu([*LOGWATCH, str(sample)])
        rows.append(["log digest, the sample", lines, seconds, seconds / lines * 1e6, 1.0, answer["rss_kb"] / 1024])
        rows.append(["logwatch --service All, the sample", lines, other, other / lines * 1e6, other / seconds, None])
        rows.append(["logwatch, the sample, to the digest of all", lines, other, other / lines * 1e6, other / lines / (rows[0][3] / 1e6), None])
    return rows, f"{megabytes} MB of text in {made['bytes_on_disk'] / 1e6:.0f} MB of files; the sample is a {SAMPLE}th, with the names that logwatch knows."


def bench_journal(work: Path, entries: int) -> list[list[Any]]:
    folder = work / "journal"
    folder.mkdir()
    write_journal(folder, entries)
    alone, _out = cpu(["/usr/bin/journalctl", "-D", str(folder), "-o", "json", "--no-pager"])
    seconds, answer = check({"journal_dir": str(folder)})
    return [
        ["journalctl -o json > file", entries, alone, alone / entries * 1e6, 1.0, None],
        ["log digest with its journalctl", answer["lines"], seconds, seconds / answer["lines"] * 1e6, seconds / alone, answer["rss_kb"] / 1024],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=300000)
    arguments = parser.parse_args()
    columns = ["what", "lines", "CPU s", "CPU us per line", "ratio", "memory MB"]
    tables: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        rows, note = bench_files(Path(folder), arguments.megabytes)
        note += " Ratio: how many times the digest's CPU per line. Wanted: logwatch at least 20, memory below 60 MB."
        tables.append({"title": "Log files", "columns": columns, "rows": rows, "note": note})
        if Path(REMOTE).exists():
            note = "Ratio: to journalctl alone. Wanted: at most 2."
            tables.append({"title": "Journal", "columns": columns, "rows": bench_journal(Path(folder), arguments.entries), "note": note})
    document = {"title": "Log digest", "text": __doc__, "tables": tables}
    if arguments.json:
        print(json.dumps(document))
        return
    for table in tables:
        print(table["title"], table["note"], *(str(row) for row in [table["columns"], *table["rows"]]), sep="\n")


if __name__ == "__main__":
    main()
