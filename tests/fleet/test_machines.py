# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines themselves: fleets beside each other do not meet, and nothing of a fleet outlives it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import needs
import pytest
from fleet import groups, machines, roots, services
from fleet.machines import Fleet, Machine

ADDRESS = "10.77.0.7"


@pytest.fixture
def new_fleet() -> Iterator[list[Fleet]]:
    """Return two fleets that are not created yet; whatever a test does, they are destroyed."""
    needs.root()
    needs.command("systemd-nspawn", "mmdebstrap", "nsenter", "ip", "ssh", "tar")
    base = roots.cache_folder().parent / "fleets"
    fleets = [Fleet(base / f"{needs.RUN}-{os.getpid()}-{number}") for number in (1, 2)]
    yield fleets
    for fleet in fleets:
        fleet.destroy()


def left_behind(fleet: Fleet) -> list[str]:
    """Return every trace of a fleet on this machine: mounts, control groups, processes, files."""
    traces = [line for line in Path("/proc/self/mountinfo").read_text(errors="replace").splitlines() if str(fleet.folder) in line]
    traces += [str(path) for mount, _root in groups.mounts().values() for path in mount.rglob(f"fleet-{fleet.digest}-*")]
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes()
        except OSError:
            continue
        if os.fsencode(fleet.folder) in words:
            traces.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return traces + [str(path) for path in (fleet.folder,) if path.exists()]


@pytest.mark.timeout(900)  # may have to build a root file system
def test_two_fleets_with_the_same_address_do_not_meet_and_leave_nothing(new_fleet: list[Fleet]) -> None:
    booted: list[Machine] = []
    for number, fleet in enumerate(new_fleet, 1):
        fleet.create()
        booted.append(fleet.add(f"twin{number}", "debian12", ADDRESS))
    for machine in booted:
        assert machine.fleet.wait(machine, ADDRESS) == "running", machine.fleet.ssh(ADDRESS, "systemctl --failed").stdout
    assert [fleet.ssh(ADDRESS, "hostname").stdout for fleet in new_fleet] == ["twin1\n", "twin2\n"]

    new_fleet[0].destroy()
    assert left_behind(new_fleet[0]) == []
    assert new_fleet[1].ssh(ADDRESS, "hostname").stdout == "twin2\n", "the end of one fleet touched the other"
    assert left_behind(new_fleet[1]) != [], "this test would not see what is left behind"
    new_fleet[1].destroy()
    assert left_behind(new_fleet[1]) == []


@pytest.mark.timeout(900)
def test_a_machine_that_cannot_boot_is_said_and_removed(new_fleet: list[Fleet]) -> None:
    fleet = new_fleet[0]
    fleet.create()
    machine = Machine(fleet, "broken")
    machine.create("debian12", ADDRESS)
    (machine.root / "usr" / "lib" / "systemd" / "systemd").unlink()
    machine.boot()
    with pytest.raises(RuntimeError, match="broken did not boot"):
        fleet.wait(machine, ADDRESS)
    fleet.destroy()
    assert left_behind(fleet) == []


@pytest.mark.timeout(900)
def test_a_machine_that_does_not_halt_is_killed(new_fleet: list[Fleet], monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = new_fleet[0]
    fleet.create()
    machine = fleet.add("stubborn", "debian12", ADDRESS)
    fleet.wait(machine, ADDRESS)
    monkeypatch.setattr(Machine, "ask_to_halt", lambda _machine: None)
    monkeypatch.setattr(machines, "HALT_SECONDS", 0)
    fleet.destroy()
    assert left_behind(fleet) == []


def test_a_create_that_fails_half_way_is_removed(new_fleet: list[Fleet]) -> None:
    fleet = new_fleet[0]
    fleet.create()
    with pytest.raises(KeyError):
        fleet.add("nothing", "no such recipe", ADDRESS)
    fleet.destroy()
    assert left_behind(fleet) == []


def test_a_service_beside_the_machines_ends_with_the_fleet(new_fleet: list[Fleet]) -> None:
    fleet = new_fleet[0]
    fleet.create()
    services.start(fleet.folder, fleet.digest, "sleeper", ["sh", "-c", f"sleep 600 & exec sleep 600 # {fleet.folder}"])
    started = [path for mount, _root in groups.mounts().values() for path in mount.rglob(f"fleet-{fleet.digest}-sleeper")]
    assert groups.members(started), "it was not started"
    fleet.destroy()
    assert left_behind(fleet) == []


def test_a_second_fleet_in_the_same_folder_is_refused(new_fleet: list[Fleet]) -> None:
    new_fleet[0].create()
    with pytest.raises(FileExistsError):
        new_fleet[0].create()


def test_a_process_id_that_was_given_to_another_process_is_not_ended(new_fleet: list[Fleet]) -> None:
    """A fleet from before a reboot of this machine: its ids belong to others now."""
    machine = Machine(new_fleet[0], "stale")
    machine.folder.mkdir(parents=True)
    machine._save({"pid": os.getpid(), "started": "1"})
    assert not machine.running()
    machine.ask_to_halt()
