# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a secret looks like in a log, in an address and in a command line.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers. The texts are an attacker's: no expression starts with a repetition, none has two
in a row that take the same characters, so that the time grows with the length alone. An example of each rule is in the tests.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from .pattern import Pattern

# A value: in quotes up to the closing one (or the end, where the line was cut), else up to a blank.
_VALUE = rb"\\{0,4}(?:\"([^\"]+)|\x27([^\x27]+)|([^\s\x27\"]+))"
# The same in an address or a form, where the next name follows.
_FIELD = rb"\\{0,4}(?:\"([^\"]+)|\x27([^\x27]+)|([^\s&;\x27\"]+))"
# A value in a sentence, told from its other words by letters with a digit or a sign: no path, no address, no name of a hash.
_PIECE = rb"[^\s\x27\"/:;,=()\[\]<>|]"
_MIXED = rb"((?!sha|md5|argon|bcrypt|scrypt|yescrypt|pbkdf)(?=" + _PIECE + rb"{0,40}?[a-z])(?=" + _PIECE + rb"{0,40}?[\d#$%^&*+~])" + _PIECE + rb"{6,})"
# user:password; the password is the secret.
_LOGIN = rb"(?:\"[^\":]{0,200}:([^\"]+)|\x27[^\x27:]{0,200}:([^\x27]+)|[^\s:\x27\"]{1,200}:([^\s\x27\"]+))"
# A word of a command, and the last one.
_WORD = rb"(?:\"[^\"]*(?:\"|\Z)|\x27[^\x27]*(?:\x27|\Z)|[^\s\x27\"]\S*)"
_LAST = rb"\s+(?:" + _WORD + rb"\s+)*(?!-)(" + _WORD + rb")[\s\x27\"]*\Z"

# Names of what is secret wherever it stands (no "bypass", no "compass"; PWD=/home is a folder), ...
_STRONG = (
    rb"(?:pass(?:word|wd|phrase|code)|(?<!by)(?<!com)pass(?![a-z])|passw(?![a-z])|pwd(?!=/)|secret(?:[_-]?key)?|token|credential"
    rb"|(?:api|access|private|auth|encryption|signing|master|account|shared)[_-]?key)"
)
# ... and of what is one only with a plain "=", or in quotes: "auth: error" and "session: opened" are sentences.
_WEAK = rb"(?:auth|session|sess(?:ion)?[_-]?(?:id|key)|cookie|psk)"

