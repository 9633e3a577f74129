# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report told to real services: a mail server and a web server on loopback, apprise through its own json://, deaf and broken ones."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sample_fleet
import services
from audit import Audit, ansible, audit
from schemas import faults

from ansible_collections.bottomup.security.plugins.plugin_utils import spool
from ansible_collections.bottomup.security.plugins.plugin_utils.tell import mail, webhook
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.channels import channels
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.message import Message, subject
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.send import Told, earlier, tell

SECRET = "s3cr3t-value-0123456789"
OPS = {"mail": ["ops@example.com", "dba@example.com"], "from": "check@example.com"}
LOGIN = {"user": services.USER, "password": services.PASSWORD}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return services.server_context(tmp_path_factory.mktemp("tls"))


def told(*entries: dict[str, Any], before: tuple[Told, ...] = (), limit: float = 20, check_mode: bool = False) -> list[Told]:
    return tell(channels(list(entries)), Message(sample_fleet.run(12), "controller:/report.html"), before, check_mode, limit)


def outcome(*entries: dict[str, Any], **keywords: Any) -> list[tuple[str, str]]:
    return [(item.status, item.reason) for item in told(*entries, **keywords)]


@pytest.mark.parametrize("kind", ["plain", "starttls", "tls"])
@pytest.mark.parametrize("login", [False, True], ids=["no login", "login"])
def test_mail_is_taken(kind: str, login: bool, tls: Any) -> None:
    context, trusted = tls
    ways: dict[str, Any] = {"plain": {}, "starttls": {"starttls": context}, "tls": {"tls": context}}
    with services.mail_server(login=login, **ways[kind]) as box:
        entry = OPS | {"smtp": f"localhost:{box.port}", "tls": "off" if kind == "plain" else kind, "ca": str(trusted), **(LOGIN if login else {})}
        assert outcome(entry) == [("sent", "")]
    ((sender, recipients, content),) = box.taken
    assert (sender, recipients) == (OPS["from"], OPS["mail"]) and len(content) < 90_000
    read = email.message_from_bytes(content, policy=email.policy.default)
    assert read["Subject"] == subject(sample_fleet.run(12)) and read.get_content_type() == "multipart/alternative"
    assert bool(box.logins) == login


# what the server does -> (how it is started, entry, what is said)
REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a certificate that nobody knows": ({"tls": True}, {"tls": "tls"}, "its certificate is not trusted: "),
    "no STARTTLS": ({}, {"tls": "starttls"}, "it offers no STARTTLS, or no login"),
    "a wrong password": ({"login": True}, {"user": services.USER, "password": SECRET}, "it refused the login"),
    "no login where one is wanted": ({"login": True}, {}, "it answered 530 "),
    "one address": ({"refuse": {"dba@example.com": "550 no such user"}}, {}, "dba@example.com was refused: 550 no such user; it was sent to the others"),
    "all addresses": (
        {"refuse": {"dba@example.com": "550 no", "ops@example.com": "450 later"}},
        {},
        "ops@example.com was refused: 450 later; dba@example.com was refused: 550 no",
    ),
    "the content": ({"refuse": {"data": "554 spam \x1b[31m\u202e"}}, {}, "it answered 554 "),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_mail_that_is_refused(case: str, tls: Any) -> None:
    given, more, words = REFUSALS[case]
    with services.mail_server(tls=tls[0] if "tls" in given else None, login="login" in given) as box:
        box.refuse = given.get("refuse", {})
        ((status, reason),) = outcome(OPS | {"smtp": f"localhost:{box.port}", "tls": "off"} | more)
    assert status == "failed" and reason.startswith(words) and reason.isprintable()
    assert SECRET not in reason


