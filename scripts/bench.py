# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests/bench/*_bench.py and write docs/benchmarks.md; with names (restart), only those, the other sections stay.

Each program prints with --json one document: title, text (optional), and tables, a list of {title, columns, rows, note};
a document that has rows itself is its own table. A row is a list, or a dict by column. Any other document is shown as it is:
plain values as a table of two columns, its dicts as the rows and its lists as tables of their own.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "tests" / "bench"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Written by `make bench`; one section alone by the command that it names. These are measurements of one machine, not promises: compare
the rows of a table with each other.
"""


def machine() -> str:
    """Return a line about this machine and the time, without its name."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({model.group(1).strip() if model else platform.machine()}), "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}, ansible-core {version('ansible-core')}"
    )


def cell(value: Any) -> str:
    if isinstance(value, float):
        value = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return str("" if value is None else value).replace("|", "\\|").replace("\n", " ")


def table(part: dict[str, Any]) -> list[str]:
    """Return the Markdown lines of one table."""
    rows = part["rows"]
    columns = part.get("columns") or list(dict.fromkeys(key for row in rows for key in row))
    cells = [[cell(row.get(column)) for column in columns] if isinstance(row, dict) else [cell(value) for value in row] for row in rows]
    lines = [f"### {part['title']}", ""] if part.get("title") else []
    lines += [f"| {' | '.join(map(str, line))} |" for line in (columns, ["---"] * len(columns), *cells)]
    return [*lines, "", *([part["note"], ""] if part.get("note") else [])]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose values are no dicts: their values are columns of their own, less those that are empty."""
    columns: dict[str, Any] = {}
    for key, value in row.items():
        columns |= {f"{key}: {name}": item for name, item in value.items() if item != ""} if isinstance(value, dict) else {key: value}
    return columns


def tables(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of a document."""
    if "tables" in document:
        return list(document["tables"])
    if "rows" in document:
        return [document | {"title": ""}]
    values = {key: value for key, value in document.items() if key not in ("title", "text")}
    plain = [[key, value] for key, value in values.items() if not isinstance(value, (dict, list))]
    dicts = [{"what": key, **value} for key, value in values.items() if isinstance(value, dict)]
    lists = [
        {"title": key, "rows": [flat(row) for row in value]}
        for key, value in values.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    found = [{"columns": ["what", "value"], "rows": plain}] if plain else []
    return [*found, *([{"rows": dicts}] if dicts else []), *lists]


def section(program: Path) -> str:
    """Run one program and return its section of the page. Raises CalledProcessError where the program fails."""
    done = subprocess.run([sys.executable, str(program), "--json"], cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    document = json.loads(done.stdout)
    name = program.stem.removesuffix("_bench")
    lines = [f"## {document.get('title', name)}", "", f"`make bench ARGS={name}`: {machine()}", ""]
    lines += [document["text"], ""] if document.get("text") else []
    for part in tables(document):
        lines += table(part)
    return f"<!-- {name} -->\n" + "\n".join(lines).rstrip() + "\n"


def read_sections() -> dict[str, str]:
    """Return the sections of the page as it is, by name."""
    if not PAGE.exists():
        return {}
    parts = re.split(r"^<!-- (\w+) -->\n", PAGE.read_text(), flags=re.MULTILINE)
    return {name: f"<!-- {name} -->\n{body.rstrip()}\n" for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def main(names: list[str]) -> int:
    programs = {path.stem.removesuffix("_bench"): path for path in sorted(FOLDER.glob("*_bench.py"))}
    unknown = set(names) - set(programs)
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(programs)}", file=sys.stderr)
        return 2
    measured = {}
    failed = []
    for name in names or programs:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            measured[name] = section(programs[name])
        except (subprocess.CalledProcessError, ValueError, KeyError) as error:
            failed.append(f"{name}: {error}")
    kept = {**read_sections(), **measured}
    PAGE.write_text("\n".join([HEAD, *(kept[name] for name in programs if name in kept)]))
    print(f"written: {PAGE.relative_to(REPOSITORY)}", *failed, sep="\n", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
