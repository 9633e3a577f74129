#!/bin/sh
# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs in the new root of a Debian: makes it an AlmaLinux 9 as far as its packages go. The packages are built here and are empty; their
# names, epochs, versions, releases, module labels and vendors are those of AlmaLinux and of those who build for it. The database of rpm,
# the repository and its metadata are real, so rpm and dnf answer as they do there. /srv/mirror/updates holds what is not announced yet.
set -eu

repository=/srv/mirror/appstream
updates=/srv/mirror/updates
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$repository" "$updates" /etc/rpm /etc/dnf /etc/yum.repos.d /var/lib/rpm

rm -f /etc/os-release
cat > /etc/os-release <<'END'
NAME="AlmaLinux"
VERSION="9.7 (Moss Jungle Cat)"
ID="almalinux"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.7"
PLATFORM_ID="platform:el9"
PRETTY_NAME="AlmaLinux 9.7 (Moss Jungle Cat)"
CPE_NAME="cpe:/o:almalinux:almalinux:9::baseos"
END
# Debian's rpm keeps its database in the home of who calls it.
echo '%_dbpath /var/lib/rpm' > /etc/rpm/macros
printf '[main]\nreposdir=/etc/yum.repos.d\n' > /etc/dnf/dnf.conf
printf '[appstream]\nname=AlmaLinux 9 - AppStream\nbaseurl=file://%s\nenabled=1\ngpgcheck=0\n' "$repository" > /etc/yum.repos.d/almalinux-appstream.repo

build() { # folder for the package, source, name, epoch, version, release, module label or -, vendor
    {
        printf 'Name: %s\nEpoch: %s\nVersion: %s\nRelease: %s\nSummary: x\nLicense: x\nVendor: %s\n' "$2" "$4" "$5" "$6" "$8"
        [ "$7" = - ] || printf 'ModularityLabel: %s\n' "$7"
        [ "$3" != almalinux-release ] || printf 'Provides: system-release = 9.7\nProvides: system-release(releasever) = 9\n'
        printf '%%description\nx\n'
        if [ "$2" = "$3" ]; then
            printf '%%files\n'
        else
            printf '%%package -n %s\nSummary: x\n%%description -n %s\nx\n%%files -n %s\n' "$3" "$3" "$3"
        fi
    } > "$work/$3.spec"
    rpmbuild -bb --quiet --target x86_64 --define "_topdir $work" --define "_rpmdir $work/built" "$work/$3.spec"
    mkdir -p "$1"
    mv "$work"/built/*/*.rpm "$1"
}

ruby=ruby:3.3:9070020251021123456:9
# What is installed.
while read -r source name epoch version release label vendor; do
    build "$work/installed" "$source" "$name" "$epoch" "$version" "$release" "$label" "$vendor"
done <<END
almalinux-release almalinux-release 0 9.7 1.el9 - AlmaLinux
bash bash 0 5.1.8 9.el9 - AlmaLinux
curl curl 0 7.76.1 40.el9_8.5 - AlmaLinux
sudo sudo 0 1.9.17p2 3.el9_8 - AlmaLinux
openssl openssl-libs 1 3.5.1 7.el9_7 - AlmaLinux
kernel kernel-core 0 5.14.0 611.45.1.el9_7 - AlmaLinux
ruby ruby 0 3.3.10 6.module_el9.7.0+245+447713a2 $ruby AlmaLinux
ruby ruby-libs 0 3.3.10 6.module_el9.7.0+245+447713a2 $ruby AlmaLinux
nginx nginx 1 1.26.2 1.el9.ngx - NGINX Packaging <nginx-packaging@f5.com>
END
# Updates that are not in the repository yet.
while read -r source name epoch version release label vendor; do
    build "$updates" "$source" "$name" "$epoch" "$version" "$release" "$label" "$vendor"
done <<END
openssl openssl-libs 1 3.5.5 4.el9_8 - AlmaLinux
ruby ruby 0 3.3.10 7.module_el9.8.0+272+38177c5f $ruby AlmaLinux
ruby ruby-libs 0 3.3.10 7.module_el9.8.0+272+38177c5f $ruby AlmaLinux
END
# Another stream of the module, which nobody enabled.
build "$updates" ruby ruby 0 4.0.3 33.module_el9.8.0+273+a67497ba ruby:4.0:9080020260601123456:9 AlmaLinux

cp "$work"/installed/*.rpm "$repository"
rpm --install --nodeps "$work"/installed/*.rpm
createrepo_c --quiet "$repository"

stream() { # stream, version of the build, artifacts
    printf -- '---\ndocument: modulemd\nversion: 2\ndata:\n  name: ruby\n  stream: "%s"\n  version: %s\n  context: "9"\n  arch: x86_64\n' "$1" "$2"
    printf '  summary: An interpreter of object-oriented scripting language\n  description: Ruby.\n  license:\n    module: [MIT]\n'
    printf '  profiles:\n    common:\n      rpms: [ruby]\n  artifacts:\n    rpms:\n'
    shift 2
    printf '    - %s\n' "$@"
    printf '...\n'
}
{
    stream 3.3 9070020251021123456 ruby-0:3.3.10-6.module_el9.7.0+245+447713a2.x86_64 ruby-libs-0:3.3.10-6.module_el9.7.0+245+447713a2.x86_64
    stream 3.3 9080020260601123456 ruby-0:3.3.10-7.module_el9.8.0+272+38177c5f.x86_64 ruby-libs-0:3.3.10-7.module_el9.8.0+272+38177c5f.x86_64
    stream 4.0 9080020260601123456 ruby-0:4.0.3-33.module_el9.8.0+273+a67497ba.x86_64
} > /srv/mirror/modules.yaml
modifyrepo_c --mdtype=modules /srv/mirror/modules.yaml "$repository/repodata" > /dev/null

dnf --quiet makecache
dnf --quiet --assumeyes module enable ruby:3.3
