# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML of a feed: data as it stands there, without what lets a few bytes ask for more than there is."""

from __future__ import annotations

import re
from typing import Any

import yaml
from ansible.module_utils.common.yaml import SafeLoader, yaml_load

DEPTH_LIMIT = 50  # libyaml's own nodes nest until the stack is full, and that ends the process
NUMBER_LIMIT = 400  # characters; 1:59:59:... takes the square of its length

_NUMBER = re.compile(rb"[0-9A-Fa-f_:xo]+")


def parse_yaml(data: bytes) -> Any:
    """Return the data of a document. ValueError for what is none, has aliases, is nested deeply or holds a number without end."""
    try:
        if any(len(found.group()) > NUMBER_LIMIT for found in _NUMBER.finditer(data)):
            raise ValueError("a number without end")
        _flat(data)
        return yaml_load(data)
    except Exception as error:  # its tags call what they like with what they get: !!int "", !!timestamp x
        raise ValueError(f"no YAML that can be used: {type(error).__name__}") from None


def _flat(data: bytes) -> None:
    """Raise ValueError for aliases and nesting; the events are told one at a time, at any depth."""
    depth = 0
    for event in yaml.parse(data, Loader=SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("an alias")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_LIMIT:
                raise ValueError("nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