# (name, one of these stands in every match, whether small and capital letters differ, expression): each group of it is a secret.
RULES = (
    # https://user:password@host, and with a plain slash in the password: a port and a folder are none
    ("address", (b"@",), False, rb"://[^\s/:@]{0,100}:(?:([^\s/?#]+)@|(?!\d{0,5}[/?#,]|[^\s/]{0,100}\])([^\s@\x27\"]{1,200})@)"),
    # https://token@host: longer than a name
    ("address_token", (b"@",), False, rb"://([\w.~%+-]{20,200})(?::[^\s/@]{0,100})?@"),
    # Authorization: Bearer abc | Basic abc
    ("authorization", (b"authorization",), False,
     rb"authorization[\x27\"]?\s{0,3}[:=][\s\\\x27\"]{0,4}(?:(?:bearer|basic|token|digest|apikey|negotiate)[\s\\]{1,4})?([^\s\x27\"]+)"),
    ("bearer", (b"bearer",), False, rb"\bbearer[\s\\]{1,4}([\w.~+/=-]{16,})"),
    ("cookie", (b"cookie",), False, rb"cookie\s{0,3}:\s{0,3}([^\x27\"\r\n]+)"),
    # X-Auth-Key: abc, and -H "Key: abc" (abuseipdb)
    ("header", (b"x-",), False, rb"\bx-[a-z-]{0,40}(?:key|token|secret|signature)\s{0,3}:[\s\\]{0,4}([^\s\x27\"]+)"),
    ("header_key", (b"key",), False, rb"-h\s{0,3}\\{0,2}[\x27\"]?key\s{0,3}:[\s\\]{0,4}([^\s\x27\"]+)"),
    # addresses that are the key themselves
    ("hook", (b"api.telegram.org", b"hooks.slack", b"discord", b"webhook.office"), False,
     rb"(?:api\.telegram\.org/bot|hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/webhookb2/)"
     rb"([^\s\x27\"/]{8,}[^\s\x27\"]*)"),
    # password=abc, PGPASSWORD=abc, user[password]=abc, "api_key": "abc", MYSQL_PWD=abc
    ("named", (b"pass", b"pwd", b"secret", b"token", b"credential", b"key"), False,
     _STRONG + rb"[\w.-]{0,30}(?<!file)(?<!path)(?:\]|%5d)?\\{0,4}[\x27\"]?\s{0,3}(?:=>|[=:]|%3d)\s{0,3}" + _FIELD),
    ("named_weak", (b"auth", b"sess", b"cookie", b"psk"), False, _WEAK + rb"(?:=|\\{0,4}[\x27\"]\s{0,3}:\s{0,3})" + _FIELD),
    # --password abc, -storepass abc, --api-key abc
    ("option", (b"pass", b"pwd", b"secret", b"token", b"credential", b"key", b"psk"), False,
     rb"(?<![\w-])--?[\w-]{0,40}?(?:" + _STRONG + rb"|psk)\s{1,3}(?!-)" + _VALUE),
    # ?tok=abc, &sig=abc: names that may be something else, with a value as secrets have one, and no blank, quote or slash of an attack in it
    ("query",
     (b"tok=", b"tkn=", b"jwt=", b"otp=", b"pin=", b"sid=", b"sig=", b"sign=", b"ature=", b"code=", b"key=", b"hash=",
      b"nonce=", b"ticket=", b"state=", b"x-amz-"),
     False,
     rb"[?&](?:tok|tkn|jwt|otp|pin|sid|sig|sign|signature|code|key|hash|nonce|ticket|state|x-amz-[a-z-]{1,20})=((?:[\w.~-]|%2b|%3d){6,})(?=[&\s\x27\"#;]|\Z)"),
    # aws configure set aws_secret_access_key abc
    ("set", (b"secret_access_key", b"session_token"), False, rb"(?:secret_access_key|session_token)\s{1,3}" + _VALUE),
    # echo abc | passwd --stdin, echo abc | sudo -S id, chpasswd <<< root:abc
    ("piped", (b"passwd", b"sudo", b"kinit", b"cryptsetup", b"gpg", b"openssl", b"docker", b"podman", b"helm"), True,
     rb"\b(?:echo|printf)\s{1,3}([^|]{1,300}?)\s{0,3}\|\s{0,3}(?:sudo\s{1,3}(?!-))?(?:/[\w/]{1,40}/)?"
     rb"(?:chpasswd|smbpasswd|passwd|kinit|cryptsetup|gpg2?|openssl|sudo\s{1,3}-\w{0,5}S|(?:docker|podman|helm)\s[\w\s]{0,20}login)\b"),
    ("here", (b"<<<",), True, rb"(?:chpasswd|smbpasswd|passwd|kinit|cryptsetup)\b[^<|;]{0,100}<<<\s{0,3}" + _VALUE),
    # ALTER USER x PASSWORD 'abc', CREATE USER x IDENTIFIED BY 'abc', "the passphrase abc-123 is wrong"
    ("told", (b"password", b"passphrase", b"identified"), False,
     rb"(?:pass(?:word|phrase)|identified\s{1,3}(?:with\s{1,3}\w{1,40}\s{1,3})?by)\s{1,3}\\{0,4}(?:\"([^\"]+)|\x27([^\x27]+)|" + _MIXED + rb")"),
    # -----BEGIN RSA PRIVATE KEY-----, up to its end or that of the text
    ("pem", (b"private key",), False, rb"-----begin [\w ]{0,40}private key(?: block)?-----((?s:.+?))(?:-----end|\Z)"),
    # a JSON web token
    ("jwt", (b"eyj",), True, rb"\b(eyJ[\w-]{10,2000}\.[\w-]{5,4000}(?:\.[\w-]{0,2000})?)"),
    # keys with a well-known beginning: Amazon, GitHub, GitLab, Slack, Stripe, Google, Vault, npm
    ("known", (b"akia", b"asia", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"xox", b"_live_", b"aiza", b"hvs.", b"npm_"), True,
     rb"\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[baprs]-[\w-]{10,}|[srp]k_live_\w{16,}|AIza[\w-]{35}"
     rb"|hvs\.[\w-]{20,}|npm_\w{30,})"),
    # the hash of a password, as crypt(3) writes it
    ("crypt", (b"$",), True, rb"(\$(?:1|2[aby]|5|6|7|y|gy|argon2[id]{1,2})\$[^\s:\x27\"]{8,})"),
)

