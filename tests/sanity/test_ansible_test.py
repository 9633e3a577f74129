# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity, on a machine that may reach nothing but a package index."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import needs
import pytest

# ansible-test fetches get-pip from a site of its own to put pip into its virtual environments. The interpreter
# brings a pip along; this stands where ansible-test looks for the file it has fetched before.
GET_PIP = '''\
"""Put pip into a virtual environment from the copy that Python carries, then install what get-pip is asked to."""
import subprocess
import sys

# As a process of its own: it switches pip's settings off for the process it runs in.
subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + wanted))
'''


def _pip_versions() -> list[str]:
    """Return the versions of pip that this ansible-core puts into its virtual environments."""
    spec = find_spec("ansible_test")
    assert spec is not None and spec.submodule_search_locations
    source = Path(next(iter(spec.submodule_search_locations)), "_internal", "python_requirements.py").read_text()
    versions = re.findall(r"""\bpip=['"]([0-9.]+)['"]""", source)
    assert versions, "python_requirements.py of ansible-test names no pip version"
    return versions


def _carry_pip_settings(home: Path) -> None:
    """Write this machine's pip settings where pip finds them: ansible-test hands none of PIP_* on."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    settings = {}
    for line in listed.splitlines():
        key, _equals, value = line.partition("=")
        section, _dot, name = key.rpartition(".")
        if section in ("global", "install", ":env:") and name != "config-file":
            settings[name] = ast.literal_eval(value)
    target = home / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {value}\n".replace("%", "%%") for name, value in settings.items()]
    target.write_text("[global]\n" + "".join(lines))
    target.chmod(0o600)


@pytest.fixture(scope="session")
def ansible_test_home(private_home):
    cache = private_home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in _pip_versions():
        stand_in = cache / f"get_pip_{version.replace('.', '_')}.py"
        stand_in.write_text(GET_PIP)
    _carry_pip_settings(private_home)


@pytest.mark.timeout(1800)
def test_sanity(tool, tree, ansible_test_home):
    path = os.pathsep.join([str(Path(sys.executable).parent), *needs.python_folders(), os.environ["PATH"]])
    tool("ansible-test", "sanity", "--local", "--color", "no", cwd=tree, timeout=1780, PATH=path)
