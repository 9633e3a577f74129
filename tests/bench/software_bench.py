# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU and bytes of the check software, beside dpkg-query and rpm -qa over the same packages. Prints JSON.

1,500 packages of dpkg: those of this machine, and more of them under other names. 800 of rpm: a database of our own, filled by rpmbuild and rpm.
CPU is user and system, children included, the least of the runs, taken in turn; of the check as the engine counts it, in a process that has its
imports. Bytes are those of its answer as the engine sends it.

C(.venv/bin/python tests/bench/software_bench.py)
"""

from __future__ import annotations

import base64
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import conftest  # noqa: F401  makes the collection importable

from ansible_collections.bottomup.security.plugins.module_utils.checks import software
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Command, Machine

ROUNDS = 7
DPKG, RPM = 1500, 800

DPKG_FORM = "${db:Status-Abbrev}\\t${Package}\\t${Version}\\t${source:Package}\\t${source:Version}\\t${Architecture}\\n"
RPM_FORM = "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{MODULARITYLABEL}\\t%{VENDOR}\\n"


def cpu_of(work: Callable[[], object]) -> tuple[float, bytes]:
    """Run something in a process of its own; return its CPU seconds with its children, and what it wrote to descriptor 3."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.write(writer, json.dumps(work(), separators=(",", ":"), sort_keys=True).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read()
    usage = os.wait4(pid, 0)[2]
    return usage.ru_utime + usage.ru_stime, said


def command(argv: list[str]) -> float:
    """Return the CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def dpkg_root(folder: Path) -> Path:
    """Write the status file of a server with DPKG packages, and its settings of apt as on this machine."""
    own = [block for block in Path("/var/lib/dpkg/status").read_text(errors="replace").split("\n\n") if "Status: install ok installed" in block]
    blocks = list(own)
    while len(blocks) < DPKG:
        name, _newline, rest = own[len(blocks) % len(own)].partition("\n")
        blocks.append(f"{name}-x{len(blocks)}\n{rest}")
    root = folder / "dpkg"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text("\n\n".join(blocks[:DPKG]) + "\n\n")
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    shutil.copytree("/etc/apt/apt.conf.d", root / "etc/apt/apt.conf.d")
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/apt-config").symlink_to("/usr/bin/apt-config")
    return root


def rpm_root(folder: Path) -> Path:
    """Fill a database of rpm with RPM packages, each with a changelog and no files."""
    root, top = folder / "rpm", folder / "top"
    spec = ["Name: base", "Version: 1", "Release: 1.el9", "Summary: x", "License: x", "Vendor: AlmaLinux", "BuildArch: noarch", "%description", "x"]
    for number in range(RPM):
        name = f"-n package{number * 7919 % 9973}-libs"
        spec += [f"%package {name}", "Summary: libraries", f"Version: {number % 9}.{number % 31}.{number % 7}", f"Release: {number % 40}.el9_4.{number % 3}",
                 f"%description {name}", "Words. " * 40, f"%files {name}"]
    spec += ["%changelog"] + [f"* Thu Jan {day:02d} 2026 A <a@b.c> - 1\n- words about what was changed" for day in range(28, 1, -1)]
    (folder / "base.spec").write_text("\n".join(spec) + "\n")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["rpmbuild", "-bb", "--define", f"_topdir {top}", "--define", "_binary_payload w0.gzdio", str(folder / "base.spec")], check=True, **quiet)
    subprocess.run(["rpm", "--root", str(root), "-i", "--nodeps", *map(str, (top / "RPMS/noarch").iterdir())], check=True, **quiet)
    for name in ("etc", "usr/bin", "var/lib/rpm"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/rpm/rpmdb.sqlite").write_text("here on an AlmaLinux")
    (root / "etc/os-release").write_text('ID="almalinux"\nID_LIKE="rhel"\nVERSION_ID="9.4"\n')
    (root / "usr/bin/rpm").symlink_to("/usr/bin/rpm")
    return root


def with_root(root: Path) -> Callable[[list[bytes]], Command]:
    def run(argv: list[bytes]) -> Command:
        more = [b"--root", os.fsencode(root)] if argv[0].endswith(b"/rpm") else []
        given: Command = Machine().run([*argv, *more], timeout=60)
        return given

    return run


def compared(title: str, root: Path, argv: list[str], packages: int) -> list[dict[str, Any]]:
    machine = Machine(root=os.fsencode(root), commands=with_root(root))
    plain, check, said = [], [], b""
    software.run({"pending": False}, machine)  # the parts that are imported when they are needed
    for _round in range(ROUNDS):
        plain.append(command(argv))
        cpu, said = cpu_of(lambda: software.run({"pending": False}, machine))
        check.append(cpu)
    found = len(json.loads(said)["data"]["packages"]["rows"])
    if found != packages:
        raise SystemExit(f"{title}: {found} packages found, {packages} are there")
    ratio, wire = min(check) / min(plain), len(base64.b64encode(zlib.compress(said, 6))) / 1000
    return [
        {"packages": title, "beside": argv[0], "its CPU s": min(plain), "check CPU s": min(check), "ratio": ratio, "must be": "<= 2",
         "reached": "yes" if ratio <= 2 else "no"},
        {"packages": title, "beside": "on the wire", "check KB": wire, "must be": "<= 40", "reached": "yes" if wire <= 40 else "no"},
    ]


def waiting() -> dict[str, Any]:
    """Return the row of what asking apt for pending updates costs on this machine, beside the plan that it need not make."""
    argv = ["apt-get", "-s", "-qq", "--ignore-hold", "-o", "Debug::NoLocking=1", "-o", "Dir::Cache::pkgcache=",
            "-o", "Dir::Cache::srcpkgcache=", "dist-upgrade"]
    plain = min(command(argv) for _round in range(2))
    cpu = min(cpu_of(lambda: software.run({}, Machine()))[0] for _round in range(2))
    return {"packages": "this machine", "beside": "apt-get -s", "its CPU s": plain, "check CPU s": cpu, "ratio": cpu / plain, "must be": "", "reached": ""}


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="software-bench-"))
    try:
        rows = []
        if shutil.which("dpkg-query"):
            root = dpkg_root(folder)
            rows += compared(f"{DPKG} of dpkg", root, ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", DPKG_FORM], DPKG)
        if shutil.which("rpmbuild"):
            root = rpm_root(folder)
            rows += compared(f"{RPM} of rpm", root, ["rpm", "-qa", "--root", str(root), "--qf", RPM_FORM], RPM)
        if shutil.which("apt-get"):
            rows.append(waiting())
    finally:
        shutil.rmtree(folder)
    print(json.dumps({
        "title": "software", "text": f"The whole check without what waits, as the engine counts it, beside the plain call; least CPU of {ROUNDS} runs each. "
                                     "The last row is the whole check with what waits, which it asks of apt-cache policy, beside the plan of apt-get.",
        "columns": ["packages", "beside", "its CPU s", "check CPU s", "ratio", "check KB", "must be", "reached"], "rows": rows,
    }, indent=1))


if __name__ == "__main__":
    main()
