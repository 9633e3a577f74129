# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/examples: valid for what reads them, and their commands run as they stand, on a second day, so that the state is seen to survive.

Left out is what needs the network (installing) and what only the service itself has (gh, uploading of artifacts).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import needs
import pytest
import services
import yaml
from audit import audit

EXAMPLES = needs.REPOSITORY / "docs" / "examples"
SERVERS = {"all": {"hosts": {"web1": {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}}}}
SETTINGS = "daily_check_checks: [restart, denials]\ndaily_check_max_unreachable: 0\ndaily_check_feeds_refresh: false\n"


class Site:
    """A folder as the examples want it, with a host of our own, and a shell in which their commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state, self.report = folder / "state", folder / "report"
        for name in (".venv/bin", "home", "credentials"):
            (folder / name).mkdir(parents=True)
        (folder / ".venv" / "bin" / "ansible-playbook").symlink_to(Path(sys.executable).with_name("ansible-playbook"))
        (folder / "hosts.yml").write_text(yaml.safe_dump(SERVERS))
        for name in ("settings.yml", "credentials/settings.yml"):
            (folder / name).write_text(SETTINGS)
        for name in ("key", "credentials/ssh_key"):
            (folder / name).write_text("not looked at: the host is local\n")

    def run(self, command: str, *shell: str, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "PATH": f"{self.folder / '.venv' / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            "ANSIBLE_NOCOLOR": "1",
            **environment,
        }
        done = subprocess.run(
            [*shell, command], cwd=self.folder, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )
        done.stdout += done.stderr
        return done

    def placed(self, words: str) -> str:
        """Return the text of an example with its folders in ours."""
        return (
            words.replace("/srv/daily-check", str(self.folder)).replace("/var/lib/daily-check", str(self.state)).replace("%d/", f"{self.folder}/credentials/")
        )

    def summary(self, folder: Path | None = None) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(((folder or self.report) / "summary.json").read_text())
        return read


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the state that a first run of the unit's command left."""
    site = Site(tmp_path_factory.mktemp("yesterday"))
    done = site.run(unit_command(site), "sh", "-c")
    assert (done.returncode == 0) == (site.summary(site.state / "latest")["exit"]["code"] == 0), done.stdout
    assert sentence(site.state / "latest").startswith("First run, no baseline")
    return site.state


def unit_command(site: Site) -> str:
    (command,) = re.findall(r"(?m)^ExecStart=(.*)$", (EXAMPLES / "systemd" / "daily-check.service").read_text())
    return site.placed(command)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    for name in ("jq", "flock", "curl"):
        needs.command(name)
    return Site(tmp_path)


