# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""axe-core, which looks for what people with a keyboard, a screen reader or weak eyes cannot use: had from npm once, then kept."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import needs

VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
MEMBER = "package/axe.min.js"
PATIENCE = 120  # seconds for npm

# Rules of WCAG 2 up to 2.2 AA, and what axe-core itself advises.
RUN = """axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(found => JSON.stringify(
  {passes: found.passes.length, violations: found.violations.map(
    rule => [rule.id, rule.nodes.length, rule.nodes[0].html.slice(0, 200), rule.nodes[0].failureSummary])}))"""


def source() -> str:
    """Return the script; where it cannot be had, the calling test is skipped by name."""
    kept = needs.cache("axe-core") / f"axe-{VERSION}.min.js"
    if not kept.exists():
        _fetch(kept)
    script = kept.read_bytes()
    assert hashlib.sha256(script).hexdigest() == SHA256, f"{kept} is not axe-core {VERSION}"
    return script.decode()


def _fetch(kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        needs.missing(f"needs npm, or axe-core {VERSION} as {kept}")
    command = [str(npm), "pack", "--silent", "--ignore-scripts", "--pack-destination", str(kept.parent), f"axe-core@{VERSION}"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, cwd=kept.parent)
    except (OSError, subprocess.SubprocessError) as error:
        needs.missing(f"npm has no axe-core {VERSION} for us: {type(error).__name__}")
    packed = kept.parent / f"axe-core-{VERSION}.tgz"
    with tarfile.open(packed) as archive:
        member = archive.extractfile(MEMBER)
        assert member is not None
        whole = kept.with_suffix(".new")
        whole.write_bytes(member.read())
    packed.unlink()
    whole.rename(kept)
