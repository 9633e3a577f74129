# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions of modules that few runs need."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def late(package: str | None, module: str, function: str) -> Callable[..., Any]:
    """Return a function of a module of that package, which is imported when the function is called.

    Ansible keeps no bytecode of a collection: whatever is imported is compiled in every run.
    """

    def call(*arguments: Any) -> Any:
        return getattr(import_module(f".{module}", package), function)(*arguments)

    return call
