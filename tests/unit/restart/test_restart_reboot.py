# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the whole machine need a reboot: cases 15 and 23 to 27 of the check restart."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import pytest
from restart_server import Server

from ansible_collections.bottomup.security.plugins.module_utils.checks import restart_kernel, restart_microcode


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def reboot(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.run()["data"]["reboot"]
    return found


def image(text: str) -> bytes:
    """Return the head of an x86 boot image that says this of itself."""
    head = bytearray(0x1000)
    head[0x202:0x206] = b"HdrS"
    head[0x20e:0x210] = struct.pack("<H", 0x300)
    words = text.encode() + b"\0"
    head[0x500:0x500 + len(words)] = words
    return bytes(head)


def boots(server: Server, running: str, *installed: str, build: str = "#1 SMP Debian") -> None:
    server.write("/proc/sys/kernel/osrelease", running + "\n")
    server.write("/proc/sys/kernel/version", build + "\n")
    for release in installed:
        server.write(f"/boot/vmlinuz-{release}", image(f"{release} (build@host) {build}"))


EL = ".el9.x86_64"
KERNELS = [
    # running, installed, is a reboot due
    ("6.1.0-25-amd64", ["6.1.0-25-amd64"], False),
    ("6.1.0-25-amd64", ["6.1.0-25-amd64", "6.1.0-26-amd64"], True),
    ("6.1.0-9-amd64", ["6.1.0-9-amd64", "6.1.0-10-amd64"], True),
    ("6.8.0-100-generic", ["6.8.0-31-generic", "6.8.0-100-generic"], False),
    ("6.8.0-31-generic", ["6.8.0-31-generic", "6.8.0-100-generic"], True),
    ("6.1.0-26-amd64", ["6.1.0-25-amd64"], False),  # newer than all installed: removed, or started from elsewhere
    ("6.1.0-25-amd64", ["6.1.0-25-amd64", "6.1.0-26-cloud-amd64"], False),
    ("6.1.0-25-amd64", ["6.1.0-25-amd64", "6.1.0-26-rt-amd64"], False),
    ("6.1.0-37-amd64", ["6.1.0-37-amd64", "6.12.43+deb13-amd64"], True),
    ("6.12.12+bpo-amd64", ["6.1.0-37-amd64", "6.12.12+bpo-amd64"], False),
    ("5.14.0-427.13.1" + EL, ["5.14.0-427.13.1" + EL, "0-rescue-0123456789abcdef"], False),
    ("5.14.0-427.13.1" + EL, ["5.14.0-427.13.1" + EL, "5.14.0-427.100.1" + EL], True),
    ("5.14.0-427.13.1.el9_4.x86_64", ["5.14.0-503.el9_5.x86_64"], True),
    ("5.14.0-427" + EL, ["5.14.0-427" + EL, "5.14.0-428" + EL + "+debug"], False),
    ("5.14.0-427" + EL, ["5.14.0-427" + EL, "6.9.1-1.el9.elrepo.x86_64"], False),
    ("5.15.0-200.131.27.el8uek.x86_64", ["5.15.0-200.131.27.el8uek.x86_64", "5.15.0-300.1.1.el8uek.x86_64"], True),
    ("4.18.0-553.el8.x86_64", ["4.18.0-553.el8.x86_64", "5.15.0-300.1.1.el8uek.x86_64"], False),
    ("6.4.0-150600.21-default", ["6.4.0-150600.21-default", "6.4.0-150600.23.7-default"], True),
    ("6.10.3-200.fc40.x86_64", ["6.10.3-200.fc40.x86_64", "6.10.10-200.fc40.x86_64"], True),
    ("6.18.44-custom", [], False),
]


@pytest.mark.parametrize(("running", "installed", "due"), KERNELS, ids=[f"case_23_{number}" for number in range(len(KERNELS))])
def test_case_23_newest_installed_kernel(server: Server, running: str, installed: list[str], due: bool) -> None:
    boots(server, running, *installed)
    found = reboot(server)
    assert found["required"] is due
    assert found["level"] == ("reboot" if due else "none")


def test_case_23_finding(server: Server) -> None:
    server.boot_systemd()
    boots(server, "6.1.0-25-amd64", "6.1.0-25-amd64", "6.1.0-26-amd64")
    finding = server.run()["findings"][0]
    assert (finding["rule"], finding["severity"], finding["remedy"]["commands"]) == ("restart.kernel", "medium", ["systemctl reboot"])


def test_case_23_finding_where_systemd_does_not_run(server: Server) -> None:
    boots(server, "6.1.0-25-amd64", "6.1.0-25-amd64", "6.1.0-26-amd64")
    assert [finding["remedy"]["commands"] for finding in server.run()["findings"]] == [["reboot"]]


def test_case_23_same_release_built_again(server: Server) -> None:
    boots(server, "6.1.0-25-amd64", build="#1 SMP PREEMPT_DYNAMIC Debian 6.1.106-1 (2024-08-01)")
    server.write("/boot/vmlinuz-6.1.0-25-amd64", image("6.1.0-25-amd64 (d@k) #1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26)"))
    assert "6.1.106-3" in reboot(server)["reasons"][0]["text"]


@pytest.mark.parametrize(("version", "due"), [("6.1.106-3", True), ("6.1.106-1", False)])
def test_case_23_same_release_where_the_image_does_not_tell(server: Server, version: str, due: bool) -> None:
    boots(server, "6.1.0-25-arm64", build="#1 SMP Debian 6.1.106-1 (2024-08-01)")
    server.write("/boot/vmlinuz-6.1.0-25-arm64", b"MZ compressed")
    server.write("/var/lib/dpkg/status", f"Package: linux-image-6.1.0-25-arm64\nStatus: install ok installed\nArchitecture: arm64\nVersion: {version}\n")
    assert reboot(server)["required"] is due


def test_case_23_default_entry_is_another(server: Server) -> None:
    boots(server, "5.14.0-1" + EL, "5.14.0-1" + EL, "5.14.0-2" + EL)
    server.write("/boot/grub2/grubenv", f"# GRUB Environment Block\nsaved_entry=0123-5.14.0-1{EL}\n")
    assert f"default entry is 0123-5.14.0-1{EL}" in reboot(server)["reasons"][0]["text"]


def test_case_23_live_patch_is_named(server: Server) -> None:
    boots(server, "5.14.0-1" + EL, "5.14.0-1" + EL, "5.14.0-2" + EL)
    server.write("/sys/kernel/livepatch/kpatch_5_14/enabled", "1\n")
    found = reboot(server)
    assert "live patches are loaded (kpatch_5_14)" in found["reasons"][0]["text"]
    assert found["kernel"]["live_patches"] == ["kpatch_5_14"]


def test_case_23_image_of_a_stranger(server: Server) -> None:
    for content in (b"", b"HdrS", image("x")[:0x20f], os.urandom(4096)):
        path = server.write("/boot/vmlinuz-1", content)
        assert isinstance(restart_kernel.image_name(path), bytes)


def processor(server: Server, vendor: str, microcode: int, flags: str = "fpu") -> None:
    server.write("/proc/cpuinfo", f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: 6\nmodel\t\t: 158\nstepping\t: 10\n"
                                  f"microcode\t: {microcode:#x}\nflags\t\t: {flags}\n\nprocessor\t: 1\n")


def intel(revision: int, signature: int = 0x906EA, mask: int = 0x22) -> bytes:
    return restart_microcode.INTEL_HEADER.pack(1, revision, 0, signature, 0, 1, mask, 2000, 2048).ljust(2048, b"\0")


@pytest.mark.parametrize(("running", "installed", "flags", "due"), [
    (0xF0, intel(0xF8), "fpu", True),
    (0xF8, intel(0xF8), "fpu", False),
    (0xF9, intel(0xF8), "fpu", False),
    (0xF0, intel(0xF8), "fpu hypervisor", False),
    (0xF0, intel(0xF8, signature=0x906EB), "fpu", False),
    (0xF0, intel(0xF8, mask=0x40), "fpu", False),
    (0xF0, intel(0xEA) + intel(0xF8), "fpu", True),
    (0xF0, b"short", "fpu", False),
])
def test_case_25_intel(server: Server, running: int, installed: bytes, flags: str, due: bool) -> None:
    processor(server, "GenuineIntel", running, flags)
    server.write("/sys/devices/system/cpu/cpu0/microcode/processor_flags", "0x2\n")
    server.write("/lib/firmware/intel-ucode/06-9e-0a", installed)
    assert [reason["source"] for reason in reboot(server)["reasons"]] == (["microcode"] if due else [])


def amd(signature: int, equivalent: int, revision: int) -> bytes:
    table = struct.pack("<IIIHH", signature, 0, 0, equivalent, 0) + bytes(16)
    patch = bytearray(64)
    struct.pack_into("<I", patch, 4, revision)
    struct.pack_into("<H", patch, 24, equivalent)
    return struct.pack("<III", 0x00414D44, 0, len(table)) + table + struct.pack("<II", 1, len(patch)) + bytes(patch)


@pytest.mark.parametrize(("signature", "revision", "due"), [(0x00800F12, 0x8001270, True), (0x00800F12, 0x8001230, False), (0x00870F10, 0x8801270, False)])
def test_case_25_amd(server: Server, signature: int, revision: int, due: bool) -> None:
    server.write("/proc/cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 23\nmodel\t\t: 1\nstepping\t: 2\nmicrocode\t: 0x8001230\nflags\t: fpu\n")
    server.write("/lib/firmware/amd-ucode/microcode_amd_fam17h.bin", amd(signature, 0x8012, revision))
    assert reboot(server)["required"] is due


@pytest.mark.parametrize(("path", "content", "level", "words"), [
    ("/run/reboot-required", "*** System restart required ***\n", "reboot", "linux-image-6.1.0-26-amd64"),
    ("/run/reboot-needed", "soft-reboot\n", "soft-reboot", "soft-reboot"),
    ("/run/reboot-needed", "kexec\n", "kexec", "kexec"),
    ("/run/reboot-needed", "", "reboot", "reboot"),
    ("/run/reboot-needed", "\x1b[31mrm -rf\n", "reboot", "\\x1b[31mrm"),
])
def test_case_26_asked_for(server: Server, path: str, content: str, level: str, words: str) -> None:
    server.write(path, content)
    if path.endswith("required"):
        server.write(path + ".pkgs", "linux-image-6.1.0-26-amd64\nlinux-image-6.1.0-26-amd64\n")
    found = reboot(server)
    assert found["level"] == level
    assert [reason["source"] for reason in found["reasons"]] == [path]
    assert words in found["reasons"][0]["text"]


@pytest.mark.parametrize("mark", ["/run/systemd/container", "/.dockerenv", "/run/.containerenv"])
def test_case_27_container_has_no_kernel_of_its_own(server: Server, mark: str) -> None:
    boots(server, "6.1.0-25-amd64", "6.1.0-26-amd64")
    processor(server, "GenuineIntel", 1)
    server.write("/lib/firmware/intel-ucode/06-9e-0a", intel(0xF8))
    server.write(mark, "docker\n")
    found = reboot(server)
    assert (found["required"], found["kernel"]) == (False, None)
    server.write("/proc/2/comm", "kthreadd\n")  # a virtual machine made of a container's image
    assert reboot(server)["required"] is True


def deployment(server: Server, name: str, version: int, target: str) -> None:
    server.write(f"/boot/loader/entries/ostree-{name}.conf", f"title x\nversion {version}\noptions root=/dev/vda ostree={target} rw\n")


def test_case_15_staged_deployment(server: Server) -> None:
    server.write("/run/ostree-booted")
    server.write("/run/ostree/staged-deployment")
    assert [reason["source"] for reason in reboot(server)["reasons"]] == ["ostree"]


@pytest.mark.parametrize(("running", "due"), [("/ostree/boot.1/fedora/new/0", False), ("/ostree/boot.1/fedora/old/0", True)])
def test_case_15_other_deployment_is_the_default(server: Server, running: str, due: bool) -> None:
    server.write("/run/ostree-booted")
    server.write("/proc/cmdline", f"BOOT_IMAGE=x ostree={running} ro\n")
    deployment(server, "1", 1, "/ostree/boot.1/fedora/old/0")
    deployment(server, "2", 2, "/ostree/boot.1/fedora/new/0")
    assert reboot(server)["required"] is due


@pytest.mark.parametrize(("following", "due"), [("5", False), ("6", True)])
def test_case_15_transactional_update(server: Server, following: str, due: bool) -> None:
    server.write("/proc/self/mountinfo", "22 1 0:30 /@/.snapshots/5/snapshot / ro - btrfs /dev/vda rw\n")
    server.installed("transactional-update")
    server.installed("btrfs", f"ID 270 gen 99 top level 266 path @/.snapshots/{following}/snapshot\n".encode())
    assert reboot(server)["required"] is due
