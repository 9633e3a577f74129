# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in command lines, addresses and logs: an example of each rule, and what must stay readable."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks.fail2ban_log import Log
from ansible_collections.bottomup.security.plugins.module_utils.host.redact import HIDDEN, NEEDLES, looks_typed, name_shown, redact
from ansible_collections.bottomup.security.plugins.module_utils.host.redact_rules import PROGRAMS, RULES, secrets

SECRET = "0123456789abcdef0123456789ABCDEF"

# rule -> lines in which it finds the secret
EXAMPLES = {
    "address": (
        f"wget ftp://joe:{SECRET}@host/x",
        f"https://joe:p@{SECRET}@host",
        f"psql postgres://joe:{SECRET}@db/app",
        f"wget https://joe:a/{SECRET}@host/x",
    ),
    "address_token": (f"git clone https://{SECRET}@github.com/a/b", f"https://{SECRET}:x-oauth-basic@github.com/"),
    "authorization": (
        f"curl -s -H 'Authorization: Bearer {SECRET}' -H 'Content-Type: application/json'",
        f"curl -H Authorization:\\ Bearer\\ {SECRET} https://api.example",
        f"curl -H Proxy-Authorization:Basic {SECRET}",
        f'http GET host "Authorization":"{SECRET}"',
    ),
    "bearer": (f"sent bearer {SECRET} to the other side",),
    "cookie": (f"curl -H 'Cookie: a={SECRET}'", f"Set-Cookie: sid={SECRET}; path=/"),
    "header": (f'curl -X POST "https://api.example/v4" -H "X-Auth-Email: a@b.example" -H "X-Auth-Key: {SECRET}" -H "Accept: x"',),
    "header_key": (f"curl --fail 'https://api.abuseipdb.com/api/v2/report' -H 'Key: {SECRET}' --data 'ip=192.0.2.1'",),
    "hook": (
        f"curl -s https://api.telegram.org/bot123456789:{SECRET}/sendMessage -d text=banned",
        f"curl -X POST -d payload https://hooks.slack.com/services/T0000000/B0000/{SECRET}",
        f"curl -d payload https://discord.com/api/webhooks/12345678/{SECRET}",
    ),
    "named": (
        f"sendmail --password={SECRET} --to=root",
        f"PGPASSWORD={SECRET} psql",
        f'{{"api_key": "{SECRET}", "a": 1}}',
        f'{{\\"client_secret\\": \\"{SECRET}\\"}}',
        f"POST /login?user[password]={SECRET}&a=b",
        f"POST /login?user%5Bpassword%5D={SECRET}",
        f"java -Djavax.net.ssl.keyStorePassword={SECRET} x",
        f"mount -o username=joe,password={SECRET} //a/b",
        f"PRIVATE-TOKEN: {SECRET}",
        f"rsync --password=x,{SECRET}",
        f"dbpass: {SECRET}",
    ),
    "named_weak": (f"GET /x?session={SECRET}", f"PHPSESSID={SECRET}", f'{{"auth": "{SECRET}"}}'),
    "option": (f"svn up --username joe --password {SECRET}", f"keytool -list -storepass {SECRET}", f"mc admin --secret-key '{SECRET} x'"),
    "query": (f"GET /reset?tok={SECRET}", f"/a?b=c&sig={SECRET}&d=e", f"/callback?code={SECRET}"),
    "set": (f"aws configure set aws_secret_access_key {SECRET}",),
    "piped": (
        f"echo joe:{SECRET} | chpasswd",
        f"/bin/sh -c echo {SECRET} | sudo -S id",
        f"echo {SECRET} | /usr/bin/passwd --stdin joe",
        f"printf {SECRET} | docker login -u joe --password-stdin",
    ),
    "here": (f"chpasswd <<< 'joe:{SECRET}'",),
    "told": (
        f"psql -c ALTER USER joe PASSWORD '{SECRET}'",
        f"mysql -e \"CREATE USER joe IDENTIFIED WITH sha256_password BY '{SECRET}'\"",
        f"the passphrase {SECRET} is wrong",
        f"passphrase 'correct horse {SECRET}' is not the one",
    ),
    "pem": (
        f"echo '-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----' >> key",
        f"loaded -----BEGIN RSA PRIVATE KEY----- Proc-Type: 4,ENCRYPTED DEK-Info: AES-128-CBC,00 {SECRET}",
        f"loaded -----BEGIN PGP PRIVATE KEY BLOCK-----\\n{SECRET}\\n=",
    ),
    "jwt": ("seen eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x" + SECRET,),
    "known": (f"git ghp_{SECRET}", f"glpat-{SECRET}", f"sk_live_{SECRET}"),
    "crypt": (f"chpasswd -e joe:$6$salt${SECRET}",),
}

