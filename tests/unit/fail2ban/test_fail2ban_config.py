# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of fail2ban, read as fail2ban reads it."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.module_utils.checks import fail2ban_config
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

CONFIG = """
# a comment
[INCLUDES]
before = more.conf
[DEFAULT]
enabled = false
logdir = /var/log
[on]
enabled = true ; said twice
[spaces]
  enabled : YES
[off]
enabled = nope
[continued]
logpath = /a
   enabled = true
[by-name]
enabled = %(switch)s
[by-section]
enabled = %(on/enabled)s
[by-default]
enabled = %(default/enabled)s
[nowhere]
enabled = %(missing)s
[circle]
a = %(b)s
b = %(a)s
enabled = %(a)s
[paths]
logpath = %(logdir)s/%(__name__)s.log
          %(logdir)s/100%%.log
[on?cond]
enabled = true
"""


def tree(folder: Path, files: dict[str, str]) -> fail2ban_config.Config:
    for name, words in files.items():
        path = folder / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words)
    return fail2ban_config.Config(Machine(root=str(folder).encode()), b"/etc", b"jail")


def test_configuration(tmp_path: Path) -> None:
    config = tree(tmp_path, {"jail.conf": CONFIG, "more.conf": "[DEFAULT]\nswitch = on\n[off]\nenabled = true\n"})
    assert config.jails() == (["by-name", "by-section", "on", "spaces"], ["circle", "nowhere"])
    assert config.get("paths", "logpath") == "/var/log/paths.log\n/var/log/100%.log"
    assert config.get("paths", "nothing") is None and not config.problems


def test_order_of_the_files(tmp_path: Path) -> None:
    """jail.conf, jail.d/*.conf, jail.local, jail.d/*.local; known/ is the value of before."""
    config = tree(
        tmp_path,
        {
            "jail.conf": "[a]\nenabled=false\n[b]\nenabled=true\n[c]\nignoreip = 127.0.0.1\n",
            "jail.d/z.conf": "[a]\nenabled=true\n[c]\nignoreip = %(known/ignoreip)s 10.0.0.1\n",
            "jail.local": "[a]\nenabled=false\n[b]\nenabled=false\n",
            "jail.d/a.local": "[b]\nenabled=true\n",
            "jail.d/ignored.txt": "[b]\nenabled=false\n",
        },
    )
    assert config.jails() == (["b"], [])
    assert config.get("c", "ignoreip") == "127.0.0.1 10.0.0.1"


def test_include_circle(tmp_path: Path) -> None:
    config = tree(tmp_path, {"jail.conf": "[INCLUDES]\nbefore = jail.conf\nafter = x.conf\n[a]\nenabled=1\n", "x.conf": "[INCLUDES]\nafter = jail.conf\n"})
    assert config.jails() == (["a"], [])


NAMES = st.text("abcDEF-.", min_size=1, max_size=6)
VALUES = st.text("abc %=:[]/.;#", max_size=12)
LINES = st.one_of(
    st.builds("[{}]".format, NAMES),
    st.builds("{}{}= {}".format, st.sampled_from(["", "  "]), NAMES, VALUES),
    st.builds("    {}".format, VALUES),
    st.sampled_from(["", "# x", "; x", "   # y", "key : value", "key = a ; b", "key = a;b"]),
)


@given(st.lists(LINES, max_size=12))
def test_parser_agrees_with_configparser(lines: list[str]) -> None:
    """What configparser (as fail2ban sets it up) accepts is read the same way."""
    words = "\n".join(lines)
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",), strict=False, default_section="no such")
    try:
        parser.read_string(words)
    except configparser.Error:
        return
    mine: dict[str, dict[str, str]] = {}
    for section, option, value in fail2ban_config.parse(words):
        mine.setdefault(section, {})[option] = re.sub("\n+", "\n", value).strip()
    theirs = {name: {option: re.sub("\n+", "\n", value or "").strip() for option, value in parser.items(name)} for name in parser.sections()}
    assert mine == {name: options for name, options in theirs.items() if options}
