# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daily_check_tell as it is written: what an entry means, and that no mistake in one shows what it holds."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import settings
from ansible_collections.bottomup.security.plugins.plugin_utils.tell.channels import Chat, Mail, TellError, Webhook, channels

SECRET = "s3cr3t-value-0123456789"
OPS = {"mail": "ops@example.com"}
HOOK = {"webhook": "https://hooks.example.com/in/" + SECRET, "secret": SECRET}

# entry -> (host, port, tls)
SERVERS: dict[str, tuple[dict[str, Any], tuple[str, int, str]]] = {
    "this machine": ({}, ("localhost", 25, "off")),
    "an address of it": ({"smtp": "[::1]:2525"}, ("::1", 2525, "off")),
    "submission": ({"smtp": "smtp.example.com"}, ("smtp.example.com", 587, "starttls")),
    "submissions": ({"smtp": "smtp.example.com:465"}, ("smtp.example.com", 465, "tls")),
    "relay in the clear": ({"smtp": "relay.example.com:25", "tls": "off"}, ("relay.example.com", 25, "off")),
    "YAML's off": ({"smtp": "relay.example.com:25", "tls": False}, ("relay.example.com", 25, "off")),
    "with a login": ({"smtp": "smtp.example.com", "user": "check", "password": SECRET}, ("smtp.example.com", 587, "starttls")),
    "login on this machine": ({"user": "check", "password": SECRET}, ("localhost", 25, "off")),
}


@pytest.mark.parametrize("case", SERVERS)
def test_mail_server(case: str) -> None:
    entry, wanted = SERVERS[case]
    (mail,) = channels([OPS | entry])
    assert isinstance(mail, Mail) and (mail.host, mail.port, mail.tls) == wanted


def test_recipients_and_sender() -> None:
    one, many = channels([OPS | {"mail": "root, ops@example.com,root"}, {"mail": [f"p{n}@example.com" for n in range(5)], "from": "check@example.com"}])
    assert isinstance(one, Mail) and isinstance(many, Mail)
    assert (one.recipients, one.sender, one.name) == (("root", "ops@example.com"), "root", "mail root, ops@example.com")
    assert (many.sender, many.to) == ("check@example.com", "p0@example.com, p1@example.com, p2@example.com and 2 more")


def test_what_is_shown_of_a_service_is_no_key() -> None:
    found = channels([{"apprise": f"slack://{SECRET}/{SECRET}", "when": "new"}, HOOK | {"link": "https://reports.example.com/"}])
    assert [item.name for item in found] == ["apprise slack", "webhook hooks.example.com"]
    assert isinstance(found[0], Chat) and isinstance(found[1], Webhook) and found[1].secret == SECRET
    assert SECRET not in repr(found) and SECRET not in str(found)


@pytest.mark.parametrize("given", [None, "", [], {}, ()], ids=repr)
def test_nobody_is_told(given: Any) -> None:
    assert channels(given) == []


class Vaulted:
    """A text that ansible-core before 2.19 reads from a vault: no str, and its text only on demand."""

    def __str__(self) -> str:
        return SECRET


def test_a_vaulted_value_is_read() -> None:
    (hook,) = channels(({"webhook": HOOK["webhook"], "secret": Vaulted()},))
    assert isinstance(hook, Webhook) and hook.secret == SECRET


# entry -> what the message says
BAD: dict[str, tuple[Any, str]] = {
    "no list": ("ops@example.com", "a list is wanted"),
    "a text in the list": (["ops@example.com"], r"entry 1: a mapping with one of mail, apprise, webhook is wanted"),
    "nothing": ([OPS, {"when": "new"}], "entry 2: a mapping with one of"),
    "two ways": ([OPS | HOOK], "entry 1: a mapping with one of"),
    "unknown key": ([OPS | {"sever": "x"}], r"entry 1 \(mail\): there is no sever; there are mail, when, link, from"),
    "key of another": ([OPS | {"secret": SECRET}], r"entry 1 \(mail\): there is no secret"),
    "when": ([OPS | {"when": "sometimes"}], "when is 'sometimes': one of always, new, change, failure is wanted"),
    "no address": ([{"mail": []}], "mail wants 1 to 50 addresses"),
    "too many": ([{"mail": [f"p{n}@example.com" for n in range(51)]}], "mail wants 1 to 50 addresses"),
    "header injection": ([{"mail": "ops@example.com\nBcc: all@example.com"}], "is no plain address"),
    "a name beside": ([{"mail": ["Ops <ops@example.com>"]}], "is no plain address"),
    "two in one": ([{"mail": ["a@example.com b@example.com"]}], "is no plain address"),
    "not ASCII": ([{"mail": "öps@example.com"}], "is no plain address"),
    "an option of sendmail": ([{"mail": "-oQ/tmp@example.com"}], "is no plain address"),
    "bad sender": ([OPS | {"from": "check@example.com\r\nSubject: x"}], "from is "),
    "bad server": ([OPS | {"smtp": "smtp://mail.example.com"}], "smtp is 'smtp://mail.example.com': a host, or host:port"),
    "bad port": ([OPS | {"smtp": "mail.example.com:99999"}], "a host, or host:port, is wanted"),
    "bad tls": ([OPS | {"tls": "ssl3"}], "tls is 'ssl3': one of starttls, tls, off is wanted"),
    "user alone": ([OPS | {"user": "check"}], "user and password go together"),
    "password alone": ([OPS | {"password": SECRET}], "user and password go together"),
    "password in the clear": ([OPS | {"smtp": "m.example.com", "tls": "off", "user": "u", "password": SECRET}], "would go over the network in the clear"),
    "password as a list": ([OPS | {"user": "u", "password": [SECRET]}], "password wants a text"),
    "no URL": ([{"apprise": SECRET}], "a URL of apprise is wanted"),
    "no such service": ([{"apprise": f"nosuch://{SECRET}"}], "apprise cannot use this nosuch:// URL"),
    "a URL that lacks something": ([{"apprise": f"slack://{SECRET}"}], "apprise cannot use this slack:// URL"),
    "plain http": ([HOOK | {"webhook": "http://hooks.example.com/" + SECRET}], "https is wanted"),
    "a file": ([HOOK | {"webhook": "file:///etc/shadow"}], "a URL such as https://example.com/hook is wanted"),
    "a login in the URL": ([HOOK | {"webhook": f"https://u:{SECRET}@example.com/"}], "a URL such as"),
    "a second request": ([HOOK | {"webhook": "https://example.com/ HTTP/1.1\r\nX: y"}], "a URL such as"),
    "a bad port": ([HOOK | {"webhook": "https://example.com:x/"}], "a URL such as"),
    "no secret": ([{"webhook": HOOK["webhook"]}], "a secret of 16 characters or more is wanted"),
    "short secret": ([HOOK | {"secret": "s3cr3t-value"}], "a secret of 16 characters or more is wanted"),
    "a link that is none": ([OPS | {"link": "javascript:alert(1)"}], "link is no web address"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_told_by_its_entry_and_shows_no_secret(case: str) -> None:
    given, words = BAD[case]
    with pytest.raises(settings.SettingError, match=f"^daily_check_tell, .*{words}") as caught:
        settings.tell(given)
    assert "s3cr3t" not in str(caught.value)


def test_apprise_is_needed_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    assert len(settings.tell([OPS, HOOK])) == 2
    with pytest.raises(settings.SettingError, match=r"entry 2 \(apprise\): the package apprise is not installed"):
        settings.tell([OPS, {"apprise": "json://localhost"}])
    assert issubclass(TellError, Exception)
