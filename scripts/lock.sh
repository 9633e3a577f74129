#!/bin/sh
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Write requirements/*.txt from requirements/*.in: exact versions and hashes for every Python from 3.10 on.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install uv
for name in run test; do
    (cd requirements && "$folder/venv/bin/uv" pip compile -q --universal --generate-hashes --no-annotate \
        --python-version 3.10 --custom-compile-command 'make lock' "$name.in" -o "$name.txt")
done
