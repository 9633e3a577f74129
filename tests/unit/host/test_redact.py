# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in the commands of fail2ban's actions: its log repeats a command that failed, word by word."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks.fail2ban_log import Log
from ansible_collections.bottomup.security.plugins.module_utils.host.redact import RULES, redact

SECRET = "0123456789abcdef0123456789ABCDEF"

# As the actions of fail2ban (config/action.d) and of its users write them.
COMMANDS = {
    "cloudflare": f'curl -s -X POST "https://api.cloudflare.com/client/v4" -H "X-Auth-Email: a@b.example" -H "X-Auth-Key: {SECRET}" -H "Accept: x"',
    "cloudflare-token": f"curl -s -H 'Authorization: Bearer {SECRET}' -H 'Content-Type: application/json'",
    "sudo's blanks": f"curl -H Authorization:\\ Bearer\\ {SECRET} https://api.example",
    "abuseipdb": f"curl --fail 'https://api.abuseipdb.com/api/v2/report' -H 'Accept: application/json' -H 'Key: {SECRET}' --data 'ip=192.0.2.1'",
    "telegram": f"curl -s https://api.telegram.org/bot123456789:{SECRET}/sendMessage -d text=banned",
    "slack": f"curl -X POST -d payload https://hooks.slack.com/services/T0000/B0000/{SECRET}",
    "discord": f"curl -d payload https://discord.com/api/webhooks/12345678/{SECRET}",
    "mysql": f"mysql -u f2b -p{SECRET} -e 'insert'",
    "password": f"sendmail --password={SECRET} --to=root",
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=list(COMMANDS))
def test_a_secret_is_hidden_and_the_command_is_still_known(words: str) -> None:
    shown = redact(words.encode()).decode()
    assert SECRET not in shown and "[redacted]" in shown
    assert shown.split()[0] == words.split()[0]


@pytest.mark.parametrize("words", COMMANDS.values(), ids=list(COMMANDS))
def test_what_the_log_of_fail2ban_says_of_a_failed_command_holds_no_secret(words: str) -> None:
    now = int(time.time())
    log = Log(now - 10, now + 10)
    log.add(now, b"ERROR", f"7f8a1b2c3d4e -- exec: {words}".encode())
    log.add(now, b"ERROR", f"7f8a1b2c3d4e -- stderr: {words!r}".encode())
    log.add(now, b"ERROR", b"Failed to execute ban jail 'sshd' action 'cloudflare' info 'ActionInfo({})': Error banning 192.0.2.1")
    assert len(log.errors) == 3 and log.jail("sshd").said
    assert SECRET not in repr((log.errors, log.jail("sshd").said))


@pytest.mark.parametrize("words", ["the monkey: banana split", "ssh host key: ecdsa-sha2-nistp256", "X-Frame-Options: DENY", "https://api.telegram.org/"])
def test_what_is_no_secret_stays(words: str) -> None:
    assert redact(words.encode()).decode() == words


PIECES = [*(word.lower() for words in COMMANDS.values() for word in words.split()), *(word for words in COMMANDS.values() for word in words.split())]
PIECES += ["https://user:pw@host/", "Cookie: a=b", "PGPASSWORD=abc", "--token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", f"ghp_{SECRET}", "sshpass -p x", " "]
PIECES += ["Set-Cookie:", "SESSIONID=1", "apiKey=", "AKIA0123456789ABCDEF", "discordapp.com/api/webhooks/12345678", "mariadb-dump -px", "é"]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["", " "]))
def test_looking_for_words_first_hides_the_same(pieces: list[str], between: str) -> None:
    words = between.join(pieces).encode()
    slow = words
    for _needles, pattern, instead in RULES:
        slow = pattern.sub(instead, slow)
    assert redact(words) == slow