# what the command is called -> commands with the secret
COMMANDS = {
    "mysql": (f"mysql -u f2b -p{SECRET} -e insert", f"/usr/bin/mysqldump -h db-prod -p'{SECRET} x' app", f"mariadb-dump -p{SECRET}"),
    "curl": (
        f"curl -u joe:{SECRET} https://host/",
        f"curl -su 'joe:a {SECRET}' https://host/",
        f"curl --user=joe:{SECRET};x host",
        f"curl -U a:b --proxy-user joe:{SECRET} host",
        f"curl -b sid={SECRET} host",
    ),
    "http": (f"http -a joe:{SECRET} host",),
    "sshpass": (f"sshpass -p {SECRET} ssh host", f"sshpass -p{SECRET} ssh host"),
    "htpasswd": (
        f"htpasswd -b /etc/nginx/users joe {SECRET}",
        f"htpasswd -nbB joe {SECRET} >> /etc/nginx/users",
        f"htpasswd -cb -C 10 users joe 'two {SECRET}'",
        f"htpasswd -b users joe a;{SECRET}",
        f"htpasswd -b users joe {SECRET}; systemctl reload nginx",
    ),
    "openssl": (
        f"openssl enc -aes-256-cbc -k {SECRET} -in a",
        f"openssl rsa -in key.pem -passin pass:{SECRET}",
        f"openssl passwd -6 -salt xx {SECRET}",
        f"openssl dgst -sha256 -hmac {SECRET} file",
    ),
    "redis-cli": (f"redis-cli -h db -a {SECRET} info",),
    "mongo": (f"mongodump -u joe -p {SECRET}", f"mongosh -p{SECRET}"),
    "ldap": (f"ldapsearch -x -D cn=admin -w {SECRET}",),
    "smbclient": (f"smbclient //a/b -U joe%{SECRET}",),
    "zip": (f"zip -r -P {SECRET} a.zip b",),
    "7z": (f"7za a -p{SECRET} a.7z b",),
    "docker": (f"docker login -u joe -p {SECRET} registry.example",),
    "skopeo": (f"skopeo copy --dest-creds joe:{SECRET} a b",),
    "useradd": (f"useradd -m -p {SECRET} joe",),
    "snmpw": (f"snmpwalk -v2c -c {SECRET} host",),
    "ipmitool": (f"ipmitool -H host -U admin -P {SECRET} power status",),
    "xfreerdp": (f"xfreerdp /u:joe /p:{SECRET} /v:host",),
    "sqlplus": (f"sqlplus -s joe/{SECRET}@db",),
    "lftp": (f"lftp -u joe,{SECRET} host",),
    "ssh-keygen": (f"ssh-keygen -t ed25519 -N {SECRET} -f key", f"ssh-keygen -p -P '{SECRET}' -N ''"),
    "vault": (f"vault login {SECRET}",),
    "rabbitmqctl": (f"rabbitmqctl change_password joe {SECRET}",),
    "wpa_passphrase": (f"wpa_passphrase home {SECRET}",),
    "nmcli": (f"nmcli c modify home wifi-sec.psk {SECRET}", f"nmcli d wifi connect home password {SECRET}"),
}

LINES = [(f"{name}-{number}", words) for table in (EXAMPLES, COMMANDS) for name, lines in table.items() for number, words in enumerate(lines)]
WORDS = pytest.mark.parametrize("words", [words for _name, words in LINES], ids=[name for name, _words in LINES])


def test_each_rule_has_its_example() -> None:
    assert list(EXAMPLES) == [rule[0] for rule in RULES]
    assert {names[0].decode() for names, _expression in PROGRAMS} == set(COMMANDS)


@pytest.mark.parametrize(("number", "words"), [(n, words) for n, rule in enumerate(RULES) for words in EXAMPLES[rule[0]]])
def test_the_rule_itself_finds_its_example(number: int, words: str) -> None:
    _name, needles, exact, expression = RULES[number]
    found = re.search(expression, words.encode() if exact else words.lower().encode())
    assert found and any(SECRET.lower() in (group or b"").decode().lower() for group in found.groups())
    assert any(needle in found.group().lower() for needle in needles)


@WORDS
def test_a_secret_is_hidden_and_the_command_is_still_known(words: str) -> None:
    shown = redact(words.encode()).decode()
    assert SECRET not in shown and "[redacted]" in shown
    first = words.partition("=")[0].split()[0].partition(":")[0]
    assert shown.startswith(first) or SECRET in first
    assert redact(shown.encode()).decode() == shown


@WORDS
def test_what_is_looked_for_first_is_in_each(words: str) -> None:
    assert re.search(NEEDLES, words.lower().encode())


