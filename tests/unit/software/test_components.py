# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that were compiled by hand and gems beside the packages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from software_server import Server, answer, stanza

ELF = b"\x7fELF\x02\x01\x01\0"

# What the real programs hold (read from those of Debian 12, and Node.js and Ruby of their own archives).
SAID = {
    "nginx": ("/usr/local/nginx/sbin/nginx", b"\0nginx/1.26.2\0\0nginx version: nginx/1.26.2\0", "1.26.2"),
    "ruby": ("/opt/rubies/3.1/bin/ruby", b"\0ruby 3.1.7p261 (2025-03-26 revision 0) [x86_64-linux]\0", "3.1.7p261"),
    "ruby without patch level": ("/home/joe/.rbenv/versions/3.3.0/bin/ruby", b"\0ruby 3.3.0 (2023-12-25 revision 5124f9ac75) [x86_64-linux]\0", "3.3.0"),
    "node": ("/home/joe/.nvm/versions/node/v20.11.0/bin/node",
             b"\0https://nodejs.org/download/release/v20.11.0/node-v20.11.0-headers.tar.gz\0", "20.11.0"),
    "redis": ("/usr/local/bin/redis-server", b"\0007.0.1\0\0006.2.0\0\0007.0.15\0x\x41" b"7.0.15web1-170000000000000000\0", "7.0.15"),
    "redis built on a machine whose name is a number": (
        "/usr/local/bin/redis-server", b"\0007.0.1\0\0007.0.15\0x\x41" b"7.0.1577ab-170000000000000000\0", "7.0.15"),
    "valkey": ("/opt/valkey/bin/valkey-server", b"\0007.2.4\0\0008.0.1\0\x41" b"8.0.1host-170000000000000000\0", "8.0.1"),
    "postgresql": ("/usr/local/pgsql/bin/postgres", b"\0postgres (PostgreSQL) 16.1\n\0", "16.1"),
    "haproxy": ("/usr/local/sbin/haproxy", b"\0HAProxy version 2.8.3-86e043a, released 2023/09/07\0", "2.8.3"),
    "varnish": ("/opt/varnish/sbin/varnishd", b"\0varnish-7.1.1 revision 7cee1c581bead20e88d101ab3d72afb29f14d87a\0", "7.1.1"),
    "openssl": ("/usr/local/ssl/bin/openssl", b"\0OpenSSL 3.0.11 19 Sep 2023\0", "3.0.11"),
    "openssl with a letter": ("/usr/local/lib/libcrypto.so.1.1", b"\0OpenSSL 1.1.1w  11 Sep 2023\0", "1.1.1w"),
    "apache": ("/usr/local/apache2/bin/httpd", b"\0Apache/2.4.58\0", "2.4.58"),
    "memcached": ("/usr/local/bin/memcached", b"\0memcached 1.6.18\n\0", "1.6.18"),
    "mariadb": ("/usr/local/mysql/bin/mariadbd", b"\00010.11.6-MariaDB\0", "10.11.6"),
    "php": ("/usr/local/bin/php8.2", b"\0X-Powered-By: PHP/8.2.7\0", "8.2.7"),
    "passenger": ("/opt/passenger/bin/PassengerAgent", b"\0Phusion_Passenger/6.0.17\0", "6.0.17"),
    "it does not say": ("/usr/local/bin/nginx", b"\0nginx, patched\0", ""),
    "two of them": ("/usr/local/bin/nginx", b"\0nginx/1.26.2\0\0nginx/1.20.0\0", ""),
}


def server_with(tmp_path: Path) -> Server:
    server = Server(tmp_path)
    server.write("/var/lib/dpkg/status", stanza("bash"))
    return server


@pytest.mark.parametrize(("place", "words", "version"), SAID.values(), ids=list(SAID))
def test_version_from_the_binary(tmp_path: Path, place: str, words: bytes, version: str) -> None:
    server = server_with(tmp_path)
    server.write(place, ELF + words.rjust(5000, b"\0"))
    found = server.check()["data"]["components"]
    assert [(entry["path"], entry["version"]) for entry in found] == [(place, version)]


def test_a_script_of_the_same_name_is_no_program(tmp_path: Path) -> None:
    server = server_with(tmp_path)
    server.write("/usr/local/bin/nginx", "#!/bin/sh\nexec nginx/1.0.0\n")
    assert server.check()["data"]["components"] == []


def test_what_stands_beside_tells_the_version_of_a_shared_build(tmp_path: Path) -> None:
    server = server_with(tmp_path)
    server.write("/opt/rubies/x/bin/ruby", ELF)
    server.write("/opt/rubies/x/lib/ruby/3.3.0/x86_64-linux/rbconfig.rb", '  CONFIG["RUBY_PROGRAM_VERSION"] = "3.3.6"\n')
    server.write("/usr/local/bin/node", ELF)
    server.write("/usr/local/include/node/node_version.h", "#define NODE_MAJOR_VERSION 22\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 0\n")
    assert {entry["name"]: (entry["version"], entry["how"]) for entry in server.check()["data"]["components"]} == {
        "node": ("22.1.0", "read from node_version.h"), "ruby": ("3.3.6", "read from rbconfig.rb")}


