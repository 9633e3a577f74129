# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the report."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """C(bottomup.security.report): what the report says, keeps and is written to."""

    DOCUMENTATION = r"""
options:
  fail_on:
    description:
      - The lowest severity of a finding that makes the exit code 10.
      - Without it V(high), or what the newest run was judged by where O(bottomup.security.report#module:merge) makes its report again.
    type: str
    choices: [never, low, medium, high, critical]
  max_unreachable:
    description:
      - How many hosts may be not reached or not run before the exit code is 11.
      - A count such as V(3) or a percentage of the expected hosts such as V(5%).
      - Without it V(0), or what the newest run was judged by where O(bottomup.security.report#module:merge) makes its report again.
    type: str
  database:
    description:
      - URL of the history's database. Empty means SQLite in C(history.sqlite3) of the state folder, V(off) means none.
    type: str
    default: ""
  accepted:
    description:
      - Path of a YAML file of accepted findings, each with a reason and a day on which that ends. Empty means none.
    type: str
    default: ""
  outputs:
    description:
      - What is written, a list or names with commas. V(html), V(json), V(text), V(markdown), V(sarif), V(junit), V(openmetrics),
        V(csv), V(nagios). Empty means the first three. C(summary.json) is always written.
      - V(cyclonedx) and V(cyclonedx_applications) write CycloneDX 1.6 with vulnerabilities, a file for each host or for each application, in a folder
        of that name.
    type: raw
    default: ""
  report_dir:
    description:
      - Folder for the files of the report. Empty means the directory of the run.
    type: str
    default: ""
  keep_days:
    description:
      - How many days runs and resolved findings are kept. V(0) keeps all.
    type: int
    default: 90
  vex:
    description:
      - Paths of files with VEX statements, OpenVEX or the VEX profile of CSAF, a list or paths with commas.
      - What they call not affected is accepted with their justification, for a year from the date of the statement.
    type: raw
    default: []
  feeds_dir:
    description:
      - Folder on the controller with the announcements of vulnerabilities, in the layout of their upstreams. Empty means C(feeds) in O(state_dir).
      - The software of each host is matched against them. Where there are none, the report says so, and what the hosts' own package managers know.
    type: str
    default: ""
  feeds_max_age:
    description:
      - From which age on the feeds are fetched anew. One that is older than this and than three days says nothing of today, which is said in the report.
    type: str
    default: 20h
  tell:
    description:
      - Whom to tell how the run went, each entry one way, all at once after the report is written. Checked before the first connection.
      - A service that does not answer within 30 seconds never fails the run. The report says what was sent and what was not.
      - In check mode nobody is told. Values may be vaulted; none of them is shown.
    type: list
    elements: dict
    default: []
    suboptions:
      mail:
        description: Addresses, a list or a text with commas.
        type: raw
      from:
        description: Address of the sender. When empty, the first of C(mail).
        type: str
      smtp:
        description: Mail server, C(host) or C(host:port).
        type: str
        default: localhost
      tls:
        description: V(tls) from the first byte on, default for port 465; V(off), default for this machine itself; else V(starttls), which is insisted on.
        type: str
      user:
        description: Name for the login at the mail server.
        type: str
      password:
        description: Password for the login at the mail server.
        type: str
      ca:
        description: Path of a file of certificates by which that of the mail server is judged, in place of the system's.
        type: str
      apprise:
        description: URL of a chat or another service, see U(https://github.com/caronc/apprise/wiki). Needs the package C(apprise) on the controller.
        type: str
      webhook:
        description: URL that is sent a signed JSON document.
        type: str
      secret:
        description: Key of that signature, 16 characters or more.
        type: str
      when:
        description: V(always), V(new) for new and returned findings, V(change) for resolved ones too, V(failure) for an exit reason other than 0.
        type: str
        choices: [always, new, change, failure]
        default: always
      link:
        description: Web address of the report, where it is published. When empty, messages name the file on the controller.
        type: str
"""