# Commands whose options say nothing of a secret by their name: (the beginnings of the commands, expression for what follows them).
PROGRAMS = (
    # mysql -psecret; -P is the port, -p alone asks
    ((b"mysql", b"mariadb"), rb"\s-p(?=\S)" + _VALUE),
    # curl -u user:password, -su, --proxy-user; a cookie; the password of a certificate
    ((b"curl",), rb"\s(?:-[a-zA-Z]{0,5}[uUE]|--user|--proxy-user|--cert)[\s=]{0,2}" + _LOGIN),
    ((b"curl",), rb"\s(?:-b|--cookie)[\s=]{1,2}" + _VALUE),
    ((b"http",), rb"\s(?:-a|--auth)[\s=]{1,2}" + _LOGIN),
    ((b"sshpass",), rb"\s-p\s{0,3}" + _VALUE),
    # htpasswd -b file user password, -nbB user password
    ((b"htpasswd",), rb"\s-[a-zA-Z]{0,6}b[a-zA-Z]{0,6}" + _LAST),
    # openssl enc -k password | -K key | -psk key | dgst -hmac key; -passin pass:secret has a name; openssl passwd -6 secret
    ((b"openssl",), rb"\s-(?:k|K|psk|hmac|cek|srppass)\s{1,3}" + _VALUE),
    ((b"openssl",), rb"\spasswd" + _LAST),
    ((b"redis-cli", b"valkey-cli", b"keydb-cli"), rb"\s-a\s{1,3}" + _VALUE),
    ((b"mongo",), rb"\s-p\s{0,3}" + _VALUE),
    # ldapsearch -D cn=admin -w password; -W asks
    ((b"ldap",), rb"\s-w\s{0,3}" + _VALUE),
    ((b"smbclient", b"rpcclient"), rb"\s-U\s{0,3}[^\s%]{1,100}%" + _VALUE),
    ((b"zip", b"unzip"), rb"\s-P\s{0,3}" + _VALUE),
    ((b"7z", b"rar", b"unrar"), rb"\s-h?p(?=\S)" + _VALUE),
    # docker login -p password; docker run -p is a port
    ((b"docker", b"podman", b"buildah", b"helm"), rb"\slogin\s(?:.*?\s)?-p\s{0,3}" + _VALUE),
    ((b"skopeo", b"podman", b"buildah", b"ctr"), rb"\s(?:-u|--(?:src-|dest-)?creds)[\s=]{1,2}" + _LOGIN),
    # the passphrase of a key, and the one it had
    ((b"ssh-keygen",), rb"\s-[NP]\s{0,3}" + _VALUE),
    # a hash, or what somebody took for it
    ((b"useradd", b"usermod"), rb"\s-p\s{0,3}" + _VALUE),
    # the community is the password of SNMP 1 and 2
    ((b"snmpw", b"snmpg", b"snmpb", b"snmps", b"snmpt"), rb"\s-[cAX]\s{0,3}" + _VALUE),
    ((b"ipmitool", b"ipmi-", b"sqlcmd", b"isql", b"bcp"), rb"\s-P\s{0,3}" + _VALUE),
    ((b"xfreerdp", b"wlfreerdp", b"rdesktop"), rb"\s(?:/p:|-p\s{0,3})" + _VALUE),
    ((b"sqlplus",), rb"\s[^\s/@-][^\s/@]{0,60}/([^\s/@]+)"),
    ((b"lftp",), rb"\s-u\s{0,3}[^\s,]{1,100},([^\s,]+)"),
    ((b"vault",), rb"\slogin\s{1,3}(?!-)" + _VALUE),
    ((b"rabbitmqctl",), rb"\s(?:add_user|change_password|authenticate_user)\s{1,3}\S{1,100}\s{1,3}" + _VALUE),
    ((b"wpa_passphrase",), rb"\s\S{1,100}\s{1,3}" + _VALUE),
    ((b"nmcli",), rb"\s(?:\S{0,40}psk|password)\s{1,3}" + _VALUE),
)

# So much after its name belongs to a command, up to what ends it in a shell. A separator with no blank beside it may be part of a password.
COMMAND_LIMIT = 600
_END = Pattern(rb"\s(?:[|;&]|\d?[<>])|[|;](?=\s)")

_RULES = tuple((needles, exact, Pattern(expression)) for _name, needles, exact, expression in RULES)
# What is named so here is a folder or a file: /etc/mysql.
_FOLDERS = (b"/etc/", b"/lib/", b"/log/", b"/run/", b"/share/")

_PROGRAMS = tuple(
    (names, Pattern(rb"(?<![\w-])(?:" + b"|".join(names) + rb")[\w.-]{0,20}(?=\s)"), Pattern(expression)) for names, expression in PROGRAMS
)


def secrets(words, small):
    """Yield (start, end) of what looks like a secret in bytes, in no order; C(small) are the same bytes in small letters."""
    for needles, exact, pattern in _RULES:
        if _has(small, needles):
            for found in pattern.finditer(words if exact else small):
                for span in found.regs[1:]:
                    if span[0] >= 0:
                        yield span
    for names, program, options in _PROGRAMS:
        if _has(words, names):
            yield from _of_program(words, program, options)


def _has(words, needles):
    for needle in needles:  # noqa: SIM110 - any() takes twice as long
        if needle in words:
            return True
    return False


def _of_program(words, program, options):
    """Yield (start, end) of the secrets among the options of a command."""
    found = program.search(words)
    while found is not None:
        start = stop = found.end()
        if not words.endswith(_FOLDERS, 0, found.start()):
            ends = _END.search(words, start, start + COMMAND_LIMIT)
            stop = min(len(words), start + COMMAND_LIMIT) if ends is None else ends.start()
            for option in options.finditer(words, start, stop):
                for span in option.regs[1:]:
                    if span[0] >= 0:
                        yield span
        found = program.search(words, stop)
