# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is newer microcode installed than the processor runs? Only on real hardware: a guest cannot load any.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import struct

FOLDERS = (b"/lib/firmware", b"/usr/lib/firmware")
FILE_LIMIT = 16 * 1048576

# Layout of Intel's files: Intel SDM volume 3, 9.11.1. Of AMD's: arch/x86/include/asm/microcode.h and the kernel's amd.c.
INTEL_HEADER = struct.Struct("<iIIIIIIII")
AMD_MAGIC = 0x00414D44
AMD_TABLE, AMD_PATCH = 0, 1


def reason(machine):
    """Return words about newer microcode (bytes), or b"" where there is none or this is no real hardware."""
    cpu = _first_processor(machine)
    if cpu is None or b"hypervisor" in cpu.get(b"flags", b"").split():
        return b""
    try:
        running = int(cpu[b"microcode"], 16)
        family, model, stepping = int(cpu[b"cpu family"]), int(cpu[b"model"]), int(cpu[b"stepping"])
    except (KeyError, ValueError):
        return b""
    find = {b"GenuineIntel": _intel, b"AuthenticAMD": _amd}.get(cpu.get(b"vendor_id"))
    newest = find(machine, family, model, stepping) if find else 0
    if newest > running:
        return b"running revision 0x%x, installed 0x%x" % (running, newest)
    return b""


def _first_processor(machine):
    text = machine.read_or_none(b"/proc/cpuinfo", 65536)
    if not text:
        return None
    found = {}
    for line in text.split(b"\n\n", 1)[0].split(b"\n"):
        name, _colon, value = line.partition(b":")
        found[name.strip()] = value.strip()
    return found


def _intel(machine, family, model, stepping):
    """Return the highest revision for this processor in Intel's file, 0 for none."""
    platform = machine.read_or_none(b"/sys/devices/system/cpu/cpu0/microcode/processor_flags", 64) or b""
    try:
        flags = int(platform.strip() or b"0", 16)
    except ValueError:
        return 0
    # Signature as CPUID 1 gives it: extended model and family beside the plain ones.
    signature = (max(0, family - 15) << 20) | ((model >> 4) << 16) | (min(family, 15) << 8) | ((model & 15) << 4) | stepping
    newest = 0
    for folder in FOLDERS:
        data = machine.read_or_none(b"%s/intel-ucode/%02x-%02x-%02x" % (folder, family, model, stepping), FILE_LIMIT) or b""
        place = 0
        while place + 48 <= len(data):
            header, revision, _date, owner, _sum, _loader, mask, _size, total = INTEL_HEADER.unpack_from(data, place)
            if header != 1:
                break
            if owner == signature and (not mask or mask & flags or not flags):
                newest = max(newest, revision)
            place += total or 2048
    return newest


def _amd(machine, family, model, stepping):
    """Return the highest patch level for this processor in AMD's container files, 0 for none."""
    signature = (max(0, family - 15) << 20) | ((model >> 4) << 16) | (min(family, 15) << 8) | ((model & 15) << 4) | stepping
    newest = 0
    for folder in FOLDERS:
        try:
            names = sorted(os.listdir(machine.path(folder + b"/amd-ucode")))
        except OSError:
            continue
        for name in names:
            if re.match(rb"^microcode_amd[a-z0-9_]*\.bin$", name):
                newest = max(newest, _amd_container(machine.read_or_none(folder + b"/amd-ucode/" + name, FILE_LIMIT) or b"", signature))
    return newest


def _amd_container(data, signature):
    if len(data) < 12 or struct.unpack_from("<I", data)[0] != AMD_MAGIC:
        return 0
    kind, size = struct.unpack_from("<II", data, 4)
    if kind != AMD_TABLE or 12 + size > len(data):
        return 0
    mine = set()
    for place in range(12, 12 + size - 15, 16):
        installed, _mask, _compare, equivalent = struct.unpack_from("<IIIH", data, place)
        if installed == signature:
            mine.add(equivalent)
    newest = 0
    place = 12 + size
    while place + 8 + 26 <= len(data):
        kind, size = struct.unpack_from("<II", data, place)
        if kind != AMD_PATCH:
            break
        revision = struct.unpack_from("<I", data, place + 8 + 4)[0]
        equivalent = struct.unpack_from("<H", data, place + 8 + 24)[0]
        if equivalent in mine:
            newest = max(newest, revision)
        place += 8 + size
    return newest