def schema(name: str) -> Mapping[str, Any]:
    """Return a schema that the package check-jsonschema brings."""
    import check_jsonschema  # type: ignore[import-untyped]

    read: Mapping[str, Any] = json.loads((Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor" / name).read_text())
    return read


def sentence(folder: Path) -> str:
    """Return what the history of a run said it compares with."""
    return str(json.loads((folder / "summary.json").read_text())["history"]["sentence"])


def first_then_since(sentences: list[str]) -> bool:
    """Return whether the first run had no baseline, and the second went on from it."""
    return sentences[0].startswith("First run, no baseline") and sentences[1].startswith("Since 20")


def went_on(state: Path) -> bool:
    """Return whether the second run in a state went on from the first, and is kept beside it."""
    return first_then_since([sentence(run) for run in sorted((state / "runs").iterdir())])


def test_cron(site: Site, yesterday: Path) -> None:
    lines = [line for line in (EXAMPLES / "cron" / "daily-check").read_text().splitlines() if line and not line.startswith("#")]
    names = dict(line.split("=", 1) for line in lines[:-1])
    assert set(names) == {"MAILTO", "PATH", "STATE"}
    match = re.fullmatch(r"((?:[0-9*,/-]+ ){5})(\S+) (.+)", lines[-1])
    assert match and "%" not in match[3], "cron would end the line at a %"
    shutil.copytree(yesterday, site.state, symlinks=True)
    command = site.placed(match[3])
    assert site.run(command, "sh", "-n", "-c").returncode == 0
    done = site.run(command, "sh", "-c", PATH=site.placed(names["PATH"]), STATE=str(site.state))
    summary = site.summary(site.state / "latest")
    assert set(summary["checks"]) == {"denials", "restart"} and ("PLAY RECAP" in done.stdout) == (summary["exit"]["code"] != 0)
    assert ("The daily check ended with 2\n" in done.stdout) == (summary["exit"]["code"] != 0)
    assert went_on(site.state)


def test_cron_tells_of_a_run_that_could_not_start(site: Site) -> None:
    line = (EXAMPLES / "cron" / "daily-check").read_text().splitlines()[-1]
    site.state.mkdir()
    (site.folder / "settings.yml").unlink()
    done = site.run(site.placed(line.split(" ", 6)[6]), "sh", "-c", STATE=str(site.state))
    assert re.match(r"The daily check ended with [1-9]\d*\n", done.stdout) and "settings.yml" in done.stdout


def test_cron_waits_for_no_other_run(site: Site) -> None:
    line = (EXAMPLES / "cron" / "daily-check").read_text().splitlines()[-1]
    site.state.mkdir()
    (site.state / "last.log").write_text("TASK [that hangs]\n")
    with (site.state / "lock").open("w") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        done = site.run(site.placed(line.split(" ", 6)[6]), "sh", "-c", STATE=str(site.state))
    assert not (site.state / "runs").exists()
    assert done.stdout == "The daily check ended with 75\nTASK [that hangs]\n"
    assert (site.state / "last.log").read_text() == "TASK [that hangs]\n"


def test_setting_up_makes_what_the_unit_wants(site: Site) -> None:
    page = (needs.REPOSITORY / "docs" / "schedules.md").read_text()
    (block,) = re.findall(r"(?s)```sh\n(useradd .*?)```", page)
    assert site.run(block, "sh", "-n", "-c").returncode == 0
    unit = (EXAMPLES / "systemd" / "daily-check.service").read_text()
    wanted = re.findall(r"(?m)^(?:WorkingDirectory=|LoadCredential=.*:|Environment=HOME=|User=)(.+)$", unit)
    assert len(wanted) == 5 and set(wanted) <= set(re.findall(r"[\w/.-]+", block))
    # printf makes ansible.cfg; what it says is what ansible reads there.
    (settings,) = re.findall(r"(?m)^(printf '\[defaults\].*)$", block)
    assert site.run(settings, "sh", "-c").returncode == 0
    shown = site.run(f"env -u ANSIBLE_COLLECTIONS_PATH {Path(sys.executable).parent}/ansible-config dump --only-changed --format json", "sh", "-c")
    assert str(site.folder / "collections") in shown.stdout


def test_installing_names_every_optional_package() -> None:
    packages = {line.split("==")[0] for line in (needs.REPOSITORY / "requirements" / "run.in").read_text().splitlines() if "==" in line} - {"ansible-core"}
    places = [needs.REPOSITORY / "README.md", needs.REPOSITORY / "docs" / "schedules.md", *(path for path in EXAMPLES.rglob("*") if path.is_file())]
    lines = [line for path in places for line in path.read_text().splitlines() if "pip install " in line]
    assert len(lines) == 5
    assert [line for line in lines if not packages <= set(re.findall(r"[a-z][a-z.-]+", line))] == []


def test_systemd_units_are_valid(site: Site) -> None:
    needs.command("systemd-analyze")
    for path in (EXAMPLES / "systemd").iterdir():
        (site.folder / path.name).write_text(path.read_text().replace("/srv/daily-check", str(site.folder)))
    done = site.run(f"systemd-analyze verify {site.folder}/daily-check.service {site.folder}/daily-check.timer", "sh", "-c")
    assert (done.returncode, done.stdout) == (0, "")
    timer = (site.folder / "daily-check.timer").read_text()
    (when,) = re.findall(r"(?m)^OnCalendar=(.*)$", timer)
    assert site.run(f"systemd-analyze calendar {shlex.quote(when)}", "sh", "-c").returncode == 0
    hardened = site.run(f"systemd-analyze security --offline=true --threshold=20 {site.folder}/daily-check.service", "sh", "-c")
    assert hardened.returncode == 0, hardened.stdout


def test_systemd_command(site: Site, yesterday: Path) -> None:
    shutil.copytree(yesterday, site.state, symlinks=True)
    done = site.run(unit_command(site), "sh", "-c")
    assert (done.returncode == 0) == (site.summary(site.state / "latest")["exit"]["code"] == 0), done.stdout
    assert went_on(site.state)


def test_github_actions(site: Site) -> None:
    workflow = yaml.safe_load((EXAMPLES / "github" / "daily-check.yml").read_text())
    jsonschema.Draft7Validator(schema("github-workflows.json")).validate(workflow)
    (job,) = workflow["jobs"].values()
    steps = {step["name"]: step for step in job["steps"] if "name" in step}
    kept = [line.removeprefix("state/").rstrip("/") for line in steps["Keep the state"]["with"]["path"].split()]
    given = {
        "STATE": str(site.state),
        "REPORT": str(site.report),
        "GITHUB_STEP_SUMMARY": str(site.folder / "page.md"),
        "SSH_KEY": "no key",
        "SETTINGS": SETTINGS,
    }
    said = []
    for day in range(2):
        codes = {}
        for name in ("Fetch the state of the run before", "Check the servers", "Show the report on the page of the run", "End as the check ended"):
            done = site.run(steps[name]["run"], "bash", "-eo", "pipefail", "-c", **given)
            codes[name] = done.returncode
            if name.startswith("Fetch"):
                assert "this run has no baseline" in done.stdout and list(site.state.iterdir()) == []
                if day:
                    shutil.copytree(site.folder / "artifact", site.state, dirs_exist_ok=True)
        summary = site.summary()
        said.append(summary["history"]["sentence"])
        assert codes["End as the check ended"] == summary["exit"]["code"], codes
        assert (codes["Check the servers"] == 0) == (summary["exit"]["code"] == 0)
        assert steps["Show the findings in code scanning"]["with"]["sarif_file"] == "report/report.sarif" and (site.report / "report.sarif").exists()
        shutil.rmtree(site.folder / "artifact", ignore_errors=True)
        for path in (path for name in kept for path in (site.state / name, *(site.state / name).rglob("*")) if path.is_file()):
            target = site.folder / "artifact" / path.relative_to(site.state)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    assert (site.folder / "artifact" / "windows").is_dir()
    assert (site.folder / "page.md").read_text().count("## Daily security check") == 2
    assert first_then_since(said)


def test_gitlab(site: Site) -> None:
    pipeline = yaml.safe_load((EXAMPLES / "gitlab" / ".gitlab-ci.yml").read_text())
    jsonschema.Draft7Validator(schema("gitlab-ci.json")).validate(pipeline)
    job = pipeline["daily-check"]
    script = "set -eo pipefail\n" + "\n".join(job["script"])
    said = []
    with services.web_server() as registry:
        given = {"CI_API_V4_URL": registry.url, "CI_PROJECT_ID": "7", "CI_PROJECT_DIR": str(site.folder), "CI_JOB_TOKEN": "token"}
        given |= {"DAILY_CHECK_SSH_KEY": str(site.folder / "key"), "DAILY_CHECK_SETTINGS": str(site.folder / "settings.yml")}
        for name, value in job["variables"].items():
            given[name] = re.sub(r"\$(\w+)", lambda match: given[match[1]], value)
        for _day in range(2):
            done = site.run(script, "bash", "-c", **given)
            summary = site.summary()
            assert done.returncode == summary["exit"]["code"], done.stdout
            assert summary["verdict"] in done.stdout and (site.report / "report.xml").exists()
            said.append(summary["history"]["sentence"])
        assert list(registry.kept) == ["/projects/7/packages/generic/daily-check/1.0.0/state.tar.gz"]
    assert first_then_since(said)


def test_jenkins(site: Site, yesterday: Path) -> None:
    pipeline = (EXAMPLES / "jenkins" / "Jenkinsfile").read_text()
    code = re.sub(r"'''[\s\S]*?'''|'[^']*'|\"[^\"]*\"|//.*", "", pipeline)
    assert all(code.count(start) == code.count(end) for start, end in ("{}", "()", "[]"))
    steps = re.findall(r"sh '''([\s\S]*?)'''", pipeline)
    assert len(steps) == 2
    given = {"STATE": str(site.state), "REPORT": str(site.report), "SSH_KEY": str(site.folder / "key"), "SETTINGS": str(site.folder / "settings.yml")}
    shutil.copytree(yesterday, site.state, symlinks=True)
    checked, ended = [site.run(step, "sh", "-xe", "-c", **given) for step in steps]
    assert checked.returncode == 0, checked.stdout
    assert ended.returncode == site.summary()["exit"]["code"] and (site.report / "report.xml").exists()
    assert sentence(site.report).startswith("Since 20") and len(os.listdir(site.state / "runs")) == 2


AWX_VARIABLES = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        content: "{{ {'slices': slice_variables, 'report': report_variables} | to_json }}"
        dest: "{{ playbook_dir }}/variables.json"
        mode: "0600"
"""


def test_awx_slices_and_the_merge_node(site: Site) -> None:
    shutil.copytree(EXAMPLES / "awx", site.folder / "awx")
    setup = (site.folder / "awx" / "setup.yml").read_text()
    head = re.findall(r"(?ms)^  vars:\n(.*?)^  tasks:", setup)[0]
    (site.folder / "variables.yml").write_text(AWX_VARIABLES.replace("  tasks:\n", f"  vars:\n{head}  tasks:\n"))
    assert audit(site.folder, "localhost,", playbook=str(site.folder / "variables.yml")).rc == 0
    given = json.loads(site.placed((site.folder / "variables.json").read_text()))
    assert "{{ now(" in given["slices"]["daily_check_run_id"], "AWX keeps it as it is, each job reads the clock"
    inventories = {"first": ["web1"], "second": ["web2"], "all": ["web1", "web2", "web3"]}
    for name, hosts in inventories.items():
        (site.folder / name).write_text(yaml.safe_dump({"all": {"hosts": dict.fromkeys(hosts, SERVERS["all"]["hosts"]["web1"])}}))
    for name in ("first", "second"):
        (site.folder / "slice.json").write_text(json.dumps(given["slices"] | {"daily_check_checks": ["restart"]}))
        done = audit(site.folder, site.folder / name, "-e", f"@{site.folder / 'slice.json'}", playbook=str(site.folder / "awx" / "project" / "check.yml"))
        assert done.rc == 0, done.shown
    (site.folder / "report.json").write_text(json.dumps(given["report"]))
    done = audit(site.folder, site.folder / "all", "-e", f"@{site.folder / 'report.json'}", playbook=str(site.folder / "awx" / "project" / "report.yml"))
    assert done.rc == 2, done.shown
    summary = site.summary(site.state / "report")
    assert summary["counts"]["hosts"]["expected"] == 3 and [host["host"] for host in summary["failed_hosts"]] == ["web3"]
    assert {path.name for path in (site.state / "report").iterdir()} >= {"report.html", "report.json", "report.txt", "report.prom", "summary.json"}
    tasks = yaml.safe_load(setup.replace("!unsafe", ""))[0]["tasks"]
    nodes = tasks[2]["awx.awx.workflow_job_template"]["schema"]
    assert [node["unified_job_template"]["name"] for node in nodes] == [task["awx.awx.job_template"]["name"] for task in tasks[:2]]
    assert nodes[0]["related"]["always_nodes"] == [{"identifier": nodes[1]["identifier"]}]


def test_every_example_is_named_on_the_page() -> None:
    page = (needs.REPOSITORY / "docs" / "schedules.md").read_text()
    for link in re.findall(r"\]\((examples/[^)]*)\)", page):
        assert (needs.REPOSITORY / "docs" / link).exists()
    assert {path.name for path in EXAMPLES.iterdir()} == {link.split("/")[1] for link in re.findall(r"\]\((examples/[^)]*)\)", page)}
