# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that were compiled by hand: found where no package puts files, or running; the version is read from the binary, nothing is executed.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import fnmatch
import glob
import os
import re
import stat

from ..host.finding import text
from ..host.packages import DPKG_FOLDER, owners, spellings
from ..host.plain import open_plain

# Programs of one component: its name in the announcements, names of its binaries, how it says its version (the first group), and the
# packages whose lists are looked into first when such a file lies where packages put theirs.
Component = collections.namedtuple("Component", "name binaries version packages")

# "7.2.4web1-170000000000000000": version, machine and time of the build, without a space; the version alone stands elsewhere.
BUILD_ID = rb"(\d{1,2}\.\d{1,3}\.\d{1,13})[\w.-]{0,80}\d{8}[\w.-]*\x00"

COMPONENTS = (
    # "nginx/1.26.2" is what it answers with; OpenResty and Angie put their own name there.
    Component("nginx", (b"nginx",), rb"\x00nginx(?: version: nginx)?/(\d+\.\d+\.\d+)", b"nginx*"),
    # "ruby 3.3.0 (2023-12-25 revision 5124f9ac75) [x86_64-linux]"; a shared build says so in libruby: see BESIDE
    Component("ruby", (b"ruby", b"ruby[0-9]*"), rb"\x00ruby (\d+\.\d+\.\d+(?:p\d+)?) ?\(\d{4}-\d\d-\d\d", b"ruby*"),
    # "https://nodejs.org/download/release/v20.11.0/node-v20.11.0-headers.tar.gz"
    Component("node", (b"node", b"nodejs"), rb"/download/release/v(\d+\.\d+\.\d+)/node-v", b"node*"),
    Component("redis", (b"redis-server",), BUILD_ID, b"redis*"),
    Component("valkey", (b"valkey-server",), BUILD_ID, b"valkey*"),
    # "postgres (PostgreSQL) 16.1"
    Component("postgresql", (b"postgres",), rb"postgres \(PostgreSQL\) (\d+(?:\.\d+)+)", b"postgresql*"),
    # "HAProxy version 2.8.3-86e043a, released 2023/09/07"
    Component("haproxy", (b"haproxy",), rb" version (\d\.\d+(?:\.\d+|-dev\d+))[^\x00,]{0,40}, released \d{4}/", b"haproxy*"),
    # "varnish-7.1.1 revision 7cee1c581bead20e88d101ab3d72afb29f14d87a"
    Component("varnish", (b"varnishd",), rb"varnish-(\d+\.\d+\.\d+) revision", b"varnish*"),
    # "OpenSSL 3.0.11 19 Sep 2023"
    Component("openssl", (b"openssl", b"libcrypto.so.*"), rb"OpenSSL (\d+\.\d+\.\d+[a-z]{0,2}) +\d{1,2} [A-Z][a-z]{2} \d{4}", b"*ssl*"),
    # "Apache/2.4.58 (Unix)"
    Component("apache", (b"httpd", b"apache2"), rb"\x00Apache/(\d+\.\d+\.\d+)", b"apache*"),
    # "memcached 1.6.18"
    Component("memcached", (b"memcached",), rb"\x00memcached (\d+\.\d+\.\d+)[\x00\n]", b"memcached*"),
    # MariaDB says "10.11.6-MariaDB", MySQL the number alone
    Component("mariadb", (b"mariadbd",), rb"\x00(?:5\.5\.5-)?(\d+\.\d+\.\d+)-MariaDB", b"mariadb*"),
    Component("mysql", (b"mysqld",), rb"\x00(\d+\.\d+\.\d+)(?:-[a-z]+)?\x00", b"mysql*"),
    # "X-Powered-By: PHP/8.2.7"
    Component("php", (b"php", b"php-fpm", b"php[0-9]*", b"php-fpm[0-9]*"), rb"PHP/(\d+\.\d+\.\d+)", b"php*"),
    # "Phusion_Passenger/6.0.18" is what it answers with
    Component("passenger", (b"PassengerAgent",), rb"Phusion_Passenger/(\d+\.\d+\.\d+)", b"*passenger*"),
)

