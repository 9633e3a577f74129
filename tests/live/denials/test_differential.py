# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same logs read by auditd's ausearch and aureport: every difference is known, and why."""

from __future__ import annotations

import collections
import re
import subprocess
from pathlib import Path

import needs
import pytest
from denials_lines import BEGIN, avc, syscall, write

from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_reading import AUDIT_NEEDLES, BlockReader
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_records import head_of
from ansible_collections.bottomup.security.plugins.module_utils.checks.denials_tally import Tally

# Records of a log that ausearch -m AVC,USER_AVC leaves out: serial -> why.
APPARMOR = "an AppArmor record has no result in SELinux' form: ausearch takes it for malformed"
HOST = "ausearch knows node= and not host= in front of a record"
AUSEARCH_LACKS = {
    "audit2allow_test.log": {b"241": HOST},
    "golibaudit_audit-ubuntu16.log": {b"61207": APPARMOR},
    "laurel_record-avc-apparmor.log": {b"53732": APPARMOR},
    "setroubleshoot_qemu_blk_image.log": {b"241": HOST},
    "synthetic_cases.log": {b"113": APPARMOR, b"114": APPARMOR},
}
# Rows that aureport --avc has and that are no denials, or lacks: log -> (more, fewer, why).
AUREPORT = {
    "audit2allow_test.log": (0, 2, "host= in front (241); comm before pid and tclass before tcontext (1129)"),
    "setroubleshoot_qemu_blk_image.log": (0, 1, "host= in front"),
    "synthetic_cases.log": (2, 0, "granted { setenforce } (105) and the notice op=setenforce (110) have rows; they are events"),
}
LOGS = [
    "audit-userspace_test.log", "audit-userspace_test3.log", "audit2allow_test.log", "golibaudit_audit-rhel6.log", "golibaudit_audit-rhel7.log",
    "golibaudit_audit-ubuntu16.log", "golibaudit_audit-ubuntu17.log", "golibaudit_lost_messages.log", "golibaudit_out_of_order.log",
    "laurel_record-avc-apparmor.log", "sepolgen_short.log", "setroubleshoot_allow_execmod.log", "setroubleshoot_bind_ports.log",
    "setroubleshoot_connect_ports.log", "setroubleshoot_httpd_bad_labels.log", "setroubleshoot_httpd_can_network_connect.log",
    "setroubleshoot_qemu_blk_image.log", "setroubleshoot_restorecon.log", "setroubleshoot_samba_share.log", "synthetic_cases.log",
]


class Recording(Tally):
    """A tally that keeps (type, serial) of each record that it counts."""

    def __init__(self):
        super().__init__()
        self.read: collections.Counter[tuple[bytes, bytes]] = collections.Counter()

    def take(self, found, start, end, calls):
        return [], [(start, end)]

    def add(self, line, source):
        before = self.totals["records"]
        super().add(line, source)
        if self.totals["records"] > before:
            head = head_of(line)
            self.read[(head.type, head.ident.rsplit(b":", 1)[1].rstrip(b")"))] += 1


def tool(*argv: str) -> bytes:
    """Return what a tool of auditd prints; it exits with 1 where it finds nothing."""
    ran = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout


def ours(path: Path) -> Recording:
    tally = Recording()
    BlockReader(iter([path.read_bytes()]), AUDIT_NEEDLES).feed(tally)
    return tally


def ausearch(path: Path) -> collections.Counter[tuple[bytes, bytes]]:
    found = re.findall(rb"type=(AVC|USER_AVC) msg=audit\([0-9.]+:([0-9]+)\)", tool("ausearch", "-m", "AVC,USER_AVC", "--raw", "-if", str(path)))
    return collections.Counter(found)


def aureport(path: Path) -> list[list[bytes]]:
    return [line.split()[1:] for line in tool("aureport", "--avc", "-if", str(path)).splitlines() if re.match(rb"[0-9]+\. ", line)]


@pytest.fixture(autouse=True)
def _tools() -> None:
    needs.command("ausearch", "aureport")


@pytest.mark.parametrize("name", LOGS)
def test_ausearch_on_real_logs(name):
    path = needs.shared_data(f"selinux/{name}")
    mine = collections.Counter({key: count for key, count in ours(path).read.items() if key[0] in (b"AVC", b"USER_AVC")})
    theirs = ausearch(path)
    assert theirs - mine == {}, "ausearch has a record that was not read"
    assert {serial for _kind, serial in mine - theirs} == set(AUSEARCH_LACKS.get(name, {}))


@pytest.mark.parametrize("name", LOGS)
def test_aureport_on_real_logs(name):
    path = needs.shared_data(f"selinux/{name}")
    totals = ours(path).totals
    more, fewer, _why = AUREPORT.get(name, (0, 0, ""))
    assert len(aureport(path)) == totals["denied"] + more - fewer


def test_every_shared_log_is_compared():
    folder = needs.shared_data("selinux")
    assert sorted(path.name for path in folder.glob("*.log")) == sorted(LOGS)


def test_logs_of_our_own(tmp_path):
    """The same differences on records of this repository, for machines without the real logs."""
    path = write(
        tmp_path / "audit.log",
        avc(1), syscall(1),
        "host=web1 " + avc(2),
        f'type=AVC msg=audit({BEGIN}.1:3): apparmor="DENIED" operation="open" profile="x" name="/y" pid=1 comm="z" denied_mask="r" fsuid=0 ouid=0',
        avc(4, permissive=" permissive=1"), syscall(4, success="yes", exit=0),
        f"type=AVC msg=audit({BEGIN + 60}.000:5): avc: denied {{ write }} for comm=local name=x pid=1 scontext=u:r:a_t:s0 tclass=file tcontext=u:r:b_t:s0",
        avc(6, perms="setenforce", tclass="security", what="", permissive="").replace("denied", "granted"),
    )
    tally = ours(path)
    mine, theirs = set(tally.read), set(ausearch(path))
    assert {int(serial) for _kind, serial in mine - theirs} == {2, 3}
    assert theirs <= mine
    assert (tally.totals["denied"], tally.totals["apparmor_denied"], tally.totals["granted"]) == (4, 1, 1)
    # 1, 4 and the granted 6 have rows; 2 (host=) and 5 (the order of fields) have none
    assert len(aureport(path)) == tally.totals["denied"] + 1 - 2


def test_a_long_log_has_no_difference_at_all(tmp_path):
    lines = []
    for serial in range(1, 20001):
        when = BEGIN + serial / 10
        lines.append(avc(serial, when=when, comm=f'"p{serial % 9}"', what=f' name="f{serial}" dev="dm-0" ino={serial}', permissive=f" permissive={serial % 2}"))
        lines.append(syscall(serial, when=when, success="yes" if serial % 2 else "no"))
    path = write(tmp_path / "audit.log", *lines)
    tally = ours(path)
    assert set(tally.read) == set(ausearch(path))
    rows = aureport(path)
    assert len(rows) == tally.totals["denied"] == 20000
    # aureport says "denied" of the permissive half as well
    assert {row[-2] for row in rows} == {b"denied"}
    assert (tally.totals["blocked"], tally.totals["allowed_permissive"]) == (10000, 10000)
