#!/bin/sh
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One pytest run over everything, its summary is the last line. Arguments go to pytest.
# Three workers on two cores: the fleet and the servers that the tests start are waited for a third of the time. Who runs what: tests/schedule.py.
set -eu
cd "$(dirname "$0")/.."
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8
# Each worker and each ansible-playbook would compile everything again.
unset PYTHONDONTWRITEBYTECODE

exec .venv/bin/python tests/contained.py \
    .venv/bin/python -m pytest -q --durations=12 '--basetemp={tmp}/t' -n 3 --dist loadscope --no-loadscope-reorder "$@"
