# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Precision and recall of web_probes over every labelled set at hand; writes the table into docs/web_probes.md.

Sets that are not on this machine are named as such. C(--lines N) sets the size of the made-up day.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from urllib.parse import quote_plus

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import conftest  # noqa: E402, F401 - makes the collection importable
import hub  # noqa: E402
import probes  # noqa: E402
import rails_day  # noqa: E402
from needs import SHARED  # noqa: E402

from ansible_collections.bottomup.security.plugins.module_utils.checks import web_probes  # noqa: E402
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine  # noqa: E402

NGINX = SHARED / "data" / "nginx"
PAGE = HERE.parent.parent / "docs" / "web_probes.md"
BEGIN, END = "<!-- evaluation: written by make evaluate-web -->", "<!-- end of evaluation -->"

Row = tuple[str, str, str, str, str]


def judged(path: Path) -> dict:
    return web_probes.run({"logs": [str(path)], "since": "all", "list_hits": True}, Machine())["data"]


def day(lines: int) -> list[Row]:
    """The made-up day: by category, and over all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "access.log.gz")
        labels = {label.line: label for label in rails_day.write(path, 7, lines, probes.probes())}
        data = judged(path)
    hits = {hit["line"]: hit for hit in data["hits"]}
    rows = []
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    for number, label in labels.items():
        planted[label.category] += 1
        found[label.category] += number in hits
    for category in sorted(planted):
        named = [hit for number, hit in hits.items() if category in hit["categories"]]
        right = sum(1 for hit in named if hit["line"] in labels)
        rows.append(("made-up Rails day", category, str(planted[category]), _part(found[category], planted[category]), _part(right, len(named))))
    true = sum(number in labels for number in hits)
    rows.append(("made-up Rails day", "**all**", str(len(labels)), _part(true, len(labels)), _part(true, len(hits))))
    return rows


def _part(some: int, all_: int) -> str:
    return f"{some / all_:.3f} ({some} of {all_})" if all_ else "-"


def hub_rows() -> list[Row]:
    """The hub's tests: attackers that are named among the clients."""
    if not (NGINX / "crowdsec-hub").is_dir():
        return [("CrowdSec hub tests", "not on this machine", "-", "-", "-")]
    named = wanted = 0
    missed = []
    for case in hub.cases(NGINX / "crowdsec-hub"):
        clients = {client["client"] for client in judged(case.log).get("clients", ())}
        named += len(case.attackers & clients)
        wanted += len(case.attackers)
        missed += [f"{case.name}: {address}" for address in sorted(case.attackers - clients)]
    words = "attackers named" + (f"; missed: {', '.join(missed)}" if missed else "")
    return [("CrowdSec hub tests", words, str(wanted), _part(named, wanted), "-")]


def fail2ban_rows() -> list[Row]:
    """fail2ban's samples of nginx access logs: lines that must match."""
    rows: list[Row] = []
    for name in ("nginx-botsearch", "nginx-bad-request"):
        source = NGINX / "fail2ban" / name
        if not source.exists():
            rows.append(("fail2ban samples", f"{name}: not on this machine", "-", "-", "-"))
            continue
        wanted = []
        match = None
        for line in source.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            if line.startswith("# failJSON"):
                match = json.loads(line.split(":", 1)[1])["match"]
            elif match is not None and re.match(r"[\d.]+ - ", line):
                wanted.append((line, match))
                match = None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "access.log")
            path.write_text("".join(line + "\n" for line, _match in wanted), encoding="utf-8", errors="surrogateescape")
            hits = {hit["line"] for hit in judged(path)["hits"]}
        positive = [number for number, (_line, yes) in enumerate(wanted, 1) if yes]
        rows.append(("fail2ban samples", name, str(len(positive)), _part(sum(number in hits for number in positive), len(positive)), "-"))
    return rows


def list_rows() -> list[Row]:
    """The word lists of the Core Rule Set, each word as a request."""
    rows: list[Row] = []
    for name, form in (
        ("restricted-files.data", "/{}"),
        ("lfi-os-files.data", "/download?file=../../../../{}"),
        ("lfi-os-files.data", "/{}"),
        ("restricted-upload.data", "/{}"),
    ):
        source = NGINX / "lists" / name
        if not source.exists():
            rows.append(("CRS lists", f"{name}: not on this machine", "-", "-", "-"))
            continue
        words = [line.strip() for line in source.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip() and not line.startswith("#")]
        rows.append(
            ("CRS lists", f"{name} as {form.format('...')}", str(len(words)), _part(_found([form.format(word.lstrip("/")) for word in words]), len(words)), "-")
        )
    return rows


def _found(targets: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "access.log")
        with path.open("w", encoding="utf-8") as out:
            for number, target in enumerate(targets):
                target = target.replace("\\", "\\x5c").replace('"', "\\x22").replace(" ", "%20")
                out.write(f'192.0.2.{number % 250 + 1} - - [22/Nov/2026:06:00:00 +0000] "GET {target} HTTP/1.1" 404 153 "-" "curl/7.88.1"\n')
        return len(judged(path)["hits"])


def normal_rows() -> list[Row]:
    """Values that people type, as query values: none may be a hit."""
    values = [value for value in (HERE / "normal_values.txt").read_text(encoding="utf-8").splitlines() if value]
    hits = _found([f"/search?q={quote_plus(value)}" for value in values])
    rows: list[Row] = [("normal values (own)", "false alarms", str(len(values)), "-", f"{hits} false")]
    elastic = NGINX / "access-logs" / "elastic_apache_logs"
    if elastic.exists():
        data = judged(elastic)
        rows.append(("elastic, real lines", "hits, unlabelled", str(data["totals"]["lines"]), "-", f"{data['totals']['hits']} hits"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200000)
    parser.add_argument("--dry-run", action="store_true", help="print only")
    arguments = parser.parse_args()
    rows = day(arguments.lines) + hub_rows() + fail2ban_rows() + list_rows() + normal_rows()
    table = ["| set | what | labelled | recall | precision |", "|---|---|---|---|---|", *("| " + " | ".join(row) + " |" for row in rows)]
    print("\n".join(table))
    if arguments.dry_run or not PAGE.exists():
        return
    words = PAGE.read_text(encoding="utf-8")
    if BEGIN in words and END in words:
        head, rest = words.split(BEGIN, 1)
        PAGE.write_text(head + BEGIN + "\n" + "\n".join(table) + "\n" + END + rest.split(END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
