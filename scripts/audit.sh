#!/bin/sh
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The daily check from this checkout: of this machine, or of INVENTORY (LIMIT and ARGS as for ansible-playbook).
# Findings do not make it fail; a host or a check that could not be looked at does.
set -eu
cd "$(dirname "$0")/.."
state=${STATE:-${XDG_STATE_HOME:-${HOME:?}/.local/state}/bottomup-security}

# Ansible wants a UTF-8 locale, a bare container may have none.
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8

eval "set -- ${ARGS:-}"
[ -z "${LIMIT:-}" ] || set -- -l "$LIMIT" "$@"
if [ -n "${INVENTORY:-}" ]; then
    set -- -i "$INVENTORY" "$@"
else
    set -- -i localhost, -c local "$@"
    [ "$(id -u)" = 0 ] || echo "Not root: what only root may see is named in the report. All of it: make audit ARGS='-b -K'" >&2
fi

before=$(readlink "$state/latest" 2>/dev/null || true)
rc=0
.venv/bin/ansible-playbook playbooks/daily_check.yml \
    -e daily_check_fail_on=never -e "daily_check_state_dir=$state" "$@" </dev/null || rc=$?
after=$(readlink "$state/latest" 2>/dev/null || true)
if [ -z "$after" ] || [ "$after" = "$before" ]; then
    echo "No report was made (ansible-playbook ended with $rc)." >&2
    [ "$rc" != 0 ] || rc=1
    exit "$rc"
fi
# The whole report went by above, before Ansible's recap.
.venv/bin/python -I -c 'import json, sys; print(json.load(open(sys.argv[1]))["verdict"])' "$state/latest/summary.json"
echo "Report: $(cd "$state/latest" && pwd -P)/report.html"
exit "$rc"
