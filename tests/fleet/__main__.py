# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python tests/fleet create FOLDER NAME=RECIPE=ADDRESS ... | destroy FOLDER | serve FOLDER NAME COMMAND ... |
starve FOLDER NAME UNIT BYTES | roots"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fleet import memory, roots, services
from fleet.machines import Fleet, Machine, boot_all


def main() -> int:
    """Run one command line; failures are said in one message, not as a traceback."""
    parser = argparse.ArgumentParser(prog="fleet", description="Booted machines for the tests.")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a fleet, boot its machines and wait for them")
    create.add_argument("folder", type=Path)
    create.add_argument("machines", nargs="+", metavar="NAME=RECIPE=ADDRESS")
    commands.add_parser("destroy", help="halt the machines and remove everything").add_argument("folder", type=Path)
    serve = commands.add_parser("serve", help="start a program in the network of the controller; destroy ends it")
    serve.add_argument("folder", type=Path)
    serve.add_argument("name")
    serve.add_argument("program", nargs=argparse.REMAINDER)
    starve = commands.add_parser("starve", help="let a unit run out of memory; prints what the kernel says of it")
    starve.add_argument("folder", type=Path)
    starve.add_argument("machine")
    starve.add_argument("unit")
    starve.add_argument("limit", type=int)
    commands.add_parser("roots", help="build the root file systems that are not in the cache")
    chosen = parser.parse_args()
    try:
        if chosen.command == "create":
            fleet = Fleet(chosen.folder)
            fleet.create()
            wanted = [tuple(words.split("=")) for words in chosen.machines]
            for name, state in boot_all(fleet, list(wanted)).items():
                print(f"{name}: {state}")
        elif chosen.command == "destroy":
            Fleet(chosen.folder).destroy()
        elif chosen.command == "serve":
            services.start(chosen.folder, Fleet(chosen.folder).digest, chosen.name, chosen.program)
        elif chosen.command == "starve":
            print("\n".join(memory.starve(Machine(Fleet(chosen.folder), chosen.machine), chosen.unit, chosen.limit)))
        else:
            for name in roots.RECIPES:
                print(roots.root_archive(name))
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