@WORDS
def test_what_the_log_of_fail2ban_says_of_a_failed_command_holds_no_secret(words: str) -> None:
    now = int(time.time())
    log = Log(now - 10, now + 10)
    log.add(now, b"ERROR", f"7f8a1b2c3d4e -- exec: {words}".encode())
    log.add(now, b"ERROR", f"7f8a1b2c3d4e -- stderr: {words!r}".encode())
    log.add(now, b"ERROR", b"Failed to execute ban jail 'sshd' action 'cloudflare' info 'ActionInfo({})': Error banning 192.0.2.1")
    assert len(log.errors) == 3 and log.jail("sshd").said
    assert SECRET not in repr((log.errors, log.jail("sshd").said))


# What a reader needs: it holds one of the words, and no secret.
PLAIN = (
    "the monkey: banana split",
    "ssh host key: ecdsa-sha2-nistp256",
    "X-Frame-Options: DENY",
    "https://api.telegram.org/",
    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1",
    "auth: Error: connection refused",
    "session: opened for user root",
    "PWD=/home/joe",
    "12 tests passed: 10 skipped",
    "GET /?key=../../etc/passwd",
    "GET /?page=1&code=phpinfo()",
    "GET /?sid=union%20select%201",
    "GET /?sid=1+union+select+1",
    "Accepted password for 'joe' from 192.0.2.1",
    "ssh -p 2222 joe@host",
    "mysql -h db-prod -P 3306 -p app",
    "docker run -u 1000:1000 -p 8080:80 nginx",
    "openssl rsa -in key.pem -passin file:/etc/pw",
    "backup --password-file=/etc/backup.pw",
    "htpasswd -D /etc/nginx/users joe",
    "curl -o out https://host:8443/a?b=c",
    "echo hello | sudo tee /etc/motd",
    "cost $5 and $1",
    "bypass=1 compass: north passenger: 3",
    "git push https://joe@host.example/repository",
    "passwd joe",
    "Enter passphrase for key '/root/.ssh/id_rsa'",
    "the passphrase is wrong, password authentication failed: 12 times",
    "password /etc/backup.pw1",
    "password SHA512 of joe",
    "-----BEGIN CERTIFICATE-----MIIB0123456789abcdef",
    "GET http://host:8080/@joe/a@b",
    "GET http://[2001:db8::1]:8080/a@b",
    "proxies http://one:3128,http://two:3128/a@b",
    "cp /etc/mysql -pr /backup",
    "chown -R joe /var/lib/mysql -pr",
)


@pytest.mark.parametrize("words", PLAIN)
def test_what_is_no_secret_stays(words: str) -> None:
    assert redact(words.encode()).decode() == words


PIECES = [piece for _name, words in LINES for piece in words.split()]
PIECES += [*(piece.lower() for piece in PIECES), *(piece.upper() for piece in PIECES), " ", "é", "=", ":", "'", '"', "-p", "|"]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["", " "]))
def test_looking_for_words_first_hides_the_same(pieces: list[str], between: str) -> None:
    words = between.join(pieces).encode()
    found = list(secrets(words, words.lower()))
    assert (redact(words) != words or not found) or all(words[start:end] == HIDDEN for start, end in found)
    assert all(0 <= start < end <= len(words) for start, end in found)


LONG = (
    "a",
    "-",
    "a -",
    "pass",
    "password",
    "x-",
    "://a:",
    "a:b@",
    "mysql ",
    "curl -u a:",
    "eyJhhhhhhhhhhh.",
    "--token ",
    "&tok=aaaaaa(",
    "htpasswd -b '",
    "docker login ",
    "-----begin private key-----",
    "-----begin ",
    "passphrase a",
    "passphrase aaaaaaaa",
    "://a:/",
)


@pytest.mark.parametrize("piece", LONG)
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    # With an expression that goes back over what it has read, this would not end today.
    words = ("mysql curl password authorization @ ://" + piece * (400_000 // len(piece))).encode()
    assert len(redact(words)) > 0


TYPED = ("Hunter2Hunter2", "correct Horse 7", "S3cr3t!pass", "xK9#mmmmm", "Passw0rd")
NAMES = ("root", "admin", "deploy2024", "jane.doe", "Jane.Doe", "DOMAIN\\joe", "svc-backup-01", "jane@example.com", "HOST$", "Administrator", "a" * 90, "Ab1!")


@pytest.mark.parametrize("name", TYPED)
def test_a_password_typed_as_a_name_is_not_shown_whole(name: str) -> None:
    assert looks_typed(name.encode()) and name_shown(name.encode()) == name[:2].encode() + HIDDEN


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown(name: str) -> None:
    assert name_shown(name.encode()) == name.encode()
