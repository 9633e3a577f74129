# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where web servers log and in what format, from their configuration: nginx and Apache, with includes, without running them.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re

from ..host.pattern import Pattern
from . import web_probes_files as files

FILES_LIMIT = 500
TOKENS_LIMIT = 400000
DEPTH_LIMIT = 16
FILE_LIMIT = 8 << 20

NGINX = (
    b"/etc/nginx/nginx.conf",
    b"/usr/local/nginx/conf/nginx.conf",
    b"/opt/nginx/conf/nginx.conf",
    b"/usr/local/etc/nginx/nginx.conf",
    b"/usr/local/openresty/nginx/conf/nginx.conf",
)
APACHE = (b"/etc/apache2/apache2.conf", b"/etc/httpd/conf/httpd.conf")

# access: [(path or glob, name of the format)]; not_read: [(what, why)].
Config = collections.namedtuple("Config", "access errors formats names roots not_read problems")

_TOKEN = Pattern(rb"\s+|#[^\n]*|\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([{};])|((?:\$\{\w*\}|\\.|[^\s{};\"'\\])+)", re.DOTALL)
_VARIABLE = Pattern(rb"\$(?:\{\w+\}|\w+)")
_ESCAPED = Pattern(rb"\\(.)", re.DOTALL)


def _say(config, path, why):
    """Note why something of a file was not read, once."""
    words = "%s: %s" % (os.fsdecode(path), why)
    if words not in config.problems:
        config.problems.append(words)


def _text(machine, config, path, depth, read):
    """Return the text of a configuration file, nothing where it cannot be read, or C(read) files were read already."""
    if depth > DEPTH_LIMIT or read >= FILES_LIMIT:
        _say(config, path, "includes go too deep or are too many")
        return b""
    try:
        words = machine.read(path, FILE_LIMIT + 1)
    except (OSError, ValueError) as error:
        _say(config, path, getattr(error, "strerror", None) or error)
        return b""
    if len(words) > FILE_LIMIT:
        _say(config, path, "the configuration is too large")
    return words[:FILE_LIMIT]


def _tokens(words):
    """Yield (kind, token) of nginx configuration: kind C(sign) for braces and semicolons, C(word) for the rest."""
    place = 0
    while place < len(words):
        match = _TOKEN.match(words, place)
        if not match:
            place += 1
            continue
        place = match.end()
        double, single, sign, word = match.groups()
        if sign:
            yield "sign", sign
        elif word is not None:
            yield "word", word
        elif double is not None or single is not None:
            yield "word", _ESCAPED.sub(rb"\1", double if double is not None else single)


class _Nginx:
    """Reads one configuration with its includes."""

    def __init__(self, machine, main):
        self._machine, self._prefix = machine, os.path.dirname(main)
        self._files, self._left = 0, TOKENS_LIMIT
        self.config = Config([], [], {}, set(), [], [], [])
        self._file(main, 0)

    def _file(self, path, depth):
        words = _text(self._machine, self.config, path, depth, self._files)
        self._files += 1
        line = []
        for kind, token in _tokens(words):
            self._left -= 1
            if self._left < 0:
                _say(self.config, path, "the configuration is too large")
                return
            if kind == "word":
                if len(line) < 200:
                    line.append(token)
                continue
            if line and token == b";":
                self._directive(line, depth)
            line = []

    def _directive(self, line, depth):
        name, arguments = line[0], line[1:]
        config = self.config
        if name == b"include" and arguments:
            pattern = arguments[0] if arguments[0].startswith(b"/") else self._prefix + b"/" + arguments[0]
            found = files.Found()
            # A loop of includes comes here again and again.
            for path in files.expand(self._machine, pattern, found) if self._files <= FILES_LIMIT else ():
                self._file(path, depth + 1)
            for path, why in found.denied:
                _say(config, path, why)
        elif name == b"log_format" and len(arguments) > 1:
            parts = [part for part in arguments[1:] if not part.startswith(b"escape=")]
            config.formats[os.fsdecode(arguments[0])] = b"".join(parts).decode("utf-8", "replace")
        elif name == b"access_log" and arguments:
            self._access(arguments)
        elif name == b"error_log" and arguments and arguments[0].startswith(b"/"):
            config.errors.append(arguments[0])
        elif name == b"server_name":
            config.names.update(argument.lower().lstrip(b"*.") for argument in arguments if not argument.startswith(b"~") and argument != b"_")
        elif name == b"root" and arguments and arguments[0].startswith(b"/") and b"$" not in arguments[0]:
            config.roots.append(arguments[0])

    def _access(self, arguments):
        path = arguments[0]
        if path == b"off":
            self.config.not_read.append((b"access_log off", "some requests are not logged at all"))
        elif path.startswith(b"syslog:"):
            self.config.not_read.append((path, "sent to syslog, not to a file"))
        elif path.startswith((b"|", b"memory:")) or path in (b"/dev/stdout", b"/dev/stderr", b"/dev/null"):
            self.config.not_read.append((path, "no file of its own"))
        else:
            options = [argument for argument in arguments[1:] if b"=" not in argument]
            if not path.startswith(b"/"):
                path = os.path.dirname(self._prefix) + b"/" + path if self._prefix.endswith(b"/conf") else b"/var/log/nginx/" + os.path.basename(path)
            if any(argument.startswith(b"gzip") for argument in arguments[1:]):
                _say(self.config, path, "it is written packed, its newest lines may be missing")
            self.config.access.append((_VARIABLE.sub(b"*", path), os.fsdecode(options[0]) if options else "combined"))


