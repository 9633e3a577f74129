# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report of a run in all the ways that are wanted, each file there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from .. import spool
from ..late import late
from ..spool import SpoolError, point_latest, write_whole
from .document import Run, report_json, summary_json
from .page import report_html
from .plain import report_text

# name in daily_check_outputs -> (file, what writes it)
WRITERS: dict[str, tuple[str, Callable[[Run], bytes | Iterable[bytes]]]] = {
    "json": ("report.json", report_json),
    "html": ("report.html", report_html),
    "text": ("report.txt", lambda run: report_text(run).encode("utf-8", "backslashreplace")),
    "markdown": ("report.md", late(__package__, "markdown", "report_markdown")),
    "sarif": ("report.sarif", late(__package__, "sarif", "report_sarif")),
    "junit": ("report.xml", late(__package__, "junit", "report_junit")),
    "openmetrics": ("report.prom", late(__package__, "openmetrics", "report_openmetrics")),
    "csv": ("report.csv", late(__package__, "sheet", "report_csv")),
    "nagios": ("report.nagios", late(__package__, "nagios", "report_nagios")),
}

# name in daily_check_outputs of those with a file for each host or application, in a folder of that name.
FOLDERS = spool.FOLDERS

OUTPUTS = (*WRITERS, *FOLDERS)

DEFAULT = ("html", "json", "text")

SUMMARY = "summary.json"


def write_reports(
    run: Run,
    directory: Path,
    state_dir: Path | None,
    outputs: Sequence[str] = DEFAULT,
    elsewhere: Path | None = None,
    folders: Mapping[str, Callable[[], Iterable[tuple[str, bytes]]]] | None = None,
) -> tuple[dict[str, str], str]:
    """Write all files, then let ``latest`` of the state folder point to the run. Returns their paths and the text for the terminal.

    ``directory`` is that of the run; ``elsewhere`` is where the files go instead. Without a state folder no link is made.
    ``folders`` makes the files (name, content) of those ways out that have a folder of their own.

    summary.json comes last of the files: where it is, the run is whole. Raises SpoolError.
    """
    folder = elsewhere or directory
    wanted = [name for name in WRITERS if name in outputs]
    paths = {name: str(folder / WRITERS[name][0]) for name in wanted} | {"summary": str(folder / SUMMARY)}
    words = report_text(run, paths.get("html", ""))
    for name in wanted:
        file, writer = WRITERS[name]
        write_whole(folder / file, words.encode("utf-8", "backslashreplace") if name == "text" else writer(run))
    for name, made in (folders or {}).items():
        if name in outputs:
            paths[name] = str(_write_folder(folder / name, made()))
    write_summary(run, folder / SUMMARY)
    if state_dir is not None:
        point_latest(state_dir, directory.name)
    return paths, words


def _write_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """Write files into a folder of their own, and remove those of an earlier time that are not among them. Raises SpoolError."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        written = {write_whole(folder / name, content).name for name, content in files}
        for path in folder.iterdir():
            if path.name.endswith(spool.LEFT_BY_RUNS) and path.name not in written:
                path.unlink()
    except OSError as error:
        raise SpoolError(f"cannot write the folder {folder}: {error.strerror}") from error
    return folder


def write_summary(run: Run, path: Path) -> None:
    """Write summary.json, anew once the run is told. Raises SpoolError."""
    write_whole(path, summary_json(run))


__all__ = ["DEFAULT", "FOLDERS", "OUTPUTS", "SUMMARY", "WRITERS", "SpoolError", "write_reports", "write_summary"]
