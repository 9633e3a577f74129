#!/bin/sh
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One pytest run over everything, its summary is the last line. Arguments go to pytest.
# Two workers: the tests that use the machine (fleet, sshd, live processes, browser) take turns in one of them.
set -eu
cd "$(dirname "$0")/.."
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8

# A short name: sockets are made below it, and the path of a socket has 107 bytes at most.
work=$(mktemp -d /tmp/buXXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
rc=0
.venv/bin/python -m pytest -q --durations=12 --basetemp="$work/t" -n 2 --dist loadgroup --no-loadscope-reorder "$@" </dev/null || rc=$?
exit "$rc"