def test_a_webhook_is_signed_and_the_receiver_can_tell(tls: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    with services.web_server(tls[0]) as inbox:
        assert outcome({"webhook": inbox.url + "/in/key?a=b", "secret": SECRET}) == [("sent", "")]
    ((path, headers, body),) = inbox.taken
    assert path == "/in/key?a=b" and headers["Content-Type"] == "application/json"
    # As docs/telling.md tells the receiver.
    wanted = "v1=" + hmac.new(SECRET.encode(), headers["X-Bottomup-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["X-Bottomup-Signature"], wanted)
    assert webhook.signature(SECRET, "0", body) != wanted != webhook.signature(SECRET, headers["X-Bottomup-Timestamp"], body + b" ")
    document = json.loads(body)
    assert faults("message-1", document) == [] and document["verdict"] == sample_fleet.run(12).verdict


def test_a_certificate_that_nobody_knows_gets_no_document(tls: Any) -> None:
    with services.web_server(tls[0]) as inbox:
        ((status, reason),) = outcome({"webhook": inbox.url, "secret": SECRET})
    assert status == "failed" and reason.startswith("its certificate is not trusted") and inbox.taken == []


def test_a_redirect_is_not_followed() -> None:
    with services.web_server() as inbox, services.web_server() as other:
        inbox.status, inbox.redirect = 307, other.url
        assert outcome({"webhook": inbox.url, "secret": SECRET}) == [("failed", "it answered 307, and redirects are not followed")]
        inbox.status = 302
        assert outcome({"webhook": inbox.url, "secret": SECRET}) == [("failed", "it answered 302, and redirects are not followed")]
    assert len(inbox.taken) == 2 and other.taken == []


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_webhook_that_is_refused(status: int) -> None:
    with services.web_server() as inbox:
        inbox.status = status
        assert outcome({"webhook": inbox.url, "secret": SECRET}) == [("failed", f"it answered {status}")]


@pytest.fixture
def everything_logged(tmp_path: Path) -> Iterator[Path]:
    """Yield the file of a handler as Ansible's log has it: on the root, whatever the level."""
    handler = logging.FileHandler(tmp_path / "log")
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield tmp_path / "log"
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


def test_apprise() -> None:
    with services.web_server() as inbox:
        inbox.status = 200
        assert outcome({"apprise": inbox.url.replace("http", "json") + f"/{SECRET}", "link": "https://reports.example.com/"}) == [("sent", "")]
    ((path, _headers, body),) = inbox.taken
    sent = json.loads(body)
    assert path == f"/{SECRET}"
    assert sent["title"].startswith("[daily check] 3 critical") and sent["type"] == "failure"
    assert "critical: " in sent["message"] and sent["message"].endswith("\nhttps://reports.example.com/")


def test_apprise_that_is_refused_says_the_status_and_no_key(capfd: pytest.CaptureFixture[str], everything_logged: Path) -> None:
    entries: list[dict[str, Any]] = [{"apprise": f"json://127.0.0.1:{services.free_port()}/{SECRET}"}]
    with services.web_server() as inbox:
        inbox.status = 403
        entries.append({"apprise": inbox.url.replace("http", "json") + f"/{SECRET}"})
        assert outcome(*entries) == [("failed", "the service did not take it: no connection"), ("failed", "the service did not take it: it answered 403")]
    assert SECRET not in "".join(capfd.readouterr()) + everything_logged.read_text()


def test_services_that_say_nothing_cost_one_limit_together_and_the_others_are_told() -> None:
    closed = services.free_port()
    with ExitStack() as stack:
        deaf = [stack.enter_context(services.deaf_server()) for _number in range(3)]
        box, inbox = stack.enter_context(services.mail_server()), stack.enter_context(services.web_server())
        entries: list[dict[str, Any]] = [OPS | {"smtp": f"localhost:{deaf[0]}"}, {"webhook": f"http://localhost:{deaf[1]}/", "secret": SECRET}]
        entries += [{"apprise": f"json://localhost:{deaf[2]}/?rto=60"}, OPS | {"smtp": f"localhost:{closed}"}]
        entries += [{"webhook": f"http://localhost:{closed}/", "secret": SECRET}, {"webhook": "https://nosuch.invalid/", "secret": SECRET}]
        entries += [OPS | {"smtp": f"localhost:{box.port}"}, {"webhook": inbox.url, "secret": SECRET}]
        said = outcome(*entries, limit=3)
    silent = ("failed", "no answer within 3 s")
    assert said[:5] == [silent, silent, silent, ("failed", "connection refused"), ("failed", "connection refused")]
    assert said[5] == ("failed", "its name cannot be resolved") and said[6:] == [("sent", ""), ("sent", "")]
    assert len(box.taken) == len(inbox.taken) == 1


def test_a_deaf_server_is_given_up_by_itself_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "STEP_SECONDS", 0.3)
    monkeypatch.setattr(webhook, "STEP_SECONDS", 0.3)
    with services.deaf_server() as port:
        entries: list[dict[str, Any]] = [OPS | {"smtp": f"localhost:{port}"}, {"webhook": f"http://localhost:{port}/", "secret": SECRET}]
        assert outcome(*entries) == [("failed", "no answer in time")] * 2


def test_check_mode_tells_nobody() -> None:
    with services.mail_server() as box:
        assert outcome(OPS | {"smtp": f"localhost:{box.port}"}, check_mode=True) == [("check_mode", "check mode")]
    assert box.taken == []


def test_the_same_run_is_told_again_only_where_it_could_not_be() -> None:
    with services.mail_server() as box, services.web_server() as inbox:
        entries = (OPS | {"smtp": f"localhost:{box.port}"}, {"webhook": inbox.url, "secret": SECRET})
        inbox.status = 503
        first = told(*entries)
        inbox.status = 200
        second = told(*entries, before=tuple(first))
        third = told(*entries, before=tuple(second))
    assert [[item.status for item in round] for round in (first, second, third)] == [["sent", "failed"], ["already", "sent"], ["already", "already"]]
    assert third[0].at == first[0].at and (len(box.taken), len(inbox.taken)) == (1, 2)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[tuple[Path, list[dict[str, Any]], services.Mailbox, services.Inbox]]:
    """Yield a spooled run, entries of every kind with secrets, and the services behind them."""
    directory = spool.new_run(tmp_path / "state" / "bottomup-security", sample_fleet.RUN_ID)
    for document in sample_fleet.documents(3):
        spool.write_document(directory, document)
    spool.point_latest(tmp_path / "state" / "bottomup-security", sample_fleet.RUN_ID)
    with services.mail_server(login=True) as box, services.web_server() as inbox:
        inbox.status = 200
        entries: list[dict[str, Any]] = [
            OPS | {"smtp": f"localhost:{box.port}", "user": services.USER, "password": services.PASSWORD},
            {"webhook": f"{inbox.url}/{SECRET}", "secret": SECRET, "when": "failure"},
            {"apprise": inbox.url.replace("http", "json") + f"/{SECRET}"},
            {"webhook": f"http://localhost:{services.free_port()}/{SECRET}", "secret": SECRET},
            OPS | {"smtp": f"localhost:{box.port}", "user": services.USER, "password": SECRET, "when": "new"},
        ]
        yield tmp_path, entries, box, inbox


def report(folder: Path, entries: list[dict[str, Any]], *arguments: str, **variables: Any) -> Audit:
    """Make the report of the newest run with a real ansible-playbook that shows and logs all that it knows."""
    inventory = folder / "hosts"
    inventory.write_text("web1\n")
    (folder / "secrets.json").write_text(json.dumps({"daily_check_tell": entries, **variables}))
    seeing = {"ANSIBLE_LOG_PATH": str(folder / "ansible.log"), "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1"}
    return audit(folder, inventory, "-e", f"@{folder / 'secrets.json'}", *arguments, playbook="bottomup.security.report", history=True, **seeing)


def test_a_playbook_tells_and_keeps_every_secret(fleet: tuple[Path, list[dict[str, Any]], services.Mailbox, services.Inbox]) -> None:
    folder, entries, box, inbox = fleet
    done = report(folder, entries, "-vvvv")
    assert done.rc == 2 and "Exit reason 10" in done.shown, done.shown  # of the findings, and of nothing else
    run = done.state / "runs" / sample_fleet.RUN_ID
    summary = json.loads((run / "summary.json").read_text())
    assert faults("summary-1", summary) == []
    assert [item["status"] for item in summary["told"]] == ["sent", "sent", "sent", "failed", "failed"]
    assert (len(box.taken), len(inbox.taken)) == (1, 2)
    shown = " ".join(done.shown.split())
    assert "TOLD mail ops@example.com, dba@example.com: sent webhook localhost:" in shown and ": failed: connection refused" in shown
    assert "! mail ops@example.com, dba@example.com: failed: it refused the login" in shown
    written = [path for path in (*done.state.rglob("*"), folder / "ansible.log") if path.is_file()]
    assert run / "told.json" in written and all(path.stat().st_mode & 0o077 == 0 for path in run.iterdir())
    content = b"".join(path.read_bytes() for path in written) + done.shown.encode()
    assert SECRET.encode() not in content and services.PASSWORD.encode() not in content


def test_the_playbook_again_tells_those_that_failed_and_check_mode_nobody(
    fleet: tuple[Path, list[dict[str, Any]], services.Mailbox, services.Inbox],
) -> None:
    folder, entries, box, inbox = fleet
    entries = entries[:2]
    inbox.status = 503
    assert "not told: check mode" in " ".join(report(folder, entries, "--check").shown.split())
    assert (len(box.taken), len(inbox.taken)) == (0, 0)
    report(folder, entries)
    inbox.status = 200
    with services.web_server() as late:
        late.status = 503
        shown = " ".join(report(folder, [*entries, {"webhook": f"{late.url}/late", "secret": SECRET}]).shown.split())
    assert "told before" in shown and (len(box.taken), len(inbox.taken), len(late.taken)) == (1, 2, 1)
    # Another run: what could not be told of this one is said there.
    state = folder / "state" / "bottomup-security"
    for document in sample_fleet.documents(3):
        spool.write_document(spool.new_run(state, "r2"), document | {"run_id": "r2"})
    report(folder, entries, daily_check_runs=["r2"])
    last = email.message_from_bytes(box.taken[-1][2], policy=email.policy.default)
    words = " ".join(last.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert f"! Run {sample_fleet.RUN_ID} could not be told to webhook localhost:" in words and "it answered 503" in words
    assert earlier(state / "runs" / "r2").run_id == "r2"


def test_a_mistake_stops_the_run_before_the_first_connection(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"daily_check_tell": [OPS, {"webhook": f"http://example.com/{SECRET}", "secret": SECRET}]}))
    done = audit(tmp_path, "192.0.2.1,", "-e", f"@{tmp_path / 'secrets.json'}", "-vvv")
    assert done.rc == 2 and "daily_check_tell, entry 2 (webhook): https is wanted" in done.shown and SECRET not in done.shown
    assert done.runs == []


def vaulted(folder: Path, words: str) -> str:
    """Return a text as ansible-vault writes it into a YAML file, four columns in."""
    (folder / "vault").write_text("opens the vault\n")
    done = ansible(folder, ["ansible-vault", "encrypt_string", "--vault-password-file", str(folder / "vault"), words])
    assert done.rc == 0, done.shown
    return done.shown[done.shown.index("!vault") :].replace("Encryption successful", "").rstrip().replace("\n", "\n    ")


def test_the_role_with_vaulted_secrets(tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text("- hosts: all\n  gather_facts: false\n  roles:\n    - bottomup.security.daily_check\n")
    with services.web_server() as inbox:
        hook = f"  - webhook: {vaulted(tmp_path, f'{inbox.url}/{SECRET}')}\n    secret: {vaulted(tmp_path, SECRET)}\n"
        (tmp_path / "tell.yml").write_text(f"daily_check_checks: [restart]\ndaily_check_fail_on: never\ndaily_check_tell:\n{hook}")
        given = ["--vault-password-file", str(tmp_path / "vault"), "-e", f"@{tmp_path / 'tell.yml'}", "-vvvv"]
        done = audit(tmp_path, "web1,", "-c", "local", *given, playbook=str(tmp_path / "site.yml"))
    assert done.rc == 0, done.shown
    ((path, headers, body),) = inbox.taken
    assert path == f"/{SECRET}" and webhook.signature(SECRET, headers["X-Bottomup-Timestamp"], body) == headers["X-Bottomup-Signature"]
    assert SECRET not in done.shown and [item["status"] for item in done.summary["told"]] == ["sent"]