# Where people put what they compile, and where version managers do.
PLACES = (
    b"/usr/local/bin", b"/usr/local/sbin", b"/usr/local/*/bin", b"/usr/local/*/sbin", b"/usr/local/lib", b"/usr/local/lib64", b"/usr/local/*/lib",
    b"/usr/local/*/lib64", b"/usr/local/lib/nodejs/*/bin", b"/usr/local/rbenv/versions/*/bin", b"/usr/local/rvm/rubies/*/bin",
    b"/usr/local/nvm/versions/node/*/bin",
    b"/opt/*/bin", b"/opt/*/sbin", b"/opt/*/*/bin", b"/opt/*/*/sbin", b"/opt/*/lib", b"/opt/*/lib64", b"/opt/rbenv/versions/*/bin",
    b"/home/*/.rbenv/versions/*/bin", b"/home/*/.rvm/rubies/*/bin", b"/home/*/.asdf/installs/*/*/bin", b"/home/*/.local/share/mise/installs/*/*/bin",
    b"/home/*/.rubies/*/bin", b"/home/*/.nvm/versions/node/*/bin", b"/home/*/.local/bin", b"/root/.rbenv/versions/*/bin", b"/root/.nvm/versions/node/*/bin",
)
# Folders whose files are a package's, as a rule: what lies there is asked for.
OWNED_PLACES = (b"/usr/bin", b"/usr/sbin", b"/bin", b"/sbin")

# Files beside a binary that tell the version where it does not: {component: (path from the binary's folder, pattern)}.
BESIDE = {
    "ruby": (b"../lib/ruby/*/*/rbconfig.rb", rb"CONFIG\[\"RUBY_PROGRAM_VERSION\"\] = \"(\d+\.\d+\.\d+)\""),
    "node": (b"../include/node/node_version.h",
             rb"#define NODE_MAJOR_VERSION (\d+)\s+#define NODE_MINOR_VERSION (\d+)\s+#define NODE_PATCH_VERSION (\d+)"),
}

PROCESSES_LIMIT = 20000
CANDIDATES_LIMIT = 200
BINARY_LIMIT = 256 * 1048576

# A binary is read in blocks that share so much, more than a version with what is around it; no version begins within so much of another's edge.
BLOCK = 262144
OVERLAP = 4096
EDGE = 128

_ELF = b"\x7fELF"
_NAMES = tuple((component, name) for component in COMPONENTS for name in component.binaries)


def look(machine, manager, cut):
    """Return (components, problems): [{name, version, path, how}], sorted by path. The version is empty where it cannot be told."""
    places = _installed(machine)
    places.update(_running(machine))
    if len(places) > CANDIDATES_LIMIT:
        cut["components"] = len(places) - CANDIDATES_LIMIT
    candidates = sorted(places.items())[:CANDIDATES_LIMIT]
    owned, problem = _owned(machine, manager, candidates)
    found = []
    for path, component in candidates:
        if path not in owned:
            version, how = _version(machine, component, path)
            found.append({"name": component.name, "version": text(version, 50), "path": text(path, 400), "how": how})
    problems = ["components: %s" % problem] if problem else []
    if cut.get("components"):
        problems.append("%d programs were not looked at" % cut["components"])
    return found, problems


def component_of(name):
    """Return the Component that a file's name (bytes) is a binary of, or None."""
    for component, pattern in _NAMES:
        if name == pattern or (b"*" in pattern and fnmatch.fnmatchcase(name, pattern)):
            return component
    return None


def _installed(machine):
    """Return {real path: Component} of the binaries in PLACES and OWNED_PLACES."""
    skip = _skip(machine)
    found = {}
    for folder in {path for pattern in PLACES for path in glob.iglob(machine.path(pattern))}:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            _add(machine, found, (folder + b"/" + name)[skip:])
    for _component, name in _NAMES:
        for folder in OWNED_PLACES if b"*" not in name else ():
            _add(machine, found, folder + b"/" + name)
    return found


def _running(machine):
    """Return {real path: Component} of the programs that run, those of containers left out: their files are not of this tree."""
    found = {}
    base = machine.path(b"/proc")
    try:
        own = os.stat(base + b"/self/ns/mnt").st_ino
        names = [name for name in os.listdir(base) if name.isdigit()][:PROCESSES_LIMIT]
    except OSError:
        return found
    for name in names:
        try:
            path = os.readlink(base + b"/" + name + b"/exe")
            if component_of(os.path.basename(path)) and os.stat(base + b"/" + name + b"/ns/mnt").st_ino == own:
                _add(machine, found, path)
        except OSError:
            continue
    return found


def _add(machine, found, path):
    component = component_of(os.path.basename(path))
    if component is None:
        return
    try:
        real = os.path.realpath(machine.path(path))[_skip(machine):]
        if stat.S_ISREG(os.stat(machine.path(real)).st_mode) and component_of(os.path.basename(real)) and machine.read(real, 4) == _ELF:
            found[real] = component
    except (OSError, ValueError):
        pass


def _skip(machine):
    return len(machine.root.rstrip(b"/")) if machine.root != b"/" else 0


def _owned(machine, manager, candidates):
    """Return (paths that belong to a package, why that cannot be told): all of them then, a wrong alarm is worse."""
    doubtful = {path: component for path, component in candidates if not path.startswith((b"/usr/local/", b"/home/", b"/root/"))}
    owned = _by_likely_lists(machine, doubtful) if manager == "dpkg" else set()
    rest = sorted(path for path in doubtful if path not in owned)
    if not rest:
        return owned, ""
    found, reason = owners(machine, rest)
    return owned | (set(rest) if reason else set(found)), reason


def _by_likely_lists(machine, doubtful):
    """Return the paths that stand in the list of a package named like the component: mostly that is all that must be read."""
    try:
        names = sorted(name for name in os.listdir(machine.path(DPKG_FOLDER + b"/info")) if name.endswith(b".list"))
    except OSError:
        return set()
    owned = set()
    for path, component in sorted(doubtful.items()):
        lines = [b"\n" + spelling + b"\n" for spelling in spellings(path)]
        for name in names:
            if fnmatch.fnmatchcase(name, component.packages):
                listed = b"\n" + (machine.read_or_none(DPKG_FOLDER + b"/info/" + name, 16 * 1048576) or b"")
                if any(line in listed for line in lines):
                    owned.add(path)
                    break
    return owned


def _version(machine, component, path):
    """Return (version, how it was told)."""
    beside = BESIDE.get(component.name)
    if beside:
        for place in sorted(glob.glob(machine.path(glob.escape(os.path.dirname(path)) + b"/" + beside[0])))[:5]:
            match = re.search(beside[1], machine.read_or_none(place[_skip(machine):], 1048576) or b"")
            if match:
                return b".".join(match.groups()), "read from %s" % text(os.path.basename(place), 100)
    versions = _in_binary(machine.path(path), component.version)
    if len(versions) == 1:
        return versions.pop(), "read from the binary"
    return b"", "the binary does not say" if not versions else "the binary names several: %s" % text(b" ".join(sorted(versions)[:5]), 100)


def _in_binary(place, pattern):
    """Return the set of versions (bytes) that stand in a binary. It is read, not mapped: a mapped file that is cut meanwhile ends the process."""
    try:
        with os.fdopen(open_plain(place), "rb", 0) as binary:
            found, search = set(), re.compile(pattern)
            for block, first, last in _blocks(binary.fileno()):
                for match in search.finditer(block):
                    # What touches an edge may be cut there: the block before or after this one has it whole.
                    if (first or match.start() >= EDGE) and (last or match.end() < len(block)):
                        found.add(match.group(1))
            if found and pattern is BUILD_ID:
                return _alone(binary.fileno(), found)
            return found
    except (OSError, ValueError):
        return set()


def _blocks(descriptor):
    """Yield (bytes, whether they are the first, the last) of a file, each with the beginning of the next."""
    for offset in range(0, BINARY_LIMIT, BLOCK):
        block = os.pread(descriptor, BLOCK + OVERLAP, offset)
        last = len(block) < BLOCK + OVERLAP
        yield block, offset == 0, last
        if last:
            return


def _alone(descriptor, found):
    """Return, of each build's id, the longest beginning that stands in the binary as a version."""
    wanted = {words[:end] for words in found for end in range(len(words), words.rindex(b".") + 1, -1)}
    there = set()
    for block, _first, _last in _blocks(descriptor):
        there.update(version for version in wanted if version not in there and b"\0" + version + b"\0" in block)
    longest = (max((version for version in there if words.startswith(version)), key=len, default=None) for words in found)
    return {version for version in longest if version is not None}
