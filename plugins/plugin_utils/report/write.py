# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run: four files and the link to the newest run, each there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

from ..spool import SpoolError, point_latest, write_whole
from .document import Run, report_json, summary_json
from .page import report_html
from .plain import report_text

# key in the result of the action -> file in the directory of the run.
FILES = {"html": "report.html", "json": "report.json", "text": "report.txt", "summary": "summary.json"}


def write_reports(run: Run, directory: Path, state_dir: Path) -> tuple[dict[str, str], str]:
    """Write all files, then let ``latest`` point to the run. Returns their paths and the text for the terminal.

    summary.json comes last of the files: where it is, the run is whole. Raises SpoolError.
    """
    paths = {key: str(directory / name) for key, name in FILES.items()}
    words = report_text(run, paths["html"])
    write_whole(directory / FILES["json"], report_json(run))
    write_whole(directory / FILES["html"], report_html(run))
    write_whole(directory / FILES["text"], words.encode("utf-8", "backslashreplace"))
    write_whole(directory / FILES["summary"], summary_json(run))
    point_latest(state_dir, directory.name)
    return paths, words


__all__ = ["FILES", "SpoolError", "write_reports"]
