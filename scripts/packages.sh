#!/bin/sh
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Install the Debian packages that "make test" (or "make bench") needs. Without root or apt it only says what is missing:
# the tests that need it are then named as not run. APT=no leaves the machine alone.
set -eu

# Each with what needs it.
test_packages='
    openssh-server openssh-client sudo openssl : the one trip, over a real sshd and with become
    tcsh fish                                 : users whose shell is not like sh
    systemd-container mmdebstrap debian-archive-keyring iproute2 : the machines of the fleet
    fail2ban nginx-light                      : real servers that ban and write logs
    auditd systemd-journal-remote rsyslog logwatch : what the log checks are compared with, and real logs
    rpm dnf createrepo-c                      : a real rpm database and repository
    gcc libc6-dev python3                     : programs and libraries to be replaced under running processes
    btrfs-progs xfsprogs                      : the file systems they lie on
    chromium                                  : the page
    postgresql                                : the history on a server
    jq curl                                   : the commands of docs/examples
    shellcheck                                : ansible-test sanity over scripts/
'
bench_packages='
    openssh-server openssh-client fail2ban    : the same
    lsof needrestart auditd logwatch systemd-journal-remote goaccess : what the checks are compared with
    rpm dnf createrepo-c                      : a real rpm database
    postgresql                                : the history on a server
'

case ${1:-test} in
    test) packages=$test_packages ;;
    bench) packages=$bench_packages ;;
    *) echo "usage: $0 test|bench" >&2; exit 2 ;;
esac
names=$(echo "$packages" | sed 's/:.*//')

installed() { [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]; }

command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=''
for name in $names; do
    installed "$name" || missing="$missing $name"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || [ "${APT:-yes}" = no ]; then
    echo "Not installed, what needs them will not run:$missing" >&2
    exit 0
fi

# None of these services may start on this machine, now or at boot: the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
echo "Installing$missing" >&2
apt-get -qq update </dev/null >&2
# shellcheck disable=SC2086
apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install $missing </dev/null >&2
for pair in openssh-server:ssh nginx-light:nginx fail2ban:fail2ban postgresql:postgresql auditd:auditd rsyslog:rsyslog; do
    case " $missing " in
        *" ${pair%:*} "*) systemctl --quiet disable "${pair#*:}" >/dev/null 2>&1 || true ;;
    esac
done
