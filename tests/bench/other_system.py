# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program of this checkout on another system: its Python, its ssh and sshd, its packages; only the kernel is this machine's.

The system is a fresh copy of one of the fleet's root file systems, in mount and process namespaces of its own, which end with the program.
The checkout lies there where it lies here, and can only be read. What pip installed here serves there as well, which is why both Pythons must be
of one minor version; the interpreter is the other system's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from fleet import roots

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = Path("/opt/controller")

# A command of the environment, as pip writes it.
COMMAND = """\
#!{python}
import sys
from ansible.cli.playbook import main
sys.exit(main())
"""

# $1 the root, $2 the checkout, $3 our packages, $4 where they belong there; the command follows. Ours is left behind, so that nothing of it is seen.
ENTER = """\
set -eu
root=$1 checkout=$2 packages=$3 site=$4
shift 4
mkdir -p "$root$checkout" "$root/old"
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount --bind "$checkout" "$root$checkout"
mount -o remount,bind,ro "$root$checkout"
mount --bind "$packages" "$root$site"
mount -o remount,bind,ro "$root$site"
cd "$root"
pivot_root . old
umount -l /old
exec "$@"
"""


def missing(recipe: str) -> str:
    """Return why the other system cannot be entered from here, empty where it can. Makes its root where it is not there yet: that takes the network."""
    for command in ("mmdebstrap", "unshare", "pivot_root"):
        if shutil.which(command) is None:
            return f"needs the command {command}"
    try:
        archive = roots.root_archive(recipe)
    except (OSError, RuntimeError) as error:
        return f"its root file system cannot be made: {str(error).splitlines()[-1]}"
    wanted = f"./usr/bin/python3.{sys.version_info.minor}"
    names = subprocess.run(["tar", "--list", f"--file={archive}", wanted], capture_output=True, check=False)
    return "" if names.returncode == 0 else f"needs an environment whose Python is of its version: here it is 3.{sys.version_info.minor}"


def run_there(recipe: str, program: Path, *arguments: str) -> str:
    """Run a program of this checkout on a system of this recipe and return what it printed. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory(prefix="bottomup-system-") as name:
        root = Path(name)
        roots.unpack(recipe, root)
        python = ENVIRONMENT / "bin" / "python"
        subprocess.run(["chroot", name, "/usr/bin/python3", "-m", "venv", "--without-pip", str(ENVIRONMENT)], check=True)
        command = root / str(python.with_name("ansible-playbook")).lstrip("/")
        command.write_text(COMMAND.format(python=python))
        command.chmod(0o755)
        site = ENVIRONMENT / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh"]
        places = [name, str(REPOSITORY), sysconfig.get_path("purelib"), str(site)]
        environment = {"PATH": f"{python.parent}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        kept = {key: value for key, value in os.environ.items() if key.startswith("BOTTOMUP_")}
        done = subprocess.run(
            [*enter, *places, str(python), str(program), *arguments],
            env=environment | kept,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout
