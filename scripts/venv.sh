#!/bin/sh
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Make or bring up to date .venv: "venv.sh run" for the daily check, "venv.sh test" with the tools of the tests on top.
# Reused as it is when its Python runs and its pinned requirements are unchanged. PYTHON=... names another interpreter.
set -eu
cd "$(dirname "$0")/.."
set_name=${1:-run}
requirements=requirements/$set_name.txt
unset PYTHONPATH PYTHONHOME

say() { printf '%s\n' "$*" >&2; }

# Prints "<minor version> <path>" where the interpreter really runs (a pyenv shim may only pretend) and ansible-core takes it.
probe() {
    "$1" -I -c 'import ssl, sys
if sys.version_info[0] == 3 and 10 <= sys.version_info[1] <= 14 and sys.version_info[3] == "final":
    print(sys.version_info[1], sys.executable)' 2>/dev/null </dev/null || true
}

has_venv() { "$1" -I -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null </dev/null; }

candidates() {
    [ -z "${PYTHON:-}" ] || { echo "$PYTHON"; return; }
    for version in 3.14 3.13 3.12 3.11 3.10; do
        echo "python$version"
        for folder in "${PYENV_ROOT:-${HOME:-/root}/.pyenv}"/versions/"$version".* /usr/local /opt/python*"$version"*; do
            [ ! -x "$folder/bin/python$version" ] || echo "$folder/bin/python$version"
        done
    done
    echo python3
    echo /usr/bin/python3
}

newest_python() {
    found='' best=0 without=''
    for candidate in $(candidates); do
        answer=$(probe "$candidate")
        [ -n "$answer" ] || continue
        minor=${answer%% *} path=${answer#* }
        [ "$minor" -gt "$best" ] || continue
        if has_venv "$path"; then
            best=$minor found=$path
        else
            without=$minor
        fi
    done
    [ -n "$found" ] || {
        if [ -n "$without" ]; then
            say "Python 3.$without is here, but cannot make virtual environments. On Debian or Ubuntu: apt-get install python3.$without-venv"
        else
            say "No Python from 3.10 to 3.14 was found${PYTHON:+ as $PYTHON}. Install one (Debian or Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3 ..."
        fi
        return 1
    }
    echo "$found"
}

checksum() {
    .venv/bin/python -I -c 'import hashlib, sys
print(sys.version.split()[0], *(hashlib.sha256(open(name, "rb").read()).hexdigest() for name in sys.argv[1:]))' "$@"
}

if [ -z "$(probe .venv/bin/python)" ] || ! .venv/bin/python -I -c 'import pip' 2>/dev/null; then
    python=$(newest_python)
    say "Making .venv with $("$python" --version) ($python)"
    rm -rf .venv
    "$python" -I -m venv .venv || { rm -rf .venv; exit 1; }
fi

# The test set holds the run set: a venv brought up for the tests serves both.
stamp=.venv/installed-$set_name
now=$(checksum requirements/run.txt "$requirements")
if [ "$(cat "$stamp" 2>/dev/null)" != "$now" ]; then
    say "Installing $requirements"
    # Of the test set most files are never imported: those that are, Python compiles then.
    if [ "$set_name" = test ]; then compile=--no-compile; else compile=--compile; fi
    .venv/bin/python -m pip install --quiet "$compile" --no-input --disable-pip-version-check --require-hashes -r "$requirements" </dev/null
    echo "$now" >"$stamp"
    if [ "$set_name" = test ]; then
        checksum requirements/run.txt requirements/run.txt >.venv/installed-run
    fi
fi

# ansible.cfg and the tests find this checkout as bottomup.security here, whatever folder it lies in.
link=.venv/collections/ansible_collections/bottomup/security
mkdir -p "${link%/*}"
[ "$(readlink "$link" || true)" = "$PWD" ] || ln -sfn "$PWD" "$link"