_APACHE_LINE = Pattern(
    rb"^[ \t]*(CustomLog|TransferLog|ErrorLog|ServerName|ServerAlias|DocumentRoot|Include|IncludeOptional|Define)[ \t]+(.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_APACHE_WORD = Pattern(rb"\"((?:[^\"\\]|\\.)*)\"|(\S+)")
_APACHE_VARIABLE = Pattern(rb"\$\{(\w+)\}")
_EXPORT = Pattern(rb"^[ \t]*export[ \t]+(\w+)=([^\s;#]*)", re.MULTILINE)


class _Apache:
    """Reads one Apache configuration with its includes; virtual hosts are not kept apart."""

    def __init__(self, machine, main):
        self._machine = machine
        self._root = b"/etc/apache2" if main.startswith(b"/etc/apache2") else b"/etc/httpd"
        self._variables = {b"APACHE_LOG_DIR": b"/var/log/apache2"}
        for name, value in _EXPORT.findall(machine.read_or_none(b"/etc/apache2/envvars") or b""):
            self._variables[name] = value.strip(b"\"'").replace(b"$SUFFIX", b"")
        self._files = 0
        self.config = Config([], [], {}, set(), [], [], [])
        self._file(main, 0)

    def _file(self, path, depth):
        words = _text(self._machine, self.config, path, depth, self._files)
        self._files += 1
        for name, rest in _APACHE_LINE.findall(words.replace(b"\\\n", b" ")):
            arguments = [quoted or word for quoted, word in _APACHE_WORD.findall(rest)]
            if arguments:
                self._directive(name.lower(), [self._expanded(argument) for argument in arguments], depth)

    def _expanded(self, words):
        return _APACHE_VARIABLE.sub(lambda match: self._variables.get(match.group(1), b"*"), words)

    def _directive(self, name, arguments, depth):
        config, path = self.config, arguments[0]
        if name in (b"include", b"includeoptional"):
            pattern = path if path.startswith(b"/") else self._root + b"/" + path
            for found in files.expand(self._machine, pattern, files.Found()) if self._files <= FILES_LIMIT else ():
                self._file(found, depth + 1)
        elif name == b"define" and len(arguments) > 1:
            self._variables[path] = arguments[1]
        elif name in (b"customlog", b"transferlog"):
            if path.startswith((b"|", b"syslog")):
                config.not_read.append((path, "piped to a program or to syslog, not to a file"))
            else:
                config.access.append((path if path.startswith(b"/") else self._root + b"/" + path, ""))
        elif name == b"errorlog" and not path.startswith((b"|", b"syslog")):
            config.errors.append(path if path.startswith(b"/") else self._root + b"/" + path)
        elif name in (b"servername", b"serveralias"):
            config.names.update(argument.lower().split(b":")[0].lstrip(b"*.") for argument in arguments)
        elif name == b"documentroot" and path.startswith(b"/"):
            config.roots.append(path)


def read(machine):
    """Return [(name of the server, Config)] of the web servers that have a configuration on this host."""
    found = []
    for name, paths, reader in (("nginx", NGINX, _Nginx), ("apache", APACHE, _Apache)):
        for path in paths:
            if os.path.exists(machine.path(path)):
                found.append((name, reader(machine, path).config))
                break
    return found


def running(machine):
    """Return the names of web servers that run here: C(nginx), C(apache). Those of a container on this host are the container's."""
    names = {b"nginx": "nginx", b"openresty": "nginx", b"apache2": "apache", b"httpd": "apache"}
    found = set()
    try:
        entries = [entry for entry in os.listdir(machine.path(b"/proc")) if entry.isdigit()]
    except OSError:
        return []
    for entry in entries[:50000]:
        name = names.get((machine.read_or_none(b"/proc/" + entry + b"/comm", 32) or b"").strip())
        if name and name not in found and not _is_contained(machine, entry):
            found.add(name)
    return sorted(found)


def _is_contained(machine, pid):
    """Return whether a process is in another process id namespace than we are. Not the mount namespace: hardened units have one of their own."""
    try:
        return os.readlink(machine.path(b"/proc/" + pid + b"/ns/pid")) != os.readlink(machine.path(b"/proc/self/ns/pid"))
    except OSError:
        return False  # another user's, looked at without root