OWNED = {
    # where it is, in which list, is it shown?
    "case 6: a package's": ("/usr/sbin/nginx", "nginx-light", False),
    "case 6: a package's of another name": ("/usr/sbin/nginx", "web-stack", False),
    "nobody's where packages are": ("/usr/sbin/nginx", "", True),
    "a package's in /opt": ("/opt/vendor/bin/ruby", "vendor", False),
    "nobody's in /opt": ("/opt/vendor/bin/ruby", "", True),
}


@pytest.mark.parametrize(("place", "package", "shown"), OWNED.values(), ids=list(OWNED))
def test_only_what_no_package_owns(tmp_path: Path, place: str, package: str, shown: bool) -> None:
    server = server_with(tmp_path)
    server.write(place, ELF + b"\0nginx/1.26.2\0")
    if package:
        server.write("/var/lib/dpkg/status", stanza("bash") + stanza(package, arch="all"))
        server.write(f"/var/lib/dpkg/info/{package}.list", f"/.\n{place}\n")
    assert [entry["path"] for entry in server.check()["data"]["components"]] == ([place] if shown else [])


def test_owned_by_rpm(tmp_path: Path) -> None:
    server = Server(tmp_path, "almalinux")
    server.write("/var/lib/rpm/rpmdb.sqlite", "SQLite")
    server.program("rpm")
    server.says = {b"-qf": answer("/usr/sbin/nginx\tnginx\t2:1.20.1-1.x86_64\t1700000000\n"),
                   b"-qa": answer("nginx\t2\t1.20.1\t1\tx86_64\ts\t(none)\tAlmaLinux\n")}
    for place in ("/usr/sbin/nginx", "/usr/local/bin/nginx"):
        server.write(place, ELF + b"\0nginx/1.26.2\0")
    assert [entry["path"] for entry in server.check()["data"]["components"]] == ["/usr/local/bin/nginx"]


def test_where_owners_cannot_be_told_it_is_said_and_nothing_claimed(tmp_path: Path) -> None:
    server = Server(tmp_path, "almalinux")
    server.write("/var/lib/rpm/rpmdb.sqlite", "SQLite")
    server.program("rpm")
    server.says = {b"-qf": answer("", timed_out=True), b"-qa": answer("a\t0\t1\t1\tx86_64\ts\t(none)\tAlmaLinux\n")}
    server.write("/usr/sbin/nginx", ELF + b"\0nginx/1.26.2\0")
    result = server.check()
    assert result["data"]["components"] == [] and "components: rpm did not answer" in result["status_reason"]


def test_a_running_program_is_found_wherever_it_lies(tmp_path: Path) -> None:
    server = server_with(tmp_path)
    server.write("/srv/own/nginx", ELF + b"\0nginx/1.26.2\0")
    own = server.write("/proc/self/ns/mnt")
    for pid, same in (("10", True), ("11", False)):
        server.link(f"/proc/{pid}/exe", "/srv/own/nginx" if same else "/usr/sbin/haproxy")
        (tmp_path / f"proc/{pid}/ns").mkdir(parents=True)
        if same:
            os.link(own, tmp_path / f"proc/{pid}/ns/mnt")
        else:
            server.write(f"/proc/{pid}/ns/mnt")
    server.write("/usr/sbin/haproxy", b"#!")  # of this tree; the one that runs is a container's
    assert [entry["path"] for entry in server.check()["data"]["components"]] == ["/srv/own/nginx"]


def test_gems_beside_the_packages(tmp_path: Path) -> None:
    server = server_with(tmp_path)
    for place in (
        "/var/lib/gems/3.1.0/specifications/nokogiri-1.16.2-x86_64-linux.gemspec", "/var/lib/gems/3.1.0/specifications/rails-html-sanitizer-1.6.0.gemspec",
        "/home/joe/.rbenv/versions/3.3.0/lib/ruby/gems/3.3.0/specifications/default/json-2.7.1.gemspec",
        "/usr/share/rubygems-integration/all/specifications/rack-2.2.gemspec",
        "/opt/vendor/lib/ruby/gems/3.1.0/specifications/puppet-7.0.gemspec", "/opt/own/lib/ruby/gems/3.1.0/specifications/puma-6.4.0.beta1.gemspec",
    ):
        server.write(place, "raise 'never run'")
    server.write("/var/lib/gems/3.1.0/specifications/a-2-b-1.0.gemspec", "# -*- encoding: utf-8 -*-\n# stub: a-2-b 1.0 ruby lib\n")
    server.write("/var/lib/dpkg/status", stanza("vendor", arch="all"))
    server.write("/var/lib/dpkg/info/vendor.list", "/opt/vendor/lib/ruby/gems/3.1.0/specifications/puppet-7.0.gemspec\n")
    assert server.check()["data"]["gems"] == [["a-2-b", "1.0"], ["json", "2.7.1"], ["nokogiri", "1.16.2"], ["puma", "6.4.0.beta1"],
                                              ["rails-html-sanitizer", "1.6.0"]]
